"""Names as people give them, in a real browser on a phone and on a desk: of sixty letters without a blank, with signs of HTML, in
Arabic, of pictures alone. No page is wider than the screen, and none takes a name for its own markup.
"""

import os

import pytest

from prewatt.server.commissioning.setup import Apartment
from prewatt.server.estate.models import Property, Tenancy
from tests.building import set_up
from tests.system.walking import Visitor

pytestmark = pytest.mark.django_db
# The browser's driver runs a loop in this thread; the database is used beside it, never within it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauten"
MARKUP = "<script>document.title = 'taken'</script>"
NAMES = (
    (LONG[:50], LONG),
    (MARKUP, "<img src=x onerror=alert(1)>"),
    ("شقة رقم ٤ الطابق الثالث", "محمد بن عبد الله الأنصاري"),
    ("🏠🔥", "😀😀😀"),
)


def test_no_page_is_wider_than_the_screen_or_takes_a_name_for_its_own_markup(clock, browser, django_user_model):
    flats = [Apartment(unit, f"m{number}", tenant) for number, (unit, tenant) in enumerate(NAMES, 1)]
    set_up(clock, name=f"{LONG} & <b>Söhne</b>", apartments=flats)
    wrong, users = [], django_user_model.objects
    manager = Visitor(browser, users.get(username="manager"))
    home = Property.objects.get().pk
    of_building = ("", "plan/", "residents/", "emergency-codes/", "statements/", "readings/", "contacts/", "batches/")
    paths = ["/properties/", "/books/", *(f"/properties/{home}/{each}" for each in of_building)]
    long, markup = (Tenancy.objects.get(tenant=each) for each in (LONG, NAMES[1][1]))
    paths += [f"/units/{long.unit_id}/{tab}" for tab in ("", "money/", "switch/", "people/", "papers/", "journal/")]
    paths += [
        f"/tenancies/{long.pk}/statement/",
        f"/tenancies/{long.pk}/take-cash/",
        f"/units/{markup.unit_id}/people/",
    ]
    for path in paths:
        found = manager.look_at(path)
        assert found is not None, path
        wrong += [f"{path}: {each}" for each in found if "wider" in each]
        assert manager.page.title() != "taken", path
    manager.close()
    tenant = Visitor(browser, long.people.get())
    for path in ("/me/", "/me/use/", "/me/residents/", "/me/gift-links/"):
        found = tenant.look_at(path)
        assert found is not None, path
        wrong += [f"{path}: {each}" for each in found if "wider" in each]
    tenant.close()
    assert not wrong, "\n" + "\n".join(wrong)

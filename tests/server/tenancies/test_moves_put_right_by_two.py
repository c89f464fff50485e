"""Two people correct one move: nobody undoes what the other has done without having seen it."""

import re

import pytest
from django.core.exceptions import ValidationError

from prewatt.kernel.units import DAY, NANO
from prewatt.server.billing.models import MoveChange
from prewatt.server.estate.models import Tenancy
from prewatt.server.tenancies.put_right import Change, correctable, put_right
from tests.building import NOON
from tests.reading import fields_of

pytestmark = pytest.mark.database
SAID = "Somebody else has changed this move since you opened the page. Look at it again."


@pytest.fixture
def anna(lived):
    """Anna's tenancy; it began at noon."""
    Tenancy.objects.filter(unit__name="Flat 1").update(begins=NOON - DAY)
    return Tenancy.objects.select_related("unit__property__organisation").get(unit__name="Flat 1")


@pytest.fixture
def path(anna):
    return f"/tenancies/{anna.pk}/put-move-right/"


def field(html, name):
    """What stands in a field of the page's last form."""
    form = html[html.rindex("<form method") :]
    (tag,) = re.findall(rf'<input[^>]*name="{name}"[^>]*>', form)
    return re.findall(r'value="([^"]*)"', tag)[0]


def filled_in(html):
    """What a browser sends of the page's last form, as it stands there."""
    names = ("begins", "tenant", "deposit", "seen-begins", "seen-ends", "seen-tenant", "seen-deposit")
    return {name: field(html, name) for name in names}


def previewed(manager, path):
    """What the form sends whose result, another name, was just looked at."""
    typed = filled_in(manager.get(path).content.decode()) | {"tenant": "Anna Maria"}
    page = manager.post(path, {**typed, "do": "look"}).content.decode()
    return fields_of(page, '<form class="line"') | {"reason": "her name"}


def test_what_was_looked_at_is_done_if_nobody_has_changed_it_since(manager, anna, path):
    assert manager.post(path, {**previewed(manager, path), "do": "do"}).status_code == 302
    assert correctable(Tenancy.objects.get(pk=anna.pk)) == (anna.begins, None, "Anna Maria", anna.deposit)


@pytest.mark.parametrize(
    "change", [Change(begins=NOON - 2 * DAY), Change(tenant="Anne"), Change(deposit=NANO), Change(ends=NOON + DAY)]
)
def test_a_form_that_is_older_than_anothers_correction_is_refused(manager, anna, path, admin_user, change):
    typed = previewed(manager, path)
    put_right(anna, change, admin_user, "seen by nobody else")
    was = correctable(Tenancy.objects.get(pk=anna.pk))
    for do in ("do", "look"):
        page = manager.post(path, {**typed, "do": do})
        assert page.status_code == 400 and SAID in page.content.decode() and "Correct it" not in page.content.decode()
    assert correctable(Tenancy.objects.get(pk=anna.pk)) == was and MoveChange.objects.count() == 1


def test_what_was_typed_stays_and_goes_on_from_what_the_other_has_stored(manager, anna, path, admin_user):
    typed = previewed(manager, path)
    put_right(anna, Change(begins=NOON - 2 * DAY), admin_user, "came a day earlier")
    stored = field(manager.get(path).content.decode(), "begins")
    page = manager.post(path, {**typed, "do": "do"}).content.decode()
    assert typed["begins"] != stored
    assert [field(page, name) for name in ("tenant", "begins", "reason")] == ["Anna Maria", stored, "her name"]
    again = filled_in(page) | {"reason": "her name"}
    assert manager.post(path, {**again, "do": "do"}).status_code == 302
    assert correctable(Tenancy.objects.get(pk=anna.pk)) == (NOON - 2 * DAY, None, "Anna Maria", anna.deposit)


def test_what_another_stores_between_the_look_and_the_lock_is_seen_too(anna, admin_user):
    seen = correctable(anna)
    put_right(anna, Change(tenant="Anne"), admin_user, "misheard")
    with pytest.raises(ValidationError, match=SAID):
        put_right(anna, Change(deposit=NANO, seen=seen), admin_user, "forgotten")
    assert Tenancy.objects.get(pk=anna.pk).deposit == anna.deposit

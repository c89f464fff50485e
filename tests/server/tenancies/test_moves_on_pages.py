"""A move that is typed on the page, and what who comes and who goes may see."""

import re

import pytest
from django.contrib.auth import get_user_model

from prewatt.kernel.units import DAY, SECOND
from prewatt.server.estate.models import Tenancy, Unit
from prewatt.server.tenancies.moving import move_in, move_out
from tests.building import NOON, PASSWORD, new_login
from tests.gateway import Edge


@pytest.mark.parametrize(
    ("begins", "may_end"), [(NOON - DAY, "2025-10-06T12:00"), (NOON + 20 * SECOND, "2025-10-06T12:01")]
)
def test_who_moved_in_this_very_minute_is_offered_an_end_that_the_page_takes(manager, building, begins, may_end):
    anna = Unit.objects.get(name="Flat 1").tenancies.get()
    Tenancy.objects.filter(pk=anna.pk).update(begins=begins)
    page = manager.get(f"/units/{anna.unit_id}/people/").content.decode()
    assert re.findall(r'name="ends"\s+required\s+value="([^"]*)"', page) == [may_end]
    assert "Anna moves out" in manager.post(f"/tenancies/{anna.pk}/move-out/", {"ends": may_end}).content.decode()


def test_moves_on_the_page_and_the_next_tenant_sees_nothing_of_before(manager, lived, clock):
    unit = Unit.objects.get(name="Flat 1")
    anna = unit.tenancies.get()
    assert (
        "Moves out at:"
        in manager.post(f"/tenancies/{anna.pk}/move-out/", {"ends": "soon"}, follow=True).content.decode()
    )
    ends = {"ends": "2025-10-08T00:00"}
    asked = manager.post(f"/tenancies/{anna.pk}/move-out/", ends).content.decode()
    assert (
        "Anna moves out" in asked
        and "the flat has no power until" in asked
        and Tenancy.objects.get(pk=anna.pk).ends is None
    )
    assert manager.post(f"/tenancies/{anna.pk}/move-out/", {**ends, "sure": "move-out"}).status_code == 302
    for given, field in (
        ({"tenant": "Zoe", "begins": ""}, "begins"), ({"tenant": "", "begins": "2025-10-08T12:00"}, "tenant"),
        ({"tenant": "Zoe", "begins": "2025-10-07T12:00"}, "overlaps"),
        ({"tenant": "Zoe", "begins": "2025-10-08T12:00", "deposit": "x"}, "deposit"),
        ({"tenant": "Zoe", "begins": "2025-10-08T12:00", "deposit": "100000.01"}, "A deposit is between 0 and 100,000.00."),
        ({"tenant": "Zoe", "begins": "2025-10-08T12:00", "occupants": "x"}, "occupants"),
    ):  # fmt: skip
        assert field in manager.post(f"/units/{unit.pk}/move-in/", given, follow=True).content.decode()
    wrong = {"tenant": "", "begins": "soon", "occupants": "x", "deposit": "x", "phone": "x", "email": "x"}
    page = manager.post(f"/units/{unit.pk}/move-in/", wrong, follow=True).content.decode()
    # All that is wrong is told at once, each at its field.
    assert (page.count('class="toast error"'), page.count('<em class="bad">')) == (6, 6)
    assert unit.tenancies.count() == 1
    page = manager.post(
        f"/units/{unit.pk}/move-in/", {"tenant": "Zoe", "begins": "2025-10-08T12:00", "deposit": "50"}, follow=True
    )
    assert "Zoe moves in. Print an invitation below" in page.content.decode()
    login, password = new_login(Tenancy.objects.get(tenant="Zoe"))
    # Before the settlement the meter holds both balances; she sees her own.
    zoe_sees = type(manager)()
    assert zoe_sees.login(username=login, password=password)
    page = zoe_sees.get("/me/").content.decode()
    assert "-0.72" in page and "Anna" not in page
    assert "settled" in manager.post(f"/tenancies/{anna.pk}/settle/", {"sure": "settle"}, follow=True).content.decode()
    assert manager.login(username=login, password=password)
    mine = manager.get("/me/").content.decode()
    # The meter has not been told yet: still her own.
    assert "Zoe" in mine and "Anna" not in mine and "-0.72" in mine
    zoe = Tenancy.objects.get(tenant="Zoe")
    document = manager.get(f"/tenancies/{zoe.pk}/statement/?first=2025-10-01&last=2025-10-31&format=json").json()
    assert (document["kwh"], document["opening"]) == ("3.600", "0.000000000")
    assert manager.get(f"/tenancies/{anna.pk}/statement/").status_code == 404
    # Who has moved out still sees the own statement, and nothing of the meter.
    assert manager.login(username="flat1", password=PASSWORD)
    assert manager.get("/me/").headers["Location"] == f"/tenancies/{anna.pk}/statement/"
    assert manager.get(f"/tenancies/{anna.pk}/statement/").status_code == 200


@pytest.mark.parametrize(
    ("case", "is_told"), [("now", True), ("later", False), ("no gateway yet", False), ("no tariff yet", False)]
)
def test_who_lets_somebody_move_in_is_told_that_the_flat_is_dark_until_it_is_paid(
    building, clock, log_in, case, is_told
):
    unit = Unit.objects.get(name="Flat 3")
    if case != "no gateway yet":
        Edge(building.code, clock)
    if case == "no tariff yet":
        building.property.tariff_versions.all().delete()
    begins = "2025-10-06T12:01" if case == "later" else "2025-10-06T12:00"
    page = log_in("manager").post(f"/units/{unit.pk}/move-in/", {"tenant": "Zoe", "begins": begins}, follow=True)
    text, zoe = page.content.decode(), Tenancy.objects.get(tenant="Zoe")
    said = "The flat has no credit yet, so there is no power until the first payment."
    assert "Zoe moves in" in text
    assert (f'{said} <a href="/tenancies/{zoe.pk}/take-cash/">Take a payment</a>' in text) == is_told


def test_who_has_not_moved_in_yet_sees_nothing_of_the_meter(manager, lived, clock):
    unit = Unit.objects.get(name="Flat 1")
    move_out(unit.tenancies.get(), clock.now() + DAY)
    user = get_user_model().objects.create_user("zoe", password=PASSWORD)
    move_in(unit, "Zoe", clock.now() + 2 * DAY, user=user)
    assert manager.login(username="zoe", password=PASSWORD)
    page = manager.get("/me/").content.decode()
    assert "Your page starts on the day when you move in" in page and "kWh" not in page

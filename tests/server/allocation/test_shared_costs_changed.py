"""A shared cost on its page and over the API: all of it changes while nothing was booked, afterwards only its last day."""

import json
from datetime import date

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from prewatt.kernel.units import NANO
from prewatt.server.accounts.keys import make_key
from prewatt.server.allocation.models import SharedCost
from prewatt.server.allocation.runs import run
from prewatt.server.commissioning.setup import Apartment
from prewatt.server.estate.models import Unit
from tests.building import PASSWORD, set_up

pytestmark = pytest.mark.database
RULE = {"equal": "0", "area": "0", "occupants": "0", "consumption": "0", "fixed": "100", "vacancy": "others"}


@pytest.fixture
def garden(building):
    return SharedCost.objects.create(property=building.property, name="Garden")


@pytest.fixture
def manager(building):
    client = Client()
    assert client.login(username="manager", password=PASSWORD)
    return client


@pytest.fixture
def call(building):
    token = make_key(get_user_model().objects.get(username="manager"), "program")

    def call(path, given):
        answer = Client().post(
            f"/api/v1/{path}",
            json.dumps(given),
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}"},
        )
        return answer.status_code, answer.json()

    return call


def booked(cost):
    return run(cost, date(2025, 10, 5), date(2025, 10, 5), bill=3 * NANO)


def test_the_page_changes_all_of_it_and_shows_it_again(manager, garden):
    flat = Unit.objects.get(name="Flat 1").pk
    page = f"/shared-costs/{garden.pk}/"
    given = {**RULE, "name": "Yard", "schedule": "monthly", "first": "2025-10-01", f"weight_{flat}": "2.5"}
    answer = manager.post(page, given, follow=True)
    assert "Yard is saved." in answer.content.decode()
    garden.refresh_from_db()
    assert (garden.name, garden.rule(), garden.vacancy, garden.schedule) == (
        "Yard",
        {"fixed": 100},
        "others",
        "monthly",
    )
    form = manager.get(page).context["form"]
    shown = {name: str(form[name].value()) for name in ("name", "fixed", "first", "schedule", f"weight_{flat}")}
    assert shown == {
        "name": "Yard",
        "fixed": "100",
        "first": "2025-10-01",
        "schedule": "monthly",
        f"weight_{flat}": "2.5",
    }
    # What is wrong stands beside its field, with what was typed.
    SharedCost.objects.create(property=garden.property, name="Roof")
    wrong = manager.post(page, {**given, "name": "Roof", "equal": "0"})
    assert wrong.status_code == 400
    assert 'value="Roof"' in wrong.content.decode() and "with this name exists already" in wrong.content.decode()
    # An empty weight is none, an empty day no schedule's.
    manager.post(page, {**given, "schedule": "none", "first": "", f"weight_{flat}": ""})
    garden.refresh_from_db()
    assert (garden.weights.count(), garden.schedule, garden.since) == (0, "none", None)
    answer = manager.post(f"{page}remove/", follow=True)
    assert "Yard is removed." in answer.content.decode()
    assert not SharedCost.objects.filter(name="Yard").exists()


def test_what_was_booked_is_ended_only(manager, call, garden):
    booked(garden)
    page = f"/shared-costs/{garden.pk}/"
    shown = manager.get(page).content.decode()
    assert "The rule can't be changed" in shown and 'name="name"' not in shown and "remove/" not in shown
    assert (
        "can only be ended"
        in manager.post(page, {**RULE, "name": "Yard", "schedule": "none"}, follow=True).content.decode()
    )
    assert "can only be ended" in manager.post(f"{page}remove/", follow=True).content.decode()
    for path, given in (("change", {"name": "Yard"}), ("remove", {})):
        status, answer = call(f"shared-costs/{garden.pk}/{path}", given)
        assert status == 400 and "can only be ended" in answer["errors"][0]["message"]
    early = manager.post(f"{page}end/", {"last": "2025-10-04"}, follow=True).content.decode()
    assert 'value="2025-10-04" aria-invalid="true"' in early and "Days up to 2025-10-05 are booked" in early
    ended = manager.post(f"{page}end/", {"last": "2025-10-31"}, follow=True).content.decode()
    assert "last day 31 Oct 2025" in " ".join(ended.split())
    garden.refresh_from_db()
    assert garden.name == "Garden"
    manager.post(f"{page}end/", {"last": "", "go_on": ""})
    garden.refresh_from_db()
    assert garden.ends is None


def test_a_program_changes_ends_and_removes_it(call, garden):
    path = f"shared-costs/{garden.pk}"
    change = {
        "name": "Yard",
        "rule_percent": {"equal": "60", "area": "40"},
        "schedule": "weekly",
        "since": "2025-10-06",
    }
    status, answer = call(f"{path}/change", change)
    assert status == 200
    assert answer == {
        "id": garden.pk,
        "name": "Yard",
        "rule_percent": {"equal": "60", "area": "40"},
        "vacancy": "landlord",
        "schedule": "weekly",
        "since": "2025-10-06",
        "last": None,
        "booked": False,
    }
    SharedCost.objects.create(property=garden.property, name="Roof")
    for given, field in (
        ({"name": "Roof"}, "name"), ({"name": ""}, "name"), ({"rule_percent": {"equal": "60"}}, "equal"),
        ({"rule_percent": {"height": "100"}}, "rule_percent"), ({"rule_percent": {"area": "1e2"}}, "area"),
    ):  # fmt: skip
        status, answer = call(f"{path}/change", given)
        assert (status, [each["field"] for each in answer["errors"]]) == (400, [field]), given
    assert call(f"{path}/end", {"last": "2025-10-12"})[1]["last"] == "2025-10-12"
    assert call(f"{path}/end", {"last": None})[1]["last"] is None
    assert call(f"{path}/remove", {}) == (200, {"id": garden.pk, "removed": True})
    assert call(f"{path}/remove", {})[0] == 404


def test_another_landlord_changes_none_of_it(building, garden, clock):
    flats = [Apartment("Flat 1", "n1", "Anna")]
    set_up(clock, organisation="Tal Homes", name="Linden 5", apartments=flats, gateway="g2", manager="other")
    client = Client()
    assert client.login(username="other", password=PASSWORD)
    page = f"/shared-costs/{garden.pk}/"
    assert client.get(page).status_code == 404
    for path, given in (("", {**RULE, "name": "Mine"}), ("end/", {"last": "2025-10-31"}), ("remove/", {})):
        assert client.post(f"{page}{path}", given).status_code == 404
    garden.refresh_from_db()
    assert (garden.name, garden.ends) == ("Garden", None)


def test_names_stand_as_people_count_them(manager, garden):
    parts = [garden.property.parts.create(name=f"Stair {number}") for number in (10, 2, 1)]
    form = manager.get(f"/properties/{garden.property_id}/shared-costs/?add").context["form"]
    assert [name for _pk, name in form.fields["part"].choices][1:] == ["Stair 1", "Stair 2", "Stair 10"]
    given = {**RULE, "name": "Lift", "schedule": "none", "part": parts[0].pk}
    manager.post(f"/properties/{garden.property_id}/shared-costs/", given)
    assert SharedCost.objects.get(name="Lift").part == parts[0]

"""A long list of flats is set up a part after the other: who is cut off goes on where it stood, and nothing is there twice."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from prewatt.server.accounts.invitations import Invitation
from prewatt.server.commissioning import additions
from prewatt.server.commissioning.setup import Apartment, BuildingPlan, SetupError, set_up_building
from prewatt.server.estate.models import Property, Tenancy, Unit
from prewatt.server.metering.models import Gateway
from prewatt.server.tariffs.models import TariffVersion
from tests.building import FLAT, ZONE

pytestmark = pytest.mark.database


class Killed(BaseException):
    """The process is gone."""


def long_plan(**changes):
    flats = [Apartment(f"{number:02}", f"k{number:02}", f"Tenant {number}") for number in range(7)]
    given = {
        "organisation": "Large",
        "name": "Tower",
        "zone": ZONE,
        "currency": "EUR",
        "tariff": FLAT,
        "manager": "boss",
    }
    return BuildingPlan(**{**given, "apartments": flats, **changes})


@pytest.mark.parametrize("ends_at", range(4))
def test_a_long_list_that_ends_in_the_middle_goes_on_where_it_stood(db, clock, monkeypatch, ends_at):
    monkeypatch.setattr(additions, "PART", 2)
    told = []

    def killed(done, of):
        told.append((done, of))
        if done == 2 * ends_at:
            raise Killed

    with pytest.raises(Killed):
        set_up_building(long_plan(), killed)
    assert Unit.objects.count() == 2 * ends_at, "each part is stored by itself, before the next is begun"
    first = get_user_model().objects.get().password
    made = set_up_building(long_plan(), lambda done, of: told.append((done, of)))
    assert told[-1] == (6, 7)
    assert [each.name for each in Unit.objects.order_by("name")] == [f"{number:02}" for number in range(7)]
    assert (Property.objects.count(), Tenancy.objects.count(), TariffVersion.objects.count()) == (1, 7, 1)
    assert list(made.codes) == [Gateway.objects.get().name]
    # What nobody was shown is made anew: each tenant has one invitation that holds, the manager a password that is known.
    assert len(made.invitations) == 7 == Invitation.objects.still_open().count()
    ((login, password, _whose),) = made.logins
    assert login == "boss" and get_user_model().objects.get().password != first
    assert Client().login(username="boss", password=password)


def test_a_long_list_is_not_put_upon_a_building_in_which_something_has_happened(db, clock, monkeypatch):
    monkeypatch.setattr(additions, "PART", 2)
    set_up_building(long_plan())
    Gateway.objects.update(public_key=b"k")
    with pytest.raises(SetupError, match="exists"):
        set_up_building(long_plan())
    assert Unit.objects.count() == 7

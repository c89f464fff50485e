"""A meter's balance and the server's differ: the meter's figure is taken into the books, by two people."""

import pytest
from django.contrib.auth import get_user_model
from msgspec.structs import replace

from prewatt.headend.store import Store
from prewatt.kernel.units import HOUR, NANO
from prewatt.server.accounts.memberships import put_member
from prewatt.server.accounts.rights import Role
from prewatt.server.estate.models import Organisation, Tenancy
from prewatt.server.ledger.books import balance, tenant_account, trial_balance
from prewatt.server.metering.models import Alarm, Meter
from prewatt.server.sales.as_metered import propose
from prewatt.server.sales.differences import gap
from prewatt.server.sales.giving_back import decide
from prewatt.server.sales.top_ups import top_up
from prewatt.server.vending.models import Adjustment, Command
from prewatt.server.vending.refusals import GivingBackError
from prewatt.wire.topics import SHARDS
from tests.gateway import Edge, take
from tests.recorded import recorded_once

pytestmark = pytest.mark.database


@pytest.fixture
@recorded_once
def edge(building, clock, store):
    """Anna has paid 20, and her meter has charged 3 more for its last reading than the server works out."""
    made = Edge(building.code, clock)
    top_up(Tenancy.objects.get(tenant="Anna"), 20 * NANO, "first")
    made.obey("m1")
    made.read("m1", 1000)
    clock.at += HOUR
    right = made.accounts["m1"].read(clock.now(), 2000)
    made.append("m1", replace(right, charge=right.charge + 3 * NANO, balance=right.balance - 3 * NANO))
    take(store, made.upload("m1"))
    made.sent["m1"] = len(made.bodies["m1"])
    return made


@pytest.fixture
def manager(building):
    return get_user_model().objects.get(username="manager")


@pytest.fixture
def second(building):
    user = get_user_model().objects.create(username="second")
    put_member(Organisation.objects.get(), user, Role.OWNER)
    return user


def differs():
    return Alarm.objects.get(kind="difference", is_resolved=False)


def anna():
    return Tenancy.objects.get(tenant="Anna")


def test_the_books_follow_the_meter_when_a_second_person_agrees(edge, store, clock, manager, second):
    assert gap(differs()) == -3 * NANO
    made = propose(differs(), manager, "the fee that the meter had")
    assert (made.state, balance(tenant_account(anna()))) == (
        Adjustment.State.WAITING,
        edge.accounts["m1"].balance + 3 * NANO,
    )
    with pytest.raises(GivingBackError, match="second person"):
        decide(made, manager, agreed=True)
    waiting = Command.objects.filter(state__in=("queued", "sent")).count()
    decide(made, second, agreed=True)
    row = Meter.objects.get(name="m1")
    assert balance(tenant_account(anna())) == row.balance == edge.accounts["m1"].balance
    assert (row.offset, Command.objects.filter(state__in=("queued", "sent")).count()) == (0, waiting), "nothing is sent"
    assert sum(trial_balance(Organisation.objects.get()).values()) == 0
    assert not Alarm.objects.filter(is_resolved=False).exists()
    # And it goes on from there: for the worker that remembers the account of before, too.
    clock.at += HOUR
    edge.read("m1", 3000)
    edge.deliver(store)
    assert Meter.objects.get(name="m1").balance == edge.accounts["m1"].balance == balance(tenant_account(anna()))


def test_it_holds_when_the_account_is_replayed_from_its_entries(edge, clock, manager, second):
    decide(propose(differs(), manager, "so it is"), second, agreed=True)
    Meter.objects.filter(name="m1").update(account=b"noise")
    clock.at += HOUR
    edge.read("m1", 3000)
    edge.deliver(Store(range(SHARDS)))
    row = Meter.objects.get(name="m1")
    assert (row.balance, row.offset) == (edge.accounts["m1"].balance, 0)


def test_a_difference_that_has_grown_meanwhile_is_proposed_anew(edge, store, clock, manager, second):
    made = propose(differs(), manager, "so it is")
    clock.at += HOUR
    right = edge.accounts["m1"].read(clock.now(), 3000)
    edge.append("m1", replace(right, charge=right.charge + NANO, balance=right.balance - NANO))
    take(store, edge.upload("m1", edge.sent["m1"] + 1))
    with pytest.raises(GivingBackError, match="has changed since"):
        decide(made, second, agreed=True)
    decide(made, second, agreed=False)
    alarm = Alarm.objects.filter(kind="difference").latest("pk")
    decide(propose(alarm, manager, "both"), second, agreed=True)
    assert balance(tenant_account(anna())) == edge.accounts["m1"].balance
    assert not Alarm.objects.filter(is_resolved=False).exists()


def test_the_page_shows_the_figure_and_proposes_it(edge, client, manager):
    client.force_login(manager)
    page = client.get(f"/alarms/{differs().pk}/").content.decode()
    assert "−3.00" in page or "-3.00" in page
    client.post(f"/alarms/{differs().pk}/", {"do": "as-metered", "reason": "so it is"})
    assert Adjustment.objects.get().state == Adjustment.State.WAITING
    assert "has to agree first, under Books" in client.get(f"/alarms/{differs().pk}/").content.decode()

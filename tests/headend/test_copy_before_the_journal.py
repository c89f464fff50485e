"""The server is put back from a copy of before its gateway's journal begins: nobody has the entries between, a person says
that it goes on from the gateway's figures, and the books come to them.
"""

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction

from prewatt.edge.journal import Journal
from prewatt.headend.store import Store
from prewatt.kernel.units import NANO
from prewatt.server.accounts.memberships import put_member
from prewatt.server.accounts.rights import Role
from prewatt.server.estate.models import Organisation
from prewatt.server.ledger.books import balance, tenant_account, trial_balance
from prewatt.server.metering.models import Alarm, JournalEntry, Meter
from prewatt.server.sales.as_metered import propose
from prewatt.server.sales.differences import gap
from prewatt.server.sales.giving_back import decide
from prewatt.server.sales.openings import GAP, OPENED, go_on
from prewatt.server.sales.top_ups import top_up
from prewatt.server.vending.models import Command
from prewatt.wire.topics import SHARDS
from tests.comparing import assert_row
from tests.headend.test_set_back import NAMES, World

pytestmark = pytest.mark.database


@pytest.fixture
def world(building, store, clock, tmp_path):
    made = World(building, store, clock, tmp_path)
    yield made
    for process in list(made.processes):
        made.end(process)


@pytest.fixture
def gateway(world, tenancy):
    """Another gateway has taken over, and the server has forgotten that, with two payments; the flat had paid 20 before."""
    first = world.start("old")
    world.connect(first)
    top_up(tenancy, 20 * NANO, "before")
    world.talk()
    world.later()
    copy = transaction.savepoint()
    world.later()
    top_up(tenancy, 5 * NANO, "since 1")
    world.talk()
    world.later()
    world.end(first)
    (world.folder / "new").mkdir()
    journal = Journal(world.folder / "new" / "journal.sqlite3")
    for row in Meter.objects.filter(name__in=NAMES):
        journal.replace(row.name, row.seq, bytes(row.head), bytes(row.account))
    journal.close()
    second = world.start("new")
    world.connect(second)
    world.later()
    top_up(tenancy, 7 * NANO, "since 2")
    world.talk()
    world.later()
    transaction.savepoint_rollback(copy)
    world.store = Store(range(SHARDS))
    # Under a number that the meter has used.
    top_up(tenancy, NANO, "at once")
    world.connect(second)
    world.later()
    return second


def m1():
    return Meter.objects.get(name="m1")


def asked(kind):
    return Alarm.objects.get(meter__name="m1", kind=kind, is_resolved=False)


def test_a_person_is_asked_and_payments_reach_the_meter_meanwhile(world, gateway, tenancy):
    assert "at once" in gateway.agent.meters["m1"].account.credit_ids, "a tenant who has paid waits for nobody"
    before = m1().seq
    for _time in range(2):
        world.later()
    assert Alarm.objects.filter(kind=GAP).count() == len(NAMES), "asked once of each meter"
    assert m1().seq == before
    assert "12.00 EUR credited" in asked(GAP).text, "what was credited in between"
    held = gateway.balance()
    top_up(tenancy, 3 * NANO, "while asked")
    world.talk()
    assert gateway.balance() == held + 3 * NANO


def test_it_goes_on_from_the_meter_s_figures_and_the_books_come_to_them(world, gateway, tenancy):
    top_up(tenancy, 3 * NANO, "while asked")
    world.talk()
    go_on(asked(GAP), "manager")
    world.connect(gateway)
    world.later()
    row = m1()
    account = gateway.agent.meters["m1"].account
    assert_row(row, seq=account.seq, balance=account.balance, offset=0, taken=account.command)
    assert not Command.objects.filter(meter=row, state__in=("queued", "sent")).exists()
    # A provider's file tells of one of the two.
    top_up(tenancy, 5 * NANO, "since 1")
    world.talk()
    world.later()
    assert m1().balance == gateway.balance(), "which the meter had"
    manager = get_user_model().objects.get(username="manager")
    second = get_user_model().objects.create(username="second")
    put_member(Organisation.objects.get(), second, Role.OWNER)
    assert gap(asked(OPENED)) == gateway.balance() - balance(tenant_account(tenancy))
    decide(propose(asked(OPENED), manager, "the night of the copy"), second, agreed=True)
    assert balance(tenant_account(tenancy)) == gateway.balance() == m1().balance
    assert sum(trial_balance(Organisation.objects.get()).values()) == 0
    assert not Alarm.objects.filter(meter__name="m1", is_resolved=False).exists()
    world.later()
    assert balance(tenant_account(tenancy)) == gateway.balance() == m1().balance


def test_it_is_replayed_from_there_and_asked_twice_is_done_once(world, gateway):
    alarm = asked(GAP)
    go_on(alarm, "manager")
    go_on(alarm, "manager")
    world.later()
    assert JournalEntry.objects.filter(kind="opening").count() == 1
    Meter.objects.filter(name="m1").update(account=b"noise")
    world.store = Store(range(SHARDS))
    world.later()
    assert (m1().balance, m1().offset) == (gateway.balance(), 0)
    assert list(
        Alarm.objects.filter(meter__name="m1", is_resolved=False).values_list("kind", flat=True).order_by("kind")
    ) == ["account-replayed", OPENED]


def test_the_page_asks_it(world, gateway, client):
    client.force_login(get_user_model().objects.get(username="manager"))
    assert "Continue with the meter" in client.get(f"/alarms/{asked(GAP).pk}/").content.decode()
    client.post(f"/alarms/{asked(GAP).pk}/", {"do": "go-on"})
    world.later()
    assert m1().balance == gateway.balance()
    assert "Take the meter" in client.get(f"/alarms/{asked(OPENED).pk}/").content.decode()


def test_a_gateway_that_is_put_back_too_gets_what_is_paid(world, gateway, tenancy):
    """What it said of itself before was of another journal: its numbers count no more."""
    gateway = world.copy(gateway, "older")
    world.connect(gateway)
    for number in range(3):
        top_up(tenancy, NANO, f"then {number}")
        world.talk()
    world.later()
    world.end(gateway)
    older = world.start("older", b"older")
    assert older.agent.meters["m1"].account.command < m1().told_command
    world.connect(older)
    top_up(tenancy, 2 * NANO, "paid")
    world.talk()
    assert "paid" in older.agent.meters["m1"].account.credit_ids
    go_on(asked(GAP), by="manager")
    top_up(tenancy, 3 * NANO, "paid again")
    world.talk()
    assert "paid again" in older.agent.meters["m1"].account.credit_ids

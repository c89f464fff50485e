"""The head-end's database: a batch is stored as a whole or not at all, and the books follow the journal."""

import pytest
from django.db import DatabaseError

from prewatt.headend import store as store_module
from prewatt.headend.ingest import plan, sort
from prewatt.headend.meter_rows import OutrunError
from prewatt.headend.store import Store
from prewatt.kernel.entries import encode_entry
from prewatt.kernel.units import HOUR, MINUTE, NANO
from prewatt.server.core.time import now
from prewatt.server.estate.models import Organisation, Property, Tenancy
from prewatt.server.ledger.books import Kind, balance, tenant_account, trial_balance
from prewatt.server.metering.models import Alarm, Gateway, JournalEntry, Meter, Refusal, Worker
from prewatt.server.sales.top_ups import top_up
from prewatt.server.vending.account_settings import send_settings
from prewatt.server.vending.models import Command
from prewatt.wire import topics
from prewatt.wire.messages import Upload
from prewatt.wire.signing import SigningKey, seal
from prewatt.wire.topics import SHARDS
from tests.building import PRICE, set_up
from tests.comparing import assert_row
from tests.gateway import Edge, take
from tests.recorded import recorded_once

pytestmark = pytest.mark.database


@pytest.fixture
@recorded_once
def edge(building, clock):
    return Edge(building.code, clock)


def started(edge, store, meter="m1", amount=20 * NANO):
    """A meter that has read its register, taken up its tariff and a credit, and told of it."""
    edge.read(meter, 1000)
    tenant = Tenancy.objects.filter(unit__meter__name=meter).first()
    if tenant:
        top_up(tenant, amount, f"first of {meter}")
    edge.obey(meter)
    edge.append(meter, edge.accounts[meter].relay(edge.clock.now(), True, "credit"))
    take(store, edge.upload(meter))
    return tenant


def test_a_journal_is_stored_and_the_books_follow_it(edge, store, clock):
    tenant = started(edge, store)
    clock.at += HOUR
    edge.read("m1", 1750)
    take(store, edge.upload("m1", 6))
    row = Meter.objects.get(name="m1")
    assert_row(row, seq=6, balance=20 * NANO - 750 * PRICE, register=1750, read_at=clock.at, closed=True)
    assert [bytes(entry.body) for entry in JournalEntry.objects.order_by("seq")] == edge.bodies["m1"]
    assert not row.is_low
    assert balance(tenant_account(tenant)) == row.balance == edge.accounts["m1"].balance
    assert sum(trial_balance(Organisation.objects.get()).values()) == 0
    assert set(Command.objects.filter(meter=row).values_list("state", flat=True)) == {Command.State.APPLIED}
    assert Command.objects.get(kind="credit").applied_seq == 4


def test_low_credit_is_known_by_money_and_by_energy(edge, store, clock):
    where = Property.objects.get()
    where.low_credit_kwh = "90.000"
    where.save()
    send_settings(where)
    started(edge, store, amount=20 * NANO)
    edge.obey("m1")
    assert not Meter.objects.get(name="m1").is_low
    clock.at += HOUR
    edge.read("m1", 11_001)
    take(store, edge.upload("m1", 5))
    row = Meter.objects.get(name="m1")
    assert_row(row, is_low=True, balance=20 * NANO - 10_001 * PRICE)


def test_the_same_again_is_counted_and_changes_nothing(edge, store):
    tenant = started(edge, store)
    before = (JournalEntry.objects.count(), balance(tenant_account(tenant)))
    take(store, edge.upload("m1"), edge.upload("m1", 3))
    assert (JournalEntry.objects.count(), balance(tenant_account(tenant))) == before
    assert Meter.objects.get(name="m1").duplicates == 5 + 3


def test_entries_written_while_offline_are_counted_as_late(edge, store):
    edge.read("m1", 0)
    edge.obey("m1")
    take(store, edge.upload("m1", late=2))
    assert Meter.objects.get(name="m1").late == 2
    assert list(JournalEntry.objects.order_by("seq").values_list("is_late", flat=True)) == [True, True, False]


def test_after_a_failed_commit_nothing_is_stored_and_the_same_batch_goes_through_later(
    transactional_db, clock, store, monkeypatch
):
    edge = Edge(set_up(clock).code, clock)
    edge.read("m1", 0)
    edge.obey("m1")
    message = edge.upload("m1")

    def fail(charges):
        raise DatabaseError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(store_module, "book_charges", fail)
        with pytest.raises(DatabaseError):
            take(store, message)
    assert JournalEntry.objects.count() == 0
    assert Meter.objects.get(name="m1").seq == 0
    assert Gateway.objects.get().number == 0
    store.forget()
    take(store, message)
    assert Meter.objects.get(name="m1").seq == 3


def test_of_two_workers_that_take_in_the_same_the_second_gives_way(edge, store):
    edge.read("m1", 0)
    message = edge.upload("m1")
    other = Store(range(SHARDS))
    batch = sort([message], store.gateways({"g1"}))
    result = plan(now(), batch, store.views(batch.meters()))
    take(other, message)
    with pytest.raises(OutrunError):
        store.commit(result)
    assert JournalEntry.objects.count() == 1


def test_of_two_workers_the_later_one_takes_no_message_back_that_the_first_has_taken_in(edge, store):
    """Else an older message would be taken in once more, and that another process has spoken since be forgotten."""
    batch = sort([edge.status("m1")], store.gateways({"g1"}))
    result = plan(now(), batch, store.views(batch.meters()))
    take(Store(range(SHARDS)), edge.status("m1"))
    stamp = Gateway.objects.values_list("epoch", "number").get()
    with pytest.raises(OutrunError):
        store.commit(result)
    assert Gateway.objects.values_list("epoch", "number").get() == stamp


def test_a_restarted_worker_goes_on_from_the_database(edge, store, clock):
    started(edge, store)
    clock.at += HOUR
    edge.read("m1", 1750)
    take(Store(range(SHARDS)), edge.upload("m1", 6))
    assert Meter.objects.get(name="m1").balance == edge.accounts["m1"].balance


def test_use_is_paid_by_who_lived_there_and_while_vacant_by_the_landlord(edge, store, clock):
    tenant = started(edge, store)
    clock.at += HOUR
    edge.read("m1", 2000)
    tenant.ends = clock.at
    tenant.save()
    clock.at += HOUR
    edge.read("m1", 5000)
    newcomer = Tenancy.objects.create(unit=tenant.unit, tenant="Cleo", begins=clock.at)
    clock.at += HOUR
    edge.read("m1", 5010)
    take(store, edge.upload("m1", 6))
    books = {
        each.kind: amount for each, amount in trial_balance(Organisation.objects.get()).items() if not each.tenancy
    }
    assert balance(tenant_account(tenant)) == 20 * NANO - 1000 * PRICE
    assert books[Kind.VACANCY] == -3000 * PRICE
    assert balance(tenant_account(newcomer)) == -10 * PRICE


def test_a_difference_is_an_alarm_and_the_server_keeps_its_own_figure(edge, store, clock):
    tenant = started(edge, store)
    clock.at += HOUR
    account = edge.accounts["m1"]
    right = account.read(clock.at, 1750)
    wrong = type(right)(right.seq, right.at, right.balance + 1, right.register, right.used, right.charge - 1)
    edge.bodies["m1"].append(encode_entry(wrong))
    take(store, edge.upload("m1", 6))
    row = Meter.objects.get(name="m1")
    assert "charge: the meter says 0.149999999, the server 0.150000000" in Alarm.objects.get().text
    assert_row(row, balance=right.balance, offset=1)
    assert balance(tenant_account(tenant)) == right.balance
    assert JournalEntry.objects.get(seq=6).charge == right.charge


def test_what_a_meter_tells_of_itself_is_kept_beside_its_journal(edge, store):
    started(edge, store)
    take(store, edge.status("m1", seq=9, balance=-5, closed=False))
    row = Meter.objects.get(name="m1")
    assert_row(row, told_seq=9, told_balance=-5, told_closed=False, balance=20 * NANO)


def test_what_somebody_made_up_of_a_meter_ends_with_what_its_gateway_tells_next(edge, store):
    tenant = started(edge, store)
    Gateway.objects.update(is_online=True)
    taken = edge.accounts["m1"].command
    take(store, edge.status("m1", seq=10**6, command=10**5))
    take(store, edge.status("m1", fresh=True))
    top_up(tenant, NANO, "paid")
    assert [each.number for each in store.pending() if each.meter == "m1"] == [taken + 1]


def test_refusals_are_counted_by_sender_and_reason(edge, store):
    stranger = SigningKey.generate()
    forged = (topics.up("g1"), seal(stranger, Upload("g1", 1, 99, ())))
    take(store, forged, (topics.up("g1"), b"noise"), ("pw/1/9/nobody/up", b"noise"), now=5)
    take(store, forged, now=8)
    rows = Refusal.objects.order_by("reason").values_list("gateway", "reason", "count", "first_at", "last_at")
    assert list(rows) == [("g1", "malformed", 1, 5, 5), ("g1", "signature", 2, 5, 8), ("", "unknown", 1, 5, 5)]
    assert not JournalEntry.objects.exists()


def test_a_revoked_gateway_and_one_of_another_shard_are_not_known(edge, store):
    shard = topics.shard("g1")
    assert Store(range(shard, shard + 1)).gateways({"g1"})
    assert not Store(range(shard + 1, SHARDS)).gateways({"g1"})
    Gateway.objects.update(is_revoked=True)
    assert not store.gateways({"g1"})


def test_open_commands_are_those_that_no_journal_shows(edge, store):
    assert store.pending() == [], "nothing is loaded for who is not there"
    store.set_presence({"g1": True}, 5)
    assert [(each.meter, each.number) for each in store.pending()] == [
        (meter, number) for meter in ("m1", "m2", "m3") for number in (1, 2)
    ]
    started(edge, store, "m2")
    assert {each.meter for each in store.pending()} == {"m1", "m3"}
    store.mark_sent([("m1", 1)])
    assert set(Command.objects.filter(meter__name="m1").values_list("number", "state")) == {(1, "sent"), (2, "queued")}
    assert len(store.pending()) == 4


def test_presence_is_kept_with_the_instant_of_its_change(edge, store):
    for online, at in ((True, 5), (True, 6), (False, 7), (False, 8)):
        store.set_presence({"g1": online}, at)
        row = Gateway.objects.get()
        assert (row.is_online, row.since) == ((True, 5) if online else (False, 7))
    store.beat(5, [])
    store.beat(5, [])
    assert Worker.objects.get().shards == f"0-{SHARDS - 1}"


def test_a_long_journal_may_come_in_overlapping_pieces(edge, store, clock):
    tenant = started(edge, store)
    for step in range(1, 300):
        clock.at += 15 * MINUTE
        edge.read("m1", 1000 + step * 7)
    for first in range(6, 306, 37):
        take(store, edge.upload("m1", first, first + 40))
    row = Meter.objects.get(name="m1")
    assert_row(row, seq=304, balance=edge.accounts["m1"].balance)
    assert balance(tenant_account(tenant)) == row.balance

"""One broken row stays one: it is replayed, made anew or set aside, and all else goes on."""

import pytest
from django.conf import settings
from msgspec import msgpack

from prewatt.headend.store import Store
from prewatt.kernel.entries import GrantCredit, decode_command
from prewatt.kernel.naming import named
from prewatt.kernel.units import HOUR, NANO
from prewatt.server.core.home_secrets import signing_key
from prewatt.server.estate.models import Property, Tenancy
from prewatt.server.ledger.books import trial_balance
from prewatt.server.metering.accounts import stored_account
from prewatt.server.metering.models import Alarm, Gateway, JournalEntry, Meter
from prewatt.server.overview.models import Place
from prewatt.server.overview.places import keep_places
from prewatt.server.sales.top_ups import top_up
from prewatt.server.vending.models import Command
from prewatt.wire.messages import Span, Upload
from prewatt.wire.signing import COMMAND
from prewatt.wire.topics import SHARDS
from tests.building import PRICE
from tests.gateway import Edge, take
from tests.recorded import recorded_once

pytestmark = pytest.mark.database
EVERYBODY = ("m1", "m2", "m3")


@pytest.fixture
@recorded_once
def edge(building, clock, store):
    """All meters have told of two hours; m1 has paid 20."""
    made = Edge(building.code, clock)
    top_up(Tenancy.objects.get(tenant="Anna"), 20 * NANO, "first")
    for meter in EVERYBODY:
        made.read(meter, 1000)
        made.obey(meter)
    clock.at += 2 * HOUR
    for meter in EVERYBODY:
        made.read(meter, 2000)
    made.deliver(store)
    store.set_presence({"g1": True}, clock.now())
    return made


def anew():
    """A worker that remembers nothing."""
    return Store(range(SHARDS))


def flipped(body, place):
    return body[: place // 8] + bytes([body[place // 8] ^ 1 << place % 8]) + body[place // 8 + 1 :]


def everybody_again(edge, store):
    """One upload of all meters."""
    edge.clock.at += HOUR
    for meter in EVERYBODY:
        edge.read(meter, 3000)
    edge.number += 1
    spans = tuple(
        Span(meter, edge.sent[meter] + 1, tuple(edge.bodies[meter][edge.sent[meter] :])) for meter in EVERYBODY
    )
    return take(store, edge.send(Upload("g1", 1, edge.number, spans)))


@pytest.mark.parametrize("broken", ["noise", "another entry's", "a flipped balance", "a flipped price", "empty"])
def test_an_account_that_cannot_be_read_is_replayed_from_its_entries(edge, broken):
    row = Meter.objects.get(name="m1")
    body = {
        "noise": b"noise",
        "another entry's": bytes(Meter.objects.get(name="m2").account),
        "a flipped balance": bytes(row.account).replace((20 * NANO).to_bytes(8), (20 * NANO + 1).to_bytes(8)),
        "a flipped price": bytes(row.account).replace(PRICE.to_bytes(4), (PRICE + 4).to_bytes(4)),
        "empty": b"",
    }[broken]
    Meter.objects.filter(pk=row.pk).update(account=body, head=bytes(32))
    store = anew()
    result = everybody_again(edge, store)
    assert [(head.meter, head.seq) for head in result.receipts[0].heads] == [
        (meter, edge.accounts[meter].seq) for meter in EVERYBODY
    ]
    row.refresh_from_db()
    assert (row.balance, row.offset) == (edge.accounts["m1"].balance, 0)
    assert bytes(row.account) == edge.accounts["m1"].dump()
    assert list(Alarm.objects.values_list("meter__name", "kind")) == [("m1", "account-replayed")]


def test_no_bit_of_a_stored_account_changes_unseen(edge):
    row = Meter.objects.get(name="m1")
    assert stored_account(row).dump() == edge.accounts["m1"].dump()
    for column in ("account", "head"):
        whole = bytes(getattr(row, column))
        for place in range(8 * len(whole)):
            setattr(row, column, flipped(whole, place))
            with pytest.raises(ValueError, match="not as it was stored"):
                stored_account(row)
        setattr(row, column, whole)


def test_a_row_of_before_accounts_had_a_digest_is_read_and_gets_one(edge):
    Meter.objects.update(digest=b"")
    store = anew()
    everybody_again(edge, store)
    assert not Alarm.objects.exists()
    assert all(len(each.digest) == 32 for each in Meter.objects.all())


def test_what_was_numbered_anew_and_found_is_replayed_the_same(edge, store):
    account = edge.accounts["m1"]
    edge.append("m1", account.follow(edge.clock.now(), named("m1", 4, 0, GrantCredit("lost", NANO))))
    top_up(Tenancy.objects.get(tenant="Anna"), 3 * NANO, "second")
    take(store, edge.upload("m1", edge.sent["m1"] + 1))
    store.pending()
    first = len(edge.bodies["m1"]) + 1
    edge.obey("m1")
    take(store, edge.upload("m1", first))
    assert account.balance == 24 * NANO - 1000 * PRICE
    edge.sent["m1"] = len(edge.bodies["m1"])
    Meter.objects.filter(name="m1").update(account=b"noise")
    everybody_again(edge, anew())
    assert bytes(Meter.objects.get(name="m1").account) == account.dump()


def test_a_meter_that_cannot_be_replayed_is_set_aside_and_all_others_go_on(edge):
    JournalEntry.objects.filter(meter__name="m1", seq=2).update(body=b"noise")
    Meter.objects.filter(name="m1").update(account=b"noise")
    store = anew()
    for _time in range(2):
        result = everybody_again(edge, store)
        assert [head.meter for head in result.receipts[0].heads] == ["m2", "m3"], "it gets no receipt"
        assert not result.refusals
    assert Meter.objects.get(name="m2").balance == edge.accounts["m2"].balance
    assert list(Alarm.objects.values_list("meter__name", "kind")) == [("m1", "set-aside")]
    take(store, edge.status("m1", fresh=True))
    made = top_up(Tenancy.objects.get(tenant="Ben"), 3 * NANO, "of Ben")
    assert made.command.number in {each.number for each in store.pending() if each.meter == "m2"}
    keep_places(list(Property.objects.values_list("pk", flat=True)))
    assert Place.objects.exclude(state="").count() == 3, "the pages go on"


def test_a_meter_of_which_nothing_can_be_stored_is_set_aside_and_all_others_go_on(edge, store):
    """Here by a row that lacks what the code relies on."""
    row = Meter.objects.get(name="m1")
    broken = Alarm.objects.create(meter=row, kind="unbooked", key="code 77", at=0, text="", data={})
    account = edge.accounts["m1"]
    order = GrantCredit("lost", NANO, tid=77, coded=NANO)
    edge.append("m1", account.follow(edge.clock.now(), named("m1", account.command + 1, 0, order)))
    before = row.seq
    for _time in range(2):
        result = everybody_again(edge, store)
        assert [head.meter for head in result.receipts[0].heads] == ["m2", "m3"], "it gets no receipt"
    row.refresh_from_db()
    assert (row.seq, row.balance) == (before, 20 * NANO - 1000 * PRICE)
    assert not JournalEntry.objects.filter(meter=row, seq__gt=before).exists()
    assert Meter.objects.get(name="m2").balance == edge.accounts["m2"].balance
    assert sum(trial_balance(row.property.organisation).values()) == 0
    (alarm,) = Alarm.objects.filter(is_resolved=False).exclude(pk=broken.pk)
    assert (alarm.meter, alarm.kind, "KeyError" in alarm.text) == (row, "set-aside", True)
    broken.delete()
    everybody_again(edge, anew())
    row.refresh_from_db()
    assert row.balance == account.balance == edge.accounts["m1"].balance, "what waited at the gateway came again"


def test_a_gateway_that_cannot_be_read_is_one_gateway(edge, building):
    row = Gateway.objects.get()
    Gateway.objects.create(property=row.property, name="g2", public_key=b"short")
    found = anew().gateways({"g1", "g2"})
    assert set(found) == {"g1"}
    assert list(Alarm.objects.values_list("gateway__name", "kind")) == [("g2", "gateway-unreadable")]


def everything_taken_up(edge, store):
    for each in store.pending():
        account = edge.accounts[each.meter]
        command = decode_command(each.signed.body)
        if command.number == account.command + 1:
            edge.append(each.meter, account.follow(edge.clock.now(), command))
    edge.deliver(store)


@pytest.mark.parametrize("place", [0, 100, 300, 500])
def test_a_payment_whose_command_cannot_be_read_is_sent_as_it_was(edge, place):
    anna = Tenancy.objects.get(tenant="Anna")
    made, after = top_up(anna, 3 * NANO, "second"), top_up(anna, 4 * NANO, "third")
    Command.objects.filter(pk=made.command_id).update(body=flipped(bytes(made.command.body), place))
    everything_taken_up(edge, anew())
    assert edge.accounts["m1"].balance == 27 * NANO - 1000 * PRICE
    assert set(Command.objects.filter(pk__in=(made.command_id, after.command_id)).values_list("state", flat=True)) == {
        "applied"
    }
    assert list(Alarm.objects.values_list("kind", "key")) == [("command-unreadable", "4")]


@pytest.mark.parametrize("place", [100, 300, 500, 700])
def test_a_command_that_breaks_while_it_waits_is_made_anew_too(edge, store, place):
    made = top_up(Tenancy.objects.get(tenant="Anna"), 3 * NANO, "second")
    assert store.pending(), "it was looked at, and was right"
    Command.objects.filter(pk=made.command_id).update(body=flipped(bytes(made.command.body), place))
    everything_taken_up(edge, store)
    assert edge.accounts["m1"].balance == 23 * NANO - 1000 * PRICE
    assert list(Alarm.objects.values_list("kind", "key")) == [("command-unreadable", "4")]


def test_a_code_goes_on_belonging_to_the_command_that_is_made_anew(edge):
    made = top_up(Tenancy.objects.get(tenant="Anna"), 3 * NANO, "second")
    Command.objects.filter(pk=made.command_id).update(body=b"")
    edge.append("m1", edge.accounts["m1"].by_code(edge.clock.now(), made.command.tid, 3 * NANO, "page"))
    everything_taken_up(edge, anew())
    assert edge.accounts["m1"].balance == 23 * NANO - 1000 * PRICE


def test_a_command_of_which_nobody_knows_what_it_was_holds_up_nothing(edge):
    from prewatt.kernel.entries import SetTariff
    from prewatt.server.vending.credit_log import issue
    from tests.building import FLAT

    row = Meter.objects.get(name="m1")
    lost = issue(row, SetTariff(edge.clock.now(), FLAT))
    Command.objects.filter(pk=lost.pk).update(body=b"noise")
    top_up(Tenancy.objects.get(tenant="Anna"), 4 * NANO, "third")
    everything_taken_up(edge, anew())
    assert edge.accounts["m1"].balance == 24 * NANO - 1000 * PRICE
    assert "nobody knows what it was" in Alarm.objects.get().text


def test_commands_that_cannot_be_numbered_anew_are_one_meter_s(edge):
    """Written by a newer version, say: this one can't sign what it can't read."""
    row = Meter.objects.get(name="m1")
    made = top_up(Tenancy.objects.get(tenant="Anna"), 3 * NANO, "second").command
    unknown = {"meter": "m1", "number": made.number, "issued": 0, "order": {"kind": "newer"}}
    signed = signing_key(settings.CONFIG).sign(COMMAND, msgpack.encode(unknown))
    Command.objects.filter(pk=made.pk).update(body=msgpack.encode(unknown), signature=signed)
    Meter.objects.filter(pk=row.pk).update(taken=made.number, told_command=made.number)
    ben = top_up(Tenancy.objects.get(tenant="Ben"), 3 * NANO, "of Ben").command
    store = anew()
    for _time in range(2):
        assert ben.number in {each.number for each in store.pending() if each.meter == "m2"}
    assert list(Alarm.objects.values_list("meter__name", "kind")) == [("m1", "orders-stuck")]


def test_a_journal_from_the_future_is_told_once(edge, store, clock):
    clock.at += 20 * 60 * 10**6
    edge.read("m1", 3000)
    clock.at -= 20 * 60 * 10**6
    edge.read("m1", 3001)
    take(store, edge.upload("m1", edge.sent["m1"] + 1))
    assert Meter.objects.get(name="m1").balance == edge.accounts["m1"].balance, "nothing else comes of it"
    assert list(Alarm.objects.values_list("meter__name", "kind")) == [("m1", "clock-ahead")]


@pytest.mark.parametrize(
    ("code", "whose"), [("switch-failed", "meter"), ("clock-stepped", "gateway"), ("clock-differs", "gateway")]
)
def test_what_a_journal_tells_of_is_an_open_alarm_once(edge, store, clock, code, whose):
    for _time in range(2):
        for meter in ("m1", "m2"):
            edge.append(meter, edge.accounts[meter].event(clock.now(), code, "so it is"))
        edge.deliver(store)
    assert Alarm.objects.filter(kind=code).count() == (2 if whose == "meter" else 1)
    assert all("so it is" in each.text for each in Alarm.objects.all())
    Alarm.objects.update(is_resolved=True)
    edge.append("m1", edge.accounts["m1"].event(clock.now(), code, "again"))
    edge.deliver(store)
    assert Alarm.objects.filter(is_resolved=False).count() == 1


def test_the_alarm_of_a_full_disk_is_over_when_there_is_room_again(edge, store, clock):
    def tell(code):
        for meter in ("m1", "m2"):
            edge.append(meter, edge.accounts[meter].event(clock.now(), code))
        edge.deliver(store)
        return Alarm.objects.filter(kind="disk-full", is_resolved=False).count()

    assert tell("disk-full") == 1
    assert tell("disk-room") == 0
    assert Alarm.objects.get().resolved_by == "", "over by itself"
    assert tell("disk-full") == 1, "and told anew"


def test_what_is_quiet_stays_quiet(edge, store, clock):
    for code in ("power-up", "low-credit", "meter-lost", "meter-back"):
        edge.append("m1", edge.accounts["m1"].event(clock.now(), code))
    edge.deliver(store)
    assert not Alarm.objects.exists()

"""The server is put back from a copy: what the journals show is applied and told, and nobody who pays waits for that."""

import pytest

from prewatt.kernel.calendar import local, zone
from prewatt.kernel.entries import (
    ChangeSettings,
    Control,
    Debit,
    GrantCredit,
    SetTariff,
    decode_command,
)
from prewatt.kernel.naming import named
from prewatt.kernel.orders import Hold
from prewatt.kernel.settings import Settings
from prewatt.kernel.tariff import flat_tariff
from prewatt.kernel.units import HOUR, MINUTE, NANO
from prewatt.server.billing.models import Debt
from prewatt.server.estate.models import Organisation, Tenancy
from prewatt.server.ledger.books import Kind, account, balance, tenant_account, trial_balance
from prewatt.server.ledger.references import Of, Reference
from prewatt.server.metering.models import Alarm, Meter
from prewatt.server.payments.sides import at_meters
from prewatt.server.sales.found import FoundError, book_found
from prewatt.server.sales.top_ups import top_up
from prewatt.server.vending.adjustments import adjust
from prewatt.server.vending.models import Code, Command, TopUp
from prewatt.server.vending.refusals import TopUpError
from prewatt.server.vending.token_identifiers import skip_forgotten
from prewatt.tokens import BaseDate, tid_at
from prewatt.wire.signing import SignedCommand, VerifyKey, command_is_signed
from tests.building import PRICE, ZONE
from tests.comparing import assert_row
from tests.gateway import Edge, take
from tests.recorded import recorded_once

pytestmark = pytest.mark.database


@pytest.fixture
@recorded_once
def edge(building, clock, store):
    """A gateway whose meter m1 has taken up three commands, the third a payment of 20, and said so."""
    made = Edge(building.code, clock)
    made.read("m1", 1000)
    top_up(Tenancy.objects.get(tenant="Anna"), 20 * NANO, "first")
    made.obey("m1")
    take(store, made.upload("m1"), made.status("m1", fresh=True))
    store.set_presence({"g1": True}, clock.now())
    made.sent["m1"] = len(made.bodies["m1"])
    clock.at += HOUR
    return made


def lost(edge, *orders):
    """Orders that a server has forgotten: the meter has taken them up after the copy was made."""
    account = edge.accounts["m1"]
    for order in orders:
        edge.append("m1", account.follow(edge.clock.now(), named("m1", account.command + 1, 0, order)))


def heard(edge, store):
    """The gateway connects: it says how far it is, and sends what is lacking. What the head-end then sends is taken up."""
    take(store, edge.status("m1", fresh=True), edge.upload("m1", edge.sent["m1"] + 1))
    edge.sent["m1"] = len(edge.bodies["m1"])
    delivered(edge, store)


def delivered(edge, store):
    account = edge.accounts["m1"]
    for each in store.pending():
        command = decode_command(each.signed.body)
        if (each.meter, command.number) == ("m1", account.command + 1):
            edge.append("m1", account.follow(edge.clock.now(), command))
    if len(edge.bodies["m1"]) > edge.sent["m1"]:
        take(store, edge.upload("m1", edge.sent["m1"] + 1))
        edge.sent["m1"] = len(edge.bodies["m1"])


def agree(edge):
    """Meter, server and log agree, and each command is signed as it is numbered."""
    row, account = Meter.objects.get(name="m1"), edge.accounts["m1"]
    assert_row(row, balance=account.balance, offset=0, taken=account.command, seq=account.seq)
    from django.conf import settings

    from prewatt.server.core.home_secrets import signing_key

    key = VerifyKey(signing_key(settings.CONFIG).public())
    for command in Command.objects.filter(meter=row):
        signed = SignedCommand(bytes(command.body), bytes(command.signature))
        assert command_is_signed(key, signed)
        assert decode_command(signed.body).number == command.number
    return row


def found():
    return Alarm.objects.get(kind="unbooked", is_resolved=False)


def test_a_payment_found_in_the_journal_is_at_the_server_and_the_next_one_follows_it(edge, store, tenancy):
    lost(edge, GrantCredit("lost", 7 * NANO))
    heard(edge, store)
    top_up(tenancy, 3 * NANO, "next")
    delivered(edge, store)
    agree(edge)
    assert edge.accounts["m1"].balance == 30 * NANO
    assert found().data["amount"] == 7 * NANO
    assert "7.00 EUR" in found().text and "Anna" in found().text and "Flat 1" in found().text
    assert f"{local(edge.clock.now(), zone(ZONE)):%Y-%m-%d}" in found().text
    made = book_found(found(), None)
    assert_row(made, credit_id="lost", amount=7 * NANO, tenancy=tenancy)
    assert made.command.number == 4
    assert balance(tenant_account(tenancy)) == 30 * NANO
    alarm = Alarm.objects.get(kind="unbooked")
    assert alarm.is_resolved
    assert book_found(alarm, None) == made, "booked once"
    assert balance(tenant_account(tenancy)) == 30 * NANO
    assert sum(trial_balance(Organisation.objects.get()).values()) == 0


@pytest.mark.parametrize("count", [1, 2, 3])
def test_payments_made_before_the_gateway_was_heard_get_other_numbers(edge, store, tenancy, count):
    lost(edge, GrantCredit("lost 1", 7 * NANO), GrantCredit("lost 2", 5 * NANO))
    made = [top_up(tenancy, (3 + number) * NANO, f"new {number}") for number in range(count)]
    assert [each.command.number for each in made] == list(range(4, 4 + count)), "as those that were lost"
    heard(edge, store)
    agree(edge)
    for each in made:
        each.command.refresh_from_db()
    assert [(each.command.number, each.command.state) for each in made] == [
        (6 + number, "applied") for number in range(count)
    ]
    assert edge.accounts["m1"].balance == (32 + sum(3 + number for number in range(count))) * NANO
    assert [Code.objects.get(command=each.command).tid for each in made] == [each.command.tid for each in made]
    assert Alarm.objects.filter(kind="unbooked").count() == 2
    assert Alarm.objects.exclude(kind="unbooked").count() == 0


def test_the_number_that_a_lost_command_had_is_not_given_again_when_a_status_tells_of_it(edge, store, tenancy):
    lost(edge, GrantCredit("lost", 7 * NANO))
    take(store, edge.status("m1", fresh=True))
    assert top_up(tenancy, 3 * NANO, "next").command.number == 5


def test_a_status_that_tells_of_more_commands_than_entries_is_not_believed(edge, store, tenancy):
    take(store, edge.status("m1", command=2**40))
    assert top_up(tenancy, 3 * NANO, "next").command.number == 4


def test_a_payment_that_the_gateway_took_up_under_its_old_number_is_known_by_its_id(edge, store, tenancy):
    """Two were made before the gateway was heard, and sent: the first one's number is used, the second one's is next."""
    lost(edge, GrantCredit("lost", 7 * NANO))
    first, second = (top_up(tenancy, amount * NANO, f"new {amount}") for amount in (3, 4))
    edge.obey("m1")
    assert edge.accounts["m1"].command == 5
    heard(edge, store)
    agree(edge)
    assert edge.accounts["m1"].balance == 34 * NANO
    first.command.refresh_from_db()
    second.command.refresh_from_db()
    assert [(each.command.number, each.command.state) for each in (first, second)] == [(6, "applied"), (5, "applied")]


def test_one_that_was_numbered_anew_and_comes_under_its_old_number_is_known_too(edge, store, tenancy):
    lost(edge, GrantCredit("lost", 7 * NANO))
    first, second = (top_up(tenancy, amount * NANO, f"new {amount}") for amount in (3, 4))
    old = decode_command(bytes(second.command.body))
    take(store, edge.status("m1", fresh=True), edge.upload("m1", edge.sent["m1"] + 1))
    edge.sent["m1"] = len(edge.bodies["m1"])
    second.command.refresh_from_db()
    assert (old.number, second.command.number) == (5, 6)
    edge.append("m1", edge.accounts["m1"].follow(edge.clock.now(), old))
    heard(edge, store)
    agree(edge)
    assert edge.accounts["m1"].balance == 34 * NANO
    assert set(Command.objects.filter(meter__name="m1").values_list("state", flat=True)) == {"applied"}
    assert Alarm.objects.filter(kind="unbooked").count() == 1
    first.command.refresh_from_db()
    assert first.command.number == 6


def test_a_code_typed_on_site_meanwhile_brings_its_payment_once(edge, store, tenancy):
    lost(edge, GrantCredit("lost", 7 * NANO))
    made = top_up(tenancy, 3 * NANO, "new")
    edge.append("m1", edge.accounts["m1"].by_code(edge.clock.now(), made.command.tid, 3 * NANO, "page"))
    heard(edge, store)
    agree(edge)
    made.command.refresh_from_db()
    assert (made.command.number, made.command.state, made.command.way) == (5, "applied", "code")
    assert edge.accounts["m1"].balance == 30 * NANO


def test_a_refusal_of_a_lost_command_refuses_no_new_one(edge, store, tenancy, clock):
    clock.at += HOUR
    lost(edge, GrantCredit("first", 20 * NANO))
    clock.at += HOUR
    made = top_up(tenancy, 3 * NANO, "new")
    heard(edge, store)
    agree(edge)
    made.command.refresh_from_db()
    assert (made.command.number, made.command.state) == (5, "applied")


def test_a_code_whose_command_was_lost_is_told_and_booked_and_gives_nothing_twice(edge, store, tenancy, clock):
    account, tid = edge.accounts["m1"], tid_at(BaseDate.D2014, clock.now()) + 3
    edge.append("m1", account.by_code(clock.now(), tid, 7 * NANO, "page"))
    heard(edge, store)
    assert (found().key, found().data["command"]) == (f"code {tid}", None)
    made = book_found(found(), None)
    delivered(edge, store)
    agree(edge)
    made.command.refresh_from_db()
    assert (account.balance, balance(tenant_account(tenancy))) == (27 * NANO, 27 * NANO)
    assert (made.command.state, made.command.way, account.coded) == ("applied", "code", {})
    clock.at += MINUTE
    assert top_up(tenancy, NANO, "next").command.tid > tid, "no code is made twice"


def test_a_code_and_its_command_are_one_payment(edge, store, tenancy, clock):
    account, tid = edge.accounts["m1"], tid_at(BaseDate.D2014, clock.now())
    edge.append("m1", account.by_code(clock.now(), tid, 7 * NANO, "page"))
    lost(edge, GrantCredit("lost", 7 * NANO + 5, tid=tid, coded=7 * NANO))
    heard(edge, store)
    agree(edge)
    assert found().key == "lost"
    assert found().data["amount"] == 7 * NANO + 5
    assert found().data["command"] == 4
    book_found(found(), None)
    assert balance(tenant_account(tenancy)) == account.balance == 27 * NANO + 5


def test_a_code_that_its_command_only_recognised_is_booked_without_another_command(edge, store, tenancy, clock):
    account, tid = edge.accounts["m1"], tid_at(BaseDate.D2014, clock.now())
    edge.append("m1", account.by_code(clock.now(), tid, 7 * NANO, "page"))
    lost(edge, GrantCredit("lost", 7 * NANO, tid=tid, coded=7 * NANO))
    heard(edge, store)
    assert Alarm.objects.filter(kind="unbooked").count() == 1
    assert book_found(found(), None).credit_id == "lost", "its journal tells which payment it was"
    delivered(edge, store)
    row = agree(edge)
    assert balance(tenant_account(tenancy)) == account.balance == 27 * NANO
    assert row.commands == 4
    assert not Command.objects.filter(meter=row, state__in=("queued", "sent")).exists()


def ordered_again(edge, tenancy, clock, typed, before=lambda: None):
    """A payment whose code was typed is forgotten by the server, and entered again before the journal came: with a code
    of its own.
    """
    tid = tid_at(BaseDate.D2014, clock.now())
    if typed:
        edge.append("m1", edge.accounts["m1"].by_code(clock.now(), tid, 7 * NANO, "page"))
    lost(edge, GrantCredit("paid", 7 * NANO, tid=tid, coded=7 * NANO))
    clock.at += 2 * MINUTE
    before()
    made = top_up(tenancy, 7 * NANO, "paid")
    assert made.command.tid != tid
    return made


@pytest.mark.parametrize("typed", [False, True])
@pytest.mark.parametrize("status_first", [False, True])
def test_a_payment_ordered_again_before_the_journal_came_is_credited_once(
    edge, store, tenancy, clock, typed, status_first
):
    account = edge.accounts["m1"]

    def told():
        if status_first:
            take(store, edge.status("m1", fresh=True))

    made = ordered_again(edge, tenancy, clock, typed, told)
    if status_first:
        edge.obey("m1")
        assert account.command == 5, "it was taken up before its journal was known"
    heard(edge, store)
    delivered(edge, store)
    row = agree(edge)
    assert account.balance == balance(tenant_account(tenancy)) == 27 * NANO
    assert not Alarm.objects.filter(is_resolved=False).exists(), "there is nothing that anybody should do"
    assert not Command.objects.filter(meter=row, state__in=("queued", "sent")).exists()
    assert account.code_used(made.command.tid), "its new code is worth nothing"
    made.command.refresh_from_db()
    assert (made.command.state, at_meters([made.command])) == ("applied", {made.command.pk: 7 * NANO})


def test_what_a_new_code_brought_twice_is_told(edge, store, tenancy, clock):
    """The gateway reached nobody, and the tenant typed the code of the payment that was entered again."""
    made = ordered_again(edge, tenancy, clock, typed=False)
    edge.append("m1", edge.accounts["m1"].by_code(clock.now(), made.command.tid, 7 * NANO, "page"))
    heard(edge, store)
    delivered(edge, store)
    agree(edge)
    (alarm,) = Alarm.objects.filter(is_resolved=False)
    made.command.refresh_from_db()
    assert (made.command.state, made.command.reason) == ("applied", ""), "nobody is to give it once more"
    assert alarm.kind == "difference"
    assert "paid was added at the meter twice" in alarm.text
    assert "7" in alarm.text


@pytest.mark.parametrize("sent_first", [False, True])
@pytest.mark.parametrize("recognised", [False, True])
def test_a_payment_that_got_the_identifier_of_a_forgotten_code_is_credited_too(
    edge, store, tenancy, clock, recognised, sent_first
):
    account, tid = edge.accounts["m1"], tid_at(BaseDate.D2014, clock.now())
    edge.append("m1", account.by_code(clock.now(), tid, 7 * NANO, "page"))
    if recognised:
        lost(edge, GrantCredit("lost", 7 * NANO, tid=tid, coded=7 * NANO))
    clock.at += MINUTE // 3
    made = top_up(tenancy, 3 * NANO, "new")
    assert made.command.tid == tid, "the story is that one identifier was given twice"
    if sent_first:
        take(store, edge.status("m1", fresh=True))
        pending = [each for each in store.pending() if each.meter == "m1"]
        store.mark_sent((each.meter, each.number) for each in pending)
        for command in (decode_command(each.signed.body) for each in pending):
            if command.number == account.command + 1:
                edge.append("m1", account.follow(clock.now(), command))
    heard(edge, store)
    delivered(edge, store)
    assert found().data["amount"] == 7 * NANO
    book_found(found(), None)
    delivered(edge, store)
    agree(edge)
    made.command.refresh_from_db()
    assert made.command.state == "applied"
    assert account.balance == 30 * NANO
    assert balance(tenant_account(tenancy)) == 30 * NANO
    assert not Command.objects.filter(meter__name="m1", state__in=("queued", "sent")).exists()
    assert Code.objects.get(command=made.command).tid == made.command.tid


def test_no_identifier_that_may_have_been_given_since_the_copy_is_given_again(edge, store, tenancy, clock):
    """Of the same minute and amount as a forgotten one a code would be that one, and its payment would bring nothing."""
    account, tid = edge.accounts["m1"], tid_at(BaseDate.D2014, clock.now())
    skip_forgotten()
    made = top_up(tenancy, 7 * NANO, "new")
    assert made.command.tid > tid + 59
    edge.append("m1", account.by_code(clock.now(), tid, 7 * NANO, "page"))
    edge.append("m1", account.by_code(clock.now(), made.command.tid, 7 * NANO, "page"))
    heard(edge, store)
    delivered(edge, store)
    agree(edge)
    assert (account.balance, found().key) == (34 * NANO, f"code {tid}")


def test_what_else_was_ordered_holds_as_the_meter_says_it_and_is_told(edge, store, tenancy):
    tariff = flat_tariff("dear", "EUR", ZONE, 900_000)
    lost(edge, SetTariff(edge.clock.now(), tariff), ChangeSettings(Settings(low_credit=5 * NANO)), Control(Hold(), "x"))
    edge.clock.at += HOUR
    edge.read("m1", 2000)
    heard(edge, store)
    agree(edge)
    assert edge.accounts["m1"].balance == 20 * NANO - 500 * PRICE - 500 * 900_000
    assert set(Alarm.objects.values_list("kind", "key")) == {
        ("unknown-order", "tariff"),
        ("unknown-order", "settings"),
        ("unknown-order", "control"),
    }
    assert Command.objects.filter(meter__name="m1", is_from_journal=True).count() == 3


def test_a_debit_is_booked_as_what_it_was_and_not_taken_off_again(edge, store, tenancy):
    lost(edge, Debit("share 5", 2 * NANO, "stairs, May"))
    heard(edge, store)
    assert found().data["amount"] == -2 * NANO
    known = adjust(tenancy, -2 * NANO, Reference(Of.SHARE, 9), "stairs, May", edge.clock.now())
    assert (known.number, known.is_from_journal) == (4, True)
    delivered(edge, store)
    assert edge.accounts["m1"].balance == 18 * NANO
    assert not Alarm.objects.filter(is_resolved=False).exists()


def test_a_debit_that_nobody_runs_again_is_booked_on_its_account(edge, store, tenancy):
    lost(edge, Debit("share 5", 2 * NANO, "stairs, May"))
    heard(edge, store)
    assert book_found(found(), None) is None
    assert balance(tenant_account(tenancy)) == 18 * NANO
    books = {each.kind: amount for each, amount in trial_balance(Organisation.objects.get()).items()}
    assert books[Kind.SHARED_COSTS] == 2 * NANO


def test_a_payment_that_is_booked_meanwhile_under_its_id_is_linked(edge, store, tenancy):
    lost(edge, GrantCredit("lost", 7 * NANO))
    heard(edge, store)
    alarm = found()
    with pytest.raises(TopUpError, match=r"7\.00"):
        top_up(tenancy, 8 * NANO, "lost")
    made = top_up(tenancy, 7 * NANO, "lost")
    assert made.command.number == 4
    assert book_found(alarm, None) == made
    delivered(edge, store)
    agree(edge)
    assert balance(tenant_account(tenancy)) == edge.accounts["m1"].balance == 27 * NANO
    assert TopUp.objects.filter(tenancy=tenancy).count() == 2


def test_what_was_found_while_nobody_lived_there_is_not_booked_for_anybody(edge, store, tenancy):
    lost(edge, GrantCredit("lost", 7 * NANO))
    heard(edge, store)
    Tenancy.objects.filter(pk=tenancy.pk).update(ends=edge.clock.now() - HOUR, begins=edge.clock.now() - 2 * HOUR)
    with pytest.raises(FoundError, match="Nobody lived there"):
        book_found(found(), None)
    assert found()


def test_what_was_spread_and_its_shares_are_booked_as_what_they_are(edge, store, tenancy):
    """Else the landlord loses what was spread, and the tenant what was paid of it."""
    owner = Organisation.objects.get()
    lost(
        edge,
        GrantCredit("~spread 1 1 18f", 40 * NANO, "used while the gateway was silent"),
        GrantCredit("paid", 20 * NANO),
        Debit("~debt-part 1 18f", 5 * NANO, "of payment paid"),
        GrantCredit("~debt-part 1 undone 190", 5 * NANO, "undone"),
        Debit("~debt-part 2 191", 4 * NANO, "of payment paid"),
        Debit("~spread 1 1 back 192", 36 * NANO, "not spread any more"),
    )
    heard(edge, store)
    spread, paid, share, undone, share_2, back = Alarm.objects.filter(kind="unbooked").order_by("seq")
    with pytest.raises(FoundError, match="book that debt first"):
        book_found(share, None)
    lefts = [40, 40, 35, 40, 36, 0]
    for alarm, left in zip((spread, paid, share, undone, share_2, back), lefts, strict=True):
        book_found(alarm, None)
        assert sum(each.left for each in Debt.objects.filter(tenancy=tenancy)) == left * NANO
        assert -balance(account(owner, Kind.DEBTS)) == left * NANO
    assert balance(account(owner, Kind.ADJUSTMENTS)) == 0
    assert balance(tenant_account(tenancy)) == edge.accounts["m1"].balance
    assert sum(trial_balance(owner).values()) == 0
    assert book_found(Alarm.objects.get(pk=share.pk), None) is None, "booked once"

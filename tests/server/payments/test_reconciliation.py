"""The provider's file, the ledger and the meters' journals are held against each other, day by day."""

from datetime import date, timedelta

import pytest

from prewatt.kernel.units import DAY, HOUR, NANO, moment
from prewatt.server.ledger.books import Kind, account, balance, trial_balance
from prewatt.server.ledger.models import Transfer
from prewatt.server.metering.models import Alarm, Gateway, JournalEntry, Meter
from prewatt.server.payments.books import clearing
from prewatt.server.payments.models import Merchant, Payment, SettlementLine, Unexpected
from prewatt.server.payments.paying import confirm
from prewatt.server.payments.payment_request import LIFE
from prewatt.server.payments.providers.interface import PaymentReport, ProviderError, State
from prewatt.server.payments.reconciliation import ReconciliationError, reconcile
from prewatt.server.payments.refunds import send_back, send_held_back
from prewatt.server.payments.settlement import days_due, fetch, fetch_what_is_due, provider_day
from prewatt.server.payments.staff import record
from prewatt.server.sales.giving_back import refund
from prewatt.server.vending.models import Command
from tests.comparing import assert_row
from tests.gateway import Edge
from tests.recorded import recorded_once
from tests.server.payments.paying import each_provider, start_payment

pytestmark = pytest.mark.database


@pytest.fixture
@recorded_once
def edge(building, clock):
    return Edge(building.code, clock)


@pytest.fixture
def owner(tenancy):
    return tenancy.unit.property.organisation


@pytest.fixture
def pay(tenancy, merchants, providers, clock):
    """Pay at a provider, at the instant where the clock stands."""

    def pay(provider, amount=20 * NANO, seen=True):
        payment = start_payment(tenancy, merchants[provider], amount, f"a{Payment.objects.count()}")
        trade = providers.pay(payment, clock.at // 10**6)
        if seen:
            told = PaymentReport(
                payment.payment_id, State.PAID, trade.transaction, trade.amount, trade.currency, clock.at
            )
            confirm(payment.merchant, told, "callback")
        payment.refresh_from_db()
        return payment

    return pay


def today(clock):
    return moment(clock.at).date()


def verdicts(owner, clock, days=3):
    first = date(2025, 10, 6)
    return [(each.what, each.verdict) for each in reconcile(owner, first, first + timedelta(days=days))]


@each_provider
def test_a_payment_that_all_three_know_is_matched(edge, store, owner, merchants, providers, clock, pay, provider):
    payment = pay(provider)
    paid_on = clock.at
    assert verdicts(owner, clock) == [("payment", "not at the meter")]
    clock.at += HOUR
    edge.obey("m1")
    edge.deliver(store)
    assert verdicts(owner, clock) == [("payment", "no file")]
    clock.at += DAY
    assert verdicts(owner, clock) == [("payment", "no file, late")]
    day = provider_day(merchants[provider], paid_on)
    providers.bill(day, provider)
    fetch(merchants[provider], day)
    (found,) = reconcile(owner, day, day)
    assert (found.verdict, found.provider, found.ledger, found.meter) == ("matched", *[20 * NANO] * 3)
    assert_row(found, name=payment.payment_id, who=str(payment.tenancy), grade="matched")
    # What the provider keeps is in the books, once, however often the file is fetched.
    fees = {"wechat": 12, "alipay": 12, "stripe": 55}[provider] * NANO // 100
    fetch(merchants[provider], day)
    assert balance(account(owner, Kind.PROVIDER_FEES)) == -fees
    assert balance(clearing(merchants[provider])) == fees - 20 * NANO
    assert sum(trial_balance(owner).values()) == 0


@each_provider
def test_what_was_missed_is_found_in_the_settlement_file_and_credited(
    edge, store, owner, merchants, providers, clock, pay, provider
):
    payment = pay(provider, seen=False)
    day = provider_day(merchants[provider], clock.at)
    providers.bill(day, provider)
    clock.at += DAY
    fetch(merchants[provider], day)
    payment.refresh_from_db()
    assert (payment.state, payment.seen_by, payment.top_up.amount) == ("paid", "settlement", 20 * NANO)
    edge.obey("m1")
    edge.deliver(store)
    assert verdicts(owner, clock) == [("payment", "matched")]


@each_provider
def test_a_side_that_lacks_a_payment_is_named_with_what_to_do(
    edge, store, owner, merchants, providers, clock, pay, provider
):
    mine, lost = pay(provider), pay(provider)
    edge.obey("m1")
    edge.deliver(store)
    day = provider_day(merchants[provider], clock.at)
    # The provider's file lacks one of ours, and has one that is none of ours.
    foreign = providers.trades.pop(lost.payment_id)
    foreign.payment_id = "f" * 32
    providers.trades["f" * 32] = foreign
    providers.bill(day, provider)
    clock.at += DAY
    fetch(merchants[provider], day)
    found = {each.name: each for each in reconcile(owner, day, day)}
    assert found[mine.payment_id].verdict == "matched"
    assert found[lost.payment_id].verdict == "not at the provider"
    assert (found["f" * 32].verdict, found["f" * 32].provider) == ("not in the ledger", 20 * NANO)
    assert all(each.next for each in found.values() if each.grade != "matched")
    # The fee of what is none of ours is not in the books.
    one = {"wechat": 12, "alipay": 12, "stripe": 55}[provider] * NANO // 100
    assert -balance(account(owner, Kind.PROVIDER_FEES)) == one


@each_provider
def test_an_amount_that_differs(edge, store, owner, merchants, providers, clock, pay, provider):
    payment = pay(provider)
    day = provider_day(merchants[provider], clock.at)
    providers.trades[payment.payment_id].amount = 1900
    providers.bill(day, provider)
    clock.at += DAY
    fetch(merchants[provider], day)
    (found,) = reconcile(owner, day, day)
    assert_row(found, verdict="amount differs", provider=19 * NANO, ledger=20 * NANO)


@each_provider
def test_refunds_are_reconciled_too(
    edge, store, owner, tenancy, merchants, providers, clock, pay, admin_user, provider
):
    payment = pay(provider)
    edge.obey("m1")
    edge.deliver(store)
    Gateway.objects.update(is_online=True)
    send_back(refund(tenancy, 5 * NANO, admin_user, "moves out"), admin_user)
    day = provider_day(merchants[provider], clock.at)
    trade = providers.trades[payment.payment_id]
    trade.refunds["by-hand"] = 100
    number = payment.refund_parts.get().number
    providers.bill(day, provider)
    clock.at += DAY
    fetch(merchants[provider], day)
    # What was sent back in the provider's own pages is booked by its line.
    edge.obey("m1")
    edge.deliver(store)
    found = {each.name: each.verdict for each in reconcile(owner, day, day)}
    assert found == {payment.payment_id: "matched", number: "matched", "by-hand": "matched"}
    assert balance(clearing(merchants[provider])) == balance(account(owner, Kind.PROVIDER_FEES)) * -1 - 14 * NANO


def test_a_refund_of_another_amount_than_was_booked_is_named(
    edge, store, owner, tenancy, merchants, providers, clock, pay, admin_user
):
    payment = pay("wechat")
    edge.obey("m1")
    edge.deliver(store)
    Gateway.objects.update(is_online=True)
    send_back(refund(tenancy, 5 * NANO, admin_user, "moves out"), admin_user)
    trade = providers.trades[payment.payment_id]
    trade.refunds = dict.fromkeys(trade.refunds, 400)
    day = provider_day(merchants["wechat"], clock.at)
    providers.bill(day)
    clock.at += DAY
    fetch(merchants["wechat"], day)
    assert verdicts(owner, clock) == [("payment", "matched"), ("refund", "amount differs")]


def test_held_money_waits_for_a_person_and_goes_back(owner, tenancy, merchants, providers, clock, pay, admin_user):
    payment = start_payment(tenancy, merchants["wechat"])
    trade = providers.pay(payment, clock.at // 10**6)
    confirm(
        payment.merchant,
        PaymentReport(payment.payment_id, State.PAID, trade.transaction, 1500, "CNY", clock.at),
        "callback",
    )
    day = provider_day(merchants["wechat"], clock.at)
    trade.amount = 1500
    assert verdicts(owner, clock) == [("payment", "held")]
    send_held_back(payment, admin_user)
    providers.bill(day)
    clock.at += DAY
    fetch(merchants["wechat"], day)
    assert verdicts(owner, clock) == [("payment", "matched"), ("refund", "matched")]


def test_a_meter_that_refused_or_holds_another_amount_is_named(edge, store, owner, tenancy, clock, admin_user):
    record(tenancy, 20 * NANO, "c1", admin_user, "7")
    record(tenancy, 20 * NANO, "c2", admin_user, "8", "transfer")
    edge.obey("m1")
    edge.deliver(store)
    assert verdicts(owner, clock) == [("payment", "matched")] * 2
    Command.objects.filter(top_up__credit_id="c1").update(state="rejected", applied_seq=None)
    # As if the journal said another amount.
    other = Command.objects.get(top_up__credit_id="c2")
    entry = JournalEntry.objects.get(meter=other.meter, seq=other.applied_seq)
    body = bytes(entry.body).replace((20 * NANO).to_bytes(8, "big"), (19 * NANO).to_bytes(8, "big"))
    JournalEntry.objects.filter(meter=other.meter, seq=other.applied_seq).update(body=body)
    Alarm.objects.create(meter=Meter.objects.get(name="m1"), seq=1, at=clock.at, text="differs")
    found = {each.name: each.verdict for each in reconcile(owner, date(2025, 10, 6), date(2025, 10, 6))}
    assert found == {"7": "refused by the meter", "8": "meter differs", "m1": "alarm"}


def test_a_code_that_was_typed_counts_as_the_meters_side(edge, store, owner, tenancy, clock, admin_user):
    made = record(tenancy, 20 * NANO, "c1", admin_user)
    account_of = edge.accounts["m1"]
    edge.append("m1", account_of.by_code(clock.now(), made.command.tid, 20 * NANO, "page"))
    edge.deliver(store)
    assert verdicts(owner, clock) == [("payment", "matched")]
    edge.obey("m1")
    edge.deliver(store)
    assert verdicts(owner, clock) == [("payment", "matched")]


def test_a_payout_is_matched_with_the_line_of_the_bank_statement(owner, merchants, providers, clock, admin_user):
    from prewatt.server.payments.bank import book_payout, upload

    stripe = merchants["stripe"]
    at = clock.at // 10**6
    providers.payouts.append(
        {
            "id": "po_1",
            "object": "balance_transaction",
            "type": "payout",
            "amount": -19450,
            "currency": "cny",
            "fee": 0,
            "created": at,
            "source": None,
        }
    )
    clock.at += DAY
    fetch(stripe, date(2025, 10, 6))
    assert verdicts(owner, clock) == [("payout", "payout not in the ledger")]
    upload(owner, b"date,amount,payer,text\n2025-10-08,194.50,STRIPE,payout\n", "CNY", admin_user)
    book_payout(owner.bank_lines.get(), stripe, admin_user)
    assert verdicts(owner, clock) == [("payout", "matched")]
    assert balance(account(owner, Kind.BANK)) == -194_500_000_000


def test_money_that_was_paid_twice_is_listed_until_it_is_dealt_with(owner, merchants, providers, clock, pay):
    payment = pay("wechat")
    confirm(
        payment.merchant, PaymentReport(payment.payment_id, State.PAID, "another", 2000, "CNY", clock.at), "callback"
    )
    assert ("payment", "unexpected") in verdicts(owner, clock)
    Unexpected.objects.update(is_resolved=True)
    assert ("payment", "unexpected") not in verdicts(owner, clock)


def test_the_lines_of_another_app_on_the_same_merchant_number_are_that_ones(owner, merchants, providers, clock, pay):
    from prewatt.server.payments.merchants import keep_merchant

    other = keep_merchant(
        owner, "wechat", "mini program", {**providers.settings("wechat"), "appid": "wx0000000000000000"}
    )
    payment = pay("wechat")
    day = provider_day(merchants["wechat"], clock.at)
    providers.bill(day)
    clock.at += DAY
    for merchant in (merchants["wechat"], other):
        fetch(merchant, day)
    assert [line.merchant for line in SettlementLine.objects.all()] == [payment.merchant]
    assert balance(account(owner, Kind.PROVIDER_FEES)) == -12 * NANO // 100


def test_what_another_business_sells_by_the_same_stripe_account_is_not_in_the_file(
    owner, merchants, providers, clock, pay
):
    pay("stripe")
    lost = pay("stripe")
    providers.trades[lost.payment_id].payment_id = ""
    day = provider_day(merchants["stripe"], clock.at)
    clock.at += DAY
    fetch(merchants["stripe"], day)
    assert SettlementLine.objects.count() == 1


# -- fetching ----------------------------------------------------------------------------------------------------------


def test_files_are_due_on_the_day_after_at_ten_where_the_provider_is(merchants, clock):
    wechat = merchants["wechat"]
    assert (clock.at, days_due(wechat)) == (1_759_744_800 * 10**6, [])  # 18:00 in Beijing
    clock.at += 15 * HOUR
    assert days_due(wechat) == []  # 09:00
    clock.at += HOUR
    assert days_due(wechat) == [date(2025, 10, 6)]
    clock.at += 20 * DAY
    assert days_due(wechat) == [date(2025, 10, 6) + timedelta(days=number) for number in range(7)]


def test_a_file_fetched_before_its_day_is_over_is_fetched_again_by_itself(
    edge, store, owner, merchants, providers, clock, pay
):
    wechat, day = merchants["wechat"], date(2025, 10, 6)
    Merchant.objects.exclude(provider="wechat").update(made_at=clock.at + 100 * DAY)
    pay("wechat")
    providers.bill(day)
    fetch(wechat, day)  # 18:00 in Beijing
    clock.at += 2 * HOUR
    later = pay("wechat")
    edge.obey("m1")
    edge.deliver(store)
    # The first stands in the file; of the second no file can tell yet, and nothing is missing.
    assert sorted(verdicts(owner, clock)) == [("payment", "matched"), ("payment", "no file")]
    clock.at += 13 * HOUR
    assert days_due(wechat) == []  # 09:00
    clock.at += HOUR
    assert days_due(wechat) == [day]
    assert sorted(verdicts(owner, clock)) == [("payment", "matched"), ("payment", "no file, late")]
    # Where the whole file lacks it, it is missing indeed.
    providers.trades[later.payment_id].state = "open"
    providers.bill(day)
    fetch(wechat, day)
    assert ("payment", "not at the provider") in verdicts(owner, clock) and days_due(wechat) == []


def test_a_file_of_a_day_is_whole_only_when_it_was_asked_for_after_ten(merchants, providers, clock, pay):
    wechat, day = merchants["wechat"], date(2025, 10, 6)
    Merchant.objects.exclude(provider="wechat").update(made_at=clock.at + 100 * DAY)
    clock.at += 15 * HOUR
    pay("wechat")
    providers.bill(day)
    fetch(wechat, day)  # 09:00 of the day after
    clock.at += HOUR
    assert [file.day for file in fetch_what_is_due()] == [day] and fetch_what_is_due() == []


def test_what_is_due_is_fetched_and_a_day_without_payments_is_no_error(merchants, providers, clock):
    clock.at += 3 * DAY
    files = fetch_what_is_due()
    assert len(files) == 9 and fetch_what_is_due() == []
    assert SettlementLine.objects.count() == 0


def test_a_file_that_is_damaged_or_can_not_be_fetched_is_asked_for_again(merchants, providers, clock, pay):
    pay("wechat")
    Merchant.objects.exclude(provider="wechat").update(made_at=clock.at + 100 * DAY)
    providers.bill(date(2025, 10, 6))
    clock.at += DAY
    providers.faults.append((500, {"code": "SYSTEM_ERROR"}, {}))
    assert fetch_what_is_due() == []
    real = providers._wechat_call

    def damaged(where, given):
        status, answer = real(where, given)
        return status, {**answer, "hash_value": "0" * 40} if "hash_value" in answer else answer

    providers._wechat_call = damaged
    with pytest.raises(ProviderError, match="damaged"):
        fetch(merchants["wechat"], date(2025, 10, 6))
    providers._wechat_call = real
    assert [file.day for file in fetch_what_is_due()] == [date(2025, 10, 6)]
    assert SettlementLine.objects.count() == 1


@pytest.mark.parametrize("last", [date(2025, 10, 5), date(2026, 12, 1)])
def test_days_that_are_none_are_refused(owner, last):
    with pytest.raises(ReconciliationError):
        reconcile(owner, date(2025, 10, 6), last)


def test_what_is_paid_after_its_time_and_closed_shows_no_more(owner, tenancy, merchants, clock):
    start_payment(tenancy, merchants["wechat"])
    clock.at += LIFE
    assert verdicts(owner, clock) == []
    assert not Transfer.objects.exists()

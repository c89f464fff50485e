"""Money that is taken back: refunds in the providers' own pages, disputes, in any order, heard of by any way."""

from itertools import permutations

import pytest

from prewatt.kernel.entries import Control, Debit, decode_command
from prewatt.kernel.orders import Restore
from prewatt.kernel.units import DAY, HOUR, NANO, SECOND
from prewatt.server.billing.open_debts import debts_of
from prewatt.server.billing.owed import owed
from prewatt.server.estate.models import Property
from prewatt.server.ledger.books import Kind, account, balance, tenant_account, trial_balance
from prewatt.server.metering.models import Gateway, Meter
from prewatt.server.payments.books import clearing, held_left
from prewatt.server.payments.errors import PaymentError
from prewatt.server.payments.models import Payment, SettlementLine, TakenBack, Unexpected
from prewatt.server.payments.paying import credit_held
from prewatt.server.payments.polling import look
from prewatt.server.payments.providers.interface import ProviderError
from prewatt.server.payments.reconciliation import reconcile
from prewatt.server.payments.refunds import pay_out_by_hand, send_back, send_held_back
from prewatt.server.payments.settlement import book_what_was_missed, explain, fetch, provider_day
from prewatt.server.payments.taken_back import decide, take_up_what_waits
from prewatt.server.sales.giving_back import refund
from prewatt.server.tenancies.moving import move_out, settle
from prewatt.server.vending.models import Command, Refund
from tests.comparing import assert_row
from tests.gateway import Edge
from tests.recorded import recorded_once
from tests.server.payments.paying import call_back, each_provider, pay_and_call_back, start_payment, state_of

pytestmark = pytest.mark.database


@pytest.fixture
@recorded_once
def edge(building, clock):
    return Edge(building.code, clock)


@pytest.fixture
def owner(tenancy):
    return tenancy.unit.property.organisation


@pytest.fixture
def bought(tenancy, merchants, providers, client, clock):
    """A payment of 20 that was paid at a provider; (payment, trade)."""

    def bought(provider, told=True):
        payment = start_payment(tenancy, merchants[provider], asked=f"a{Payment.objects.count()}")
        if told:
            assert pay_and_call_back(providers, client, payment).status_code == 200
        else:
            providers.pay(payment)
        trade = providers.trades[payment.payment_id]
        trade.at = clock.at // SECOND
        return payment, trade

    return bought


@pytest.fixture
def went_back(merchants, providers, client):
    """The provider says that something went back, in its own pages: by a callback."""

    def went_back(trade, number, minor, event=""):
        trade.refunds[number] = minor
        merchant = merchants[trade.provider]
        told = {
            "wechat": lambda: providers.wechat_refund_callback(trade, number, event or "REFUND.SUCCESS"),
            "alipay": lambda: providers.alipay_callback(trade),
            "stripe": lambda: providers.stripe_event(event or "refund.created", providers.stripe_refund(trade, number)),
        }[trade.provider]()
        assert call_back(client, merchant, told).status_code == 200

    return went_back


@pytest.fixture
def disputed(merchants, providers, client):
    """Stripe says something of a dispute."""

    def disputed(trade, event, status="needs_response", **more):
        told = {**providers.stripe_dispute(trade, status=status), **more}
        assert call_back(client, merchants["stripe"], providers.stripe_event(event, told)).status_code == 200

    return disputed


@pytest.fixture
def file_comes(merchants, providers, clock):
    """The provider's file of the day on which the test began is fetched on the next."""
    began = clock.at

    def file_comes(provider):
        day = provider_day(merchants[provider], began)
        providers.bill(day, provider)
        clock.at = max(clock.at, began + DAY)
        fetch(merchants[provider], day)
        return day

    return file_comes


def at_the_meter(edge, store):
    edge.obey("m1")
    edge.deliver(store)
    return edge.accounts["m1"].balance


def orders(meter="m1"):
    return [
        decode_command(bytes(row.body)).order for row in Command.objects.filter(meter__name=meter).order_by("number")
    ]


NUMBER = {"wechat": "W-1", "alipay": "A-1", "stripe": "re_1"}


@each_provider
def test_a_refund_in_the_providers_pages_is_taken_once_whatever_ways_it_is_heard_by(
    edge, store, owner, tenancy, merchants, bought, went_back, file_comes, provider
):
    _payment, trade = bought(provider)
    for _again in range(2):
        went_back(trade, NUMBER[provider], 500)
        file_comes(provider)
        book_what_was_missed()
    assert balance(tenant_account(tenancy)) == 15 * NANO
    assert at_the_meter(edge, store) == 15 * NANO
    assert balance(clearing(merchants[provider])) + 15 * NANO == -balance(account(owner, Kind.PROVIDER_FEES))
    assert {each.verdict for each in reconcile(owner, *[provider_day(merchants[provider], trade.at * SECOND)] * 2)} == {
        "matched"
    }
    assert sum(trial_balance(owner).values()) == 0


@each_provider
def test_a_refund_that_only_the_file_tells_of_is_taken(edge, store, owner, tenancy, bought, file_comes, provider):
    _payment, trade = bought(provider)
    trade.refunds[NUMBER[provider]] = 500
    file_comes(provider)
    assert at_the_meter(edge, store) == balance(tenant_account(tenancy)) == 15 * NANO


@each_provider
def test_what_went_back_whole_before_we_heard_of_the_payment_is_never_credited(
    owner, tenancy, merchants, providers, client, bought, went_back, file_comes, provider
):
    payment, trade = bought(provider, told=False)
    went_back(trade, NUMBER[provider], 2000)
    call_back(client, payment.merchant, providers.callback(trade))
    file_comes(provider)
    assert state_of(payment) == "returned"
    assert balance(tenant_account(tenancy)) == 0
    assert Command.objects.filter(kind="credit").count() == 0
    assert balance(account(owner, Kind.REFUNDS)) == 0
    assert balance(clearing(merchants[provider])) == -balance(account(owner, Kind.PROVIDER_FEES))
    assert not Unexpected.objects.exists()


@each_provider
def test_of_what_went_back_in_part_before_we_heard_of_the_payment_the_rest_is_credited(
    edge, store, owner, tenancy, providers, client, bought, went_back, file_comes, provider
):
    payment, trade = bought(provider, told=False)
    went_back(trade, NUMBER[provider], 500)
    if provider != "alipay":
        # Alipay's one callback tells of both.
        assert state_of(payment) == "open"
    # The callback of the payment was sent before.
    late = {"trade_state": "SUCCESS"} if provider == "wechat" else {}
    call_back(client, payment.merchant, providers.callback(trade, **late))
    file_comes(provider)
    assert balance(tenant_account(tenancy)) == at_the_meter(edge, store) == 15 * NANO


@each_provider
def test_a_provider_that_says_refunded_when_asked_says_not_paid(
    owner, tenancy, merchants, bought, file_comes, provider
):
    payment, trade = bought(provider, told=False)
    trade.refunds[NUMBER[provider]] = 2000
    assert look(payment).state in ("held", "returned")
    assert balance(tenant_account(tenancy)) == 0
    file_comes(provider)
    assert state_of(payment) == "returned"
    assert balance(account(owner, Kind.REFUNDS)) == 0
    with pytest.raises(PaymentError):
        credit_held(payment, tenancy, None)


def test_wechat_does_not_say_how_much_went_back_and_the_rest_waits_for_a_person(
    edge, store, owner, tenancy, merchants, bought, file_comes, admin_user
):
    payment, trade = bought("wechat", told=False)
    trade.refunds["W-1"] = 500
    assert look(payment).state == "held"
    file_comes("wechat")
    payment.refresh_from_db()
    assert (payment.state, held_left(payment)) == ("held", 15 * NANO)
    credit_held(payment, tenancy, admin_user)
    assert at_the_meter(edge, store) == balance(tenant_account(tenancy)) == 15 * NANO
    assert balance(account(owner, Kind.REFUNDS)) == 0


def test_the_rest_of_a_held_payment_can_be_sent_back(owner, merchants, bought, file_comes, admin_user):
    payment, trade = bought("wechat", told=False)
    trade.refunds["W-1"] = 500
    look(payment)
    file_comes("wechat")
    send_held_back(payment, admin_user)
    assert trade.refunds[f"{payment.payment_id}H"] == 1500
    assert balance(account(owner, Kind.REFUNDS)) == 0
    assert balance(clearing(merchants["wechat"])) == -balance(account(owner, Kind.PROVIDER_FEES))


@each_provider
def test_our_own_refund_is_booked_once_whoever_tells_of_it(
    edge, store, owner, tenancy, merchants, providers, client, bought, file_comes, admin_user, provider
):
    payment, trade = bought(provider)
    at_the_meter(edge, store)
    Gateway.objects.update(is_online=True)
    send_back(refund(tenancy, 5 * NANO, admin_user, "moves out"), admin_user)
    number = payment.refund_parts.get().number
    told = {
        "wechat": lambda: providers.wechat_refund_callback(trade, number),
        "alipay": lambda: providers.alipay_callback(trade),
        "stripe": lambda: providers.stripe_event("refund.updated", providers.stripe_refund(trade, number)),
    }[provider]
    assert call_back(client, payment.merchant, told()).status_code == 200
    file_comes(provider)
    assert not TakenBack.objects.exists()
    assert at_the_meter(edge, store) == balance(tenant_account(tenancy)) == 15 * NANO
    assert balance(account(owner, Kind.REFUNDS)) == 0


def test_a_refund_that_was_broken_off_after_the_provider_had_heard_of_it_is_booked_by_the_file(
    owner, tenancy, merchants, providers, bought, file_comes, admin_user
):
    payment, _trade = bought("wechat")
    Gateway.objects.update(is_online=True)
    made = refund(tenancy, 5 * NANO, admin_user, "moves out")
    with pytest.raises(ProviderError):
        providers.trades[payment.payment_id].refunds.clear()
        providers.faults.append("drop")
        send_back(made, admin_user)
    part = payment.refund_parts.get()
    providers.trades[payment.payment_id].refunds[part.number] = 500
    file_comes("wechat")
    part.refresh_from_db()
    made.refresh_from_db()
    assert part.sent_at is not None
    assert made.paid_at is not None
    assert balance(account(owner, Kind.REFUNDS)) == 0


def test_what_was_paid_by_hand_as_the_provider_did_not_answer_and_went_back_after_all_is_owed(
    owner, tenancy, merchants, providers, client, bought, admin_user
):
    """The one who has it twice owes it; if the provider's part did not arrive, nobody owes anything."""
    payment, trade = bought("stripe")
    Gateway.objects.update(is_online=True)
    made = refund(tenancy, 5 * NANO, admin_user, "moves out")
    providers.faults.extend(["drop"] * 9)
    with pytest.raises(ProviderError):
        send_back(made, admin_user)
    providers.faults.clear()
    pay_out_by_hand(made, admin_user, 3 * NANO)
    number = payment.refund_parts.get().number
    trade.refunds[number] = 500
    for told, owes in (("refund.updated", [3 * NANO]), ("refund.failed", [])):
        event = providers.stripe_event(
            told, providers.stripe_refund(trade, number, "failed" if not owes else "succeeded")
        )
        assert call_back(client, payment.merchant, event).status_code == 200
        assert [each.left for each in debts_of(tenancy)] == owes
        assert -balance(account(owner, Kind.DEBTS)) == sum(owes)
        assert balance(account(owner, Kind.REFUNDS)) == sum(each.left for each in owed(owner))
        assert balance(tenant_account(tenancy)) == 15 * NANO
    assert [each.left for each in owed(owner)] == [2 * NANO]
    assert sum(trial_balance(owner).values()) == 0


def test_a_refund_of_ours_that_did_not_arrive_is_owed_anew_and_goes_under_another_number(
    edge, store, owner, tenancy, merchants, providers, client, bought, admin_user
):
    payment, trade = bought("stripe")
    at_the_meter(edge, store)
    Gateway.objects.update(is_online=True)
    send_back(refund(tenancy, 5 * NANO, admin_user, "moves out"), admin_user)
    number = payment.refund_parts.get().number
    for _again in range(2):
        told = providers.stripe_event("refund.failed", providers.stripe_refund(trade, number, "failed"))
        assert call_back(client, payment.merchant, told).status_code == 200
    (again,) = owed(owner)
    assert_row(again, amount=5 * NANO, why="failed")
    assert balance(account(owner, Kind.REFUNDS)) == 5 * NANO
    trade.refunds.clear()
    send_back(again, admin_user)
    assert [*trade.refunds] == [again.parts.get().number] != [number]
    assert balance(account(owner, Kind.REFUNDS)) == 0
    assert balance(tenant_account(tenancy)) == 15 * NANO


def test_a_decided_refund_that_was_made_in_the_providers_pages_costs_the_tenant_once(
    edge, store, owner, tenancy, bought, went_back, admin_user
):
    _payment, trade = bought("stripe")
    at_the_meter(edge, store)
    Gateway.objects.update(is_online=True)
    made = refund(tenancy, 5 * NANO, admin_user, "moves out")
    went_back(trade, "re_1", 500)
    made.refresh_from_db()
    assert made.paid_at is not None
    assert at_the_meter(edge, store) == balance(tenant_account(tenancy)) == 15 * NANO
    assert balance(account(owner, Kind.REFUNDS)) == 0


def test_a_sum_that_was_heard_of_first_takes_in_the_refunds_by_name(
    edge, store, tenancy, merchants, providers, client, bought, file_comes
):
    """Alipay tells how much went back in all, its file each refund by its number."""
    payment, trade = bought("alipay")
    for number, minor in (("A-1", 500), ("A-2", 300)):
        trade.refunds[number] = minor
        assert call_back(client, payment.merchant, providers.callback(trade)).status_code == 200
    assert [row.amount for row in TakenBack.objects.order_by("pk")] == [5 * NANO, 3 * NANO]
    file_comes("alipay")
    assert at_the_meter(edge, store) == balance(tenant_account(tenancy)) == 12 * NANO


def test_what_stripe_says_of_a_charge_alone_is_known_again_by_name(
    edge, store, owner, tenancy, merchants, providers, client, bought, went_back, file_comes
):
    """In each order of the three that tell of it, and of the payment."""
    for count, order in enumerate(permutations(("charge", "refund", "paid"))):
        payment, trade = bought("stripe", told=False)
        number = f"re_{count}"
        trade.refunds[number] = 500
        charge = {
            "id": f"ch_{trade.transaction[3:]}",
            "object": "charge",
            "amount": 2000,
            "amount_refunded": 500,
            "currency": "cny",
            "payment_intent": trade.transaction,
            "metadata": {},
            "created": trade.at,
        }
        told = {
            "charge": providers.stripe_event("charge.refunded", charge),
            "refund": providers.stripe_event("refund.created", providers.stripe_refund(trade, number)),
            "paid": providers.callback(trade),
        }
        for each in order:
            body, headers = told[each]
            assert call_back(client, payment.merchant, (body, dict(headers))).status_code == 200
        assert balance(tenant_account(tenancy)) == (count + 1) * 15 * NANO, order
    file_comes("stripe")
    assert at_the_meter(edge, store) == balance(tenant_account(tenancy)) == 6 * 15 * NANO


# -- disputes -------------------------------------------------------------------------------------------------------------


def test_a_dispute_goes_to_the_meter_at_once_and_comes_back_when_it_is_won(
    edge, store, owner, tenancy, merchants, bought, disputed
):
    _payment, trade = bought("stripe")
    assert at_the_meter(edge, store) == 20 * NANO
    for _again in range(2):
        disputed(trade, "charge.dispute.created")
    assert at_the_meter(edge, store) == balance(tenant_account(tenancy)) == 0
    assert balance(clearing(merchants["stripe"])) == 0
    for event in ("charge.dispute.closed", "charge.dispute.funds_reinstated"):
        disputed(trade, event, "won")
    assert at_the_meter(edge, store) == balance(tenant_account(tenancy)) == 20 * NANO
    assert balance(clearing(merchants["stripe"])) == -20 * NANO
    assert TakenBack.objects.get().closed_at


def test_the_events_of_a_dispute_may_come_in_any_order(edge, store, tenancy, merchants, providers, client, bought):
    for count, order in enumerate(permutations(("created", "withdrawn", "closed", "paid"))):
        payment, trade = bought("stripe", told=False)
        number = f"dp_{count}"
        told = {
            "created": providers.stripe_event("charge.dispute.created", providers.stripe_dispute(trade, number)),
            "withdrawn": providers.stripe_event(
                "charge.dispute.funds_withdrawn", providers.stripe_dispute(trade, number)
            ),
            "closed": providers.stripe_event("charge.dispute.closed", providers.stripe_dispute(trade, number, "lost")),
            "paid": providers.callback(trade),
        }
        for each in order:
            body, headers = told[each]
            assert call_back(client, payment.merchant, (body, dict(headers))).status_code == 200
        assert balance(tenant_account(tenancy)) == 0
        assert TakenBack.objects.get(back_id=number).state == "booked"
    assert at_the_meter(edge, store) == 0


def test_a_dispute_that_is_won_before_it_was_heard_of_changes_nothing(
    edge, store, owner, tenancy, merchants, providers, clock, bought, disputed, file_comes
):
    _payment, trade = bought("stripe")
    disputed(trade, "charge.dispute.closed", "won")
    disputed(trade, "charge.dispute.created")
    providers.stripe_row("adjustment", -2000, trade.at + 1, providers.stripe_dispute(trade))
    providers.stripe_row("adjustment", 2000, trade.at + 2, providers.stripe_dispute(trade, status="won"))
    day = file_comes("stripe")
    assert at_the_meter(edge, store) == balance(tenant_account(tenancy)) == 20 * NANO
    assert {each.verdict for each in reconcile(owner, day, day)} == {"matched"}


@pytest.mark.parametrize("amount", [10**30, 0, -500])
def test_a_dispute_of_an_amount_that_cannot_be_is_refused_and_changes_nothing(
    tenancy, merchants, providers, client, bought, amount
):
    _payment, trade = bought("stripe")
    told = {**providers.stripe_dispute(trade), "amount": amount}
    event = providers.stripe_event("charge.dispute.funds_withdrawn", told)
    assert call_back(client, merchants["stripe"], event).status_code == 400
    assert not TakenBack.objects.exists()
    assert balance(tenant_account(tenancy)) == 20 * NANO


def test_an_inquiry_takes_nothing(tenancy, owner, merchants, clock, bought, disputed):
    _payment, trade = bought("stripe")
    disputed(trade, "charge.dispute.created", "warning_needs_response")
    assert balance(tenant_account(tenancy)) == 20 * NANO
    day = provider_day(merchants["stripe"], TakenBack.objects.get().at)
    assert [each.verdict for each in reconcile(owner, day, day) if each.what == "dispute"] == ["asked about"]
    disputed(trade, "charge.dispute.closed", "warning_closed")
    assert balance(tenant_account(tenancy)) == 20 * NANO
    assert not [each for each in reconcile(owner, day, day) if each.what == "dispute" and each.grade == "act"]


def test_a_dispute_that_only_the_file_tells_of_is_taken_and_waits_until_somebody_has_seen_to_it(
    edge, store, owner, tenancy, merchants, providers, admin_user, bought, file_comes
):
    _payment, trade = bought("stripe")
    providers.stripe_row("adjustment", -2000, trade.at + 60, providers.stripe_dispute(trade), fee=1500)
    day = file_comes("stripe")
    assert at_the_meter(edge, store) == balance(tenant_account(tenancy)) == 0
    # What the provider keeps for it is in the books, too.
    assert -balance(account(owner, Kind.PROVIDER_FEES)) == 15 * NANO + 55 * NANO // 100
    assert balance(clearing(merchants["stripe"])) == 15 * NANO + 55 * NANO // 100
    (found,) = (each for each in reconcile(owner, day, day) if each.what == "dispute")
    assert_row(found, verdict="disputed", grade="act", provider=-20 * NANO, ledger=-20 * NANO)
    decide(TakenBack.objects.get(), "done", admin_user)
    assert {each.verdict for each in reconcile(owner, day, day)} == {"matched"}


def test_what_is_disputed_beyond_what_is_left_of_a_payment_waits_for_a_person(
    edge, store, owner, tenancy, bought, disputed, admin_user
):
    _payment, trade = bought("stripe")
    at_the_meter(edge, store)
    Gateway.objects.update(is_online=True)
    send_back(refund(tenancy, 5 * NANO, admin_user, "moves out"), admin_user)
    disputed(trade, "charge.dispute.created")
    row = TakenBack.objects.get()
    assert (row.state, balance(tenant_account(tenancy))) == ("decide", 15 * NANO)
    decide(row, "cost", admin_user)
    assert balance(tenant_account(tenancy)) == 15 * NANO
    assert -balance(account(owner, Kind.PROVIDER_FEES)) == 20 * NANO
    disputed(trade, "charge.dispute.closed", "won")
    assert balance(account(owner, Kind.PROVIDER_FEES)) == 0
    with pytest.raises(PaymentError, match="is booked already"):
        decide(row, "tenant", admin_user)


def test_what_a_tenant_can_not_bear_says_why(owner, merchants, tenancy, admin_user, clock, bought):
    payment, _trade = bought("stripe")
    row = TakenBack.objects.create(
        organisation=owner,
        merchant=merchants["stripe"],
        back_id="dp_1",
        cause="dispute",
        amount=20 * NANO,
        currency="CNY",
        at=clock.at,
        heard_at=clock.at,
        seen_by="callback",
        provider_id="ch_1",
        state="decide",
    )
    with pytest.raises(PaymentError, match="its payment was not credited to one"):
        decide(row, "tenant", admin_user)
    TakenBack.objects.update(payment=payment)
    Property.objects.update(currency="EUR")
    with pytest.raises(PaymentError, match="it is in CNY and the building's currency is now EUR"):
        decide(TakenBack.objects.get(), "tenant", admin_user)
    Property.objects.update(currency="CNY")
    decide(TakenBack.objects.get(), "tenant", admin_user)
    assert balance(tenant_account(tenancy)) == 0


@pytest.mark.parametrize("known", (True, False))
def test_what_was_told_of_at_one_moment_with_its_payment_is_taken_up_by_the_next_look(
    edge, store, owner, tenancy, merchants, clock, bought, known
):
    """The two were written side by side, so neither saw the other."""
    payment, trade = bought("stripe")
    TakenBack.objects.create(
        organisation=owner,
        merchant=merchants["stripe"],
        back_id="dp_1",
        cause="dispute",
        amount=20 * NANO,
        currency="CNY",
        at=clock.at,
        heard_at=clock.at,
        seen_by="callback",
        provider_id=trade.transaction,
        payment=payment if known else None,
    )
    assert take_up_what_waits() == [payment]
    assert take_up_what_waits() == []
    assert at_the_meter(edge, store) == balance(tenant_account(tenancy)) == 0


# -- the meter, grace, debts ----------------------------------------------------------------------------------------------


def restored():
    return [each.action for each in orders() if isinstance(each, Control) and isinstance(each.action, Restore)]


def test_the_supply_goes_on_for_the_days_of_grace_and_ends_after_them(edge, store, tenancy, clock, bought, disputed):
    _payment, trade = bought("stripe")
    edge.live(store, clock.at + 2 * HOUR, {"m1": 3_000, "m2": 1, "m3": 1}, HOUR)
    at_the_meter(edge, store)
    held = edge.accounts["m1"].balance
    assert 0 < held < 20 * NANO
    at = clock.at
    disputed(trade, "charge.dispute.created")
    kinds = [type(each) for each in orders() if isinstance(each, Debit | Control)]
    # The grace comes first: between the two the switch does not move.
    assert kinds == [Control, Debit]
    assert restored() == [Restore(until=at + 3 * DAY)]
    assert at_the_meter(edge, store) == held - 20 * NANO < 0
    account_at_meter = edge.accounts["m1"]
    assert account_at_meter.supplied_by_credit(at + 3 * DAY - 1)
    assert not account_at_meter.supplied_by_credit(at + 3 * DAY)
    assert TakenBack.objects.get().grace_until == at + 3 * DAY


def test_a_longer_restoration_is_not_cut_short(edge, store, tenancy, clock, bought, disputed, admin_user):
    from prewatt.server.vending.controls import control

    _payment, trade = bought("stripe")
    control(Meter.objects.get(name="m1"), Restore(until=clock.at + 9 * DAY), admin_user)
    disputed(trade, "charge.dispute.created")
    assert [each.until for each in restored()] == [clock.at + 9 * DAY]


def test_no_grace_where_enough_is_left_or_none_is_given(edge, store, tenancy, clock, bought, disputed, went_back):
    _first, one = bought("stripe")
    _second, two = bought("stripe")
    at_the_meter(edge, store)
    Gateway.objects.update(is_online=True)
    went_back(one, "re_1", 500)
    assert restored() == []
    Property.objects.update(back_grace=0)
    disputed(two, "charge.dispute.created")
    assert restored() == []


def test_where_it_may_not_cut_off_what_the_credit_does_not_cover_is_a_debt(
    edge, store, owner, tenancy, clock, bought, disputed
):
    Property.objects.update(back_cuts_off=False)
    _payment, trade = bought("stripe")
    edge.live(store, clock.at + 2 * HOUR, {"m1": 3_000, "m2": 1, "m3": 1}, HOUR)
    held = at_the_meter(edge, store)
    disputed(trade, "charge.dispute.created")
    assert at_the_meter(edge, store) == balance(tenant_account(tenancy)) == 0
    (debt,) = debts_of(tenancy)
    assert debt.left == 20 * NANO - held
    disputed(trade, "charge.dispute.closed", "won")
    assert not debts_of(tenancy).exists()
    assert at_the_meter(edge, store) == balance(tenant_account(tenancy)) == held
    assert balance(account(owner, Kind.DEBTS)) == balance(account(owner, Kind.REFUNDS)) == 0


@pytest.fixture
def settled(edge, store, tenancy, clock):
    def settled():
        edge.live(store, clock.at + 2 * HOUR, {"m1": 1_000, "m2": 1, "m3": 1}, HOUR)
        move_out(tenancy, clock.at + HOUR)
        edge.obey("m1")
        edge.live(store, clock.at + 2 * HOUR, {"m1": 1_000, "m2": 1, "m3": 1}, HOUR)
        settle(tenancy)
        edge.obey("m1")
        edge.deliver(store)

    return settled


def test_after_a_settlement_it_is_set_off_against_what_is_owed_still(
    edge, store, owner, tenancy, bought, disputed, settled
):
    _payment, trade = bought("stripe")
    settled()
    left = balance(account(owner, Kind.REFUNDS))
    assert 0 < left < 20 * NANO
    disputed(trade, "charge.dispute.created")
    assert balance(account(owner, Kind.REFUNDS)) == 0
    (debt,) = debts_of(tenancy)
    assert debt.left == 20 * NANO - left == -balance(account(owner, Kind.DEBTS))
    assert balance(tenant_account(tenancy)) == 0
    # The meter holds none of it.
    assert edge.accounts["m1"].balance == at_the_meter(edge, store)
    disputed(trade, "charge.dispute.closed", "won")
    assert not debts_of(tenancy).exists()
    assert [each.left for each in owed(owner)] == [left]
    assert (balance(account(owner, Kind.REFUNDS)), balance(account(owner, Kind.DEBTS))) == (left, 0)


def test_after_a_settlement_that_was_paid_out_it_is_a_debt(owner, tenancy, bought, disputed, settled, admin_user):
    from prewatt.server.billing.owed import pay_out

    _payment, trade = bought("stripe")
    settled()
    pay_out(Refund.objects.get(), admin_user)
    disputed(trade, "charge.dispute.created")
    (debt,) = debts_of(tenancy)
    assert (debt.left, debt.who) == (20 * NANO, "Anna")


# -- the other lines of a file --------------------------------------------------------------------------------------------


def test_each_line_of_a_file_is_explained_or_somebody_has_to_act(
    owner, merchants, providers, clock, bought, file_comes, admin_user
):
    _payment, trade = bought("stripe")
    at = trade.at
    providers.stripe_row("stripe_fee", -50, at, description="Radar")
    providers.stripe_row("topup", 5000, at, {"id": "tu_1", "object": "topup"})
    providers.stripe_row("adjustment", -300, at, description="correction")
    providers.stripe_row("reserve_transaction", -1000, at)
    for kind, amount, name in (("payout", -900, "po_1"), ("payout_failure", 900, "po_1"), ("payout", -800, "po_2")):
        providers.stripe_row(kind, amount, at, {"id": name, "object": "payout"}, number=f"txn_{kind}_{name}")
    day = file_comes("stripe")
    found = {(each.what, each.provider // NANO): each.verdict for each in reconcile(owner, day, day)}
    assert found == {
        ("fee", -1): "matched",
        ("other", 50): "not explained",
        ("adjustment", -3): "not explained",
        ("reserve", -10): "kept back",
        ("payout", -9): "matched",
        ("payout", 9): "payout failed",
        ("payout", -8): "payout not in the ledger",
    }
    fees = 55 * NANO // 100 + NANO // 2
    assert -balance(account(owner, Kind.PROVIDER_FEES)) == fees
    explain(SettlementLine.objects.get(kind="other"), "bank", admin_user)
    explain(SettlementLine.objects.get(kind="adjustment"), "cost", admin_user)
    assert balance(account(owner, Kind.BANK)) == 50 * NANO
    assert -balance(account(owner, Kind.PROVIDER_FEES)) == fees + 3 * NANO
    assert balance(clearing(merchants["stripe"])) == fees + 3 * NANO - 70 * NANO
    again = {each.what: each.verdict for each in reconcile(owner, day, day)}
    assert (again["other"], again["adjustment"]) == ("matched", "matched")
    with pytest.raises(PaymentError):
        explain(SettlementLine.objects.get(kind="adjustment"), "aside", admin_user)


def test_what_another_business_has_on_the_account_is_none_of_ours(owner, providers, clock, bought, file_comes):
    _payment, trade = bought("stripe")
    charge = {"id": "ch_x", "object": "charge", "metadata": {"shop": "7"}}
    theirs = {**providers.stripe_dispute(trade, "dp_x"), "charge": charge, "payment_intent": "pi_x"}
    providers.stripe_row("adjustment", -700, trade.at, theirs, fee=1500)
    day = file_comes("stripe")
    assert reconcile(owner, day, day) == []
    assert -balance(account(owner, Kind.PROVIDER_FEES)) == 55 * NANO // 100


def test_a_dispute_of_nothing_known_here_stands_until_a_person_has_said_whose_it_is(
    owner, tenancy, providers, bought, file_comes, admin_user
):
    _payment, trade = bought("stripe")
    strange = {**providers.stripe_dispute(trade, "dp_x"), "payment_intent": "pi_x"}
    providers.stripe_row("adjustment", -700, trade.at, {**strange, "amount": 700})
    day = file_comes("stripe")
    assert [each.verdict for each in reconcile(owner, day, day) if each.what == "dispute"] == ["taken back, whose"]
    decide(TakenBack.objects.get(), "done", admin_user)
    assert [each.verdict for each in reconcile(owner, day, day) if each.what == "dispute"] == ["matched"]
    assert balance(tenant_account(tenancy)) == 20 * NANO

"""Money that is held for a decision goes to its payer or to a tenant, never to both."""

import pytest

from prewatt.kernel.units import DAY, MINUTE, NANO
from prewatt.server.ledger.books import balance, tenant_account
from prewatt.server.payments.errors import PaymentError
from prewatt.server.payments.merchants import provider_of
from prewatt.server.payments.paying import credit_held
from prewatt.server.payments.providers.interface import ProviderError
from prewatt.server.payments.refunds import send_held_back
from tests.server.payments.paying import call_back, each_provider, start_payment, state_of

pytestmark = pytest.mark.database
REFUSALS = {
    "wechat": (403, {"code": "NOT_ENOUGH", "message": "基本账户余额不足"}),
    "alipay": {"code": "40004", "msg": "Business Failed", "sub_code": "ACQ.SELLER_BALANCE_NOT_ENOUGH"},
    "stripe": (
        400,
        {"error": {"type": "invalid_request_error", "code": "balance_insufficient", "message": "Too little"}},
    ),
}
ERRORS = {
    "wechat": (500, {"code": "SYSTEM_ERROR", "message": "系统异常"}),
    "alipay": {"code": "40004", "msg": "Business Failed", "sub_code": "ACQ.SYSTEM_ERROR"},
    "stripe": (500, {"error": {"type": "api_error", "message": "Sorry"}}),
}


@pytest.fixture
def held(tenancy, merchants, providers, client):
    """Make a payment at a provider that paid 15 instead of 20, and so waits for a decision."""

    def make(provider):
        payment = start_payment(tenancy, merchants[provider])
        providers.pay(payment).amount = 1500
        call_back(client, payment.merchant, providers.callback(providers.trades[payment.payment_id]))
        payment.refresh_from_db()
        assert payment.state == "held"
        return payment

    return make


@each_provider
def test_held_money_that_a_provider_refuses_to_send_back_can_be_credited(
    held, tenancy, providers, provider, admin_user, monkeypatch
):
    payment = held(provider)
    monkeypatch.setattr(providers, f"_{provider}_call", lambda *_given: REFUSALS[provider])
    with pytest.raises(ProviderError, match="refused"):
        send_held_back(payment, admin_user)
    credit_held(payment, tenancy, admin_user)
    assert state_of(payment) == "paid" and balance(tenant_account(tenancy)) == 15 * NANO


@each_provider
def test_held_money_is_not_credited_after_an_error_of_the_provider_that_may_have_sent_it(
    held, tenancy, providers, provider, admin_user, monkeypatch
):
    payment, call = held(provider), getattr(providers, f"_{provider}_call")
    monkeypatch.setattr(providers, f"_{provider}_call", lambda *given: (call(*given), ERRORS[provider])[1])
    with pytest.raises(ProviderError):
        send_held_back(payment, admin_user)
    assert list(providers.trades[payment.payment_id].refunds.values()) == [1500]
    with pytest.raises(PaymentError, match="may have done it"):
        credit_held(payment, tenancy, admin_user)
    assert state_of(payment) == "held"


def test_held_money_whose_refund_the_provider_closed_waits_for_a_decision_again(
    held, tenancy, providers, client, admin_user
):
    payment = held("wechat")
    trade, number = providers.trades[payment.payment_id], f"{payment.payment_id}H"
    providers.faults = ["lose"]
    with pytest.raises(ProviderError):
        send_held_back(payment, admin_user)
    closed = providers.wechat_refund_callback(trade, number, "REFUND.CLOSED")
    assert call_back(client, payment.merchant, closed).status_code == 200
    credit_held(payment, tenancy, admin_user)
    assert state_of(payment) == "paid" and balance(tenant_account(tenancy)) == 15 * NANO


def test_held_money_whose_refund_is_closed_when_it_is_asked_for_again_can_be_credited(
    held, tenancy, providers, admin_user, monkeypatch, clock
):
    payment = held("wechat")
    providers.faults = ["lose"]
    with pytest.raises(ProviderError):
        send_held_back(payment, admin_user)
    clock.at += MINUTE
    monkeypatch.setattr(providers, "_wechat_call", lambda *_given: (200, {"status": "CLOSED"}))
    with pytest.raises(ProviderError, match="closed"):
        send_held_back(payment, admin_user)
    credit_held(payment, tenancy, admin_user)
    assert state_of(payment) == "paid" and balance(tenant_account(tenancy)) == 15 * NANO


@each_provider
def test_of_two_who_send_held_money_back_at_once_one_waits_for_the_answer(
    held, tenancy, providers, provider, admin_user, monkeypatch
):
    payment, second = held(provider), []

    def meanwhile():
        with pytest.raises(PaymentError, match="Wait a minute") as error:
            send_held_back(payment, admin_user)
        second.append(error)

    monkeypatch.setattr(providers, f"_{provider}_call", lambda *_given: REFUSALS[provider])
    kind = type(provider_of(payment.merchant))
    send = kind.refund
    monkeypatch.setattr(kind, "refund", lambda *given: (meanwhile(), send(*given))[1])
    with pytest.raises(ProviderError, match="refused"):
        send_held_back(payment, admin_user)
    assert len(second) == 1
    credit_held(payment, tenancy, admin_user)
    assert state_of(payment) == "paid"


@pytest.fixture
def refuse_again(monkeypatch, providers, admin_user, clock):
    """Send held money back without an answer, and refuse it when it is asked for again. `is_done`: the first time did it."""

    def act(payment, provider, is_done, answer):
        call = getattr(providers, f"_{provider}_call")

        def first(*given):
            if is_done:
                call(*given)
            return ERRORS[provider]

        monkeypatch.setattr(providers, f"_{provider}_call", first)
        with pytest.raises(ProviderError):
            send_held_back(payment, admin_user)
        clock.at += DAY
        # After a day Stripe has forgotten what it was asked.
        providers._idempotent.clear()
        answers = [answer]
        monkeypatch.setattr(providers, f"_{provider}_call", lambda *given: answers.pop() if answers else call(*given))

    return act


@each_provider
def test_held_money_that_is_refused_after_a_try_without_an_answer_is_booked_as_sent_if_the_provider_has_sent_it(
    held, tenancy, provider, admin_user, refuse_again
):
    payment = held(provider)
    refuse_again(payment, provider, True, REFUSALS[provider])
    assert send_held_back(payment, admin_user).state == "returned"


@each_provider
def test_held_money_that_is_refused_after_a_try_without_an_answer_can_be_credited_if_the_provider_knows_no_refund(
    held, tenancy, provider, admin_user, refuse_again
):
    payment = held(provider)
    refuse_again(payment, provider, False, REFUSALS[provider])
    with pytest.raises(ProviderError, match="refused"):
        send_held_back(payment, admin_user)
    credit_held(payment, tenancy, admin_user)
    assert state_of(payment) == "paid" and balance(tenant_account(tenancy)) == 15 * NANO


@each_provider
def test_after_an_error_that_leaves_it_open_held_money_waits_although_the_provider_knows_no_refund_yet(
    held, tenancy, provider, admin_user, refuse_again
):
    payment = held(provider)
    refuse_again(payment, provider, False, ERRORS[provider])
    with pytest.raises(ProviderError):
        send_held_back(payment, admin_user)
    with pytest.raises(PaymentError, match="may have done it"):
        credit_held(payment, tenancy, admin_user)


@each_provider
def test_held_money_waits_if_the_provider_can_not_say_whether_it_was_sent_back(
    held, tenancy, providers, provider, admin_user, refuse_again, monkeypatch
):
    payment = held(provider)
    refuse_again(payment, provider, False, REFUSALS[provider])
    providers._idempotent.clear()
    answers = [ERRORS[provider], REFUSALS[provider]]
    monkeypatch.setattr(
        providers, f"_{provider}_call", lambda *_given: answers.pop() if len(answers) > 1 else answers[0]
    )
    with pytest.raises(ProviderError, match="refused"):
        send_held_back(payment, admin_user)
    with pytest.raises(PaymentError, match="may have done it"):
        credit_held(payment, tenancy, admin_user)

"""A tenant pays on a phone: credited exactly once, whatever the provider, the network or a stranger does."""

import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test import Client
from django.utils.translation import override
from hypothesis import HealthCheck, example, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from prewatt.kernel.entries import GrantCredit, decode_command
from prewatt.kernel.units import MINUTE, NANO, parse_money
from prewatt.server.estate.models import Organisation, Property, Tenancy
from prewatt.server.ledger.books import Kind, account, balance, booked, tenant_account, trial_balance
from prewatt.server.ledger.models import Transfer
from prewatt.server.ledger.references import Of, Reference
from prewatt.server.metering.models import Meter
from prewatt.server.payments.books import clearing
from prewatt.server.payments.errors import PaymentError
from prewatt.server.payments.merchants import keep_merchant, provider_of
from prewatt.server.payments.models import Merchant, Payment, Unexpected
from prewatt.server.payments.paying import confirm, credit_held
from prewatt.server.payments.payment_request import LIFE, PaymentRequest, start
from prewatt.server.payments.polling import look, look_at_open_payments
from prewatt.server.payments.providers.interface import PaymentReport, ProviderError, RefusedError, State
from prewatt.server.payments.refunds import send_back, send_held_back
from prewatt.server.sales.giving_back import refund
from prewatt.server.vending.models import Command, TopUp
from tests.building import set_up
from tests.server.payments.paying import METHODS, call_back, each_provider, pay_and_call_back, start_payment, state_of
from tests.server.payments.players.keys import new_key

pytestmark = pytest.mark.database


def credited(tenancy):
    return sum(top_up.amount for top_up in TopUp.objects.filter(tenancy=tenancy))


def books_are_straight(owner=None):
    assert sum(trial_balance(owner or Organisation.objects.first()).values()) == 0


# -- the way it should go -------------------------------------------------------------------------------------------------


@each_provider
def test_a_payment_is_asked_for_confirmed_and_credited_in_one_go(tenancy, merchants, providers, client, provider):
    payment = start_payment(tenancy, merchants[provider])
    assert payment.link.startswith(
        {"wechat": "weixin://", "alipay": providers.address, "stripe": providers.address}[provider]
    )
    assert (payment.state, credited(tenancy)) == ("open", 0)
    answer = pay_and_call_back(providers, client, payment)
    assert answer.status_code == 200, answer.content
    assert answer.content in (b'{"code": "SUCCESS", "message": ""}', b"success", b"")
    assert (payment.state, payment.seen_by) == ("paid", "callback")
    order = decode_command(bytes(payment.top_up.command.body)).order
    assert isinstance(order, GrantCredit) and (order.credit_id, order.amount) == (payment.payment_id, 20 * NANO)
    assert booked(Reference(Of.TOP_UP, payment.top_up_id)).debit_account == clearing(merchants[provider])
    assert balance(tenant_account(tenancy)) == 20 * NANO == -balance(clearing(merchants[provider]))
    books_are_straight()


@pytest.mark.parametrize(("method", "shows"), [("h5", "h5?prepay_id=wx"), ("jsapi", "")])
def test_wechat_in_a_phones_browser_and_inside_wechat(tenancy, merchants, providers, client, method, shows):
    merchant = merchants["wechat"]
    tenancy.unit.property.refresh_from_db()
    payer = provider_of(merchant).payer("code-1") if method == "jsapi" else ""
    payment = start(PaymentRequest(tenancy, merchant, method, NANO, "a1", payer=payer))
    assert shows in payment.link
    if method == "jsapi":
        assert payment.params["package"] == f"prepay_id=wx{payment.payment_id}"
        signed = "\n".join([payment.params[name] for name in ("appId", "timeStamp", "nonceStr", "package")]) + "\n"
        from tests.server.payments.players.keys import sign

        assert payment.params["paySign"] == sign(providers.merchant_key, signed)
        assert "redirect_uri=https%3A%2F%2Fa.example" in provider_of(merchant).payer_link("https://a.example", "s")
    assert pay_and_call_back(providers, client, payment).status_code == 200
    assert state_of(payment) == "paid"


def test_wechat_with_platform_certificates_that_are_fetched_and_opened(tenancy, building, providers, client):
    Property.objects.update(currency="CNY")
    providers.use_certificates()
    given = providers.settings("wechat", certificates=True)
    merchant = keep_merchant(Organisation.objects.get(), "wechat", "old", given)
    payment = start_payment(tenancy, merchant)
    assert any("/v3/certificates" in path for _, path, _ in providers.asked)
    assert pay_and_call_back(providers, client, payment).status_code == 200
    # Callbacks that name other certificates don't make the server ask for them again and again.
    before = len(providers.asked)
    trade = providers.trades[payment.payment_id]
    for _ in range(5):
        body, headers = providers.callback(trade)
        assert call_back(client, merchant, (body, {**headers, "Wechatpay-Serial": "ABCDEF"})).status_code == 400
    assert len(providers.asked) == before


# -- exactly once ---------------------------------------------------------------------------------------------------------


@each_provider
def test_asked_for_twice_it_is_one_payment(tenancy, merchants, providers, provider):
    first, second = (start_payment(tenancy, merchants[provider]) for _ in range(2))
    assert first == second and first.link == second.link
    assert Payment.objects.count() == 1
    with pytest.raises(PaymentError, match="belongs to another payment"):
        start_payment(tenancy, merchants[provider], 21 * NANO)


@each_provider
def test_a_callback_that_comes_twice_late_or_after_the_query_credits_once(
    tenancy, merchants, providers, client, clock, provider
):
    payment = start_payment(tenancy, merchants[provider])
    trade = providers.pay(payment)
    once = providers.callback(trade)
    assert look(payment).state == "paid" and payment.seen_by == "query"
    for callback in (once, (once[0], dict(once[1])), providers.callback(trade)):
        assert (
            call_back(client, payment.merchant, (callback[0], dict(callback[1] | {"Content-Type": "x/y"}))).status_code
            == 200
        )
    clock.at += 3 * LIFE
    assert call_back(client, payment.merchant, providers.callback(trade)).status_code == 200
    assert TopUp.objects.count() == 1
    assert credited(tenancy) == 20 * NANO
    assert Command.objects.filter(kind="credit").count() == 1


@each_provider
def test_a_callback_that_never_comes_is_made_up_for_by_asking(tenancy, merchants, providers, clock, provider):
    payment = start_payment(tenancy, merchants[provider])
    assert look_at_open_payments() == []
    providers.pay(payment)
    assert look_at_open_payments() == []  # Not before its time.
    clock.at += MINUTE
    assert look_at_open_payments() == [payment]
    assert (state_of(payment), credited(tenancy)) == ("paid", 20 * NANO)
    assert look_at_open_payments() == []


def test_a_provider_that_does_not_answer_keeps_no_other_from_being_asked(tenancy, merchants, providers, clock):
    for number in range(5):
        start_payment(tenancy, merchants["wechat"], asked=f"w{number}")
    clock.at += MINUTE
    payment = start_payment(tenancy, merchants["stripe"])
    providers.pay(payment)
    clock.at += MINUTE
    before = len(providers.asked)
    real = providers._wechat
    providers._wechat = lambda *_arguments: (502, b"", {})
    look_at_open_payments()
    providers._wechat = real
    assert state_of(payment) == "paid"
    asked = [path for _method, path, _body in providers.asked[before:] if path.startswith("/v3/")]
    assert len(set(asked)) == 2


@each_provider
def test_what_is_not_paid_in_time_is_closed_and_what_is_paid_late_is_credited(
    tenancy, merchants, providers, client, clock, provider
):
    payment = start_payment(tenancy, merchants[provider])
    clock.at += LIFE + MINUTE
    look_at_open_payments()
    assert state_of(payment) == "closed"
    if provider != "alipay":
        assert providers.trades[payment.payment_id].state == "closed"
        # A provider that confirms a payment after all is believed: the money is there.
        assert pay_and_call_back(providers, client, payment).status_code == 200
        assert (state_of(payment), credited(tenancy)) == ("paid", 20 * NANO)


@each_provider
def test_paid_between_the_question_and_the_closing(tenancy, merchants, providers, clock, provider, monkeypatch):
    payment = start_payment(tenancy, merchants[provider])
    clock.at += LIFE + MINUTE
    kind = type(provider_of(payment.merchant))
    honest = kind.close

    def paid_meanwhile(self, order):
        providers.pay(payment)
        honest(self, order)

    monkeypatch.setattr(kind, "close", paid_meanwhile)
    look_at_open_payments()
    monkeypatch.undo()
    clock.at += 20 * MINUTE
    from prewatt.server.core import time as server_time
    from tests.building import FixedClock

    monkeypatch.setattr(server_time, "clock", lambda: FixedClock(clock.at))
    import msgspec
    from django.conf import settings

    monkeypatch.setattr(settings, "CONFIG", msgspec.structs.replace(settings.CONFIG, providers=providers.addresses))
    look_at_open_payments()
    assert (state_of(payment), credited(tenancy)) == ("paid", 20 * NANO)


@each_provider
def test_one_transaction_is_not_credited_under_two_names(tenancy, merchants, providers, client, provider):
    first, second = (start_payment(tenancy, merchants[provider], asked=name) for name in ("a1", "a2"))
    assert pay_and_call_back(providers, client, first).status_code == 200
    trade = providers.pay(second)
    trade.transaction = providers.trades[first.payment_id].transaction
    assert call_back(client, second.merchant, providers.callback(trade)).status_code == 200
    assert (state_of(second), credited(tenancy)) == ("open", 20 * NANO)
    with pytest.raises(IntegrityError), transaction.atomic():
        Payment.objects.filter(pk=second.pk).update(provider_id=first.provider_id)


@each_provider
def test_a_payment_that_is_paid_twice_is_told_to_a_person(tenancy, merchants, providers, client, provider):
    payment = start_payment(tenancy, merchants[provider])
    pay_and_call_back(providers, client, payment)
    trade = providers.trades[payment.payment_id]
    trade.transaction = "second"
    for _ in range(2):
        assert call_back(client, payment.merchant, providers.callback(trade)).status_code == 200
    assert credited(tenancy) == 20 * NANO
    assert Unexpected.objects.get().reason == "paid a second time"


def test_money_for_a_payment_that_nobody_asked_for_is_told_to_a_person(tenancy, merchants, providers):
    told = PaymentReport("0" * 32, State.PAID, "t1", 100, "CNY", 1)
    assert confirm(merchants["wechat"], told, "callback") is None
    assert Unexpected.objects.get().amount == NANO


@each_provider
def test_fifty_callbacks_at_once_credit_once(transactional_db, clock, providers, provider):
    building = set_up(clock)
    Property.objects.update(currency="CNY")
    merchant = keep_merchant(Organisation.objects.get(), provider, provider, providers.settings(provider))
    tenancies = list(Tenancy.objects.select_related("unit__property__organisation"))
    payments = [
        start_payment(each, merchant, asked=f"a{number}") for number, each in itertools.product(range(3), tenancies)
    ]
    callbacks = [(payment, providers.callback(providers.pay(payment))) for payment in payments for _ in range(2)]
    # The second one is for the transaction of the first.
    callbacks = [
        (payment, providers.callback(providers.trades[payment.payment_id]))
        for payment, _ in callbacks
        for _ in range(4)
    ]

    def deliver(one):
        try:
            return call_back(Client(), merchant, one[1]).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(deliver, callbacks))
    assert set(answers) <= {200, 503}
    assert TopUp.objects.count() == len(payments)
    assert {each.state for each in Payment.objects.all()} == {"paid"}
    assert balance(clearing(merchant)) == -20 * NANO * len(payments)
    books_are_straight(building.property.organisation)


# -- strangers ------------------------------------------------------------------------------------------------------------


def forgeries(provider, providers, trade):
    """(what it is, callback) of each kind."""
    body, headers = providers.callback(trade)
    name = {"wechat": "Wechatpay-Signature", "alipay": "", "stripe": "Stripe-Signature"}[provider]
    yield (
        "more money",
        (
            body.replace(b"2000", b"9000").replace(b"20.00", b"90.00")
            if provider != "wechat"
            # What is paid is sealed: any other letter in it.
            else body[:-9] + (b"2" if body[-9:-8] == b"1" else b"1") + body[-8:],
            headers,
        ),
    )
    yield "nothing", (b"", headers)
    if provider == "wechat":
        yield "another's key", (body, {**headers, **providers.wechat_headers(body.decode(), key=new_key())})
        yield "old", (body, {**headers, **providers.wechat_headers(body.decode(), at=int(time.time()) - 400)})
        yield "unsigned", (body, {each: value for each, value in headers.items() if not each.startswith("Wechatpay")})
        yield "other merchant", providers.callback(trade, mchid="1900000110")
        yield "other app", providers.callback(trade, appid="wx0")
        yield "unknown certificate", (body, {**headers, "Wechatpay-Serial": "7777"})
        yield "nonsense certificate", (body, {**headers, "Wechatpay-Serial": "no hex"})
        yield "other algorithm", (body, {**headers, "Wechatpay-Signature-Type": "WECHATPAY2-SM2-WITH-SM3"})
    elif provider == "alipay":
        yield "another's key", providers.callback(trade, key=new_key())
        yield "other application", providers.callback(trade, app_id="2021000117650001")
        yield "unsigned", (body.replace(b"sign=", b"sin="), headers)
        yield "other algorithm", (body.replace(b"RSA2", b"RSA"), headers)
    else:
        yield "another's key", providers.callback(trade, secret="whsec_x")
        yield "old", providers.callback(trade, at=int(time.time()) - 400)
        yield "unsigned", (body, {"Content-Type": "application/json"})
    if name:
        yield "altered signature", (body, {**headers, name: headers[name][:-4] + "AAAA"})


@each_provider
def test_forged_altered_and_old_callbacks_credit_nothing(tenancy, merchants, providers, client, provider):
    payment = start_payment(tenancy, merchants[provider])
    trade = providers.pay(payment)
    for count, (what, (body, headers)) in enumerate(forgeries(provider, providers, trade), 1):
        answer = call_back(client, payment.merchant, (body, dict(headers)))
        assert answer.status_code < 500 and answer.content != b"success", what
        assert (state_of(payment), credited(tenancy)) == ("open", 0), what
        assert Merchant.objects.get(pk=payment.merchant_id).refused == count, what
    assert call_back(client, payment.merchant, providers.callback(trade)).status_code == 200
    assert credited(tenancy) == 20 * NANO


@each_provider
def test_a_callback_for_another_organisation_credits_nothing(tenancy, merchants, providers, client, provider):
    stranger = Organisation.objects.create(name="Other")
    theirs = keep_merchant(stranger, provider, "x", providers.settings(provider))
    payment = start_payment(tenancy, merchants[provider])
    trade = providers.pay(payment)
    # Signed by the provider, even: but it isn't that organisation's payment.
    call_back(client, theirs, providers.callback(trade))
    assert (state_of(payment), credited(tenancy)) == ("open", 0)
    with pytest.raises(PaymentError, match="takes no payments for this building"):
        start_payment(tenancy, theirs, asked="a2")


@each_provider
def test_a_callback_about_something_else_is_taken_and_changes_nothing(tenancy, merchants, providers, client, provider):
    payment = start_payment(tenancy, merchants[provider])
    trade = providers.pay(payment)
    other = {
        "wechat": lambda: providers.wechat_callback(trade, event="REFUND.SUCCESS"),
        "alipay": lambda: providers.alipay_callback(trade, trade_status="WAIT_BUYER_PAY"),
        "stripe": lambda: providers.stripe_callback(trade, event="customer.created"),
    }[provider]()
    assert call_back(client, payment.merchant, other).status_code == 200
    assert state_of(payment) == "open"


def test_what_another_business_sells_by_the_same_stripe_account_is_none_of_ours(tenancy, merchants, providers, client):
    payment = start_payment(tenancy, merchants["stripe"])
    trade = providers.pay(payment)
    for event in ("checkout.session.completed", "checkout.session.expired"):
        foreign = providers.callback(trade, event=event, client_reference_id=None, metadata={})
        assert call_back(client, payment.merchant, foreign).status_code == 200
    assert (state_of(payment), credited(tenancy)) == ("open", 0)
    assert not Unexpected.objects.exists()


def test_an_expired_checkout_closes_the_payment(tenancy, merchants, providers, client):
    payment = start_payment(tenancy, merchants["stripe"])
    trade = providers.trades[payment.payment_id]
    assert (
        call_back(client, payment.merchant, providers.callback(trade, event="checkout.session.expired")).status_code
        == 200
    )
    assert state_of(payment) == "closed"


def test_callbacks_in_the_wrong_order_end_as_in_the_right_one(tenancy, merchants, providers, client):
    first, second = (start_payment(tenancy, merchants["stripe"], asked=name) for name in ("a1", "a2"))
    # It expired, says the provider; then, late, that it had been paid.
    trade = providers.trades[first.payment_id]
    call_back(client, first.merchant, providers.callback(trade, event="checkout.session.expired"))
    assert (state_of(first), credited(tenancy)) == ("closed", 0)
    pay_and_call_back(providers, client, first)
    assert (state_of(first), credited(tenancy)) == ("paid", 20 * NANO)
    # It was paid, and then, late, that it had expired before.
    pay_and_call_back(providers, client, second)
    expired = providers.callback(providers.trades[second.payment_id], event="checkout.session.expired")
    assert call_back(client, second.merchant, expired).status_code == 200
    assert (state_of(second), credited(tenancy)) == ("paid", 40 * NANO)


@each_provider
def test_what_the_database_refused_the_provider_sends_again(tenancy, merchants, providers, client, provider):
    payment = start_payment(tenancy, merchants[provider])
    told = providers.callback(providers.pay(payment))

    def refuse(execute, sql, params, many, context):
        if sql.startswith("INSERT INTO") and "ledger_transfer" in sql:
            raise OperationalError("the disk is full")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        answer = call_back(client, payment.merchant, (told[0], dict(told[1])))
    assert answer.status_code == 503 and b"success" not in answer.content
    assert (state_of(payment), credited(tenancy)) == ("open", 0)
    assert call_back(client, payment.merchant, told).status_code == 200
    assert (state_of(payment), credited(tenancy)) == ("paid", 20 * NANO)
    books_are_straight()


@pytest.fixture
def fuzzed(tenancy, merchants, providers):
    found = {}
    for provider, merchant in merchants.items():
        payment = start_payment(tenancy, merchant, asked=provider)
        found[provider] = payment, providers.callback(providers.pay(payment))
    return found


@effort(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.sampled_from(sorted(METHODS)),
    st.binary(max_size=300) | st.text(max_size=300).map(str.encode),
    st.integers(0, 10_000),
    st.dictionaries(
        st.sampled_from(["Wechatpay-Timestamp", "Wechatpay-Serial", "Wechatpay-Nonce", "Stripe-Signature", "Content-Type"]),
        st.text(st.characters(min_codepoint=1, max_codepoint=255, exclude_characters="\r\n"), max_size=60),
        max_size=4,
    ),
    st.booleans(),
)  # fmt: skip
@example("wechat", b"{}", 0, {"Wechatpay-Timestamp": "9" * 5000}, True)
@example("alipay", b"sign=x&sign_type=RSA2&sign=%00", 0, {}, True)
@example("stripe", b"\xff\xfe", 0, {"Stripe-Signature": "t=1,v1="}, True)
def test_no_callback_whatsoever_is_an_error_of_the_server(fuzzed, client, provider, noise, place, headers, whole):
    payment, (body, genuine) = fuzzed[provider]
    # All of it noise, or noise in the middle of a genuine one.
    cut = place % len(body)
    sent = noise if whole else body[:cut] + noise + body[cut:]
    before = TopUp.objects.count()
    answer = call_back(client, payment.merchant, (sent, {"Content-Type": "x/y", **genuine, **headers}))
    assert answer.status_code < 500
    # Of Alipay's the values are signed, so an empty one more changes nothing.
    same = sent == body or (provider == "alipay" and parse_qsl(sent.decode("latin-1")) == parse_qsl(body.decode()))
    assert same or TopUp.objects.count() == before


def test_callbacks_to_nowhere_and_too_long_ones_are_refused(tenancy, merchants, client):
    assert client.post("/pay/wechat/0000/", b"{}", content_type="x/y").status_code == 404
    assert client.get(f"/callbacks/wechat/{merchants['wechat'].public_id}/").status_code == 405
    assert (
        client.post(f"/callbacks/alipay/{merchants['wechat'].public_id}/", b"", content_type="x/y").status_code == 404
    )
    for size in (70_000, 3_000_000):
        answer = client.post(f"/callbacks/wechat/{merchants['wechat'].public_id}/", b"x" * size, content_type="x/y")
        assert answer.status_code in (400, 413)


# -- what can't be ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"amount": 0}, "more than 0"),
        ({"amount": -NANO}, "more than 0"),
        ({"amount": 100_001 * NANO}, "at most 100,000.00"),
        ({"amount": NANO // 1000}, "Amounts in CNY have at most 2 decimals"),
        ({"currency": "EUR"}, "are in CNY"),
        ({"asked": ""}, "1 to 40"),
        ({"asked": "a\n"}, "1 to 40"),
        ({"method": "h6"}, "no such way"),
        ({"method": "jsapi"}, "the payer's id"),
    ],
)
def test_a_payment_that_cannot_be_is_refused_with_a_reason(tenancy, merchants, providers, change, says):
    tenancy.unit.property.refresh_from_db()
    given = {"amount": NANO, "asked": "a1", "method": "native", **change}
    with pytest.raises(PaymentError, match=says):
        start(PaymentRequest(tenancy, merchants["wechat"], **given))
    assert not Payment.objects.exists() and not providers.asked


def test_a_merchant_account_takes_the_currencies_of_its_provider(tenancy, merchants, providers):
    Property.objects.update(currency="EUR")
    for provider in ("wechat", "alipay"):
        with pytest.raises(PaymentError, match="takes no payments for this building"):
            start_payment(tenancy, merchants[provider])
    assert start_payment(tenancy, merchants["stripe"]).currency == "EUR"


@pytest.mark.parametrize(
    ("currency", "amount", "theirs"),
    [
        ("JPY", "500", 500), ("EUR", "5.01", 501), ("KWD", "5", 5000), ("KWD", "0.12", 120), ("ISK", "500", 50_000),
        ("MGA", "500", 500),
    ],
)  # fmt: skip
def test_stripe_counts_in_each_currencys_own_minor_unit(
    tenancy, merchants, providers, client, currency, amount, theirs
):
    Property.objects.update(currency=currency)
    payment = start_payment(tenancy, merchants["stripe"], parse_money(amount))
    assert providers.trades[payment.payment_id].amount == theirs
    pay_and_call_back(providers, client, payment)
    assert (state_of(payment), credited(tenancy)) == ("paid", parse_money(amount))


@pytest.mark.parametrize(
    ("currency", "amount", "error", "says"),
    [
        ("JPY", "0.5", PaymentError, "JPY have at most 0 decimals"),
        ("EUR", "0.125", PaymentError, "EUR have at most 2 decimals"),
        ("KWD", "0.1255", PaymentError, "KWD have at most 3 decimals"),
        ("CLF", "0.12555", PaymentError, "CLF have at most 4 decimals"),
        # Of its three decimals the last has to be 0.
        ("KWD", "0.125", ProviderError, "in KWD in steps of 0.010"),
        ("MGA", "0.5", ProviderError, "in MGA in steps of 1.00"),
    ],
)
def test_an_amount_finer_than_can_be_paid_is_refused(tenancy, merchants, providers, currency, amount, error, says):
    Property.objects.update(currency=currency)
    with pytest.raises(error, match=says):
        start_payment(tenancy, merchants["stripe"], parse_money(amount))
    assert not providers.trades


def test_money_in_a_currency_that_nobody_knows_is_left_to_a_person(tenancy, merchants, providers, client):
    Property.objects.update(currency="EUR")
    payment = start_payment(tenancy, merchants["stripe"])
    trade = providers.pay(payment)
    trade.currency = "ABC"
    answer = call_back(client, payment.merchant, providers.callback(trade))
    assert answer.status_code == 400
    assert state_of(payment) == "open"
    assert credited(tenancy) == 0
    merchant = Merchant.objects.get(pk=payment.merchant_id)
    assert (merchant.refused, merchant.refusal) == (1, "'ABC' is not a currency code of ISO 4217 such as EUR")
    with pytest.raises(ProviderError, match="'ABC' is not a currency"):
        look(payment)


@each_provider
def test_paid_for_a_tenancy_that_has_ended_the_money_is_held_and_can_go_back(
    tenancy, merchants, providers, client, clock, provider, admin_user
):
    payment = start_payment(tenancy, merchants[provider])
    Tenancy.objects.filter(pk=tenancy.pk).update(ends=clock.at + 1)
    clock.at += MINUTE
    assert pay_and_call_back(providers, client, payment).status_code == 200
    assert (payment.state, payment.reason, credited(tenancy)) == ("held", "This tenancy has ended.", 0)
    with override("de"):
        assert payment.reason_in_words == "Dieses Mietverhältnis ist zu Ende."
    owner = tenancy.unit.property.organisation
    assert balance(account(owner, Kind.REFUNDS)) == 20 * NANO == -balance(clearing(payment.merchant))
    tenancy.refresh_from_db()
    with pytest.raises(PaymentError, match="has ended"):
        credit_held(payment, tenancy, admin_user)
    send_held_back(payment, admin_user)
    payment.refresh_from_db()
    with override("zh-hans"):
        assert payment.reason_in_words == "这个租约已结束。（admin）"
    assert sum(providers.trades[payment.payment_id].refunds.values()) == 2000
    assert balance(account(owner, Kind.REFUNDS)) == balance(clearing(payment.merchant)) == 0
    with pytest.raises(PaymentError, match="does not wait for a decision"):
        send_held_back(payment, admin_user)
    books_are_straight()


@each_provider
def test_money_that_a_provider_may_be_sending_back_is_not_credited_as_well(
    tenancy, merchants, providers, client, provider, admin_user, monkeypatch, clock
):
    payment = start_payment(tenancy, merchants[provider])
    providers.pay(payment).amount = 1500
    call_back(client, payment.merchant, providers.callback(providers.trades[payment.payment_id]))
    send = provider_of(payment.merchant).refund

    def accepted_without_an_answer(*given):
        send(*given)
        raise ProviderError("the answer did not come")

    def refused_at_once(*_given):
        raise RefusedError("no")

    kind = type(provider_of(payment.merchant))
    with monkeypatch.context() as refusing:
        refusing.setattr(kind, "refund", lambda _provider, *given: refused_at_once(*given))
        with pytest.raises(RefusedError):
            send_held_back(payment, admin_user)
    payment.refresh_from_db()
    assert payment.back_asked_at is None, "nothing was done, so it can be credited"
    with monkeypatch.context() as silent:
        silent.setattr(kind, "refund", lambda _provider, *given: accepted_without_an_answer(*given))
        with pytest.raises(ProviderError):
            send_held_back(payment, admin_user)
        with pytest.raises(PaymentError, match="was asked to send this payment back"):
            credit_held(payment, tenancy, admin_user)
        silent.setattr(kind, "refund", lambda _provider, *given: refused_at_once(*given))
        clock.at += MINUTE
        # It is refused now, but the provider says that it did it at the first time.
        send_held_back(payment, admin_user)
    with pytest.raises(PaymentError, match="does not wait for a decision"):
        credit_held(payment, tenancy, admin_user)
    assert sum(providers.trades[payment.payment_id].refunds.values()) == 1500
    assert (state_of(payment), credited(tenancy)) == ("returned", 0)
    books_are_straight()


@each_provider
def test_another_amount_than_was_asked_for_is_held_and_a_person_can_credit_it(
    tenancy, merchants, providers, client, provider, admin_user
):
    payment = start_payment(tenancy, merchants[provider])
    providers.pay(payment).amount = 1500
    call_back(client, payment.merchant, providers.callback(providers.trades[payment.payment_id]))
    payment.refresh_from_db()
    assert payment.state == "held" and "15.00 CNY" in payment.reason
    with override("zh-hans"):
        assert payment.reason_in_words == "已付 15.00\N{NO-BREAK SPACE}元，与要求的金额不符"
    made = credit_held(payment, tenancy, admin_user)
    assert made.amount == 15 * NANO == balance(tenant_account(tenancy))
    assert state_of(payment) == "paid"
    with pytest.raises(PaymentError, match="does not wait for a decision"):
        credit_held(payment, tenancy, admin_user)
    books_are_straight()


def test_money_in_another_currency_is_told_to_a_person_and_never_credited(tenancy, merchants, providers, client):
    payment = start_payment(tenancy, merchants["stripe"])
    providers.pay(payment)
    told = PaymentReport(payment.payment_id, State.PAID, "pi_1", 2000, "USD", payment.made_at)
    for _twice in range(2):
        confirm(payment.merchant, told, "callback")
    assert state_of(payment) == "closed" and Unexpected.objects.get().reason == "paid in USD"
    with pytest.raises(PaymentError, match="does not wait for a decision"):
        credit_held(payment, tenancy, None)
    assert not TopUp.objects.exists() and not Transfer.objects.exists()


def test_asked_for_at_once_under_one_name_it_is_one_payment(transactional_db, clock, providers):
    set_up(clock)
    Property.objects.update(currency="CNY")
    merchant = keep_merchant(Organisation.objects.get(), "wechat", "wechat", providers.settings("wechat"))
    anna = Tenancy.objects.select_related("unit__property__organisation").get(tenant="Anna")

    def once(_number):
        try:
            return start(PaymentRequest(anna, merchant, "native", 20 * NANO, "a1")).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as many:
        assert len(set(many.map(once, range(16)))) == 1 == Payment.objects.count()


def test_a_meter_that_was_replaced_meanwhile_gets_the_credit_on_the_new_one(tenancy, merchants, providers, client):
    payment = start_payment(tenancy, merchants["wechat"])
    old = Meter.objects.get(name="m1")
    Meter.objects.filter(pk=old.pk).update(unit=None, role="common")
    new = Meter.objects.create(name="m9", unit=tenancy.unit, gateway=old.gateway)
    pay_and_call_back(providers, client, payment)
    assert payment.top_up.command.meter == new


@each_provider
def test_a_provider_that_cannot_be_reached_or_answers_nonsense_is_said_so(tenancy, merchants, providers, provider):
    for fault in (
        "drop",
        (500, {"code": "SYSTEM_ERROR"}, {}),
        (200, b"<html>", {"Content-Type": "text/html"}),
        (200, {}, {"Content-Type": "application/json"}),
    ):
        # Stripe's library tries twice by itself.
        providers.faults = [fault, fault]
        name = str(fault)[:30]
        if provider == "alipay":
            payment = start_payment(tenancy, merchants[provider], asked=name)
            with pytest.raises(ProviderError):
                look(payment)
        else:
            with pytest.raises(ProviderError):
                start_payment(tenancy, merchants[provider], asked=name)
            # Nothing is lost by it: asked for again, it goes on.
            providers.faults = []
            assert start_payment(tenancy, merchants[provider], asked=name).link


def test_an_answer_that_wechat_did_not_sign_is_not_believed(tenancy, merchants, providers, caplog):
    payment = start_payment(tenancy, merchants["wechat"])
    trade = providers.pay(payment)
    import json

    text = json.dumps(providers.wechat_trade(trade))
    headers = {**providers.wechat_headers(text, key=new_key()), "Content-Type": "application/json"}
    providers.faults = [(200, text.encode(), headers)]
    with pytest.raises(ProviderError, match="can't be read"):
        look(payment)
    assert "verify" in caplog.text
    assert state_of(payment) == "open"


# -- merchant accounts ------------------------------------------------------------------------------------------------------


def test_secrets_are_sealed_and_stay_when_left_empty(merchants, providers):
    merchant = Merchant.objects.get(provider="wechat")
    everything = f"{merchant.settings} {bytes(merchant.sealed)!r}"
    assert providers.APIV3_KEY not in everything and "PRIVATE KEY" not in everything
    assert merchant.settings["mchid"] == providers.MCHID
    keep_merchant(merchant.organisation, "wechat", "renamed", {"mchid": "1900000109"}, merchant)
    again = Merchant.objects.get(provider="wechat")
    assert again.name == "renamed" and provider_of(again).query


@pytest.mark.parametrize(
    ("provider", "change", "says"),
    [
        ("wechat", {"mchid": ""}, "needed"),
        ("wechat", {"apiv3_key": "short"}, "32 characters"),
        ("wechat", {"private_key": "nonsense"}, "can't be read"),
        ("wechat", {"private_key": "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----"}, "can't be read"),
        ("wechat", {"public_key": "nonsense"}, "can't be read"),
        ("alipay", {"private_key": "nonsense"}, "can't be read"),
        ("alipay", {"alipay_public_key": "\x00"}, "can't be in a key"),
        ("stripe", {"api_key": "pk_live_x"}, "must begin with sk_"),
        ("stripe", {"webhook_secret": "x"}, "must begin with whsec_"),
        ("paypal", {}, "no such payment provider"),
    ],
)
def test_a_merchant_account_with_wrong_keys_is_refused(building, providers, provider, change, says):
    given = {**(providers.settings(provider) if provider in METHODS else {}), **change}
    with pytest.raises(ValidationError, match=says):
        keep_merchant(Organisation.objects.get(), provider, "x", given)
    assert not Merchant.objects.exists()


# -- refunds by the provider -------------------------------------------------------------------------------------------------


@each_provider
def test_a_refund_goes_back_the_way_it_came_once(tenancy, merchants, providers, client, provider, admin_user):
    from prewatt.server.metering.models import Gateway

    Gateway.objects.update(is_online=True)
    payments = [start_payment(tenancy, merchants[provider], asked=name) for name in ("a1", "a2")]
    for payment in payments:
        pay_and_call_back(providers, client, payment)
    decided = refund(tenancy, 30 * NANO, admin_user, "moves out")
    for _ in range(2):
        providers.faults = ["drop"]
        if provider == "stripe":
            providers.faults *= 2
        with pytest.raises(ProviderError):
            send_back(decided, admin_user)
    done = send_back(decided, admin_user)
    assert done.paid_at is not None and done.paid_by == admin_user.username
    sent = [sum(providers.trades[each.payment_id].refunds.values()) for each in payments]
    assert sorted(sent) == [1000, 2000]
    assert balance(clearing(merchants[provider])) == -10 * NANO
    assert balance(account(tenancy.unit.property.organisation, Kind.REFUNDS)) == 0
    with pytest.raises(PaymentError, match="already"):
        send_back(decided, admin_user)
    books_are_straight()


@each_provider
def test_two_refunds_never_take_more_of_a_payment_than_it_was(
    tenancy, merchants, providers, client, provider, admin_user
):
    from prewatt.server.metering.models import Gateway

    Gateway.objects.update(is_online=True)
    payments = [start_payment(tenancy, merchants[provider], asked=f"a{number}") for number in (1, 2)]
    for payment in payments:
        pay_and_call_back(providers, client, payment)
    for nano in (15 * NANO, 20 * NANO):
        send_back(refund(tenancy, nano, admin_user, "moves out"), admin_user)
    sent = [sorted(providers.trades[each.payment_id].refunds.values()) for each in payments]
    assert sorted(sent) == [[500, 1500], [1500]]
    assert balance(clearing(merchants[provider])) == -5 * NANO


def test_what_did_not_come_through_a_provider_is_paid_out_by_hand(tenancy, merchants, providers, client, admin_user):
    from prewatt.server.metering.models import Gateway
    from prewatt.server.sales.top_ups import top_up

    Gateway.objects.update(is_online=True)
    pay_and_call_back(providers, client, start_payment(tenancy, merchants["wechat"]))
    top_up(tenancy, 5 * NANO, "cash")
    with pytest.raises(PaymentError, match=r"5\.00 of this refund"):
        send_back(refund(tenancy, None, admin_user, "moves out"), admin_user)


def test_an_order_expires_after_its_life(tenancy, merchants, providers):
    from prewatt.server.payments.orders import order_of

    payment = start_payment(tenancy, merchants["stripe"])
    assert order_of(payment).expires - datetime.fromtimestamp(payment.made_at / 10**6, UTC) == timedelta(minutes=45)

"""Automatic top-ups by WeChat's contract payments: agreed to in WeChat, paid once whatever is lost, ended on both sides."""

import hashlib
from xml.sax.saxutils import escape

import pytest
from django.core.exceptions import ValidationError

from prewatt.kernel.units import DAY, HOUR
from prewatt.server.automatic.agreeing import current
from prewatt.server.automatic.charging import charge_what_is_due
from prewatt.server.automatic.models import AutomaticPayment, AutomaticTopUp
from prewatt.server.payments.merchants import keep_merchant
from prewatt.server.payments.models import Merchant, Payment
from prewatt.server.payments.polling import look_at_open_payments
from prewatt.server.payments.providers.wechat.v2 import V2Error, read, read_unsigned, signature, signed, written
from tests.server.automatic.test_automatic import SOON, TERMS, page, paid, told
from tests.server.payments.paying import call_back

IN_WECHAT = {"User-Agent": "Mozilla/5.0 (iPhone) Mobile MicroMessenger/8.0.50"}
KEY = "192006250b4c09247ec02edce69f6a2d"
pytestmark = pytest.mark.database


@pytest.fixture
def wechat(merchants, providers):
    """The landlord's account at WeChat Pay, which has contract payments; the others have none that save."""
    known = {**providers.settings("wechat"), **providers.contracts.SETTINGS}
    Merchant.objects.filter(pk=merchants["stripe"].pk).update(is_enabled=False)
    return keep_merchant(merchants["wechat"].organisation, "wechat", "wechat", known, merchants["wechat"])


@pytest.fixture
def agreed(edge, tenant, tenancy, providers, wechat):
    """Anna's rule, agreed to in WeChat's browser: 20 when under 3 days, at most 50 a month."""
    link = tenant.post(page(tenancy, "agree/"), TERMS, headers=IN_WECHAT).url
    assert link.startswith(f"{providers.address}/papay/entrustweb?")
    notice = providers.contracts.agree(link)
    assert current(tenancy).state == "asked"
    assert (
        call_back(tenant, wechat, notice).content
        == b"<xml><return_code>SUCCESS</return_code><return_msg>OK</return_msg></xml>"
    )
    assert "with WeChat Pay, since" in tenant.get(page(tenancy)).content.decode()
    return current(tenancy)


def contract(providers):
    (found,) = providers.contracts.contracts.values()
    return found


def trade_of(providers):
    """The one payment that WeChat Pay has taken up."""
    (found,) = providers.trades.values()
    return found


# -- messages --------------------------------------------------------------------------------------------------------------


def test_a_message_is_signed_as_in_wechats_own_example():
    example = {"appid": "wxd930ea5d5a258f4f", "mch_id": "10000100", "device_info": "1000", "body": "test", "empty": ""}
    example["nonce_str"] = "ibuaiVcKdpRxkhJA"
    assert signature(example, KEY) == "6A9AE1657590FD6257D693A078E1C3E4BB6BA4DC30B23E0EE2496E54170DACD6"
    told = {**example, "body": "电费 <1> & 2"}
    assert read(written(signed(told, KEY)), KEY) == signed(told, KEY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<xml>",
        "{}",
        "<xml><a>1</a></xml>x",
        '<!DOCTYPE xml [<!ENTITY a "b">]><xml><a>&a;</a></xml>',
        '<!DOCTYPE xml SYSTEM "file:///etc/passwd"><xml><a>1</a></xml>',
        "<xml><a>&a;</a></xml>",
        "<xml><a><b>1</b></a></xml>",
        "<xml><a>1</a><a>2</a></xml>",
        '<xml><a b="1">1</a></xml>',
        "<html><a>1</a></html>",
        f"<xml>{''.join(f'<a{each}>1</a{each}>' for each in range(101))}</xml>",
        f"<xml><a>{'1' * 70_000}</a></xml>",
        "<xml><a>\xff</a></xml>".encode("latin-1"),
    ],
)
def test_xml_that_is_not_flat_is_refused(text):
    with pytest.raises(V2Error):
        read_unsigned(text if isinstance(text, bytes) else text.encode())


def test_a_signature_by_md5_or_another_key_is_refused():
    fields = {"mch_id": "10000100", "total_fee": "1"}
    by_md5 = hashlib.md5(f"mch_id=10000100&total_fee=1&key={KEY}".encode()).hexdigest().upper()
    for wrong in (by_md5, signature(fields, "0" * 32), signature({**fields, "total_fee": "2"}, KEY), ""):
        with pytest.raises(V2Error):
            read(written({**fields, "sign": wrong}), KEY)


# -- agreed to ---------------------------------------------------------------------------------------------------------------


def test_in_another_browser_the_address_is_shown_as_a_code_to_scan_and_nothing_is_on_before(
    edge, tenant, tenancy, providers, wechat
):
    assert "WeChat Pay" in tenant.get(page(tenancy)).content.decode()
    shown = tenant.post(page(tenancy, "agree/"), TERMS, follow=True).content.decode()
    link = current(tenancy).link
    assert "Scan this with WeChat" in shown and "<svg" in shown and escape(link) not in shown
    inside = tenant.get(page(tenancy), headers=IN_WECHAT).content.decode()
    assert escape(link) in inside and "<svg" not in inside.partition("<h1")[2]
    tenant.get(page(tenancy, "back/"))
    assert current(tenancy).state == "asked" and charge_what_is_due() == []
    providers.contracts.agree(link)
    assert "The automatic top-up is on." in tenant.get(page(tenancy, "back/"), follow=True).content.decode()
    assert "with WeChat Pay, since" in tenant.get(page(tenancy)).content.decode()


def test_in_the_mini_program_the_payer_agrees_in_wechats_own_one(edge, mini, anna, tenancy, providers, wechat, clock):
    status, found = anna.call("post", f"{anna.flat}/automatic", TERMS)
    assert (status, found["redirect"], found["ways"]) == (201, None, [{"value": f"{wechat.pk}", "title": "WeChat Pay"}])
    providers.contracts.agree(found["wx"])
    clock.at += SOON
    rule = anna.get(f"{anna.flat}/automatic")["rule"]
    assert (rule["state"], rule["label"]) == ("active", "WeChat Pay")
    charge_what_is_due()
    assert trade_of(providers).more["appid"] == providers.MINI_APPID
    assert anna.call("delete", f"{anna.flat}/automatic")[0] == 204


@pytest.mark.parametrize("lacking", ["plan_id", "api_v2_key"])
def test_without_a_template_and_a_key_the_account_saves_nothing(edge, tenant, tenancy, providers, merchants, lacking):
    Merchant.objects.filter(provider="stripe").update(is_enabled=False)
    assert tenant.get(page(tenancy)).status_code == 404
    given = {**providers.settings("wechat"), **providers.contracts.SETTINGS, lacking: ""}
    with pytest.raises(ValidationError, match="need both"):
        keep_merchant(merchants["wechat"].organisation, "wechat", "w", given)


# -- paid once ---------------------------------------------------------------------------------------------------------------


def test_a_payment_that_was_taken_up_is_paid_when_wechat_says_so_and_once(
    agreed, tenancy, providers, client, wechat, clock
):
    assert charge_what_is_due() == [] and paid(tenancy) == []
    trade = trade_of(providers)
    assert (trade.amount, Payment.objects.get().state) == (2000, "open")
    clock.at += SOON
    assert charge_what_is_due() == [] and providers.contracts.asked == [trade.payment_id]
    notice = providers.contracts.work(trade)
    for _twice in range(2):
        assert call_back(client, wechat, (notice[0], dict(notice[1]))).status_code == 200
    clock.at += SOON
    charge_what_is_due()
    assert paid(tenancy) == [20] and AutomaticPayment.objects.get().next_try_at is None
    assert len(providers.contracts.asked) == 1


def test_without_a_callback_wechat_is_asked(agreed, tenancy, providers, clock):
    charge_what_is_due()
    look_at_open_payments()
    assert paid(tenancy) == []
    providers.contracts.work(trade_of(providers))
    clock.at += SOON
    look_at_open_payments()
    charge_what_is_due()
    assert paid(tenancy) == [20] and len(providers.trades) == 1


@pytest.mark.parametrize("is_paid", [True, False])
def test_an_answer_that_is_lost_is_asked_for_again_by_the_same_number(agreed, tenancy, providers, clock, is_paid):
    providers.faults[:] = ["lose"]
    charge_what_is_due()
    if is_paid:
        providers.contracts.work(trade_of(providers))
    clock.at += SOON
    charge_what_is_due()
    if not is_paid:
        assert paid(tenancy) == []
        providers.contracts.work(trade_of(providers))
        clock.at += SOON
        look_at_open_payments()
    assert paid(tenancy) == [20] and len(set(providers.contracts.asked)) == len(providers.trades) == 1


def test_what_wechat_does_not_decide_for_a_day_stays_open_and_nothing_more_is_asked_for(
    agreed, tenancy, providers, clock
):
    charge_what_is_due()
    for _hour in range(30):
        clock.at += HOUR
        look_at_open_payments()
        charge_what_is_due()
    assert Payment.objects.get().state == "open" and len(providers.contracts.asked) == 1 and told(tenancy) == []
    providers.contracts.work(trade_of(providers))
    clock.at += SOON
    look_at_open_payments()
    assert paid(tenancy) == [20]


# -- what fails --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at_once", [True, False])
def test_too_little_money_is_told_in_wechats_words_and_tried_the_next_day(
    agreed, tenancy, providers, client, wechat, clock, at_once
):
    providers.contracts.refuses, providers.contracts.at_once = "NOTENOUGH", at_once
    charge_what_is_due()
    if not at_once:
        call_back(client, wechat, providers.contracts.work(trade_of(providers)))
    clock.at += SOON
    charge_what_is_due()
    assert [("用户余额不足" in text) for _title, text in told(tenancy)] == [True]
    assert current(tenancy).failures == 1 and len(providers.contracts.asked) == 1
    providers.contracts.refuses = ""
    clock.at += DAY
    charge_what_is_due()
    assert len(providers.contracts.asked) == 2


def test_a_fault_of_wechats_own_is_no_refusal(agreed, tenancy, providers, clock):
    providers.contracts.refuses, providers.contracts.at_once = "SYSTEMERROR", True
    charge_what_is_due()
    assert told(tenancy) == [] and Payment.objects.get().state == "open"
    providers.contracts.refuses = ""
    clock.at += SOON
    charge_what_is_due()
    assert len(set(providers.contracts.asked)) == 1 and trade_of(providers).state == "open"


# -- the end ------------------------------------------------------------------------------------------------------------------


def test_one_tap_ends_the_contract_too(agreed, tenant, tenancy, providers, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        tenant.post(page(tenancy, "end/"))
    assert contract(providers)["contract_state"] == "1" and current(tenancy) is None
    charge_what_is_due()
    assert providers.contracts.asked == []


def test_an_end_that_wechat_did_not_hear_of_is_told_again_until_it_did(
    agreed, tenant, tenancy, providers, clock, django_capture_on_commit_callbacks
):
    providers.faults[:] = ["drop"]
    with django_capture_on_commit_callbacks(execute=True):
        tenant.post(page(tenancy, "end/"))
    assert contract(providers)["contract_state"] == "0" and current(tenancy) is None
    for _turn in range(2):
        clock.at += SOON
        charge_what_is_due()
    agreed.refresh_from_db()
    assert (contract(providers)["contract_state"], bytes(agreed.to_forget), agreed.next_look_at) == ("1", b"", None)
    assert providers.contracts.asked == []


def test_a_contract_that_the_payer_ends_in_wechat_ends_the_rule(agreed, tenancy, providers, client, wechat):
    notice = providers.contracts.end(contract(providers))
    assert call_back(client, wechat, notice).status_code == 200
    agreed.refresh_from_db()
    assert (agreed.state, agreed.reason) == ("ended", "the agreement was ended at the provider")
    charge_what_is_due()
    assert providers.contracts.asked == []


def test_what_is_agreed_to_after_the_rule_was_ended_is_ended_at_wechat(
    edge, tenant, tenancy, providers, wechat, client, django_capture_on_commit_callbacks
):
    link = tenant.post(page(tenancy, "agree/"), TERMS, headers=IN_WECHAT).url
    tenant.post(page(tenancy, "end/"))
    with django_capture_on_commit_callbacks(execute=True):
        assert call_back(client, wechat, providers.contracts.agree(link)).status_code == 200
    assert contract(providers)["contract_state"] == "1" and not AutomaticTopUp.objects.exclude(state="ended").exists()


def test_a_callback_that_wechat_did_not_sign_or_that_is_anothers_changes_nothing(
    agreed, tenancy, providers, client, wechat
):
    contracts, known = providers.contracts, contract(providers)
    honest = contracts.change(known, "DELETE")[0]
    told_ = {"contract_code": known["contract_code"], "contract_id": known["contract_id"], "change_type": "DELETE"}
    for body in (
        honest.replace(b"<openid>", b"<openid>x"),
        b"<!DOCTYPE xml><xml></xml>",
        contracts.callback(**told_, plan_id=contracts.PLAN, mch_id="1")[0],
        contracts.callback(
            out_trade_no="1", appid="wx-of-others", total_fee="1", transaction_id="4", time_end="20251017100000"
        )[0],
        contracts.callback(change_type="DELETE")[0],
    ):
        answer = call_back(client, wechat, (body, {"Content-Type": "text/xml"}))
        assert answer.status_code == 400 and b"<return_code>FAIL" in answer.content
    assert current(tenancy).state == "active"


def test_a_payment_by_contract_is_sent_back_like_any_other(agreed, tenancy, providers, client, wechat):
    from prewatt.server.payments.merchants import provider_of
    from prewatt.server.payments.orders import order_of

    charge_what_is_due()
    call_back(client, wechat, providers.contracts.work(trade_of(providers)))
    payment = Payment.objects.get()
    provider_of(wechat).refund(order_of(payment), payment.provider_id, "r1", 500, "")
    assert provider_of(wechat).query(order_of(payment)).state == "refunded"

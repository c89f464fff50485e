"""Pages, API and commands of payments: who may do what, nonsense in every field, and a payment in a real browser."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from typer.testing import CliRunner

from prewatt.cli import app
from prewatt.kernel.units import MINUTE, NANO
from prewatt.server.accounts.keys import make_key
from prewatt.server.estate.models import Organisation, Tenancy
from prewatt.server.ledger.books import balance, tenant_account
from prewatt.server.metering.models import Gateway
from prewatt.server.payments.bank import reference
from prewatt.server.payments.models import BankLine, Merchant, Payment, Unexpected
from prewatt.server.payments.paying import confirm
from prewatt.server.payments.providers.interface import PaymentReport, State
from prewatt.server.sales.giving_back import refund
from prewatt.server.vending.models import TopUp
from tests.building import PASSWORD, set_up
from tests.server.payments.paying import pay_and_call_back, start_payment, state_of

PHONE = "Mozilla/5.0 (iPhone) AppleWebKit Mobile/15E148"
INSIDE = f"{PHONE} MicroMessenger/8.0"


def said(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


# -- the tenant's ---------------------------------------------------------------------------------------------------------


def test_a_tenant_asks_pays_and_sees_it_at_the_meter(tenancy, merchants, providers, log_in, client):
    me = log_in("flat1")
    Organisation.objects.update(bank_account="DE02 1203")
    page = me.get("/me/")
    assert "WeChat: scan a code" in said(page) and reference(tenancy) in said(page)
    way = f"{merchants['wechat'].pk}:native"
    answer = me.post("/me/pay/", {"amount": "20,00", "way": way, "asked": "a1"}, follow=True)
    payment = Payment.objects.get()
    assert (payment.amount, payment.by.username) == (20 * NANO, "flat1")
    assert "<svg" in answer.content.decode() and "Scan it with WeChat" in said(answer)
    assert me.post("/me/pay/", {"amount": "20", "way": way, "asked": "a1"}).url == f"/payments/{payment.payment_id}/"
    assert Payment.objects.count() == 1
    assert "You have not finished a payment" in said(me.get("/me/"))
    pay_and_call_back(providers, client, payment)
    assert "is paid. The building has no network now." in said(me.get("/me/"))


def test_back_from_the_provider_before_its_callback_the_page_asks(tenancy, merchants, providers, log_in):
    payment = start_payment(tenancy, merchants["stripe"])
    providers.pay(payment)
    assert "Paid" in said(log_in("flat1").get(f"/payments/{payment.payment_id}/"))
    assert state_of(payment) == "paid"


@pytest.mark.parametrize(
    ("agent", "shows"),
    [("", {"native", "page", "checkout"}), (PHONE, {"h5", "wap", "checkout"}), (INSIDE, {"jsapi", "checkout"})],
)
def test_each_browser_is_shown_the_ways_that_work_in_it(tenancy, merchants, log_in, agent, shows):
    page = log_in("flat1").get("/me/", headers={"User-Agent": agent}).content.decode()
    assert set(re.findall(r'value="\d+:(\w+)"', page)) == shows


def test_wechat_is_told_who_pays(tenancy, merchants, providers, log_in):
    given = {"amount": "20", "way": f"{merchants['wechat'].pk}:h5", "asked": "a1"}
    # What a browser says of itself is not believed: the pages' process knows the proxies.
    log_in("flat1").post("/me/pay/", given, REMOTE_ADDR="8.8.8.8", headers={"X-Forwarded-For": "203.0.113.9"})
    assert Payment.objects.get().payer_address == "8.8.8.8"
    asked = next(body for _method, path, body in providers.asked if path.endswith("/h5"))
    assert '"payer_client_ip":"8.8.8.8"' in asked.decode().replace(" ", "")


def test_inside_wechat_the_page_asks_who_pays_first(tenancy, merchants, providers, log_in):
    me, wechat = log_in("flat1"), merchants["wechat"]
    wanted = {"amount": "20", "way": f"{wechat.pk}:jsapi", "asked": "a1"}
    asked = me.post("/me/pay/", wanted, headers={"User-Agent": INSIDE})
    assert asked.url.startswith("https://open.weixin.qq.com/") and not Payment.objects.exists()
    back = {"code": "c", "state": parse_qs(urlsplit(asked.url).query)["state"][0]}
    again = me.get(f"/me/merchants/{wechat.pk}/payer/", back)
    assert 'value="20"' in again.content.decode()
    assert not [path for _method, path, _body in providers.asked if "access_token" in path]
    page = me.post("/me/pay/", wanted, follow=True)
    assert Payment.objects.get().payer == "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
    assert "pay-params" in page.content.decode()
    # What the page's script passes to WeChat is signed for the official account, and the payment arrives.
    payment = Payment.objects.get()
    wx = {name: text for name, text in payment.params.items() if name != "appId"}
    assert payment.params["appId"] == providers.APPID
    assert providers.request_payment(providers.APPID, wx).more["payer"] == payment.payer
    assert pay_and_call_back(providers, me, payment).status_code == 200
    assert "Paid" in said(me.get(f"/payments/{payment.payment_id}/", headers={"User-Agent": INSIDE}))


def test_a_link_from_elsewhere_does_not_say_who_pays(tenancy, merchants, providers, log_in):
    me, wechat = log_in("flat1"), merchants["wechat"]
    wanted = {"amount": "20", "way": f"{wechat.pk}:jsapi", "asked": "a1"}
    address = f"/me/merchants/{wechat.pk}/payer/"
    assert "Nothing was paid" in me.get(address, {**wanted, "code": "evil"}, follow=True).content.decode()
    me.post("/me/pay/", wanted, headers={"User-Agent": INSIDE})
    assert me.get(address, {**wanted, "code": "evil", "state": "guessed"}).status_code == 302
    again = me.post("/me/pay/", wanted, headers={"User-Agent": INSIDE})
    assert again.url.startswith("https://open.weixin.qq.com/") and not Payment.objects.exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"amount": "0"}, "more than 0"),
        ({"amount": "-5"}, "more than 0"),
        ({"amount": "1000000"}, "at most"),
        ({"amount": "1.001"}, "1.001 has too many decimals for CNY"),
        ({"amount": "lots"}, "lots"),
        ({"amount": ""}, "Amount: Enter a number"),
        ({"amount": "9" * 400}, ""),
        ({"way": ""}, "Choose how to pay"),
        ({"way": "999999999999999999999:native"}, "Choose how to pay"),
        ({"way": "x:y:z"}, "Choose how to pay"),
        ({"asked": ""}, "1 to 40"),
        ({"asked": "a\x00b"}, "1 to 40"),
        ({"asked": "x" * 41}, "1 to 40"),
    ],
)
def test_nonsense_in_the_tenants_form_is_said_so_and_nothing_is_asked_for(
    tenancy, merchants, providers, log_in, change, says
):
    given = {"amount": "20", "way": f"{merchants['wechat'].pk}:native", "asked": "a1", **change}
    answer = log_in("flat1").post("/me/pay/", given, follow=True)
    assert answer.status_code == 200 and 'class="toast error"' in answer.content.decode()
    assert says in said(answer)
    assert not Payment.objects.exists() and not providers.trades


def test_a_payment_is_its_tenants_and_its_managers_alone(tenancy, merchants, log_in):
    payment = start_payment(tenancy, merchants["wechat"])
    address = f"/payments/{payment.payment_id}/"
    assert log_in("flat2").get(address).status_code == 404
    assert Client().get(address).status_code == 302
    assert log_in("manager").get(address).status_code == 200
    assert log_in("flat1").get("/payments/none/").status_code == 404


def test_who_has_moved_out_can_not_pay_and_is_told(tenancy, merchants, log_in, clock):
    Tenancy.objects.filter(pk=tenancy.pk).update(ends=clock.at + 1)
    clock.at += MINUTE
    given = {"amount": "20", "way": f"{merchants['wechat'].pk}:native", "asked": "a1"}
    assert log_in("flat1").post("/me/pay/", given).status_code == 404


# -- the manager's ----------------------------------------------------------------------------------------------------------


def test_a_merchant_account_is_made_and_its_secrets_never_shown_again(building, providers, log_in):
    manager, given = log_in("manager"), providers.settings("wechat")
    made = manager.post("/merchants/new/wechat/", {**given, "name": "Berg Pay"}, follow=True)
    mine = Merchant.objects.get()
    assert "Berg Pay" in said(made) and f"/callbacks/wechat/{mine.public_id}/" in said(made)
    page = manager.get(f"/merchants/{mine.pk}/").content.decode()
    assert given["mchid"] in page
    for secret in (given["apiv3_key"], given["private_key"][40:90], given["app_secret"]):
        assert secret not in page and secret.encode() not in bytes(mine.sealed)
    kept = bytes(mine.sealed)
    changed = {**given, "name": "Berg", "private_key": "", "apiv3_key": "", "app_secret": "", "public_key": ""}
    manager.post(f"/merchants/{mine.pk}/", changed)
    mine.refresh_from_db()
    assert (mine.name, mine.is_enabled) == ("Berg", False) and bytes(mine.sealed) != kept
    assert log_in("flat1").get(f"/merchants/{mine.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("provider", "change", "says"),
    [
        ("wechat", {"mchid": ""}, "This field is needed"),
        ("wechat", {"apiv3_key": "short"}, "32 characters"),
        ("wechat", {"private_key": "nonsense"}, "can't be read"),
        ("wechat", {"name": ""}, "blank"),
        ("wechat", {"name": "x" * 41}, "40"),
        ("alipay", {"alipay_public_key": "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----"}, "can't be read"),
        ("stripe", {"api_key": "pk_live_1"}, ""),
        ("stripe", {"webhook_secret": "\x00"}, ""),
    ],
)
def test_nonsense_in_a_merchant_account_is_named_and_what_was_typed_stays(
    building, providers, log_in, provider, change, says
):
    given = {"name": "Mine", **providers.settings(provider), **change}
    answer = log_in("manager").post(f"/merchants/new/{provider}/", given)
    assert answer.status_code == 400 and says in said(answer).replace("&#x27;", "'")
    assert not Merchant.objects.exists()
    assert providers.MCHID in answer.content.decode() or provider != "wechat" or "mchid" in change


def test_held_money_is_credited_or_sent_back_on_the_page(tenancy, merchants, providers, log_in, client, clock):
    manager = log_in("manager")
    payments = [start_payment(tenancy, merchants["wechat"], asked=f"a{number}") for number in (1, 2)]
    for payment in payments:
        providers.pay(payment).amount = 1500
        confirm(
            payment.merchant,
            PaymentReport(payment.payment_id, State.PAID, f"t{payment.pk}", 1500, "CNY", clock.at),
            "callback",
        )
    page = said(manager.get("/payments/"))
    assert "Payments that need your decision" in page and "15.00 CNY" in page
    first, second = (f"/payments/{each.payment_id}/decide/" for each in payments)
    assert "Choose a tenant" in said(manager.post(first, {"do": "credit", "tenancy": "x"}, follow=True))
    manager.post(first, {"do": "credit", "tenancy": tenancy.pk})
    manager.post(second, {"do": "back"})
    assert [state_of(each) for each in payments] == ["paid", "returned"]
    assert balance(tenant_account(tenancy)) == 15 * NANO
    assert log_in("flat1").post(first, {"do": "back"}).status_code == 404


def test_money_for_nothing_is_listed_until_dealt_with(merchants, log_in, clock):
    confirm(merchants["wechat"], PaymentReport("f" * 32, State.PAID, "t1", 1500, "CNY", clock.at), "callback")
    manager = log_in("manager")
    assert "that nobody asked for" in said(manager.get("/payments/"))
    manager.post(f"/unexpected-payments/{Unexpected.objects.get().pk}/settle/")
    assert "that nobody asked for" not in said(manager.get("/payments/"))


def test_a_refund_goes_back_by_the_provider_from_the_books(tenancy, merchants, providers, log_in, client, admin_user):
    Gateway.objects.update(is_online=True)
    pay_and_call_back(providers, client, start_payment(tenancy, merchants["alipay"]))
    made = refund(tenancy, 5 * NANO, admin_user, "moves out")
    manager = log_in("manager")
    assert "Send it back through the provider" in said(manager.get("/books/"))
    assert "the way it came" in manager.post(f"/refunds/{made.pk}/send-back/").content.decode()
    manager.post(f"/refunds/{made.pk}/send-back/", {"sure": "send-back"})
    made.refresh_from_db()
    assert made.paid_at is not None
    assert "already" in said(manager.post(f"/refunds/{made.pk}/pay-out/", {"pay_out_id": "p1"}, follow=True))


def test_a_bank_statement_is_uploaded_looked_through_and_booked(tenancy, log_in, tmp_path):
    manager = log_in("manager")
    text = f"date,amount,payer,text\n2025-10-06,20.00,Anna M,{reference(tenancy)}\n2025-10-06,7.00,Other,x\n"
    file = tmp_path / "statement.csv"
    file.write_text(text)
    with file.open("rb") as statement:
        page = said(manager.post("/bank-lines/", {"statement": statement}, follow=True))
    assert "New lines: 2." in page and not TopUp.objects.exists()
    mine, other = BankLine.objects.all()
    assert f'value="tenancy:{tenancy.pk}" selected' in manager.get("/bank-lines/").content.decode()
    chosen = {f"line-{mine.pk}": f"tenancy:{tenancy.pk}", f"line-{other.pk}": "tenancy:999", "line-x": "aside"}
    page = said(manager.post("/bank-lines/book/", chosen, follow=True))
    assert "1 line is dealt with" in page and "Choose the tenant" in page
    assert balance(tenant_account(tenancy)) == 20 * NANO
    assert "already" in said(manager.post("/bank-lines/book/", chosen, follow=True))
    assert TopUp.objects.count() == 1
    assert "Choose a file" in said(manager.post("/bank-lines/", follow=True))


def test_reconciliation_shows_what_to_do_and_fetches_a_file(tenancy, merchants, providers, log_in, client, clock):
    payment = start_payment(tenancy, merchants["wechat"])
    trade = providers.pay(payment, clock.at // 10**6)
    confirm(
        payment.merchant,
        PaymentReport(payment.payment_id, State.PAID, trade.transaction, 2000, "CNY", clock.at),
        "query",
    )
    manager = log_in("manager")
    assert "not at the meter yet" in said(manager.get("/reconciliation/"))
    providers.bill("2025-10-06")
    asked = {"merchant": merchants["wechat"].pk, "day": "2025-10-06"}
    assert "Fetched: 1 lines" in said(manager.post("/reconciliation/fetch/", asked, follow=True))
    assert "Day: This is not a day" in said(manager.post("/reconciliation/fetch/", {**asked, "day": "x"}, follow=True))
    assert manager.post("/reconciliation/fetch/", {"merchant": "x"}).status_code == 404
    for first, last in (
        ("x", "y"),
        ("2025-01-01", "2020-01-01"),
        ("0001-01-01", "0001-01-02"),
        ("9999-12-30", "9999-12-31"),
    ):
        assert manager.get("/reconciliation/", {"first": first, "last": last}).status_code == 200


def test_pages_of_payments_are_for_managers(merchants, log_in):
    for path in ("payments", "bank", "reconciliation", "merchants/new/wechat"):
        assert log_in("flat1").get(f"/books/{path}/").status_code == 404
    assert log_in("manager").get("/merchants/new/paypal/").status_code == 404


def test_a_manager_of_another_organisation_sees_and_changes_nothing(tenancy, merchants, clock):
    set_up(clock, organisation="Other", name="Else 1", gateway="g2", manager="other", apartments=[])
    other = Client()
    assert other.login(username="other", password=PASSWORD)
    payment, mine = start_payment(tenancy, merchants["wechat"]), Organisation.objects.get(name="Berg Homes")
    assert "Anna" not in said(other.get(f"/payments/?organisation={mine.pk}"))
    assert other.post(f"/payments/{payment.payment_id}/decide/", {"do": "look"}).status_code == 404
    assert other.get(f"/merchants/{merchants['wechat'].pk}/").status_code == 404
    line = BankLine.objects.create(
        organisation=mine, fingerprint="f", day="2025-10-06", amount=NANO, currency="CNY", uploaded_at=1
    )
    assert other.post("/bank-lines/book/", {f"line-{line.pk}": "aside"}).status_code == 404


# -- API and command --------------------------------------------------------------------------------------------------------


@pytest.fixture
def api(building, django_user_model):
    def api(name):
        user = django_user_model.objects.get(username=name)
        return Client(headers={"Authorization": f"Bearer {make_key(user, 'program')}"})

    return api


def test_a_mini_program_asks_for_a_payment_and_follows_it(tenancy, merchants, providers, api, client):
    me = api("flat1")
    ways = me.get(f"/api/v1/tenancies/{tenancy.pk}/ways").json()
    assert {each["method"] for each in ways} == {"native", "h5", "jsapi", "wap", "page", "checkout"}
    given = {"merchant": merchants["wechat"].pk, "method": "jsapi", "amount": "20.00", "asked": "a1", "payer": "o1"}
    made = me.post(f"/api/v1/tenancies/{tenancy.pk}/payments", given, content_type="application/json")
    assert made.status_code == 201 and made.json()["params"]["package"].startswith("prepay_id=")
    again = me.post(f"/api/v1/tenancies/{tenancy.pk}/payments", given, content_type="application/json")
    assert again.json()["payment_id"] == made.json()["payment_id"]
    payment = Payment.objects.get()
    pay_and_call_back(providers, client, payment)
    told = me.get(f"/api/v1/payments/{payment.payment_id}").json()
    assert (told["state"], told["top_up"]["amount"]) == ("paid", "20.000000000")
    assert api("flat2").get(f"/api/v1/payments/{payment.payment_id}").status_code == 404
    assert (
        api("flat2")
        .post(f"/api/v1/tenancies/{tenancy.pk}/payments", given, content_type="application/json")
        .status_code
        == 404
    )


@pytest.mark.parametrize(
    "change",
    [
        {"amount": "0"}, {"amount": "-1"}, {"amount": "1000001"}, {"amount": "0.001"}, {"amount": "NaN"}, {"amount": "1e400"},
        {"currency": "EUR"}, {"merchant": -1}, {"method": "gold"}, {"method": "jsapi"}, {"asked": ""}, {"asked": "\x00"},
    ],
)  # fmt: skip
def test_nonsense_over_the_api_is_named(tenancy, merchants, providers, api, change):
    given = {"merchant": merchants["wechat"].pk, "method": "native", "amount": "20.00", "asked": "a1", **change}
    made = api("flat1").post(f"/api/v1/tenancies/{tenancy.pk}/payments", given, content_type="application/json")
    assert made.status_code == 400 and made.json()["errors"][0]["message"]
    assert not Payment.objects.exists()


def test_reconcile_as_a_command_says_by_its_status_whether_somebody_has_to_act(tenancy, merchants, providers, clock):
    runner = CliRunner()
    assert runner.invoke(app, ["books", "reconcile"]).exit_code == 0
    confirm(merchants["wechat"], PaymentReport("f" * 32, State.PAID, "t1", 1500, "CNY", clock.at), "callback")
    found = runner.invoke(app, ["books", "reconcile"])
    assert found.exit_code == 1 and "paid twice" in found.stdout
    assert runner.invoke(app, ["books", "reconcile", "--from", "x"]).exit_code == 2
    assert runner.invoke(app, ["books", "reconcile", "--from", "2025-10-09", "--until", "2025-10-08"]).exit_code == 2
    assert runner.invoke(app, ["books", "reconcile", "--organisation", "None"]).exit_code == 2

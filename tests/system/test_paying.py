"""Paying in a real browser, at a provider on a port of its own; pictures with `SCREENSHOTS=folder`."""

import os
from datetime import date

import pytest
from playwright.sync_api import expect

from prewatt.kernel.units import DAY, MINUTE
from prewatt.server.estate.models import Organisation, Property, Tenancy
from prewatt.server.metering.models import Gateway
from prewatt.server.notices.models import Recipient
from prewatt.server.notices.sending_accounts import keep_account
from prewatt.server.notices.watching import watch
from prewatt.server.payments.bank import reference, upload
from prewatt.server.payments.merchants import keep_merchant
from prewatt.server.payments.models import Payment
from prewatt.server.payments.paying import confirm
from prewatt.server.payments.providers.interface import PaymentReport, State
from prewatt.server.payments.settlement import fetch
from prewatt.server.vending.models import Command
from tests.building import PASSWORD, set_up
from tests.server.payments.paying import start_payment
from tests.server.payments.players.server import send

# The browser's driver runs a loop in this thread; the database is used beside it, never within it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
PATIENCE = 60_000
"""Milliseconds that anything on a page may take."""


@pytest.fixture
def served(pages, providers, clock):
    """The pages on a port of their own, for a real browser."""
    set_up(clock)
    return pages


def test_in_a_browser_a_tenant_scans_pays_and_the_page_says_so_by_itself(served, providers, clock, browser):
    Property.objects.update(currency="CNY")
    Gateway.objects.update(is_online=True)
    owner = Organisation.objects.get()
    for name in ("wechat", "alipay", "stripe"):
        keep_merchant(owner, name, name, providers.settings(name))
    page = browser.new_page(viewport={"width": 390, "height": 600}, device_scale_factor=1.5)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(served)
    page.fill("[name=username]", "flat1")
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    # The button opens amount and way, and one more tap pays.
    page.click("summary:has-text('Pay')")
    page.click("text=WeChat: scan a code")
    page.locator(".offered").get_by_role("button", name="20", exact=False).first.click()
    expect(page.locator(".qr svg")).to_be_visible()
    picture(page, "paying")
    payment = Payment.objects.get()
    body, headers = providers.callback(providers.pay(payment))
    status, _answer = send(f"{served}/callbacks/wechat/{payment.merchant.public_id}/", body, headers)
    assert status == 200
    expect(page.get_by_text("Paid. The credit reaches the meter")).to_be_visible(timeout=PATIENCE)
    clock.at += MINUTE
    payment.refresh_from_db()
    Command.objects.filter(pk=payment.top_up.command_id).update(state="applied", applied_seq=1, applied_at=clock.at)
    expect(page.get_by_text("Your credit is at the meter.")).to_be_visible(timeout=PATIENCE)
    keep_account(owner, "email", {"host": "127.0.0.1:1", "sender": "power@example.com", "security": "none"})
    keep_account(owner, "sms", {"url": "smseagle://token@127.0.0.1:1/{to}"})
    page.goto(f"{served}/me/notices/")
    form = page.locator("form", has_text="E-mail")
    form.locator("[name=address]").fill("anna@example.com")
    form.get_by_role("button", name="Add").click()
    expect(page.get_by_text("an…@example.com")).to_be_visible()
    # Where the currency is CNY from the beginning, notices are Chinese until somebody says otherwise.
    Recipient.objects.update(since=0, language="zh")
    watch()
    page.reload()
    expect(page.get_by_text("已收到付款：20.00 元")).to_be_visible()
    assert not errors
    page.close()


def picture(page, name):
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png")


def test_in_a_browser_a_manager_sees_at_a_glance_what_waits(served, providers, clock, browser):
    Property.objects.update(currency="CNY")
    owner = Organisation.objects.get()
    merchant = keep_merchant(owner, "wechat", "WeChat Pay", providers.settings("wechat"))
    tenancy = Tenancy.objects.select_related("unit__property__organisation").get(tenant="Anna")
    for number, amount in enumerate((2000, 1500)):
        payment = start_payment(tenancy, merchant, asked=f"a{number}")
        trade = providers.pay(payment, clock.at // 10**6)
        trade.amount = amount
        told = PaymentReport(payment.payment_id, State.PAID, trade.transaction, amount, "CNY", clock.at)
        confirm(merchant, told, "callback")
    start_payment(tenancy, merchant, asked="open")
    text = f"date,amount,payer,text\n2025-10-06,50.00,Anna Berg,{reference(tenancy)} Strom\n2025-10-06,194.50,TENPAY,payout\n"
    upload(owner, text.encode(), "CNY", None)
    clock.at += 3 * DAY
    providers.bill("2025-10-06")
    fetch(merchant, date(2025, 10, 6))
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.goto(served)
    page.fill("[name=username]", "manager")
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    for name in ("payments", "bank-lines", "reconciliation"):
        page.goto(f"{served}/{name}/")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        if name == "reconciliation":
            picture(page, name)
    expect(page.get_by_text("paid, not credited")).to_be_visible()
    page.close()

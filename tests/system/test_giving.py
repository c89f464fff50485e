"""Payment by somebody without a login, in a browser on a phone, with the pages' process and a provider that is played."""

import os

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import expect

from prewatt.kernel.units import MINUTE, NANO
from prewatt.server.payments.gifts import token_of
from prewatt.server.payments.models import Payment
from prewatt.server.tenancies.gift_links import NewGiftLink, make_gift_link
from prewatt.server.tenant.giving import views

# The browser's driver runs a loop in this thread; the database is used beside it, never within it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.mark.usefixtures("building")
def test_a_mother_opens_the_link_pays_by_one_tap_and_the_page_thanks_her_by_itself(
    pages, browser, tenancy, merchants, providers, clock, monkeypatch
):
    monkeypatch.setattr(views, "AGAIN", 1)
    link = make_gift_link(tenancy, get_user_model().objects.get(username="flat1"), NewGiftLink("Anna's place", "Anna"))
    page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    errors, elsewhere = [], []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: elsewhere.append(request.url) if not request.url.startswith(pages) else None)
    page.goto(f"{pages}/give/{token_of(link)}/")
    page.get_by_text("WeChat: scan a code").click()
    page.get_by_label("Your name, if you like").fill("Mama")
    page.get_by_role("button", name="20 CNY").click()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    payment = Payment.objects.get()
    assert (payment.amount, payment.gift.giver) == (20 * NANO, "Mama")
    page.evaluate("window.mark = 'not reloaded'")
    providers.pay(payment)
    # No callback comes: the page that waits has the provider asked.
    clock.at += MINUTE
    expect(page.get_by_text("Paid. Thank you.")).to_be_visible()
    assert page.evaluate("window.mark") == "not reloaded"
    expect(page.get_by_text(payment.payment_id)).to_be_visible()
    assert not errors and not elsewhere
    page.context.close()

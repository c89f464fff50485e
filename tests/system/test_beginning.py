"""A landlord who knows no terminal begins in a real browser: from the address that the server prints to a payment in cash."""

import os

from playwright.sync_api import expect

from prewatt.kernel.units import NANO
from prewatt.server.accounts.first_start import claim_code
from prewatt.server.metering.models import Gateway
from prewatt.server.vending.models import TopUp
from prewatt.wire.signing import SigningKey
from tests.enrolling import enrol

# The browser's driver runs a loop in this thread; the database is used beside it, never within it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
NAMES = (
    "Jürgen Groß",
    "王芳",
    "Ayşe Yılmaz",
    "",
    "Łukasz Żak",
    "李明",
    "Änne Öhler",
    "",
    "Zoë Über",
    "Ben",
    "Ida",
    "Max",
)
ROWS = "".join(f"Whg {number};0012345{number:02};{name}\r\n" for number, name in enumerate(NAMES, 1))
SIZES = ({"width": 390, "height": 844}, {"width": 1280, "height": 900})


def fits(page):
    """Whether the page is no wider than the screen, on a phone and on a desk."""
    for size in SIZES:
        page.set_viewport_size(size)
        if page.evaluate("document.documentElement.scrollWidth") > size["width"]:
            return False
    return True


def test_from_the_printed_address_to_a_payment_in_cash(pages, clock, browser, tmp_path):
    # As a German Excel saves it, with what people put above a table.
    flats = tmp_path / "wohnungen.csv"
    flats.write_bytes(f"Lindenhof;;\r\n;;\r\nWohnung;Zähler;Mieter\r\n{ROWS}".encode("utf-8-sig"))
    context = browser.new_context(viewport=SIZES[0], locale="de-CH", timezone_id="Europe/Zurich")
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{pages}/begin/codes/{claim_code()}/")
    page.locator("[name=organisation]").fill("Weiß & Söhne")
    page.locator("[name=name]").fill("petra")
    page.locator("[name=password]").fill("vier bunte Dächer")
    page.locator("main form button.main").click()
    # Where the browser is, and in its currency.
    page.wait_for_url("**/properties/add/")
    expect(page.locator("[name=zone]")).to_have_value("Europe/Zurich")
    expect(page.locator("[name=currency]")).to_have_value("CHF")
    page.locator("[name=zone]").select_option("Asia/Shanghai")
    expect(page.locator("[name=currency]")).to_have_value("CNY")
    page.locator("[name=zone]").select_option("Europe/Berlin")
    assert fits(page)
    page.locator("form.fields [name=name]").fill("Lindenhof")
    page.locator("form.fields button.main").click()
    # The list is looked at first.
    page.locator("[name=file]").set_input_files(flats)
    page.locator("form.fields button.main").click()
    expect(page.locator("table.cards tbody tr")).to_have_count(12)
    expect(page.get_by_text("王芳")).to_be_visible()
    assert fits(page)
    page.locator("form:has([name=list]) button").click()
    page.locator("[name=price]").fill("0,32")
    assert fits(page)
    page.locator("form.fields button.main").click()
    # The page sees by itself that the gateway has enrolled.
    page.locator("form[action$='/code/'] button").click()
    code = page.locator(".digits").inner_text()
    expect(page.locator(".qr svg")).to_be_visible()
    assert fits(page)
    asked = page.locator("[hx-get$='/state/'] .state")
    before = asked.inner_text()
    enrol(code, SigningKey.generate().public())
    expect(asked).not_to_have_text(before)
    gateway = Gateway.objects.get()
    assert (gateway.public_key is not None, gateway.meters.count()) == (True, 12)
    page.locator("main a.button").last.click()
    page.wait_for_url("**/first-payment/")
    assert fits(page)
    # The counter, with the receipt.
    page.locator("tr", has_text="Whg 2").locator("a.button").click()
    page.locator("[name=amount]").fill("20")
    page.locator("main form button.main").click()
    page.wait_for_url("**/receipts/**")
    page.goto(f"{pages}/begin/")
    expect(page.locator("ol.begin .state.ok")).to_have_count(5)
    context.close()
    assert errors == []
    paid = TopUp.objects.get()
    assert (paid.tenancy.tenant, paid.amount) == ("王芳", 20 * NANO)

"""A landlord who knows no terminal begins: from the address that the server prints to a statement of who has moved out."""

from typing import NamedTuple

import openpyxl
from playwright.sync_api import expect

TENANTS = (
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
PAYER = "王芳"
PASSWORD = "vier bunte Dächer"
ZONE = "Europe/Berlin"
FIELDS = {"organisation": "Weiß & Söhne", "name": "petra", "password": PASSWORD}


class Beginning(NamedTuple):
    """What the story needs: `begin`, the address that the server prints; `folder` for the list; `enrol`: types a code at the
    gateway.
    """

    begin: str
    folder: object
    enrol: object


def list_of_flats(folder):
    """Twelve flats as an office keeps them: a title above the table, some flats vacant."""
    book = openpyxl.Workbook()
    rows = [(f"Whg {number}", f"{12345000 + number:010}", tenant) for number, tenant in enumerate(TENANTS, 1)]
    for row in [("Lindenhof", None, None), (None, None, None), ("Wohnung", "Zähler", "Mieter"), *rows]:
        book.active.append(row)
    book.save(folder / "wohnungen.xlsx")
    return folder / "wohnungen.xlsx"


def from_an_empty_server_to_a_statement(walker, place):
    from_the_printed_address_to_flats(walker, place)
    gives_one_price(walker)
    enrols_the_gateway(walker, place)
    takes_the_first_payment(walker)
    prices_day_and_night(walker)
    moves_somebody_out(walker)


def from_the_printed_address_to_flats(walker, place):
    walker.open(place.begin, "first-start")
    walker.fill(**FIELDS)
    walker.send("building", at="**/properties/add/**")
    # Where the browser is, and in its currency; another zone brings its own.
    for zone, currency in (("Europe/Zurich", "CHF"), ("Asia/Shanghai", "CNY"), (ZONE, "EUR")):
        if zone != "Europe/Zurich":
            walker.page.locator("[name=zone]").select_option(zone)
        expect(walker.page.locator("[name=zone]")).to_have_value(zone)
        expect(walker.page.locator("[name=currency]")).to_have_value(currency)
    walker.fill(name="Lindenhof")
    walker.send("flats", at="**/units/add/")
    walker.page.locator("[name=file]").set_input_files(list_of_flats(place.folder))
    walker.send("flats-preview", button="button.main")
    walker.sees("table.cards tbody tr", count=len(TENANTS))
    walker.sees(f"td:has-text('{PAYER}')")
    walker.send("price", form="form:has([name=list])", button="button", at="**/price/")


def gives_one_price(walker):
    walker.fill(price="0,32")
    walker.send("gateway", at="**/gateways/")


def enrols_the_gateway(walker, place):
    walker.send("gateway-code", form="form[action*='/code/']", button="button.main")
    walker.sees(".qr svg")
    state = walker.page.locator("[hx-get$='/state/'] .state")
    before = state.inner_text()
    place.enrol(walker.page.locator(".digits").inner_text())
    # The page sees by itself that the gateway has enrolled.
    expect(state).not_to_have_text(before)
    walker.click("main p > a.button:not(.plain)", "first-payment")


def takes_the_first_payment(walker):
    walker.click(f"tr:has-text('{PAYER}') a.button", "till")
    walker.fill(amount="20")
    walker.send("receipt", at="**/receipts/**")
    walker.open("/begin/", "everything-is-set-up")
    walker.sees("ol.begin .state.ok", count=5)


def prices_day_and_night(walker):
    walker.open("/properties/", "buildings")
    walker.follow("/plan/", "plan")
    walker.open(f"/properties/{walker.number('/properties/([0-9]+)/')}/tariffs/", "tariffs")
    walker.follow("/tariffs/new/", "new-tariff")
    walker.fill(name="Tag und Nacht")
    walker.tick("shape", "hours")
    for place, price in enumerate(("0,36", "0,22")):
        walker.page.locator("[name=rate_price]").nth(place).fill(price)
    paints(walker, first=40, last=43)
    walker.tick("hold", "now")
    walker.send("tariff-holds", button="button[name=keep]", at="**/tariffs/")


def paints(walker, first, last):
    """Paint half hours of working days with the second rate, by mouse."""
    walker.page.locator("[data-brush-bar] [role=radio]").nth(1).click()
    cells = walker.page.locator("[role=grid]").first.locator("[role=gridcell]")
    cells.nth(first).hover()
    walker.page.mouse.down()
    cells.nth(last).hover()
    walker.page.mouse.up()
    walker.clicks += 2
    walker.look("painted")


def moves_somebody_out(walker):
    walker.open("/properties/")
    walker.click(f"tbody tr:has-text('{PAYER}') a[href*='/units/']", "flat")
    walker.follow("/people/", "people")
    walker.unfold("main details:has(form[action*='/move-out/'])")
    walker.send("sure", form="form[action*='/move-out/']", button="button")
    walker.send("moved-out", form="form:has([name=sure])", button="button")
    walker.sees("main .toast.success")
    walker.follow("/papers/", "papers")
    walker.click("main a[href*='/statement/?month=']:not([href*=pdf])", "statement")

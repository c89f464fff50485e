"""The pages of a running building in a real browser: the manager's and the tenant's, live, through an outage.

`SCREENSHOTS=docs/pictures` keeps the pictures that README shows.
"""

import os
import re
import signal
import subprocess
import threading
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from prewatt.clock import SharedClock
from prewatt.kernel.units import HOUR
from prewatt.sim.story import Options, plan
from tests.system.demonstration import PREPARED, ROOT
from tests.walk.place import Place
from tests.walk.stories import tenant as tenants_story
from tests.walk.walker import Walker, Way

PICTURES = os.environ.get("SCREENSHOTS")
PATIENCE = 180_000
"""Milliseconds that anything on a page may take."""
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 1.5}


class Building:
    """A demonstration with its pages. Its time can be held: pages, head-end and agent go on, the clock stands. After the outage it
    goes on for longer than what pays at it takes: nothing arrives at a meter after its end.
    """

    DAYS, HOMES = (20, 24) if PICTURES else (10, 12)

    def __init__(self, home):
        self._home = home
        options = f"--days {self.DAYS} --meters {self.HOMES} --speed 15000 --seed 4 --home".split()
        self._process = subprocess.Popen(
            [*PREPARED, "demo", *options, str(home)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        said = (found[0] for line in self._process.stdout if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))
        self.address, self.site = next(said), next(said)
        self.outage = plan(Options(days=self.DAYS)).outage

    def hold(self, at):
        """Wait for an instant, and stop the time a little after it."""
        clock, pause = SharedClock(self._home / "clock"), threading.Event()
        while clock.now() < at:
            assert self._process.poll() is None
            pause.wait(0.01)
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self._process.send_signal(signal.SIGCONT)

    def ended(self):
        """What it said last if it has ended by itself, which it never does."""
        status = self._process.poll()
        return "" if status is None else f"exit status {status}: {self._process.stdout.read()}"

    def stop(self):
        self.go_on()
        self._process.terminate()
        self._process.communicate(timeout=30)


@pytest.fixture(scope="module")
def building(tmp_path_factory):
    """One for all stories here, the first of which is its outage's."""
    made = Building(tmp_path_factory.mktemp("pages") / "home")
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def goes_on(building):
    """A demonstration that has ended by itself is said to be that: another one may have its address then. One that a test has left
    held goes on.
    """
    yield
    building.go_on()
    assert building.ended() == ""


@pytest.fixture
def log_in(browser):
    """Opens a page of its own, logged in; fails at the end if the page logged an error. What a test that fails has asked for is
    told, but for files.
    """
    contexts, errors = [], []

    def tell(answer):
        if "/static/" not in answer.url:
            print(answer.request.method, answer.url, answer.status)

    def log_in(building, name, **look):
        context = browser.new_context(**{"viewport": {"width": 1180, "height": 900}, **look})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("response", tell)
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.goto(f"{building.address}/login/")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill("prewatt")
        page.get_by_role("button", name="Log in", exact=True).click()
        return page

    yield log_in
    for context in contexts:
        context.close()
    assert errors == []


def picture(page, name, tmp_path):
    page.screenshot(path=Path(PICTURES or tmp_path) / f"{name}.png")


def take_cash(page, amount, receipt):
    """Record cash on a unit's page of money, under the number of a receipt."""
    page.get_by_label("Payment received").fill(amount)
    page.get_by_label("Receipt").fill(receipt)
    page.get_by_role("button", name="Top up").click()
    expect(page.get_by_role("status")).to_contain_text("recorded")


def test_manager_and_tenant_see_an_outage_come_and_go_without_a_reload(building, log_in, tmp_path):
    page = log_in(building, "manager")
    page.evaluate("window.mark = 'not reloaded'")
    expect(page.get_by_text("Banksia Court").first).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(building.HOMES)
    away = page.locator(".to-do li", has_text="gateway offline")
    expect(away).to_have_count(0)
    building.hold(building.outage[1] - 6 * HOUR)
    # What is to be done is looked at every ten seconds.
    expect(away).to_contain_text("since", timeout=PATIENCE)
    # Whether one of the demonstration's tenants pays in these hours is for its seed to say.
    desk = page.context.new_page()
    desk.goto(page.url)
    desk.locator("tbody").get_by_role("link", name="Flat 11").click()
    desk.get_by_label("This unit").get_by_role("link", name="Money").click()
    take_cash(desk, "20,00", "cash 1")
    desk.close()
    expect(page.get_by_text("on its way").first).to_be_visible(timeout=PATIENCE)
    expect(page.locator("tbody .state.silent").first).to_be_visible()
    picture(page, "manager", tmp_path)
    waiting = page.locator("tbody tr", has_text="on its way").first.get_by_role("link").inner_text()
    tenant = log_in(building, waiting.replace(" ", "").lower(), **PHONE)
    expect(tenant.get_by_text("The building has no network now")).to_be_visible()
    expect(tenant.locator("#codes .digits")).to_have_text(re.compile(r"(\d{4} ){4}\d{4}"))
    balance, pay = (tenant.locator(each).bounding_box()["y"] for each in (".balance", "details.pay"))
    assert balance < pay
    picture(tenant, "tenant", tmp_path)
    here = tenant.context.new_page()
    here.goto(building.site)
    here.get_by_role("link", name=waiting, exact=True).click()
    here.get_by_label("PIN").fill("123456")
    here.get_by_role("button", name="Open").click()
    expect(here.get_by_text("The building cannot reach the server now")).to_be_visible()
    picture(here, "onsite", tmp_path)
    here.close()
    building.go_on()
    expect(away).to_have_count(0, timeout=PATIENCE)
    expect(page.locator("tbody tr", has_text=waiting).get_by_text("on its way")).to_be_hidden(timeout=PATIENCE)
    expect(tenant.get_by_text("The building has no network now")).to_be_hidden(timeout=PATIENCE)
    assert page.evaluate("window.mark") == "not reloaded"


def test_a_payment_that_the_manager_records_arrives_at_the_meter_while_one_looks(building, log_in):
    page = log_in(building, "manager")
    expect(page.locator(".to-do li", has_text="gateway offline")).to_have_count(0, timeout=PATIENCE)
    page.locator("tbody").get_by_role("link", name="Flat 07").click()
    page.get_by_label("This unit").get_by_role("link", name="Money").click()
    take_cash(page, "12,50", "cash 2")
    # The tenant of the demonstration may pay in the same minute.
    row = page.locator("tbody tr", has_text="12.50").first
    expect(row).to_contain_text(re.compile(r"12\.50\s*\d+ \w+, \d\d:\d\d"), timeout=PATIENCE)


def test_the_tenant_sees_balance_today_and_the_month_and_what_was_used_on_a_phone(building, log_in):
    page = log_in(building, "flat03", **PHONE)
    expect(page.locator(".balance .big")).to_contain_text(re.compile(r"-?\d+\.\d\d CAD"))
    # The gateway reads the meter because somebody looks.
    expect(page.locator(".balance .live")).to_contain_text(re.compile(r"live \d\d:\d\d:\d\d\s+· \d+\.\d{3}\skW"))
    for words in ("today", "this month"):
        expect(page.locator(".tiles li", has_text=words)).to_be_visible()
    page.get_by_role("link", name="What was used").click()
    # The chart is drawn, another period comes without a reload, and its table says the same.
    page.locator("figure.use").scroll_into_view_if_needed()  # Only then is its library fetched.
    expect(page.locator("figure.use canvas")).to_be_visible()
    page.evaluate("window.mark = 'not reloaded'")
    # A day or a month has none yet when it begins, as the demonstration may end with one.
    page.locator("figure.use").get_by_role("link", name="Year").click()
    expect(page.locator("figure.use [aria-current]")).to_have_text("Year")
    page.get_by_role("button", name="CAD", exact=True).click()
    assert (
        page.evaluate("Chart.getChart(document.querySelector('figure.use canvas')).options.scales.y.title.text")
        == "CAD"
    )
    page.get_by_text("As a table").click()
    expect(page.locator("figure.use tbody tr").first).to_be_visible()
    assert page.evaluate("window.mark") == "not reloaded"
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, f"the page is {width} wide on a phone of 390"


@pytest.mark.parametrize("nonsense", ["a lot", "-5"])
def test_nonsense_in_the_amount_is_answered(building, log_in, nonsense):
    page = log_in(building, "manager")
    page.locator("tbody").get_by_role("link", name="Flat 08").click()
    page.get_by_label("This unit").get_by_role("link", name="Money").click()
    page.get_by_label("Payment received").fill(nonsense)
    page.get_by_role("button", name="Top up").click()
    expect(page.get_by_role("status")).to_have_class(re.compile("error"))


def test_a_tariff_is_made_from_an_example_and_scheduled(building, log_in, tmp_path):
    page = log_in(building, "manager")
    page.locator(".buildings").get_by_role("link", name="Banksia Court").click()
    page.get_by_role("link", name="Tariffs", exact=True).click()
    expect(page.get_by_role("heading", name="Ontario time of use")).to_be_visible()
    page.get_by_role("link", name="New tariff").click()
    page.get_by_text("Start from another tariff").click()
    page.get_by_label("Start from").select_option(label="Ontario ultra-low overnight, November 2023")
    page.get_by_role("button", name="Fill in").click()
    page.get_by_label("Name", exact=True).fill("Nights are cheap")
    page.locator("[name=rate_price]").first.fill("-0.028")
    page.get_by_role("button", name="Save").click()
    # What was typed is still there.
    expect(page.get_by_role("status")).to_contain_text("Rate “overnight”")
    page.locator("[name=rate_price]").first.fill("0.028")
    page.get_by_role("button", name="One more rate").click()
    page.get_by_role("button", name="Work it out").click()
    expect(page.locator("#cost")).to_contain_text("which applies now")
    page.get_by_label("From this day and hour on").check()
    page.get_by_label("From", exact=True).fill("2013-12-01T00:00")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Nights are cheap is saved and on its way")
    expect(page.get_by_text("planned")).to_be_visible()
    expect(page.get_by_text("Sunday 1 December 2013, 00:00")).to_be_visible()
    picture(page, "tariffs", tmp_path)
    page.get_by_role("link", name="What if?").click()
    page.get_by_label("Nights are cheap").check()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="Who pays more")).to_be_visible()
    expect(page.locator(".hours li")).to_have_count(24)


def test_a_bill_is_shared_reaches_the_meters_and_each_tenant_sees_why(building, log_in):
    page = log_in(building, "manager")
    expect(page.locator(".to-do li", has_text="gateway offline")).to_have_count(0, timeout=PATIENCE)
    page.get_by_role("link", name="Shared costs").click()
    page.get_by_role("link", name="Share a").click()
    page.get_by_label("Name", exact=True).fill("Lift")
    page.get_by_role("button", name="Save").click()
    run = page.locator("form", has=page.get_by_role("button", name="Preview"))
    run.get_by_label("From").fill("2013-09-16")
    run.get_by_label("Until").fill("2013-09-16")
    bill = f"{Decimal('1.005') * building.HOMES:.2f}"
    run.get_by_label("Bill").fill(bill.replace(".", ","))
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Nothing is booked yet")).to_be_visible()
    page.get_by_role("button", name="Book it").click()
    expect(page.get_by_role("status")).to_contain_text("The cost is booked")
    tenant = log_in(building, "flat09", **PHONE)
    tenant.get_by_role("link", name="Shared costs").click()
    tenant.get_by_role("link", name="Lift").click()
    expect(tenant.get_by_text("1.005").first).to_be_visible()
    expect(tenant.locator("tr.own")).to_have_count(1)
    expect(tenant.get_by_text("Flat 08")).to_have_count(0)
    width = tenant.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, f"the page is {width} wide on a phone of 390"
    tenant.get_by_role("link", name="Statement").click()
    tenant.get_by_label("From").fill("2013-09-16")
    tenant.get_by_label("Until").fill("2013-12-31")
    tenant.get_by_role("button", name="Show").click()
    share = f"of {bill} CAD in all: 100 % by equal shares (1 of {building.HOMES})"
    expect(tenant.get_by_text(share)).to_be_visible()
    width = tenant.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, f"the page is {width} wide on a phone of 390"


def test_a_tenant_walks_all_pages_in_chinese_on_a_phone(building, browser, tmp_path):
    """As `make walk` does in all languages; there is nobody to pay at here."""
    walker = Walker(browser, building.address, "tenant", Way("zh-hans", "phone", beside="desk"))
    place = Place(tmp_path, {"Flat 03": 3}, pays=pytest.fail, password="prewatt", day="2013-09-20")
    tenants_story.looks(walker, place)
    tenants_story.says_and_asks(walker, place)
    walker.close()
    assert not {step.name: step.wrong for step in walker.steps if step.wrong} and len(walker.steps) > 10


def test_a_tenant_sees_nothing_of_the_neighbours(building, log_in):
    page = log_in(building, "flat03")
    expect(page.locator(".balance")).to_contain_text("Flat 03")
    for path in ("/properties/", "/units/1/", "/admin/"):
        answer = page.request.get(f"{building.address}{path}")
        assert answer.status in (404, 403) or answer.url.startswith(f"{building.address}/admin/login")


def test_who_is_not_logged_in_is_asked_to(building, browser):
    page = browser.new_page()
    for path in ("/", "/me/", "/properties/", "/units/1/"):
        page.goto(f"{building.address}{path}")
        expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    page.get_by_label("Name").fill("manager")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_text("do not match")).to_be_visible()
    page.close()

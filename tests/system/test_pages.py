"""The pages of a running building in a real browser: the manager's and the tenant's, live, through an outage.

`SCREENSHOTS=docs/pictures` keeps the pictures that README shows.
"""

import os
import re
import signal
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from prewatt.clock import SharedClock
from prewatt.kernel.units import HOUR
from prewatt.sim.story import Options, plan
from tests.system.demonstration import PREWATT

PICTURES = os.environ.get("SCREENSHOTS")
PATIENCE = 60_000
"""Milliseconds that anything on a page may take."""
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 1.5}


class Building:
    """A demonstration with its pages. Its time can be held: pages, head-end and agent go on, the clock stands."""

    DAYS = 20

    def __init__(self, home):
        self._home = home
        options = ["--days", str(self.DAYS), "--speed", "40000", "--seed", "4", "--home", str(home)]
        self._process = subprocess.Popen(
            [*PREWATT, "demo", *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.address = next(
            found[0] for line in self._process.stdout if (found := re.search(r"http://127\.0\.0\.1:\d+", line))
        )
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

    def stop(self):
        self.go_on()
        self._process.terminate()
        self._process.communicate(timeout=30)


@contextmanager
def lived_in(folder):
    building = Building(folder / "home")
    try:
        yield building
    finally:
        building.stop()


@pytest.fixture(scope="module")
def building(tmp_path_factory):
    with lived_in(tmp_path_factory.mktemp("pages")) as made:
        yield made


@pytest.fixture
def log_in(browser):
    """Opens a page of its own, logged in; fails at the end if the page logged an error."""
    contexts, errors = [], []

    def log_in(building, name, **look):
        context = browser.new_context(**{"viewport": {"width": 1180, "height": 900}, **look})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.goto(f"{building.address}/login/")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill("prewatt")
        page.get_by_role("button", name="Log in").click()
        return page

    yield log_in
    for context in contexts:
        context.close()
    assert errors == []


def picture(page, name, tmp_path):
    page.screenshot(path=Path(PICTURES or tmp_path) / f"{name}.png")


def test_manager_and_tenant_see_an_outage_come_and_go_without_a_reload(log_in, tmp_path):
    with lived_in(tmp_path) as building:
        page = log_in(building, "manager")
        page.evaluate("window.mark = 'not reloaded'")
        expect(page.get_by_role("heading", name="Banksia Court")).to_be_visible()
        expect(page.locator("tbody tr")).to_have_count(24)
        chip = page.locator(".gateways .chip")
        expect(chip).to_have_text("online")
        building.hold(building.outage[1] - 6 * HOUR)
        expect(chip).to_contain_text("offline since")
        expect(page.get_by_text("on its way").first).to_be_visible()
        expect(page.get_by_text("last known").first).to_be_visible()
        picture(page, "manager", tmp_path)
        waiting = page.locator("tbody tr", has_text="on its way").first.get_by_role("link").inner_text()
        tenant = log_in(building, waiting.replace(" ", "").lower(), **PHONE)
        expect(tenant.get_by_text("waits for the building's network")).to_be_visible()
        picture(tenant, "tenant", tmp_path)
        building.go_on()
        expect(chip).to_have_text("online", timeout=PATIENCE)
        expect(page.locator("tbody tr", has_text=waiting).get_by_text("on its way")).to_be_hidden(timeout=PATIENCE)
        expect(tenant.get_by_text("waits for the building's network")).to_be_hidden(timeout=PATIENCE)
        assert page.evaluate("window.mark") == "not reloaded"


def test_the_tenant_sees_balance_today_the_month_and_top_ups_on_a_phone(building, log_in):
    page = log_in(building, "flat03", **PHONE)
    expect(page.locator(".balance .big")).to_contain_text(re.compile(r"-?\d+\.\d\d CAD"))
    expect(page.locator(".tiles li")).to_have_count(4)
    expect(page.locator(".bars li")).to_have_count(30)
    expect(page.locator("tbody tr").first).to_be_visible()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, f"the page is {width} wide on a phone of 390"


def test_a_payment_that_the_manager_records_arrives_at_the_meter_while_one_looks(building, log_in):
    page = log_in(building, "manager")
    expect(page.locator(".gateways .chip")).to_have_text("online", timeout=PATIENCE)
    page.get_by_role("link", name="Flat 07").click()
    page.get_by_label("Payment received").fill("12,50")
    page.get_by_label("Note").fill("cash")
    page.get_by_role("button", name="Top up").click()
    expect(page.get_by_role("status")).to_contain_text("recorded")
    row = page.locator("tbody tr").first
    expect(row).to_contain_text("12.50")
    expect(row).to_contain_text(re.compile(r"12\.50\s*\d+ \w+, \d\d:\d\d"), timeout=PATIENCE)


@pytest.mark.parametrize("nonsense", ["a lot", "-5"])
def test_nonsense_in_the_amount_is_answered(building, log_in, nonsense):
    page = log_in(building, "manager")
    page.get_by_role("link", name="Flat 08").click()
    page.get_by_label("Payment received").fill(nonsense)
    page.get_by_role("button", name="Top up").click()
    expect(page.get_by_role("status")).to_have_class(re.compile("error"))


def test_a_tenant_sees_nothing_of_the_neighbours(building, log_in):
    page = log_in(building, "flat03")
    expect(page.locator(".balance")).to_contain_text("Flat 03")
    for path in ("/properties/", "/units/1/", "/admin/"):
        answer = page.request.get(f"{building.address}{path}")
        assert answer.status in (404, 403) or answer.url.startswith(f"{building.address}/admin/login")


def test_who_is_not_logged_in_is_asked_to(building, browser):
    page = browser.new_page()
    for path in ("/", "/my/", "/properties/", "/units/1/"):
        page.goto(f"{building.address}{path}")
        expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    page.get_by_label("Name").fill("manager")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("do not match")).to_be_visible()
    page.close()

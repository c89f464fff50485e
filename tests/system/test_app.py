"""The tenant's pages as an app in a real browser: without a network, after a log-out, with a push, after an update."""

import json
import os
import re
import threading

import pytest
from playwright.sync_api import expect

from prewatt.kernel.units import NANO
from prewatt.server.estate.models import Property, Tenancy
from prewatt.server.metering.models import Meter
from prewatt.server.sales.top_ups import top_up
from prewatt.server.tenant.app import worker
from prewatt.server.tenant.home import views
from tests.building import PASSWORD, set_up
from tests.system.conftest import CHROMIUM, started

# The browser's driver runs a loop in this thread; the database is used beside it, never within it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
PATIENCE = 60_000
"""Milliseconds that anything may take on a machine that does much else."""
PHONE = {"width": 390, "height": 844}
KEPT = (
    "async () => await caches.has('kept') ? await (await (await caches.open('kept')).match('/me/kept/'))?.text() : ''"
)
"""What lies in the phone of a person, as text; empty if nothing does."""
HERE = """async () => {
  const all = await Promise.all((await caches.keys()).map(async name => (await (await caches.open(name)).keys()).map(each => each.url)));
  return all.flat().map(url => new URL(url).pathname);
}"""
"""The addresses of all that lies in the phone."""
LONG_AGO = """async days => {
  const cache = await caches.open("kept"), answer = await cache.match("/me/kept/"), headers = new Headers(answer.headers);
  headers.set("Heard-At", Date.now() - days * 86_400_000);
  await cache.put("/me/kept/", new Response(await answer.text(), {headers}));
}"""
TAP = """async () => {
  const ends = Date.now() + 30_000;
  while (!(await self.registration.getNotifications()).length && Date.now() < ends) await new Promise(go => setTimeout(go, 20));
  const [notice] = await self.registration.getNotifications(), opened = [];
  self.clients.openWindow = async link => opened.push(link);
  self.dispatchEvent(new NotificationEvent("notificationclick", {notification: notice}));
  while (opened.length < 1) await new Promise(go => setTimeout(go));
  self.dispatchEvent(new NotificationEvent("notificationclick", {notification: notice, action: notice.actions[0].action}));
  while (opened.length < 2) await new Promise(go => setTimeout(go));
  const left = (await self.registration.getNotifications()).length;
  return [notice.title, notice.body, notice.actions[0].title, ...opened, left];
}"""


ALLOWED = """async () => {
  self.left = 0;
  self.registration.pushManager.getSubscription = async () => ({unsubscribe: async () => { self.left += 1; return true; }});
  await self.registration.showNotification("Low", {body: "3.00 EUR left"});
}"""
"""The phone gets pushes, and shows one. No service for them can be reached from here, so its answer is played."""
SHOWN = "async () => [self.left, (await self.registration.getNotifications()).length]"
"""How often the phone has said that it takes no more pushes, and how many are shown."""


@pytest.fixture(scope="module")
def browser():
    """The whole program, which shows notifications."""
    with started(CHROMIUM) as browser:
        yield browser


@pytest.fixture
def home(pages, clock):
    set_up(clock)
    Property.objects.update(site_page="http://192.168.1.10:8080", emergency_contact="Ms Berg, 030 1234567")
    Meter.objects.filter(unit__name="Flat 1").update(balance=12 * NANO, closed=True, read_at=clock.at)
    return pages


@pytest.fixture
def phone(browser):
    context = browser.new_context(
        viewport=PHONE, locale="en-GB", permissions=["notifications", "clipboard-read", "clipboard-write"]
    )
    yield context.new_page()
    context.close()


def log_in(page, address, name):
    page.goto(f"{address}/login/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(lambda url: "/login/" not in url)


def until(page, what, text):
    """Wait until a text is in what a function of the page returns."""
    page.evaluate(
        f"""async ([text, patience]) => {{
          for (const ends = Date.now() + patience; !(await ({what})())?.includes(text);) {{
            if (Date.now() > ends) throw new Error(`there is no ${{text}}`);
            await new Promise(requestAnimationFrame);
          }}
        }}""",
        [text, PATIENCE],
    )


def until_kept(page, text):
    """Wait until something with a text in it lies in the phone."""
    until(page, KEPT, text)


def open_offline(page):
    page.context.set_offline(True)
    page.reload()


def test_without_a_network_a_phone_shows_what_is_left_and_the_codes_and_goes_back_by_itself(home, phone):
    code = str(top_up(Tenancy.objects.get(tenant="Anna"), 5 * NANO, "a").command.code)
    log_in(phone, home, "flat1")
    until_kept(phone, code)
    open_offline(phone)
    expect(phone.locator(".lost")).to_have_text(
        re.compile(r"^Not live since \d\d:\d\d \(.+\)\. What is shown is the last that is known\.$")
    )
    expect(phone.locator(".balance .big")).to_have_text("12.00 EUR")
    expect(phone.locator(".balance .said")).to_contain_text("The power is on")
    expect(phone.locator(".digits")).to_have_text(re.compile(r"^(\d{4} ){4}\d{4}$"))
    phone.get_by_role("button", name="Copy").click()
    expect(phone.get_by_role("button", name="Copied")).to_be_visible()
    assert phone.evaluate("navigator.clipboard.readText()") == code
    expect(phone.get_by_role("link", name="http://192.168.1.10:8080")).to_have_attribute(
        "href", "http://192.168.1.10:8080"
    )
    expect(phone.get_by_role("link", name="030 1234567")).to_have_attribute("href", "tel:0301234567")
    # Another page that is asked for is answered alike, and the age of what is shown is its own.
    phone.evaluate(LONG_AGO, 2)
    phone.goto(f"{home}/me/notices/")
    expect(phone.locator(".lost")).to_have_text(re.compile(r"since \w+ \d+ at \d\d:\d\d \(2 days ago\)"))
    phone.context.set_offline(False)
    expect(phone.get_by_role("heading", name="Notices", exact=True)).to_be_visible()
    # In the language that the person reads now.
    phone.goto(f"{home}/me/")
    phone.get_by_role("button", name="Deutsch").click()
    expect(phone.get_by_text("Mein Strom").first).to_be_attached()
    until_kept(phone, "Der Strom ist an")
    until(phone, "async () => (await caches.match('/app/offline/')).text()", 'lang="de"')
    open_offline(phone)
    expect(phone.get_by_role("heading", name="Kein Netz")).to_be_visible()
    expect(phone.locator(".lost")).to_contain_text("Nicht aktuell seit")


def test_a_phone_forgets_with_the_log_out_and_with_the_first_page_of_another(home, phone, django_user_model):
    def forgotten():
        return phone.evaluate("caches.has('kept').then(has => !has)")

    log_in(phone, home, "flat1")
    until_kept(phone, "Flat 1")
    (worker_,) = phone.context.service_workers
    worker_.evaluate(ALLOWED)
    phone.locator("summary", has_text="Menu").click()
    phone.get_by_role("button", name="Log out").last.click()
    phone.wait_for_url("**/login/")
    assert forgotten() and worker_.evaluate(SHOWN) == [1, 0]
    open_offline(phone)
    expect(phone.get_by_text("Nothing is kept in this browser")).to_be_visible()
    phone.context.set_offline(False)
    # It goes back by itself.
    expect(phone.get_by_label("Name")).to_be_visible()
    # A login that was ended elsewhere.
    log_in(phone, home, "flat1")
    until_kept(phone, "Flat 1")
    # No page of the app stands open, which would ask by itself.
    phone.goto(f"{home}/account/")
    anna = django_user_model.objects.get(username="flat1")
    anna.set_password("another horse")
    anna.save()
    phone.goto(f"{home}/me/")
    until(phone, "async () => String(!await caches.has('kept'))", "true")
    # Handed on without a log-out: the next one's page is enough.
    log_in(phone, home, "flat2")
    until_kept(phone, "Flat 2")
    worker_.evaluate(ALLOWED)
    phone.goto(f"{home}/account/")
    phone.context.clear_cookies()
    log_in(phone, home, "manager")
    until(phone, "async () => String(!await caches.has('kept'))", "true")
    until(phone, "async () => String((await (await navigator.serviceWorker.ready).getNotifications()).length)", "0")
    assert worker_.evaluate(SHOWN) == [1, 0]
    phone.goto(f"{home}/properties/{Property.objects.get().pk}/plan/")
    assert all(each.startswith("/static/") or each == "/app/offline/" for each in phone.evaluate(HERE))


def test_a_worker_of_a_new_version_takes_over_and_throws_the_files_of_the_one_before_away(
    home, phone, monkeypatch, tmp_path
):
    log_in(phone, home, "flat1")
    until_kept(phone, "Flat 1")
    phone.reload()
    before = worker.version()
    files = f"files {before}"
    (login,) = (each for each in phone.evaluate("caches.keys()") if each.startswith("login "))
    assert sorted(phone.evaluate("caches.keys()")) == sorted([files, "kept", login])
    for name in ("worker.js", "offline.html"):
        (tmp_path / name).write_bytes((worker.FOLDER / name).read_bytes() + b"\n")
    monkeypatch.setattr(worker, "FOLDER", tmp_path)
    monkeypatch.setattr(worker, "version", worker.version.__wrapped__)
    assert worker.version() != before
    phone.reload()
    # No others: those of the worker before go when this one takes over.
    kept = "async () => `[${(await caches.keys()).sort().join()}]`"
    until(phone, kept, f"[files {worker.version()},kept,{login}]")
    phone.evaluate("caches.open('files of-before')")
    phone.evaluate("caches.open('on-site 1')")
    phone.reload()
    until(phone, kept, f"[files {worker.version()},kept,{login},on-site 1]")
    open_offline(phone)
    expect(phone.locator(".balance .big")).to_have_text("12.00 EUR")


def test_a_push_is_shown_by_the_same_worker_and_a_tap_opens_the_page_that_it_names(home, phone):
    log_in(phone, home, "flat1")
    until_kept(phone, "12.00 EUR")
    tools = phone.context.new_cdp_session(phone)
    found = []
    tools.on("ServiceWorker.workerRegistrationUpdated", lambda event: found.extend(event["registrations"]))
    tools.send("ServiceWorker.enable")
    phone.wait_for_function("navigator.serviceWorker.controller !== null")
    Meter.objects.filter(unit__name="Flat 1").update(balance=3 * NANO)
    link = f"{home}/me/#pay"
    change = f"{home}/n/AAAA/stop/"
    told = json.dumps(
        {"title": "Low", "text": "3.00 EUR left", "key": "1", "link": link, "change": change, "label": "Stop or change"}
    )
    tools.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": home, "registrationId": found[-1]["registrationId"], "data": told},
    )
    until_kept(phone, "3.00 EUR")
    (running,) = phone.context.service_workers
    assert running.evaluate(TAP) == ["Low", "3.00 EUR left", "Stop or change", link, change, 0]


def test_a_first_page_that_does_not_come_in_time_gives_way_to_what_is_known(home, phone, monkeypatch):
    monkeypatch.setattr(worker, "PATIENCE_MS", 50)
    log_in(phone, home, "flat1")
    until_kept(phone, "12.00 EUR")
    phone.wait_for_function("navigator.serviceWorker.controller !== null")
    answers, usual = threading.Event(), views.own_tenancies

    def late(request):
        answers.wait()
        return usual(request)

    monkeypatch.setattr(views, "own_tenancies", late)
    phone.goto(f"{home}/me/")
    expect(phone.locator(".balance .big")).to_have_text("12.00 EUR")
    expect(phone.locator(".lost")).to_be_visible()
    answers.set()


def test_without_a_worker_the_page_is_as_it_is_and_a_browser_that_can_install_shows_a_button(home, phone):
    wrong = []
    phone.on("pageerror", lambda error: wrong.append(str(error)))
    # As browsers are at an address without TLS.
    phone.add_init_script("delete Navigator.prototype.serviceWorker")
    log_in(phone, home, "flat1")
    expect(phone.locator(".balance .big")).to_contain_text("12.00")
    button = phone.get_by_role("button", name="Put this page on the home screen")
    expect(button).to_be_hidden()
    phone.evaluate(
        """() => window.dispatchEvent(Object.assign(
          new Event("beforeinstallprompt", {cancelable: true}), {prompt: () => { window.wasAsked = true; }}))"""
    )
    button.click()
    expect(button).to_be_hidden()
    assert phone.evaluate("window.wasAsked") is True
    assert (wrong, phone.evaluate(HERE)) == ([], [])

"""The page On site in a real browser, at a real gateway's GATT service: with no network anywhere, staff bring the light back."""

import os
import re

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from playwright.sync_api import expect

from prewatt.kernel.entries import OnSite
from prewatt.kernel.orders import Restore
from prewatt.kernel.units import DAY, NANO
from prewatt.server.accounts.memberships import put_member
from prewatt.server.accounts.rights import Role
from prewatt.server.core import time
from prewatt.server.core.home_secrets import signing_key
from prewatt.server.estate.models import Organisation, Property, Unit
from prewatt.server.metering.models import Meter, OnSiteRules, RevocationList, StaffGrant
from prewatt.server.metering.phones import set_rules
from prewatt.server.metering.revoking import revoke
from prewatt.server.vending.models import Command
from prewatt.tokens import BaseDate, CurrencyCredit, cipher, encode, tid_at
from prewatt.wire import topics
from prewatt.wire.messages import Orders, Revoked, SignedCommand, Span, Upload
from prewatt.wire.signing import SigningKey, seal
from tests.building import PASSWORD, FixedClock, set_up
from tests.edge.running import KEY, VENDING, agent, journal
from tests.enrolling import enrol
from tests.gateway import take
from tests.server.accounts.landlords import person
from tests.system.bluetooth_air import Air

# The browser's driver runs a loop in this thread; the database is used beside it, never within it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
LOOK = os.environ.get("LOOK")


@pytest.fixture
def air():
    made = Air()
    yield made
    made.close()


class Building:
    """A building whose gateway is enrolled and has its meter's tariff, and then no network any more."""

    def __init__(self, shell, site, air):
        self.shell, self.site, self.air = shell, site, air
        self.property, self.server = Property.objects.get(), None
        self.sent = 0

    def orders(self):
        """What the server has ordered until now reaches the gateway."""
        commands = Command.objects.filter(meter__name="m1").order_by("number")
        self.tell(Orders("g1", tuple(SignedCommand(bytes(each.body), bytes(each.signature)) for each in commands)))

    def tell(self, message):
        frame = seal(self.server, message)
        shell = self.shell
        self.site._thread.ask(lambda: shell._do(shell.agent.on_frame(shell.moment(), frame)))

    def comes_up(self, store):
        """The network is back: the journal reaches the server."""
        shell = self.shell
        bodies = tuple(self.site._thread.ask(lambda: shell.journal.read("m1", 1, 10**6)))
        upload = Upload("g1", 99, 1, (Span("m1", 1, bodies),), (len(bodies),), b"session.")
        assert not take(store, (topics.up("g1"), seal(shell.key, upload))).refusals


@pytest.fixture
def building(transactional_db, tmp_path, air):
    made = set_up(None)
    server = signing_key(settings.CONFIG)
    key = SigningKey.generate()
    key.save(tmp_path / "gateway.key")
    enrol(made.code, key.public())
    Meter.objects.exclude(name="m1").update(archived_at=1)
    own = {"server_key": server.public().hex(), "property_id": made.property.pk, "property": "Linden 5"}
    with agent(tmp_path, ordered=False, settings=own) as (shell, site):
        building = Building(shell, site, air)
        building.server = server
        building.orders()
        building.device = air.gateway(site, key, server.public(), made.property.pk, "Linden 5")
        yield building


class Person:
    """Somebody with a phone, at its page On site."""

    def __init__(self, browser, pages, air, name, size=(390, 844), **look):
        self.context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **look)
        self.radio = air.phone(self.context, name)
        self.page, self.pages, self.errors = self.context.new_page(), pages, []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        client = Client()
        client.force_login(get_user_model().objects.get(username=name))
        session = client.cookies[settings.SESSION_COOKIE_NAME]
        self.context.add_cookies([{"name": session.key, "value": session.value, "url": pages}])
        self.page.goto(f"{pages}/on-site/")

    def prepare(self):
        self.press("begin")
        expect(self.page.locator('[data-part="kept"]')).to_be_visible()
        # The page is kept for later, too.
        self.page.evaluate("navigator.serviceWorker.ready.then(() => 1)")

    def press(self, do):
        self.page.locator(f'[data-do="{do}"]').click()

    def connect(self):
        self.press("connect")
        expect(self.page.locator('[data-part="visit"]')).to_be_visible()

    def choose(self, flat="Flat 1"):
        self.page.get_by_role("button", name=re.compile(flat)).click()

    def order(self, do, **typed):
        form = self.page.locator('[data-form="order"]')
        form.locator("[name=do]").select_option(do)
        for name, value in typed.items():
            form.locator(f"[name={name}]").fill(value)
        form.locator("button").click()

    def says(self, text):
        expect(self.page.locator('[data-field="said"] li').first).to_contain_text(text)

    def answer(self, form="order"):
        return self.page.locator(f'[data-form="{form}"] [data-field="answer"]')

    def state(self, text):
        expect(self.page.locator('[data-part="flat"] [data-field="state"]')).to_have_text(text)

    def picture(self, name):
        if LOOK:
            self.page.screenshot(path=f"{LOOK}/{name}.png", full_page=True)

    def close(self):
        self.context.close()
        assert self.errors == []


@pytest.fixture
def somebody(building, browser, pages, air):
    """Makes somebody with a role and a phone: `somebody(name, role)`."""
    made = []

    def make(name, role=Role.MANAGER, **look):
        user = person(name)
        user.set_password(PASSWORD)
        user.save()
        put_member(Organisation.objects.get(), user, role, [])
        made.append(Person(browser, pages, air, name, **look))
        return made[-1]

    yield make
    for each in made:
        each.close()


def light(building):
    return building.shell.devices._drivers["m1"].read_switch()


def code_of(building):
    credit = CurrencyCredit(tid_at(BaseDate.D2014, building.shell.moment().now), 2_000_000)
    return encode(credit, cipher(KEY.algorithm, KEY.decoder_key(VENDING)))


def test_with_no_network_anywhere_staff_bring_the_light_back_and_the_journal_says_later_who_it_was(
    building, somebody, store
):
    set_rules(OnSiteRules(property=building.property, staff_restore=True), "manager")
    kim = somebody("Kim", Role.SITE_STAFF)
    kim.picture("begin")
    kim.prepare()
    expect(kim.page.locator(".grant")).to_contain_text("Linden 5")
    expect(kim.page.locator(".grant")).to_contain_text("Restore 5.00 EUR or 12 h at most")
    assert (
        kim.page.evaluate(
            "new Promise(done => { indexedDB.open('on-site').onsuccess = event => event.target.result.transaction('on-site')"
            ".objectStore('on-site').get('key').onsuccess = found => done(found.target.result.privateKey.extractable) })"
        )
        is False
    ), "nobody can copy the key out of the phone"
    kim.picture("prepared")
    kim.context.set_offline(True)
    kim.page.reload()
    expect(kim.page.locator('[data-field="not-renewed"]')).to_contain_text("No network now")
    assert light(building) is False
    kim.connect()
    expect(kim.page.locator('[data-field="network"]')).to_have_text("has no network")
    expect(kim.page.locator('[data-field="checked"]')).to_have_text("it is this building's gateway")
    kim.choose()
    kim.state("off")
    kim.picture("chosen")
    # What is wrong is said where it was typed, and stays typed.
    kim.order("restore", reason="child is ill")
    expect(kim.answer()).to_contain_text("Type a number of hours, an amount, or both")
    kim.order("restore", amount="6,00")
    expect(kim.answer()).to_contain_text("amount is more than")
    expect(kim.page.locator("[name=reason]")).to_have_value("child is ill")
    kim.picture("refused")
    kim.order("restore", hours="2", amount="1.50")
    kim.state("on")
    kim.says("Flat 1: Done. The supply is on.")
    assert light(building) is True
    kim.picture("restored")
    # Off is asked about first.
    kim.order("open", reason="leak")
    kim.page.get_by_role("button", name="Cancel").click()
    assert light(building) is True
    kim.order("open")
    kim.page.locator("dialog[open] .danger").click()
    kim.state("off")
    kim.order("close")
    kim.state("on")
    kim.page.get_by_role("button", name="Read the state of the journal").click()
    kim.says("ends with entry")
    building.comes_up(store)
    done = [each for each in journal(building.shell) if isinstance(each, OnSite)]
    grant = StaffGrant.objects.get(revoked_at=None)
    assert {(each.by, each.grant) for each in done} == {("Kim", f"{grant.pk}")}
    assert done[0].reason == "child is ill" and isinstance(done[0].action, Restore)
    assert done[0].action.amount == 15 * NANO // 10
    kim.context.set_offline(False)
    office = Client()
    office.login(username="manager", password=PASSWORD)
    page = office.get(f"/units/{Unit.objects.get(name='Flat 1').pk}/journal/").content.decode()
    assert "Kim" in page and "child is ill" in page
    assert max(kim.radio.sizes) > 20, "packets are as large as the connection allows"


def test_a_code_is_typed_in_full_width_digits_by_whoever_has_no_right_to_order(building, somebody):
    kim = somebody("Kim", Role.SITE_STAFF)
    set_rules(OnSiteRules(property=building.property, actions=""), "manager")
    kim.prepare()
    kim.connect()
    kim.choose()
    expect(kim.page.locator('[data-form="order"]')).to_be_hidden()
    expect(kim.page.get_by_text("may not give orders here. You can still")).to_be_visible()
    code = "".join(chr(ord(sign) + 0xFEE0) for sign in code_of(building))
    field = kim.page.locator("[name=digits]")
    field.fill(code[:19])
    field.press("Enter")
    expect(kim.answer("code")).to_have_text("A code has 20 digits. You have typed 19.")
    field.fill(f"{code[:4]} {code[4:8]}-{code[8:]}")
    field.press("Enter")
    kim.says("20.00 EUR")
    kim.state("on")
    assert light(building) is True


def test_a_grant_that_was_taken_back_is_refused_in_words_and_the_next_phone_brings_the_list(building, somebody):
    kim, sam = somebody("Kim", locale="de-DE"), somebody("Sam")
    kim.prepare()
    kim.context.set_offline(True)
    kim.connect()
    kim.choose()
    # The phone is lost: in the office it is taken back, and the building has no network.
    assert revoke(StaffGrant.objects.filter(user__username="Kim"), "manager") == 1
    kim.order("close", reason="")
    assert "revoked" not in kim.page.locator('[data-field="said"]').inner_text(), "it has not heard of it"
    sam.prepare()
    sam.context.set_offline(True)
    sam.connect()
    sam.choose()
    sam.state("off")
    # Two phones are there at a time, and the second has brought the list: the first is out in the middle of its session.
    kim.order("restore", hours="1")
    expect(kim.answer()).to_contain_text("Diese Erlaubnis wurde widerrufen: bitten Sie")
    kim.press("leave")
    kim.connect()
    expect(kim.page.locator('[data-field="closed"]')).to_contain_text("Diese Erlaubnis wurde widerrufen")
    kim.picture("revoked")
    assert light(building) is False
    sam.order("restore", hours="1")
    sam.state("on")
    assert light(building) is True


def test_a_list_that_comes_by_the_network_ends_a_session_in_the_middle(building, somebody):
    kim = somebody("Kim")
    kim.prepare()
    kim.connect()
    kim.choose()
    revoke(StaffGrant.objects.filter(user__username="Kim"), "manager")
    made = RevocationList.objects.get()
    building.tell(Revoked("g1", bytes(made.body), bytes(made.signature)))
    kim.order("restore", hours="1")
    expect(kim.answer()).to_contain_text("This grant is revoked")
    # Taken back is the phone's grant, not its owner's right: online it gets another one.
    kim.press("leave")
    kim.press("renew")
    kim.connect()
    kim.choose()
    kim.order("restore", hours="1")
    kim.state("on")


def test_an_expired_grant_says_so_before_and_at_the_gateway(building, somebody, monkeypatch):
    kim = somebody("Kim")
    # The phone was online eight days ago for the last time.
    monkeypatch.setattr(time, "clock", lambda: FixedClock(building.shell.moment().now - 8 * DAY))
    kim.prepare()
    kim.context.set_offline(True)
    expect(kim.page.locator('.grant [data-field="holds"]')).to_contain_text("Expired on")
    kim.connect()
    expect(kim.page.locator('[data-field="closed"]')).to_contain_text("The grant has expired: ask for a new one.")
    kim.choose()
    expect(kim.page.locator('[data-form="order"]')).to_be_hidden()
    expect(kim.page.locator('[data-form="code"]')).to_be_visible()


def test_a_gateway_with_another_key_is_not_believed(building, somebody, air):
    kim = somebody("Kim")
    kim.prepare()
    air.leave(building.device)
    # It says that it is this building's gateway, and has its meters, but not its key.
    air.gateway(building.site, SigningKey.generate(), building.server.public(), building.property.pk, "Linden 5")
    kim.press("connect")
    kim.says("has not signed its answer with the key of the building's gateway")
    expect(kim.page.locator('[data-part="visit"]')).to_be_hidden()
    expect(kim.page.locator('[data-do="connect"]')).to_be_enabled()


def test_a_connection_that_breaks_before_the_answer_leaves_open_whether_it_was_done(building, somebody):
    kim = somebody("Kim")
    kim.prepare()
    kim.connect()
    kim.choose()
    # Of the order its status, which tells the time, still comes.
    kim.radio.tear = 1
    kim.order("restore", hours="1", reason="dark")
    kim.says("The connection broke before the answer came. The order or code may have worked or not")
    expect(kim.page.locator('[data-do="connect"]')).to_be_visible()
    kim.picture("torn")
    kim.connect()
    kim.choose()
    kim.state("on")
    assert len([each for each in journal(building.shell) if isinstance(each, OnSite)]) == 1


def test_who_logs_out_or_comes_after_somebody_else_leaves_and_finds_nothing_on_the_phone(building, somebody):
    kim = somebody("Kim")
    kim.prepare()
    mine = "[localStorage.getItem('on-site'), navigator.serviceWorker.controller !== undefined]"
    assert kim.page.evaluate(mine)[0]
    kim.page.get_by_text("Menu").click()
    kim.page.locator(".menu form[data-log-out] button").click()
    kim.page.wait_for_url("**/login/**")
    assert kim.page.evaluate("localStorage.getItem('on-site')") is None
    assert kim.page.evaluate("caches.keys().then(names => names.filter(name => name.startsWith('on-site-')))") == []
    kim.context.set_offline(True)
    kim.page.goto("about:blank")
    with pytest.raises(Exception, match=r"ERR_INTERNET_DISCONNECTED|ERR_FAILED"):
        kim.page.goto(f"{kim.pages}/on-site/")

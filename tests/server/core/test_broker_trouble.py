"""The real broker after a full disk, without its store, and when it hangs; and what one gateway's password can do to others."""

import contextlib
import json
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from itertools import pairwise

import msgspec
import pytest
from django.db import connection

from prewatt.processes.serve import Broker, _enrolled
from prewatt.processes.supervisor import Supervisor
from prewatt.server.core import broker as settings
from prewatt.server.core.broker import HEADEND_USER
from prewatt.server.core.broker_tls import address_for
from prewatt.server.core.config import load_config
from prewatt.server.core.home_secrets import broker_password
from prewatt.server.core.probe import Probe
from prewatt.sim.line import Line
from prewatt.wire import topics
from prewatt.wire.link import Connected, Disconnected, Link, Received
from prewatt.wire.signing import SigningKey
from tests.building import set_up
from tests.enrolling import enrol
from tests.ports import free_port

PATIENCE = 180.0
GATES = {"gate-a": "gate-a", "gate-b": "gate-b"}


class Running:
    """A broker that is looked after, as `prewatt server` does it."""

    def __init__(self, home, enrolled=lambda: GATES, **settings):
        at = f"127.0.0.1:{free_port()}"
        self.config = load_config({"PREWATT_HOME": str(home), "PREWATT_MQTT": at, **settings})
        self.supervisor = Supervisor(home / "run")
        self.broker = Broker(self.config, self.supervisor, enrolled)
        self.child = self.supervisor.children["broker"]
        self.store = self.broker._store
        self.links = []
        self.looks_until(self.broker.answers)

    def looks_until(self, what):
        deadline = time.monotonic() + PATIENCE
        while not what():
            assert time.monotonic() < deadline, self.child.last_words()
            self.supervisor.look_after()
            time.sleep(0.01)

    def address(self, user, port=None):
        address = address_for(self.config, user, 0.2)
        return msgspec.structs.replace(address, port=port or address.port)

    def link(self, user, *listens, name="", port=None):
        made = Link(self.address(user, port), name or f"prewatt-{user}", list(listens))
        self.links.append(made)
        made.start()
        return made

    def both(self):
        """The links of gate-a and of the head-end, named as theirs are."""
        gate = self.link("gate-a", topics.down("gate-a"))
        headend = self.link(HEADEND_USER, "pw/1/+/+/up", name="prewatt-headend-0")
        self.looks_until(lambda: gate.connected and headend.connected)
        return gate, headend

    def carries(self, gate, headend, said=b"said"):
        """Wait until what a gateway says reaches the head-end, however often it must be said."""

        def heard():
            gate.publish(topics.up("gate-a"), said)
            return any(isinstance(event, Received) and event.payload == said for event in headend.drain(0.1, 1000))

        self.looks_until(heard)

    def pid(self):
        return self.child._process.pid

    def stop(self):
        for link in self.links:
            link.stop()
        self.supervisor.stop()


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """What takes seconds there takes tenths here."""
    monkeypatch.setattr(Probe, "EVERY", 0.3)
    monkeypatch.setattr(Probe, "PATIENCE", 1.0)
    monkeypatch.setattr(Probe, "PAUSE_FIRST", 1.0)
    monkeypatch.setattr(Probe, "PAUSE_LONGEST", 3.0)


@pytest.fixture
def running(tmp_path):
    made = Running(tmp_path / "home")
    yield made
    made.stop()


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 40 MB of its own."""
    where = tmp_path / "disk"
    where.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", where], capture_output=True
    )
    if not mounted or mounted.returncode:
        pytest.skip("no small disk can be mounted here (it takes root)")
    yield where
    subprocess.run(["umount", "-l", where], check=True)


def fill(disk):
    """Leave no byte."""
    with (disk / "filling").open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * size)


@pytest.mark.parametrize("memory", [True, False], ids=["in-memory", "beside"])
def test_a_disk_that_was_full_keeps_no_gateway_off(small_disk, monkeypatch, memory):
    if not memory:
        monkeypatch.setattr(settings, "MEMORY", small_disk / "nowhere")
    running = Running(small_disk / "home")
    if running.store.is_relative_to(small_disk) == memory:
        running.stop()
        pytest.skip(f"too little room in {settings.MEMORY}")
    try:
        gate, headend = running.both()
        running.carries(gate, headend)
        # What is written at each start must find no room by being there already.
        (small_disk / "home" / "run" / "broker.pid").unlink()
        fill(small_disk)
        gate.stop()
        if memory:
            # The full disk is none of its business: also when it must be started again meanwhile.
            os.kill(running.pid(), signal.SIGKILL)
            running.looks_until(lambda: running.child.restarts)
            running.carries(running.link("gate-a", topics.down("gate-a")), headend)
            assert running.child.restarts == 1
        else:
            # It finds the fault by itself, so it will find that it is mended.
            running.looks_until(lambda: running.child.restarts)
        (small_disk / "filling").unlink()
        running.carries(running.link("gate-a", topics.down("gate-a")), headend)
    finally:
        running.stop()


def test_a_broker_whose_store_was_wiped_is_started_anew(running, caplog):
    gate, headend = running.both()
    running.carries(gate, headend)
    shutil.rmtree(running.store)
    running.looks_until(lambda: running.child.restarts)
    running.carries(gate, headend)
    running.looks_until(lambda: "gateways can connect to the broker again" in caplog.text)
    assert "no gateway can connect to the broker, although it runs" in caplog.text
    assert running.store.stat().st_mode & 0o077 == 0


def test_what_was_stored_is_gone_with_the_broker(running):
    assert any(running.store.iterdir())
    left = running.store / "left over"
    left.touch()
    os.kill(running.pid(), signal.SIGKILL)
    running.looks_until(lambda: running.child.restarts)
    assert not left.exists()
    running.supervisor.stop()
    assert not running.store.exists()


def test_a_broker_that_hangs_is_started_anew(running):
    gate, headend = running.both()
    os.kill(running.pid(), signal.SIGSTOP)
    running.looks_until(lambda: running.child.restarts)
    running.carries(gate, headend)


def test_a_broker_that_stays_of_no_use_is_started_anew_more_and_more_seldom(running, monkeypatch, caplog):
    monkeypatch.setattr(Probe, "PATIENCE", 0.2)
    monkeypatch.setattr(Probe, "PAUSE_FIRST", 0.5)
    monkeypatch.setattr(Probe, "PAUSE_LONGEST", 1.5)
    running.child._command = ["sleep", "600"]
    os.kill(running.pid(), signal.SIGKILL)
    running.looks_until(lambda: running.child.restarts == 6)
    said = [record.created for record in caplog.records if "It is started again" in record.getMessage()]
    apart = [later - earlier for earlier, later in pairwise(said)]
    # No sooner than its pauses say; how much later is the machine's business.
    assert all(gap > pause - 0.1 for gap, pause in zip(apart, (0.5, 1.0, 1.5, 1.5), strict=True)), apart


def test_one_gateways_password_holds_nobody_off(running):
    gate, headend = running.both()
    guesses = [
        name
        for known in (gate, headend)
        for name in (
            known._name,
            f"{known._name}-",
            f"{known._name}-{os.getpid()}",
            known._name.removeprefix("prewatt-"),
        )
    ]
    # A broker that is still clearing the last one of an id away may refuse the next.
    assert {guess for _ in range(5) for guess in guesses if connects(running, guess)} == set(guesses)
    running.carries(gate, headend)
    assert not [event for event in gate.drain(0, 1000) if isinstance(event, Disconnected)]
    # One whose id was learned is closed once, and is back under another.
    learned, events = gate._client._client_id.decode(), []
    assert connects(running, learned)

    def back():
        events.extend(type(event) for event in gate.drain(0, 100))
        return events[-2:] == [Disconnected, Connected]

    running.looks_until(back)
    assert True in [connects(running, learned) for _ in range(5)]
    running.carries(gate, headend, b"still there")
    assert not [event for event in gate.drain(0, 1000) if isinstance(event, Disconnected)]
    assert headend.connected


def connects(running, client_id, user="gate-b"):
    """Whether a user's password and this client id are let in: MQTT's CONNECT, and what comes back."""

    def text(value):
        return len(value).to_bytes(2, "big") + value.encode()

    rest = text("MQTT") + bytes([4, 0xC2, 0, 20]) + text(client_id) + text(user)
    rest += text(broker_password(running.config, user))
    assert len(rest) < 16_384
    packet = bytes([0x10, len(rest) % 128 | 0x80, len(rest) // 128]) + rest
    address = running.address(user)
    with (
        socket.create_connection(("127.0.0.1", address.port), timeout=PATIENCE) as plain,
        address.tls_context().wrap_socket(plain, server_hostname="127.0.0.1") as made,
    ):
        made.sendall(packet)
        with contextlib.suppress(ConnectionError):
            return made.recv(4) == bytes([0x20, 2, 0, 0])
    return False


def test_a_gateways_password_is_of_no_use_at_the_port_that_is_not_mqtts(running):
    running.looks_until(lambda: "client connections on" in running.child.last_words(1000))
    port = int(re.search(r"client connections on 127\.0\.0\.1:(\d+)", running.child.last_words(1000))[1])
    word = json.dumps({"user": "gate-b", "pass": broker_password(running.config, "gate-b"), "verbose": True})
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as made, made.makefile("rwb") as stream:
        assert stream.readline().startswith(b"INFO")
        stream.write(f"CONNECT {word}\r\n".encode())
        stream.flush()
        assert b"Authorization Violation" in stream.readline()


def test_a_link_that_does_not_hold_is_said_once(running, caplog, monkeypatch):
    line = Line(running.config.mqtt.port)
    gate = running.link("gate-a", topics.down("gate-a"), port=line.port)

    def flap(times):
        for _ in range(times):
            running.looks_until(lambda: gate.connected)
            line.cut()
            running.looks_until(lambda: not gate.connected)
            line.mend()
        running.looks_until(lambda: gate.connected)

    def said():
        return [record.getMessage() for record in caplog.records if record.name == "prewatt.link"]

    with caplog.at_level(logging.WARNING):
        flap(Link.FLAPS - 1)
        assert said() == []
        flap(Link.FLAPS)
        assert len(said()) == 1
        assert "prewatt-gate-a: the connection to the broker at 127.0.0.1" in said()[0]
        monkeypatch.setattr(Link, "STEADY", 0.0)
        flap(1)
        monkeypatch.undo()
        flap(Link.FLAPS)
        assert len(said()) == 2


def test_who_is_enrolled_while_nothing_can_be_read_or_written_is_known_later(tmp_path, transactional_db, clock, caplog):
    building = set_up(clock)
    running = Running(tmp_path / "home", _enrolled)

    def refresh():
        for _ in range(3):
            running.broker.refresh()
        return caplog.text.count("which gateways are enrolled; trying again")

    try:
        assert not connects(running, "any", "g1")
        enrol(building.code, SigningKey.generate().public())
        hindrance = running.config.home / "broker" / "nats.new"
        hindrance.mkdir()
        assert refresh() == 1
        hindrance.rmdir()
        rename("metering_gateway", "elsewhere")
        try:
            assert refresh() == 2
        finally:
            rename("elsewhere", "metering_gateway")
        assert refresh() == 2
        running.looks_until(lambda: connects(running, "any", "g1"))
    finally:
        running.stop()


def rename(table, name):
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {name}")

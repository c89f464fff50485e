"""A gateway of 250 meters on ten lines: what its agent takes of a core and of the memory, beside a program that asks the same
meters as often, by the same drivers, and has no rules, no journal and no server.

Each meter is read once a minute, and each tenth has a limit of power, so that it is read every second. The meters speak
DL/T 645 and are played by a process of their own, over TCP; the lines take no time. Broker and agent are processes, too. A
server is played here: it gives the orders and acknowledges what comes. Memory is what the kernel counts as resident.

    python -m bench.edge [SECONDS]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.ports import free_port
from tests.system.running import wait_for

from prewatt.clock import SystemClock
from prewatt.edge.devices import Devices, Question, open_drivers
from prewatt.edge.driver_settings import read_section
from prewatt.edge.settings import EdgeSettings, MeterSettings, load_settings, write_settings
from prewatt.kernel.entries import ChangeSettings, Command, GrantCredit, SetTariff, chain, genesis
from prewatt.kernel.settings import Settings
from prewatt.kernel.supply import PowerLimit
from prewatt.kernel.tariff import flat_tariff
from prewatt.kernel.units import NANO
from prewatt.server.core.broker import nats_server
from prewatt.wire import topics
from prewatt.wire.link import BrokerAddress, Link, Received
from prewatt.wire.messages import Head, Orders, Receipt, Status, Upload
from prewatt.wire.signing import SigningKey, VerifyKey, open_upward, seal, sign_command

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdecimal() else 120.0
METERS, LINES, WATCHED = 250, 10, 10
"""One in `WATCHED` meters has a limit of power."""
ROUND_S, WATCH_S = 60, 1
CPU_MOST, MEMORY_MOST = 15.0, 80.0
"""Percent of a core, MB."""
TICK = os.sysconf("SC_CLK_TCK")
NAMES = [f"{number:012d}" for number in range(1, METERS + 1)]
BARE = "bare"


def is_watched(name: str) -> bool:
    """Whether a meter has a limit of power: on each line it is others."""
    place, line = divmod(int(name) - 1, LINES)
    return place % WATCHED == line


class PlayedServer:
    """What the head-end does, in short: it acknowledges. `heads`: what it has got of each journal."""

    def __init__(self, broker: BrokerAddress, key: SigningKey, gateway: VerifyKey) -> None:
        self._key, self._gateway = key, gateway
        self.heads = {name: Head(name, 0, genesis(name)) for name in NAMES}
        self._ordered = False
        self._link = Link(broker, "server", [topics.up("g1")])
        self._link.start()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            for event in self._link.drain(1.0, 100):
                if isinstance(event, Received):
                    self._answer(open_upward(self._gateway, event.payload))

    def _answer(self, message: Any) -> None:
        if isinstance(message, Upload):
            for span in message.spans:
                head = self.heads[span.meter]
                if span.first == head.seq + 1:
                    for body in span.bodies:
                        head = Head(span.meter, head.seq + 1, chain(head.hash, body))
                    self.heads[span.meter] = head
            heads = tuple(self.heads[span.meter] for span in message.spans)
        elif isinstance(message, Status):
            heads = tuple(self.heads.values()) if message.fresh else ()
        else:
            return
        now = SystemClock().now()
        answer = Receipt("g1", heads, message.epoch, message.number, now, message.session)
        self._link.publish(topics.down("g1"), seal(self._key, answer))
        if not self._ordered:
            self._ordered = True
            for name in NAMES:
                self._link.publish(topics.down("g1"), seal(self._key, self._orders(name, now)))

    def _orders(self, name: str, now: int) -> Orders:
        power = PowerLimit((60_000,)) if is_watched(name) else PowerLimit()
        orders = (
            SetTariff(0, flat_tariff("flat", "EUR", "Europe/Berlin", 300_000)),
            ChangeSettings(Settings(power=power)),
            GrantCredit(f"top-up-{name}", 1_000 * NANO),
        )
        commands = (Command(name, number, now, order) for number, order in enumerate(orders, 1))
        return Orders("g1", tuple(sign_command(self._key, command) for command in commands))


@contextmanager
def process(*words: str, **more: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the end of the block."""
    running = subprocess.Popen(words, **more)
    try:
        yield running
    finally:
        running.terminate()
        running.wait(30)


@contextmanager
def broker(folder: Path) -> Iterator[BrokerAddress]:
    """Run a broker that lets everybody in."""
    port = free_port()
    (folder / "nats.conf").write_text(
        f'port: {free_port()}\nserver_name: "bench"\njetstream {{ store_dir: "{folder}/store" }}\n'
        f"mqtt {{ host: 127.0.0.1, port: {port} }}\n"
    )
    with process(nats_server(), "-c", str(folder / "nats.conf"), stderr=subprocess.DEVNULL):
        yield BrokerAddress("127.0.0.1", port, "g1")


@contextmanager
def house(folder: Path) -> Iterator[dict[str, str]]:
    """Play the meters, and yield the port of each line."""
    (folder / "load.csv").write_text(
        "meter,timestamp,kwh\nflat,2024-01-01T00:00:00Z,0.5\nflat,2024-01-01T01:00:00Z,0.4\n"
    )
    hung = [{"recording": "flat", "serial": name, "model": "dlt645-2007", "address": name} for name in NAMES]
    plan = {
        "data": str(folder / "load.csv"),
        "zone": "UTC",
        "memory": str(folder / "memory"),
        "ports": str(folder / "ports.json"),
        "lines": [{"name": f"line{line}", "kind": "tcp", "meters": hung[line::LINES]} for line in range(LINES)],
    }
    (folder / "house.json").write_text(json.dumps(plan))
    with process(sys.executable, "-m", "prewatt.sim.meters", str(folder / "house.json")):
        wait_for((folder / "ports.json").exists)
        yield json.loads((folder / "ports.json").read_text())


def settings_of(folder: Path, address: BrokerAddress, server: SigningKey, ports: dict[str, str]) -> EdgeSettings:
    """Write the gateway's key and settings."""
    SigningKey.generate().save(folder / "gateway.key")
    section = {
        "buses": {name: {"port": port, "line": "9600 8E1"} for name, port in ports.items()},
        "meters": {
            name: {"bus": f"line{number % LINES}", "model": "dlt645-2007", "address": name}
            for number, name in enumerate(NAMES)
        },
    }
    settings = EdgeSettings(
        gateway="g1",
        key=str(folder / "gateway.key"),
        server_key=server.public().hex(),
        journal=str(folder / "journal.sqlite3"),
        broker=address,
        meters=tuple(MeterSettings(name, "bus") for name in NAMES),
        reading_interval_s=ROUND_S,
        poll_shortest_s=WATCH_S,
        drivers={"bus": read_section("bus", section, folder)},
    )
    write_settings(folder / "edge.toml", settings)
    return settings


def measured(number: int) -> tuple[float, float]:
    """Return what a process takes within `SECONDS`: percent of a core, and MB at the end. Raises OSError if it has ended."""
    before, begin = _ticks(number), time.monotonic()
    time.sleep(SECONDS)
    share = (_ticks(number) - before) / TICK / (time.monotonic() - begin) * 100
    lines = Path(f"/proc/{number}/status").read_text().splitlines()
    return share, next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def _ticks(number: int) -> int:
    fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    if fields[0] == "Z":
        raise ProcessLookupError(f"process {number} has ended")
    return int(fields[11]) + int(fields[12])


def ask_alone(config: Path) -> None:
    """Ask the meters as often as the agent does, a thread a line, and do nothing with what they say."""
    # A line that is no longer asked would make the figure too good.
    threading.excepthook = lambda fault: (print(fault.exc_value, file=sys.stderr), os._exit(1))[0]
    devices = Devices(open_drivers(load_settings(config), SystemClock().now))
    lines = [NAMES[line::LINES] for line in range(LINES)]
    for names in lines:
        threading.Thread(target=_ask_line, args=(devices, names), daemon=True).start()
    threading.Event().wait()


def _ask_line(devices: Devices, names: list[str]) -> None:
    due = dict.fromkeys(names, time.monotonic())
    while True:
        name = min(due, key=lambda each: due[each])
        time.sleep(max(due[name] - time.monotonic(), 0.0))
        due[name] = max(due[name] + (WATCH_S if is_watched(name) else ROUND_S), time.monotonic())
        seen = devices.read(Question(name, name, power=is_watched(name)))
        if isinstance(seen, str):
            raise OSError(f"{name}: {seen}")


def main() -> None:
    with tempfile.TemporaryDirectory() as made:
        folder, key = Path(made), SigningKey.generate()
        with broker(folder) as address, house(folder) as ports:
            settings = settings_of(folder, address, key, ports)
            gateway = SigningKey.load(Path(settings.key))
            config = str(folder / "edge.toml")
            server = PlayedServer(address, key, VerifyKey(gateway.public()))
            words = (sys.executable, "-m", "prewatt", "edge", "run", "--config", config)
            with (folder / "log").open("w") as log, process(*words, stderr=log) as agent:
                # The orders, and a reading after them.
                wait_for(lambda: all(head.seq >= 4 for head in server.heads.values()), 0.2)
                before = sum(head.seq for head in server.heads.values())
                share, memory = measured(agent.pid)
                entries = sum(head.seq for head in server.heads.values()) - before
            if faults := [line for line in (folder / "log").read_text().splitlines() if " ERROR " in line]:
                raise SystemExit(f"the agent has not read all meters: {faults[0]}")
            with process(sys.executable, "-m", "bench.edge", BARE, config) as bare:
                time.sleep(ROUND_S / 4)
                bare_share, bare_memory = measured(bare.pid)
    watched = sum(map(is_watched, NAMES))
    print(f"{METERS} meters each minute, {watched} of them each second; {entries} entries in {SECONDS:.0f} s")
    print(f"{'percent of a core':<42} {share:>8.1f}   limit: {CPU_MOST:.0f}   the same reads alone {bare_share:>8.1f}")
    print(f"{'memory, MB':<42} {memory:>8.1f}   limit: {MEMORY_MOST:.0f}   the same reads alone {bare_memory:>8.1f}")


if __name__ == "__main__":
    if sys.argv[1:2] == [BARE]:
        ask_alone(Path(sys.argv[2]))
    else:
        main()

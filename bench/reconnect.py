"""From the return of the network to the movement of the switch that a queued command orders, beside the bare reconnect of
an MQTT client on the same line in the same run.

A server with its broker, head-end and pages, and a gateway's agent, each a process of its own. The line between them is
cut, a command is queued, the line is mended: the clock runs from then until the meter's own memory says that the switch
has moved. A client of the same library and the same settings as the agent's, which does nothing else, is timed beside.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from tests.ports import free_port
from tests.system.running import wait_for as wait_long_for

from prewatt.edge.drivers.recorded import RecordedSettings
from prewatt.edge.enrol import enrol
from prewatt.edge.settings import write_settings
from prewatt.kernel.orders import Close, Open
from prewatt.kernel.tariff import flat_tariff
from prewatt.kernel.units import NANO
from prewatt.processes.database import setup_django
from prewatt.processes.serve import Server, open_pages
from prewatt.processes.supervisor import Supervisor, python
from prewatt.sim.line import Line
from prewatt.wire.link import Connected, Link
from prewatt.wire.topics import down

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 60
RETRY_LONGEST = 1.0
"""Longest pause between attempts to connect, of both clients: an agent's own setting is 15 s."""
CUT = 1.5
"""Seconds that the line stays cut: time enough for both to be at their longest pause."""
PATIENCE = 30.0


def wait_for(what: Callable[[], bool]) -> None:
    wait_long_for(what, 0.0005)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        os.environ |= {
            "PREWATT_HOME": folder,
            "PREWATT_HTTP": f"127.0.0.1:{free_port()}",
            "PREWATT_MQTT": f"127.0.0.1:{free_port()}",
        }
        setup_django()
        supervisor = Supervisor(home / "run")
        try:
            run(home, supervisor)
        finally:
            supervisor.stop()


def run(home: Path, supervisor: Supervisor) -> None:
    from django.conf import settings

    from prewatt.server.commissioning.setup import Apartment, BuildingPlan, set_up_building
    from prewatt.server.core.broker_tls import address_for
    from prewatt.server.estate.models import Tenancy
    from prewatt.server.metering.models import Meter
    from prewatt.server.sales.top_ups import top_up
    from prewatt.server.vending.controls import control
    from prewatt.server.vending.models import OPEN, Command

    config = settings.CONFIG
    building = set_up_building(
        BuildingPlan(
            organisation="Bench",
            name="Bench",
            zone="Europe/Berlin",
            currency="EUR",
            gateway="bench",
            manager="bench",
            tariff=flat_tariff("flat", "EUR", "Europe/Berlin", 200_000),
            apartments=[Apartment("Flat", "m1", "Ann")],
        )
    )
    top_up(Tenancy.objects.get(), 1000 * NANO, "bench")
    server = Server(config, supervisor, open_pages(config.http))
    server.wait_until_up()
    begin = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    rows = [f"m1,{(begin + timedelta(minutes=30) * number).isoformat()},0.5" for number in range(48)]
    data = home / "load.csv"
    data.write_text("\n".join(["meter,timestamp,kwh", *rows]) + "\n")
    edge, line = home / "edge", Line(config.mqtt.port)
    address = f"http://{config.http.host}:{config.http.port}"
    agent = enrol(address, building.code, edge, {"recorded": RecordedSettings(data, "UTC", edge / "meters")})
    # The bare client has a user of its own, whom the broker knows like any gateway.
    other = set_up_building(
        BuildingPlan(
            organisation="Bench",
            name="Bare",
            zone="Europe/Berlin",
            currency="EUR",
            gateway="bare",
            manager="bench",
            tariff=flat_tariff("flat", "EUR", "Europe/Berlin", 200_000),
            apartments=[Apartment("Flat", "m2", "")],
        )
    )
    enrol(address, other.code, home / "bare", {"recorded": RecordedSettings(data, "UTC", home / "bare" / "meters")})
    server.refresh_broker()
    broker = msgspec.structs.replace(agent.broker, port=line.port, retry_longest_s=RETRY_LONGEST)
    write_settings(edge / "edge.toml", msgspec.structs.replace(agent, broker=broker))
    supervisor.add("agent", python("edge", "run", "--config", str(edge / "edge.toml")))
    reached = msgspec.structs.replace(address_for(config, "bare", RETRY_LONGEST), port=line.port)
    bare = Link(reached, "bare", [down("bare")])
    bare.start()
    meter = Meter.objects.get(name="m1")
    memory = edge / "meters" / "m1.json"

    def closed() -> bool:
        return bool(json.loads(memory.read_text())["closed"]) if memory.exists() else False

    wait_for(lambda: bare.connected and not Command.objects.filter(meter=meter, state__in=OPEN).exists() and closed())
    before = Command.objects.filter(meter=meter, state=Command.State.APPLIED).count()
    moved, bare_back = [], []
    for number in range(ROUNDS):
        wanted = bool(number % 2)
        line.cut()
        wait_for(lambda: not bare.connected)
        control(meter, Close() if wanted else Open(), "bench", "bench")
        time.sleep(CUT)
        while not bare.inbox.empty():
            bare.inbox.get_nowait()
        assert closed() != wanted
        assert not bare.connected
        began = time.monotonic()
        line.mend()
        back = 0.0
        while closed() != wanted or not back:
            for event in bare.drain(0, 10):
                if isinstance(event, Connected):
                    back = time.monotonic() - began
            if closed() == wanted and len(moved) == number:
                moved.append(time.monotonic() - began)
            if time.monotonic() - began > PATIENCE:
                raise TimeoutError
            time.sleep(0.0005)
        if len(moved) == number:
            moved.append(time.monotonic() - began)
        bare_back.append(back)
        wait_for(lambda: not Command.objects.filter(meter=meter, state__in=OPEN).exists())
    bare.stop()
    ordered = Command.objects.filter(meter=meter, state=Command.State.APPLIED).count() - before
    assert ordered == len(moved) == len(bare_back) == ROUNDS
    print(f"{ROUNDS} outages of {CUT} s, pauses between attempts to connect of up to {RETRY_LONGEST} s (seconds):")
    print(f"{'':48}  {'p50':>6}  {'p99':>6}")
    for name, times in (
        ("network back to switch moved by a queued command", moved),
        ("network back to bare MQTT client connected", bare_back),
    ):
        cuts = statistics.quantiles(times, n=100, method="inclusive")
        print(f"{name:48}  {statistics.median(times):6.3f}  {cuts[98]:6.3f}")


if __name__ == "__main__":
    main()

"""Fifty tenants look at their pages: from a change at a meter until its page shows it, beside what a bare reader, a bare broker,
a bare database and a bare page of the same two intervals would take; and what the looking costs gateway and server.

Server, broker, head-end and the gateway's agent are processes of their own. Each meter draws another power every 63
seconds, from an instant of its own on; the pages' streams are read as a browser does. The clock
runs from the instant at which the recording changes until a stream brings the other power.
"""

from __future__ import annotations

import http.client
import os
import random
import re
import statistics
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from tests.system.running import Running, running, wait_for

from bench.payment import Floor
from prewatt.kernel.units import NANO

METERS = 50
SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 180.0
READ, LOOK = 2.0, 1.0
"""Seconds between two readings of a meter that is looked at, and between two looks of the streams."""
GATEWAY_MOST, SERVER_MOST = 15.0, 10.0
"""Percent of a core."""
TICK = os.sysconf("SC_CLK_TCK")


class Stepping(Running):
    """A building whose meters draw 0.6 and 1.8 kW in turn. `changes`: by meter, the instants at which that changes."""

    changes: dict[str, list[float]]

    def load(self, names, begin):  # type: ignore[no-untyped-def]
        rows, self.changes = [], {}
        for name in names:
            # No multiple of the intervals that are measured: each change comes at another part of them.
            first = begin + timedelta(hours=1, microseconds=random.randrange(63 * 10**6))
            moments = [first + timedelta(seconds=63) * number for number in range(120)]
            self.changes[name] = [each.timestamp() for each in moments]
            rows += [f"{name},{each.isoformat()},{0.0315 if nth % 2 else 0.0105}" for nth, each in enumerate(moments)]
        return rows


class Page:
    """A tenant's open page: its stream, read as a browser does. `sizes`: bytes that came."""

    def __init__(self, made: Running, cookie: str, meter: str) -> None:
        self.meter = meter
        self._where = (made.config.http.host, made.config.http.port)
        self._headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"}
        self.power, self.changes, self.told, self.sizes = "", list[float](), 0, 0

    def follow(self, stop: threading.Event) -> None:
        """Read the stream until `stop`."""
        connection = http.client.HTTPConnection(*self._where, timeout=30)
        connection.request("GET", "/me/", headers=self._headers)
        text = connection.getresponse().read().decode()
        found = re.search(r'data-stream="([^"]+)"', text)
        assert found, "the page has no stream"
        connection.request("GET", found[1], headers=self._headers)
        answer = connection.getresponse()
        while not stop.is_set() and (line := answer.readline().decode()):
            self.sizes += len(line)
            self.told += line.startswith("event")
            if (found := re.search(r"<b>([0-9.]+)&nbsp;kW</b>", line)) and found[1] != self.power:
                self.power = found[1]
                self.changes.append(time.time())
        connection.close()


def main() -> None:
    with running(METERS, kind=Stepping) as made:
        run(made)


def run(made: Stepping) -> None:
    from django.test import Client

    from prewatt.server.estate.models import Tenancy
    from prewatt.server.sales.top_ups import top_up
    from prewatt.server.vending.models import OPEN, Command

    pages = []
    for tenancy in Tenancy.objects.select_related("unit__property__organisation"):
        top_up(tenancy, 50 * NANO, f"first of {tenancy.pk}")
        client = Client()
        client.force_login(tenancy.people.get())
        pages.append(Page(made, client.cookies[settings.SESSION_COOKIE_NAME].value, tenancy.unit.meter.name))
    wait_for(lambda: not Command.objects.filter(state__in=OPEN).exists())
    floor = Floor(made)
    idle = costs(made, 20.0)
    stop = threading.Event()

    with ThreadPoolExecutor(METERS) as threads:
        for page in pages:
            threads.submit(page.follow, stop)
        wait_for(lambda: all(page.power for page in pages))
        for page in pages:
            page.changes.clear()
        for _ in range(50):
            floor.measure()
        looked = costs(made, SECONDS)
        stop.set()
    floor.stop()
    delays = [
        at - max(change for change in made.changes[page.meter] if change <= at) for page in pages for at in page.changes
    ]
    assert len(delays) > METERS, "hardly a change was seen"
    report(delays, floor, idle, looked, pages)


def costs(made: Running, seconds: float) -> dict[str, float]:
    """Percent of a core that each process takes for some seconds."""

    def used() -> dict[str, float]:
        found = {}
        for file in (made.home / "run").glob("*.pid"):
            fields = Path(f"/proc/{file.read_text().strip()}/stat").read_text().rpartition(")")[2].split()
            found[file.stem] = (int(fields[11]) + int(fields[12])) / TICK
        return found

    before, began = used(), time.monotonic()
    time.sleep(seconds)
    after, took = used(), time.monotonic() - began
    return {name: 100 * (after[name] - before[name]) / took for name in after}


def report(
    delays: list[float], floor: Floor, idle: dict[str, float], looked: dict[str, float], pages: list[Page]
) -> None:
    figures = next(iter(floor.figures().values()))
    least = [
        random.uniform(0, READ) + random.uniform(0, LOOK) + random.choice(figures) for _ in range(10 * len(delays))
    ]
    print(f"{METERS} pages look at {METERS} meters, {len(delays)} changes of power (seconds):")
    print(f"{'':60}  {'p50':>6}  {'p99':>6}")
    for name, times in (
        ("power changed at the meter to its tenant's page", delays),
        (f"limit: readings of {READ:.0f} s, looks of {LOOK:.0f} s, bare broker and commits", least),
    ):
        cuts = statistics.quantiles(times, n=100, method="inclusive")
        print(f"{name:60}  {statistics.median(times):6.3f}  {cuts[98]:6.3f}")
    server = sum(cost for name, cost in looked.items() if name != "agent")
    print(f"gateway, percent of a core: {looked['agent']:.1f} (at rest {idle['agent']:.1f}); limit {GATEWAY_MOST:.0f}")
    print(
        f"server, percent of a core: {server:.1f} (at rest {sum(idle.values()) - idle['agent']:.1f}); limit {SERVER_MOST:.0f}; "
        + ", ".join(f"{name} {cost:.1f}" for name, cost in sorted(looked.items()) if name != "agent")
    )
    told = sum(page.told for page in pages)
    print(f"{told} events of streams, {sum(page.sizes for page in pages) // told} bytes each on average")


if __name__ == "__main__":
    main()

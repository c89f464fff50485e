"""This module directs the demonstration: it lets the clock go on, cuts and mends the building's line, and plays the
tenants, who pay through the server.
"""

from __future__ import annotations

import http.client
import json
import random
import socket
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings
from django.db import transaction
from django.db.models import F
from rich.progress import Progress, TaskID

from ..clock import SharedClock
from ..edge.drivers.interface import DriverSettings
from ..edge.drivers.recorded import RecordedSettings
from ..edge.enrol import enrol
from ..edge.settings import write_settings
from ..kernel.calendar import local, zone
from ..kernel.orders import Action, Close, Open
from ..kernel.units import HOUR, NANO, SECOND, instant
from ..processes.serve import Server
from ..processes.supervisor import Supervisor, python
from ..server.commissioning.setup import Apartment, BuildingPlan, set_up_building
from ..server.core import local_forms
from ..server.estate.models import Tenancy
from ..server.metering.models import Gateway, Meter
from ..server.sales.top_ups import top_up
from ..server.vending.controls import control
from ..server.vending.models import OPEN, Command, TopUp
from ..terminal_texts import _ as words
from .audit import Account, audit, document, iso
from .line import Line
from .meters.plan import TAKEN, HousePlan
from .naming import Browser, Named, Namings
from .people import people
from .story import DemoError, Options, Story, excerpt
from .wiring import FAULTS, befallen, bus_settings, plan_house, with_meter_faults

HOUSE = "house.json"
"""The file of the played meters."""
PASSWORD = "prewatt"
PIN = "123456"
TYPES = 0.6
"""How likely a tenant without power types the code of a payment at the gateway's page, instead of waiting."""
LOW_CREDIT = "2"
READING_INTERVAL = 900
LOOKS = (7, 12, 18, 21)
"""Hours of the day at which tenants look at their meter."""
STALL = 120.0
"""Seconds without progress after which the demonstration gives up."""
NOTICE = 5.0
"""The most seconds to wait, at the start of the outage, until the head-end notices it."""
SHOWN = 0.1
"""Seconds between two updates of the shown progress. An update reads the files of all meters to count who is dark."""
SHORTEST, LONGEST = 0.002, 0.02
"""Bounds of the seconds between two looks at a condition, which else are a twentieth of the time waited so far."""


class Director:
    """One run of a story, in the folder `home`."""

    def __init__(self, options: Options, story: Story, home: Path, clock: SharedClock, pages: socket.socket) -> None:
        self.options, self.story, self.home, self.clock = options, story, home, clock
        self.pages = pages
        self.address = f"http://127.0.0.1:{pages.getsockname()[1]}"
        self.rng = random.Random(options.seed)
        names = list(story.recordings)
        self.people = dict(zip(names, people(self.rng, len(names)), strict=True))
        self.tenancies: dict[str, Tenancy] = {}
        self.lit: set[str] = set()
        self.logins: list[tuple[str, str, str]] = []
        self.online = True
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.site = f"http://127.0.0.1:{free.getsockname()[1]}"
        self.paid = self.typed = self.restarts = 0
        self.epoch = self.waited = 0
        self.befallen: dict[str, str] = {}
        self.namings = Namings((), (), {})
        self.catch_up = 0.0
        self.edge = home / "gateway"
        self.memory = self.edge / "meters"
        self.supervisor = Supervisor(home / "run")

    # -- setting up --------------------------------------------------------------------------------------------------

    def set_up(self) -> None:
        """Start the server, set the building up, enrol its gateway, start the agent."""
        self.server = Server(
            settings.CONFIG, self.supervisor, self.pages, ["--silence-seconds", "1.5", "--resend-seconds", "1"]
        )
        code = self._set_up_building()
        self.server.wait_until_up()
        self.line = Line(settings.CONFIG.mqtt.port)
        page = self.site.removeprefix("http://")
        agent = enrol(self.address, code, self.edge, self._drivers(), page, self.options.bluetooth)
        self.server.refresh_broker()
        broker = msgspec.structs.replace(agent.broker, port=self.line.port, retry_longest_s=0.5)
        fast = {
            "heartbeat_s": 0.4,
            "patience_s": 1.0,
            "reading_interval_s": READING_INTERVAL,
            "shared_clock": settings.CONFIG.shared_clock,
        }
        if self.options.faults:
            # A meter that does not answer takes the time of this machine, not of the building.
            fast["poll_shortest_s"] = 600
        write_settings(self.edge / "edge.toml", msgspec.structs.replace(agent, broker=broker, **fast))
        self.supervisor.add("agent", python("edge", "run", "--config", str(self.edge / "edge.toml")))
        self._await("the meters to take up their first credit", self._all_applied)

    def _drivers(self) -> dict[str, DriverSettings]:
        """Return what the gateway is told of its meters. If they speak a protocol, they are played from here on."""
        data = excerpt(self.story, self.home)
        if not self.options.protocol:
            return {"recorded": RecordedSettings(data, self.options.zone, self.memory)}
        self.house = plan_house(
            self.options.protocol,
            self.story.names,
            data=data,
            zone=self.options.zone,
            home=self.edge,
            clock=settings.CONFIG.shared_clock,
            faults=self.options.faults,
        )
        self.befallen = befallen(self.house, self.options.faults)
        self.namings = Namings(self.options.faults, (line.name for line in self.house.lines), self.befallen)
        ports = Path(self.house.ports)
        self.edge.mkdir(parents=True, exist_ok=True)
        self._write_house(self.house)
        self.supervisor.add("meters", [sys.executable, "-m", "prewatt.sim.meters", str(self.home / HOUSE)])
        self._await("the meters", ports.exists)
        return {"bus": bus_settings(self.house, json.loads(ports.read_text()))}

    def _write_house(self, house: HousePlan) -> None:
        path = self.home / HOUSE
        fresh = path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(house))
        fresh.replace(path)

    def _set_up_building(self) -> str:
        names = list(self.people)
        width = len(str(len(names)))
        building = set_up_building(
            BuildingPlan(
                organisation="Harbour Homes",
                name="Banksia Court",
                zone=self.options.zone,
                currency=self.story.tariff.currency,
                tariff=self.story.tariff,
                apartments=[
                    Apartment(f"Flat {number:0{width}}", name, self.people[name].name)
                    for number, name in enumerate(names, 1)
                ],
                gateway="banksia-court",
                manager="manager",
                low_credit=LOW_CREDIT,
                password=PASSWORD,
                pin=PIN,
                driver="bus" if self.options.protocol else "recorded",
            )
        )
        self.logins = building.logins
        for tenancy in Tenancy.objects.filter(unit__property=building.property).select_related(
            "unit__property__organisation", "unit__meter"
        ):
            self.tenancies[tenancy.unit.meter.name] = tenancy
        for name in names:
            self._pay(name, self.rng.choice((4, 6, 8, 12)) * NANO)
        return building.code

    def _pay(self, meter: str, amount: int) -> TopUp:
        credit_id = f"{self.rng.getrandbits(128):032x}"
        self.paid += 1
        return top_up(self.tenancies[meter], amount, credit_id)

    def _type(self, meter: str, code: str) -> None:
        """Type a code on the gateway's own page, as a tenant does. It needs no network but the building's."""
        fields = urllib.parse.urlencode({"meter": meter, "code": code}).encode()

        def credited() -> bool:
            # An agent that was killed meanwhile is back in a moment; typed again, a code changes nothing.
            try:
                with urllib.request.urlopen(f"{self.site}/code", fields, timeout=30) as answer:  # noqa: S310
                    page = answer.read().decode()
            except (OSError, http.client.HTTPException):
                return False
            return 'class="told done"' in page or "used already" in page

        self._await("the gateway's page", credited)
        self.typed += 1
        self.lit.add(meter)

    # -- the month ---------------------------------------------------------------------------------------------------

    def run(self, progress: Progress) -> None:
        """Play the month."""
        bar = progress.add_task("", total=self.story.end - self.story.begin, text="")
        for at, what in self._timetable():
            self._run_to(at, progress, bar)
            if what == "cut":
                self._cut()
            elif what == "mend":
                self._mend()
            elif what in {"break", "heal"}:
                self._write_house(with_meter_faults(self.house, self.befallen if what == "break" else {}))
                self._await("the meters to break or heal", self._house_is_taken)
            elif what in {"open", "close"}:
                self._order(Open() if what == "open" else Close())
            elif what == "look":
                self._look()
            progress.update(bar, completed=at - self.story.begin, text=self._where_we_are(at))

    def _timetable(self) -> Iterator[tuple[int, str]]:
        """Return all that happens, in order."""
        happenings = [(self.story.outage[0], "cut"), (self.story.outage[1], "mend"), (self.story.end, "end")]
        if self.options.faults:
            # Over a part of the outage, and some of the time before.
            begin, length = self.story.begin, self.story.end - self.story.begin
            broken = begin + length // 4
            happenings += [(broken, "break"), (begin + length // 2, "heal")]
            happenings += [(broken, "open"), (min(broken + HOUR, (broken + self.story.outage[0]) // 2), "close")]
        zone_info = zone(self.options.zone)
        day = local(self.story.begin, zone_info).replace(hour=0, minute=0, second=0, microsecond=0)
        while instant(day) < self.story.end:
            for hour in LOOKS:
                at = instant(day.replace(hour=hour, minute=self.rng.randrange(60), second=self.rng.randrange(60)))
                if self.story.begin < at < self.story.end:
                    happenings.append((at, "look"))
            day += timedelta(days=1)
        order = {"cut": 0, "mend": 1, "break": 2, "heal": 3, "open": 4, "close": 5, "look": 6, "end": 7}
        yield from sorted(happenings, key=lambda each: (each[0], order[each[1]]))

    def _run_to(self, at: int, progress: Progress, bar: TaskID) -> None:
        """Let the clock run to an instant; if the line is whole, until the server has all of it."""
        if not self.options.speed:
            self.clock.open_road(at)
        began, real = self.clock.done(), time.monotonic()
        shown = 0.0

        def arrived() -> bool:
            nonlocal shown
            mono = time.monotonic()
            if self.options.speed:
                self.clock.open_road(min(at, began + int((mono - real) * self.options.speed * SECOND)))
                if mono >= shown + SHOWN:
                    shown, now = mono, self.clock.now()
                    progress.update(bar, completed=now - self.story.begin, text=self._where_we_are(now))
            return self.clock.done() >= at

        self._await("the agent", arrived, patience=float("inf") if self.options.speed else STALL)
        if self.online:
            self._await("the head-end", lambda: self._ingested(at))

    def _ingested(self, at: int) -> bool:
        if self.options.faults:
            # A meter that is silent for days is not read.
            return self._told_all(at) and self._all_applied()
        last = at // (READING_INTERVAL * SECOND) * (READING_INTERVAL * SECOND)
        return not Meter.objects.filter(read_at__lt=last).exists() and self._all_applied()

    def _all_applied(self) -> bool:
        return not Command.objects.filter(state__in=OPEN).exists()

    def _is_online(self, wanted: bool) -> bool:
        return Gateway.objects.get().is_online == wanted

    def _cut(self) -> None:
        self.line.cut()
        self.online = False
        # For the pages' sake: so that they say since when. A head-end that is killed meanwhile may not notice.
        noticed = time.monotonic() + NOTICE
        self._await("the head-end to notice the outage", lambda: self._is_online(False) or time.monotonic() > noticed)

    def _mend(self) -> None:
        self.waited = len(self._waiting())
        self.lit.clear()
        began = time.monotonic()
        self.line.mend()
        self.online = True
        self._await("the head-end to see the gateway again", lambda: self._is_online(True))
        self._await("the payments made meanwhile", self._all_applied)
        self.catch_up = time.monotonic() - began
        self._read_pages()

    def _house_is_taken(self) -> bool:
        """Return whether the meters have taken over what was written last."""
        house = self.home / HOUSE
        taken = house.with_suffix(TAKEN)
        return taken.exists() and taken.read_text() == str(house.stat().st_mtime_ns)

    def _order(self, action: Action) -> None:
        """Have switches told to move that have a fault, as the landlord does for work at the wiring."""
        names = [name for name, fault in self.befallen.items() if FAULTS[fault].needs_order]
        for meter in Meter.objects.filter(name__in=names):
            control(meter, action, self.logins[0][0], "work at the wiring", coded=False)
        if self.online:
            self._await("the orders", self._all_applied)

    def _read_pages(self) -> None:
        """Read what pages say of the faults, once the server has all that was journalled."""
        if self.options.faults:
            at = self.clock.now()
            self._await("what was journalled", lambda: self._told_all(at))
            name, password, _page = self.logins[0]
            self.namings.read_gateway(self.site)
            self.namings.read_server(Browser(self.address, name, password))

    def named(self) -> list[Named]:
        """Return the pages that name the faults of this run."""
        return self.namings.rows()

    def _look(self) -> None:
        """Let the tenants look at their meters; some pay. In an outage they see that the lamp is off, not the page."""
        warned = {meter.name for meter in Meter.objects.filter(balance__lt=2 * NANO)} if self.online else set()
        unpaid = self._waiting()
        for name, person in self.people.items():
            amount = person.pays(self.rng, self._is_dark(name), name in warned)
            if amount and name not in unpaid:
                payment = self._pay(name, amount)
                if not self.online and self.rng.random() < TYPES:
                    self._type(name, str(payment.code))
        if self.online:
            self._await("the payments", self._all_applied)

    def _waiting(self) -> set[str]:
        """Return the meters with a payment under way, because nobody pays twice for one dark evening."""
        return set(Command.objects.filter(state__in=OPEN).values_list("meter__name", flat=True)) - self.lit

    def _is_dark(self, name: str) -> bool:
        return not json.loads((self.memory / f"{name}.json").read_text())["closed"]

    def _where_we_are(self, at: int) -> str:
        wall = local(at, zone(self.options.zone))
        line = f"[green]{words('online')}[/]" if self.online else f"[red]{words('NO NETWORK')}[/]"
        dark = sum(self._is_dark(name) for name in self.story.recordings)
        parts = [
            local_forms.moment(wall.replace(tzinfo=None), "D j M, H:i"),
            line,
            words("no power: %(number)s", number=f"{dark:2}"),
            words("paid: %(number)s", number=f"{self.paid:3}"),
        ]
        if self.restarts:
            parts.append(words("restarts: %(number)s", number=self.restarts))
        return "  ".join(parts)

    def _look_after(self) -> None:
        """Start again whatever has ended."""
        for name, _ in self.supervisor.look_after():
            self.restarts += 1
            if name == "agent":
                # It will speak under a later epoch; until then what the server knows may be older than its journal.
                self.epoch = max(self.epoch, Gateway.objects.get().epoch + 1)

    def _await(self, what: str, condition: Callable[[], bool], patience: float = STALL) -> None:
        """Wait for a condition, keeping the children alive. DemoError if it takes longer than can be."""
        began = time.monotonic()
        look = 0.0
        while not condition():
            if time.monotonic() > look:
                look = time.monotonic() + 0.05
                self._look_after()
            waited = time.monotonic() - began
            if waited > patience:
                raise DemoError(f"waited {patience:.0f} s for {what}\n{self.supervisor.last_words()}")
            time.sleep(min(max(waited / 20, SHORTEST), LONGEST))

    # -- the end -----------------------------------------------------------------------------------------------------

    def finish(self) -> tuple[Account, dict[str, Any]]:
        """Stop the agent and compare both sides. Returns the account and its JSON. Raises DemoError after a stall."""
        self._await("the head-end", lambda: self._ingested(self.story.end))
        self._read_pages()
        account = self._compare()
        account.failures += self.namings.unnamed()
        facts = {
            "begin": iso(self.story.begin),
            "end": iso(self.story.end),
            "zone": self.options.zone,
            "currency": self.story.tariff.currency,
            "data": self.story.data.name,
            "seed": self.options.seed,
            "outage": {"begin": iso(self.story.outage[0]), "end": iso(self.story.outage[1])},
            "restarts": self.restarts,
            "faults": [each._asdict() for each in self.named()],
        }
        return account, document(account, dict.fromkeys(self.story.recordings, self.story.tariff), facts)

    def _compare(self) -> Account:
        """Stop the agent and compare both sides, at a moment to which nothing is on its way: whoever looks at the pages may
        pay or order at any time, also in the last one.
        """
        end, meters = self.story.end, list(self.story.recordings)
        while True:
            # This starts an agent again that was stopped too early.
            self._await("the last entries", lambda: self._told_all(end) and self._all_applied())
            self.supervisor.children["agent"].stop()
            # Nobody writes to the database meanwhile.
            with transaction.atomic():
                if self._all_applied():
                    return audit(self.edge / "journal.sqlite3", self.memory, meters, faulty=bool(self.options.faults))

    def _told_all(self, at: int) -> bool:
        """Return whether the server has all that the gateway had journalled at an instant."""
        gateway = Gateway.objects.get()
        return (
            (gateway.heard_at or 0) >= at
            and gateway.epoch >= self.epoch
            and not Meter.objects.filter(told_seq__gt=F("seq")).exists()
            and self._is_online(True)
        )

    def stay(self) -> None:
        """Start the agent again, and keep all processes up. It never returns: KeyboardInterrupt ends it."""
        self.supervisor.children["agent"].start()
        while True:
            self.supervisor.look_after()
            time.sleep(0.2)

    def close(self) -> None:
        """End all processes."""
        self.supervisor.stop()

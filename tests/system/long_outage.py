"""The demonstration's building through two weeks without a network, with all that people can do meanwhile: codes typed,
power restored over Bluetooth, emergency credit taken, a tariff changed and a switch ordered on the server.

    python -m tests.system.long_outage FOLDER     plays it, and prints what came of it as JSON
"""

import asyncio
import http.client
import http.cookiejar
import json
import sys
import threading
import urllib.parse
import urllib.request
from base64 import b64decode
from pathlib import Path

from bumble.controller import Controller
from bumble.core import BaseBumbleError
from bumble.device import Device
from bumble.hci import Address
from bumble.host import Host
from bumble.link import LocalLink
from bumble.transport import open_transport
from bumble.transport.common import AsyncPipeSink
from rich.console import Console
from rich.progress import Progress

from prewatt.kernel.units import DAY, HOUR, NANO
from prewatt.sim import demo
from prewatt.sim.story import Options
from prewatt.wire.on_site import OnSiteError
from prewatt.wire.signing import SigningKey
from tests.migrated import put_database
from tests.ports import free_port
from tests.system.prepared import prepare

FLATS = 12
PHONE = SigningKey.generate()


class Air:
    """Virtual controllers that hear each other: one that the agent reaches over TCP, as it would an adapter, and one for
    the phone.
    """

    def __init__(self, port):
        self.port = port
        self.loop = asyncio.new_event_loop()
        self.phone = None
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.do(self._open())

    def do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    async def _open(self):
        self.link = LocalLink()
        self.transport = await open_transport(f"tcp-server:127.0.0.1:{self.port}")
        Controller("gateway", host_source=self.transport.source, host_sink=self.transport.sink, link=self.link)
        host = Host()
        controller = Controller("phone", host_source=host, link=self.link)
        controller.host = AsyncPipeSink(host)
        host.set_packet_sink(AsyncPipeSink(controller))
        self.phone = Device("phone", address=Address("F0:F1:F2:F3:F4:F5"), host=host)
        await self.phone.power_on()


def made_director(folder):  # noqa: C901 (a class is made within, as it needs the server's set-up)
    """The demonstration's director, who in the outage does all of that. Made here: its models need the server's set-up."""
    port = free_port()
    put_database(folder / "prewatt.sqlite3")
    prepare()
    options = Options(meters=FLATS, outage=14, home=folder, bluetooth=f"tcp-client:127.0.0.1:{port}")
    plain = demo._director(options, folder)
    # It has a thread: processes are copied from before.
    air = Air(port)
    from prewatt.cli.visit import visit_with
    from prewatt.kernel.orders import Restore
    from prewatt.server.metering.grants import GrantRequest, make_grant
    from prewatt.server.metering.models import Meter
    from prewatt.server.tariffs.reading import examples, read_document
    from prewatt.server.tariffs.versions import keep, schedule
    from prewatt.server.vending.account_settings import send_settings
    from prewatt.server.vending.controls import control
    from prewatt.server.vending.given_orders import ordered
    from prewatt.sim.director import PIN, Director
    from prewatt.wire.on_site import Act, SignedGrant, decode_up

    class LongOutage(Director):
        emergencies = 0
        said = ()

        def set_up(self):
            super().set_up()
            self.where = next(iter(self.tenancies.values())).unit.property
            self.where.emergency_credit = 3
            self.where.save()
            send_settings(self.where)
            self._await("the rules of emergency credit", self._all_applied)
            now = self.clock.now()
            wanted = GrantRequest(
                property=self.where,
                holder="Sam",
                key=PHONE.public().hex(),
                actions=["restore", "open", "close", "read-head"],
                begins=now,
                ends=now + 60 * DAY,
                most_amount=5 * NANO,
                longest=12 * HOUR,
            )
            made = make_grant(wanted, "manager")
            self.grant = decode_up(b64decode(made.text))
            assert isinstance(self.grant, SignedGrant)

        def _timetable(self):
            first = self.story.outage[0]
            mine = [(first + 3 * DAY, "tariff"), (first + 4 * DAY, "order"), (first + 9 * DAY, "order")]
            mine += [(first + days * DAY + 20 * HOUR, "staff") for days in (2, 6, 10)]
            order = {"cut": 0, "mend": 2, "end": 4}
            return sorted([*super()._timetable(), *mine], key=lambda each: (each[0], order.get(each[1], 1)))

        def run(self, progress):
            bar = progress.add_task("", total=1, text="")
            for at, what in self._timetable():
                self._run_to(at, progress, bar)
                {
                    "cut": self._cut,
                    "mend": self._mend,
                    "look": self._look,
                    "tariff": self.change_tariff,
                    "order": self.order,
                    "staff": self.restore,
                    "end": lambda: None,
                }[what]()

        def change_tariff(self):
            document = {**examples()["ontario-ultra-low-overnight"], "zone": self.options.zone}
            changed = read_document(document, zone=self.where.zone, currency=self.where.currency)
            schedule(self.where, keep(self.where.organisation, changed), self.clock.now() + DAY)

        def order(self):
            """Ordered while nobody hears it: off, and a few days later on again."""
            meter = Meter.objects.filter(unit__property=self.where).order_by("name").first()
            from prewatt.kernel.orders import Close, Open

            control(meter, Close() if ordered(meter) else Open(), "manager", "a leak")

        def restore(self):
            """Staff restore whoever is dark, over the air; if nobody is, the first flat is switched off and on."""

            async def visit(names):
                from prewatt.kernel.orders import Close, Open

                async with visit_with(air.phone, "banksia-court") as here:
                    await here.open_session(PHONE, self.grant)
                    for name in names:
                        yield await here.instruct(Act(name, Restore(NANO, self.clock.now() + 6 * HOUR), "by phone"))
                    if not names:
                        first = next(iter(self.people))
                        for action in (Open(), Close()):
                            yield await here.instruct(Act(first, action, "by phone"))

            async def gather(names):
                return [answer.text async for answer in visit(names)]

            dark = [name for name in self.people if self._is_dark(name)]

            def visited():
                try:
                    self.said = (*self.said, *air.do(gather(dark)))
                except (BaseBumbleError, OnSiteError, TimeoutError):
                    # An agent that was killed in the middle is back in a moment: staff try again.
                    return False
                return True

            self._await("staff at the gateway", visited)

        def _look(self):
            """Before they pay, some who are dark take the emergency credit at the gateway's page."""
            if not self.online:
                for name in self.people:
                    if self._is_dark(name) and self.rng.random() < 0.5:
                        self.emergencies += self.take_emergency(name)
            super()._look()

        def take_emergency(self, name):
            jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
            browser = urllib.request.build_opener(jar)

            def post(path, **fields):
                with browser.open(f"{self.site}{path}", urllib.parse.urlencode(fields).encode(), timeout=30) as answer:
                    return answer.read().decode()

            try:
                page = post("/login", meter=name, pin=PIN)
                if "emergency credit" not in page.split("Last entries")[0]:
                    return 0
                token = page.split('name="token" value="')[1].split('"')[0]
                return 'class="told done"' in post("/emergency", token=token)
            except (OSError, http.client.HTTPException):
                # The agent was killed in the middle: whoever is dark tries again at the next look.
                return 0

    plain.close()
    plain.pages.close()
    from prewatt.processes.serve import open_pages
    from prewatt.server.core.server_config import Endpoint

    host, port = plain.address.removeprefix("http://").split(":")
    return LongOutage(options, plain.story, folder, plain.clock, open_pages(Endpoint(host, int(port))))


def main(folder):
    director = made_director(folder)
    console = Console(stderr=True)
    try:
        director.set_up()
        with Progress(console=console, transient=True) as progress:
            director.run(progress)
        account, document = director.finish()
        from prewatt.edge.journal import Journal
        from prewatt.kernel.entries import decode_entry
        from prewatt.server.metering.models import Meter
        from prewatt.server.vending.given_orders import ordered

        journal = Journal(folder / "gateway" / "journal.sqlite3")
        kinds = {}
        for name in director.people:
            for body in journal.read(name, 1, 10**9):
                entry = decode_entry(body)
                kind = str(entry.__struct_config__.tag)
                if kind == "on-site":
                    kind += f" {entry.action.__struct_config__.tag}"
                kinds[kind] = kinds.get(kind, 0) + 1
        orders = {each.step for meter in Meter.objects.all() for each in ordered(meter)}
        print(
            json.dumps(
                {
                    "failures": account.failures,
                    "kinds": kinds,
                    "typed": director.typed,
                    "emergencies": director.emergencies,
                    "staff": list(director.said),
                    "orders": sorted(orders),
                    "top_ups": document["top_ups"],
                    "differences": sorted({each["difference"] for each in document["meters"]}),
                    "outage": document["outage"],
                    "catch_up": director.catch_up,
                }
            )
        )
    finally:
        director.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())

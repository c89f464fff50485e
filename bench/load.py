"""Many open pages, and floods: how long a stranger's page, a callback of a payment and a top-up by the API take meanwhile, beside
an empty Django view in a process of the same kind, in the same run.

Server, broker and head-end are processes of their own; all browsers, and the payment provider, are this one. Tenants' and
managers' pages are real streams of real sessions. Each meter moves every 15 minutes, and each page that is told so asks for its
part as a browser does. Floods come from addresses of their own, as a proxy tells them.

    python -m bench.load [seconds of each part]
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import resource
import socket
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from tests.system.running import Running, running

from bench.live import costs
from prewatt.kernel.units import NANO
from prewatt.processes.supervisor import python

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 15.0
HOUSES, FLATS, MANAGERS = 8, 250, 50
OPEN = (0, 500, HOUSES * FLATS)
STRANGER_MOST, CALLBACK_MOST = 0.300, 0.200
"""Seconds at p95 with all pages open."""
STEP = 0.25
"""Seconds between two requests of each kind that is measured."""
MOVES = HOUSES * FLATS / 900
"""Meters that move in a second: each in 15 minutes."""


@dataclass
class Page:
    """An open page: the cookie of its login, its address, its stream."""

    cookie: str
    path: str
    stream: str
    asked: int = 0


@dataclass
class World:
    """What is measured. `times`: by part of the run and kind, seconds; `errors`: answers that were not as they should be."""

    made: Running
    host: str
    port: int
    empty: int
    token: str
    tenants: list[Page]
    managers: list[Page]
    meters: list[int]
    callbacks: list[tuple[str, bytes, dict[str, str]]]
    tenancies: list[int]
    times: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)


async def ask(world: World, data: bytes, port: int = 0, timeout: float = 30.0) -> int:
    """Send a request on a connection of its own. Returns the status; 0 if there was none."""
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection(world.host, port or world.port)
            try:
                writer.write(data)
                answer = await reader.read()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return 0
    return int(answer[9:12] or 0)


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


# -- what is measured -----------------------------------------------------------------------------------------------------


async def measure(world: World, part: str, seconds: float) -> None:
    """Ask for one of each kind, again and again."""
    kinds: dict[str, Callable[[int], tuple[bytes, int, int]]] = {
        "empty view": lambda _: (request("GET", "/"), world.empty, 200),
        "stranger's page": lambda _: (request("GET", "/login/", X_Forwarded_For="203.0.113.7"), 0, 200),
        "callback": lambda _: (_callback(world), 0, 200),
        "top-up": lambda number: (_top_up(world, number), 0, 201),
    }
    times = world.times.setdefault(part, {kind: [] for kind in kinds})
    end = time.monotonic() + seconds

    async def one(kind: str) -> None:
        await asyncio.sleep(random.uniform(0, STEP))
        number = 0
        while time.monotonic() < end:
            number += 1
            data, port, expected = kinds[kind](number)
            began = time.monotonic()
            status = await ask(world, data, port)
            times[kind].append(time.monotonic() - began)
            if status != expected:
                name = f"{kind}: {status}, {part}"
                world.errors[name] = world.errors.get(name, 0) + 1
            await asyncio.sleep(max(STEP - (time.monotonic() - began), 0.02))

    await asyncio.gather(*(one(kind) for kind in kinds))


def _callback(world: World) -> bytes:
    path, body, headers = world.callbacks.pop() if len(world.callbacks) > 1 else world.callbacks[0]
    return request("POST", path, body, X_Forwarded_For="203.0.113.8", **headers)


def _top_up(world: World, number: int) -> bytes:
    body = json.dumps({"amount": "1.00", "credit_id": f"{time.monotonic_ns()}"}).encode()
    path = f"/api/v1/tenancies/{world.tenancies[number % len(world.tenancies)]}/top-ups"
    return request("POST", path, body, Content_Type="application/json", Authorization=f"Bearer {world.token}")


# -- what goes on meanwhile ------------------------------------------------------------------------------------------------


async def look(world: World, page: Page) -> None:
    """Keep a page open: read its stream, and ask for its part as soon as it says so."""
    from django.conf import settings

    cookie = f"{settings.SESSION_COOKIE_NAME}={page.cookie}"
    while True:
        try:
            reader, writer = await asyncio.open_connection(world.host, world.port)
        except OSError:
            await asyncio.sleep(1)
            continue
        writer.write(request("GET", page.stream, Cookie=cookie))
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in head.split(b"\r\n")[0]:
                name = f"stream: {head[9:12].decode()}"
                world.errors[name] = world.errors.get(name, 0) + 1
                return
            changed = False
            while line := await reader.readline():
                if changed and line.startswith(b"data: "):
                    await asyncio.sleep(random.uniform(0, int(line[6:]) / 1000))
                    await ask(world, request("GET", f"{page.path}?seen=", Cookie=cookie, HX_Request="true"))
                    page.asked += 1
                changed = line == b"event: changed\n"
        except (OSError, asyncio.IncompleteReadError):
            await asyncio.sleep(1)
        finally:
            writer.close()


async def move(world: World) -> None:
    """Let meters move, as the head-end does."""
    from django.db.models import F

    from prewatt.server.metering.models import Meter

    while True:
        some = random.sample(world.meters, max(round(MOVES), 1))
        rows = Meter.objects.filter(pk__in=some)
        await asyncio.to_thread(rows.update, seq=F("seq") + 1)
        await asyncio.sleep(len(some) / MOVES)


async def flood(world: World, data: bytes, at_once: int) -> None:
    """Send the same from one address, as often as it is answered."""

    async def one() -> None:
        while True:
            if not await ask(world, data, timeout=60):
                await asyncio.sleep(0.1)

    await asyncio.gather(*(one() for _ in range(at_once)))


async def hold(world: World, data: bytes, number: int) -> None:
    """Hold connections on which half a request was sent, and take new ones as they are closed."""

    async def one() -> None:
        while True:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection(world.host, world.port)
                writer.write(data)
                await reader.read()
                writer.close()
            await asyncio.sleep(0.1)

    await asyncio.gather(*(one() for _ in range(number)))


def floods(world: World) -> dict[str, Callable[[], Awaitable[None]]]:
    one: dict[str, str] = {"X_Forwarded_For": "198.51.100.1"}
    form = b"login=manager&password=wrong"
    kind = {"Content_Type": "application/x-www-form-urlencoded"}
    half = (
        b"POST /login/ HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 198.51.100.1\r\nContent-Length: 1000\r\n\r\nabc"
    )
    large = request("POST", "/login/", b"x" * 6_000_000, **one)
    return {
        "wrong log-ins": lambda: flood(world, request("POST", "/login/", form, **one, **kind), 24),
        "half requests": lambda: hold(world, half, 1000),
        "half heads": lambda: hold(world, half[:40], 1000),
        "large bodies": lambda: flood(world, large, 8),
        "pages": lambda: flood(world, request("GET", "/login/", **one), 50),
        "static files": lambda: flood(world, request("GET", "/static/web/pages.css", **one), 50),
    }


@contextlib.asynccontextmanager
async def meanwhile(*work: Awaitable[None]) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


# -- the building --------------------------------------------------------------------------------------------------------


def populate(made: Running) -> dict[str, Any]:
    """Fill houses with tenants, each with a login and a session, and make managers of single houses."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
    from django.contrib.sessions.backends.db import SessionStore
    from django.db import transaction

    from prewatt.kernel.tariff import flat_tariff
    from prewatt.server.accounts.keys import make_key
    from prewatt.server.accounts.memberships import put_member, reach_of
    from prewatt.server.commissioning.setup import Apartment, BuildingPlan, set_up_building
    from prewatt.server.core.time import system_now
    from prewatt.server.estate.models import Tenancy, Unit
    from prewatt.server.estate.residents import Resident
    from prewatt.server.metering.looks import read
    from prewatt.server.payments.payment_request import PaymentRequest, start
    from prewatt.server.web.watching import METER, PROPERTIES, Shown, Ticket, seal, state_of

    users = get_user_model()
    hour = system_now() + 3_600_000_000

    def session(user: Any) -> str:
        # As after a log-in, without its notices.
        store = SessionStore()
        store[SESSION_KEY], store[BACKEND_SESSION_KEY] = str(user.pk), settings.AUTHENTICATION_BACKENDS[0]
        store[HASH_SESSION_KEY] = user.get_session_auth_hash()
        store.save()
        return str(store.session_key)

    def stream(person: Any, cookie: str, topic: Any, state: str, shown: Shown | None) -> str:
        asker = SimpleNamespace(COOKIES={settings.SESSION_COOKIE_NAME: cookie})
        ticket = Ticket(person.pk, topic, state, shown, hour, reach_of(person).mark)
        return f"/live/?ticket={seal(asker, ticket)}"  # type: ignore[arg-type]

    tenants, managers, meters = [], [], []
    with transaction.atomic():
        for house in range(HOUSES):
            plan = BuildingPlan(
                organisation="Rush",
                name=f"House {house}",
                zone="Asia/Shanghai",
                currency="CNY",
                gateway=f"house{house}",
                manager="manager",
                tariff=flat_tariff("flat", "CNY", "Asia/Shanghai", 600_000),
                apartments=[Apartment(f"Flat {number}", f"h{house}-{number}", "") for number in range(FLATS)],
            )
            property_ = set_up_building(plan).property
            units = list(Unit.objects.filter(property=property_).select_related("meter").order_by("pk"))
            people = users.objects.bulk_create(users(username=f"t{unit.pk}") for unit in units)
            tenancies = Tenancy.objects.bulk_create(
                Tenancy(unit=unit, tenant=f"Tenant {unit.pk}", begins=1) for unit in units
            )
            Resident.objects.bulk_create(
                Resident(tenancy=tenancy, user=person) for tenancy, person in zip(tenancies, people, strict=True)
            )
            presents = read([unit.meter.pk for unit in units])[0]
            for unit, person in zip(units, people, strict=True):
                cookie = session(person)
                shown = Shown("CNY", "Asia/Shanghai", "en")
                state = repr(presents[unit.meter.pk].version)
                tenants.append(Page(cookie, "/me/", stream(person, cookie, (METER, (unit.meter.pk,)), state, shown)))
                meters.append(unit.meter.pk)
            topic = (PROPERTIES, (property_.pk,))
            for number in range(house, MANAGERS, HOUSES):
                person = users.objects.create(username=f"manager{number}")
                put_member(property_.organisation, person, "manager", [property_])
                cookie = session(person)
                managers.append(Page(cookie, "/properties/", stream(person, cookie, topic, state_of(topic), None)))
    mine = list(Tenancy.objects.filter(unit__property__name="Rush").select_related("unit__property__organisation"))
    callbacks = []
    for number in range(120):
        payment = start(
            PaymentRequest(mine[number % len(mine)], made.merchants["wechat"], "native", NANO, f"l{number}")
        )
        body, headers = made.providers.callback(made.providers.pay(payment))
        path = made.callback_address(payment).removeprefix(made.address)
        callbacks.append((path, body, {name.replace("-", "_"): value for name, value in headers.items()}))
    random.shuffle(tenants)
    return {
        "tenants": tenants,
        "managers": managers,
        "meters": meters,
        "callbacks": callbacks,
        "tenancies": [each.pk for each in mine],
        "token": make_key(users.objects.get(username="manager"), "bench"),
    }


def main() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else max(soft, 65_536), hard))
    os.environ.setdefault("PREWATT_WEB_PROCESSES", "2")
    with running(10) as made:
        began = time.monotonic()
        filled = populate(made)
        print(f"{HOUSES * FLATS} tenants and {MANAGERS} managers in {time.monotonic() - began:.0f} s", flush=True)
        listening = socket.create_server(("127.0.0.1", 0))
        made.supervisor.add("empty", [*python()[:1], "-m", "bench.empty", str(listening.fileno())], [listening])
        config = made.config.http
        world = World(made, config.host, config.port, listening.getsockname()[1], **filled)
        asyncio.run(run(world))


async def run(world: World) -> None:
    while await ask(world, request("GET", "/"), world.empty) != 200:
        await asyncio.sleep(0.1)
    await measure(world, "warm", 3.0)
    world.times.clear()
    async with contextlib.AsyncExitStack() as stack:
        opened = 0
        for number in OPEN:
            pages = world.tenants[opened:number] + (world.managers if number == OPEN[-1] else [])
            opened = number
            for begin in range(0, len(pages), 100):
                await stack.enter_async_context(meanwhile(*(look(world, each) for each in pages[begin : begin + 100])))
                await asyncio.sleep(0.1)
            if number == OPEN[0]:
                await stack.enter_async_context(meanwhile(move(world)))
            await asyncio.sleep(min(number / 100, 5.0))
            part = f"{number} pages" + (f" and {MANAGERS} managers'" if number == OPEN[-1] else "")
            used = asyncio.create_task(asyncio.to_thread(costs, world.made, SECONDS - 1))
            await measure(world, part, SECONDS)
            report(world, part, await used)
        for name, work in floods(world).items():
            part = f"and a flood of {name}"
            async with meanwhile(work()):
                await asyncio.sleep(1.0)
                await measure(world, part, SECONDS / 2)
            report(world, part, {})
    asked = sum(page.asked for page in world.tenants), sum(page.asked for page in world.managers)
    print(f"parts that pages asked for: {asked[0]} tenants', {asked[1]} managers'")
    print(f"limits with all pages open, p95: stranger's page {STRANGER_MOST} s, callback {CALLBACK_MOST} s")
    print(f"not as it should be: {world.errors or 'nothing'}")


def report(world: World, part: str, used: dict[str, float]) -> None:
    print(part)
    for kind, times in world.times[part].items():
        p95 = statistics.quantiles([*times, times[-1]], n=20, method="inclusive")[18]
        print(f"  {kind:16} p50 {statistics.median(times):6.3f}  p95 {p95:6.3f} s  ({len(times)})")
    if used:
        print("  percent of a core: " + ", ".join(f"{name} {cost:.0f}" for name, cost in sorted(used.items())))
    sys.stdout.flush()


if __name__ == "__main__":
    main()

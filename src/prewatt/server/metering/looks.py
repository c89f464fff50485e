"""Who looks at meters, and what was seen.

An open page says again and again that somebody looks. Meanwhile the head-end makes the gateway read the meter, and
stores its reports here. Instants are on the system's clock, whatever clock the meters run on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q

from ...kernel.units import SECOND
from ...wire.messages import LiveMeter
from ..core.time import system_now
from .models import LiveReading, Look, Meter

log = logging.getLogger("prewatt.server")

LOOK_FOR = 20 * SECOND
"""How long (µs) a look lasts after a page has asked."""
LOOK_AGAIN = 10 * SECOND
"""A look is stored again when only this much (µs) of it is left."""
FRESH = 12 * SECOND
"""A report of at most this age (µs) is shown as the present: one or two readings may be late."""
ASKED_FOR = 300 * SECOND
"""How long (µs) a single requested reading is waited for."""
PATIENCE = 50
"""The time that a page waits for its turn to write, ms."""
VALUES = ("heard_at", "at", "register", "power", "closed", "balance", "cause")


class Looked(NamedTuple):
    """A meter to be watched, or (`once`) to be read once."""

    gateway: str
    meter: str
    once: bool


def look_at(meters: Iterable[int]) -> None:
    """Store that somebody looks at these meters. No page waits or fails for it, because it is repeated in a moment."""
    until = system_now() + LOOK_FOR
    try:
        with little_patience(), transaction.atomic():
            _upsert([Look(meter_id=meter, until=until) for meter in meters], "until")
    except DatabaseError as error:
        log.debug("that somebody looks is not written down: %s", error)


def ask(meters: Iterable[Meter]) -> None:
    """Ask for one reading of these meters now."""
    now = system_now()
    _upsert([Look(meter=meter, asked_at=now) for meter in meters], "asked_at")


def _upsert(rows: Sequence[Look], field: str) -> None:
    Look.objects.bulk_create(rows, update_conflicts=True, unique_fields=["meter"], update_fields=[field])


@contextmanager
def little_patience() -> Iterator[None]:
    """Let this connection wait only for a moment (`PATIENCE`) to write what is not important. On SQLite all writers
    wait for one another.
    """
    if connection.vendor != "sqlite":
        yield
        return
    usual = int(connection.settings_dict["OPTIONS"].get("timeout", 5) * 1000)
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {PATIENCE}")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {usual}")


class Present(NamedTuple):
    """What a page shows about the present of a meter. `version` changes whenever the rest of the page may have to
    change.

    `live`: the gateway has just reported the meter, at `heard` on the system's clock. `cause`: why the meter could not
    be read; empty if it was. `register` (Wh) and `power` (W) are None if they are not known. `balance` is in nano; if
    the meter is not live, it is the latest that the meter told or its journal shows. `read_at`: when the journal's last
    reading was.
    """

    meter: int
    version: list[int | bool | str | None]
    live: bool
    heard: int
    at: int
    register: int | None
    power: int | None
    balance: int
    cause: str
    read_at: int | None
    online: bool
    since: int | None


def read(meters: Iterable[int]) -> tuple[dict[int, Present], dict[int, int]]:
    """Return two dicts by the primary keys of meters: how they stand at present, and until when (µs) they are watched
    (0: never).
    """
    now, presents, ends = system_now(), {}, {}
    rows = Meter.objects.filter(pk__in=list(meters)).values_list(
        "pk",
        "seq",
        "told_seq",
        "told_balance",
        "balance",
        "commands",
        "read_at",
        "gateway__is_online",
        "gateway__since",
        "told_switch",
        "look__until",
        "live__heard_at",
        "live__at",
        "live__register",
        "live__power",
        "live__balance",
        "live__cause",
    )
    for (
        pk,
        seq,
        told_seq,
        told_balance,
        stored,
        commands,
        read_at,
        online,
        since,
        switch,
        until,
        heard,
        at,
        *shown,
        cause,
    ) in rows:
        register, power, balance = shown
        live = online and heard is not None and heard > now - FRESH
        latest = told_balance if told_seq > seq and told_balance is not None else stored
        ends[pk] = until or 0
        presents[pk] = Present(
            pk,
            [seq, told_seq, told_balance, commands, online, since, switch],
            live,
            heard if live else 0,
            at or 0,
            register,
            power,
            balance if live and balance is not None else latest,
            cause or "",
            read_at,
            online,
            since,
        )
    return presents, ends


def looked_at(shards: range) -> list[Looked]:
    """Return the meters of online gateways of these shards that somebody looks at, or whose requested reading has not
    come.
    """
    now = system_now()
    asked = Q(asked_at__gt=now - ASKED_FOR) & (Q(meter__live__isnull=True) | Q(meter__live__heard_at__lt=F("asked_at")))
    rows = Look.objects.filter(
        Q(until__gt=now) | asked, meter__gateway__is_online=True, meter__gateway__shard__in=shards
    ).values_list("meter__gateway__name", "meter__name", "until")
    return [Looked(gateway, meter, until <= now) for gateway, meter, until in rows]


def show(reports: Iterable[LiveMeter]) -> None:
    """Store what gateways report of watched meters."""
    latest = {each.meter: each for each in reports}
    ids = dict(Meter.objects.filter(name__in=latest).values_list("name", "pk"))
    heard = system_now()
    LiveReading.objects.bulk_create(
        (
            LiveReading(
                meter_id=ids[name],
                heard_at=heard,
                at=each.at,
                register=each.register,
                power=each.power,
                closed=each.closed,
                balance=each.balance,
                cause=each.cause,
            )
            for name, each in latest.items()
            if name in ids
        ),
        update_conflicts=True,
        unique_fields=["meter"],
        update_fields=VALUES,
    )

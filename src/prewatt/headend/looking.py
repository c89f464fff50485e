"""The head-end makes gateways watch meters while people look at them. Logic without I/O, on a clock that never jumps.

A lease at a gateway lasts for some seconds, counted from the message that it names. So it is renewed while somebody
looks, and ends by itself when nobody looks, or when the server falls silent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ..wire.messages import MAX_METERS, Live, Status, Upload, Watch

LASTS = 20
"""Seconds for which a gateway is told to watch."""
RENEW = 12.0
"""A lease that ends within this many seconds is renewed."""
ASK_AGAIN = 15.0
"""Seconds after which a meter that was to be read once, and was not reported, is asked for again."""


class Look(NamedTuple):
    """Somebody looks at a meter; `once`: a single reading is asked for."""

    gateway: str
    meter: str
    once: bool


@dataclass(slots=True)
class _Gateway:
    """The last message of a gateway, when it arrived, and how long it watches which meter."""

    epoch: int
    number: int
    session: bytes
    heard: float
    leased: dict[str, float] = field(default_factory=dict)
    asked: dict[str, float] = field(default_factory=dict)


class Looking:
    """The leases of all gateways. If they are forgotten (a restart), they are repeated, and nothing else is lost."""

    def __init__(self) -> None:
        self._gateways: dict[str, _Gateway] = {}

    def heard(self, mono: float, messages: Iterable[Status | Upload | Live]) -> None:
        """Take up verified messages."""
        for message in messages:
            known = self._gateways.get(message.gateway)
            fresh = isinstance(message, Status) and message.fresh
            if known is None or known.session != message.session or fresh:
                # On a new connection nothing is looked at yet.
                self._gateways[message.gateway] = _Gateway(message.epoch, message.number, message.session, mono)
            else:
                known.epoch, known.number, known.heard = message.epoch, message.number, mono

    def tick(self, mono: float, looks: Iterable[Look]) -> list[Watch]:
        """Return the leases to send now. `looks`: all that people look at now."""
        wanted: dict[str, list[Look]] = {}
        for look in looks:
            wanted.setdefault(look.gateway, []).append(look)
        watches = []
        for name, meter_looks in wanted.items():
            gateway = self._gateways.get(name)
            # A gateway that tells no session has software that knows no looks.
            if gateway is not None and gateway.session and (watch := _watch(mono, name, gateway, meter_looks)):
                watches.append(watch)
        return watches


def _forget_ended(gateway: _Gateway, meters: Collection[str], once: Collection[str], mono: float) -> None:
    """Forget leases that have ended, and questions that may be asked again; and those of meters that nobody looks at."""
    gateway.leased = {meter: end for meter, end in gateway.leased.items() if meter in meters and end > mono}
    gateway.asked = {meter: at for meter, at in gateway.asked.items() if meter in once and mono - at < ASK_AGAIN}


def _watch(mono: float, name: str, gateway: _Gateway, looks: Sequence[Look]) -> Watch | None:
    """Return the lease to send to a gateway; None if it has one, or if a lease would end before the gateway speaks
    again.
    """
    until = gateway.heard + LASTS
    if until - mono < 1:
        return None
    meters, once = _meters(looks, once=False), _meters(looks, once=True)
    _forget_ended(gateway, meters, once, mono)
    renewed = any(_ends_soon(gateway.leased.get(meter), mono, until) for meter in meters)
    unasked = [meter for meter in once if meter not in gateway.asked]
    if not renewed and not unasked:
        return None
    if renewed:
        gateway.leased = dict.fromkeys(meters, until)
    gateway.asked |= dict.fromkeys(unasked, mono)
    return Watch(
        name, gateway.epoch, gateway.number, gateway.session, LASTS, tuple(meters) if renewed else (), tuple(unasked)
    )


def _meters(looks: Sequence[Look], once: bool) -> list[str]:
    """Return the meters that people look at all the time, or of which they ask a single reading (`once`)."""
    return sorted({look.meter for look in looks if look.once == once})[:MAX_METERS]


def _ends_soon(end: float | None, mono: float, until: float) -> bool:
    """Return whether a meter needs a lease until `until` (s): it has none (`end` is None), or its own ends soon and before
    that.
    """
    return end is None or (end - mono < RENEW and until > end)

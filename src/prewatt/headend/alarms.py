"""This module says which entries of a journal raise an alarm for the manager, in which words. Logic without I/O.

A further line in `EVENTS` or `ENTRIES` is a further alarm. The store raises one alarm of each kind at a time, for the
meter or for its gateway.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..kernel.account import Account
from ..kernel.entries import AnyEntry, Event, Rebased
from ..kernel.events import EventKind
from ..kernel.plausible import RETURNED
from ..kernel.units import DAY, HOUR, SECOND, exact_kwh, moment

BACKWARDS_FOR = 12 * HOUR
"""A register that stays lower than before for this long (µs) raises an alarm."""


@dataclass(frozen=True, slots=True)
class Raised:
    """An alarm to be raised, for a meter or a gateway, unless one of its kind (and key) is open there."""

    kind: str
    text: str
    at: int
    meter: str = ""
    gateway: str = ""
    seq: int = 0
    key: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule of an alarm. `text`: its words, with `{meter}` and `{detail}`. `of_gateway`: it concerns the gateway and
    all of its meters, and is raised once.
    """

    text: str
    of_gateway: bool = False


EVENTS: dict[str, Rule] = {
    EventKind.CLOCK_STEPPED: Rule(
        "A gateway's clock was set by more than can be right ({detail}). Nothing is charged by it. If it comes again, "
        "look at how the gateway gets its time.",
        of_gateway=True,
    ),
    EventKind.CLOCK_DIFFERS: Rule(
        "A gateway's clock and the server's differ ({detail}). Look at how both get their time.", of_gateway=True
    ),
    EventKind.REGISTER_DOUBTFUL: Rule(
        "Meter {meter} has given readings for an hour that can't be right ({detail}). Nothing is charged by them, and nobody "
        "is cut off. If it lasts, have it looked at."
    ),
    EventKind.REGISTER_BACKWARDS: Rule(
        "The register of meter {meter} goes backwards ({detail}): a current transformer the wrong way round, or energy "
        "that is fed in (a plug-in solar panel). It is not charged. Have it looked at."
    ),
    EventKind.REGISTER_STILL: Rule(
        "The register of meter {meter} stands still though the supply is on ({detail}): nobody lives there, or it does "
        "not count. Have it looked at."
    ),
    EventKind.FOREIGN_METER: Rule(
        "Another meter answers in the place of {meter} ({detail}). If it was exchanged, record the exchange; supply goes "
        "on meanwhile."
    ),
    EventKind.JOURNAL_SET_BACK: Rule(
        "A gateway has gone on from the server's state, as its journals were put back from a copy, or damaged ({detail}). Nothing "
        "is to be done, unless it comes again: then look at the gateway's memory card.",
        of_gateway=True,
    ),
    EventKind.DISK_FULL: Rule(
        "A gateway's disk is full. It goes on in what was kept free for that, for a while; then it can journal nothing, and take "
        "up no payment, until there is room. Make room on it.",
        of_gateway=True,
    ),
    EventKind.MUTED: Rule(
        "At meter {meter} the same comes and goes without end ({detail}), and is not journalled each time any more. No energy "
        "is lost by it. Have its line and its plug looked at."
    ),
    EventKind.SWITCH_FAILED: Rule(
        "The load switch of meter {meter} does not obey ({detail}). It is told again each minute. If that does not help, "
        "have it looked at."
    ),
}
"""The rules by the kind of event."""

OVER: dict[str, str] = {EventKind.DISK_ROOM: EventKind.DISK_FULL}
"""The events after which an alarm of the gateway ends, with the kind of the alarm."""

ENTRIES: dict[str, Rule] = {
    "rebased": Rule(
        "The register of meter {meter} goes on from another value ({detail}): what was used in between is not charged. "
        "Say what is to be charged for that time."
    ),
}
"""The rules by the kind of entry."""


def raised_by(entry: AnyEntry, meter: str, gateway: str) -> Raised | None:
    """Return the alarm that an entry of a meter's journal raises; None if it raises none."""
    kind = entry.code if isinstance(entry, Event) else str(entry.__struct_config__.tag)
    rule = (EVENTS if isinstance(entry, Event) else ENTRIES).get(kind)
    if rule is None or (isinstance(entry, Rebased) and entry.cause == RETURNED):
        return None
    owner = {"gateway": gateway} if rule.of_gateway else {"meter": meter}
    text = rule.text.format(meter=meter, detail=_detail(entry))
    # Each new base is a question of its own.
    key = str(entry.seq) if isinstance(entry, Rebased) else ""
    return Raised(kind, text, entry.at, seq=entry.seq, key=key, **owner)


def ended_by(entry: AnyEntry) -> str:
    """Return the kind of the gateway's alarms that an entry ends; empty if it ends none."""
    return OVER.get(entry.code, "") if isinstance(entry, Event) else ""


def stands_back(meter: str, account: Account, before: int) -> Raised | None:
    """Return the alarm that a register has been lower than before for long; None if it has not. `before`: the instant
    of the previous entry. The entries show it, whether or not the gateway has an event for it.
    """
    since = account.back_since
    if not since or not before - since < BACKWARDS_FOR <= account.at - since:
        return None
    rule = EVENTS[EventKind.REGISTER_BACKWARDS]
    text = rule.text.format(meter=meter, detail=f"since {moment(since):%Y-%m-%d %H:%M} UTC")
    return Raised(EventKind.REGISTER_BACKWARDS, text, account.at, meter=meter, seq=account.seq)


def _detail(entry: AnyEntry) -> str:
    if isinstance(entry, Event):
        return entry.detail or entry.code
    if isinstance(entry, Rebased):
        return f"{exact_kwh(entry.was)} kWh, then {exact_kwh(entry.register)} kWh"
    return str(entry.__struct_config__.tag)


def clock_ahead(meter: str, seq: int, at: int, now: int) -> Raised:
    """Return the alarm that a journal is dated in the future."""
    return Raised(
        "clock-ahead",
        f"The journal of meter {meter} is dated {moment(at):%Y-%m-%d %H:%M} UTC, which is {_ahead(at - now)} from now: its "
        "gateway's clock is, or was, wrong. Set it right, then order the meter to be led back, so that its time goes on from "
        "now.",
        now,
        meter=meter,
        seq=seq,
    )


def _ahead(span: int) -> str:
    return f"{span // DAY} days" if span >= 2 * DAY else f"{span // HOUR} h" if span >= HOUR else f"{span // SECOND} s"


def each_once(alarms: Iterable[Raised]) -> Iterable[Raised]:
    """Yield the first alarm of each kind (and key), for one meter or gateway."""
    found: dict[tuple[str, str, str, str], Raised] = {}
    for each in alarms:
        found.setdefault((each.meter, each.gateway, each.kind, each.key), each)
    return found.values()

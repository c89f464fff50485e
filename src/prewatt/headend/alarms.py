"""This module says which entries of a journal raise an alarm for the manager, and in which words. Logic without I/O.

A further line in `EVENTS` or `ENTRIES` is a further alarm. The store raises one alarm of each kind at a time, for the
meter or for its gateway.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..kernel.account import Account
from ..kernel.details import detail_sentence
from ..kernel.entries import AnyEntry, Event, Rebased
from ..kernel.events import EventKind
from ..kernel.plausible import RETURNED
from ..kernel.sentences import Energy, Moment, Sentence, sentence
from ..kernel.texts import gettext_noop as _
from ..kernel.units import DAY, HOUR, SECOND

BACKWARDS_FOR = 12 * HOUR
"""A register that stays lower than before for this long (µs) raises an alarm: earlier than the gateway's own event of it
(`edge.register`), so that somebody looks at it the same day.
"""


@dataclass(frozen=True, slots=True)
class Raised:
    """An alarm to be raised, for a meter or a gateway, unless one of its kind (and key) is open there."""

    kind: str
    text: Sentence
    at: int
    meter: str = ""
    gateway: str = ""
    seq: int = 0
    key: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule of an alarm. `text` is its words, with `%(meter)s` and `%(detail)s` in them. `of_gateway`: the alarm
    concerns the gateway and all of its meters, and is raised once for all of them.
    """

    text: str
    of_gateway: bool = False


EVENTS: dict[str, Rule] = {
    EventKind.CLOCK_STEPPED: Rule(
        _(
            "A gateway's clock was changed by more than is plausible (%(detail)s). Nobody is charged because of this. If it "
            "happens again, check where the gateway gets its time from."
        ),
        of_gateway=True,
    ),
    EventKind.CLOCK_DIFFERS: Rule(
        _("A gateway's clock and the server's clock differ (%(detail)s). Check where both get their time from."),
        of_gateway=True,
    ),
    EventKind.REGISTER_DOUBTFUL: Rule(
        _(
            "For an hour, meter %(meter)s has given readings that can't be right (%(detail)s). They are not charged, and they "
            "cut nobody off. If this goes on, have the meter checked."
        ),
    ),
    EventKind.REGISTER_BACKWARDS: Rule(
        _(
            "The register of meter %(meter)s goes backwards (%(detail)s). Either a current transformer is mounted the wrong way "
            "round, or energy is fed in, for example by a plug-in solar panel. This energy is not charged. Have the meter "
            "checked."
        ),
    ),
    EventKind.REGISTER_STILL: Rule(
        _(
            "The register of meter %(meter)s stands still although the supply is on (%(detail)s). Either nobody lives there, or "
            "the meter does not count. Have the meter checked."
        ),
    ),
    EventKind.FOREIGN_METER: Rule(
        _(
            "Another meter answers in the place of %(meter)s (%(detail)s). If the meter was exchanged, record the exchange. The "
            "supply goes on meanwhile."
        ),
    ),
    EventKind.JOURNAL_SET_BACK: Rule(
        _(
            "The journals of a gateway were put back from a copy, or damaged, so the gateway went on from the server's "
            "state (%(detail)s). You need to do nothing. If it happens again, check the gateway's memory card."
        ),
        of_gateway=True,
    ),
    EventKind.DISK_FULL: Rule(
        _(
            "A gateway's disk is full. For a while the gateway uses space that is reserved for this. After that it can "
            "record nothing and accept no payment until there is space again. Delete files on the gateway that are "
            "not needed."
        ),
        of_gateway=True,
    ),
    EventKind.MUTED: Rule(
        _(
            "At meter %(meter)s the same event comes and goes again and again (%(detail)s). It is no longer recorded each time. "
            "No energy is lost. Have the meter's data line and its plug checked."
        ),
    ),
    EventKind.SWITCH_FAILED: Rule(
        _(
            "The load switch of meter %(meter)s does not obey (%(detail)s). The gateway repeats the order every minute. If that "
            "does not help, have the meter checked."
        ),
    ),
    EventKind.SWITCH_DIFFERS: Rule(
        _(
            "The load switch of meter %(meter)s is not in the ordered position, even if the meter has confirmed the "
            "order (%(detail)s). The gateway repeats the order every minute. If that does not help, have the meter "
            "checked."
        ),
    ),
    EventKind.OWN_PREPAID: Rule(
        _(
            "Meter %(meter)s is in a prepaid mode of its own. It cuts off when its own balance is used up, whatever the tenant has "
            "paid here. Have that mode switched off (%(detail)s)."
        ),
    ),
}
"""The rules by the kind of event."""

OVER: dict[str, str] = {EventKind.DISK_ROOM: EventKind.DISK_FULL}
"""The events after which an alarm of the gateway ends, with the kind of the alarm."""

ENTRIES: dict[str, Rule] = {
    "rebased": Rule(
        _(
            "The register of meter %(meter)s goes on from another value (%(detail)s). What was used in between is not charged. "
            "Enter what to charge for that time."
        ),
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
    text = sentence(rule.text, meter=meter, detail=_detail(entry))
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
    text = sentence(rule.text, meter=meter, detail=sentence("since %(at)s UTC", at=Moment(since)))
    return Raised(EventKind.REGISTER_BACKWARDS, text, account.at, meter=meter, seq=account.seq)


def _detail(entry: AnyEntry) -> Sentence:
    if isinstance(entry, Event):
        return detail_sentence(entry.detail or entry.code)
    if isinstance(entry, Rebased):
        return sentence("%(was)s kWh, then %(register)s kWh", was=Energy(entry.was), register=Energy(entry.register))
    return sentence(str(entry.__struct_config__.tag))


def clock_ahead(meter: str, seq: int, at: int, now: int) -> Raised:
    """Return the alarm that a journal is dated in the future."""
    return Raised(
        "clock-ahead",
        sentence(
            "The journal of meter %(meter)s is dated %(at)s UTC, which is %(ahead)s in the future. The clock of its "
            "gateway is wrong, or was wrong. Set the clock right. Then set the journal's time back, so that it goes on "
            "from now.",
            meter=meter,
            at=Moment(at),
            ahead=_ahead(at - now),
        ),
        now,
        meter=meter,
        seq=seq,
    )


def _ahead(span: int) -> Sentence:
    if span >= 2 * DAY:
        return sentence("%(count)d days", count=span // DAY)
    return (
        sentence("%(count)d h", count=span // HOUR) if span >= HOUR else sentence("%(count)d s", count=span // SECOND)
    )


def each_once(alarms: Iterable[Raised]) -> Iterable[Raised]:
    """Return the first alarm of each kind (and key), for each meter or gateway."""
    first: dict[tuple[str, str, str, str], Raised] = {}
    for alarm in alarms:
        first.setdefault((alarm.meter, alarm.gateway, alarm.kind, alarm.key), alarm)
    return first.values()

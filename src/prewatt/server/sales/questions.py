"""What a register's jump or an exchange left unmeasured, and the manager's answer: what is charged for that time.

The alarms of the kinds `rebased` and `exchanged` ask. Their data, once answered: `answer`, and `charged` (nano).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.allocation import apportion
from ...kernel.calendar import local, zone
from ...kernel.entries import FLAG_HELD, Event, Exchanged, Reading, Rebased, decode_entry
from ...kernel.events import EventKind
from ...kernel.plausible import most
from ...kernel.rating import Counters, rate_interval
from ...kernel.tariff import RateCalendar, Version
from ...kernel.units import exact_kwh
from ..core.time import now
from ..estate.models import Tenancy
from ..ledger.books import Kind, account, book
from ..ledger.models import Transfer
from ..ledger.references import Of, Part, Reference
from ..metering.alarms import raise_alarm
from ..metering.locking import for_update, lock_meters, lock_organisation
from ..metering.models import Alarm, JournalEntry, Meter
from ..metering.readings import readings
from ..metering.usual import Piece, usual
from ..vending.exchanges import UNKNOWN_END
from ..vending.models import Adjustment
from ..vending.refusals import GivingBackError
from .giving_back import put_right

QUESTIONS = ("rebased", UNKNOWN_END)
"""Kinds of alarms that ask what to charge."""
TWICE = "charged-twice"
"""Kind of the alarm that an answer was charged, and the register has come back since."""
ANSWERS = ("nothing", "average", "energy", "money")


class Share(NamedTuple):
    """Of the time that was not measured, what falls to a tenancy (None: nobody lived there): the usual use (Wh) and what
    that comes to (nano), None where too little is known.
    """

    tenancy: Tenancy | None
    begin: int
    end: int
    energy: int | None
    cost: int | None


@dataclass(frozen=True)
class Question:
    """What is known. `was`: the register (Wh) that was read last, at `begin`; `register`: where it is counted from, since
    `end`. `most`: Wh that can have flowed between.
    """

    alarm: Alarm
    meter: Meter
    was: int
    register: int
    begin: int
    end: int
    most: int
    shares: list[Share]
    versions: tuple[Version, ...]
    counters: Counters

    @property
    def energy(self) -> int | None:
        """Wh by the average of the weeks before; None where too little is known."""
        return _sum([share.energy for share in self.shares])

    @property
    def cost(self) -> int | None:
        """What that comes to, nano."""
        return _sum([share.cost for share in self.shares])

    @property
    def nobody(self) -> bool:
        """Whether nobody lived there."""
        return all(share.tenancy is None for share in self.shares)


def _sum(parts: Sequence[int | None]) -> int | None:
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def question(alarm: Alarm) -> Question | None:
    """What an alarm asks; None if it asks nothing, or the entries are not here."""
    meter = alarm.meter
    if meter is None or alarm.kind not in QUESTIONS:
        return None
    row = JournalEntry.objects.filter(meter=meter, seq=alarm.seq).first()
    entry = decode_entry(bytes(row.body)) if row else None
    before = _last_true(meter, alarm.seq)
    if before is None or not isinstance(entry, Rebased | Exchanged):
        return None
    end = max(_hung_at(meter, before, entry) if isinstance(entry, Exchanged) else entry.at, before.at)
    register = entry.first if isinstance(entry, Exchanged) else entry.register
    # Only the energy is charged: the days were, by the readings.
    versions = tuple(
        Version(each.effective, RateCalendar(msgspec.structs.replace(each.calendar.tariff, standing=0, minimum=0)))
        for each in meter.property.tariff_versions.series()
    )
    counters = Counters()
    if any(version.calendar.tariff.tiers for version in versions):
        for each in readings(meter, versions, before.at):
            if each.seq <= before.seq:
                counters = each.rerated.counters
    highest = most(int(meter.power_highest), end - before.at)
    shares = _shares(meter, before.at, end, highest, versions, counters)
    return Question(alarm, meter, before.register, register, before.at, end, highest, shares, versions, counters)


def _last_true(meter: Meter, seq: int) -> Reading | None:
    """The last reading before an entry whose register was one."""
    rows = JournalEntry.objects.filter(meter=meter, seq__lt=seq, kind="reading", energy__isnull=False).order_by("-seq")
    for body in rows.values_list("body", flat=True).iterator():
        entry = decode_entry(bytes(body))
        if isinstance(entry, Reading) and not entry.flags & FLAG_HELD:
            return entry
    return None


def _hung_at(meter: Meter, before: Reading, entry: Exchanged) -> int:
    """When the new meter was seen first, as far as it was."""
    rows = JournalEntry.objects.filter(meter=meter, seq__gt=before.seq, seq__lt=entry.seq, kind="event").order_by("seq")
    for body in rows.values_list("body", flat=True):
        event = decode_entry(bytes(body))
        if isinstance(event, Event) and (event.code, event.detail) == (EventKind.FOREIGN_METER, entry.serial):
            return event.at
    return entry.at


def _shares(
    meter: Meter, begin: int, end: int, highest: int, versions: tuple[Version, ...], counters: Counters
) -> list[Share]:
    tenancies = list(
        Tenancy.objects.filter(unit=meter.unit_id, begins__lt=end)
        .exclude(ends__lte=begin)
        .select_related("unit__property__organisation")
        .order_by("begins")
    ) if meter.unit_id else []  # fmt: skip
    spans: list[tuple[Tenancy | None, int, int]] = []
    at = begin
    for each in tenancies:
        if each.begins > at:
            spans.append((None, at, each.begins))
        until = min(end if each.ends is None else each.ends, end)
        spans.append((each, max(each.begins, at), until))
        at = until
    if at < end or not spans:
        spans.append((None, at, end))
    # Who lives there now is not measured by who lived there before.
    since = tenancies[0].begins if tenancies and tenancies[0].begins < begin else 0
    pieces = usual(meter, begin, end, zone(meter.property.zone), since)
    shares, charged = [], 0
    for tenancy, first, last in spans:
        if pieces is None:
            shares.append(Share(tenancy, first, last, None, None))
            continue
        mine = _within(pieces, first, last)
        energy = cost = 0
        for piece in mine:
            part = min(piece.energy, highest - charged)
            rated = rate_interval(versions, piece.begin, piece.end, part, counters)
            counters = rated.counters
            energy, cost, charged = energy + part, cost + rated.charge, charged + part
        shares.append(Share(tenancy, first, last, energy, cost))
    return shares


def _within(pieces: Sequence[Piece], begin: int, end: int) -> list[Piece]:
    """The pieces that end in a span; one that reaches over its begin counts there."""
    return [piece for piece in pieces if begin < piece.end <= end or (piece.begin < end < piece.end)]


# -- answering -------------------------------------------------------------------------------------------------------------


def _divided(asked: Question, amount: int) -> list[int]:
    """A typed amount by shares: as the usual use, or else the time, divides."""
    usual_use = {index: share.energy or 0 for index, share in enumerate(asked.shares)}
    lasted = {index: share.end - share.begin for index, share in enumerate(asked.shares)}
    weights = usual_use if any(usual_use.values()) else lasted
    parts = apportion(amount, weights if any(weights.values()) else dict.fromkeys(lasted, 1))
    return [parts[index] for index in range(len(asked.shares))]


def charges(asked: Question, answer: str, amount: int = 0) -> list[tuple[Share, int | None, int]]:
    """(share, Wh where they are known, nano) of an answer; `amount` in Wh for `energy`, in nano for `money`.
    GivingBackError if it can't be.
    """
    if answer == "nothing":
        return [(share, None, 0) for share in asked.shares]
    if answer == "average":
        if asked.energy is None:
            raise GivingBackError(_("Too little is known of the weeks before: type the energy or the amount."))
        return [(share, share.energy, share.cost or 0) for share in asked.shares]
    if answer == "energy":
        if not 0 <= amount <= asked.most:
            text = _("At most %(most)s kWh can have flowed in that time.")
            raise GivingBackError(text % {"most": exact_kwh(asked.most)})
        counters = asked.counters
        found: list[tuple[Share, int | None, int]] = []
        for share, energy in zip(asked.shares, _divided(asked, amount), strict=True):
            rated = rate_interval(asked.versions, share.begin, share.end, energy, counters)
            counters = rated.counters
            found.append((share, energy, rated.charge))
        return found
    if answer == "money":
        if amount < 0:
            raise GivingBackError(_("An amount of what was used is 0 or more."))
        return [(share, None, part) for share, part in zip(asked.shares, _divided(asked, amount), strict=True)]
    raise GivingBackError(_("%(answer)s is none of %(known)s.") % {"answer": repr(answer), "known": ", ".join(ANSWERS)})


def _lock(alarm: Alarm) -> Alarm:
    """An alarm of a meter, locked after where its answer is booked."""
    if alarm.meter is not None:
        lock_organisation(alarm.meter.property.organisation_id)
        lock_meters(Meter.objects.filter(pk=alarm.meter.pk))
    return for_update(Alarm.objects).get(pk=alarm.pk)


@transaction.atomic
def reply(alarm: Alarm, answer: str, amount: int, by: Any) -> list[Adjustment]:
    """Charge what somebody says for the time that was not measured, and settle the alarm in their name. Answered twice, the
    first answer holds. Over the organisation's limit a second person agrees. GivingBackError if it can't be.
    """
    locked = _lock(alarm)
    if locked.is_resolved:
        return []
    asked = question(locked)
    if asked is None:
        raise GivingBackError(_("This alarm asks nothing."))
    made, total = [], 0
    for share, energy, cost in charges(asked, answer, amount):
        total += cost
        if not cost:
            continue
        if share.tenancy is None:
            _book_vacant(asked, share, cost, _memo(asked, share, energy))
            continue
        of = Reference(Of.ALARM, locked.pk)
        made.append(put_right(share.tenancy, -cost, of, by, _memo(asked, share, energy), second=False))
    locked.data = {**locked.data, "answer": answer, "charged": total}
    locked.is_resolved, locked.resolved_by, locked.resolved_at = True, by.get_username()[:150], now()
    locked.save(update_fields=["data", "is_resolved", "resolved_by", "resolved_at"])
    return made


def _memo(asked: Question, share: Share, energy: int | None) -> str:
    where = zone(asked.meter.property.zone)
    first, last = (f"{local(at, where):%Y-%m-%d %H:%M}" for at in (share.begin, share.end))
    kwh = "" if energy is None else f" {exact_kwh(energy)} kWh,"
    return _("use that was not measured:%(kwh)s %(first)s – %(last)s") % {"kwh": kwh, "first": first, "last": last}


def _book_vacant(asked: Question, share: Share, cost: int, memo: str) -> None:
    organisation = asked.meter.property.organisation
    vacant, revenue = account(organisation, Kind.VACANCY), account(organisation, Kind.ENERGY_REVENUE)
    of = Reference(Of.ALARM, asked.alarm.pk).and_(Part.VACANT).since(share.begin)
    book(Transfer.Kind.ADJUSTMENT, vacant, revenue, cost, now(), of, memo, asked.meter)


# -- the register came back ------------------------------------------------------------------------------------------------


def came_back(meter: Meter, entry: Rebased) -> None:
    """The journal shows that a register is back where it stood before an error, and all is charged once by it: the question
    is over, or what was answered is charged twice.
    """
    error = JournalEntry.objects.filter(meter=meter, kind="rebased", seq__lt=entry.seq).order_by("-seq").first()
    asked = Alarm.objects.filter(meter=meter, kind="rebased", seq=error.seq).first() if error else None
    if asked is None:
        return
    if not asked.is_resolved:
        Alarm.objects.filter(pk=asked.pk).update(is_resolved=True)
    elif asked.data.get("charged"):
        text = _(
            "The register came back to where it stood before an error, and what was used meanwhile is charged by it. What "
            "was charged for that time by an answer is charged twice: give it back."
        )
        raise_alarm(TWICE, text, entry.at, meter=meter, key=str(asked.pk), seq=entry.seq, data={"alarm": asked.pk})


@transaction.atomic
def give_back_twice(alarm: Alarm, by: Any) -> list[Adjustment]:
    """Give back what an answer charged, and settle the alarm. Asked twice, it is once."""
    locked = _lock(alarm)
    if locked.is_resolved:
        return []
    answered = Adjustment.objects.filter(of=Of.ALARM, number=locked.data["alarm"])
    answered.filter(state=Adjustment.State.WAITING).update(
        state=Adjustment.State.DECLINED, decided_at=now(), decided_by=by
    )
    made = [
        put_right(
            each.tenancy, -each.amount, Reference(Of.ADJUSTMENT, each.pk).and_(Part.BACK), by,
            _("charged twice: %(what)s") % {"what": each.reason}, second=False,
        )
        for each in answered.filter(state=Adjustment.State.DONE).select_related("tenancy__unit__property__organisation")
    ]  # fmt: skip
    locked.is_resolved, locked.resolved_by, locked.resolved_at = True, by.get_username()[:150], now()
    locked.save(update_fields=["is_resolved", "resolved_by", "resolved_at"])
    return made

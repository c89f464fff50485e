"""Energy that a register's jump or an exchange left unmeasured, and the manager's answer: what is charged for that
time.

Alarms of the kinds `rebased` and `exchanged` ask. After the answer their data has `answer` and `charged` (nano).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.allocation import apportion
from ...kernel.calendar import zone
from ...kernel.entries import FLAG_HELD, Event, Exchanged, Reading, Rebased, decode_entry
from ...kernel.events import EventKind
from ...kernel.plausible import most
from ...kernel.rating import Counters, rate_interval
from ...kernel.sentences import Energy, Moment, Sentence, sentence
from ...kernel.span import Span
from ...kernel.tariff import Version, of_energy_alone
from ..core import local_forms
from ..core.time import now
from ..estate.models import Tenancy
from ..estate.occupancy import stretches
from ..ledger.books import Kind, account, book
from ..ledger.models import Transfer
from ..ledger.references import Of, Part, Reference
from ..metering.alarms import raise_alarm
from ..metering.locking import for_update, lock_meters, lock_organisation
from ..metering.models import Alarm, JournalEntry, Meter
from ..metering.readings import readings
from ..vending.exchanges import UNKNOWN_END
from ..vending.models import Adjustment
from ..vending.refusals import GivingBackError
from .giving_back import put_right

if TYPE_CHECKING:
    from ..metering.usual import Piece

QUESTIONS = ("rebased", UNKNOWN_END)
"""The kinds of alarms that ask what to charge."""
TWICE = "charged-twice"
"""The kind of alarm for an answer that was charged before the register came back and charged the same energy."""
ANSWERS = ("nothing", "average", "energy", "money")
"""The answers that a manager can give."""


class Share(NamedTuple):
    """The part of the unmeasured time that falls to a tenancy (None: nobody lived there), from the instant `begin` to
    `end`: the usual use (Wh) and its cost (nano); both None if too little is known.
    """

    tenancy: Tenancy | None
    begin: int
    end: int
    energy: int | None
    cost: int | None


@dataclass(frozen=True)
class Question:
    """The facts of a question. `was`: the last register (Wh), read at `begin`; `register`: the register that counts
    since `end`. `most`: the most energy (Wh) that can have flowed between.
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
        """Return the energy (Wh) by the average of the weeks before; None if too little is known."""
        return _sum([share.energy for share in self.shares])

    @property
    def cost(self) -> int | None:
        """Return the cost of that energy, nano; None if too little is known."""
        return _sum([share.cost for share in self.shares])

    @property
    def nobody(self) -> bool:
        """Return whether nobody lived there."""
        return all(share.tenancy is None for share in self.shares)


def _sum(parts: Sequence[int | None]) -> int | None:
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def question(alarm: Alarm) -> Question | None:
    """Return the question of an alarm; None if it asks nothing, or its journal entries are not here."""
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
    # Only the energy is charged, since the readings have charged the days.
    versions = of_energy_alone(meter.property.tariff_versions.series())
    counters = _counters(meter, versions, before)
    highest = most(int(meter.power_highest), end - before.at)
    shares = _shares(meter, before.at, end, highest, versions, counters)
    return Question(alarm, meter, before.register, register, before.at, end, highest, shares, versions, counters)


def _counters(meter: Meter, versions: tuple[Version, ...], before: Reading) -> Counters:
    """Return the use that counts for tiers after a reading; none if no tariff has tiers."""
    counters = Counters()
    if any(version.calendar.tariff.tiers for version in versions):
        for each in readings(meter, versions, before.at):
            if each.seq <= before.seq:
                counters = each.rerated.counters
    return counters


def _last_true(meter: Meter, seq: int) -> Reading | None:
    """Return the last reading before an entry that has a real register."""
    rows = JournalEntry.objects.filter(meter=meter, seq__lt=seq, kind="reading", energy__isnull=False).order_by("-seq")
    for body in rows.values_list("body", flat=True).iterator():
        entry = decode_entry(bytes(body))
        if isinstance(entry, Reading) and not entry.flags & FLAG_HELD:
            return entry
    return None


def _hung_at(meter: Meter, before: Reading, entry: Exchanged) -> int:
    """Return the instant at which the new meter was seen first, as far as the journal shows it."""
    rows = JournalEntry.objects.filter(meter=meter, seq__gt=before.seq, seq__lt=entry.seq, kind="event").order_by("seq")
    for body in rows.values_list("body", flat=True):
        event = decode_entry(bytes(body))
        if isinstance(event, Event) and (event.code, event.detail) == (EventKind.FOREIGN_METER, entry.serial):
            return event.at
    return entry.at


def _shares(
    meter: Meter, begin: int, end: int, highest: int, versions: tuple[Version, ...], counters: Counters
) -> list[Share]:
    held = stretches(meter.unit_id, Span(begin, end))
    # The present tenant's use is not estimated by an earlier tenant's.
    present = held[0].tenancy
    since = present.begins if present is not None and present.begins < begin else 0
    # Loaded here, with numpy: the head-end, which puts questions and reckons nothing, starts a tenth sooner without.
    from ..metering.usual import usual

    pieces = usual(meter, begin, end, zone(meter.property.zone), since)
    shares, charged = [], 0
    for tenancy, first, last in held:
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
    """Return the pieces of usual use that end in a span. A piece that begins in it and ends after it counts too."""
    return [piece for piece in pieces if begin < piece.end <= end or (piece.begin < end < piece.end)]


# -- answering -------------------------------------------------------------------------------------------------------------


def _divided(case: Question, amount: int) -> list[int]:
    """Return the parts of a typed amount by share, in proportion to the usual use, or else to the time."""
    usual_use = {index: share.energy or 0 for index, share in enumerate(case.shares)}
    lasted = {index: share.end - share.begin for index, share in enumerate(case.shares)}
    weights = usual_use if any(usual_use.values()) else lasted
    parts = apportion(amount, weights if any(weights.values()) else dict.fromkeys(lasted, 1))
    return [parts[index] for index in range(len(case.shares))]


def charges(case: Question, answer: str, amount: int = 0) -> list[tuple[Share, int | None, int]]:
    """Return triples of (share, Wh or None, nano) for an answer. `amount`: Wh for the answer `energy`, nano for
    `money`. Raises GivingBackError if the amount or the answer is not possible.
    """
    if answer == "nothing":
        return [(share, None, 0) for share in case.shares]
    if answer == "average":
        if case.energy is None:
            raise GivingBackError(_("Too little is known of the weeks before: give the energy or the amount."))
        return [(share, share.energy, share.cost or 0) for share in case.shares]
    if answer == "energy":
        return _charges_of_energy(case, amount)
    if answer == "money":
        return _charges_of_money(case, amount)
    raise GivingBackError(
        _("%(answer)s is not a known answer. Known answers: %(known)s.")
        % {"answer": repr(answer), "known": ", ".join(ANSWERS)}
    )


def _charges_of_energy(case: Question, amount: int) -> list[tuple[Share, int | None, int]]:
    if not 0 <= amount <= case.most:
        text = _("At most %(most)s kWh can have flowed in that time.")
        raise GivingBackError(text % {"most": local_forms.kwh(case.most)})
    counters = case.counters
    parts: list[tuple[Share, int | None, int]] = []
    for share, energy in zip(case.shares, _divided(case, amount), strict=True):
        rated = rate_interval(case.versions, share.begin, share.end, energy, counters)
        counters = rated.counters
        parts.append((share, energy, rated.charge))
    return parts


def _charges_of_money(case: Question, amount: int) -> list[tuple[Share, int | None, int]]:
    if amount < 0:
        raise GivingBackError(_("The amount for what was used must be 0 or more."))
    return [(share, None, part) for share, part in zip(case.shares, _divided(case, amount), strict=True)]


def _lock(alarm: Alarm) -> Alarm:
    """Return an alarm, locked after the organisation and the meter where its answer is booked."""
    if alarm.meter is not None:
        lock_organisation(alarm.meter.property.organisation_id)
        lock_meters(Meter.objects.filter(pk=alarm.meter.pk))
    return for_update(Alarm.objects).get(pk=alarm.pk)


@transaction.atomic
def reply(alarm: Alarm, answer: str, amount: int, by: Any) -> list[Adjustment]:
    """Charge the answer for the unmeasured time, and resolve the alarm in the name of `by`. If it was answered before,
    the first answer stays. Above the organisation's limit a second person must agree. Returns the adjustments. Raises
    GivingBackError if the answer is not possible.
    """
    locked = _lock(alarm)
    if locked.is_resolved:
        return []
    case = question(locked)
    if case is None:
        raise GivingBackError(_("This alarm asks no question, so there is nothing to answer."))
    adjustments, total = [], 0
    for share, energy, cost in charges(case, answer, amount):
        total += cost
        if not cost:
            continue
        if share.tenancy is None:
            _book_vacant(case, share, cost, _memo(case, share, energy))
            continue
        of = Reference(Of.ALARM, locked.pk)
        adjustments.append(put_right(share.tenancy, -cost, of, by, _memo(case, share, energy), second=False))
    locked.data = {**locked.data, "answer": answer, "charged": total}
    locked.is_resolved, locked.resolved_by, locked.resolved_at = True, by.get_username()[:150], now()
    locked.save(update_fields=["data", "is_resolved", "resolved_by", "resolved_at"])
    return adjustments


def _memo(case: Question, share: Share, energy: int | None) -> Sentence:
    place = case.meter.property.zone
    first, last = Moment(share.begin, place), Moment(share.end, place)
    if energy is None:
        return sentence("use that was not measured: %(first)s – %(last)s", first=first, last=last)
    used = Energy(energy)
    return sentence("use that was not measured: %(kwh)s kWh, %(first)s – %(last)s", kwh=used, first=first, last=last)


def _book_vacant(case: Question, share: Share, cost: int, memo: str) -> None:
    organisation = case.meter.property.organisation
    vacant, revenue = account(organisation, Kind.VACANCY), account(organisation, Kind.ENERGY_REVENUE)
    of = Reference(Of.ALARM, case.alarm.pk).and_(Part.VACANT).since(share.begin)
    book(Transfer.Kind.ADJUSTMENT, vacant, revenue, cost, now(), of, memo, case.meter)


# -- the register came back ------------------------------------------------------------------------------------------------


def came_back(meter: Meter, entry: Rebased) -> None:
    """Take note that a register is back at its value before an error, and so charges all energy once. The question is
    over; or, if its answer has charged the same energy, an alarm says so.
    """
    error = JournalEntry.objects.filter(meter=meter, kind="rebased", seq__lt=entry.seq).order_by("-seq").first()
    question_alarm = Alarm.objects.filter(meter=meter, kind="rebased", seq=error.seq).first() if error else None
    if question_alarm is None:
        return
    if not question_alarm.is_resolved:
        Alarm.objects.filter(pk=question_alarm.pk).update(is_resolved=True)
    elif question_alarm.data.get("charged"):
        text = sentence(
            "The register is back at its value before an error, so it charges the energy that was used in the "
            "meantime. The answer for that time charged the same energy: give the charge of the answer back."
        )
        raise_alarm(
            TWICE,
            text,
            entry.at,
            meter=meter,
            key=str(question_alarm.pk),
            seq=entry.seq,
            data={"alarm": question_alarm.pk},
        )


@transaction.atomic
def give_back_twice(alarm: Alarm, by: Any) -> list[Adjustment]:
    """Give back what an answer charged, and resolve the alarm. A repeated call changes nothing. Returns the
    adjustments.
    """
    locked = _lock(alarm)
    if locked.is_resolved:
        return []
    answered = Adjustment.objects.filter(of=Of.ALARM, number=locked.data["alarm"])
    answered.filter(state=Adjustment.State.WAITING).update(
        state=Adjustment.State.DECLINED, decided_at=now(), decided_by=by
    )
    adjustments = [
        put_right(
            each.tenancy,
            -each.amount,
            Reference(Of.ADJUSTMENT, each.pk).and_(Part.BACK),
            by,
            sentence("charged twice: %(what)s", what=each.reason_as_given),
            second=False,
        )
        for each in answered.filter(state=Adjustment.State.DONE).select_related("tenancy__unit__property__organisation")
    ]
    locked.is_resolved, locked.resolved_by, locked.resolved_at = True, by.get_username()[:150], now()
    locked.save(update_fields=["is_resolved", "resolved_by", "resolved_at"])
    return adjustments

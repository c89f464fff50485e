"""A journal whose clock is ahead of the time is led back: by an order, and by giving back the charges for days that had
not come.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.calendar import local, zone
from ...kernel.charges import of_time
from ...kernel.entries import LeadBack, Reading, TimeLedBack, decode_entry
from ...kernel.rating import rate_interval
from ...kernel.sentences import Money, sentence
from ...kernel.units import MINUTE
from ..core.time import now
from ..estate.models import Tenancy
from ..ledger.references import Of, Reference
from ..metering.alarms import raise_alarm
from ..metering.locking import for_update
from ..metering.models import Alarm, Gateway, JournalEntry, Meter
from ..metering.readings import readings
from ..vending.credit_log import issue
from ..vending.models import OPEN, Adjustment, Command
from ..vending.refusals import GivingBackError
from .giving_back import put_right

NEAR = 2 * MINUTE
"""A journal that is ahead by less than this (µs) is not called ahead, since clocks differ."""
AHEAD = "clock-ahead"
"""The kind of alarm for a journal with dates in the future."""
EARLY = "charged-early"
"""The kind of alarm for charges of days that had not come."""


class LeadBackError(ValueError):
    """The order cannot be given; the message, for people, says why."""


def is_ahead(meter: Meter, at: int) -> bool:
    """Return whether a meter's journal is ahead of the instant `at`."""
    return meter.at is not None and meter.at > at + NEAR


def on_its_way(meter: Meter) -> bool:
    """Return whether a meter was ordered to lead its journal back, and has not done it yet."""
    return Command.objects.filter(meter=meter, kind="time", state__in=OPEN).exists()


@transaction.atomic
def lead_back(meter: Meter, by: str = "") -> Command | None:
    """Order a meter's journal to go on from the present time, and resolve its alarm in the name of `by`. Returns the
    command; None if it is ordered already. Raises LeadBackError if the journal is not ahead.
    """
    row = for_update(Meter.objects).get(pk=meter.pk)
    if not is_ahead(row, now()):
        raise LeadBackError(
            _("The journal of meter %(meter)s is not ahead of the present time, so there is nothing to set back.")
            % {"meter": row}
        )
    if on_its_way(row):
        return None
    command = issue(row, LeadBack())
    if by:
        Alarm.objects.filter(meter=row, kind=AHEAD, is_resolved=False).update(
            is_resolved=True, resolved_by=by[:150], resolved_at=now()
        )
    return command


def meters_ahead(gateway: Gateway) -> list[Meter]:
    """Return the meters of a gateway whose journals are ahead of the time."""
    at = now()
    return [meter for meter in gateway.meters.select_related("unit").order_by("pk") if is_ahead(meter, at)]


@transaction.atomic
def lead_back_all(gateway: Gateway, by: str = "") -> list[Command]:
    """Lead back all journals of a gateway that are ahead. Returns the commands. Raises LeadBackError if
    none is ahead.
    """
    ahead = meters_ahead(gateway)
    if not ahead:
        raise LeadBackError(
            _("No journal of gateway %(gateway)s is ahead of the present time, so there is nothing to set back.")
            % {"gateway": gateway}
        )
    return [command for meter in ahead if (command := lead_back(meter, by)) is not None]


class Early(NamedTuple):
    """The amount (nano) that a tenant was charged for days that had not come, by readings from entry `seq` with
    instants up to `until`.
    """

    meter: Meter
    tenancy: Tenancy
    seq: int
    until: int
    amount: int

    @property
    def name(self) -> Reference:
        """Return the reference under which it is given back."""
        return Reference(Of.EARLY, self.meter.pk).numbered(self.seq)


def charged_early(meter: Meter, seq: int | None = None) -> Early | None:
    """Return the charges of days and months, with their tax, that the present tenant paid for days that had not come,
    when entry `seq` led the journal back (None: if it were led back now). These days are charged again when they come;
    the energy was really used. None if there are none, or they were given back.
    """
    entry_row = JournalEntry.objects.filter(meter=meter, seq=seq).first() if seq is not None else None
    led_at, last = (entry_row.at, entry_row.seq) if entry_row is not None else (now(), meter.seq + 1)
    before_that = JournalEntry.objects.filter(meter=meter, kind="time", seq__lt=last).order_by("-seq").first()
    rows = JournalEntry.objects.filter(
        meter=meter,
        kind="reading",
        seq__gt=before_that.seq if before_that else 0,
        seq__lt=last,
        at__gt=led_at,
        charge__isnull=False,
    )
    bodies = dict(rows.order_by("seq").values_list("seq", "body"))
    tenancy = _tenancy_at(meter, led_at)
    if not bodies or tenancy is None:
        return None
    first = min(bodies)
    come = _charged_before(meter, first, led_at)
    amount, until = 0, led_at
    for seq, body in bodies.items():
        entry = _reading(bytes(body))
        # A part of the first reading was not in the future.
        amount += _charge_of_days(entry, come if seq == first else 0)
        until = max(until, entry.at)
    early = Early(meter, tenancy, first, until, amount)
    known = Adjustment.objects.filter(tenancy=tenancy, **early.name._asdict()).exists()
    return early if amount and not known else None


def _charged_before(meter: Meter, seq: int, at: int) -> int:
    """Return the charges of days and months for the days between the last reading before entry `seq` and the instant
    `at`, nano.
    """
    versions = meter.property.tariff_versions.series()
    before = [each for each in readings(meter, versions, at) if each.seq < seq]
    if not before:
        return 0
    come = rate_interval(versions, before[-1].at, at, 0, before[-1].rerated.counters)
    return of_time(come)


def _reading(body: bytes) -> Reading:
    entry = decode_entry(body)
    assert isinstance(entry, Reading)
    return entry


def _charge_of_days(entry: Reading, come: int) -> int:
    """Return the charges of days and months of a reading with their tax, less `come`, which was charged for days that
    had come; nano.
    """
    days = max(of_time(entry) - come, 0)
    untaxed = entry.charge - entry.tax
    return days + (entry.tax * days // untaxed if untaxed else 0)


def _tenancy_at(meter: Meter, at: int) -> Tenancy | None:
    """Return the tenancy at a meter at an instant; None if nobody lived there."""
    rows = Tenancy.objects.filter(unit=meter.unit_id, begins__lt=at).exclude(ends__lt=at)
    return rows.select_related("unit__property__organisation").order_by("-begins").first() if meter.unit_id else None


def led_back(meter: Meter, entry: TimeLedBack) -> None:
    """Raise an alarm that offers to give back charges for days that had not come, after a journal entry shows that its
    time was led back.
    """
    early = charged_early(meter, entry.seq)
    if early is not None:
        text = sentence(
            "Meter %(meter)s was charged for days that had not come yet: %(amount)s in all. Give it back.",
            meter=meter,
            amount=Money(early.amount, meter.property.currency),
        )
        raise_alarm(EARLY, text, entry.at, meter=meter, key=str(entry.seq), seq=entry.seq)


def give_back_early(meter: Meter, seq: int, by: Any) -> Adjustment:
    """Give back the charges for days that had not come, before entry `seq` led the journal back. Above the
    organisation's limit a second person must agree. Raises GivingBackError if there is nothing to give back.
    """
    early = charged_early(meter, seq)
    if early is None:
        raise GivingBackError(_("Nothing was charged for days that had not come, or it was given back already."))
    until = f"{local(early.until, zone(meter.property.zone)):%Y-%m-%d}"
    memo = sentence("charges of days up to %(until)s that had not come", until=until)
    return put_right(early.tenancy, early.amount, early.name, by, memo, second=False)

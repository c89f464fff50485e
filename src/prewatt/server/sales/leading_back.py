"""A journal whose time is ahead is led back: the order, and what was charged for time that had not come."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.calendar import local, zone
from ...kernel.currencies import format_money
from ...kernel.entries import LeadBack, Reading, TimeLedBack, decode_entry
from ...kernel.rating import rate_interval
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
"""A journal that is ahead by so much is not: clocks differ."""
AHEAD = "clock-ahead"
"""Kind of the alarm that a journal is dated in the future."""
EARLY = "charged-early"
"""Kind of the alarm that days were charged that had not come."""


class LeadBackError(ValueError):
    """The order can't be given; the message, for people, says why."""


def is_ahead(meter: Meter, at: int) -> bool:
    """Whether a meter's journal is dated later than it is."""
    return meter.at is not None and meter.at > at + NEAR


def on_its_way(meter: Meter) -> bool:
    """Whether the order is given, and not taken up yet."""
    return Command.objects.filter(meter=meter, kind="time", state__in=OPEN).exists()


@transaction.atomic
def lead_back(meter: Meter, by: str = "") -> Command | None:
    """Order a meter's journal to go on from now, and settle the alarm of it in somebody's name. Asked twice, it is once:
    None for the second time. LeadBackError if its time is not ahead.
    """
    row = for_update(Meter.objects).get(pk=meter.pk)
    if not is_ahead(row, now()):
        raise LeadBackError(_("The journal of meter %(meter)s is not ahead of the time.") % {"meter": row})
    if on_its_way(row):
        return None
    command = issue(row, LeadBack())
    if by:
        Alarm.objects.filter(meter=row, kind=AHEAD, is_resolved=False).update(
            is_resolved=True, resolved_by=by[:150], resolved_at=now()
        )
    return command


def meters_ahead(gateway: Gateway) -> list[Meter]:
    """The meters of a gateway whose journals are ahead."""
    at = now()
    return [meter for meter in gateway.meters.select_related("unit").order_by("pk") if is_ahead(meter, at)]


@transaction.atomic
def lead_back_all(gateway: Gateway, by: str = "") -> list[Command]:
    """Lead all of a gateway's meters back whose journals are ahead. LeadBackError if none is."""
    ahead = meters_ahead(gateway)
    if not ahead:
        raise LeadBackError(_("No journal of gateway %(gateway)s is ahead of the time.") % {"gateway": gateway})
    return [command for meter in ahead if (command := lead_back(meter, by)) is not None]


class Early(NamedTuple):
    """What a tenant was charged for days that had not come, nano, by readings from entry `seq` on, dated up to `until`."""

    meter: Meter
    tenancy: Tenancy
    seq: int
    until: int
    amount: int

    @property
    def name(self) -> Reference:
        """What it is given back for."""
        return Reference(Of.EARLY, self.meter.pk).numbered(self.seq)


def charged_early(meter: Meter, seq: int | None = None) -> Early | None:
    """What days that had not come were charged to who lives there, when the journal was led back by entry `seq` (None: if
    it were now): standing charges and minimums, with their tax. They are charged again when they come; the energy was
    used. None if nothing was, or it is given back.
    """
    led = JournalEntry.objects.filter(meter=meter, seq=seq).first() if seq is not None else None
    back, last = (led.at, led.seq) if led is not None else (now(), meter.seq + 1)
    before_that = JournalEntry.objects.filter(meter=meter, kind="time", seq__lt=last).order_by("-seq").first()
    rows = JournalEntry.objects.filter(
        meter=meter, kind="reading", seq__gt=before_that.seq if before_that else 0, seq__lt=last, at__gt=back,
        charge__isnull=False,
    )  # fmt: skip
    bodies = dict(rows.order_by("seq").values_list("seq", "body"))
    tenancy = (
        Tenancy.objects.filter(unit=meter.unit_id, begins__lt=back)
        .exclude(ends__lt=back)
        .select_related("unit__property__organisation")
        .order_by("-begins")
        .first()
        if meter.unit_id
        else None
    )
    if not bodies or tenancy is None:
        return None
    first = min(bodies)
    versions = meter.property.tariff_versions.series()
    amount, until = 0, back
    before = [each for each in readings(meter, versions, back) if each.seq < first]
    for seq, body in bodies.items():
        entry = decode_entry(bytes(body))
        assert isinstance(entry, Reading)
        days = entry.standing + entry.minimum
        if seq == first and before:
            # A part of its time had come.
            come = rate_interval(versions, before[-1].at, back, 0, before[-1].rerated.counters)
            days = max(days - come.standing - come.minimum, 0)
        untaxed = entry.charge - entry.tax
        amount += days + (entry.tax * days // untaxed if untaxed else 0)
        until = max(until, entry.at)
    early = Early(meter, tenancy, first, until, amount)
    known = Adjustment.objects.filter(tenancy=tenancy, **early.name._asdict()).exists()
    return early if amount and not known else None


def led_back(meter: Meter, entry: TimeLedBack) -> None:
    """The journal shows that its time was led back: what was charged too early is offered to be given back."""
    early = charged_early(meter, entry.seq)
    if early is not None:
        text = _("Meter %(meter)s was charged for days that had not come: %(amount)s in all. Give it back.")
        said = text % {"meter": meter, "amount": format_money(early.amount, meter.property.currency)}
        raise_alarm(EARLY, said, entry.at, meter=meter, key=str(entry.seq), seq=entry.seq)


def give_back_early(meter: Meter, seq: int, by: Any) -> Adjustment:
    """Give back what days that had not come were charged before entry `seq` led the journal back. Over the organisation's
    limit a second person agrees. GivingBackError if there is nothing to give back.
    """
    early = charged_early(meter, seq)
    if early is None:
        raise GivingBackError(_("Nothing was charged for days that had not come, or it is given back."))
    until = f"{local(early.until, zone(meter.property.zone)):%Y-%m-%d}"
    memo = _("charges of days up to %(until)s that had not come") % {"until": until}
    return put_right(early.tenancy, early.amount, early.name, by, memo, second=False)

"""A run of a shared cost: its amount, the share of each holder, and the debits that take the shares off
at the meters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from ...kernel.allocation import NoBaseError, apportion_mix
from ...kernel.calendar import day_bounds, local_day, next_month, zone
from ...kernel.rating import Counters, rate_interval
from ...kernel.sentences import sentence
from ...kernel.span import Span
from ...kernel.tariff import of_energy_alone
from ...kernel.units import BALANCE_MAX, NANO, exact_kwh
from ..billing.remainders import close_remainder
from ..core.time import now
from ..estate.models import Tenancy, Unit
from ..estate.occupancy import stretches
from ..ledger.books import Kind, account, book, holder_account
from ..ledger.models import Transfer
from ..ledger.references import Of, Reference
from ..ledger.references import Part as TransferPart
from ..metering.apart import apart
from ..metering.locking import for_update
from ..metering.models import Meter
from ..metering.registers import Registers, registers
from ..vending.adjustments import adjust
from .costs import lock
from .models import BASES, Run, Share, SharedCost

LONGEST = 400
"""The most days of one run."""
LARGEST_BILL = BALANCE_MAX // 1000
"""The largest bill, nano."""


@dataclass(frozen=True)
class Part:
    """The share (nano) of one holder of a unit (`tenancy` None: the landlord), with its days and weights by basis. The
    landlord's weights are zero if the other units pay the share of vacant units.
    """

    unit: Unit
    tenancy: Tenancy | None
    days: int
    weights: dict[str, int]
    amount: int


@dataclass(frozen=True)
class Preview:
    """A run before it is booked, from the instant `begins` to `ends`. `energy` (Wh) is None for a bill;
    `cost` in nano.
    """

    shared_cost: SharedCost
    begins: int
    ends: int
    energy: int | None
    cost: int
    parts: list[Part]


def span(shared_cost: SharedCost, first: date, last: date) -> Span:
    """Return the span of the local days from `first` to `last`. Raises ValidationError, which names the field, if they
    are in the wrong order, too many, or out of range.
    """
    if last < first:
        raise ValidationError({"last": _("The last day must not be before the first day.")})
    if (last - first).days >= LONGEST:
        raise ValidationError({"last": _("A run can have at most %(most)d days.") % {"most": LONGEST}})
    if not 1971 <= first.year <= 2199:
        raise ValidationError({"first": _("Choose a day between 1971 and 2199.")})
    return Span.of_days(first, last, zone(shared_cost.property.zone))


def preview(shared_cost: SharedCost, first: date, last: date, bill: int | None = None, memo: str = "") -> Preview:
    """Compute a run without booking it. `bill` (nano): a typed amount, in the place of the meters' energy. `memo`: by which a
    second bill of the same days and amount differs from the first.

    Raises ValidationError, which names the field: for readings that are missing, days or a bill that were charged before, a
    base that sums to zero.
    """
    begins, ends = span(shared_cost, first, last)
    if ends > now():
        raise ValidationError({"last": _("The last day is not over yet: choose an earlier one.")})
    if shared_cost.ends is not None and ends > shared_cost.ends:
        day = local_day(shared_cost.ends - 1, zone(shared_cost.property.zone))
        raise ValidationError({"last": _("This cost has ended: its last day is %(day)s.") % {"day": day}})
    if bill is not None:
        _check_bill(shared_cost, begins, ends, bill, memo)
    energy, cost = _amounts(shared_cost, begins, ends) if bill is None else (None, bill)
    holders = _holders(shared_cost, begins, ends)
    mix = [
        (int(percent * 10_000), {index: weights[basis] for index, (_u, _t, _d, weights) in enumerate(holders)})
        for basis, percent in shared_cost.rule().items()
    ]
    try:
        shares = apportion_mix(cost, mix)
    except NoBaseError as error:
        basis = list(shared_cost.rule())[error.args[1]]
        raise ValidationError(
            {
                basis: _(
                    "Divided by %(basis)s, all shares are zero: there is nobody to bear the cost. Change the rule."
                )
                % {"basis": BASES[basis]}
            }
        ) from None
    parts = [Part(*holder, shares.get(index, 0)) for index, holder in enumerate(holders)]
    return Preview(shared_cost, begins, ends, energy, cost, parts)


def _amounts(shared_cost: SharedCost, begins: int, ends: int) -> tuple[int, int]:
    """Return the energy (Wh) and the cost (nano) of the meters of a shared cost. Raises ValidationError."""
    meters = list(shared_cost.meters.all())
    if not meters:
        raise ValidationError({"amount": _("This cost has no meters: enter the amount of the bill.")})
    _refuse_twice(shared_cost, begins, ends)
    return _metered(shared_cost, meters, begins, ends)


def _check_bill(shared_cost: SharedCost, begins: int, ends: int, bill: int, memo: str) -> None:
    """Raise ValidationError if a bill is no possible amount (nano), or is booked already, as by a form that is sent twice."""
    if not 0 < bill <= LARGEST_BILL:
        raise ValidationError(
            {"amount": _("The amount must be more than 0, and at most %(most)d.") % {"most": LARGEST_BILL // NANO}}
        )
    booked = shared_cost.runs.filter(reversed_at=None, energy=None, begins=begins, ends=ends, cost=bill)
    if booked.filter(memo=memo).exists():
        raise ValidationError(
            {
                "amount": _(
                    "A bill of this amount is booked for these days already. If this is another bill, give it another note."
                )
            }
        )


def _refuse_twice(shared_cost: SharedCost, begins: int, ends: int) -> None:
    known = shared_cost.runs.filter(
        reversed_at__isnull=True, energy__isnull=False, begins__lt=ends, ends__gt=begins
    ).first()
    if known is not None:
        place = zone(shared_cost.property.zone)
        days = " – ".join(f"{local_day(each, place)}" for each in (known.begins, known.ends - 1))
        raise ValidationError(
            {
                "first": _("These days are charged already: %(days)s. Choose other days, or give that run back first.")
                % {"days": days}
            }
        )


def _readings(meters: Sequence[Meter], begins: int, ends: int) -> dict[int, Registers]:
    by_meter = {}
    for meter in meters:
        if meter.read_at is None or meter.read_at < ends:
            raise ValidationError(
                {
                    "last": _("Meter %(meter)s has not reported up to that time yet. Wait, or choose an earlier day.")
                    % {"meter": meter}
                }
            )
        by_meter[meter.pk] = registers(meter, begins, ends)
    return by_meter


def _metered(shared_cost: SharedCost, meters: Sequence[Meter], begins: int, ends: int) -> tuple[int, int]:
    """Return energy (Wh) and cost (nano) of common meters under the property's tariffs: energy with all charges per kWh
    and tax."""
    versions = of_energy_alone(shared_cost.property.tariff_versions.series())
    # Tiers are counted from the beginning of their longest period.
    tiered = any(version.calendar.tariff.tiers for version in versions)
    year = local_day(begins, zone(shared_cost.property.zone)).replace(month=1, day=1)
    since = day_bounds(year, zone(shared_cost.property.zone))[0] if tiered else begins
    energy = cost = 0
    for known in _readings(meters, since, ends).values():
        instants = [int(at) for at in known.at if since < at < ends]
        points = np.array(sorted({since, begins, *instants, ends}), dtype=np.int64)
        running = known.used_up_to(points)
        counters = Counters()
        for index in range(len(points) - 1):
            first, second = int(points[index]), int(points[index + 1])
            rated = rate_interval(versions, first, second, int(running[index + 1] - running[index]), counters)
            counters = rated.counters
            if first >= begins:
                energy += sum(used.energy for used in rated.used)
                cost += rated.charge
    return energy, cost


def _units(shared_cost: SharedCost, begins: int) -> list[Unit]:
    """Return the units that share a cost from an instant on, in their order; also those that were archived since. Raises
    ValidationError if there are none.
    """
    owner = shared_cost.part or shared_cost.property
    rows = owner.units.filter(Q(archived_at=None) | Q(archived_at__gt=begins))
    units = list(rows.order_by("name", "pk").select_related("property__organisation"))
    if not units:
        raise ValidationError({"part": _("This building, or this part of it, has no units to share the cost.")})
    return units


def _holders(shared_cost: SharedCost, begins: int, ends: int) -> list[tuple[Unit, Tenancy | None, int, dict[str, int]]]:
    """Return who held each unit for how many days, with the weights, in the order of the units."""
    units = _units(shared_cost, begins)
    place = zone(shared_cost.property.zone)
    midnights = [day_bounds(day, place)[1] for day in _days(local_day(begins, place), local_day(ends - 1, place))]
    fixed = {each.unit_id: int(each.weight * 1000) for each in shared_cost.weights.all()}
    metered = _metered_units(units, begins, ends) if shared_cost.consumption else {}
    holders = []
    for unit in units:
        for tenancy, since, until in stretches(unit.pk, Span(begins, _in_use_until(unit, ends))):
            # As with the standing charge, a day counts for the tenant at its end.
            days = sum(since < midnight <= until for midnight in midnights)
            used = metered[unit.pk].used_between(since, until) if unit.pk in metered else 0
            weights = _weights(unit, tenancy, days, used, fixed.get(unit.pk, 0))
            if tenancy is None and shared_cost.vacancy == SharedCost.Vacancy.OTHERS:
                weights = dict.fromkeys(weights, 0)
            holders.append((unit, tenancy, days, weights))
    return holders


def _in_use_until(unit: Unit, ends: int) -> int:
    """Return the instant up to which a unit shares costs that are shared up to `ends`: until it was archived."""
    return ends if unit.archived_at is None else min(ends, unit.archived_at)


def _metered_units(units: Sequence[Unit], begins: int, ends: int) -> dict[int | None, Registers]:
    """Return the registers of the units' meters, by the primary key of the unit."""
    until = {unit.pk: _in_use_until(unit, ends) for unit in units}
    meters = Meter.objects.filter(unit__in=units)
    return {
        meter.unit_id: _readings([meter], begins, until[meter.unit_id])[meter.pk]
        for meter in meters
        if meter.unit_id is not None
    }


def _weights(unit: Unit, tenancy: Tenancy | None, days: int, used: int, fixed: int) -> dict[str, int]:
    """Return the weights of a unit by the bases of a rule: `used` in Wh, `fixed` in thousandths a day."""
    return {
        "equal": days,
        "area": int(unit.area * 100) * days,
        "occupants": (tenancy.occupants if tenancy else unit.occupants) * days,
        "consumption": used,
        "fixed": fixed * days,
    }


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def in_words(basis: str, weight: int) -> str:
    """Return a weight as people write it, such as m² × days or kWh."""
    scaled = {
        "area": lambda: f"{Decimal(weight) / 100:f}",
        "fixed": lambda: f"{Decimal(weight) / 1000:f}",
        "consumption": lambda: exact_kwh(weight),
    }
    return scaled.get(basis, lambda: str(weight))()


@transaction.atomic
def run(
    shared_cost: SharedCost, first: date, last: date, bill: int | None = None, memo: str = "", by: Any = None
) -> Run:
    """Book a run and send its debits to the meters. Raises ValidationError as `preview` does; then
    nothing is changed.
    """
    locked = lock(shared_cost)
    plan = preview(locked, first, last, bill, memo)
    new_run = Run(
        shared_cost=locked,
        begins=plan.begins,
        ends=plan.ends,
        energy=plan.energy,
        cost=plan.cost,
        memo=memo,
        rule={basis: f"{percent.normalize():f}" for basis, percent in locked.rule().items()},
        made_at=now(),
        by=by,
    )
    new_run.clean_fields(exclude={field.name for field in Run._meta.fields} - {"memo"})
    new_run.save()
    organisation = locked.property.organisation
    recovered = account(organisation, Kind.SHARED_COSTS)
    text = f"{locked.name}, {first} – {last}" + (f", {memo}" if memo else "")
    for part in plan.parts:
        weights = {basis: in_words(basis, part.weights[basis]) for basis in new_run.rule}
        share = Share.objects.create(
            run=new_run, unit=part.unit, tenancy=part.tenancy, days=part.days, weights=weights, amount=part.amount
        )
        if not part.amount:
            continue
        of = Reference(Of.SHARE, share.pk)
        book(
            Transfer.Kind.SHARED_COST,
            holder_account(organisation, part.tenancy),
            recovered,
            part.amount,
            new_run.made_at,
            of,
            text,
        )
        if part.tenancy is not None:
            share.command = adjust(part.tenancy, -part.amount, of, text, new_run.made_at)
            share.save(update_fields=["command"])
            if part.tenancy.settled_at is not None:
                close_remainder(part.tenancy, of, text)
    return new_run


@transaction.atomic
def reverse(old_run: Run, by: Any = None) -> Run:
    """Give back a whole run. Raises ValidationError if it is reversed already."""
    lock(old_run.shared_cost)
    locked = for_update(Run.objects).select_related("shared_cost__property__organisation").get(pk=old_run.pk)
    if locked.reversed_at is not None:
        raise ValidationError(_("This run is reversed already."))
    locked.reversed_at, locked.reversed_by = now(), by
    locked.save(update_fields=["reversed_at", "reversed_by"])
    organisation = locked.shared_cost.property.organisation
    recovered = account(organisation, Kind.SHARED_COSTS)
    text = sentence("%(name)s given back", name=locked.shared_cost.name)
    shares = locked.shares.filter(amount__gt=0).select_related("tenancy__unit__property__organisation")
    for share in shares:
        of = Reference(Of.SHARE, share.pk).and_(TransferPart.BACK)
        book(
            Transfer.Kind.REVERSAL,
            recovered,
            holder_account(organisation, share.tenancy),
            share.amount,
            locked.reversed_at,
            of,
            text,
        )
        if share.tenancy is not None:
            share.reversal = adjust(share.tenancy, share.amount, of, text, locked.reversed_at)
            share.save(update_fields=["reversal"])
            if share.tenancy.settled_at is not None:
                close_remainder(share.tenancy, of, text)
    return locked


def next_span(shared_cost: SharedCost) -> tuple[date, date] | None:
    """Return the next days, first and last, that a scheduled cost has not charged for; None if it runs by hand, or ends
    before them.
    """
    if shared_cost.schedule == SharedCost.Schedule.NONE or shared_cost.since is None:
        return None
    place = zone(shared_cost.property.zone)
    last = shared_cost.runs.filter(reversed_at__isnull=True, energy__isnull=False).order_by("-ends").first()
    first = local_day(max(last.ends, shared_cost.since) if last else shared_cost.since, place)
    last_day = {
        SharedCost.Schedule.DAILY: first,
        SharedCost.Schedule.WEEKLY: first + timedelta(days=6 - first.weekday()),
        SharedCost.Schedule.MONTHLY: next_month(first) - timedelta(days=1),
    }[SharedCost.Schedule(shared_cost.schedule)]
    if shared_cost.ends is not None:
        last_day = min(last_day, local_day(shared_cost.ends - 1, place))
    return (first, last_day) if first <= last_day else None


def run_what_is_due() -> tuple[list[Run], list[str]]:
    """Run each scheduled cost whose next days are over and reported. Returns the runs, and the reasons
    why others wait.
    """
    runs: list[Run] = []
    waiting: list[str] = []

    def run_all(each: SharedCost) -> None:
        while (days := next_span(each)) is not None and span(each, *days)[1] <= now():
            try:
                runs.append(run(each, *days, memo=_("by schedule")))
            except ValidationError as error:
                waiting.append(f"{each.property}, {each}: {' '.join(error.messages)}")
                break

    due = SharedCost.objects.exclude(schedule=SharedCost.Schedule.NONE).select_related("property")
    apart("shared cost", due, run_all, lambda each: each.property.gateways.first())
    return runs, waiting

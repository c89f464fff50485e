"""Running a shared cost: what it came to, who bears which part, and the debits that carry it to the meters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.allocation import NoBaseError, apportion_mix
from ...kernel.calendar import day_bounds, local_day, next_month, zone
from ...kernel.rating import Counters, rate_interval
from ...kernel.span import Span
from ...kernel.tariff import RateCalendar, Version
from ...kernel.units import BALANCE_MAX, exact_kwh
from ..billing.remainders import close_remainder
from ..core.time import now
from ..estate.models import Tenancy, Unit
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
"""Most days in one run."""


@dataclass(frozen=True)
class Part:
    """What one holder of a unit bears (`tenancy` None: the landlord), and why. `weights`: by basis; the landlord's are
    zero where others bear what is vacant.
    """

    unit: Unit
    tenancy: Tenancy | None
    days: int
    weights: dict[str, int]
    amount: int


@dataclass(frozen=True)
class Preview:
    """A run before it is booked. `energy` (Wh) is None for a bill."""

    shared_cost: SharedCost
    begins: int
    ends: int
    energy: int | None
    cost: int
    parts: list[Part]


def span(shared_cost: SharedCost, first: date, last: date) -> Span:
    """The local days from `first` to `last`. ValidationError if there is no such span."""
    if last < first:
        raise ValidationError({"last": _("The last day is before the first.")})
    if (last - first).days >= LONGEST:
        raise ValidationError({"last": _("A run is for %(most)d days at most.") % {"most": LONGEST}})
    if not 1971 <= first.year <= 2199:
        raise ValidationError({"first": _("Choose a day between 1971 and 2199.")})
    return Span.of_days(first, last, zone(shared_cost.property.zone))


def preview(shared_cost: SharedCost, first: date, last: date, bill: int | None = None) -> Preview:
    """Work a run out. `bill` (nano): the amount that is typed in, instead of what the meters used.

    ValidationError names what is wrong: readings that are not here yet, days that were charged before, a base that sums
    to zero.
    """
    begins, ends = span(shared_cost, first, last)
    if ends > now():
        raise ValidationError({"last": _("The last day is not over yet.")})
    if shared_cost.ends is not None and ends > shared_cost.ends:
        day = local_day(shared_cost.ends - 1, zone(shared_cost.property.zone))
        raise ValidationError({"last": _("This cost has ended: its last day is %(day)s.") % {"day": day}})
    meters = list(shared_cost.meters.all())
    if bill is None:
        if not meters:
            raise ValidationError({"amount": _("This cost has no meters. Enter the amount of the bill.")})
        _refuse_twice(shared_cost, begins, ends)
        energy, cost = _metered(shared_cost, meters, begins, ends)
    else:
        if not 0 < bill <= BALANCE_MAX // 1000:
            raise ValidationError({"amount": _("The amount must be more than 0, and is limited to a plausible sum.")})
        energy, cost = None, bill
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
                basis: _("The base of the division by %(basis)s sums to zero: there is nobody to share the cost.")
                % {"basis": BASES[basis]}
            }
        ) from None
    parts = [Part(*holder, shares.get(index, 0)) for index, holder in enumerate(holders)]
    return Preview(shared_cost, begins, ends, energy, cost, parts)


def _refuse_twice(shared_cost: SharedCost, begins: int, ends: int) -> None:
    known = shared_cost.runs.filter(
        reversed_at__isnull=True, energy__isnull=False, begins__lt=ends, ends__gt=begins
    ).first()
    if known is not None:
        where = zone(shared_cost.property.zone)
        days = " – ".join(f"{local_day(each, where)}" for each in (known.begins, known.ends - 1))
        raise ValidationError({"first": _("These days are charged already: %(days)s.") % {"days": days}})


def _readings(meters: Sequence[Meter], begins: int, ends: int) -> dict[int, Registers]:
    found = {}
    for meter in meters:
        if meter.read_at is None or meter.read_at < ends:
            raise ValidationError(
                {"last": _("Meter %(meter)s has not yet reported up to that time.") % {"meter": meter}}
            )
        found[meter.pk] = registers(meter, begins, ends)
    return found


def _metered(shared_cost: SharedCost, meters: Sequence[Meter], begins: int, ends: int) -> tuple[int, int]:
    """Energy (Wh) and cost (nano) of common meters under the property's tariffs: energy, service fee and tax."""
    versions = tuple(
        Version(
            version.effective, RateCalendar(msgspec.structs.replace(version.calendar.tariff, standing=0, minimum=0))
        )
        for version in shared_cost.property.tariff_versions.series()
    )
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


def _holders(shared_cost: SharedCost, begins: int, ends: int) -> list[tuple[Unit, Tenancy | None, int, dict[str, int]]]:
    """Who held each unit for how many days, with their weights, in the units' order."""
    owner = shared_cost.part or shared_cost.property
    units = list(owner.units.order_by("name", "pk").select_related("property__organisation"))
    if not units:
        raise ValidationError({"part": _("There are no units to share the cost.")})
    where = zone(shared_cost.property.zone)
    midnights = [day_bounds(day, where)[1] for day in _days(local_day(begins, where), local_day(ends - 1, where))]
    fixed = {each.unit_id: int(each.weight * 1000) for each in shared_cost.weights.all()}
    metered = {}
    if shared_cost.consumption:
        meters = list(Meter.objects.filter(unit__in=units))
        by_meter = _readings(meters, begins, ends)
        metered = {meter.unit_id: by_meter[meter.pk] for meter in meters}
    found = []
    for unit in units:
        tenancies = [
            each
            for each in unit.tenancies.filter(begins__lt=ends)
            .order_by("begins")
            .select_related("unit__property__organisation")
            if each.ends is None or each.ends > begins
        ]
        spans: list[tuple[Tenancy | None, int, int]] = []
        at = begins
        for each in tenancies:
            spans += [(None, at, each.begins)] if each.begins > at else []
            spans.append((each, max(each.begins, begins), min(each.ends or ends, ends)))
            at = spans[-1][2]
        spans += [(None, at, ends)] if at < ends else []
        for tenancy, since, until in spans:
            # As with the standing charge, a day falls to who holds the unit at its end.
            days = sum(since < midnight <= until for midnight in midnights)
            used = metered[unit.pk].used_between(since, until) if unit.pk in metered else 0
            weights = {
                "equal": days,
                "area": int(unit.area * 100) * days,
                "occupants": (tenancy.occupants if tenancy else unit.occupants) * days,
                "consumption": used,
                "fixed": fixed.get(unit.pk, 0) * days,
            }
            if tenancy is None and shared_cost.vacancy == SharedCost.Vacancy.OTHERS:
                weights = dict.fromkeys(weights, 0)
            found.append((unit, tenancy, days, weights))
    return found


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def in_words(basis: str, weight: int) -> str:
    """A weight as people write it: m² × days, kWh, and so on."""
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
    """Book a run and send its debits. ValidationError as `preview`, and nothing is changed."""
    locked = lock(shared_cost)
    found = preview(locked, first, last, bill)
    made = Run(
        shared_cost=locked, begins=found.begins, ends=found.ends, energy=found.energy, cost=found.cost, memo=memo,
        rule={basis: f"{percent.normalize():f}" for basis, percent in locked.rule().items()}, made_at=now(), by=by,
    )  # fmt: skip
    made.clean_fields(exclude={field.name for field in Run._meta.fields} - {"memo"})
    made.save()
    organisation = locked.property.organisation
    recovered = account(organisation, Kind.SHARED_COSTS)
    text = f"{locked.name}, {first} – {last}" + (f", {memo}" if memo else "")
    for part in found.parts:
        weights = {basis: in_words(basis, part.weights[basis]) for basis in made.rule}
        share = Share.objects.create(
            run=made, unit=part.unit, tenancy=part.tenancy, days=part.days, weights=weights, amount=part.amount
        )
        if not part.amount:
            continue
        of = Reference(Of.SHARE, share.pk)
        book(
            Transfer.Kind.SHARED_COST,
            holder_account(organisation, part.tenancy),
            recovered,
            part.amount,
            made.made_at,
            of,
            text,
        )
        if part.tenancy is not None:
            share.command = adjust(part.tenancy, -part.amount, of, text, made.made_at)
            share.save(update_fields=["command"])
            if part.tenancy.settled_at is not None:
                close_remainder(part.tenancy, of, text)
    return made


@transaction.atomic
def reverse(made: Run, by: Any = None) -> Run:
    """Give the whole run back. ValidationError if that was done already."""
    lock(made.shared_cost)
    locked = for_update(Run.objects).select_related("shared_cost__property__organisation").get(pk=made.pk)
    if locked.reversed_at is not None:
        raise ValidationError(_("This run is reversed already."))
    locked.reversed_at, locked.reversed_by = now(), by
    locked.save(update_fields=["reversed_at", "reversed_by"])
    organisation = locked.shared_cost.property.organisation
    recovered = account(organisation, Kind.SHARED_COSTS)
    text = _("%(name)s given back") % {"name": locked.shared_cost.name}
    shares = locked.shares.filter(amount__gt=0).select_related("tenancy__unit__property__organisation")
    for share in shares:
        of = Reference(Of.SHARE, share.pk).and_(TransferPart.BACK)
        book(
            Transfer.Kind.REVERSAL, recovered, holder_account(organisation, share.tenancy), share.amount,
            locked.reversed_at, of, text,
        )  # fmt: skip
        if share.tenancy is not None:
            share.reversal = adjust(share.tenancy, share.amount, of, text, locked.reversed_at)
            share.save(update_fields=["reversal"])
            if share.tenancy.settled_at is not None:
                close_remainder(share.tenancy, of, text)
    return locked


def next_span(shared_cost: SharedCost) -> tuple[date, date] | None:
    """The first days that a scheduled cost has not been charged for; None if it runs by hand, or has ended before."""
    if shared_cost.schedule == SharedCost.Schedule.NONE or shared_cost.since is None:
        return None
    where = zone(shared_cost.property.zone)
    last = shared_cost.runs.filter(reversed_at__isnull=True, energy__isnull=False).order_by("-ends").first()
    first = local_day(max(last.ends, shared_cost.since) if last else shared_cost.since, where)
    last_day = {
        SharedCost.Schedule.DAILY: first,
        SharedCost.Schedule.WEEKLY: first + timedelta(days=6 - first.weekday()),
        SharedCost.Schedule.MONTHLY: next_month(first) - timedelta(days=1),
    }[SharedCost.Schedule(shared_cost.schedule)]
    if shared_cost.ends is not None:
        last_day = min(last_day, local_day(shared_cost.ends - 1, where))
    return (first, last_day) if first <= last_day else None


def run_what_is_due() -> tuple[list[Run], list[str]]:
    """Run each scheduled cost whose next days are over and have been reported. Returns the runs, and why others wait."""
    made: list[Run] = []
    waiting: list[str] = []

    def run_all(each: SharedCost) -> None:
        while (days := next_span(each)) is not None and span(each, *days)[1] <= now():
            try:
                made.append(run(each, *days, memo=_("by schedule")))
            except ValidationError as error:
                waiting.append(f"{each.property}, {each}: {' '.join(error.messages)}")
                break

    due = SharedCost.objects.exclude(schedule=SharedCost.Schedule.NONE).select_related("property")
    apart("shared cost", due, run_all, lambda each: each.property.gateways.first())
    return made, waiting

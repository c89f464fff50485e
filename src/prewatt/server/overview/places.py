"""Keeps the places true: one query finds those of which something has changed, and they are worked out again."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Case, Count, Exists, F, Func, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.fields import BooleanField
from django.db.models.sql.compiler import SQLCompiler

from ...kernel.names import natural_bytes
from ..billing.on_the_way import on_the_way
from ..core.time import now, system_now
from ..estate.models import Property, Tenancy, Unit
from ..metering.locking import for_update
from ..metering.models import Alarm, JournalEntry, Meter, SilentMeter
from ..vending.models import TokenMeter
from ..vending.silences import SILENT
from .days import cost_of, count
from .models import Place, Summary
from .standing import Facts, stand, stand_without_meter

BATCH = 200
"""The most places that are worked out in one transaction."""
COPIED = {
    "seq": "seq",
    "journal_balance": "balance",
    "journal_closed": "closed",
    "told_seq": "told_seq",
    "told_balance": "told_balance",
    "told_closed": "told_closed",
    "told_switch": "told_switch",
    "commands": "commands",
}
"""What a place copies of its meter, so that a change is noticed."""
WORKED_OUT = (
    *(
        "meter",
        "tenancy",
        "coming",
        "home",
        "name",
        "sort",
        "role",
        *COPIED,
        "counted",
        "days",
        "state",
        "need",
        "why",
        "balance",
    ),
    *("waiting", "off_since", "lasts_until", "soon_at", "read_at", "is_silent", "has_alarm", "is_archived"),
    "switching",
)


class _Differs(Func):
    """Whether two values are not the same; nothing is the same as nothing."""

    template = "(%(expressions)s)"
    arg_joiner = " IS DISTINCT FROM "
    output_field = BooleanField()

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra_context: Any
    ) -> tuple[str, tuple[str | int, ...]]:
        """Return the expression as SQLite writes it."""
        return self.as_sql(compiler, connection, arg_joiner=" IS NOT ", **extra_context)


def keep_places(properties: Collection[int], most: int | None = None) -> tuple[set[int], bool]:
    """Work out again those places of properties of which something has changed, and stop after about `most` of them.
    Returns the primary keys of the properties that have changed, and whether no such place is left.
    """
    changed, done, last = _make(properties), 0, 0
    # Each place once: one that can't be brought to rest must not hold up all others.
    while batch := list(_moved(properties).filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        changed |= _work_out(batch)
        done, last = done + len(batch), batch[-1]
        if most is not None and done >= most:
            break
    for pk in sorted(changed):
        summarise(pk)
    return changed, not batch


def summarise(property_id: int) -> None:
    """Count the places of a property again, and tell open pages that something has changed."""
    units = Q(role=Meter.Role.UNIT)
    numbers = (
        Place.objects.in_use()
        .filter(property=property_id)
        .aggregate(
            units=Count("pk", filter=units),
            off=Count("pk", filter=units & Q(state=Place.State.OFF, tenancy__isnull=False)),
            soon=Count("pk", filter=units & Q(state=Place.State.SOON)),
            silent=Count("pk", filter=Q(is_silent=True)),
            alarms=Count("pk", filter=Q(has_alarm=True)),
            waiting=Count("pk", filter=units & ~Q(waiting=0)),
            vacant=Count("pk", filter=units & Q(tenancy=None)),
            others=Count("pk", filter=~units),
        )
    )
    Summary.objects.update_or_create(property_id=property_id, defaults={**numbers, "moved_at": system_now()})


def touch(properties: Iterable[int]) -> None:
    """Record that something has changed that the pages of these properties show, beside their places."""
    Summary.objects.filter(property__in=list(properties)).update(moved_at=system_now())


def _make(properties: Collection[int]) -> set[int]:
    """Make the places that are not there yet. Returns their properties."""
    units = Unit.objects.filter(property__in=properties, place=None).values_list("pk", "property_id")
    meters = Meter.objects.filter(gateway__property__in=properties, unit=None, place=None)
    rows = [Place(unit_id=pk, property_id=property_id, sort=b"") for pk, property_id in units] + [
        Place(meter_id=pk, property_id=property_id, role=role, sort=b"")
        for pk, property_id, role in meters.values_list("pk", "gateway__property_id", "role")
    ]
    known = Summary.objects.filter(property__in=properties).values_list("pk", flat=True)
    if rows:
        Place.objects.bulk_create(rows, ignore_conflicts=True)
    return {row.property_id for row in rows} | (set(properties) - set(known))


def _moved(properties: Collection[int]) -> QuerySet[Place]:
    """Return the places of properties that are not as they were when they were worked out."""
    at = now()
    living = Tenancy.objects.living(at).filter(unit=OuterRef("unit")).values("pk")[:1]
    coming = Tenancy.objects.filter(unit=OuterRef("unit"), begins__gt=at).order_by("begins").values("pk")[:1]
    silent = SilentMeter.objects.filter(meter=OuterRef("meter"), silence__over_at=None, silence__back_at=None)
    alarm = Alarm.objects.filter(meter=OuterRef("meter"), is_resolved=False).exclude(kind=SILENT)
    keypad = TokenMeter.objects.filter(unit=OuterRef("unit"), meter=None)
    gateway_away = Q(meter__gateway__is_online=False, meter__gateway__since__isnull=False)
    rows = Place.objects.filter(property__in=properties).annotate(
        living=Subquery(living),
        next=Subquery(coming),
        silent_now=Case(When(gateway_away | Exists(silent), then=Value(True)), default=Value(False)),
    )
    moved = (
        Q(state="")
        | Q(soon_at__lte=at, state__in=(Place.State.OK, Place.State.SILENT, Place.State.DOUBTFUL))
        | Q(_Differs(F("tenancy"), F("living")))
        | Q(_Differs(F("coming"), F("next")))
        | Q(_Differs(F("meter"), F("unit__meter")), unit__isnull=False)
        | Q(_Differs(F("home"), F("property__name")))
        | (Q(meter=None, why="no-meter") & Q(Exists(keypad)))
        | (Q(meter=None, why="keypad") & ~Q(Exists(keypad)))
        | Q(is_archived=True, unit__isnull=False, unit__archived_at=None)
        | Q(is_archived=True, unit=None, meter__archived_at=None)
        | (Q(is_archived=False) & (Q(unit__archived_at__isnull=False) | Q(unit=None, meter__archived_at__isnull=False)))
        | Q(_Differs(F("name"), F("unit__name")), unit__isnull=False)
        | Q(_Differs(F("is_silent"), F("silent_now")), meter__isnull=False)
        | Q(_Differs(F("has_alarm"), Exists(alarm)), meter__isnull=False)
    )
    for own, of_meter in COPIED.items():
        moved |= Q(_Differs(F(own), F(f"meter__{of_meter}")), meter__isnull=False)
    return rows.filter(moved)


@transaction.atomic
def _work_out(pks: Collection[int]) -> set[int]:
    """Work out places anew. Returns the properties of those that have changed."""
    at = now()
    places = list(for_update(Place.objects.filter(pk__in=pks)).order_by("pk"))
    meters = _meters(places)
    keypads = set(TokenMeter.objects.filter(unit__in=_units(places), meter=None).values_list("unit", flat=True))
    _take_up_meters(places, meters.values())
    homes = Property.objects.in_bulk({place.property_id for place in places})
    before = {place.pk: copy.copy(place.__dict__) for place in places}
    count(places, meters, at)
    living, coming = _tenancies(places, at)
    waiting = on_the_way(list(meters))
    silent, alarmed = _silent(meters), _alarmed(meters)
    units = Unit.objects.in_bulk(_units(places))
    for place in places:
        home, meter = homes[place.property_id], meters.get(place.meter_id or 0)
        _take_name(place, home, units[place.unit_id] if place.unit_id else meter)
        place.tenancy, place.coming = living.get(place.unit_id or 0), coming.get(place.unit_id or 0)
        if meter is None:
            stand_without_meter(place, place.unit_id in keypads)
            continue
        _copy(place, meter)
        facts = Facts(place.tenancy, waiting.get(meter.pk, 0), meter.pk in silent, meter.pk in alarmed, cost_of(place))
        stand(place, meter, home, facts, at)
        place.off_since = _off_since(place, meter, before[place.pk]["off_since"])
    Place.objects.bulk_update(places, WORKED_OUT)
    return {place.property_id for place in places}


def _take_name(place: Place, home: Property, named: Unit | Meter | None) -> None:
    """Note how a place is called and sorted, and whether it is archived. `named`: the unit, or the meter that has none."""
    place.is_archived = named is not None and named.archived_at is not None
    place.home, place.name = home.name, named.name if named is not None else ""
    place.sort = natural_bytes(place.home) + b"\0" + natural_bytes(place.name)


def _copy(place: Place, meter: Meter) -> None:
    place.role = meter.role
    for own, of_meter in COPIED.items():
        setattr(place, own, getattr(meter, of_meter))


def _units(places: Iterable[Place]) -> list[int]:
    return [place.unit_id for place in places if place.unit_id is not None]


def _meters(places: Collection[Place]) -> dict[int, Meter]:
    """Return the meters of places by their numbers, with their gateways and properties."""
    own = [place.meter_id for place in places if place.unit_id is None]
    rows = Meter.objects.filter(Q(unit__in=_units(places)) | Q(pk__in=own))
    return {meter.pk: meter for meter in rows.select_related("gateway__property")}


def _take_up_meters(places: Iterable[Place], meters: Iterable[Meter]) -> None:
    """Note which meter each unit has now. A meter that had a place of its own before leaves it."""
    of_unit = {meter.unit_id: meter for meter in meters if meter.unit_id}
    for place in places:
        meter = of_unit.get(place.unit_id) if place.unit_id is not None else None
        if place.unit_id is None or place.meter_id == (meter.pk if meter else None):
            continue
        former = Place.objects.filter(meter=meter).exclude(pk=place.pk) if meter else Place.objects.none()
        place.counted = max(former.values_list("counted", flat=True), default=0)
        former.filter(unit=None).delete()
        former.update(meter=None, state="")
        place.meter = meter
        # Its entries are counted from there at once.
        place.save(update_fields=["meter", "counted"])


def _tenancies(places: Iterable[Place], at: int) -> tuple[dict[int, Tenancy], dict[int, Tenancy]]:
    """Return who lives in the units of places now, and who moves in next."""
    living: dict[int, Tenancy] = {}
    coming: dict[int, Tenancy] = {}
    for tenancy in Tenancy.objects.not_over(at).filter(unit__in=_units(places)):
        (living if tenancy.begins <= at else coming).setdefault(tenancy.unit_id, tenancy)
    return living, coming


def _silent(meters: Mapping[int, Meter]) -> set[int]:
    """Return those of some meters of which nothing is heard now, though something was before."""
    rows = SilentMeter.objects.filter(meter__in=meters, silence__over_at=None, silence__back_at=None)
    away = {pk for pk, meter in meters.items() if not meter.gateway.is_online and meter.gateway.since is not None}
    return away | set(rows.values_list("meter", flat=True))


def _alarmed(meters: Mapping[int, Meter]) -> set[int]:
    rows = Alarm.objects.filter(meter__in=meters, is_resolved=False).exclude(kind=SILENT)
    return {pk for pk in rows.values_list("meter_id", flat=True) if pk is not None}


def _off_since(place: Place, meter: Meter, before: int | None) -> int | None:
    """Return the instant at which a place went off; None if it is on, or that is not known."""
    if not place.why:
        return None
    if before is not None:
        return before
    if meter.told_seq > meter.seq:
        return meter.told_at
    rows = JournalEntry.objects.filter(meter=meter, closed=False).order_by("-seq")
    return rows.values_list("at", flat=True).first()

"""The flats that are chosen, each with its tenancy and its meter."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from ...kernel.names import natural
from ..core.errors import Refused
from ..core.time import now
from ..estate.models import Property, Tenancy, Unit
from ..metering.models import Meter

MOST = 1000
"""The most flats of one batch."""


@dataclass(frozen=True)
class Flat:
    """A flat, who lives there or will next, and its meter. `tenancy` and `meter` are None if there is none."""

    unit: Unit
    tenancy: Tenancy | None
    meter: Meter | None


@dataclass(frozen=True)
class Batch:
    """An act (`do`) that is asked for: its own name, which no other batch has (`id`), the property, what was typed
    (`values`, JSON values), and who asks (`by`, a user).
    """

    id: str
    do: str
    property_: Property
    values: Mapping[str, Any]
    by: Any

    def key(self, flat: Flat) -> str:
        """Return the name of what is done to one flat. No two flats, and no two batches, ever have the same."""
        return f"{self.id}-{flat.unit.pk}"


class CantBe(Refused):
    """Something can't be done to a flat; the message, for people, says why. Nothing was done to it."""


def flats_of(property_: Property, units: Collection[int] | None = None) -> list[Flat]:
    """Return a property's flats in use with these keys (None: all), in the natural order of their names."""
    rows = property_.units.in_use()
    if units is not None:
        rows = rows.filter(pk__in=units)
    meters = {each.unit_id: each for each in Meter.objects.filter(unit__property=property_).select_related("unit")}
    tenancies: dict[int, Tenancy] = {}
    open_ones = Tenancy.objects.not_over(now()).filter(unit__property=property_).order_by("begins")
    for tenancy in open_ones.select_related("unit__property__organisation"):
        tenancies.setdefault(tenancy.unit_id, tenancy)
    return [
        Flat(unit, tenancies.get(unit.pk), meters.get(unit.pk))
        for unit in sorted(rows.select_related("property__organisation"), key=lambda unit: natural(unit.name))
    ]

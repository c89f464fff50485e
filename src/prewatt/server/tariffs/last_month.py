"""What the homes of a property would have paid last month under a tariff that is being made."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError

from ...kernel.calendar import day_bounds, local_day, next_month, zone
from ...kernel.names import natural
from ...kernel.tariff import Tariff
from ..core.time import now
from ..estate.models import Property
from .compare import Home, compare
from .homes import homes_of


def last_month(property_: Property, tariff: Tariff) -> dict[str, Any]:
    """Compare a tariff with the one in force now, on what the homes used. Returns what each would cost, as JSON values;
    `present` is None if no tariff is in force. The span is the last calendar month. If that has no readings, it is this
    month so far. Without any readings the result is empty. Instants in µs, amounts in nano, energy in Wh. Raises
    TariffError if the tariffs can't be compared.
    """
    homes = _homes(property_)
    if not homes:
        return {}
    present = _present(property_)
    comparison = compare(homes, [*present, tariff])
    new = len(present)
    rows: list[dict[str, Any]] = [
        {
            "name": name,
            "present": comparison.ratings[0][name].charge if present else None,
            "new": comparison.ratings[new][name].charge,
            "more": comparison.difference(new, name),
        }
        for name in sorted(homes, key=natural)
    ]
    return {
        "begins": comparison.begins,
        "ends": comparison.ends,
        "energy": sum(energy for energy, _cost in comparison.by_rate(new).values()),
        "present_name": present[0].name if present else "",
        "present": comparison.total(0) if present else None,
        "new": comparison.total(new),
        "more": comparison.total(new) - comparison.total(0),
        "dearer": sum(row["more"] > 0 for row in rows),
        "cheaper": sum(row["more"] < 0 for row in rows),
        "homes": rows,
    }


def _homes(property_: Property) -> dict[str, Home]:
    """Return the readings of last month by the unit's name; while there are none, those of this month so far."""
    begins, ends = months(property_)
    for first, last in ((begins, ends), (ends, now())):
        homes = {name: home for name, home in homes_of(property_, first, last).items() if len(home[0]) > 1}
        if homes:
            return homes
    return {}


def _present(property_: Property) -> list[Tariff]:
    """Return the tariff in force now; none if there is none."""
    try:
        return [property_.tariff_versions.present().tariff.kernel()]
    except ValidationError:
        return []


def months(property_: Property) -> tuple[int, int]:
    """Return the instants at which the last calendar month began, and at which this one did, on the property's clock."""
    zone_info = zone(property_.zone)
    this = local_day(now(), zone_info).replace(day=1)
    before = this.replace(year=this.year - 1, month=12) if this.month == 1 else this.replace(month=this.month - 1)
    assert next_month(before) == this
    return day_bounds(before, zone_info)[0], day_bounds(this, zone_info)[0]

"""The usual payment of a flat, so that a misplaced decimal point is noticed."""

from __future__ import annotations

from statistics import median_low

from ..core.time import now
from ..estate.models import Unit
from .models import TopUp

LAST = 20
"""The number of payments that are compared."""
TIMES = 10
"""A payment of more than this many times the usual one is asked about."""
MONTH = 1_000_000
"""The energy (Wh) of a month with much use. What it costs is used as the usual payment if nobody in the building has paid
yet.
"""


def usual(unit: Unit) -> int | None:
    """Return the usual payment of a flat, nano: by its last payments, by those of its building, or by a month's energy
    at the present price. None if nothing is known.
    """
    property_ = unit.property
    for rows in (TopUp.objects.filter(tenancy__unit=unit), TopUp.objects.filter(tenancy__unit__property=property_)):
        amounts = list(rows.order_by("-paid_at", "-pk").values_list("amount", flat=True)[:LAST])
        if amounts:
            return median_low(amounts)
    in_force = [each for each in property_.tariff_versions.in_force(now()) if each.effective_at <= now()]
    price = max((max(rate.prices) for each in in_force for rate in each.tariff.kernel().rates), default=0)
    return price * MONTH or None


def far_over(unit: Unit, amount: int) -> int | None:
    """Return the usual payment of a flat (nano) if an amount is more than ten times that; None otherwise."""
    usual_amount = usual(unit)
    return usual_amount if usual_amount is not None and abs(amount) > TIMES * usual_amount else None

"""What a flat pays, so that a slip of the comma is seen."""

from __future__ import annotations

from statistics import median_low

from ..core.time import now
from ..estate.models import Unit
from .models import TopUp

LAST = 20
"""Payments that are looked at."""
TIMES = 10
"""So many times what is usual is a question."""
MONTH = 1_000_000
"""Energy (Wh) that stands for what a flat pays where nobody in the building has paid yet: that of a month in which much is used."""


def usual(unit: Unit) -> int | None:
    """What this flat pays at a time, nano: by its last payments, by those of its building, or by a month's energy at the
    price of now; None if nothing is known.
    """
    where = unit.property
    for rows in (TopUp.objects.filter(tenancy__unit=unit), TopUp.objects.filter(tenancy__unit__property=where)):
        amounts = list(rows.order_by("-paid_at", "-pk").values_list("amount", flat=True)[:LAST])
        if amounts:
            return median_low(amounts)
    holds = [each for each in where.tariff_versions.in_force(now()) if each.effective_at <= now()]
    price = max((max(rate.prices) for each in holds for rate in each.tariff.kernel().rates), default=0)
    return price * MONTH or None


def far_over(unit: Unit, amount: int) -> int | None:
    """What this flat pays (nano), if an amount is over ten times that; else None."""
    found = usual(unit)
    return found if found is not None and abs(amount) > TIMES * found else None

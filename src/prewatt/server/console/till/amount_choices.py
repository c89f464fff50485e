"""The amounts that the counter offers for a tap."""

from __future__ import annotations

from ....kernel.currencies import magnitude
from ....kernel.units import NANO
from ...estate.models import Tenancy
from ...vending.usual import usual

FIRST_PART = 10
"""Where it is not known what people pay, the usual amount is the price of a month with much use, divided by this."""


def amounts(tenancy: Tenancy) -> list[int]:
    """Return amounts (nano) to be chosen by a tap: what the flat usually pays, and round ones of about that size. Where it is not
    known what people pay, only round ones.
    """
    known = usual(tenancy.unit)
    was_paid = known is not None and known.was_paid
    own = (known.amount if known else 20 * NANO * magnitude(tenancy.unit.property.currency)) // (
        1 if was_paid else FIRST_PART
    )
    size = NANO
    while size * 10 <= own:
        size *= 10
    return sorted({*((own,) if was_paid else ()), *(size * each for each in (1, 2, 5, 10))})[:5]

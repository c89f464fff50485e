"""The usual payment of a flat, so that a misplaced decimal point is noticed."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median_low

from django.utils.translation import gettext as _

from ..core.local_forms import money_with_code
from ..core.time import now
from ..estate.models import Property, Unit
from .models import TopUp

LAST = 20
"""The number of payments that are compared."""
ENOUGH = 3
"""With fewer payments than these one large payment, or a mistyped one, would pass for the usual one."""
TIMES = 10
"""A payment of more than this many times the usual one is asked about."""
MONTH = 1_000_000
"""The energy (Wh) of a month with much use. What it costs is used as the usual payment if hardly anybody in the building has paid
yet.
"""
MONTHS = 5
"""A payment of more than this many months with much use is asked about."""


@dataclass(frozen=True)
class Usual:
    """A usual payment: its `amount` (nano), and `doubt`, the sentence for more than `times` times as much, with places for
    `usual` and `times`. `was_paid`: people here have paid so much, it was not worked out from the price.
    """

    amount: int
    doubt: str
    times: int = TIMES
    was_paid: bool = True


def usual(unit: Unit) -> Usual | None:
    """Return the usual payment of a flat: by its last payments, or by those of its building. While these are few, it is no more
    than what a month's energy costs at the present price. None if nothing is known.
    """
    property_ = unit.property
    known = None
    for payments, doubt in (
        (
            TopUp.objects.filter(tenancy__unit=unit),
            _("This flat usually pays about %(usual)s: this is more than %(times)d times as much."),
        ),
        (
            TopUp.objects.filter(tenancy__unit__property=property_),
            _("Flats here usually pay about %(usual)s: this is more than %(times)d times as much."),
        ),
    ):
        amounts = list(payments.order_by("-paid_at", "-pk").values_list("amount", flat=True)[:LAST])
        if amounts:
            of_these = Usual(median_low(amounts), doubt)
            if len(amounts) >= ENOUGH:
                return of_these
            known = known or of_these
    month = _month(property_)
    return min(filter(None, (known, month)), key=lambda each: each.amount, default=None)


def _month(property_: Property) -> Usual | None:
    """Return what a month with much use costs at a property; None if it has no price."""
    in_force = [each for each in property_.tariff_versions.in_force(now()) if each.effective_at <= now()]
    price = max((max(rate.prices) for each in in_force for rate in each.tariff.kernel().rates), default=0)
    if not price:
        return None
    said = _("A month with much use costs about %(usual)s here: this is more than %(times)d times as much.")
    return Usual(price * MONTH, said, MONTHS, was_paid=False)


def doubt_of(unit: Unit, amount: int) -> str:
    """Return why an amount (nano) should be looked at twice: it is many times the usual payment of the flat. Empty
    if it is not, or nothing is known.
    """
    known = usual(unit)
    if known is None or abs(amount) <= known.times * known.amount:
        return ""
    return known.doubt % {"usual": money_with_code(known.amount, unit.property.currency), "times": known.times}

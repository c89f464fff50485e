"""The usual payment of a flat, so that a misplaced decimal point is noticed."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median_low

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ..core.local_forms import money_with_code
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


@dataclass(frozen=True)
class Usual:
    """A usual payment: its `amount` (nano), and `doubt`, the sentence for an amount far over it, with places for `usual` and `times`."""

    amount: int
    doubt: str


def usual(unit: Unit) -> Usual | None:
    """Return the usual payment of a flat: by its last payments, by those of its building, or by a month's energy at the
    present price. None if nothing is known.
    """
    property_ = unit.property
    if own := _median(TopUp.objects.filter(tenancy__unit=unit)):
        return Usual(own, _("This flat usually pays about %(usual)s: this is more than %(times)d times as much."))
    if of_building := _median(TopUp.objects.filter(tenancy__unit__property=property_)):
        return Usual(
            of_building, _("Flats here usually pay about %(usual)s: this is more than %(times)d times as much.")
        )
    in_force = [each for each in property_.tariff_versions.in_force(now()) if each.effective_at <= now()]
    price = max((max(rate.prices) for each in in_force for rate in each.tariff.kernel().rates), default=0)
    if not price:
        return None
    said = _("A month with much use costs about %(usual)s here: this is more than %(times)d times as much.")
    return Usual(price * MONTH, said)


def _median(payments: QuerySet[TopUp]) -> int:
    """Return the usual amount (nano) of the last ones of some payments; 0 if there are none."""
    amounts = payments.order_by("-paid_at", "-pk").values_list("amount", flat=True)[:LAST]
    return median_low(amounts) if amounts else 0


def doubt_of(unit: Unit, amount: int) -> str:
    """Return why an amount (nano) should be looked at twice: it is more than `TIMES` times the usual payment of the flat. Empty
    if it is not, or nothing is known.
    """
    known = usual(unit)
    if known is None or abs(amount) <= TIMES * known.amount:
        return ""
    return known.doubt % {"usual": money_with_code(known.amount, unit.property.currency), "times": TIMES}

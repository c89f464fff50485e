"""The payments that were taken back, as the tenant sees them."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from ...kernel.calendar import local_day
from ..core import local_forms
from ..estate.models import Tenancy
from .models import TakenBack

MOST = 8
"""The most entries that a page shows."""


@dataclass(frozen=True)
class ShownBack:
    """A payment that was taken back, in words. `at`: when that was booked (µs). Amounts in nano: `lost` was taken off
    the credit, `owed` became a debt, `returned` came back to the landlord later. `until`: the instant (µs) until which
    the supply stays on whatever the credit is; None if no such time runs now.
    """

    text: str
    at: int
    lost: int
    owed: int
    returned: int
    until: int | None


def shown_to(tenancy: Tenancy, zone: ZoneInfo, at: int) -> list[ShownBack]:
    """Return the payments of a tenancy that were taken back, the latest first. `zone`: the property's time zone; `at`:
    the present instant.
    """
    rows = TakenBack.objects.filter(top_up__tenancy=tenancy, state=TakenBack.State.BOOKED)[:MOST]
    return [
        ShownBack(
            in_words(row, zone),
            row.booked_at or row.at,
            row.debited,
            row.amount - row.debited,
            row.returned,
            row.grace_until if row.grace_until and row.grace_until > at else None,
        )
        for row in rows
    ]


def in_words(row: TakenBack, zone: ZoneInfo) -> str:
    """Return a sentence about money taken back, such as: Your bank took back 20.00 EUR on 2025-10-06."""
    values = {
        "amount": local_forms.money_with_code(row.amount, row.currency),
        "day": f"{local_day(row.at, zone)}",
    }
    if row.cause == TakenBack.Cause.REFUND:
        return _("%(amount)s of your payment were sent back to you on %(day)s.") % values
    if row.cause == TakenBack.Cause.DISPUTE:
        return _("Your bank took back %(amount)s on %(day)s: the payment is disputed.") % values
    return _("Your bank took back %(amount)s on %(day)s.") % values

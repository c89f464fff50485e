"""What a tenant sees of payments that were taken back."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from ...kernel.calendar import local_day
from ...kernel.currencies import format_with_code
from ..estate.models import Tenancy
from .models import TakenBack

MOST = 8


@dataclass(frozen=True)
class ShownBack:
    """In words; amounts in nano. `until`: an instant (µs) until which the supply goes on, if that is yet to come."""

    text: str
    at: int
    lost: int
    owed: int
    returned: int
    until: int | None


def shown_to(tenancy: Tenancy, where: ZoneInfo, at: int) -> list[ShownBack]:
    """What was taken back of a tenancy's payments, the latest first."""
    rows = TakenBack.objects.filter(top_up__tenancy=tenancy, state=TakenBack.State.BOOKED)[:MOST]
    return [
        ShownBack(
            in_words(row, where), row.booked_at or row.at, row.debited, row.amount - row.debited, row.returned,
            row.grace_until if row.grace_until and row.grace_until > at else None,
        )
        for row in rows
    ]  # fmt: skip


def in_words(row: TakenBack, where: ZoneInfo) -> str:
    """Your bank took back 20.00 EUR on 2025-10-06."""
    told = {
        "amount": format_with_code(row.amount, row.currency),
        "day": f"{local_day(row.at, where)}",
    }
    if row.cause == TakenBack.Cause.REFUND:
        return _("%(amount)s of your payment were sent back to you on %(day)s.") % told
    if row.cause == TakenBack.Cause.DISPUTE:
        return _("Your bank took back %(amount)s on %(day)s: the payment is disputed.") % told
    return _("Your bank took back %(amount)s on %(day)s.") % told

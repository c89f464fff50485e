"""The reconciliation of money that staff received."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from zoneinfo import ZoneInfo

from ...kernel.calendar import local_day
from ...kernel.span import Span
from ..core.spans import during
from ..estate.models import Property
from ..ledger.models import Transfer
from ..ledger.references import Of
from ..vending.models import TopUp
from .findings import Finding
from .movement_sides import Sides, Standing
from .sides import at_meters, booked, carriage_of
from .verdicts import verdict


def received_by_staff(span: Span, place: ZoneInfo, homes: Mapping[int, Property]) -> Iterator[Finding]:
    """Yield the findings of the payments that staff recorded in a span, at some properties (`homes`, by primary key) of one time
    zone (`place`).
    """
    rows = list(
        TopUp.objects.filter(
            during(span, "paid_at"),
            tenancy__unit__property__in=homes,
            payment__isnull=True,
            moved_to__isnull=True,
        ).select_related("command", "tenancy__unit")
    )
    transfers = booked(Of.TOP_UP, (row.pk for row in rows))
    brought = at_meters(row.command for row in rows)
    for row in rows:
        row.tenancy.unit.property = homes[row.tenancy.unit.property_id]
        yield _of_staff(row, local_day(row.paid_at, place), transfers.get(row.pk), brought.get(row.command_id or 0))


def _of_staff(row: TopUp, day: date, transfer: Transfer | None, meter: int | None) -> Finding:
    currency, ledger = row.tenancy.unit.property.currency, transfer.amount if transfer else None
    # The record of staff takes the place of a provider's report.
    says = verdict(
        Sides(currency, row.amount, ledger, meter), Standing(carriage=carriage_of(row.command), due=row.amount)
    )
    return Finding(
        day,
        str(transfer.debit_account) if transfer else "",
        "payment",
        row.receipt or str(row),
        str(row.tenancy),
        Sides(currency, None, ledger, meter),
        says,
        row.note if row.note != row.receipt else "",
    )

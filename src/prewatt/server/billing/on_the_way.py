"""Payments that have not reached the meter yet."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Sum

from ..vending.models import OPEN, TopUp
from .models import DebtPart


def on_the_way(meters: Sequence[int]) -> dict[int, int]:
    """Return what is paid and not at the meter yet, without the shares that pay debts: nano by the meter's primary key.
    Meters that wait for nothing are left out.
    """
    # What a code has brought is at the meter, though its command is still on the way.
    waiting = TopUp.objects.filter(command__meter__in=meters, command__state__in=OPEN, command__coded_seq__isnull=True)
    rows = waiting.values("command__meter").annotate(sum=Sum("amount"))
    amounts = {row["command__meter"]: int(row["sum"]) for row in rows}
    if amounts:
        shares = DebtPart.objects.filter(top_up__in=waiting, undone_at__isnull=True)
        for meter, amount in shares.values_list("top_up__command__meter", "amount"):
            amounts[meter] -= amount
    return amounts

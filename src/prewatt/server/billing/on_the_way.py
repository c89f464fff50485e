"""What is paid and not at the meter yet."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Sum

from ..vending.models import OPEN, TopUp
from .models import DebtPart


def on_the_way(meters: Sequence[int]) -> dict[int, int]:
    """What is paid and not at the meter yet, nano by meter."""
    # What a code has brought is at the meter, though its command is still on the way.
    opened = TopUp.objects.filter(command__meter__in=meters, command__state__in=OPEN, command__coded_seq__isnull=True)
    rows = opened.values("command__meter").annotate(sum=Sum("amount"))
    found = {row["command__meter"]: int(row["sum"]) for row in rows}
    if found:
        shares = DebtPart.objects.filter(top_up__in=opened, undone_at__isnull=True)
        for meter, amount in shares.values_list("top_up__command__meter", "amount"):
            found[meter] -= amount
    return found

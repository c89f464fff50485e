"""What the page of payments shows of money that is taken back."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from ...estate.models import Organisation
from ...payments.models import SettlementLine, TakenBack
from ...payments.settlement import UNKNOWN

SHOWN = 30
"""The most rows that the page shows of money that was taken back and is done."""


def rows_of(owner: Organisation) -> tuple[list[TakenBack], list[TakenBack]]:
    """Return an organisation's money that was taken back: (what waits for a person, what is done)."""
    rows = TakenBack.objects.filter(organisation=owner, within=None).select_related(
        "merchant", "payment__tenancy__unit__property", "top_up__tenancy__unit__property", "command"
    )
    # Of a payment that is not known only the file tells whether it is another business's on the same account.
    line = SettlementLine.objects.filter(merchant=OuterRef("merchant"))
    in_file = Exists(line.filter(back_id=OuterRef("back_id"))) | Exists(line.filter(line_id=OuterRef("back_id")))
    waits = rows.filter(closed_at=None).filter(~Q(state=TakenBack.State.WAITING) | Q(payment__isnull=False) | in_file)
    return list(waits), list(rows.filter(closed_at__isnull=False)[:SHOWN])


def unexplained(owner: Organisation) -> list[SettlementLine]:
    """Return the lines of settlement files that only a person can explain."""
    rows = SettlementLine.objects.filter(merchant__organisation=owner, kind__in=UNKNOWN, means="")
    return list(rows.select_related("merchant"))

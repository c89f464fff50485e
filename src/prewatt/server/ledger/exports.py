"""The books as CSV for a spreadsheet. Amounts are exact, with nine decimals."""

from __future__ import annotations

from collections.abc import Iterable

from ...kernel.units import exact_money
from ...tables import export as tables
from .beancount_names import account_name
from .rows import Row


def to_csv(rows: Iterable[Row]) -> str:
    """Return the books as CSV for a spreadsheet."""
    return tables.to_csv(
        [
            ("day", "kind", "debit", "credit", "amount", "currency", "number", "memo"),
            *(
                (
                    row.day,
                    row.kind,
                    account_name(row.debit),
                    account_name(row.credit),
                    exact_money(row.amount),
                    row.currency,
                    row.number,
                    row.memo,
                )
                for row in sorted(rows, key=lambda each: each.day)
            ),
        ]
    )

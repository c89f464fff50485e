"""The books as a journal for beancount (`bean-check` accepts it). Amounts are exact, with nine decimals."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from ...kernel.units import exact_money
from ..estate.models import Organisation
from .beancount_names import account_name
from .rows import Row


def to_beancount(organisation: Organisation, rows: Iterable[Row]) -> str:
    """Return the books as a journal for beancount."""
    ordered = sorted(rows, key=lambda each: each.day)
    opened: dict[str, date] = {}
    for row in ordered:
        for account in (row.debit, row.credit):
            opened.setdefault(account_name(account), row.day)
    lines = [f'option "title" {_quoted(organisation.name)}', ""]
    lines += [f"{day} open {name}" for name, day in sorted(opened.items())]
    for row in ordered:
        amount = exact_money(row.amount)
        lines += [
            "",
            f"{row.day} * {_quoted(row.kind)} {_quoted(' '.join(filter(None, (row.number, row.memo))))}",
            f"  {account_name(row.debit)}  {amount} {row.currency}",
            f"  {account_name(row.credit)}  -{amount} {row.currency}",
        ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    clean = "".join(sign if sign.isprintable() else " " for sign in text)
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'

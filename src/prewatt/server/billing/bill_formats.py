"""A bill as JSON and as CSV. `docs/statement.md` documents both."""

from __future__ import annotations

from typing import Any

from ...kernel.calendar import local_day, zone
from ...kernel.units import exact_instant, exact_money, round_money
from ...tables import export as tables
from .bills import Standing
from .currencies import minor_digits
from .formats import COLUMNS, csv_rows
from .statement import Statement

SCHEMA = "prewatt-bill-1"


def short_document(stands: Standing) -> dict[str, Any]:
    """How a bill stands, without its lines."""
    bill, unit = stands.bill, stands.bill.tenancy.unit
    digits = minor_digits(unit.property.currency)
    return {
        "schema": SCHEMA,
        "id": bill.pk,
        "number": bill.number,
        "tenancy": bill.tenancy_id,
        "property": unit.property.name,
        "unit": unit.name,
        "tenant": bill.who,
        "currency": unit.property.currency,
        "begins": exact_instant(bill.begins),
        "ends": exact_instant(bill.ends),
        "made": exact_instant(bill.made),
        "due": f"{local_day(bill.due - 1, zone(unit.property.zone))}",
        "complete": bill.complete,
        "owed": exact_money(bill.owed),
        "total": round_money(bill.total, digits),
        "amount": round_money(bill.amount, digits),
        "paid": round_money(stands.paid, digits),
        "as_debt": round_money(stands.moved, digits),
        "left": round_money(stands.left, digits),
        "state": stands.state,
    }


def to_document(stands: Standing) -> dict[str, Any]:
    """The bill's JSON, with its statement as it was."""
    return {**short_document(stands), "statement": stands.bill.document}


def to_csv(stands: Standing, made: Statement) -> str:
    """The bill as CSV for a spreadsheet: its statement's rows, and what is owed, new, paid and left."""
    bill = stands.bill
    figures = {
        "owed": bill.owed, "total": bill.total, "amount": bill.amount, "paid": stands.paid, "as_debt": stands.moved, "left": stands.left,
    }  # fmt: skip
    more = [
        {"section": "bill", "text": name, "amount": exact_money(nano), "rounded": made.rounded(nano)}
        for name, nano in figures.items()
    ]
    return tables.to_csv([COLUMNS, *([row.get(name) for name in COLUMNS] for row in (*csv_rows(made), *more))])

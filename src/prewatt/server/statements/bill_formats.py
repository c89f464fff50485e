"""Bills as JSON and as CSV. `docs/landlord/statement.md` documents both."""

from __future__ import annotations

from typing import Any

from ...kernel.calendar import local_day, zone
from ...kernel.currencies import format_money
from ...kernel.units import exact_instant, exact_money
from ...tables import export as tables
from .bills import Standing
from .formats import COLUMNS, csv_rows
from .statement import Statement

SCHEMA = "prewatt-bill-1"
"""The name and version of the JSON form."""


def short_document(stands: Standing) -> dict[str, Any]:
    """Return a bill's figures and its state as JSON values, without its lines."""
    bill, unit = stands.bill, stands.bill.tenancy.unit
    currency = unit.property.currency
    return {
        "schema": SCHEMA,
        "id": bill.pk,
        "number": bill.number,
        "tenancy": bill.tenancy_id,
        "property": unit.property.name,
        "unit": unit.name,
        "tenant": bill.who,
        "currency": currency,
        "begins": exact_instant(bill.begins),
        "ends": exact_instant(bill.ends),
        "made": exact_instant(bill.made_at),
        "due": f"{local_day(bill.due_at - 1, zone(unit.property.zone))}",
        "complete": bill.is_complete,
        "owed": exact_money(bill.owed),
        "total": format_money(bill.total, currency),
        "amount": format_money(bill.amount, currency),
        "paid": format_money(stands.paid, currency),
        "as_debt": format_money(stands.moved, currency),
        "left": format_money(stands.left, currency),
        "state": stands.state,
    }


def to_document(stands: Standing) -> dict[str, Any]:
    """Return a bill as JSON values, with its statement as it was."""
    return {**short_document(stands), "statement": stands.bill.document}


def to_csv(stands: Standing, statement: Statement) -> str:
    """Return a bill as CSV for a spreadsheet: the rows of its statement, and what is owed, new, paid and left."""
    bill = stands.bill
    figures = {
        "owed": bill.owed,
        "total": bill.total,
        "amount": bill.amount,
        "paid": stands.paid,
        "as_debt": stands.moved,
        "left": stands.left,
    }
    more = [
        {"section": "bill", "text": name, "amount": exact_money(nano), "rounded": statement.rounded(nano)}
        for name, nano in figures.items()
    ]
    return tables.to_csv([COLUMNS, *([row.get(name) for name in COLUMNS] for row in (*csv_rows(statement), *more))])

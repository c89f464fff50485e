"""Statements as JSON and as CSV, exact to the last decimal and as printed. `docs/landlord/statement.md`
documents both.
"""

from __future__ import annotations

from typing import Any

from ...kernel.units import exact_instant, exact_kwh, exact_money, exact_price
from ...tables import export as tables
from ..allocation.models import Share
from .keypad_figures import KeypadPart
from .statement import Line, Statement

SCHEMA = "prewatt-statement-1"
"""The name and version of the JSON form."""
COLUMNS = ("section", "text", "at", "tier", "kwh", "price_per_kwh", "amount", "rounded", "included", "receipt")
"""The columns of the CSV."""


def to_document(statement: Statement) -> dict[str, Any]:
    """Return a statement as JSON values."""
    unit = statement.tenancy.unit
    registers = [
        {"at": exact_instant(each.at), "kwh": exact_kwh(each.register)} if each else None
        for each in (statement.first, statement.last)
    ]
    document = {
        "schema": SCHEMA,
        "property": unit.property.name,
        "unit": unit.name,
        "tenant": statement.tenancy.tenant,
        "currency": unit.property.currency,
        "zone": unit.property.zone,
        "begins": exact_instant(statement.begins),
        "ends": exact_instant(statement.ends),
        "complete": statement.complete,
        "register_from": registers[0],
        "register_to": registers[1],
        "register_breaks": [
            {
                "at": exact_instant(each.at),
                "ended_kwh": None if each.ended is None else exact_kwh(each.ended),
                "from_kwh": exact_kwh(each.register),
                "text": each.text,
            }
            for each in statement.breaks
        ],
        "kwh": exact_kwh(statement.energy),
        "opening": exact_money(statement.opening),
        "lines": [_line(statement, line) for line in statement.lines],
        "movements": exact_money(statement.movements),
        "closing": exact_money(statement.closing),
        "rounded": {
            "opening": statement.rounded(statement.opening),
            "closing": statement.rounded(statement.closing),
            "sum_of_lines": statement.rounded(statement.rounded_sum),
            "remainder": exact_money(statement.remainder),
        },
    }
    return document | ({"keypad": _keypad(statement.keypad)} if statement.keypad is not None else {})


def _keypad(part: KeypadPart) -> dict[str, Any]:
    return {
        "meter": part.meter.pan,
        "codes": [
            {
                "at": exact_instant(each.at),
                "code": each.text,
                "kwh": exact_kwh(each.energy),
                "amount": exact_money(each.charge),
                "given_back": each.is_back,
            }
            for each in part.codes
        ],
        "readings": [
            {
                "at": exact_instant(each.at),
                "kwh": exact_kwh(each.register),
                "left_kwh": _kwh(each.left),
                "doubt": each.doubt,
            }
            for each in part.readings
        ],
        "sold_kwh": exact_kwh(part.sold),
        "used_kwh": _kwh(part.used),
        "difference_kwh": _kwh(part.difference),
        "left_by_reckoning_kwh": _kwh(part.left),
    }


def _kwh(energy: int | None) -> str | None:
    return None if energy is None else exact_kwh(energy)


def _line(statement: Statement, line: Line) -> dict[str, Any]:
    values: dict[str, Any] = {
        "section": line.section,
        "text": line.text,
        "at": None if line.at is None else exact_instant(line.at),
        "tier": None if line.tier is None else line.tier + 1,
        "kwh": None if line.energy is None else exact_kwh(line.energy),
        "price_per_kwh": None if line.price is None else exact_price(line.price),
        "amount": exact_money(line.amount),
        "rounded": statement.rounded(line.amount),
        "included": line.included,
    }
    # What has neither a receipt nor a share says nothing of them, as in statements that were stored before.
    if line.receipt:
        values["receipt"] = line.receipt
    return values | ({"derivation": derivation(line.share)} if line.share else {})


def derivation(share: Share) -> dict[str, Any]:
    """Return how a share of a cost was computed, as JSON values: the common use, its cost, the rule, and everybody's
    weights without names.
    """
    run = share.run
    everybody = [(each.days, each.weights, each.amount) for each in run.shares.order_by("unit__name", "id")]
    return {
        "shared_cost": run.shared_cost.name,
        "begins": exact_instant(run.begins),
        "ends": exact_instant(run.ends),
        "kwh": None if run.energy is None else exact_kwh(run.energy),
        "cost": exact_money(run.cost),
        "rule_percent": run.rule,
        "own": {"days": share.days, "weights": share.weights, "amount": exact_money(share.amount)},
        "everybody": [
            {"days": number, "weights": weights, "amount": exact_money(amount)} for number, weights, amount in everybody
        ],
    }


def to_csv(statement: Statement) -> str:
    """Return a statement as CSV for a spreadsheet: a row for the opening balance, for each line, and for the closing
    balance.
    """
    return tables.to_csv([COLUMNS, *([row.get(name) for name in COLUMNS] for row in csv_rows(statement))])


def csv_rows(statement: Statement) -> list[dict[str, Any]]:
    """Return the rows of the CSV, by column."""
    lines = [_line(statement, line) | {"included": "yes" if line.included else ""} for line in statement.lines]
    return [
        _bound(statement, "opening", statement.begins, statement.opening),
        *lines,
        _bound(statement, "closing", statement.ends, statement.closing),
    ]


def _bound(statement: Statement, section: str, at: int, amount: int) -> dict[str, Any]:
    return {
        "section": section,
        "at": exact_instant(at),
        "amount": exact_money(amount),
        "rounded": statement.rounded(amount),
    }

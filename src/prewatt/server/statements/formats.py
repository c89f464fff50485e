"""A statement as JSON and as CSV, exact to the last decimal and as printed. `docs/landlord/statement.md` documents both."""

from __future__ import annotations

from typing import Any

from ...kernel.units import exact_instant, exact_kwh, exact_money, exact_price
from ...tables import export as tables
from ..allocation.models import Share
from .statement import Line, Statement

SCHEMA = "prewatt-statement-1"
COLUMNS = ("section", "text", "at", "tier", "kwh", "price_per_kwh", "amount", "rounded", "included")


def to_document(made: Statement) -> dict[str, Any]:
    """The statement's JSON."""
    unit = made.tenancy.unit
    registers = [
        {"at": exact_instant(each.at), "kwh": exact_kwh(each.register)} if each else None
        for each in (made.first, made.last)
    ]
    return {
        "schema": SCHEMA,
        "property": unit.property.name,
        "unit": unit.name,
        "tenant": made.tenancy.tenant,
        "currency": unit.property.currency,
        "zone": unit.property.zone,
        "begins": exact_instant(made.begins),
        "ends": exact_instant(made.ends),
        "complete": made.complete,
        "register_from": registers[0],
        "register_to": registers[1],
        "register_breaks": [
            {
                "at": exact_instant(each.at),
                "ended_kwh": None if each.ended is None else exact_kwh(each.ended),
                "from_kwh": exact_kwh(each.register),
                "text": each.text,
            }
            for each in made.breaks
        ],
        "kwh": exact_kwh(made.energy),
        "opening": exact_money(made.opening),
        "lines": [_line(made, line) for line in made.lines],
        "movements": exact_money(made.movements),
        "closing": exact_money(made.closing),
        "rounded": {
            "opening": made.rounded(made.opening),
            "closing": made.rounded(made.closing),
            "sum_of_lines": made.rounded(made.rounded_sum),
            "remainder": exact_money(made.remainder),
        },
    }


def _line(made: Statement, line: Line) -> dict[str, Any]:
    found: dict[str, Any] = {
        "section": line.section,
        "text": line.text,
        "at": None if line.at is None else exact_instant(line.at),
        "tier": None if line.tier is None else line.tier + 1,
        "kwh": None if line.energy is None else exact_kwh(line.energy),
        "price_per_kwh": None if line.price is None else exact_price(line.price),
        "amount": exact_money(line.amount),
        "rounded": made.rounded(line.amount),
        "included": line.included,
    }
    return found | ({"derivation": derivation(line.share)} if line.share else {})


def derivation(share: Share) -> dict[str, Any]:
    """How a share came about: what was used in common, what it cost, the rule, everybody's weights without names."""
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


def to_csv(made: Statement) -> str:
    """The statement as CSV for a spreadsheet: a row for the opening balance, for each line, and for the closing balance."""
    return tables.to_csv([COLUMNS, *([row.get(name) for name in COLUMNS] for row in csv_rows(made))])


def csv_rows(made: Statement) -> list[dict[str, Any]]:
    """The rows of the CSV, by column."""
    lines = [_line(made, line) | {"included": "yes" if line.included else ""} for line in made.lines]
    return [
        _bound(made, "opening", made.begins, made.opening), *lines, _bound(made, "closing", made.ends, made.closing),
    ]  # fmt: skip


def _bound(made: Statement, section: str, at: int, amount: int) -> dict[str, Any]:
    return {"section": section, "at": exact_instant(at), "amount": exact_money(amount), "rounded": made.rounded(amount)}

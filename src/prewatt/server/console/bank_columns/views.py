"""The page on which a person says once what the columns of a bank's tables are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from ....tables.cells import text_of
from ....tables.rows import Row
from ...estate.models import Organisation
from ...payments.bank import BankError, upload
from ...payments.bank_task import LARGE
from ...payments.layouts import as_layout, keep_layout, layouts_of
from ...payments.models import BankLayout
from ...payments.new_layouts import ROLES, Words, new_layout
from ...payments.statements import names
from ...payments.statements.days import DAY_FIRST, MONTH_FIRST
from ...payments.statements.layout import BY_BALANCE, OPPOSITE, SIGN, WITHIN, Layout, find
from ...payments.statements.limits import tidy
from ...payments.statements.shape import Statement
from ...payments.statements.table import read_table, rows_of
from ...payments.waiting_statements import forget_waiting, waiting
from ...web.access import owner_of
from ..bank.views import read_as_task, tell

SHOWN_ROWS, SHOWN_LINES = 12, 12
"""The most rows of the file, and the most lines read from it, that the page shows."""
ROLE_WORDS = {
    names.DAY: gettext_lazy("day booked"),
    names.VALUE_DAY: gettext_lazy("value day"),
    names.AMOUNT: gettext_lazy("amount"),
    names.IN: gettext_lazy("money in"),
    names.OUT: gettext_lazy("money out"),
    names.DIRECTION: gettext_lazy("in or out"),
    names.CURRENCY: gettext_lazy("currency"),
    names.PAYER: gettext_lazy("payer"),
    names.ACCOUNT: gettext_lazy("payer's account"),
    names.TEXT: gettext_lazy("text"),
    names.BANK_ID: gettext_lazy("bank's number of the booking"),
    names.STATE: gettext_lazy("booked or pending"),
    names.BALANCE: gettext_lazy("balance after the payment"),
}
ORDER_WORDS = (
    ("", gettext_lazy("recognised from the file")),
    (DAY_FIRST, gettext_lazy("day first: 31/12/2026")),
    (MONTH_FIRST, gettext_lazy("month first: 12/31/2026")),
)
DIRECTION_WORDS = (
    ("", gettext_lazy("recognised from the file")),
    (SIGN, gettext_lazy("money out has a minus; everything else is money in")),
    (OPPOSITE, gettext_lazy("money in has a minus")),
    (BY_BALANCE, gettext_lazy("the balance shows it, except for the earliest payment, which is left out")),
)


@dataclass
class _Given:
    """What the form holds. `named` is the index of the row with the columns' names, and -1 if there is none."""

    named: int
    columns: list[str]
    order: str = ""
    direction: str = ""
    words: Words = field(default_factory=Words)


@login_required
@require_http_methods(["GET", "POST"])
def columns(request: HttpRequest) -> HttpResponse:
    """Ask what each column is, and show what comes of it. Then read this file, and all later ones of its form, in this
    way.
    """
    owner = owner_of(request)
    content = waiting(owner, request.user)
    if request.POST.get("do") == "forget":
        forget_waiting(owner, request.user)
        content = None
    if content is None:
        return redirect(f"{reverse('console:bank:bank')}?organisation={owner.pk}")
    currency = owner.home().currency
    try:
        rows = [row for row in rows_of(content, currency) if not _is_empty(row)]
    except BankError as refusal:
        forget_waiting(owner, request.user)
        messages.error(request, str(refusal))
        return redirect(f"{reverse('console:bank:bank')}?organisation={owner.pk}")
    width = max(len(row.cells) for row in rows[:WITHIN])
    given = _typed(request, width) if request.method == "POST" else _proposed(rows, layouts_of(owner), width)
    error, preview = "", None
    try:
        layout = _layout(owner, rows, given)
        preview = read_table(rows, currency, [as_layout(layout)])
        if request.POST.get("do") == "read":
            return _read(request, owner, content, layout)
    except BankError as problem:
        error = str(problem)
    return render(
        request, "console/bank_columns/bank_columns.html", _context(owner, rows, width, given, error, preview)
    )


def _is_empty(row: Row) -> bool:
    return not any(text_of(cell).strip() for cell in row.cells)


def _typed(request: HttpRequest, width: int) -> _Given:
    post = request.POST
    named = post.get("named", "")
    return _Given(
        int(named) if named.isdecimal() and len(named) < 4 else -1,
        [post.get(f"column-{place}", "") for place in range(width)],
        post.get("order", ""),
        post.get("direction", ""),
        Words(post.get("words", ""), post.get("booked", "")),
    )


def _proposed(rows: list[Row], known: list[Layout], width: int) -> _Given:
    known_layout = find(rows, known)
    if known_layout is None:
        # The names are mostly in the first of the widest rows.
        fullest = max(rows[:WITHIN], key=lambda row: sum(bool(text_of(cell)) for cell in row.cells))
        return _Given(rows.index(fullest), [""] * width)
    layout, first = known_layout
    roles = [""] * width
    for role, places in layout.places.items():
        for place in places if role == names.TEXT else places[:1]:
            if role in ROLES and place < width and not roles[place]:
                roles[place] = role
    words = Words(", ".join(layout.words_in), ", ".join(layout.words_booked))
    return _Given(first - 1 if layout.named else -1, roles, layout.order, layout.direction, words)


def _layout(owner: Organisation, rows: list[Row], given: _Given) -> BankLayout:
    if given.named >= min(len(rows), WITHIN):
        raise BankError(_("Choose the row that names the columns."))
    named = given.named >= 0
    row = rows[given.named] if named else next(row for row in rows if len(row.cells) == len(given.columns))
    return new_layout(owner, row, named, given.columns, given.order, given.direction, given.words)


def _read(request: HttpRequest, owner: Organisation, content: bytes, layout: BankLayout) -> HttpResponse:
    keep_layout(layout, request.user)
    forget_waiting(owner, request.user)
    if len(content) > LARGE:
        return redirect(read_as_task(request, owner, content))
    tell(request, upload(owner, content, owner.home().currency, request.user))
    return redirect(f"{reverse('console:bank:bank')}?organisation={owner.pk}")


def _context(
    owner: Organisation, rows: list[Row], width: int, given: _Given, error: str, preview: Statement | None
) -> dict[str, Any]:
    first = max(given.named, 0)
    shown = rows[first : first + SHOWN_ROWS]
    return {
        "owner": owner,
        "given": given,
        "rows": [(index, tidy(" | ".join(map(text_of, row.cells)), 80)) for index, row in enumerate(rows[:WITHIN])],
        "columns": list(enumerate(given.columns)),
        "cells": [[tidy(text_of(cell), 40) for cell in [*row.cells, *[""] * width][:width]] for row in shown],
        "roles": ROLE_WORDS.items(),
        "orders": ORDER_WORDS,
        "directions": DIRECTION_WORDS,
        "error": error,
        "lines": preview.lines[:SHOWN_LINES] if preview else [],
        "money_in": sum(line.amount > 0 for line in preview.lines) if preview else 0,
        "money_out": sum(line.amount < 0 for line in preview.lines) if preview else 0,
        "left_out": len(preview.left_out) if preview else 0,
    }

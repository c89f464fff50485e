"""What people have said of their banks' tables, kept for the next statement; and the file that waits for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from ...tables.rows import Row
from ..core.time import now
from ..estate.models import Organisation
from .models import BankLayout, WaitingStatement
from .statements import names
from .statements.days import ORDERS
from .statements.layout import OPPOSITE, SIGN, Layout, fingerprint
from .statements.shape import BankError

ROLES = (
    names.DAY, names.VALUE_DAY, names.AMOUNT, names.IN, names.OUT, names.DIRECTION, names.CURRENCY, names.PAYER,
    names.ACCOUNT, names.TEXT, names.BANK_ID, names.STATE,
)  # fmt: skip
"""What a person can say of a column."""
MOST_WORDS = 20


def layouts_of(organisation: Organisation) -> list[Layout]:
    """All that an organisation's people have said."""
    return [as_layout(each) for each in BankLayout.objects.filter(organisation=organisation)]


def as_layout(kept: BankLayout) -> Layout:
    """In the reader's terms."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, role in enumerate(kept.columns):
        if role:
            places[role].append(place)
    return Layout(
        {role: tuple(found) for role, found in places.items()}, kept.fingerprint, kept.named, kept.order, kept.direction,
        tuple(kept.words_in),
    )  # fmt: skip


def new_layout(
    organisation: Organisation, row: Row, named: bool, columns: Sequence[str], order: str, direction: str, words: str
) -> BankLayout:
    """What a person says of a table, not stored yet. `row` names the columns, or (`named` is False) is the first one.
    `words`: those that mean money in, with commas. BankError if it can't be.
    """
    if any(role and role not in ROLES for role in columns) or order not in ("", *ORDERS):
        raise BankError(_("Choose what each column is from the list."))
    if direction not in ("", SIGN, OPPOSITE):
        raise BankError(_("Choose how money out is told from the list."))
    if columns.count(names.DAY) != 1:
        raise BankError(_("Say which column is the day on which the bank booked: one."))
    amounts = [columns.count(role) for role in (names.AMOUNT, names.IN, names.OUT)]
    if max(amounts) > 1 or not (amounts[0] or amounts[1]):
        raise BankError(_("Say which column is the amount, or which one money in and which one money out."))
    told = [each.strip() for each in words.split(",") if each.strip()]
    if len(told) > MOST_WORDS or any(len(each) > names.LONGEST for each in told):
        raise BankError(_("At most %(most)d words can mean money in.") % {"most": MOST_WORDS})
    if told and names.DIRECTION not in columns:
        raise BankError(_("Say which column has the words that mean money in."))
    return BankLayout(
        organisation=organisation, fingerprint=fingerprint(row, named), named=named, columns=list(columns), order=order,
        direction=direction, words_in=told, made_at=now(),
    )  # fmt: skip


def keep_layout(made: BankLayout, by: Any) -> None:
    """Remember it for the next statement of that form."""
    given = {name: getattr(made, name) for name in ("named", "columns", "order", "direction", "words_in", "made_at")}
    BankLayout.objects.update_or_create(
        organisation=made.organisation, fingerprint=made.fingerprint, defaults={**given, "by": by}
    )


def keep_waiting(organisation: Organisation, content: bytes, by: Any) -> None:
    """Keep a file until its person has said what its columns are; the one before is forgotten."""
    WaitingStatement.objects.update_or_create(
        organisation=organisation, by=by, defaults={"content": content, "at": now()}
    )


def waiting(organisation: Organisation, by: Any) -> bytes | None:
    """The file that waits for a person."""
    found = WaitingStatement.objects.filter(organisation=organisation, by=by).first()
    return bytes(found.content) if found else None


def forget_waiting(organisation: Organisation, by: Any) -> None:
    """It is read, or given up."""
    WaitingStatement.objects.filter(organisation=organisation, by=by).delete()

"""The descriptions that people give of their banks' tables. They are stored for the next statement, together with the
file that waits for a description.
"""

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
from .statements.errors import BankError
from .statements.layout import OPPOSITE, SIGN, Layout, fingerprint

ROLES = (
    names.DAY, names.VALUE_DAY, names.AMOUNT, names.IN, names.OUT, names.DIRECTION, names.CURRENCY, names.PAYER,
    names.ACCOUNT, names.TEXT, names.BANK_ID, names.STATE,
)  # fmt: skip
"""The roles that a person can choose for a column."""
MOST_WORDS = 20
"""The most words for money in that a person can give."""


def layouts_of(organisation: Organisation) -> list[Layout]:
    """Return all layouts that the people of an organisation have described."""
    return [as_layout(each) for each in BankLayout.objects.filter(organisation=organisation)]


def as_layout(description: BankLayout) -> Layout:
    """Return a stored description as a layout for the reader."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, role in enumerate(description.columns):
        if role:
            places[role].append(place)
    return Layout(
        {role: tuple(columns) for role, columns in places.items()},
        description.fingerprint,
        description.has_names,
        description.order,
        description.direction,
        tuple(description.words_in),
    )


def new_layout(
    organisation: Organisation, row: Row, named: bool, columns: Sequence[str], order: str, direction: str, words: str
) -> BankLayout:
    """Return the description of a table that a person gives, not stored yet. `row`: the row that names the columns, or,
    if `named` is False, the first row. `columns`: a role for each column, empty for none. `words`: the words that mean
    money in, separated by commas. Raises BankError, which says what is missing or wrong.
    """
    _check_columns(columns, order, direction)
    words_in = [each.strip() for each in words.split(",") if each.strip()]
    if len(words_in) > MOST_WORDS or any(len(each) > names.LONGEST for each in words_in):
        raise BankError(
            _("Give at most %(most)d words for money in, each with at most %(length)d characters.")
            % {"most": MOST_WORDS, "length": names.LONGEST}
        )
    if words_in and names.DIRECTION not in columns:
        raise BankError(_("Choose the column that has the words for money in."))
    return BankLayout(
        organisation=organisation,
        fingerprint=fingerprint(row, named),
        has_names=named,
        columns=list(columns),
        order=order,
        direction=direction,
        words_in=words_in,
        made_at=now(),
    )


def _check_columns(columns: Sequence[str], order: str, direction: str) -> None:
    """Raise BankError if the chosen roles, the order of days or the direction are not possible."""
    if not {*columns} <= {"", *ROLES} or order not in ("", *ORDERS):
        raise BankError(_("Choose from the list what each column is."))
    if direction not in ("", SIGN, OPPOSITE):
        raise BankError(_("Choose from the list how this bank shows money out."))
    if columns.count(names.DAY) != 1:
        raise BankError(_("Choose exactly one column as the day on which the bank booked."))
    amounts = [columns.count(role) for role in (names.AMOUNT, names.IN, names.OUT)]
    if max(amounts) > 1 or not (amounts[0] or amounts[1]):
        raise BankError(_("Choose one column for the amount, or one for money in and one for money out."))


def keep_layout(layout: BankLayout, by: Any) -> None:
    """Store a description for the next statement of the same form."""
    values = {
        name: getattr(layout, name) for name in ("has_names", "columns", "order", "direction", "words_in", "made_at")
    }
    BankLayout.objects.update_or_create(
        organisation=layout.organisation, fingerprint=layout.fingerprint, defaults={**values, "by": by}
    )


def keep_waiting(organisation: Organisation, content: bytes, by: Any) -> None:
    """Store a file until its person has said what its columns are. An earlier waiting file of this
    person is deleted.
    """
    WaitingStatement.objects.update_or_create(
        organisation=organisation, by=by, defaults={"content": content, "at": now()}
    )


def waiting(organisation: Organisation, by: Any) -> bytes | None:
    """Return the file that waits for a person; None if there is none."""
    row = WaitingStatement.objects.filter(organisation=organisation, by=by).first()
    return bytes(row.content) if row else None


def forget_waiting(organisation: Organisation, by: Any) -> None:
    """Delete the file that waits for a person: it was read, or the person gave it up."""
    WaitingStatement.objects.filter(organisation=organisation, by=by).delete()

"""A layout as a person describes it: the columns of their bank's table by their roles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _

from ...tables.rows import Row
from ..core.time import now
from ..estate.models import Organisation
from .models import BankLayout
from .statements import names
from .statements.days import ORDERS
from .statements.errors import BankError
from .statements.layout import BY_BALANCE, OPPOSITE, SIGN, fingerprint

ROLES = (
    names.DAY, names.VALUE_DAY, names.AMOUNT, names.IN, names.OUT, names.DIRECTION, names.CURRENCY, names.PAYER,
    names.ACCOUNT, names.TEXT, names.BANK_ID, names.STATE, names.BALANCE,
)  # fmt: skip
"""The roles that a person can choose for a column."""
MOST_WORDS = 20
"""The most words of one meaning that a person can give."""


class Words(NamedTuple):
    """The words that a person gives, separated by commas: those of money in, and those of booked payments."""

    money_in: str = ""
    booked: str = ""


def new_layout(
    organisation: Organisation, row: Row, named: bool, columns: Sequence[str], order: str, direction: str, words: Words
) -> BankLayout:
    """Return the description of a table that a person gives, not stored yet. `row`: the row that names the columns, or,
    if `named` is False, the first row. `columns`: a role for each column, empty for none. Raises BankError, which says
    what is missing or wrong.
    """
    _check_columns(columns, order, direction)
    words_in, words_booked = _split(words.money_in), _split(words.booked)
    if words_in and names.DIRECTION not in columns:
        raise BankError(_("Choose the column that has the words for money in."))
    if words_booked and names.STATE not in columns:
        raise BankError(_("Choose the column that says whether a payment is booked or pending."))
    return BankLayout(
        organisation=organisation,
        fingerprint=fingerprint(row, named),
        has_names=named,
        columns=list(columns),
        order=order,
        direction=direction,
        words_in=words_in,
        words_booked=words_booked,
        made_at=now(),
    )


def _split(text: str) -> list[str]:
    """Return the words of a text with commas. Raises BankError if there are too many, or if one is too long."""
    words = [each.strip() for each in text.split(",") if each.strip()]
    if len(words) > MOST_WORDS or any(len(each) > names.LONGEST for each in words):
        raise BankError(
            _("Give at most %(most)d words of one kind, each with at most %(length)d characters.")
            % {"most": MOST_WORDS, "length": names.LONGEST}
        )
    return words


def _check_columns(columns: Sequence[str], order: str, direction: str) -> None:
    """Raise BankError if the chosen roles, the order of days or the direction are not possible."""
    if not {*columns} <= {"", *ROLES} or order not in ("", *ORDERS):
        raise BankError(_("Choose from the list what each column is."))
    if direction not in ("", SIGN, OPPOSITE, BY_BALANCE):
        raise BankError(_("Choose from the list how this bank shows money out."))
    if columns.count(names.DAY) != 1:
        raise BankError(_("Choose exactly one column as the day on which the bank booked."))
    if direction == BY_BALANCE and columns.count(names.BALANCE) != 1:
        raise BankError(_("Choose exactly one column as the balance."))
    amounts = [columns.count(role) for role in (names.AMOUNT, names.IN, names.OUT)]
    if max(amounts) > 1 or not (amounts[0] or amounts[1]):
        raise BankError(_("Choose one column for the amount, or one for money in and one for money out."))

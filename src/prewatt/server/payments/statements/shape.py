"""The form in which every reader returns a statement, whatever its format."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ....kernel.units import NANO
from ....tables.cells import FIRST_DAY, LAST_DAY

MOST_LINES = 20_000
"""The most lines of a statement."""
LARGEST_AMOUNT = 9_000_000_000
"""The largest amount of a line, in whole units of its currency: what the database can store."""


class BankError(ValueError):
    """A statement cannot be read, or a line cannot be booked; the message, for people, says why. Nothing
    was changed.
    """


class Unknown(BankError):
    """A person must describe the table first: its columns, the order of its days, or its directions. `asks`: `columns`,
    `days` or `direction`.
    """

    def __init__(self, asks: str, text: str) -> None:
        super().__init__(text)
        self.asks = asks


class Why(models.TextChoices):
    """The reasons why a row of a statement is no line that can be booked."""

    PENDING = "pending", gettext_lazy("not booked by the bank yet")
    FAILED = "failed", gettext_lazy("not carried out")
    GIVEN_BACK = "given-back", gettext_lazy("given back already")
    BALANCE = "balance", gettext_lazy("a balance or a total")
    NEITHER = "neither", gettext_lazy("neither money in nor money out")
    UNDATED = "undated", gettext_lazy("without a day")
    EMPTY = "empty", gettext_lazy("without an amount")
    UNREADABLE = "unreadable", gettext_lazy("can't be read")


@dataclass(frozen=True)
class Line:
    """A booked line. `amount` in nano, negative for money out; `payer` and `account` (IBAN or number) belong to the
    other side.

    `bank_id`: the bank's own name for the booking; empty if the bank gives no unique one. `returned`: the line itself
    says that it takes an earlier booking back.
    """

    day: date
    amount: int
    currency: str
    payer: str = ""
    text: str = ""
    value_day: date | None = None
    account: str = ""
    bank_id: str = ""
    returned: bool = False


@dataclass(frozen=True)
class LeftOut:
    """A row that is no line: its number in the file (from 1), the reason, and its text."""

    number: int
    why: Why
    text: str


@dataclass
class Statement:
    """The lines of a file and the rows that are no lines, in the order of the file."""

    lines: list[Line] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def leave_out(self, number: int, why: Why, text: str) -> None:
        """Add a row that is no line."""
        self.left_out.append(LeftOut(number, why, tidy(text, 120)))

    def check_days(self) -> None:
        """Raise BankError if a line is of a day on which nobody books; a value day that cannot be is left out."""
        for place, line in enumerate(self.lines):
            if not FIRST_DAY <= line.day <= LAST_DAY:
                text = _("%(text)s is not a day such as 2026-11-25 or 25.11.2026")
                raise BankError(text % {"text": line.day.isoformat()})
            if line.value_day is not None and not FIRST_DAY <= line.value_day <= LAST_DAY:
                self.lines[place] = replace(line, value_day=None)

    def counted(self) -> Counter[Why]:
        """Return the number of rows that are no lines, by reason."""
        return Counter(each.why for each in self.left_out)


def tidy(text: str, most: int) -> str:
    """Return a text on one line, with at most `most` characters, without characters that cannot be printed."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    return re.sub(r"\s+", " ", plain).strip()[:most].rstrip()


def nano(amount: Decimal, number: int) -> int:
    """Return an amount in nano. `number`: the line, for the message. Raises BankError if it is too large, or has more
    than nine decimals.
    """
    if abs(amount) > LARGEST_AMOUNT:
        raise BankError(
            _("Line %(number)d: the amount %(text)s is larger than a payment can be.")
            % {"number": number, "text": f"{amount:f}"[:40]}
        )
    scaled = amount * NANO
    if scaled != scaled.to_integral_value():
        raise BankError(
            _("Line %(number)d: the amount %(text)s has more than nine decimals.")
            % {"number": number, "text": f"{amount:f}"[:40]}
        )
    return int(scaled)


def check_count(count: int) -> None:
    """Raise BankError if a statement has too many lines."""
    if count > MOST_LINES:
        raise BankError(
            _("The statement has more than %(most)d lines: export fewer days at once.") % {"most": MOST_LINES}
        )

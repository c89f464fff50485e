"""The form in which every reader returns a statement, whatever its format."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from django.utils.translation import gettext as _

from ....tables.cells import FIRST_DAY, LAST_DAY
from .errors import BankError, Why
from .limits import tidy

OLDEST, AHEAD = timedelta(days=20 * 366), timedelta(days=7)
"""How long ago, and how far ahead, a bank's day may be: on a Friday some banks write the Monday already."""


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
    """A row of a bank's file that was not taken as a booking: its number in the file (from 1), the reason, and its text."""

    number: int
    why: Why
    text: str


@dataclass
class Statement:
    """What a bank's file holds: its bookings (`lines`), and the rows that were not taken as bookings (`left_out`), both in the
    order of the file.
    """

    lines: list[Line] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def leave_out(self, number: int, why: Why, text: str) -> None:
        """Add a row that is not taken as a booking."""
        self.left_out.append(LeftOut(number, why, tidy(text, 120)))

    def check_days(self, today: date) -> None:
        """Raise BankError if a line is of a day on which nobody can have booked yet, or of long ago; a value day that
        cannot be is left out.
        """
        for place, line in enumerate(self.lines):
            if not today - OLDEST <= line.day <= today + AHEAD:
                text = _(
                    "The file has a booking of %(day)s (%(text)s), but statements hold the days of the last 20 years. Its days "
                    "are damaged or written in another way: export the statement again and upload it unopened."
                )
                raise BankError(text % {"day": line.day.isoformat(), "text": tidy(f"{line.payer} {line.text}", 40)})
            if line.value_day is not None and not FIRST_DAY <= line.value_day <= LAST_DAY:
                self.lines[place] = replace(line, value_day=None)

    def counted(self) -> Counter[Why]:
        """Return the number of rows that are no lines, by reason."""
        return Counter(each.why for each in self.left_out)

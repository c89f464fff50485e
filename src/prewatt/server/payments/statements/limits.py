"""What a statement can hold: texts, amounts, a number of lines."""

from __future__ import annotations

import re
from decimal import Decimal

from django.utils.translation import gettext as _

from ....kernel.units import NANO
from .errors import BankError

MOST_LINES = 20_000
"""The most lines of a statement."""
LARGEST_AMOUNT = 9_000_000_000
"""The largest amount of a line, in whole units of its currency: what the database can store."""


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

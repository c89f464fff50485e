"""The references of transfers, and the ids that the books give to credit that they send to meters.

An id that people and programs type (of a payment, of an adjustment) is unique in their organisation. It never equals an
id of the books, since it must not begin with `OWN`.
"""

from __future__ import annotations

import hashlib
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from django.db import models
from django.utils.translation import gettext_lazy as _

OWN = "~"
"""The sign at the beginning of the books' own ids. No typed id begins with it."""
LONGEST = 40
"""The most characters of an id that a meter takes."""


class Of(models.TextChoices):
    """The kinds of things that transfers belong to. The number of a reference is the primary key of that thing."""

    TOP_UP = "top-up", _("top-up")
    REFUND = "refund", _("refund")
    REFUND_PART = "refund-part", _("part of a refund")
    PAYMENT = "payment", _("payment")
    BANK_LINE = "bank-line", _("bank line")
    FEE = "fee", _("fee")
    LINE = "line", _("line of a settlement file")
    TAKEN_BACK = "taken-back", _("money taken back")
    ADJUSTMENT = "adjustment", _("adjustment")
    SHARE = "share", _("share of a cost")
    CORRECTION = "correction", _("correction")
    DEPOSIT = "deposit", _("deposit")
    SETTLEMENT = "settlement", _("settlement")
    MOVE = "move", _("move")
    MOVE_RIGHT = "move-right", _("move put right")
    DEBT_PART = "debt-part", _("part of a debt")
    DEBT_PAYMENT = "debt-payment", _("payment of a debt")
    SPREAD = "spread", _("spread over payments")
    TERMS = "terms", _("terms of payment")
    PAID_OUT = "paid-out", _("paid out")
    ALARM = "alarm", _("alarm")
    READING = "reading", _("reading")
    EARLY = "early", _("charged early")
    CLEARED = "cleared", _("credit cleared")
    EMERGENCY = "emergency", _("emergency credit")
    KEYPAD = "keypad", _("entry of a keypad meter's account")


class Part(StrEnum):
    """The transfers of one thing, if it has several. The first has no part."""

    ANEW = "anew"
    BACK = "back"
    CARRIED = "carried"
    CHARGED = "charged"
    ENERGY = "energy"
    DEBT = "debt"
    DEPOSIT = "deposit"
    FEE = "fee"
    FOUND = "found"
    HELD = "held"
    METERED = "metered"
    MINIMUM = "minimum"
    MOVED = "moved"
    MOVED_IN = "in"
    MOVED_OUT = "out"
    OTHER = "other"
    OWED = "owed"
    REFUND = "refund"
    RESTORED = "restored"
    REVERSED = "reversed"
    ROUNDING = "rounding"
    SERVICE = "service"
    STANDING = "standing"
    TAX = "tax"
    TWICE = "twice"
    UNDONE = "undone"
    USED = "used"
    VACANT = "vacant"


class Reference(NamedTuple):
    """The name of one transfer: the kind of thing (`of`), the thing's `number`, and the `part`, if the thing has
    several transfers; for example refund 3, or share 9 with the part back. Only this class puts the words of a part
    together, and nothing takes them apart again.
    """

    of: Of
    number: int
    part: str = ""

    def and_(self, part: Part) -> Reference:
        """Return the reference of a further transfer of the same thing."""
        return self._further(part)

    def numbered(self, number: int) -> Reference:
        """Return this reference with a number. It tells apart references that are counted: by journal entry, by
        repetition, or by the amount before.
        """
        return self._further(f"{number}")

    def since(self, at: int) -> Reference:
        """Return this reference with an instant, in µs since 1970, which tells it apart from others."""
        return self._further(f"{at:x}")

    def on(self, day: date) -> Reference:
        """Return this reference with a local day, which tells it apart from others."""
        return self._further(f"{day:%Y%m%d}")

    def with_part_of(self, other: Reference) -> Reference:
        """Return this reference with the part of another one added."""
        return self._further(other.part)

    def _further(self, text: str) -> Reference:
        return self._replace(part=f"{self.part} {text}".strip())

    def __str__(self) -> str:
        return f"{self.of.value} {self.number} {self.part}".strip()


def at_meter(reference: Reference, at: int) -> str:
    """Return the id under which a booking goes to a meter. A name that is too long for a meter is shortened to its kind
    and a digest.

    `at`: the instant of the booking. It is a part of the id, because a server that was restored from a copy gives the
    same numbers a second time. Without the instant, the meter would take the second booking for the first.
    """
    name = f"{OWN}{reference} {at:x}"
    if len(name) <= LONGEST:
        return name
    digest = hashlib.sha256(str(reference).encode()).hexdigest()[:12]
    return f"{OWN}{reference.of.value} {digest} {at:x}"


def of_bank_line(fingerprint: str, undone: int = 0) -> str:
    """Return the credit id of a bank line. It is the same for the same line, also on a restored server. `undone`: how
    often the line was booked and undone before.
    """
    again = f".{undone}" if undone else ""
    return f"{OWN}bank {fingerprint}"[: LONGEST - len(again)] + again


def found_at(meter: int, seq: int) -> str:
    """Return the credit id of credit without an id that was found at a meter in journal entry `seq`."""
    return f"{OWN}found {meter}-{seq}"


def is_own(credit_id: str) -> bool:
    """Return whether an id was made by the books."""
    return credit_id.startswith(OWN)


def is_typed(text: str) -> bool:
    """Return whether people and programs can give a text as an id."""
    return 0 < len(text) <= LONGEST and text.isprintable() and not is_own(text)


EARLIER_WORDS = {"undo": Of.TOP_UP}
"""The first words of ids that earlier versions made, with their kind."""


def kind_at_meter(credit_id: str) -> Of | None:
    """Return the kind of thing that an id at a meter belongs to; None if the id does not show it."""
    word = credit_id.removeprefix(OWN).split(" ")[0]
    return EARLIER_WORDS.get(word) or next((each for each in Of if each.value == word), None)

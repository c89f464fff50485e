"""What a transfer of the books is of, and the ids that the books give to what they carry to meters.

What people and programs type (the id of a payment, of an adjustment) names a row of its own, within their organisation,
and is never one of these: it may not begin with `OWN`.
"""

from __future__ import annotations

import hashlib
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from django.db import models
from django.utils.translation import gettext_lazy as _

OWN = "~"
"""The sign that ids of the books' own begin with, and no typed one."""
LONGEST = 40
"""Characters of an id that a meter takes at most."""


class Of(models.TextChoices):
    """A kind of thing that transfers are of. The number beside it is that thing's."""

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


class Part(StrEnum):
    """Which of the transfers of one thing, where there are several; its first has no part."""

    ANEW = "anew"
    BACK = "back"
    CARRIED = "carried"
    CHARGED = "charged"
    DEBT = "debt"
    DEPOSIT = "deposit"
    FEE = "fee"
    FOUND = "found"
    HELD = "held"
    METERED = "metered"
    MOVED = "moved"
    MOVED_IN = "in"
    MOVED_OUT = "out"
    OWED = "owed"
    REFUND = "refund"
    RESTORED = "restored"
    REVERSED = "reversed"
    ROUNDING = "rounding"
    TWICE = "twice"
    UNDONE = "undone"
    USED = "used"
    VACANT = "vacant"


class Reference(NamedTuple):
    """Names one transfer: the thing that it is `of`, that thing's `number`, and which `part` of it, where there are
    several: refund 3, share 9 back. The words of a part are put together here alone, and nothing takes them apart again.
    """

    of: Of
    number: int
    part: str = ""

    def and_(self, part: Part) -> Reference:
        """What else is booked with it."""
        return self._further(part)

    def numbered(self, number: int) -> Reference:
        """One of several that are counted: by journal entry, by how often it was done, by how much came before."""
        return self._further(f"{number}")

    def since(self, at: int) -> Reference:
        """One of several that are told apart by an instant, in µs since 1970."""
        return self._further(f"{at:x}")

    def on(self, day: date) -> Reference:
        """One of several that are told apart by a local day."""
        return self._further(f"{day:%Y%m%d}")

    def with_part_of(self, other: Reference) -> Reference:
        """One that belongs to the same part of another thing."""
        return self._further(other.part)

    def _further(self, text: str) -> Reference:
        return self._replace(part=f"{self.part} {text}".strip())

    def __str__(self) -> str:
        return f"{self.of.value} {self.number} {self.part}".strip()


def at_meter(reference: Reference, at: int) -> str:
    """The id under which what was booked at an instant goes to a meter. A server that was put back from a copy counts from
    there again; the instant keeps it from giving a meter an id that it knows. What is longer than a meter takes is told by
    its kind and a digest.
    """
    name = f"{OWN}{reference} {at:x}"
    if len(name) <= LONGEST:
        return name
    digest = hashlib.sha256(str(reference).encode()).hexdigest()[:12]
    return f"{OWN}{reference.of.value} {digest} {at:x}"


def of_bank_line(fingerprint: str, undone: int = 0) -> str:
    """The credit id of a line of a bank statement: the same for the same line, also on a server that was put back. `undone`:
    how often it was booked and undone before.
    """
    again = f".{undone}" if undone else ""
    return f"{OWN}bank {fingerprint}"[: LONGEST - len(again)] + again


def found_at(meter: int, seq: int) -> str:
    """The credit id of what was found at a meter by its journal's entry `seq`, without an id."""
    return f"{OWN}found {meter}-{seq}"


def is_own(credit_id: str) -> bool:
    """Whether an id is of the books' making."""
    return credit_id.startswith(OWN)


def is_typed(text: str) -> bool:
    """Whether a text can be what people and programs give as an id."""
    return 0 < len(text) <= LONGEST and text.isprintable() and not is_own(text)


EARLIER_WORDS = {"undo": Of.TOP_UP}


def kind_at_meter(credit_id: str) -> Of | None:
    """What an id that was found at a meter, of no payment, is of, as far as it tells."""
    word = credit_id.removeprefix(OWN).split(" ")[0]
    return EARLIER_WORDS.get(word) or next((each for each in Of if each.value == word), None)

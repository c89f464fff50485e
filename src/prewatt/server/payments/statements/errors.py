"""The reasons why a bank statement, or a row of it, is not taken up."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy


class BankError(ValueError):
    """A statement cannot be read, or a line cannot be booked; the message, for people, says why. Nothing
    was changed.
    """


class Unknown(BankError):
    """A person must describe the table first: its columns, the order of its days, its directions, or its states. `asks`:
    `columns`, `days`, `direction` or `state`.
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
    TOO_LARGE = "too-large", gettext_lazy("money out, larger than a payment can be")
    UNREADABLE = "unreadable", gettext_lazy("can't be read")

"""The facts by which a movement of money is judged."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class Sides:
    """The amount of a movement on each side, in nano of `currency`; None if a side does not have it."""

    currency: str
    provider: int | None
    ledger: int | None
    meter: int | None = None


class File(StrEnum):
    """The state of the provider's file of the day: fetched, not to be expected yet, or complete and not fetched."""

    FETCHED = "fetched"
    AWAITED = "awaited"
    LATE = "late"


class Carriage(StrEnum):
    """The state of the command that carries the amount to the meter: there is none, it waits, the meter applied it, or
    refused it.
    """

    NONE = "none"
    WAITS = "waits"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True)
class Standing:
    """The other facts for a verdict: the provider's file, whether the money is held for a person, and the command with
    the amount that it must bring (`due`, nano).
    """

    file: File = File.FETCHED
    held: bool = False
    carriage: Carriage = Carriage.NONE
    due: int = 0

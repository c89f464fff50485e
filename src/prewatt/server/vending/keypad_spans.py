"""What is known from one reading of a keypad meter to the next."""

from __future__ import annotations

from dataclasses import dataclass

from .keypad_models import KeypadReading
from .keypad_readings import readings, sold
from .models import TokenMeter


@dataclass(frozen=True)
class Span:
    """What is known from one reading to the next (Wh). `used`: None for the first reading, and for a register that was in
    doubt. `sold`: by codes that were made in between. `untyped`: what was sold and is neither used nor left by then, so its
    codes were not typed yet; under zero: codes sold earlier were typed. None without `used`, or if `left` is not known at both ends.
    """

    reading: KeypadReading
    used: int | None = None
    sold: int = 0
    untyped: int | None = None


def spans(token_meter: TokenMeter) -> list[Span]:
    """Return what is known from reading to reading, the first one first."""
    spans_: list[Span] = []
    before: KeypadReading | None = None
    for each in readings(token_meter):
        if before is None:
            spans_.append(Span(each))
        else:
            used = None if each.doubt else each.register - before.register
            bought = sold(token_meter, before.at, each.at)
            untyped = None
            if used is not None and before.left is not None and each.left is not None:
                untyped = before.left + bought - used - each.left
            spans_.append(Span(each, used, bought, untyped))
        before = each
    return spans_

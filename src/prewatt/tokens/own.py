"""This module packs prewatt's own tokens: orders of the landlord, emergency codes, PINs. They are of class 2,
subclasses 11 to 15, which IEC 62055-41 leaves to manufacturers. `docs/programmer/tokens.md` describes their bits.

An amount of 1 is the currency unit, or a power of ten of it for a currency of small units: `wire.order_codes` says which.
Nothing is rounded here: a value that a token can't carry exactly raises `NotCarried`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from .code import CodeError, Proprietary

THOUSANDTHS = 1000
HUNDREDTHS = 100
LARGEST = 1000
"""The largest amount that a token restores."""
FINE = 100
"""Up to this amount, one with an end is in hundredths; above, it is a whole number."""
HOURS, DAYS = 48, 31
"""An end with an amount is in whole hours up to `HOURS`, then in whole days up to `DAYS`."""
ENDS = HOURS + DAYS - HOURS // 24
LONGEST = 31 * 24 * 60 + 1
"""The most minutes after the token's own minute for which a token restores."""
PINS = 10**6


class NotCarried(ValueError):
    """A token can't carry this. `reason` says which part: `action`, `amount`, `end`, `days` or `pin`."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"a code can't carry this: {reason}")
        self.reason = reason


class Switching(IntEnum):
    """An order without an amount or a time."""

    CLOSE = 0
    CLOSE_OVER_A_LOCK = 1
    TAKE_EMERGENCY = 2
    RELEASE = 3


@dataclass(frozen=True)
class Switch:
    """Subclass 11, functions 0 to 3: an order of `Switching`."""

    tid: int
    what: Switching


@dataclass(frozen=True)
class RestoreTime:
    """Subclass 11, function 4: supply for `minutes` after the token's own minute."""

    tid: int
    minutes: int


@dataclass(frozen=True)
class RestoreAmount:
    """Subclass 12: supply until energy for a further amount (in `thousandths`) is used."""

    tid: int
    thousandths: int


@dataclass(frozen=True)
class RestoreBoth:
    """Subclass 13: supply until energy for a further amount (in `hundredths`) is used, but at most
    for `hours` after the end of the token's minute.
    """

    tid: int
    hundredths: int
    hours: int


@dataclass(frozen=True)
class EmergencyCode:
    """Subclass 14: a code made in advance. It gives supply until energy for a further amount (in `hundredths`) is used, and
    can be typed for `days` after its minute.
    """

    tid: int
    hundredths: int
    days: int


@dataclass(frozen=True)
class PinCode:
    """Subclass 15: the flat's PIN of six digits, for the gateway's page."""

    tid: int
    pin: int


Own = Switch | RestoreTime | RestoreAmount | RestoreBoth | EmergencyCode | PinCode
_TIME = 4
"""The function of subclass 11 that restores for a time."""


def pack(own: Own) -> Proprietary:
    """Return the token that carries an order. Raises NotCarried if no token can carry it."""
    match own:
        case Switch(tid, what):
            return Proprietary(11, tid, what.value << 16)
        case RestoreTime(tid, minutes):
            return Proprietary(11, tid, _TIME << 16 | _within("end", minutes, 1, LONGEST))
        case RestoreAmount(tid, thousandths):
            return Proprietary(12, tid, _within("amount", thousandths, 1, LARGEST * THOUSANDTHS))
        case RestoreBoth(tid, hundredths, hours):
            return Proprietary(13, tid, (_step(hundredths) - 1) * ENDS + _end(hours))
        case EmergencyCode(tid, hundredths, days):
            return Proprietary(14, tid, _step(hundredths) << 5 | _within("days", days, 1, DAYS))
        case PinCode(tid, pin):
            return Proprietary(15, tid, _within("pin", pin, 0, PINS - 1))


def unpack(token: Proprietary) -> Own:
    """Return the order that a token carries. Raises CodeError if this software does not know it."""
    tid, value = token.tid, token.value
    high, low = value >> 16, value & 0xFFFF
    try:
        if token.subclass == 11 and high == _TIME:
            return RestoreTime(tid, _within("end", low, 1, LONGEST))
        if token.subclass == 11 and not low:
            return Switch(tid, Switching(high))
        if token.subclass == 12:
            return RestoreAmount(tid, _within("amount", value, 1, LARGEST * THOUSANDTHS))
        if token.subclass == 13:
            return RestoreBoth(tid, _amount(value // ENDS + 1), _hours(value % ENDS))
        if token.subclass == 14:
            return EmergencyCode(tid, _amount(value >> 5), _within("days", value & 31, 1, DAYS))
        if token.subclass == 15:
            return PinCode(tid, _within("pin", value, 0, PINS - 1))
    except ValueError:
        # No prewatt server has made such a token.
        pass
    raise CodeError("class", f"a token of class 2, subclass {token.subclass}, with {value} is not known here")


def _within(what: str, value: int, least: int, most: int) -> int:
    if not least <= value <= most:
        raise NotCarried(what)
    return value


def _step(hundredths: int) -> int:
    """Return the number of an amount: 1 to 10,000 for 0.01 to 100.00, then one number for each whole unit up to 1,000."""
    if hundredths <= FINE * HUNDREDTHS:
        return _within("amount", hundredths, 1, FINE * HUNDREDTHS)
    if hundredths % HUNDREDTHS:
        raise NotCarried("amount")
    return _within("amount", hundredths // HUNDREDTHS, FINE, LARGEST) - FINE + FINE * HUNDREDTHS


def _amount(step: int) -> int:
    fine = FINE * HUNDREDTHS
    _within("amount", step, 1, fine + LARGEST - FINE)
    return step if step <= fine else (step - fine + FINE) * HUNDREDTHS


def _end(hours: int) -> int:
    """Return the number of an end: one for each hour up to 48, then one for each day up to 31."""
    if hours <= HOURS:
        return _within("end", hours, 1, HOURS) - 1
    if hours % 24:
        raise NotCarried("end")
    return _within("end", hours // 24, HOURS // 24, DAYS) - HOURS // 24 + HOURS - 1


def _hours(end: int) -> int:
    return end + 1 if end < HOURS else (end + 1 - HOURS + HOURS // 24) * 24

"""Tokens of prewatt's own: what a landlord orders, codes made in advance, PINs. Class 2, subclasses 11 to 15, which IEC
62055-41 leaves to makers; `docs/programmer/tokens.md` has their bits.

Whatever is carried is carried exactly; what can't be raises `NotCarried`, and is never rounded here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from .code import CodeError, Proprietary

THOUSANDTHS = 1000
HUNDREDTHS = 100
LARGEST = 1000
"""Units of the currency that a code restores at most."""
FINE = 100
"""Units of the currency up to which an amount beside an end has hundredths; over it, it is in whole units."""
HOURS, DAYS = 48, 31
"""An end beside an amount: up to so many whole hours, then up to so many whole days."""
ENDS = HOURS + DAYS - HOURS // 24
LONGEST = 31 * 24 * 60 + 1
"""Minutes after the code's own that a restoration ends at the latest."""
PINS = 10**6


class NotCarried(ValueError):
    """A code can't carry this. `reason` says what: the `action`, an `amount`, an `end`, `days` or a `pin`."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"a code can't carry this: {reason}")
        self.reason = reason


class Switching(IntEnum):
    """An order that has nothing beside it."""

    CLOSE = 0
    CLOSE_OVER_A_LOCK = 1
    TAKE_EMERGENCY = 2
    RELEASE = 3


@dataclass(frozen=True)
class Switch:
    """Subclass 11, functions 0 to 3: one of `Switching`."""

    tid: int
    what: Switching


@dataclass(frozen=True)
class RestoreTime:
    """Subclass 11, function 4: supply for so many minutes after the code's own."""

    tid: int
    minutes: int


@dataclass(frozen=True)
class RestoreAmount:
    """Subclass 12: supply until so much more is used. `thousandths` of the currency unit."""

    tid: int
    thousandths: int


@dataclass(frozen=True)
class RestoreBoth:
    """Subclass 13: supply until so much more is used (`hundredths` of the currency unit), and for so many `hours` after the end
    of the code's minute at most.
    """

    tid: int
    hundredths: int
    hours: int


@dataclass(frozen=True)
class EmergencyCode:
    """Subclass 14: made in advance, to supply until so much more is used. It is taken for `days` after its minute."""

    tid: int
    hundredths: int
    days: int


@dataclass(frozen=True)
class PinCode:
    """Subclass 15: the flat's PIN, of six digits, for the gateway's page."""

    tid: int
    pin: int


Own = Switch | RestoreTime | RestoreAmount | RestoreBoth | EmergencyCode | PinCode
_TIME = 4
"""The function of subclass 11 that restores for a time."""


def pack(own: Own) -> Proprietary:
    """The token that carries it. NotCarried if none can."""
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
    """What a token carries. CodeError if it is nothing that is known here."""
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
        # No vendor of ours has made it.
        pass
    raise CodeError("class", f"a token of class 2, subclass {token.subclass}, with {value} is not known here")


def _within(what: str, value: int, least: int, most: int) -> int:
    if not least <= value <= most:
        raise NotCarried(what)
    return value


def _step(hundredths: int) -> int:
    """The number of an amount: 1 to 10,000 for 0.01 to 100.00, then one for each whole unit up to 1,000."""
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
    """The number of an end: one for each hour up to 48, then one for each day up to 31."""
    if hours <= HOURS:
        return _within("end", hours, 1, HOURS) - 1
    if hours % 24:
        raise NotCarried("end")
    return _within("end", hours // 24, HOURS // 24, DAYS) - HOURS // 24 + HOURS - 1


def _hours(end: int) -> int:
    return end + 1 if end < HOURS else (end + 1 - HOURS + HOURS // 24) * 24

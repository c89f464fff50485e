"""Exact quantities: what the integers mean, and how they are read and printed.

| quantity | unit | name in code |
|---|---|---|
| energy, register | Wh | `wh` |
| price | 1e-6 currency unit per kWh | `micro` |
| charge, balance | 1e-9 currency unit | `nano` |
| instant | microseconds since 1970-01-01T00:00:00Z | `at` |

The names `Nano`, `Micro`, `Wh` and `Instant` stand in signatures for the reader. They are aliases of `int` and not
types of their own (`NewType`): the sum of two such values is an `int` again, so every other line of the rules would
need a cast.

`micro x Wh = nano`, without a division: (1e-6 / kWh) x Wh = 1e-9. So nothing is ever rounded before a bill is printed.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact, InvalidOperation
from typing import TypeAlias

Nano: TypeAlias = int
"""Money: 1e-9 of a currency unit. A charge, a balance, an amount."""
Micro: TypeAlias = int
"""A price: 1e-6 of a currency unit per kWh."""
Wh: TypeAlias = int
"""Energy, or where a register stands: watt-hours."""
Instant: TypeAlias = int
"""Microseconds since 1970-01-01T00:00:00Z."""

MICRO = 10**6
NANO = 10**9
SECOND = 10**6
MINUTE = 60 * SECOND
HOUR = 3600 * SECOND
DAY = 24 * HOUR

TOKEN = 10_000
"""Nano in the 1e-5 currency units in which a 20-digit token counts money."""
INT64_MAX = 2**63 - 1
INSTANT_MAX = 7_258_118_400 * SECOND
"""The year 2200: a later instant comes from a clock that is wrong, not from a meter."""
EARLIEST = 1_577_836_800 * SECOND
"""The year 2020: a clock that shows an earlier time has lost its battery."""
REGISTER_MAX = 10**12
"""The highest register accepted, Wh: a thousand million kWh, which is more than any meter shows."""
BALANCE_MAX = 2**62 - 1
"""The largest balance and the largest debt, nano: four thousand million currency units. The difference of two fits
int64.
"""
PRICE_MAX = 1_000_000 * MICRO
"""The highest price in any currency, micro per kWh. `limits` has the highest of each currency."""
AMOUNT_MAX = 100_000_000 * NANO
"""The most that a tariff charges in any currency for a day or a month beside the energy, nano. `limits` has that of each
currency.
"""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])
_DECIMAL = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
"""A decimal as documents and programs write it: no exponent, no plus sign, ASCII digits only. What people type is read
by `amounts`.
"""
_LONGEST = 40
"""The most characters that a decimal may have."""


def _scaled(text: str, scale: int, what: str) -> int:
    """Return the decimal `text` times 10**`scale`. Raises ValueError, naming `what`, if the result is not a whole
    number within int64.
    """
    bare = text[: _LONGEST + 1].strip()
    if not _DECIMAL.fullmatch(bare):
        raise ValueError(f"{what} {text[:_LONGEST]!r} is not a decimal number such as 12.50")
    if len(text.strip()) > _LONGEST:
        raise ValueError(f"{what} {text[:_LONGEST]!r}… is longer than {_LONGEST} characters")
    scaled = Decimal(bare).scaleb(scale, _EXACT)
    if scaled != int(scaled):
        raise ValueError(f"{what} {text!r} has more than {scale} decimals")
    if abs(scaled) > INT64_MAX:
        raise ValueError(f"{what} {text!r} is too large")
    return int(scaled)


def parse_money(text: str) -> Nano:
    """Parse currency units to nano. Raises ValueError if the text is not a number or has more than 9 decimals."""
    return _scaled(text, 9, "amount")


def parse_price(text: str, most: Micro) -> Micro:
    """Parse currency units per kWh to micro. Raises ValueError if the price is negative, over `most` or finer than
    6 decimals.
    """
    price = _scaled(text, 6, "price")
    if not 0 <= price <= most:
        raise ValueError(f"price {text!r} is not between 0 and {most // MICRO} per kWh")
    return price


def parse_price_difference(text: str, most: Micro) -> Micro:
    """Parse a price to be added to another one, which may be negative, to micro. Raises ValueError if it is over `most`
    either way or finer than 6 decimals.
    """
    difference = _scaled(text, 6, "price")
    if abs(difference) > most:
        raise ValueError(f"price {text!r} is not between -{most // MICRO} and {most // MICRO} per kWh")
    return difference


def parse_percent(text: str) -> int:
    """Parse a percentage to parts per million. Raises ValueError if it is not over 0 and at most 100, or is finer than
    four decimals.
    """
    ppm = _scaled(text, 4, "percentage")
    if not 0 < ppm <= 10**6:
        raise ValueError(f"percentage {text!r} is not over 0 and up to 100")
    return ppm


def parse_instant(text: str) -> Instant:
    """Parse an ISO 8601 date and time with its offset, such as 2025-03-01T00:00:00Z. Raises ValueError for any other
    text.
    """
    try:
        at = instant(datetime.fromisoformat(text.strip()))
    except ValueError:
        raise ValueError(f"{text!r} is not a date and time with its offset such as 2025-03-01T00:00:00Z") from None
    if not 0 <= at <= INSTANT_MAX:
        raise ValueError(f"{text!r} is not between 1970 and 2200")
    return at


def parse_kwh(text: str) -> Wh:
    """Parse kWh to Wh. Raises ValueError if the text is not a number or is finer than a watt-hour."""
    return _scaled(text, 3, "energy")


def _plain(value: int, scale: int) -> str:
    return f"{Decimal(value).scaleb(-scale, _EXACT):f}"


def exact_money(nano: Nano) -> str:
    """Format nano as a decimal with all nine places, for machines."""
    return _plain(nano, 9)


def exact_price(micro: Micro) -> str:
    """Format micro per kWh as a decimal with all six places, for machines."""
    return _plain(micro, 6)


def short_price(micro: Micro) -> str:
    """Format micro per kWh as a decimal without needless zeros at the end."""
    whole, _, decimals = exact_price(micro).partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def exact_kwh(wh: Wh) -> str:
    """Format Wh as kWh with three places."""
    return _plain(wh, 3)


def rough_kwh(wh: Wh) -> str:
    """Format Wh as kWh rounded to a tenth, for people. The text is never calculated with."""
    return exact_kwh((wh + 50) // 100 * 100)[:-2]


def exact_percent(ppm: int) -> str:
    """Format parts per million as a percentage without needless zeros at the end."""
    return f"{Decimal(ppm).scaleb(-4, _EXACT).normalize():f}"


def exact_instant(at: Instant) -> str:
    """Format an instant in ISO 8601, UTC."""
    return moment(at).isoformat().replace("+00:00", "Z")


def round_money(nano: Nano, digits: int) -> str:
    """Format nano rounded half-even to `digits` decimals, for people. The text is never calculated with.

    `currencies` knows how many decimals a currency has; pages and messages call its `format_money`.
    """
    step = Decimal(1).scaleb(-digits)
    rounded = Decimal(nano).scaleb(-9, _EXACT).quantize(step, ROUND_HALF_EVEN)
    # What rounds to nothing is neither owed nor left: 0.00, not -0.00.
    return f"{rounded or abs(rounded):f}"


def instant(moment: datetime) -> Instant:
    """Return an aware datetime as microseconds since 1970. Raises ValueError if it is naive."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment(at: Instant) -> datetime:
    """Return the aware UTC datetime of an instant."""
    return _EPOCH + timedelta(microseconds=at)

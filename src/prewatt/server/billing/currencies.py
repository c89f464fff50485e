"""How many decimals a currency's minor unit has (ISO 4217), and amounts in it."""

from __future__ import annotations

_NONE = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
_THREE = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])


def minor_digits(currency: str) -> int:
    """2, but for the currencies that have none or three."""
    return 0 if currency in _NONE else 3 if currency in _THREE else 2


def minor_unit(currency: str) -> int:
    """The smallest amount that can be paid, nano."""
    return int(10 ** (9 - minor_digits(currency)))


def to_minor(amount: int, currency: str) -> int:
    """Nano in minor units. ValueError if it is finer than the currency."""
    whole, rest = divmod(amount, minor_unit(currency))
    if rest:
        raise ValueError(f"{currency} has {minor_digits(currency)} decimals")
    return whole

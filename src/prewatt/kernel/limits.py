"""The most that is accepted of a price, a payment and the like, in each currency. More than that is a typing error.

A thousand a kWh is a typing error in euros, and less than a kWh costs in dong. So each limit is that of a currency of which a
few units make a US dollar, multiplied by the currency's `magnitude`.
"""

from __future__ import annotations

from .currencies import magnitude
from .units import AMOUNT_MAX, MICRO, NANO, PRICE_MAX, Micro, Nano

PAID_MAX = 1_000_000_000 * NANO
"""The largest payment in any currency, nano: a quarter of the largest balance."""


def highest_price(currency: str) -> Micro:
    """Return the highest price of a kWh in a currency, micro: a thousand euros, a hundred thousand yen."""
    return min(1_000 * MICRO * magnitude(currency), PRICE_MAX)


def most_charged(currency: str) -> Nano:
    """Return the most that a tariff charges in a currency for a day or a month beside the energy, nano: a thousand euros."""
    return min(1_000 * NANO * magnitude(currency), AMOUNT_MAX)


def most_paid(currency: str) -> Nano:
    """Return the largest payment and the largest deposit in a currency, nano: a hundred thousand euros."""
    return min(100_000 * NANO * magnitude(currency), PAID_MAX)


def most_lent(currency: str) -> Nano:
    """Return the largest amount of a restoration in a currency, nano: a thousand euros. For more, a payment is recorded."""
    return 1_000 * NANO * magnitude(currency)


def is_lendable(amount: Nano, currency: str) -> bool:
    """Return whether a restoration may have this amount (nano). 0 is allowed: it means that no amount bounds it."""
    return 0 <= amount <= most_lent(currency)

"""The most that is accepted of a price, a payment and the like, in each currency. More than that is a typing error.

A thousand a kWh is a typing error in euros, and less than a kWh costs in dong. So each limit is that of a currency of which a
few units make a US dollar, multiplied by the currency's `magnitude`.
"""

from __future__ import annotations

from .currencies import magnitude
from .units import AMOUNT_MAX, MICRO, NANO, PRICE_MAX, Micro, Nano

_SOLD_IN_HUNDREDTHS = (
    "AED AUD AWG AZN BAM BBD BGN BHD BMD BND BOB BRL BSD BYN BZD CAD CHF CNY CUC DKK EUR FJD FKP GBP GEL GIP GTQ HKD ILS JOD "
    "KWD KYD LYD MYR NZD OMR PAB PEN PGK PLN QAR RON SAR SBD SGD SHP TMT TND TOP TTD USD WST XCD XCG"
)
"""The currencies of which fewer than ten make a US dollar: a kWh costs less than a few units, and many name its price in
hundredths.
"""
PAID_MAX = 1_000_000_000 * NANO
"""The largest payment in any currency, nano: a quarter of the largest balance."""


def highest_price(currency: str) -> Micro:
    """Return the highest price of a kWh in a currency, micro: a thousand euros, a hundred thousand yen."""
    return min(1_000 * MICRO * magnitude(currency), PRICE_MAX)


def likely_price(price: Micro, currency: str) -> Micro | None:
    """Return the price of a kWh (micro) that was probably meant; None if a price may be right. Who types 32 for cents gets a
    hundredth of it, who types 3.500 for thousands of dong a thousandfold. A price of 0 is nobody's slip of the finger.
    """
    size = MICRO * magnitude(currency)
    highest = 10 * size if size > MICRO or currency in _SOLD_IN_HUNDREDTHS.split() else 100 * size
    if price > highest:
        return price // 100
    if 0 < price < size // 500:
        return price * 1_000
    return None


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

"""Sums for people of amounts that may be in several currencies."""

from __future__ import annotations

from collections.abc import Iterable

from ..core import local_forms


def total(amounts: Iterable[tuple[int, str]]) -> str:
    """Return the sum of amounts (pairs of nano and currency) as text: `12.50`. If there are several currencies, each
    has its own sum: `12.50 EUR, 3.000 KWD`. Empty if there are no amounts.
    """
    sums: dict[str, int] = {}
    for nano, currency in amounts:
        sums[currency] = sums.get(currency, 0) + nano
    printed = local_forms.money if len(sums) == 1 else local_forms.money_with_code
    return ", ".join(printed(nano, currency) for currency, nano in sorted(sums.items()))

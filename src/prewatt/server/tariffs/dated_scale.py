"""Dated prices in another unit than the tariff below them are refused."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ...kernel.rating import gross
from ...kernel.tariff import Dated, Tariff
from ..core import local_forms

FAR = 10
"""If the usual price of a file is more than this many times the dearest price of the tariff, the file's prices are taken to
be in another unit (cents, MWh).
"""
NEAR = 50
"""If the tariff's cheapest price is more than this many times the dearest price of a file, the file's prices are taken to
be in another unit.
"""


def check_scale(base: Tariff, series: Sequence[Dated]) -> None:
    """Raise ValidationError, with the price of a kWh, if the prices are in another unit than the tariff below them."""
    known = [price for rate in base.rates for price in rate.prices if price]
    prices = [price for dated in series for price in dated.prices]
    if not known or not any(prices):
        return
    usual, dearest = int(median(prices)), max(prices)
    if usual > FAR * max(known):
        text = _(
            "A kWh would usually cost %(price)s; with %(base)s it costs %(known)s. Are these prices in cents or "
            "pence, or per MWh?"
        )
        raise _other_unit(text, usual, base, known)
    if dearest * NEAR < min(known):
        text = _(
            "A kWh would cost at most %(price)s; with %(base)s it costs %(known)s. Are these prices in whole "
            "units, and per kWh?"
        )
        raise _other_unit(text, dearest, base, known)


def _other_unit(text: str, price: int, base: Tariff, known: Sequence[int]) -> ValidationError:
    how = _("Choose their unit with the file, or write it into the column's name: price (ct/kWh), price (EUR/MWh).")
    between = sorted({gross(min(known), base), gross(max(known), base)})
    values = {
        "price": f"{local_forms.price(gross(price, base))} {base.currency}",
        "base": base.name,
        "known": " – ".join(local_forms.price(each) for each in between),
    }
    return ValidationError({"prices": f"{text % values} {how}"})

"""Amounts, energy, prices and whole numbers that people typed into pages and commands, as the integers that are stored."""

from __future__ import annotations

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ...amounts import CURRENCY_SIGNS
from ...kernel.currencies import NO_CURRENCY, minor_digits, minor_unit
from ...kernel.units import INT64_MAX
from . import local_forms
from .typed_numbers import repeated, typed_number


def _scaled(text: str, field: str, scale: int, units: tuple[str, ...], *, whole: bool = False) -> int:
    try:
        if not text.strip():
            raise ValidationError(_("Enter a number such as 12.50."))
        scaled = typed_number(text, units, whole=whole).scaleb(scale)
        if scaled != int(scaled):
            said = _("%(text)s is not a number such as 12.50 with at most %(most)d decimals.")
            raise ValidationError(said % {"text": repeated(text), "most": scale})
        if abs(scaled) > INT64_MAX:
            raise ValidationError(_("%(text)s is too large.") % {"text": repeated(text)})
    except ValidationError as error:
        raise ValidationError({field: error.messages}) from None
    return int(scaled)


def typed_money(text: str, field: str, currency: str) -> int:
    """Return an amount that was typed, nano; its `currency` may stand with it. Without a currency (`NO_CURRENCY`) it
    has up to nine decimals. Raises ValidationError, which names the field, also for an amount finer than the currency.
    """
    symbols = tuple(sign for sign, codes in CURRENCY_SIGNS.items() if currency in codes)
    known = currency != NO_CURRENCY
    units = (currency, currency.lower(), *symbols) if known else ()
    nano = _scaled(text, field, 9, units, whole=known and minor_digits(currency) == 0)
    if known:
        check_payable(nano, field, currency)
    return nano


def check_payable(nano: int, field: str, currency: str) -> None:
    """Raise ValidationError, naming the field, if an amount (nano) is finer than its currency, so that nobody can pay
    it.
    """
    least = minor_unit(currency)
    if nano % least:
        said = _("%(amount)s has too many decimals for %(currency)s. The smallest amount is %(least)s.")
        raise ValidationError(
            {
                field: said
                % {
                    "amount": local_forms.exact_amount(nano, currency),
                    "currency": currency,
                    "least": local_forms.money(least, currency),
                }
            }
        )


def check_at_most(nano: int, most: int, field: str, currency: str) -> None:
    """Raise ValidationError, naming the field, if an amount (nano) is negative or more than `most`."""
    if not 0 <= nano <= most:
        said = _("Type an amount from 0 to %(most)s.")
        raise ValidationError({field: said % {"most": local_forms.money(most, currency)}})


def typed_kwh(text: str, field: str) -> int:
    """Return energy or a register that was typed in kWh, in Wh. Raises ValidationError, which names the field."""
    return _scaled(text, field, 3, ("kWh", "kwh", "KWh", "KWH"))


def typed_price(text: str, field: str, currency: str = "") -> int:
    """Return a price that was typed, in micro. Raises ValidationError, which names the field."""
    return _scaled(text, field, 6, (f"{currency}/kWh", currency) if currency else ())


def typed_whole(text: str, field: str, least: int, most: int) -> int:
    """Return a whole number that was typed, from `least` to `most`. Raises ValidationError, which names the field."""
    try:
        number = typed_number(text)
    except ValidationError:
        number = Decimal("0.5")
    if number != int(number) or not least <= number <= most:
        said = _("%(text)s is not a whole number from %(least)d to %(most)d.")
        raise ValidationError({field: said % {"text": repeated(text), "least": least, "most": most}})
    return int(number)

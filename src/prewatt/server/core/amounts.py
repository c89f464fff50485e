"""Amounts as people type them into pages and commands: 1.234,50; 1,234.50; ５. The one place that reads them.

A number that can be read in two ways is taken in the user's own way of writing where that is known and the page writes so
too; else it is refused, with both readings. Programs write decimals as documents do (`kernel.units`), and are refused
anything else.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable
from contextvars import ContextVar
from decimal import Decimal
from typing import Any

from django import forms
from django.conf.locale import LANG_INFO
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.formats import get_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation.trans_real import parse_accept_lang_header

from ...amounts import CURRENCY_SIGNS, LONGEST, SIGNS, Ambiguous, NoAmount, read_number
from ...kernel.currencies import NO_CURRENCY, minor_digits, minor_unit
from ...kernel.units import INT64_MAX
from . import local_forms

TWO_READINGS = "two readings"
"""The code of the error for a number that can be read in two ways."""
_browser: ContextVar[str | None] = ContextVar("browser", default=None)
"""The languages that the browser asks for; None outside of a request."""


class WrittenAs:
    """Middleware: numbers in a request are read as the language of its browser writes them."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]):
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _browser.set(request.headers.get("Accept-Language", ""))
        try:
            return self._answer(request)
        finally:
            _browser.reset(token)


def _decimal_sign(language: str) -> str:
    """Return the sign before the decimals in a language; empty if it is not known."""
    known = next((each for each in (language, language.partition("-")[0]) if each in LANG_INFO), "")
    sign = str(get_format("DECIMAL_SEPARATOR", lang=known, use_l10n=True)) if known else ""
    return sign if sign in SIGNS else ""


def _users_sign() -> str:
    """Return the sign before the decimals as this user writes; empty if it is not known."""
    asked = _browser.get()
    if asked is None:
        # A command: as the terminal is set.
        own = next((text for name in ("LC_ALL", "LC_NUMERIC", "LANG") if (text := os.environ.get(name))), "")
        languages = [own.partition(".")[0].replace("_", "-").lower()]
    else:
        languages = [language for language, _weight in parse_accept_lang_header(asked)]
    return next((sign for language in languages if (sign := _decimal_sign(language))), "")


def typed_number(text: str, units: tuple[str, ...] = (), *, whole: bool = False) -> Decimal:
    """Return a number as a person typed it; one of `units` may stand with it. `whole`: it has no decimals, so that
    1.234 can only be a thousand and more. Raises ValidationError, in words, for other text, or if it can be read in two
    ways.
    """
    bare = text[: LONGEST + 1].strip()
    bare = next((rest for unit in units if (rest := bare.removeprefix(unit).removesuffix(unit)) != bare), bare)
    try:
        # A word, or another currency: 20 USD is not 20 EUR.
        if len(text) > LONGEST or any(unicodedata.category(sign)[0] == "L" or sign in CURRENCY_SIGNS for sign in bare):
            raise NoAmount
        return _read(bare, whole)
    except Ambiguous:
        larger, smaller = sorted((read_number(bare, sign) for sign in SIGNS), reverse=True, key=abs)
        said = _("%(text)s can mean %(whole)s or %(decimals)s: type %(whole)s or %(clear)s.")
        readings = {"whole": in_field(larger), "decimals": _as_page(_short(smaller)), "clear": in_field(smaller)}
        raise ValidationError(said % {"text": _shown(text), **readings}, code=TWO_READINGS) from None
    except NoAmount:
        raise ValidationError(_("%(text)s is not a number such as 12.50.") % {"text": _shown(text)}) from None


def _short(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def plain(number: Decimal) -> str:
    """Return a number in a form that can be read in only one way: 5, 1.5, 1.2340."""
    text = _short(number)
    # Three decimals could be thousands.
    return f"{text}0" if re.fullmatch(r"-?[1-9]\d{0,2}\.\d{3}", text) else text


def in_field(number: Decimal) -> str:
    """Return a number for a field, as `plain` does, with the decimal sign of the page: 1,5 (German)."""
    return _as_page(plain(number))


def _as_page(text: str) -> str:
    return text.replace(".", _decimal_sign(get_language() or "en") or ".")


def _read(text: str, whole: bool) -> Decimal:
    try:
        return read_number(text)
    except Ambiguous:
        if whole:
            return max((read_number(text, sign) for sign in SIGNS), key=abs)
        page, user = _decimal_sign(get_language() or "en"), _users_sign()
        # 1.234 on a page that writes so is one and a bit; 1,234 there is a thousand only for who says to write so too.
        if page and (user == page or (not user and page in text)):
            return read_number(text, page)
        raise


def _shown(text: str) -> str:
    """Return what was typed, short and printable, to be repeated in a message."""
    printable = "".join(sign if sign.isprintable() else "?" for sign in text[:LONGEST])
    return f"“{printable}{'…' if len(text) > LONGEST else ''}”"


def _scaled(text: str, field: str, scale: int, units: tuple[str, ...], *, whole: bool = False) -> int:
    try:
        if not text.strip():
            raise ValidationError(_("Enter a number such as 12.50."))
        scaled = typed_number(text, units, whole=whole).scaleb(scale)
        if scaled != int(scaled):
            said = _("%(text)s is not a number such as 12.50 with at most %(most)d decimals.")
            raise ValidationError(said % {"text": _shown(text), "most": scale})
        if abs(scaled) > INT64_MAX:
            raise ValidationError(_("%(text)s is too large.") % {"text": _shown(text)})
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
        raise ValidationError({field: said % {"text": _shown(text), "least": least, "most": most}})
    return int(number)


class NumberField(forms.DecimalField):
    """A decimal in a form, as people type it."""

    widget = forms.TextInput

    def prepare_value(self, value: Any) -> Any:
        """Return a decimal as text that can be read in only one way."""
        return in_field(value) if isinstance(value, Decimal) else value

    def to_python(self, value: Any) -> Any:
        """Return the decimal that was typed; None for an empty field. Raises ValidationError."""
        if isinstance(value, str):
            # Zeros at the end are no decimals too many.
            value = Decimal(_short(typed_number(value))) if value.strip() else None
        return super().to_python(value)

"""Numbers as people type them: 1.234,50; 1,234.50; ５.

A number that can be read in two ways is taken in the user's own way of writing where that is known and the page writes so
too; else it is refused, with both readings. Programs write decimals as documents do (`kernel.units`), and are refused
anything else.
"""

from __future__ import annotations

import unicodedata
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ...amounts import CURRENCY_SIGNS, LONGEST, SIGNS, Ambiguous, NoAmount, read_number
from .plain_numbers import as_page, in_field, short
from .written_as import decimal_sign, users_sign

TWO_READINGS = "two readings"
"""The code of the error for a number that can be read in two ways."""


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
        readings = {"whole": in_field(larger), "decimals": as_page(short(smaller)), "clear": in_field(smaller)}
        raise ValidationError(said % {"text": repeated(text), **readings}, code=TWO_READINGS) from None
    except NoAmount:
        raise ValidationError(_("%(text)s is not a number such as 12.50.") % {"text": repeated(text)}) from None


def _read(text: str, whole: bool) -> Decimal:
    try:
        return read_number(text)
    except Ambiguous:
        if whole:
            return max((read_number(text, sign) for sign in SIGNS), key=abs)
        page, user = decimal_sign(get_language() or "en"), users_sign()
        # 1.234 on a page that writes so is one and a bit; 1,234 there is a thousand only for who says to write so too.
        if page and (user == page or (not user and page in text)):
            return read_number(text, page)
        raise


def repeated(text: str) -> str:
    """Return what was typed, short and printable, to be repeated in a message."""
    printable = "".join(sign if sign.isprintable() else "?" for sign in text[:LONGEST])
    return f"“{printable}{'…' if len(text) > LONGEST else ''}”"

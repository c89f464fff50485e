"""Numbers as they stand in a field: each can be read in only one way."""

from __future__ import annotations

import re
from decimal import Decimal

from django.utils.translation import get_language

from .written_as import decimal_sign


def short(number: Decimal) -> str:
    """Return a decimal without zeros at its end: 1.5."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def plain(number: Decimal) -> str:
    """Return a number in a form that can be read in only one way: 5, 1.5, 1.2340."""
    text = short(number)
    # Three decimals could be thousands.
    return f"{text}0" if re.fullmatch(r"-?[1-9]\d{0,2}\.\d{3}", text) else text


def in_field(number: Decimal) -> str:
    """Return a number for a field, as `plain` does, with the decimal sign of the page: 1,5 (German)."""
    return as_page(plain(number))


def as_page(text: str) -> str:
    """Return an exact decimal such as 1.5 with the decimal sign of the page: 1,5 (German)."""
    return text.replace(".", decimal_sign(get_language() or "en") or ".")

"""Reads the values of the API's documents: strictly, and with the field's name in each error."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ...kernel.units import parse_instant, parse_kwh, parse_money


def read_field(field: str, text: str | None, read: Callable[[str], int]) -> int:
    """Return a value of a document as `read` (of `kernel.units`) reads it. Raises ValidationError, which names the
    field.
    """
    try:
        return read(text or "")
    except ValueError as error:
        raise ValidationError({field: str(error)}) from None


def read_instant(field: str, text: str) -> int:
    """Return an instant (µs) of a document. Raises ValidationError, which names the field."""
    return read_field(field, text, parse_instant)


def read_money(field: str, text: str | None) -> int:
    """Return an amount (nano) of a document. Raises ValidationError, which names the field."""
    return read_field(field, text, parse_money)


def read_tenths(field: str, text: str) -> int:
    """Return tenths of a kWh from kWh of a document. Raises ValidationError, which names the field."""
    energy = read_field(field, text, parse_kwh)
    if energy % 100:
        raise ValidationError({field: _("A code carries whole tenths of a kWh, such as 12.5.")})
    return energy // 100

"""Reads the values of the API's documents: strictly, and with the field's name in each error."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ...kernel.units import parse_instant, parse_kwh, parse_money
from ..web.charts import Period
from ..web.use_chart import EARLIEST, LATEST

TYPES = {
    "missing": gettext_lazy("This field is needed."),
    "string": gettext_lazy("Give a text."),
    "int": gettext_lazy("Give a whole number."),
    "bool": gettext_lazy("Give true or false."),
    "list": gettext_lazy("Give a list."),
}
"""What is wrong with a value, by the first word of what the library calls it."""


def wrong_type(name: str) -> str:
    """Return in words what is wrong with a value of a document. `name`: the error's name in the library."""
    return str(TYPES.get(name.partition("_")[0], _("This value can't be read.")))


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


def read_period(field: str, text: str) -> Period:
    """Return the period (day, month or year) of a chart that a call asks for. Raises ValidationError, which names the field."""
    if text not in Period.__members__.values():
        raise ValidationError(
            {field: _("%(period)r is not a known period. Known periods: day, month, year") % {"period": text}}
        )
    return Period(text)


def read_year(field: str, day: date) -> date:
    """Return the day if charts can show its year. Raises ValidationError, which names the field."""
    if not EARLIEST <= day.year <= LATEST:
        known = {"first": EARLIEST, "last": LATEST}
        raise ValidationError({field: _("Choose a day between %(first)d and %(last)d.") % known})
    return day


def read_tenths(field: str, text: str) -> int:
    """Return energy in tenths of a kWh from text in kWh. Raises ValidationError, which names the field."""
    energy = read_field(field, text, parse_kwh)
    if energy % 100:
        raise ValidationError({field: _("Give the kWh with at most one decimal, such as 12.5.")})
    return energy // 100

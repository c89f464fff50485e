"""The steps of the reminder that credit is running low, as people type them and as a property keeps them: `20, 10, 5`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ...kernel.units import parse_kwh, parse_money
from ..core.amounts import typed_kwh, typed_money, typed_whole
from ..core.plain_numbers import plain

if TYPE_CHECKING:
    from .models import Property

MOST_STEPS = 5
_MOST = 10**18
"""A step of this size, in nano or Wh, is of no use in any currency."""


def typed_days(text: str, field: str) -> int:
    """Return a number of days that was typed. Raises ValidationError, which names the field."""
    return typed_whole(text, field, 0, 99)


DECIMALS = {"low_credit": 9, "low_credit_kwh": 3, "low_credit_days": 0}
"""A property's fields of steps, and how many decimals each may have."""


def reading(currency: str) -> dict[str, Callable[[str, str], int]]:
    """Return the function that reads a typed step, for each of a property's fields. `currency`: of the amounts."""
    return {
        "low_credit": partial(typed_money, currency=currency),
        "low_credit_kwh": typed_kwh,
        "low_credit_days": typed_days,
    }


def typed_steps(text: str, field: str, read: Callable[[str, str], int]) -> list[int]:
    """Return steps that were typed, the highest first. Raises ValidationError, which says what is wrong."""
    # A comma within a number is its own: 7,50. Of 20,10,5 none can be.
    several = re.fullmatch(r"\s*\d{1,2}(,\d{1,2}){2,}\s*", text)
    typed = [each for each in re.split("," if several else r"[\s;；，、]+|,(?=\s|$)", text) if each]
    if len(typed) > MOST_STEPS:
        raise ValidationError(
            {field: _("There are too many steps: at most %(most)d are possible.") % {"most": MOST_STEPS}}
        )
    steps = sorted({read(each, field) for each in typed}, reverse=True)
    if any(not 0 < step < _MOST for step in steps):
        raise ValidationError({field: _("A step must be more than 0.")})
    return steps


def kept_steps(text: str, field: str, currency: str) -> str:
    """Return typed steps as they are stored: empty if nothing, or 0, was typed. Raises ValidationError, which names the
    field.
    """
    if re.fullmatch(r"\s*0*([.,]0*)?\s*", text):
        return ""
    steps = typed_steps(text, field, reading(currency)[field])
    return ", ".join(plain(Decimal(each).scaleb(-DECIMALS[field])) for each in steps)


def _read(text: str, read: Callable[[str], int]) -> list[int]:
    return sorted({read(each) for each in re.split(r"[\s,]+", str(text)) if each} - {0}, reverse=True)


def money_steps(property_: Property) -> list[int]:
    """Return a property's steps in money, nano, the highest first."""
    return _read(property_.low_credit, parse_money)


def energy_steps(property_: Property) -> list[int]:
    """Return a property's steps in energy, Wh, the highest first."""
    return _read(property_.low_credit_kwh, parse_kwh)


def day_steps(property_: Property) -> list[int]:
    """Return a property's steps in days, the highest first."""
    return _read(property_.low_credit_days, int)


def is_low(property_: Property, left: int, price: int) -> bool:
    """Return whether a credit of `left` nano is under a property's highest step in money, or under its highest step in
    energy at a price in micro per kWh.
    """
    highest: Sequence[int] = (*money_steps(property_)[:1], *(each * price for each in energy_steps(property_)[:1]))
    return left < max(highest, default=0)

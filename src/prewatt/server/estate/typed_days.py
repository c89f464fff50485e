"""Days as people type them, such as 2025-11-01."""

from __future__ import annotations

import unicodedata
from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now

from .wall_clock import LONGEST

YEARS = range(1971, 2200)
"""The years of days that can be typed."""


def typed_day(text: str, field: str) -> date:
    """Return a day that was typed, such as 2025-11-01. Raises ValidationError, which names the field."""
    try:
        if len(text) > LONGEST:
            raise ValueError
        day = date.fromisoformat(unicodedata.normalize("NFKC", text).strip())
    except ValueError:
        raise ValidationError({field: _now("This is not a day such as 2025-11-01.")}) from None
    if day.year not in YEARS:
        raise ValidationError({field: _now("This is not between the years 1971 and 2199.")})
    return day

"""Public holidays as people type them: dates such as `2026-12-24`, or the country whose holidays they are."""

from __future__ import annotations

import re
from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ...kernel.tariff import TariffError
from ..core.holidays import public_holidays

YEARS = 5
"""Public holidays of this many years, from the present one on, are sent to the meters."""


def read_days(text: str) -> tuple[str, ...]:
    """Parse dates such as `2026-12-24`, with blanks or commas between. Raises ValidationError, which names a wrong one."""
    days = set()
    for part in re.split(r"[\s,;]+", text.strip()):
        if part:
            try:
                days.add(date.fromisoformat(part).isoformat())
            except ValueError:
                raise ValidationError(_("%(text)s is not a date such as 2026-12-24.") % {"text": repr(part)}) from None
    if len(days) > 200:
        raise ValidationError(_("There are too many days: at most 200 are possible."))
    return tuple(sorted(days))


def holiday_dates(region: str, first_year: int) -> tuple[str, ...]:
    """Return the public holidays of a country or a part of it, `DE` or `DE-BE`; nothing for an empty text. Raises
    ValidationError if it is unknown.
    """
    if not region.strip():
        return ()
    country, _dash, part = region.strip().upper().partition("-")
    asked = {"country": country, "region": part or None, "years": [first_year, first_year + YEARS - 1]}
    try:
        return tuple(public_holidays(asked))
    except TariffError as error:
        raise ValidationError(str(error)) from None

"""Public holidays as people type them: dates such as `2026-12-24`, or the country whose holidays they are."""

from __future__ import annotations

import re
from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ..core.holidays import known_regions, public_holidays

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
    regions = known_regions(country)
    if regions is None:
        said = _("“%(text)s” is not a known country. Type a code such as DE, or DE-BY for a part of a country.")
        raise ValidationError(said % {"text": region.strip()})
    if part and part not in regions:
        said = _("“%(text)s” is not a known part of the country. Type one of these: %(known)s.")
        known = ", ".join([country, *(f"{country}-{each}" for each in regions)])
        raise ValidationError(said % {"text": region.strip(), "known": known})
    asked = {"country": country, "region": part or None, "years": [first_year, first_year + YEARS - 1]}
    return tuple(public_holidays(asked))

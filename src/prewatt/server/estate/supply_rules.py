"""The rules of supply as people type them: friendly hours, public holidays, power limits by the hour."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ...kernel.calendar import DAY_KINDS
from ...kernel.supply import Window
from ...kernel.tariff import TariffError
from ..core.holidays import public_holidays

YEARS = 5
"""Public holidays of this many years, from the present one on, are sent to the meters."""
MOST_CODE_DAYS = 31
"""The most days for which an emergency code can be valid."""
_TIME = re.compile(r"(\d{1,2}):(\d{2})")


def _minute(text: str) -> int:
    match = _TIME.fullmatch(text)
    if match is None or (minute := int(match[1]) * 60 + int(match[2])) > 1440 or int(match[2]) > 59:
        raise ValidationError(_("%(text)s is not a time such as 20:00.") % {"text": repr(text)})
    return minute


def _days(text: str) -> tuple[int, ...]:
    if text == "daily":
        return tuple(range(len(DAY_KINDS)))
    first, dash, last = text.partition("-")
    if first not in DAY_KINDS or (dash and last not in DAY_KINDS):
        known = ", ".join(("daily", *DAY_KINDS))
        raise ValidationError(_("%(text)s is not a day; known: %(known)s.") % {"text": repr(text), "known": known})
    begin, end = DAY_KINDS.index(first), DAY_KINDS.index(last or first)
    return tuple(range(begin, end + 1)) if begin <= end else (*range(begin, 7), *range(end + 1))


def read_windows(text: str) -> tuple[Window, ...]:
    """Parse windows such as `daily 20:00-07:00, sat-sun 00:00-24:00`. Raises ValidationError, which says what cannot be
    read.
    """
    windows = []
    # As phones write it: a long dash, blanks around it, wide signs of a Chinese keyboard.
    plain = re.sub(r"\s*[-–—~]\s*", "-", unicodedata.normalize("NFKC", text).lower())
    for part in filter(None, (each.strip() for each in re.split(r"[,;、\n]", plain))):
        days, _space, span = part.rpartition(" ")
        begin, dash, end = span.partition("-")
        if not days or not dash:
            raise ValidationError(
                _("%(text)s is not days and a span such as daily 20:00-07:00.") % {"text": repr(part)}
            )
        if _minute(begin) == 1440:
            raise ValidationError(_("%(text)s: a span must begin before 24:00.") % {"text": repr(part)})
        kinds = sorted({kind for each in days.split() for kind in _days(each)})
        windows.append(Window(tuple(kinds), _minute(begin), _minute(end)))
    if len(windows) > 20:
        raise ValidationError(_("There are too many spans: at most 20 are possible."))
    return tuple(windows)


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


def check_windows(text: str) -> None:
    """Check friendly hours, for Django. Raises ValidationError."""
    read_windows(text)


def check_days(text: str) -> None:
    """Check dates, for Django. Raises ValidationError."""
    read_days(text)


def check_power(text: str) -> None:
    """Check power limits, for Django. Raises ValidationError."""
    read_power(text)


def check_region(text: str) -> None:
    """Check a country or region whose holidays are known, for Django. Raises ValidationError."""
    holiday_dates(text, 2026)


def read_power(text: str) -> tuple[int, ...]:
    """Parse power limits: `3000`, or by the hour `06-22 5000, 22-06 3000` (W; other hours have no limit). Raises
    ValidationError, which says what cannot be read.
    """
    parts = [each.strip() for each in re.split(r"[,;\n]", text) if each.strip()]
    if len(parts) == 1 and parts[0].isdecimal() and len(parts[0]) <= 7:
        return (_watts(parts[0]),)
    hours = [0] * 24
    for part in parts:
        span, watts = _hours_and_power(part)
        for hour in span:
            hours[hour % 24] = watts
    return tuple(hours) if parts else ()


def _hours_and_power(part: str) -> tuple[range, int]:
    """Parse `22-06 3000`: the hours, from 24 on those of the next day, and the power (W)."""
    match = re.fullmatch(r"(\d{1,2})-(\d{1,2})\s+(\d{1,7})", part)
    if match is None or int(match[1]) > 23 or int(match[2]) > 24:
        raise ValidationError(
            _("%(text)s is neither a power such as 3000 nor hours and a power such as 06-22 5000.")
            % {"text": repr(part)}
        )
    begin, end = int(match[1]), int(match[2])
    return range(begin, end if end > begin else end + 24), _watts(match[3])


def _watts(text: str) -> int:
    if int(text) > 1_000_000:
        raise ValidationError(_("%(text)s W is more than any meter allows.") % {"text": text})
    return int(text)

"""Power limits as people type them: `3000`, or by the hour `06-22 5000, 22-06 3000`."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


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

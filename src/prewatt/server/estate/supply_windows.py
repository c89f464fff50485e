"""Windows as people type them, such as friendly hours: `daily 20:00-07:00, sat-sun 00:00-24:00`."""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ...kernel.calendar import DAY_KINDS
from ...kernel.supply import Window

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
        raise ValidationError(
            _("%(text)s is not a known day. Known days: %(known)s.") % {"text": repr(text), "known": known}
        )
    begin, end = DAY_KINDS.index(first), DAY_KINDS.index(last or first)
    return tuple(range(begin, end + 1)) if begin <= end else (*range(begin, 7), *range(end + 1))


def read_windows(text: str) -> tuple[Window, ...]:
    """Parse windows such as `daily 20:00-07:00, sat-sun 00:00-24:00`. Raises ValidationError, which says what cannot be
    read.
    """
    windows = []
    # As phones write it: a long dash, blanks around it, wide signs of a Chinese keyboard.
    plain = re.sub(r"\s*[-–—~]\s*", "-", unicodedata.normalize("NFKC", text))
    for part in filter(None, (each.strip() for each in re.split(r"[,;、\n]", plain))):
        days, _space, span = part.lower().rpartition(" ")
        begin, dash, end = span.partition("-")
        if not days or not dash:
            said = _("“%(text)s” can't be read. Type days and hours, such as daily 20:00-07:00.")
            raise ValidationError(said % {"text": part})
        if _minute(begin) == 1440:
            raise ValidationError(_("%(text)s: a span must begin before 24:00.") % {"text": repr(part)})
        kinds = sorted({kind for each in days.split() for kind in _days(each)})
        windows.append(Window(tuple(kinds), _minute(begin), _minute(end)))
    if len(windows) > 20:
        raise ValidationError(_("There are too many spans: at most 20 are possible."))
    return tuple(windows)

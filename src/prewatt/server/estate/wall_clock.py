"""Instants in forms, commands and lists: they are stored as µs since 1970, and typed and shown on the
property's wall clock.

If an offset is typed, it counts. An hour that the clock skips is refused, with what to type instead; for an hour that
comes twice, the person is asked (`Twice`) which one is meant.
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now

from ...kernel.calendar import local, zone
from ...kernel.units import INSTANT_MAX, instant
from ..core import local_forms
from .models import Property

LONGEST = 40
"""The most characters of an instant."""


def shown(at: int | None, property_: Property) -> str:
    """Return an instant for a list: 2024-10-06 13:30:00, empty for None."""
    return "" if at is None else f"{local(at, zone(property_.zone)):%Y-%m-%d %H:%M:%S}"


class Choice(NamedTuple):
    """One of the two instants with the same wall-clock time: as it must be typed, and in words."""

    text: str
    words: str


class Twice(ValidationError):
    """The wall-clock time comes twice, on the day on which the clocks go back. `choices`: the two instants."""

    def __init__(self, field: str, choices: tuple[Choice, Choice]):
        said = _now("The clocks go back then, and this hour comes twice. Say which: %(first)s, or %(second)s.")
        super().__init__({field: said % {"first": choices[0].text, "second": choices[1].text}})
        self.field, self.choices = field, choices


def wall_clock(text: str, property_: Property, field: str) -> int:
    """Return an instant that was typed on the property's wall clock, or with its own offset. Raises ValidationError,
    which names the field; it is `Twice` if the clock shows that time twice.
    """
    typed = unicodedata.normalize("NFKC", text[: LONGEST + 1]).strip()
    try:
        if len(text) > LONGEST:
            raise ValueError
        moment = datetime.fromisoformat(typed)
        at = instant(moment) if moment.tzinfo is not None else clock_at(moment, zone(property_.zone), field)
    except (ValueError, OverflowError):
        raise ValidationError({field: _now("This is not a date and time such as 2025-11-01T00:00.")}) from None
    return possible(at, field)


def possible(at: int, field: str) -> int:
    """Return an instant that can be stored. Raises ValidationError, which names the field, for one outside of 1970 to 2200."""
    if not 0 <= at <= INSTANT_MAX:
        raise ValidationError({field: _now("The year must be between 1970 and 2200.")})
    return at


def clock_at(wall: datetime, zone_: ZoneInfo, field: str) -> int:
    """Return the instant at which the clock of a zone shows a time. Raises ValidationError if it never does, and Twice if it
    does so twice.
    """
    both = [wall.replace(tzinfo=zone_, fold=fold) for fold in (0, 1)]
    first, second = (each.utcoffset() for each in both)
    if first == second:
        return instant(both[0])
    if (shows := both[0].astimezone(UTC).astimezone(zone_).replace(tzinfo=None)) != wall.replace(fold=0):
        # Read with the offset of before, it is shown as what the clock was put on to; with the one after, what it was.
        before = both[1].astimezone(UTC).astimezone(zone_).replace(tzinfo=None)
        said = _now("There is no such time in %(place)s: the clocks go forward then. Type %(before)s or %(after)s.")
        times = {"before": f"{before:%Y-%m-%dT%H:%M}", "after": f"{shows:%Y-%m-%dT%H:%M}"}
        raise ValidationError({field: said % {"place": zone_.key, **times}})
    names = (_now("%(time)s, the first time"), _now("%(time)s, the second time"))
    time = local_forms.moment(wall, "j M Y, H:i")
    choices = [Choice(each.isoformat(), name % {"time": time}) for each, name in zip(both, names, strict=True)]
    raise Twice(field, (choices[0], choices[1]))

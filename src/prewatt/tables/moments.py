"""Instants as tables have them: a day and a time of a clock, perhaps with an offset from UTC."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from .cells import CellError, DoubtfulDay, day_of, text_of
from .problems import shown
from .rows import Cell
from .texts import _

_TIME = re.compile(
    r"(?:(?P<early>上午)|(?P<late>下午))?\s*(?P<hour>\d{1,2})[:.时hH](?P<minute>\d{2})分?(?:[:.](?P<second>\d{2})(?:[.,]\d{1,9})?)?秒?"
    r"\s*(?:(?P<am>a\.?m\.?)|(?P<pm>p\.?m\.?)|uhr)?\s*(?P<offset>z|utc|gmt|(?:utc|gmt)?[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
_SPLIT = re.compile(
    r"(?P<day>.*?\d[.日]?)(?:[\sT,]+|(?<=日))(?P<time>(?:上午|下午)?\s*\d{1,2}[:.时hH]\d{2}.*)", re.IGNORECASE
)


def moment_of(cell: Cell, day: Cell = "", order: str = "") -> datetime:
    """An instant: naive where no offset is told, of the wall clock then. `day`: of a time that stands alone, where a table has
    days in a column of their own. `order`: see `cells.order_of_days`. 24:00 is the next day's first. CellError if it is none.
    """
    if isinstance(cell, str) and cell[13:14] == ":":
        # Nearly all of them, at once. It takes more than that, such as 00.30 for an instant after midnight.
        try:
            return datetime.fromisoformat(cell)
        except ValueError:
            pass
    if isinstance(cell, datetime):
        return cell
    text = unicodedata.normalize("NFKC", text_of(cell))
    shown_day = unicodedata.normalize("NFKC", text_of(day))
    alone = bool(shown_day) and _TIME.fullmatch(text) is not None
    parts = None if alone else _SPLIT.fullmatch(text)
    on: Cell = day if alone else parts["day"].strip() if parts else cell if isinstance(cell, date) else text
    at = text if alone else parts["time"] if parts else "00:00"
    told = f"{shown_day} {text}" if alone else text
    found = _TIME.fullmatch(at.strip())
    if found is None:
        raise _none(told)
    try:
        begin = day_of(on, order)
    except DoubtfulDay:
        raise
    except CellError:
        raise _none(told) from None
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"] or 0)
    if found["am"] or found["pm"] or found["early"] or found["late"]:
        if not 1 <= hour <= 12:
            raise _none(told)
        hour = hour % 12 + (12 if found["pm"] or found["late"] else 0)
    if hour > 24 or minute > 59 or second > 59 or (hour == 24 and (minute or second)):
        raise _none(told)
    wall = datetime.combine(begin, time()) + timedelta(hours=hour, minutes=minute, seconds=second)
    return wall.replace(tzinfo=_zone(found["offset"] or ""))


def instants_of(moment: datetime, where: ZoneInfo) -> list[datetime]:
    """The instants that a wall clock may mean: one; two, the earlier first, where the clocks are put back over it; none where
    they are put forward over it. An instant that told its offset is itself.
    """
    if moment.tzinfo is not None:
        return [moment]
    early, late = (moment.replace(tzinfo=where, fold=fold) for fold in (0, 1))
    if early.utcoffset() == late.utcoffset():
        return [early]
    return [early, late] if early.astimezone(UTC) < late.astimezone(UTC) else []


def _zone(told: str) -> timezone | None:
    bare = told.upper().removeprefix("UTC").removeprefix("GMT").replace(":", "")
    if not told:
        return None
    if bare in ("", "Z"):
        return UTC
    minutes = int(bare[1:3]) * 60 + int(bare[3:])
    if minutes >= 24 * 60:
        raise CellError(_("%(found)r is no offset from UTC") % {"found": told})
    return timezone(timedelta(minutes=-minutes if bare[0] == "-" else minutes))


def _none(text: str) -> CellError:
    return CellError(
        _("%(found)r is not a timestamp such as 2013-09-01T00:30:00+10:00 or 01.09.2013 00:30") % {"found": shown(text)}
    )

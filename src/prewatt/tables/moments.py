"""This module reads instants as tables have them: a day and a clock time, perhaps with an offset from UTC."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from .cells import CellError, DoubtfulDay, day_of, text_of
from .problems import shown
from .rows import Cell
from .texts import _

_TIME = re.compile(
    r"(?:(?P<early>上午)|(?P<late>下午))?\s*(?P<hour>\d{1,2})[:.时hH](?P<minute>\d{2})分?(?:[:.](?P<second>\d{2})(?:[.,]\d{1,9})?)?秒?"
    r"\s*(?:(?P<am>a\.?m\.?)|(?P<pm>p\.?m\.?)|uhr)?\s*(?P<offset>z|utc|gmt|\(?(?:cest|cet|mesz|mez)\)?|(?:utc|gmt)?[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
_SPLIT = re.compile(
    r"(?P<day>.*?\d[.日]?)(?:[\sT,]+|(?<=日))(?P<time>(?:上午|下午)?\s*\d{1,2}[:.时hH]\d{2}.*)", re.IGNORECASE
)

_COUNTED = re.compile(r"([12]\d{9})(?:000|\.0+)?")
"""Seconds, or thousandths of them, since 1970, as programs write instants."""
_CENTRAL = {
    name: timezone(timedelta(hours=hours))
    for hours, names in ((1, ("CET", "MEZ")), (2, ("CEST", "MESZ")))
    for name in names
}
"""What stands beside a clock time of central Europe: beside a single time it says its offset."""


def moment_of(cell: Cell, day: Cell = "", order: str = "") -> datetime:
    """Return the instant in a cell. It has no time zone if the cell names no offset: then it is of the local clock.

    `day` is the cell of the day, if the table has days in a column of their own. `order`: see `cells.order_of_days`. 24:00
    is the beginning of the next day. Raises CellError if the cell holds no instant.
    """
    if isinstance(cell, str) and cell[13:14] == ":":
        # Nearly all cells are read here, fast. Python takes more than we do, such as 00.30 for an instant after midnight.
        try:
            return datetime.fromisoformat(cell)
        except ValueError:
            pass
    if isinstance(cell, datetime):
        return cell
    if counted := _COUNTED.fullmatch(text_of(cell)):
        return datetime.fromtimestamp(int(counted[1]), UTC)
    shown_text, day_cell, clock = _day_and_clock(cell, day)
    parts = _TIME.fullmatch(clock.strip())
    if parts is None:
        raise _none(shown_text)
    try:
        begin = day_of(day_cell, order)
    except DoubtfulDay:
        raise
    except CellError:
        raise _none(shown_text) from None
    since_midnight = _since_midnight(parts)
    if since_midnight is None:
        raise _none(shown_text)
    return (datetime.combine(begin, time()) + since_midnight).replace(tzinfo=_zone(parts["offset"] or ""))


def _day_and_clock(cell: Cell, day: Cell) -> tuple[str, Cell, str]:
    """Return the text for messages, the day's cell and the clock time's text of an instant, see `moment_of`."""
    text = unicodedata.normalize("NFKC", text_of(cell))
    day_text = unicodedata.normalize("NFKC", text_of(day))
    if day_text and _TIME.fullmatch(text):
        return f"{day_text} {text}", day, text
    parts = _SPLIT.fullmatch(text)
    if parts:
        return text, parts["day"].strip(), parts["time"]
    return text, cell if isinstance(cell, date) else text, "00:00"


def _since_midnight(parts: re.Match[str]) -> timedelta | None:
    """Return the time since midnight that a clock time means; None if there is no such clock time."""
    hour, minute, second = int(parts["hour"]), int(parts["minute"]), int(parts["second"] or 0)
    afternoon = bool(parts["pm"] or parts["late"])
    if afternoon or parts["am"] or parts["early"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * afternoon
    since = timedelta(hours=hour, minutes=minute, seconds=second)
    return since if minute <= 59 and second <= 59 and since <= timedelta(hours=24) else None


def instants_of(moment: datetime, zone: tzinfo) -> list[datetime]:
    """Return the instants that a local clock of a time zone may mean by a date and time.

    This is one instant; two, the earlier first, where the clocks are put back over it; none where they are put forward
    over it. A moment that names its offset is its own instant.
    """
    if moment.tzinfo is not None:
        return [moment]
    early, late = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if early.utcoffset() == late.utcoffset():
        return [early]
    return [early, late] if early.astimezone(UTC) < late.astimezone(UTC) else []


def _zone(offset: str) -> timezone | None:
    if central := _CENTRAL.get(offset.strip("()").upper()):
        return central
    bare = offset.upper().removeprefix("UTC").removeprefix("GMT").replace(":", "")
    if not offset:
        return None
    if bare in ("", "Z"):
        return UTC
    minutes = int(bare[1:3]) * 60 + int(bare[3:])
    if minutes >= 24 * 60:
        raise CellError(_("%(found)r is not an offset from UTC such as +02:00") % {"found": offset})
    return timezone(timedelta(minutes=-minutes if bare[0] == "-" else minutes))


def _none(text: str) -> CellError:
    return CellError(
        _("%(found)r is not a timestamp such as 2013-09-01T00:30:00+10:00 or 01.09.2013 00:30") % {"found": shown(text)}
    )

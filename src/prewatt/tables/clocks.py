"""The clock that a column's name says its times are of, such as Time (CET), MTU (CET/CEST), Datetime (EST) or from (UTC+1)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .moments import instants_of
from .problems import Problem, TableError, whole
from .texts import _

_PREVAILING = {
    "Europe/Brussels": "cet/cest cest/cet mez/mesz mesz/mez", "Europe/Helsinki": "eet/eest eest/eet", "Europe/Lisbon": "wet/west west/wet",
    "Europe/London": "gmt/bst bst/gmt", "America/New_York": "est/edt edt/est ept et eastern", "America/Chicago": "cst/cdt cdt/cst",
    "America/Denver": "mst/mdt mdt/mst", "America/Los_Angeles": "pst/pdt pdt/pst pacific", "Australia/Sydney": "aest/aedt aedt/aest",
    "Pacific/Auckland": "nzst/nzdt nzdt/nzst", "UTC": "utc gmt z zulu",
    "Australia/Brisbane": "settlementdate",
}  # fmt: skip
"""Zones by the names that mean their clock all year, with its summer time. SETTLEMENTDATE is of Australia's market, which has none."""
_ABBREVIATIONS = {
    "cet": "60 Europe/Brussels", "mez": "60 Europe/Brussels", "cest": "120 Europe/Brussels", "mesz": "120 Europe/Brussels",
    "wet": "0 Europe/Lisbon", "west": "60 Europe/Lisbon", "eet": "120 Europe/Helsinki", "eest": "180 Europe/Helsinki",
    "bst": "60 Europe/London, 360 Asia/Dhaka", "msk": "180 Europe/Moscow", "trt": "180 Europe/Istanbul",
    "est": "-300 America/New_York, 600 Australia/Sydney", "edt": "-240 America/New_York, 660 Australia/Sydney",
    "cst": "-360 America/Chicago, 480 Asia/Shanghai, -300 America/Havana", "cdt": "-300 America/Chicago",
    "mst": "-420 America/Denver", "mdt": "-360 America/Denver", "pst": "-480 America/Los_Angeles, 480 Asia/Manila",
    "pdt": "-420 America/Los_Angeles", "akst": "-540 America/Anchorage", "akdt": "-480 America/Anchorage", "hst": "-600 Pacific/Honolulu",
    "ast": "-240 America/Halifax, 180 Asia/Riyadh", "brt": "-180 America/Sao_Paulo", "clt": "-240 America/Santiago",
    "aest": "600 Australia/Brisbane", "aedt": "660 Australia/Sydney", "acst": "570 Australia/Darwin", "acdt": "630 Australia/Adelaide",
    "awst": "480 Australia/Perth", "nzst": "720 Pacific/Auckland", "nzdt": "780 Pacific/Auckland",
    "ist": "330 Asia/Kolkata, 120 Asia/Jerusalem, 60 Europe/Dublin", "pkt": "300 Asia/Karachi", "npt": "345 Asia/Kathmandu",
    "jst": "540 Asia/Tokyo", "kst": "540 Asia/Seoul", "hkt": "480 Asia/Hong_Kong", "sgt": "480 Asia/Singapore",
    "myt": "480 Asia/Kuala_Lumpur", "pht": "480 Asia/Manila", "ict": "420 Asia/Bangkok", "wib": "420 Asia/Jakarta",
    "gst": "240 Asia/Dubai", "eat": "180 Africa/Nairobi",
    "cat": "120 Africa/Maputo", "wat": "60 Africa/Lagos", "sast": "120 Africa/Johannesburg",
}  # fmt: skip
"""Abbreviations: what each strictly means, minutes from UTC, and the zone whose clock people mean by it all year. Some are of
several countries."""
_NAMED = {name: key for key, names in _PREVAILING.items() for name in names.split()}
_PLACE = re.compile(r"\b[A-Z][A-Za-z]+(?:/[A-Z][A-Za-z_-]+){1,2}")
_OFFSET = re.compile(r"(?:\b(?:utc|gmt) ?|[(\[] ?)([+-]\d{1,2})(?::?(\d{2}))?(?!\d)", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"[(\[]([^)\]]*)")
_LAST_WORD = re.compile(r"(?:[\s_]|(?<=[a-z])(?=[A-Z]))([A-Za-z]+(?:/[A-Za-z]+)?)$")
_LIKE_A_ZONE = re.compile(r"[A-Z]{2,3}T")


@dataclass(frozen=True)
class Clock:
    """The clock of a column. `zone`: the one by which its times are read; `others`: what its name can mean as well; `name`: the
    name as the column has it.
    """

    name: str
    zone: tzinfo
    others: tuple[tzinfo, ...] = ()

    def is_sure(self, moment: datetime) -> bool:
        """Return whether all that the name can mean is the same instant for a time of the clock."""
        if not self.others or moment.tzinfo is not None:
            return True
        meant = instants_of(moment, self.zone)
        return all(instants_of(moment, other) == meant for other in self.others)

    def check(self, moment: datetime, line: int, column: str) -> None:
        """Raise TableError at the line of the header if a time can be of several clocks."""
        if self.is_sure(moment):
            return
        text = _(
            "%(zone)s can mean several clocks at %(moment)s. Write it as the offset, such as UTC+1, or as the place, such as "
            "Europe/Berlin"
        )
        said = text % {"zone": self.name, "moment": f"{moment:%Y-%m-%d %H:%M}"}
        raise TableError([Problem(line, column, said)])


def clock_of(label: str, own: ZoneInfo | None) -> Clock | None:
    """Return the clock that a column's name says; None if it says none, and the times are of the building's. `own`: the building's
    zone, whose abbreviations mean itself.

    Raises TableError if the name says a zone that is not known.
    """
    text = unicodedata.normalize("NFKC", label).replace("−", "-").strip()
    for match in _PLACE.finditer(text):
        if zone := _zone(match[0]):
            return Clock(match[0], zone)
    offsets = {(match[0].strip("([ "), match[1], match[2] or "0") for match in _OFFSET.finditer(text)}
    if len({offset[1:] for offset in offsets}) > 1:
        raise _unknown(label)
    if offsets:
        name, hours, minutes = offsets.pop()
        span = timedelta(hours=abs(int(hours)), minutes=int(minutes))
        if span > timedelta(hours=14):
            raise _unknown(label)
        return Clock(name, timezone(-span if hours.startswith("-") else span))
    words = [word for part in _IN_BRACKETS.findall(text) for word in re.split(r"[\s,;]+", part)]
    last = _LAST_WORD.search(text)
    for word in [*words, *([last[1]] if last else []), text]:
        if key := _NAMED.get(word.casefold()):
            return Clock(word, ZoneInfo(key))
        if rows := _ABBREVIATIONS.get(word.casefold()):
            return _abbreviated(word, rows, own)
    if len(words) == 1 and _LIKE_A_ZONE.fullmatch(words[0]):
        raise _unknown(label)
    return None


def _abbreviated(name: str, rows: str, own: ZoneInfo | None) -> Clock:
    meanings = [(timedelta(minutes=int(row.split()[0])), ZoneInfo(row.split()[1])) for row in rows.split(", ")]
    if own is not None:
        at = [datetime(2025, month, 1, tzinfo=own) for month in (1, 7)]
        used = {(each.tzname(), each.utcoffset()) for each in at}
        # The abbreviations of its own country are those that the building's clock has.
        meanings = [(offset, own) for offset, _zone in meanings if (name.upper(), offset) in used] or meanings
    zones = [zone for offset, key in meanings for zone in (key, timezone(offset))]
    return Clock(name, zones[0], tuple(zones[1:]))


def _zone(key: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(key)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        return None


def _unknown(label: str) -> TableError:
    text = _(
        "the column %(name)r says a time zone that is not known. Write it as UTC+1, or as a place such as Europe/Berlin"
    )
    return whole(text % {"name": label})

"""Recorded consumption, read from a table with the columns `meter,timestamp,kwh`, in CSV (plain or gzipped) or a
workbook.

`kwh` was used in the interval that begins at `timestamp`. Each meter has an interval of its own: the shortest distance
between its timestamps that is frequent. Where several successive rows have another distance, they keep it. A row off
the interval's grid counts for itself and changes nothing else. In an interval that is missing, or has no `kwh`, nothing
was used. A timestamp without an offset is the wall clock of `zone`, or of the one that the column's name says
(`clocks`); where the clocks are put back, the second occurrence of an hour in a meter's rows is the later one. In the hour that
is skipped when they are put forward, nothing can have been used.
"""

from __future__ import annotations

import gzip
import re
import zlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from decimal import Context, Decimal, InvalidOperation
from itertools import groupby, pairwise
from math import lcm
from pathlib import Path
from zoneinfo import ZoneInfo

from ..kernel.units import DAY, HOUR, INSTANT_MAX, MINUTE, instant, moment
from ..tables.cells import CellError, number_of, order_of_days, serial_of, text_of
from ..tables.clocks import Clock, clock_of
from ..tables.columns import Header, all_names, find, unit_of
from ..tables.moments import instants_of, moment_of
from ..tables.problems import Problems, TableError, shown
from ..tables.rows import Cell, Row
from ..tables.sheet import read
from ..tables.spans import span_of
from ..tables.words import is_nothing

DECIMALS = 21
"""The most decimals of a kWh in the file. A binary float that was printed in full has fewer."""
FINE = 10**18
"""Parts of a watt-hour in which energy is counted: one is the last decimal."""
LARGEST_FILE = 2_000_000_000
"""The largest recording in bytes, unpacked."""
FUSE, LARGEST_FUSE = 44_000, 1_000_000
"""W: what 63 A let through on three phases, and what the largest fuse of a meter lets through."""
MUCH = FUSE * FINE * MINUTE // HOUR
"""The energy that `FUSE` lets through in a minute, which is the shortest interval."""
JUMP = 20
"""A row is a jump if it is this many times what the meter usually draws, and over `FUSE`."""
NAMES = {
    "meter": (
        "meter", "meter id", "meter number", "meter serial", "serial", "serial number", "lclid", "home", "household", "zähler", "zaehler",
        "zählernummer", "zähler-nr.", "zählpunkt", "电表", "电表号", "表号",
    ),
    "timestamp": (
        "timestamp", "date time", "datetime", "date/time", "interval start", "start", "from", "tstp", "zeitstempel", "datum/uhrzeit",
        "datum uhrzeit", "beginn", "von", "ab", "时间戳", "日期时间", "开始时间",
    ),
    "day": ("date", "day", "datum", "tag", "日期"),
    "clock": ("time", "time of day", "start time", "uhrzeit", "zeit", "时间", "时刻"),
    "kwh": (
        "kwh", "energy kwh", "consumption kwh", "usage kwh", "kwh/hh", "verbrauch kwh", "energie kwh", "用电量 kwh", "energy",
        "consumption", "usage", "value", "verbrauch", "wert", "energie", "电量", "用电量",
    ),
}  # fmt: skip
NEEDED = ("meter", "timestamp", "kwh")
INSTEAD = (("timestamp", "clock"), ("timestamp", "day"))
_WIDE = Context(prec=DECIMALS + 12)
_SLASHED = re.compile(r"\d{1,2}[/-]\d{1,2}[/-]")
_KWH = re.compile(r"kwh|千瓦[时時]|[(（]度[)）]", re.IGNORECASE)
"""The unit kWh in the name of a column."""
_PLAIN = re.compile(r"\d{1,6}(\.\d{1,30})?(e[+-]?\d{1,3})?", re.IGNORECASE)


class RecordingError(ValueError):
    """The recording cannot be used; the message names the file and the lines."""


class Recording:
    """The consumption of one meter, exactly: energy is counted in parts, of which `scale` make a watt-hour."""

    def __init__(self, length: int, used: Mapping[int, int], lengths: Mapping[int, int] | None = None) -> None:
        """`length`: the usual interval (µs). `used`: the energy of each interval by the instant at which it begins, in
        `FINE` parts of a watt-hour. `lengths`: the length (µs) of intervals that differ, by their beginning.
        """
        self.length = length
        self._others = others = lengths or {}
        whole = lcm(length, *others.values())
        # With the intervals' lengths in the unit, the part of one up to any microsecond is a whole number too.
        self.scale = FINE * whole
        self._begins = sorted(used)
        changes: Counter[int] = Counter()
        for begin, energy in used.items():
            mine = others.get(begin, length)
            changes[begin] += energy * (whole // mine)
            changes[begin + mine] -= energy * (whole // mine)
        # Between two points the meter draws evenly; intervals that overlap add up.
        self._points = sorted(changes)
        self._before, self._draws = [0], [0]
        for index, at in enumerate(self._points):
            if index:
                self._before.append(self._before[-1] + self._draws[-1] * (at - self._points[index - 1]))
                self._draws.append(0)
            self._draws[-1] = (self._draws[-2] if index else 0) + changes[at]

    @property
    def begin(self) -> int:
        """Return the instant at which the first interval begins."""
        return self._begins[0]

    @property
    def end(self) -> int:
        """Return the instant at which the last interval ends."""
        return self._points[-1]

    def length_at(self, begin: int) -> int:
        """Return the length (µs) of the interval that begins at an instant."""
        return self._others.get(begin, self.length)

    def registers(self) -> list[tuple[int, int]]:
        """Return pairs of (instant, whole Wh drawn until then) for the beginning of each interval and the end of the
        last one.
        """
        return [(at, upto // self.scale) for at, upto in zip(self._points, self._before, strict=True)]

    def drawn(self, begin: int, end: int) -> int:
        """Return the energy used between two instants, in parts of a watt-hour."""
        return self._upto(end) - self._upto(begin)

    def _upto(self, at: int) -> int:
        index = bisect_right(self._points, at) - 1
        return self._before[index] + self._draws[index] * (at - self._points[index]) if index >= 0 else 0


class _Uses:
    """The rows of one meter: energy by the beginning of an interval, and the line of each large value."""

    def __init__(self) -> None:
        self.used: dict[int, int] = {}
        self.lines: dict[int, int] = {}
        self.twice: dict[datetime, list[tuple[int, int]]] = {}
        self.first = self.last = 0

    def take(self, at: int, energy: int, line: int) -> bool:
        """Store a row. Returns False if there is a row for this instant already."""
        if at in self.used:
            return False
        self.used[at], self.last = energy, at
        self.first = self.first or at
        if energy >= MUCH:
            self.lines[at] = line
        return True

    def settle(self, zone: tzinfo) -> Iterator[tuple[int, datetime]]:
        """Give the hour that comes twice its two instants. Yields the lines that occur once too often."""
        for wall, rows in self.twice.items():
            backwards = self.last < self.first and len(rows) == 2
            meant = instants_of(wall, zone)[:: -1 if backwards else 1]
            for number, (line, energy) in enumerate(rows):
                if number > 1 or not self.take(instant(meant[number]), energy, line):
                    yield line, wall


def load_recordings(path: Path, zone_info: ZoneInfo) -> dict[str, Recording]:
    """Return all meters of a recording, in the order of their first rows. Raises RecordingError, which names all wrong
    lines.
    """
    try:
        content = _content(path)
    except (OSError, EOFError, zlib.error) as error:
        raise RecordingError(f"{path}: can't be read ({error})") from None
    try:
        return _read(content, zone_info)
    except TableError as error:
        raise RecordingError(error.of(str(path))) from None


def _content(path: Path) -> bytes:
    with path.open("rb") as plain:
        packed = plain.read(2) == b"\x1f\x8b"
        plain.seek(0)
        with gzip.open(plain) if packed else plain as file:
            content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise OSError(f"it is larger than {LARGEST_FILE // 10**9} GB")
    return content


def _read(content: bytes, zone_info: ZoneInfo) -> dict[str, Recording]:
    rows = read(content, all_names(NAMES))
    header = find(rows, NAMES, NEEDED, INSTEAD)
    problems = Problems()
    _check_unit(header, problems)
    homes: dict[str, _Uses] = {}
    meters: dict[Cell, str] = {}
    order: str | None = None
    # A clock of another zone, read as the property's, puts what was used into other hours of the tariff.
    clock = _clock(header, zone_info)
    for row in header.body(rows):
        try:
            cells = header.cells(row)
            meter = meters.get(cells["meter"]) or meters.setdefault(cells["meter"], _meter(cells["meter"]))
        except TableError as error:
            problems.add(row.number, "", error.problems[0].text)
            continue
        except CellError as error:
            problems.add(row.number, header.labels["meter"], str(error))
            continue
        home = homes.setdefault(meter, _Uses())
        try:
            if order is None and _SLASHED.match(str(cells.get("day") or cells["timestamp"])):
                order = _order(content)
            begin = moment_of(_begin(cells), cells.get("day", ""), order or "")
            clock.check(begin, header.number, header.labels["timestamp"])
        except CellError as error:
            problems.add(row.number, header.labels["timestamp"], str(error))
            continue
        try:
            energy = _energy(cells["kwh"])
        except (CellError, InvalidOperation):
            text = (
                f"{shown(text_of(cells['kwh']))!r} is not an energy in kWh of at most {DECIMALS} decimals, zero or more"
            )
            problems.add(row.number, header.labels["kwh"], text)
            continue
        _keep(home, meter, row, begin, energy, clock.zone, header, problems)
    return _complete(homes, clock.zone, header, problems)


def _begin(cells: Mapping[str, Cell]) -> Cell:
    """Return what a row says of the beginning of its interval, which may stand before the end in one cell."""
    span = span_of(cells["timestamp"], "day" in cells)
    return span.begins if span else cells["timestamp"]


def _clock(header: Header, zone_info: ZoneInfo) -> Clock:
    """Return the clock of timestamps without an offset: what the names of the columns say, else the given one."""
    labels = (header.labels["timestamp"], header.labels.get("day", ""))
    return next((clock for label in labels if (clock := clock_of(label, zone_info))), Clock("", zone_info))


def _complete(homes: Mapping[str, _Uses], zone: tzinfo, header: Header, problems: Problems) -> dict[str, Recording]:
    """Return the recordings of all meters. Raises TableError with all problems, if there are some."""
    for meter, home in homes.items():
        for line, wall in home.settle(zone):
            problems.add(line, header.labels["timestamp"], f"meter {meter} has {wall} twice")
    if not homes and not problems:
        problems.add(0, "", "has no rows")
    problems.check()
    recordings = _recordings({meter: home.used for meter, home in homes.items()})
    for meter, recording in recordings.items():
        _check_jumps(meter, homes[meter], recording, header, problems)
    problems.check()
    return recordings


def _meter(cell: Cell) -> str:
    name = serial_of(cell)
    if not name:
        raise CellError("there is no meter")
    return name


def _check_unit(header: Header, problems: Problems) -> None:
    """Report a unit other than kWh, because the energy would be a thousand times too much."""
    name = header.labels["kwh"]
    unit = unit_of(name)
    if not _KWH.search(name) or unit in ("wh", "mwh", "kw", "w", "kvarh", "m3"):
        text = f"in which unit is this? Energy is wanted in kWh; name the column kwh, or {shown(name)} (kWh)"
        problems.add(header.number, name, text)


def _order(content: bytes) -> str:
    rows = read(content, all_names(NAMES))
    header = find(rows, NAMES, NEEDED, INSTEAD)
    place = header.places.get("day", header.places["timestamp"])
    return order_of_days(text_of(row.cells[place]) for row in header.body(rows) if place < len(row.cells))


def _keep(
    home: _Uses,
    meter: str,
    row: Row,
    begin: datetime,
    energy: int,
    zone: tzinfo,
    header: Header,
    problems: Problems,
) -> None:
    meant = instants_of(begin, zone)
    if len(meant) == 2:
        home.twice.setdefault(begin, []).append((row.number, energy))
        return
    if not meant:
        # Files with as many rows on every day have some of zero in the hour that is left out.
        if energy:
            text = f"the clocks in {zone} are put forward over {begin}; give timestamps their offset from UTC"
            problems.add(row.number, header.labels["timestamp"], text)
        return
    at = instant(meant[0])
    if not 0 <= at <= INSTANT_MAX:
        problems.add(row.number, header.labels["timestamp"], f"{begin} is not between 1970 and 2200")
        return
    if not home.take(at, energy, row.number):
        problems.add(row.number, header.labels["timestamp"], f"meter {meter} has {begin} twice")


def _energy(cell: Cell) -> int:
    if isinstance(cell, str) and _PLAIN.fullmatch(cell):
        value = Decimal(cell)
    elif is_nothing(text_of(cell)):
        # Loggers write Null, n/a or a dash.
        value = Decimal(0)
    else:
        # Of a kWh there are decimals, and hardly ever thousands.
        value = number_of(cell, "," if str(cell).count(",") == 1 and "." not in str(cell) else "", ("", "kwh"))
    if not value.is_finite() or not 0 <= value < 10**6:
        raise InvalidOperation
    parts = value.scaleb(DECIMALS, _WIDE)
    if parts != parts.to_integral_value():
        raise InvalidOperation
    return int(parts)


def _recordings(homes: Mapping[str, dict[int, int]]) -> dict[str, Recording]:
    lengths = {meter: _length(sorted(used)) for meter, used in homes.items() if len(used) > 1}
    single = min(lengths.values(), default=HOUR // 2)
    recordings = {}
    for meter, used in homes.items():
        length = lengths.get(meter, single)
        recordings[meter] = Recording(length, used, _others(sorted(used), length))
    return recordings


def _plausible(length: int) -> bool:
    """Return whether meters have such an interval: whole minutes by which an hour or a day can be divided."""
    return length % MINUTE == 0 and (HOUR % length == 0 or (length % HOUR == 0 and DAY % length == 0))


def _length(begins: list[int]) -> int:
    """Return the shortest distance between two instants that is frequent; of few rows, one that meters have."""
    distances = Counter(later - earlier for earlier, later in pairwise(begins))
    enough = max(2, (len(begins) - 1) // 10)
    often = [distance for distance, count in distances.items() if count >= enough]
    return min(often or [distance for distance in distances if _plausible(distance)] or distances)


def _others(begins: list[int], length: int) -> dict[int, int]:
    """Return the intervals of another length, by their beginning: four or more in a row, or three that begin at full
    hours or parts of them, which are not gaps.
    """
    intervals: dict[int, int] = {}
    index = 0
    for distance, run in groupby(later - earlier for earlier, later in pairwise(begins)):
        count = len(list(run))
        full = count >= 2 and length < distance <= HOUR and begins[index] % distance == 0
        if distance != length and (count >= 4 or full) and _plausible(distance):
            intervals |= dict.fromkeys(begins[index : index + count + 1], distance)
        elif distance == length:
            # The first of a run of the usual ones may be the last of the run before.
            intervals.pop(begins[index], None)
        index += count
    return intervals


def _check_jumps(meter: str, home: _Uses, recording: Recording, header: Header, problems: Problems) -> None:
    """Report a row that no fuse lets through: the register jumped, or the value is not the energy of an interval."""
    draws = sorted(energy for energy in home.used.values() if energy)
    usual = draws[len(draws) // 2] if draws else 0
    for at in home.lines:
        energy = home.used[at]
        length = recording.length_at(at)
        power = energy * HOUR // length // FINE
        if power > LARGEST_FUSE or (power > FUSE and energy > JUMP * usual):
            text = (
                f"{Decimal(energy).scaleb(-DECIMALS).normalize():f} kWh of meter {meter} at {moment(at):%Y-%m-%d %H:%M} UTC are "
                f"{power // 1000} kW for {length // MINUTE} minutes, more than a fuse lets through; was it the register? Put it "
                "right, or leave the cell empty"
            )
            problems.add(home.lines[at], header.labels["kwh"], text)

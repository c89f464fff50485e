"""Recorded consumption, read from a table with the columns `meter,timestamp,kwh`, in CSV (plain or gzipped) or a
workbook.

`kwh` was used in the interval that begins at `timestamp`, and ends at `to` where there is such a column. Where there is
only an end, or the days end at 24:00 and have no 00:00, the timestamps are those of the ends. A column `register` has
what the meter showed then, and one in kW or W the average power of the interval. A table without a column of meters is
of one, which is called as the file. Each meter has an interval of its own: the shortest distance between its timestamps
that is frequent. Where several successive rows have another distance, they keep it. A row off the interval's grid
counts for itself and changes nothing else. In an interval that is missing, or has no `kwh`, nothing was used. A
timestamp without an offset is the wall clock of `zone`, or of the one that the column's name says (`tables.clocks`);
where the clocks are put back, the second occurrence of an hour in a meter's rows is the later one. In the hour that is
skipped when they are put forward, nothing can have been used.
"""

from __future__ import annotations

import gzip
import zlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from itertools import groupby, pairwise
from math import lcm
from pathlib import Path
from zoneinfo import ZoneInfo

from ..kernel.units import DAY, HOUR, MINUTE, SECOND, moment
from ..tables.problems import TableError
from .recording_rows import DECIMALS, FINE, FUSE, Rows, Uses

LARGEST_FILE = 2_000_000_000
"""The largest recording in bytes, unpacked."""
LARGEST_FUSE = 1_000_000
"""W: what the largest fuse of a meter lets through."""
JUMP = 20
"""A row is a jump if it is this many times what the meter usually draws, and over `FUSE`."""
MANY, SEVERAL = 24, 8
"""Values of a meter that never fall, if there are so many and so many different ones, are a register's."""


class RecordingError(ValueError):
    """The recording cannot be used; the message names the file and the lines."""


class Recording:
    """The consumption of one meter, exactly: energy is counted in parts, of which `scale` make a watt-hour."""

    def __init__(
        self, length: int, used: Mapping[int, int], lengths: Mapping[int, int] | None = None, *, per: int = 0
    ) -> None:
        """`length`: the usual interval (µs). `used`: the energy of each interval by the instant at which it begins, in
        `FINE` parts of a watt-hour. `lengths`: the length (µs) of intervals that differ, by their beginning. `per`: the time (µs)
        for which the energy is, an hour where `used` is power; 0 for the interval itself.
        """
        self.length = length
        self._others = others = lengths or {}
        whole = lcm(per or length, length, *others.values())
        # With the intervals' lengths in the unit, the part of one up to any microsecond is a whole number too.
        self.scale = FINE * whole
        self._begins = sorted(used)
        changes: Counter[int] = Counter()
        for begin, energy in used.items():
            mine = others.get(begin, length)
            changes[begin] += energy * (whole // (per or mine))
            changes[begin + mine] -= energy * (whole // (per or mine))
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


def load_recordings(path: Path, zone_info: ZoneInfo) -> dict[str, Recording]:
    """Return all meters of a recording, in the order of their first rows. Raises RecordingError, which names all wrong
    lines.
    """
    try:
        content = _content(path)
    except (OSError, EOFError, zlib.error) as error:
        raise RecordingError(f"{path}: can't be read ({error})") from None
    try:
        return _read(content, zone_info, path.name.partition(".")[0])
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


def _read(content: bytes, zone_info: ZoneInfo, only_meter: str) -> dict[str, Recording]:
    """Return the recordings of all meters. Raises TableError with all problems, if there are some."""
    rows = Rows(content, zone_info, only_meter)
    recordings = _of_registers(rows) if rows.is_register else _of_intervals(rows)
    rows.problems.check()
    for meter in recordings:
        _check_rising(meter, rows)
    rows.problems.check()
    for meter, recording in recordings.items():
        _check_jumps(meter, recording, rows)
    rows.problems.check()
    return recordings


def _of_registers(rows: Rows) -> dict[str, Recording]:
    return {meter: _of_register(meter, home, rows) for meter, home in rows.homes.items()}


def _of_register(meter: str, home: Uses, rows: Rows) -> Recording:
    """Return what was used between the readings of a register. Notes one that falls."""
    used, lengths = {}, {}
    for begin, end in pairwise(sorted(home.used)):
        used[begin], lengths[begin] = home.used[end] - home.used[begin], end - begin
        if lengths[begin] % MINUTE:
            text = f"the register of meter {meter} is not read at a whole minute. Write its timestamps in whole minutes"
            rows.add(home.lines[end], "timestamp", text)
        if used[begin] < 0:
            text = (
                f"the register of meter {meter} falls at {moment(end):%Y-%m-%d %H:%M} UTC. If it is another meter from then on, give it "
                "a name of its own"
            )
            rows.add(home.lines[end], "kwh", text)
    if not used:
        rows.add(rows.header.number, "kwh", f"meter {meter} has one reading of its register, but two are needed")
        return Recording(HOUR, {0: 0})
    home.used = used
    return Recording(_length(sorted(home.used)) if len(used) > 1 else HOUR, used, lengths)


def _of_intervals(rows: Rows) -> dict[str, Recording]:
    lengths = {meter: _length(sorted(home.used)) for meter, home in rows.homes.items() if len(home.used) > 1}
    single = min(lengths.values(), default=HOUR // 2)
    recordings = {}
    for meter, home in rows.homes.items():
        length = lengths.get(meter, single)
        if rows.is_end:
            home.used = {at - length: energy for at, energy in home.used.items()}
            home.lines = {at - length: line for at, line in home.lines.items()}
        others = _others(sorted(home.used), length) | _told(meter, home, rows)
        recordings[meter] = Recording(length, home.used, others, per=HOUR if rows.is_power else 0)
    return recordings


def _told(meter: str, home: Uses, rows: Rows) -> dict[int, int]:
    """Return the length of each interval whose end its row says. 00:00 to 00:14 and to 00:14:59 are a quarter of an hour."""
    lengths = {}
    for begin, end in home.ends.items():
        written = end - begin
        inclusive = (written, written + SECOND, written + MINUTE) if written > 0 else ()
        length = next(filter(_plausible, inclusive), written)
        if not MINUTE <= length <= DAY + HOUR or length % MINUTE:
            text = (
                f"the interval of meter {meter} from {moment(begin):%Y-%m-%d %H:%M} UTC is not of whole minutes up to a day: is its end "
                "right?"
            )
            rows.add(rows.header.number, "timestamp", text)
        else:
            lengths[begin] = length
    return lengths


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


def _check_rising(meter: str, rows: Rows) -> None:
    """Report values that are a register and not the energy of intervals: they never fall."""
    home = rows.homes[meter]
    values = [home.used[at] for at in sorted(home.used)]
    never_falls = all(earlier <= later for earlier, later in pairwise(values))
    if len(values) >= MANY and len(set(values)) >= SEVERAL and never_falls and not rows.is_register:
        text = f"the values of meter {meter} never fall: are they the register? Then name the column Register (kWh)"
        rows.add(rows.header.number, "kwh", text)


def _check_jumps(meter: str, recording: Recording, rows: Rows) -> None:
    """Report a row that no fuse lets through: the register jumped, or the value is not the energy of an interval."""
    home = rows.homes[meter]
    draws = sorted(energy for energy in home.used.values() if energy)
    usual = draws[len(draws) // 2] if draws else 0
    for at in home.lines:
        energy = home.used.get(at, 0)
        length = recording.length_at(at)
        power, unit = energy * HOUR // (HOUR if rows.is_power else length) // FINE, "kW" if rows.is_power else "kWh"
        if power > LARGEST_FUSE or (power > FUSE and energy > JUMP * usual):
            text = (
                f"{Decimal(energy).scaleb(-DECIMALS).normalize():f} {unit} of meter {meter} at {moment(at):%Y-%m-%d %H:%M} UTC are "
                f"{power // 1000} kW for {length // MINUTE} minutes, more than a fuse lets through; was it the register? Put it "
                "right, or leave the cell empty"
            )
            rows.add(home.lines[at], "kwh", text)

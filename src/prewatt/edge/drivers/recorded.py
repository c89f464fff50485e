"""A meter fed by recorded consumption, with a load switch: for demonstrations, tests and what-if runs.

The recording is a CSV file, plain or gzip'd, with the columns `meter,timestamp,kwh`: `kwh` used in the interval that
begins at `timestamp`. The interval's length is the smallest distance between two timestamps of a meter (of one that has
a single row, of all); an interval that is missing, or has no `kwh`, used nothing. A timestamp without an offset is the
wall clock of `zone`; where the clocks are put back, the second occurrence of an hour in a meter's rows is the later one.

While the switch is closed the meter draws what was recorded, evenly within an interval; while it is open, nothing. The
register shows whole watt-hours of the exact sum. Like a real meter it keeps its register and its switch itself, in a
small file, whoever reads it. Files beside that one stand for the rest of it: what is written into `.keypad` was typed at
its keypad, `.display` is what it shows, and `.tampered` is there when its cover was opened. `.exchange` says that somebody
hangs another meter in its place: its serial number and first register (Wh) as JSON, `{"serial": "m9", "first": 0}`. The
one that hung there does not answer any more; the new one does from the next call on, with its switch closed.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Context, Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from ...kernel.units import HOUR, SECOND, instant
from . import DriverError, Identity, NotSupported, Power, Unreachable

DECIMALS = 21
"""Most decimals of a kWh in the file. Those of a binary float that was printed in full fit as well."""
FINE = 10**18
"""Parts of a watt-hour: the last decimal is one of them."""


_WIDE = Context(prec=DECIMALS + 12)


class RecordingError(ValueError):
    """The recording can't be used; the message names the file and the line."""


class Recording:
    """Consumption of one meter, exactly: energy is kept in parts of which `scale` make a watt-hour."""

    def __init__(self, length: int, used: dict[int, int]) -> None:
        """`length` of an interval (µs), and `used` by the instant it begins at, in `FINE` parts of a watt-hour."""
        self.length = length
        # With the interval's length in the unit, the part of an interval up to any microsecond is a whole number too.
        self.scale = FINE * length
        self._begins = sorted(used)
        self._before: list[int] = [0]
        for begin in self._begins:
            self._before.append(self._before[-1] + used[begin] * length)

    @property
    def begin(self) -> int:
        """Where the first interval begins."""
        return self._begins[0]

    @property
    def end(self) -> int:
        """Where the last interval ends."""
        return self._begins[-1] + self.length

    def registers(self) -> list[tuple[int, int]]:
        """(instant, whole Wh drawn up to then) where each interval begins, and where the last one ends."""
        ends = {begin + self.length for begin in self._begins} - set(self._begins)
        points = sorted([*self._begins, *ends])
        return [(at, self._upto(at) // self.scale) for at in points]

    def drawn(self, begin: int, end: int) -> int:
        """Energy used between two instants, in parts of a watt-hour."""
        return self._upto(end) - self._upto(begin)

    def _upto(self, at: int) -> int:
        index = bisect_right(self._begins, at) - 1
        if index < 0:
            return 0
        before, after = self._before[index], self._before[index + 1]
        return before + (after - before) // self.length * min(at - self._begins[index], self.length)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str | None]]]:
    with (
        gzip.open(path, "rt", newline="", encoding="utf-8-sig")
        if _is_gzip(path)
        else path.open(newline="", encoding="utf-8-sig") as file
    ):
        reader = csv.DictReader(file)
        missing = {"meter", "timestamp", "kwh"} - set(reader.fieldnames or ())
        if missing:
            raise RecordingError(
                f"{path}, line 1: the column {min(missing)!r} is missing (needed: meter,timestamp,kwh)"
            )
        for row in reader:
            yield reader.line_num, row


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _energy(text: str) -> int:
    value = Decimal(text)
    if not value.is_finite() or not 0 <= value < 10**6:
        raise InvalidOperation
    parts = value.scaleb(DECIMALS, _WIDE)
    if parts != parts.to_integral_value():
        raise InvalidOperation
    return int(parts)


def _begin(text: str, where: ZoneInfo, taken: dict[int, int]) -> int:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        return instant(moment)
    at = instant(moment.replace(tzinfo=where))
    return instant(moment.replace(tzinfo=where, fold=1)) if at in taken else at


def load_recordings(path: Path, where: ZoneInfo) -> dict[str, Recording]:
    """All meters of a recording, in the order in which they first appear. RecordingError names the line that is
    wrong.
    """
    used: dict[str, dict[int, int]] = {}
    try:
        for line, row in _rows(path):
            meter, stamp, kwh = ((row.get(name) or "").strip() for name in ("meter", "timestamp", "kwh"))
            if not meter:
                raise RecordingError(f"{path}, line {line}: there is no meter")
            mine = used.setdefault(meter, {})
            try:
                at = _begin(stamp, where, mine)
            except ValueError:
                raise RecordingError(
                    f"{path}, line {line}: {stamp!r} is not a timestamp such as 2013-09-01T00:30:00+10:00"
                ) from None
            if at in mine:
                raise RecordingError(f"{path}, line {line}: meter {meter} has {stamp} twice")
            try:
                mine[at] = _energy(kwh or "0")
            except (InvalidOperation, ValueError):
                raise RecordingError(
                    f"{path}, line {line}: {kwh!r} is not an energy in kWh of at most {DECIMALS} decimals, zero or more"
                ) from None
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise RecordingError(f"{path}: can't be read ({error})") from None
    if not used:
        raise RecordingError(f"{path}: has no rows")
    lengths = {meter: _length(mine) for meter, mine in used.items() if len(mine) > 1}
    single = min(lengths.values(), default=HOUR // 2)
    return {meter: Recording(lengths.get(meter, single), mine) for meter, mine in used.items()}


def _length(used: dict[int, int]) -> int:
    """The smallest distance between two instants."""
    begins = sorted(used)
    return min(later - earlier for earlier, later in pairwise(begins))


class RecordedMeter:
    """The driver. `clock` tells the instant that the meter lives in; `memory` is the file it keeps its register and
    switch in.
    """

    def __init__(self, name: str, recording: Recording, memory: Path, clock: Callable[[], int]) -> None:
        self._name, self._recording, self._memory, self._clock = name, recording, memory, clock
        if memory.exists():
            try:
                kept = json.loads(memory.read_text())
                self._closed, self._since, self._drawn = bool(kept["closed"]), int(kept["since"]), int(kept["drawn"])
                self._serial = str(kept.get("serial", name))
            except (ValueError, KeyError, TypeError) as error:
                raise DriverError(name, "start", f"its memory {memory} is damaged ({error})") from None
        else:
            self._closed, self._since, self._drawn, self._serial = True, clock(), 0, name
            self._keep()

    def _keep(self) -> None:
        # A file of its own first, so that a loss of power leaves the old one or the new one, never half of one.
        fresh = self._memory.with_suffix(".new")
        kept = {"closed": self._closed, "since": self._since, "drawn": self._drawn}
        try:
            with fresh.open("w") as file:
                json.dump(kept if self._serial == self._name else {**kept, "serial": self._serial}, file)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._memory)
        except OSError as error:
            raise DriverError(self._name, "keep", f"its memory {self._memory} can't be written ({error})") from None

    def _total(self, now: int) -> int:
        return self._drawn + (self._recording.drawn(self._since, max(now, self._since)) if self._closed else 0)

    def _answers(self) -> None:
        """Unreachable once when another meter is hung in this one's place."""
        exchange = self._memory.with_suffix(".exchange")
        try:
            hung = json.loads(exchange.read_text())
            serial, first = str(hung["serial"]), int(hung["first"])
        except OSError:
            return
        except (ValueError, KeyError, TypeError) as error:
            raise DriverError(self._name, "exchange", f"{exchange} is damaged ({error})") from None
        self._serial, self._drawn = serial, first * self._recording.scale
        self._closed, self._since = True, max(self._clock(), self._since)
        self._keep()
        exchange.unlink()
        raise Unreachable(self._name, "read", "it is taken down")

    def identify(self) -> Identity:
        self._answers()
        return Identity(self._serial, "prewatt", "recorded consumption")

    def read_register(self) -> int:
        self._answers()
        return self._total(self._clock()) // self._recording.scale

    def read_switch(self) -> bool:
        return self._closed

    def read_power(self) -> Power | None:
        now = self._clock()
        if not self._closed:
            return Power(0)
        drawn = self._recording.drawn(now, now + 1)
        # Even within an interval: what a microsecond takes, for an hour.
        return Power(drawn * HOUR // self._recording.scale)

    def read_tampered(self) -> bool:
        return self._memory.with_suffix(".tampered").exists()

    def read_keypad(self) -> str | None:
        keypad = self._memory.with_suffix(".keypad")
        try:
            typed = keypad.read_text()
        except OSError:
            return None
        keypad.unlink(missing_ok=True)
        return typed.strip()

    def show(self, text: str) -> None:
        try:
            self._memory.with_suffix(".display").write_text(text + "\n")
        except OSError as error:
            raise DriverError(self._name, "show", str(error)) from None

    def set_switch(self, closed: bool) -> None:
        now, before = self._clock(), (self._drawn, self._since, self._closed)
        self._drawn, self._since, self._closed = self._total(now), max(now, self._since), closed
        try:
            self._keep()
        except DriverError:
            self._drawn, self._since, self._closed = before
            raise

    def read_clock(self) -> int:
        return self._clock() // SECOND * SECOND

    def set_clock(self, at: int) -> None:  # noqa: ARG002
        raise NotSupported(self._name, "set clock", "it lives by the clock of its recording")

"""A meter fed by recorded consumption, with a load switch: for demonstrations, tests and what-if runs.

While the switch is closed the meter draws what was recorded, evenly within an interval; while it is open, nothing. The
register shows whole watt-hours of the exact sum. Like a real meter it keeps its register and its switch itself, in a
small file, whoever reads it. Files beside that one stand for the rest of it: what is written into `.keypad` was typed at
its keypad, `.display` is what it shows, and `.tampered` is there when its cover was opened. `.quantities` is what else it
measures, by name (`kernel.quantities`), as JSON: `{"voltage-l1": 230100}`. `.exchange` says that somebody
hangs another meter in its place: its serial number and first register (Wh) as JSON, `{"serial": "m9", "first": 0}`. The
one that hung there does not answer any more; the new one does from the next call on, with its switch closed.

It has a balance of its own: told how much it may supply, it cuts off by itself when that is used up, whoever reads it or
nobody, and says so on its display.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ...kernel.calendar import zone
from ...kernel.quantities import Quantity
from ...kernel.units import HOUR, SECOND
from ..recording import Recording, load_recordings
from .interface import BadAnswer, Driver, DriverError, DriverSettings, Identity, NotSupported, Power, Unreachable

USED_UP = "used up what it may supply alone"
"""What the display shows when the allowance is used up."""


class RecordedSettings(DriverSettings, frozen=True):
    """The settings of recorded meters. `file`: the table of recorded consumption. `zone`: the time zone of timestamps
    without an offset. `memory`: the folder in which the meters keep their registers and switches.
    """

    file: Path
    zone: str = "UTC"
    memory: Path = Path("meters")


class RecordedMeter:
    """One recorded meter. `clock` returns the instant in which it lives; `memory` is the file of its register and
    switch. What the methods return is said in `interface.MeterDriver`.
    """

    def __init__(self, name: str, recording: Recording, memory: Path, clock: Callable[[], int]) -> None:
        self._name, self._recording, self._memory, self._clock = name, recording, memory, clock
        if memory.exists():
            try:
                kept = json.loads(memory.read_text())
                self._closed, self._since = bool(kept["closed"]), int(kept["since"])
                # A recording that was added to may be kept in other parts of a watt-hour.
                scale = int(kept.get("scale", recording.scale))
                self._drawn = int(kept["drawn"]) * recording.scale // scale
                self._serial = str(kept.get("serial", name))
                ends = kept.get("ends")
                self._ends = None if ends is None else int(ends) * recording.scale // scale
            except (ValueError, KeyError, TypeError, ZeroDivisionError) as error:
                raise DriverError(name, "start", f"its memory {memory} is damaged ({error})") from None
        else:
            self._closed, self._since, self._drawn, self._serial = True, clock(), 0, name
            self._ends = None
            self._keep()

    def _keep(self) -> None:
        # A file of its own first, so that a loss of power leaves the old one or the new one, never half of one.
        fresh = self._memory.with_suffix(".new")
        kept = {"closed": self._closed, "since": self._since, "drawn": self._drawn, "scale": self._recording.scale}
        if self._ends is not None:
            kept["ends"] = self._ends
        try:
            with fresh.open("w") as file:
                json.dump(kept if self._serial == self._name else {**kept, "serial": self._serial}, file)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._memory)
        except OSError as error:
            raise DriverError(self._name, "keep", f"its memory {self._memory} can't be written ({error})") from None

    def _total(self, now: int) -> int:
        total = self._drawn + (self._recording.drawn(self._since, max(now, self._since)) if self._closed else 0)
        return total if self._ends is None or not self._closed else min(total, self._ends)

    def _live(self) -> None:
        """Do what the meter has done by itself since the last call: cut off, if its allowance is used up."""
        now = self._clock()
        if self._closed and self._ends is not None and self._total(now) >= self._ends:
            self._move(now, closed=False)
            self.show(USED_UP)

    def _move(self, now: int, closed: bool) -> None:
        before = (self._drawn, self._since, self._closed)
        self._drawn, self._since, self._closed = self._total(now), max(now, self._since), closed
        try:
            self._keep()
        except DriverError:
            self._drawn, self._since, self._closed = before
            raise

    def _answers(self) -> None:
        """Raise Unreachable once another meter hangs in the place of this one."""
        exchange = self._memory.with_suffix(".exchange")
        try:
            hung = json.loads(exchange.read_text())
            serial, first = str(hung["serial"]), int(hung["first"])
        except OSError:
            return
        except (ValueError, KeyError, TypeError) as error:
            raise DriverError(self._name, "exchange", f"{exchange} is damaged ({error})") from None
        self._serial, self._drawn = serial, first * self._recording.scale
        self._closed, self._since, self._ends = True, max(self._clock(), self._since), None
        self._keep()
        exchange.unlink()
        raise Unreachable(self._name, "read", "it is taken down")

    def identify(self) -> Identity:
        """Return the meter's serial number and its kind."""
        self._answers()
        return Identity(self._serial, "prewatt", "recorded consumption")

    def read_register(self) -> int:
        """Return the register in whole Wh."""
        self._answers()
        return self._total(self._clock()) // self._recording.scale

    def read_switch(self) -> bool:
        """Return whether the switch is closed."""
        self._live()
        return self._closed

    def read_power(self) -> Power | None:
        """Return the power (W) that the recording draws at this moment; 0 while the switch is open."""
        self._live()
        now = self._clock()
        if not self._closed:
            return Power(0)
        drawn = self._recording.drawn(now, now + 1)
        # Even within an interval: what a microsecond takes, for an hour.
        return Power(drawn * HOUR // self._recording.scale)

    def read_quantities(self) -> Mapping[Quantity, int]:
        """Return what the file `.quantities` holds. Raises BadAnswer if it is not as the interface wants it."""
        try:
            values = json.loads(self._memory.with_suffix(".quantities").read_text())
            return {Quantity(name): int(value) for name, value in values.items()}
        except OSError:
            return {}
        except (ValueError, TypeError, AttributeError) as error:
            raise BadAnswer(self._name, "read quantities", str(error)) from None

    def read_tampered(self) -> bool:
        """Return whether the file `.tampered` exists."""
        return self._memory.with_suffix(".tampered").exists()

    def read_keypad(self) -> str | None:
        """Return what was written into `.keypad`, and remove it; None if there is nothing."""
        keypad = self._memory.with_suffix(".keypad")
        try:
            typed = keypad.read_text()
        except OSError:
            return None
        keypad.unlink(missing_ok=True)
        return typed.strip()

    def show(self, text: str) -> None:
        """Write a text into `.display`. Raises DriverError."""
        try:
            self._memory.with_suffix(".display").write_text(text + "\n")
        except OSError as error:
            raise DriverError(self._name, "show", str(error)) from None

    def set_switch(self, closed: bool) -> None:
        """Close or open the switch. Raises DriverError if it must stay open because the allowance is used up."""
        self._live()
        now = self._clock()
        if closed and self._ends is not None and self._total(now) >= self._ends:
            raise DriverError(self._name, "set switch", f"it has {USED_UP}")
        self._move(now, closed)

    def read_own_prepaid(self) -> str | None:
        """Return an empty text: its own balance is an allowance, which the gateway sets."""
        return ""

    def read_allowance(self) -> int | None:
        """Return the Wh that remain of the allowance; None: no bound."""
        self._live()
        return None if self._ends is None else max(self._ends - self._total(self._clock()), 0) // self._recording.scale

    def set_allowance(self, energy: int | None) -> None:
        """Set the allowance to `energy` Wh from now on; None: no bound. Raises DriverError if it cannot be stored."""
        self._live()
        before = self._ends
        self._ends = None if energy is None else self._total(self._clock()) + energy * self._recording.scale
        try:
            self._keep()
        except DriverError:
            self._ends = before
            raise
        display = self._memory.with_suffix(".display")
        if energy != 0 and display.exists() and display.read_text().strip() == USED_UP:
            self.show("")
        self._live()

    def read_clock(self) -> int:
        """Return the clock of the recording, in whole seconds."""
        return self._clock() // SECOND * SECOND

    def set_clock(self, at: int) -> None:  # noqa: ARG002
        """Raise NotSupported, because the meter lives by the clock of its recording."""
        raise NotSupported(self._name, "set clock", "it lives by the clock of its recording")


def open_recorded(
    settings: RecordedSettings, meters: Sequence[str], clock: Callable[[], int]
) -> dict[str, RecordedMeter]:
    """Open all recorded meters from one file. Raises ValueError if the file cannot be read or lacks a meter."""
    recordings = load_recordings(settings.file, zone(settings.zone))
    lacking = [name for name in meters if name not in recordings]
    if lacking:
        raise ValueError(f"{settings.file} has no meter {lacking[0]}")
    settings.memory.mkdir(parents=True, exist_ok=True)
    return {name: RecordedMeter(name, recordings[name], settings.memory / f"{name}.json", clock) for name in meters}


DRIVER = Driver(RecordedSettings, open_recorded)

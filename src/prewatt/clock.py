"""The clocks that a process can run on: the system's clock, or an accelerated one that several processes share.

The accelerated clock is for demonstrations. One process, the agent, moves it from one due task to the next, at most to
the `limit` that the director of the demonstration has set. So nothing is ever late, however fast time runs and however
slow the machine is. If the agent dies, time waits for it. The other processes only read the clock.
"""

from __future__ import annotations

import mmap
import struct
import time
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """A clock. It returns the instant (µs since 1970), and how long to wait for another instant."""

    def now(self) -> int:
        """Return the present instant (µs since 1970)."""

    def steady(self) -> int:
        """Return the steady clock (µs). It never goes back, even if somebody sets the time."""

    def boot(self) -> str:
        """Return the name of this boot of the machine. After another boot the steady clock has started again. Empty if
        there is no name.
        """

    def until(self, due: int) -> float:
        """Return how many seconds to wait before checking again whether the steady clock has reached `due`; 0 if it
        has.
        """


class SystemClock:
    """The machine's clock."""

    LONGEST = 1.0

    def now(self) -> int:
        """Return the machine's wall clock (µs since 1970), which somebody may set."""
        return time.time_ns() // 1000

    def steady(self) -> int:
        """Return the time since the machine was started (µs), with the time in which it slept where the system can
        tell.
        """
        # It goes on while the machine sleeps, where there is such a clock.
        return time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)) // 1000

    def boot(self) -> str:
        """Return the kernel's name of this boot; empty where there is none (outside of Linux)."""
        try:
            return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        except OSError:
            return ""

    def until(self, due: int) -> float:
        """Return the seconds to wait, at most `LONGEST`."""
        return min(max(due - self.steady(), 0) / 1e6, self.LONGEST)


class CorrectedClock:
    """Another clock, corrected by `correction` µs. So a person on site can set the time without changing the machine's
    clock.
    """

    def __init__(self, inner: Clock, correction: int = 0) -> None:
        self._inner = inner
        self.correction = correction

    def now(self) -> int:
        """Return the inner clock's instant (µs since 1970) with the correction."""
        return self._inner.now() + self.correction

    def steady(self) -> int:
        """Return the inner clock's steady time (µs); a correction does not move it."""
        return self._inner.steady()

    def boot(self) -> str:
        """Return the inner clock's name of this boot."""
        return self._inner.boot()

    def until(self, due: int) -> float:
        """Return the seconds to wait, by the inner clock."""
        return self._inner.until(due)


_LAYOUT = struct.Struct("=qqq")


class SharedClock:
    """The accelerated clock in a file of three integers: the instant, the limit, and the instant up to which all that
    was due is done.

    Each is read and written as one aligned machine word, so that another process never sees half of a change.
    (`struct.pack_into` clears the place before it writes: a reader would now and then see the year 1970.)
    """

    LOOK_AGAIN = 0.001

    def __init__(self, path: Path, start: int | None = None) -> None:
        if start is not None:
            path.write_bytes(_LAYOUT.pack(start, start, start))
        with path.open("r+b") as file:
            self._words = memoryview(mmap.mmap(file.fileno(), _LAYOUT.size)).cast("q")

    def now(self) -> int:
        """Return the instant (µs since 1970) up to which the agent has moved the clock."""
        return self._words[0]

    def steady(self) -> int:
        """Return the same instant: nobody sets this clock."""
        return self._words[0]

    def boot(self) -> str:
        """Return one name for all processes, because they share one clock."""
        return "accelerated"

    def until(self, due: int) -> float:
        """Move the clock to `due`, at most to the limit. Returns 0 if `due` is reached, else the seconds until the next
        look.
        """
        limit = self._words[1]
        self._words[0] = max(self._words[0], min(due, limit))
        if due <= limit:
            return 0.0
        self._words[2] = limit
        return self.LOOK_AGAIN

    def open_road(self, limit: int) -> None:
        """Let time run on to `limit`."""
        self._words[1] = limit

    def done(self) -> int:
        """Return the instant up to which everything that was due has been done."""
        return self._words[2]

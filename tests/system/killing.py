"""Killing the processes of a demonstration by how far it has come, not by the clock on the wall: on a busy machine it gets as many
kills, at the same places, and comes to its end.
"""

import os
import random
import signal
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

from prewatt.clock import SharedClock
from prewatt.kernel.units import MINUTE

LOOK = 0.02
"""Seconds between two looks at how far it has come."""
STARTS = 0.25
"""How often the next kill is in the start of the process that was killed."""
STARTING, STARTING_COPY = 1.0, 0.3
"""Seconds of processor within which one of Python's is killed in its start, and a copy (`forked.py`)."""
Reached = Callable[[], bool]


class Killer:
    """Kills (SIGKILL) one of `victims` again and again, in the demonstration in the folder `home`, and counts its `kills`.

    Between two kills the demonstration goes on by 1 to `longest` steps: entries that the server has stored, and, so that there
    are some in an outage too, a step for each meter in each quarter of an hour of the building's time.
    `starting`: `STARTING` or `STARTING_COPY`.
    """

    def __init__(self, home: Path, victims: tuple[str, ...], rng: random.Random, longest: int, starting: float) -> None:
        self.home, self.victims, self.rng, self.longest, self.starting = home, victims, rng, longest, starting
        self.kills = 0
        self._database: sqlite3.Connection | None = None
        self._clock: SharedClock | None = None

    def kill_while(self, running: Callable[[], bool], from_the_set_up: bool = False) -> None:
        """Kill until the demonstration has ended (`running` says no); at first in the set-up, or once its meters live."""
        victim = self.rng.choice(self.victims)
        reached = self._in_its_start(victim, None) if from_the_set_up else self._further(0)
        pause = threading.Event()
        while running():
            if not reached():
                pause.wait(LOOK)
                continue
            killed = self._kill(victim)
            if killed and self.rng.random() < STARTS:
                reached = self._in_its_start(victim, killed)
            else:
                victim, reached = self.rng.choice(self.victims), self._further(self.steps())

    def steps(self) -> int:
        """How far the demonstration has come; 0 before its meters live."""
        if self._database is None or self._clock is None:
            if not (self.home / "gateway" / "meters").exists():
                return 0
            self._database = sqlite3.connect(f"file:{self.home / 'prewatt.sqlite3'}?mode=ro", timeout=60, uri=True)
            self._clock = SharedClock(self.home / "clock")
        meters, entries = self._database.execute("SELECT count(*), sum(seq) FROM metering_meter").fetchone()
        return int(entries) + int(meters) * (self._clock.now() // (15 * MINUTE))

    def _further(self, since: int) -> Reached:
        """Whether a number of further steps, that is drawn, is made."""
        wanted = since + self.rng.randint(1, self.longest)
        return lambda: self.steps() >= wanted

    def _in_its_start(self, name: str, before: int | None) -> Reached:
        """Whether a process, that was `before`, has started anew, and come as far in its start as is drawn: half of the time it
        is not let begin. A start that is over when the demonstration goes on is one, too.
        """
        wanted, since = self.rng.choice((0.0, self.rng.uniform(0, self.starting))), self.steps()

        def reached() -> bool:
            pid = self._pid(name)
            return pid not in (None, before) and (_worked(pid) >= wanted or self.steps() > since)

        return reached

    def _kill(self, name: str) -> int | None:
        """Kill the process; its id, or None if there is none that lives."""
        pid = self._pid(name)
        if pid is None or _worked(pid) is DEAD:
            return None
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return None
        self.kills += 1
        return pid

    def _pid(self, name: str) -> int | None:
        try:
            return int((self.home / "run" / f"{name}.pid").read_text())
        except (OSError, ValueError):
            return None


DEAD = float("inf")


def _worked(pid: int) -> float:
    """Seconds of processor that a process has had; `DEAD` if it has ended."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return DEAD
    return DEAD if state == "Z" else (int(fields[10]) + int(fields[11])) / os.sysconf("SC_CLK_TCK")

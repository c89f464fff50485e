"""This module keeps child processes running: the broker, the head-end, the pages, and in a demonstration the agent.

A child that ends is started again, after a pause that grows while it keeps failing. A child that runs but does not work
is killed and started again. Children end with their supervisor, whatever ends it. A full disk does not keep a child
from starting.
"""

from __future__ import annotations

import contextlib
import ctypes
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from ..terminal_texts import _

PR_SET_PDEATHSIG = 1
PAUSE_FIRST, PAUSE_LONGEST = 0.1, 10.0
STEADY = 10.0
"""A child that has run for so many seconds counts as healthy again."""


def python(*arguments: str) -> list[str]:
    """Return the command line of a prewatt command in this Python."""
    return [sys.executable, "-m", "prewatt", *arguments]


def end_on_sigterm() -> None:
    """Let SIGTERM run this process's clean-up: children are stopped in order, and temporary folders removed."""

    def end(*_: object) -> None:
        raise SystemExit(128 + signal.SIGTERM)

    signal.signal(signal.SIGTERM, end)


# Only Linux has it; on other systems children may outlive a supervisor that is killed. It is looked up here, because a
# process that was just forked from one with threads must not wait for the lock of loading libraries.
_prctl = getattr(ctypes.CDLL(None), "prctl", None)


def _die_with_parent() -> None:
    if _prctl:
        _prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM))


def spawn(command: Sequence[str], log: IO[bytes], inherited: Sequence[int]) -> subprocess.Popen[bytes]:
    """Start a process that writes to `log`, inherits file descriptors, and ends with this one."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        pass_fds=inherited,
        start_new_session=True,
        preexec_fn=_die_with_parent,
    )


class Restart(NamedTuple):
    """A child that ended with the exit status `code` (negative: by a signal), and was started again."""

    name: str
    code: int


class Child:
    """One process, with its command, its log file, and the file that contains its process id.

    `scratch` is a folder of its own, which is empty at each start and removed at the end. `unwell` is asked at each
    check while the process runs. If it returns True, the process is killed and started again.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        folder: Path,
        sockets: Sequence[socket.socket] = (),
        scratch: Path | None = None,
        unwell: Callable[[], bool] | None = None,
    ) -> None:
        self.name = name
        self.restarts = 0
        self._command = list(command)
        self._sockets = list(sockets)
        self._scratch = scratch
        self._unwell = unwell
        self._log = folder / f"{name}.log"
        self._pid_file = folder / f"{name}.pid"
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._pause = PAUSE_FIRST

    def start(self) -> None:
        """Start the process."""
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)
            with contextlib.suppress(OSError):
                self._scratch.mkdir(mode=0o700)
        with self._log.open("ab") as log:
            self._process = spawn(self._command, log, [each.fileno() for each in self._sockets])
        self._started = time.monotonic()
        # The file only informs people and tests, so the process runs without it if the disk is full.
        with contextlib.suppress(OSError):
            self._pid_file.write_text(f"{self._process.pid}\n")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process, if it runs."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(number)

    def look_after(self) -> Restart | None:
        """Start the process again if it has ended. Returns None if it still runs, or if the pause is not over yet."""
        if self._process is None:
            return None
        if self._process.poll() is None:
            if self._unwell and self._unwell():
                self.signal(signal.SIGKILL)
            return None
        code = self._process.returncode
        ran = time.monotonic() - self._started
        if ran < self._pause:
            return None
        # A child that was killed did not fail by itself. The pause grows only if a child keeps failing.
        by_itself = code >= 0 and ran <= STEADY
        self._pause = min(self._pause * 2, PAUSE_LONGEST) if by_itself else PAUSE_FIRST
        self.restarts += 1
        self.start()
        return Restart(self.name, code)

    def failed(self) -> int | None:
        """Return the exit status if the process has ended with a wrong setting (2) or a damaged journal (3), because
        then it is useless to start it again. None otherwise.
        """
        code = self._process.poll() if self._process else None
        return code if code in (2, 3) else None

    def last_words(self, lines: int = 5) -> str:
        """Return the last `lines` of its log."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])

    def stop(self) -> None:
        """End the process: first by SIGTERM, after five seconds by SIGKILL."""
        if self._process is None:
            return
        self.signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._pid_file.unlink(missing_ok=True)
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)


class Supervisor:
    """The children, in the order in which they were added. They are stopped in the reverse order."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.children: dict[str, Child] = {}

    def add(
        self,
        name: str,
        command: Sequence[str],
        sockets: Sequence[socket.socket] = (),
        scratch: Path | None = None,
        unwell: Callable[[], bool] | None = None,
    ) -> Child:
        """Start a child. It inherits `sockets` under their numbers at each start. `scratch` and `unwell`: see `Child`."""
        child = Child(name, command, self.folder, sockets, scratch, unwell)
        self.children[name] = child
        child.start()
        return child

    def look_after(self) -> list[Restart]:
        """Start children again that have ended. Raises ChildFailedError if that is useless for one of them."""
        for child in self.children.values():
            if child.failed() is not None:
                raise ChildFailedError(_("%(process)s can't run:", process=child.name) + f"\n{child.last_words()}")
        return [restart for child in self.children.values() if (restart := child.look_after())]

    def last_words(self) -> str:
        """Return the ends of all logs, each with its child's name."""
        return "\n".join(f"{child.name}: {child.last_words()}" for child in self.children.values())

    def stop(self) -> None:
        """End all children."""
        for child in reversed(self.children.values()):
            child.stop()


class ChildFailedError(Exception):
    """A child has ended because it can't run. The message has the end of its log."""

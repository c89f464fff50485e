"""systemd, asked by its own programs."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

RUNNING = Path("/run/systemd/system")
"""This folder exists where systemd is the machine's first process."""
LOOK_EVERY = 0.5
STEADY_S = 10.0
"""Seconds that an agent has to stay ready."""
PROPERTIES = ("ActiveState", "SubState", "InvocationID", "NRestarts", "ExecMainStatus", "StatusText")


class SystemdError(ValueError):
    """systemd refuses, or is not there; the message says what."""


def is_running() -> bool:
    """Return whether systemd runs this machine."""
    return RUNNING.is_dir() and shutil.which("systemctl") is not None


def run(*words: str) -> str:
    """Run a program, and return its output. Raises SystemdError if it is missing, fails, or takes over 120 s."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SystemdError(f"{words[0]}: {error}") from None
    if done.returncode:
        raise SystemdError(f"{' '.join(words)}: {(done.stderr or done.stdout).strip() or f'status {done.returncode}'}")
    return done.stdout


def verify(unit: Path) -> Sequence[str]:
    """Return what `systemd-analyze` finds wrong in a unit's file; nothing where that program is missing."""
    if shutil.which("systemd-analyze") is None:
        return []
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    return [line for line in done.stderr.splitlines() if unit.name in line]


def state(unit: str) -> dict[str, str]:
    """Return the properties of a unit. Raises SystemdError."""
    lines = run("systemctl", "show", unit, f"--property={','.join(PROPERTIES)}").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


class UnitManager:
    """The agent's unit. `patience_s`: how long a start may take."""

    def __init__(self, unit: str, patience_s: float) -> None:
        self._unit, self._patience_s = unit, patience_s

    def restart(self) -> str:
        """Start the unit again, and wait until it is ready and has stayed so. Returns why it has not; empty if it has."""
        before = state(self._unit).get("InvocationID", "")
        run("systemctl", "restart", "--no-block", self._unit)
        deadline, ready_at = time.monotonic() + self._patience_s, 0.0
        first = ""
        while time.monotonic() < deadline:
            time.sleep(LOOK_EVERY)
            now = state(self._unit)
            invocation = now.get("InvocationID", "")
            if invocation == before:
                continue
            first = first or invocation
            if now["ActiveState"] == "failed" or now["SubState"] == "auto-restart" or invocation != first:
                return (
                    f"the agent ended with status {now.get('ExecMainStatus', '?')}; journalctl -u {self._unit} says why"
                )
            if now["ActiveState"] == "active":
                ready_at = ready_at or time.monotonic()
                if time.monotonic() - ready_at >= STEADY_S:
                    return ""
            elif ready_at:
                return f"the agent got ready and ended; journalctl -u {self._unit} says why"
        return f"the agent did not get ready in {self._patience_s:.0f} s; journalctl -u {self._unit} says why"

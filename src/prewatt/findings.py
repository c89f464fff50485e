"""What a doctor says of what it has looked at, at a gateway (`edge.doctor`) and at a server (`processes.doctor`)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How what was looked at stands. `WARN`: it works, and will not always. `SKIPPED`: it could not be looked at."""

    OK = "ok"
    WARN = "warn"
    BAD = "BAD"
    SKIPPED = "-"


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's: what was looked at, how it stands, in words, and what to do (empty: nothing)."""

    name: str
    state: State
    words: str
    advice: str = ""

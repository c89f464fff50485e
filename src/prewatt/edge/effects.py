"""What the agent wants done: carried out by the shell, or by the simulator, in the order in which it is said."""

from __future__ import annotations

from dataclasses import dataclass

from ..kernel.entries import Record
from ..wire.messages import MeterState, Status
from .sync import Piece


@dataclass(frozen=True, slots=True)
class ReadMeters:
    """Read these meters and pass what comes to `on_observed`."""

    names: list[str]


@dataclass(frozen=True, slots=True)
class Commit:
    """Put these records into the journal, durably, before anything that follows."""

    records: list[tuple[str, Record]]


@dataclass(frozen=True, slots=True)
class Keep:
    """Keep `body` for a meter (empty: for the gateway) under the name `what`, durably, before anything that follows."""

    meter: str
    what: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Adopt:
    """Go on with these meters' journals from other states than their own, durably, before anything that follows: their
    own entries are set aside.
    """

    states: tuple[MeterState, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What a person on site is told. `done`: whether anything was done."""

    done: bool
    text: str


@dataclass(frozen=True, slots=True)
class MoveSwitch:
    """Tell the meter's switch to close or open; a failure goes to `on_switch_failed`."""

    meter: str
    closed: bool


@dataclass(frozen=True, slots=True)
class SendStatus:
    status: Status


@dataclass(frozen=True, slots=True)
class SendUpload:
    """Send these pieces of the journal, under this number."""

    number: int
    pieces: list[Piece]


@dataclass(frozen=True, slots=True)
class Refuse:
    """A message was refused and changed nothing. To be counted, and logged once per reason."""

    reason: str
    text: str


Effect = ReadMeters | Commit | Keep | Adopt | MoveSwitch | SendStatus | SendUpload | Refuse

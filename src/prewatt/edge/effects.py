"""The effects that the agent wants. The shell, or the simulator, carries them out in the given order."""

from __future__ import annotations

from msgspec import Struct

from ..kernel.entries import Record
from ..wire.messages import Live, MeterState, Status
from .sync import Piece


class ReadMeters(Struct, frozen=True):
    """Read these meters, and pass the results to `on_observed`."""

    names: list[str]


class LookAt(Struct, frozen=True):
    """Read this meter with its power, because somebody watches it, and pass the result to `on_looked`."""

    name: str


class Commit(Struct, frozen=True):
    """Put these records into the journal, so that they are safe on the disk before any later effect is carried out."""

    records: list[tuple[str, Record]]


class Keep(Struct, frozen=True):
    """Store `body` under the name `what` for a `meter` (empty: for the gateway), so that it is safe on the disk before any later
    effect is carried out.
    """

    meter: str
    what: str
    body: bytes


class Adopt(Struct, frozen=True):
    """Continue the journals of these meters from other states than their own, durably, before any later effect. Their
    own entries are set aside.
    """

    states: tuple[MeterState, ...]


class Reply(Struct, frozen=True):
    """The answer to a person on site. `done`: whether anything was done. `switches`: whether the switch was told to move,
    so that the answer is not complete until that was seen. `guessed`: whether a typed code may have been a guess, which
    was counted.
    """

    done: bool
    text: str
    switches: bool = False
    guessed: bool = False


class MoveSwitch(Struct, frozen=True):
    """Order the meter's switch to close or open. The meter's answer goes to `on_switch`."""

    meter: str
    closed: bool


class SetAllowance(Struct, frozen=True):
    """Tell the meter how many Wh it may supply by itself (None: no bound). A failure goes to `on_allowance_failed`."""

    meter: str
    energy: int | None


class SendStatus(Struct, frozen=True):
    """Send this status to the head-end."""

    status: Status


class SendUpload(Struct, frozen=True):
    """Send these pieces of the journal, under this number."""

    number: int
    pieces: list[Piece]


class SendLive(Struct, frozen=True):
    """Send the state of the watched meters to the head-end."""

    live: Live


class Refuse(Struct, frozen=True):
    """A message was refused and changed nothing. It is counted, and logged once per reason."""

    reason: str
    text: str


Effect = (
    ReadMeters
    | LookAt
    | Commit
    | Keep
    | Adopt
    | MoveSwitch
    | SetAllowance
    | SendStatus
    | SendUpload
    | SendLive
    | Refuse
)

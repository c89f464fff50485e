"""What the agent wants done: carried out by the shell, or by the simulator, in the order in which it is said."""

from __future__ import annotations

from msgspec import Struct

from ..kernel.entries import Record
from ..wire.messages import Live, MeterState, Status
from .sync import Piece


class ReadMeters(Struct, frozen=True):
    """Read these meters and pass what comes to `on_observed`."""

    names: list[str]


class LookAt(Struct, frozen=True):
    """Somebody looks at this meter: read it, with its power, and pass what comes to `on_looked`."""

    name: str


class Commit(Struct, frozen=True):
    """Put these records into the journal, durably, before anything that follows."""

    records: list[tuple[str, Record]]


class Keep(Struct, frozen=True):
    """Keep `body` for a meter (empty: for the gateway) under the name `what`, durably, before anything that follows."""

    meter: str
    what: str
    body: bytes


class Adopt(Struct, frozen=True):
    """Go on with these meters' journals from other states than their own, durably, before anything that follows: their
    own entries are set aside.
    """

    states: tuple[MeterState, ...]


class Reply(Struct, frozen=True):
    """What a person on site is told. `done`: whether anything was done."""

    done: bool
    text: str


class MoveSwitch(Struct, frozen=True):
    """Tell the meter's switch to close or open; a failure goes to `on_switch_failed`."""

    meter: str
    closed: bool


class SetAllowance(Struct, frozen=True):
    """Tell the meter how many Wh it may supply by itself, None: without a bound; a failure goes to `on_allowance_failed`."""

    meter: str
    energy: int | None


class SendStatus(Struct, frozen=True):
    status: Status


class SendUpload(Struct, frozen=True):
    """Send these pieces of the journal, under this number."""

    number: int
    pieces: list[Piece]


class SendLive(Struct, frozen=True):
    live: Live


class Refuse(Struct, frozen=True):
    """A message was refused and changed nothing. To be counted, and logged once per reason."""

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

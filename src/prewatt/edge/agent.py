"""The agent of one gateway: up to 250 meters, their rules, and the conversation with the head-end. Logic without I/O.

Each input gives a list of effects, to be carried out in their order: what is committed is on the flash before a switch
moves or anything is sent. If a commit fails, the agent's memory is ahead of its journal: the process must end, and
start anew from the journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..kernel.entries import Command, EntryError, Record, UnknownOrder, decode_command
from ..wire.messages import (
    MAX_METERS,
    Head,
    MeterStatus,
    Orders,
    Receipt,
    SignedCommand,
    Status,
    WireError,
)
from ..wire.signing import VerifyKey, command_is_signed, open_downward
from .meter import Meter, Observed, Outcome
from .sync import Piece, Sync, SyncPolicy


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant on the two clocks: `now` is the time of day (µs since 1970), which can be set; `mono` (s) only ever
    goes on.
    """

    now: int
    mono: float


@dataclass(frozen=True, slots=True)
class ReadMeters:
    """Read these meters and pass what comes to `on_observed`."""

    names: list[str]


@dataclass(frozen=True, slots=True)
class Commit:
    """Put these records into the journal, durably, before anything that follows."""

    records: list[tuple[str, Record]]


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


Effect = ReadMeters | Commit | MoveSwitch | SendStatus | SendUpload | Refuse


class Agent:
    """The rules of one gateway. `epoch` counts its starts."""

    def __init__(
        self, gateway: str, epoch: int, meters: Iterable[Meter], server: VerifyKey, policy: SyncPolicy
    ) -> None:
        self.gateway = gateway
        self.epoch = epoch
        self.meters = {meter.name: meter for meter in meters}
        if len(self.meters) > MAX_METERS:
            raise ValueError(f"a gateway serves up to {MAX_METERS} meters, not {len(self.meters)}")
        self.sync = Sync({name: meter.account.seq for name, meter in self.meters.items()}, policy)
        self._server = server
        self._number = 0
        self._asked = 0
        self._changed = set(self.meters)

    # -- time and meters ---------------------------------------------------------------------------------------------

    def start(self, moment: Moment, repaired: set[str]) -> list[Effect]:
        """The process has started with its journals loaded; `repaired` names the meters whose last entry was torn."""
        return self._settle(
            moment, {name: meter.start(moment.now, name in repaired) for name, meter in self.meters.items()}
        )

    def next_due(self) -> int:
        """The instant at which a meter is next to be read."""
        return min((meter.due for meter in self.meters.values()), default=2**62)

    def next_timer(self) -> float:
        """The `mono` at which `tick` is worth calling even if no meter is due."""
        return self.sync.next_timer()

    def tick(self, moment: Moment) -> list[Effect]:
        """Time has passed: what is due now."""
        effects: list[Effect] = []
        due = [name for name, meter in self.meters.items() if meter.due <= moment.now]
        if due:
            effects.append(ReadMeters(due))
        return effects + self._talk(moment)

    def on_observed(self, moment: Moment, observed: Mapping[str, Observed | str]) -> list[Effect]:
        """Meters were read; a text in the place of an observation is the cause of a failure."""
        outcomes = {}
        for name, seen in observed.items():
            meter = self.meters[name]
            outcomes[name] = meter.fail(moment.now, seen) if isinstance(seen, str) else meter.observe(moment.now, seen)
        return self._settle(moment, outcomes)

    def on_switch_failed(self, moment: Moment, name: str, cause: str) -> list[Effect]:
        """A switch did not obey."""
        return self._settle(moment, {name: self.meters[name].switch_failed(moment.now, cause)})

    # -- the head-end ------------------------------------------------------------------------------------------------

    def on_connected(self, moment: Moment) -> list[Effect]:
        """The connection to the broker stands."""
        self.sync.on_connected(moment.mono)
        return self._talk(moment)

    def on_disconnected(self) -> None:
        """The connection to the broker is gone. Nothing else changes."""
        self.sync.on_disconnected()

    def on_frame(self, moment: Moment, data: bytes) -> list[Effect]:
        """A message came from the broker. It is believed only if the server signed it for this gateway."""
        try:
            message = open_downward(self._server, data)
            if message.gateway != self.gateway:
                raise WireError("foreign", f"the message is for gateway {message.gateway!r}")
        except WireError as error:
            return [Refuse(error.reason, str(error))]
        if isinstance(message, Receipt):
            return self._on_receipt(moment, message)
        return self._on_orders(moment, message)

    def _on_receipt(self, moment: Moment, receipt: Receipt) -> list[Effect]:
        effects: list[Effect] = []
        for head in receipt.heads:
            refusal = self._check_head(head)
            if refusal:
                effects.append(refusal)
            else:
                self.sync.on_head(moment.mono, head)
        if (receipt.epoch, receipt.answers) == (self.epoch, self._asked):
            self.sync.on_answered(moment.mono)
        return effects + self._talk(moment)

    def _check_head(self, head: Head) -> Refuse | None:
        meter = self.meters.get(head.meter)
        if meter is None:
            return Refuse("foreign", f"meter {head.meter!r} is not of this gateway")
        if head.seq > meter.account.seq:
            return Refuse(
                "chain",
                f"meter {head.meter}: the head-end has entry {head.seq}, this journal ends at {meter.account.seq}",
            )
        if head.seq == meter.account.seq and head.hash != meter.head:
            return Refuse(
                "chain", f"meter {head.meter}: the head-end's entry {head.seq} is another one than this journal's"
            )
        return None

    def _on_orders(self, moment: Moment, orders: Orders) -> list[Effect]:
        refused: list[Effect] = []
        outcomes: dict[str, Outcome] = {}
        for signed in orders.commands:
            try:
                command = self._verified(signed)
            except WireError as error:
                refused.append(Refuse(error.reason, str(error)))
                continue
            more = self.meters[command.meter].follow(moment.now, command)
            if more.records:
                outcomes.setdefault(command.meter, Outcome()).records += more.records
        for name, outcome in outcomes.items():
            decision = self.meters[name].decide(moment.now)
            outcome.records += decision.records
            outcome.switch = decision.switch
        return refused + self._settle(moment, outcomes)

    def _verified(self, signed: SignedCommand) -> Command | UnknownOrder:
        if not command_is_signed(self._server, signed):
            raise WireError("signature", "the signature of a command is not the server's")
        try:
            command = decode_command(signed.body)
        except EntryError as error:
            raise WireError("malformed", str(error)) from None
        if command.meter not in self.meters:
            raise WireError("foreign", f"a command is for meter {command.meter!r}, which is not of this gateway")
        return command

    # -- what follows ------------------------------------------------------------------------------------------------

    def _settle(self, moment: Moment, outcomes: Mapping[str, Outcome]) -> list[Effect]:
        records = [(name, record) for name, outcome in outcomes.items() for record in outcome.records]
        effects: list[Effect] = []
        if records:
            effects.append(Commit(records))
        for name, outcome in outcomes.items():
            if outcome.records:
                self.sync.on_journalled(name, outcome.records[-1].seq)
                self._changed.add(name)
            if outcome.switch is not None:
                effects.append(MoveSwitch(name, outcome.switch))
        return effects + self._talk(moment)

    def _talk(self, moment: Moment) -> list[Effect]:
        effects: list[Effect] = []
        if self.sync.status_due(moment.mono):
            effects.append(self._status(moment.now))
        while pieces := self.sync.next_upload():
            self._number += 1
            effects.append(SendUpload(self._number, pieces))
        return effects

    def _status(self, now: int) -> SendStatus:
        fresh = not self.sync.answered
        names = list(self.meters) if fresh else sorted(self._changed)
        self._changed.clear()
        self._number += 1
        if fresh:
            self._asked = self._number
        return SendStatus(
            Status(
                self.gateway, self.epoch, self._number, now, fresh, tuple(self._meter_status(name) for name in names)
            )
        )

    def _meter_status(self, name: str) -> MeterStatus:
        meter = self.meters[name]
        account = meter.account
        return MeterStatus(
            name, account.seq, account.at, account.balance, account.register, account.closed, account.command
        )

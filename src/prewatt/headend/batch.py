"""This module holds what the head-end knows of gateways and meters before a batch of messages, and what the batch
changes. These are values without rules (the rules are in `headend.ingest`) and without a database (that is
`headend.store`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from ..kernel.account import Account
from ..kernel.entries import AnyEntry, Command, Reading, UnknownOrder
from ..wire.messages import LiveMeter, MeterStatus, Receipt, States
from ..wire.signing import VerifyKey
from .alarms import Raised
from .lines import Line
from .reconcile import Difference
from .unlogged import UnloggedCommand


@dataclass(frozen=True, slots=True)
class GatewayView:
    """What the store knows of a gateway.

    `key` checks its signatures. `meters` are the names of its meters. `stamp` is the (epoch, number) of its last
    message. `sessions` are its last sessions, the latest first. `adopted` is the instant (µs) at which it last got
    states to continue from. `lines` are the lines of its meters that are in trouble as a whole (`headend.lines`).
    `revocations` is the number of the list of revoked grants that it says it has; -1 if it knows no such lists. `mark`
    tells its last message from others of the same stamp (`forks.mark_of`); empty if the mark is not known.
    """

    name: str
    key: VerifyKey
    meters: frozenset[str]
    stamp: tuple[int, int]
    sessions: tuple[str, ...] = ()
    adopted: int = 0
    lines: Sequence[Line] = ()
    revocations: int = -1
    mark: bytes = b""


@dataclass(slots=True)
class MeterView:
    """What the store knows of a meter.

    `account` is its account after the last committed entry, and `head` the hash of that entry. `commands` are the open
    commands of the credit log by number. `offset` is the meter's balance less the server's (nano; 0 unless they
    differ). `advance` are the orders of tokens that were made in advance, by token identifier.
    """

    account: Account
    head: bytes
    commands: Mapping[int, Command | UnknownOrder]
    offset: int = 0
    advance: Mapping[int, Command] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message, or `count` of one sender for one reason, was refused and changed nothing. `gateway` is empty if the
    sender is unknown.
    """

    gateway: str
    reason: str
    text: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to be stored: its bytes `body`, its content `entry`, and the server's `own` entry (None if the content
    is impossible). `late`: it reached the server after a time without a network.
    """

    seq: int
    body: bytes
    hash: bytes
    entry: AnyEntry
    own: AnyEntry | None
    late: bool


@dataclass(frozen=True, slots=True)
class Applied:
    """The journal shows that the command `number` was carried out, or refused for the `reason`. `taken` is the number
    under which the meter took it up, which may differ. `tid` identifies its token, which can't be used any more.
    """

    number: int
    seq: int
    at: int
    reason: str
    taken: int
    tid: int | None = None

    @property
    def is_astray(self) -> bool:
        """Return whether the meter took the command up under another number than it has here."""
        return self.taken != self.number


@dataclass(frozen=True, slots=True)
class Coded:
    """The journal shows that a token typed on site has brought a command's effect, or a part of it."""

    number: int
    seq: int
    at: int


@dataclass(slots=True)
class MeterPlan:
    """What a batch brings for one meter.

    - `charges`: readings that cost something, as the server rated them
    - `cleared`: (entry, instant, nano) of credit that was taken off and is owed back
    - `emergency`: (entry, instant, nano) of the emergency credit in use, if that changed
    - `restored`: (entry, instant, nano, who and why) of what the landlord lent, or with 0 nano that it is repaid
    - `unlogged`: commands that the credit log lacks
    - `opened`: open commands that the batch does not show
    - `advance`: orders of tokens that were made in advance, by token identifier
    """

    account: Account
    head: bytes
    offset: int
    opened: dict[int, Command | UnknownOrder] = field(default_factory=dict)
    advance: Mapping[int, Command] = field(default_factory=dict)
    entries: list[NewEntry] = field(default_factory=list)
    applied: list[Applied] = field(default_factory=list)
    coded: list[Coded] = field(default_factory=list)
    cleared: list[tuple[int, int, int]] = field(default_factory=list)
    charges: list[Reading] = field(default_factory=list)
    emergency: tuple[int, int, int] | None = None
    restored: list[tuple[int, int, int, str]] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    unlogged: list[UnloggedCommand] = field(default_factory=list)
    duplicates: int = 0
    gap: bool = False
    forked: bool = False
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class Beyond:
    """A meter's account as its gateway has it, and the head of the journal there."""

    account: Account
    head: bytes


@dataclass(slots=True)
class Plan:
    """What a batch brings. It is committed as a whole, and then `states` and `receipts` are sent.

    - `live`: values that are only shown
    - `heard`, `marks`: by gateway, the stamp of its last message, and the mark that tells this message from others
    - `sessions`: the last sessions of gateways that speak in another session
    - `adopting`: gateways that get states
    - `lines`: the lines in trouble, for gateways where these have changed
    - `revocations`: the number of the list of revoked grants, for gateways that now say they have another one
    - `over`: alarms (gateway, kind) that end
    - `broken`: meters of which nothing can be stored, with the reason
    - `beyond`: accounts of meters whose next entries nobody has
    - `rated`: by gateway, how many stretches of one price were rated, or as much other work (`headend.rated_time`)
    """

    now: int
    meters: dict[str, MeterPlan] = field(default_factory=dict)
    statuses: dict[str, MeterStatus] = field(default_factory=dict)
    live: list[LiveMeter] = field(default_factory=list)
    heard: dict[str, tuple[int, int]] = field(default_factory=dict)
    marks: dict[str, bytes] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    states: list[States] = field(default_factory=list)
    adopting: set[str] = field(default_factory=set)
    sessions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    lines: dict[str, Sequence[Line]] = field(default_factory=dict)
    revocations: dict[str, int] = field(default_factory=dict)
    alarms: list[Raised] = field(default_factory=list)
    over: set[tuple[str, str]] = field(default_factory=set)
    broken: dict[str, str] = field(default_factory=dict)
    beyond: dict[str, Beyond] = field(default_factory=dict)
    rated: dict[str, int] = field(default_factory=dict)

    def leave_out(self, meter: str, error: Exception) -> None:
        """Remove a meter from the plan, because something about it fails: none of its entries is stored or
        acknowledged, and all other meters go on.
        """
        self.broken[meter] = f"{type(error).__name__}: {error}"
        self.meters.pop(meter, None)
        self.statuses.pop(meter, None)
        self.beyond.pop(meter, None)
        self.alarms = [alarm for alarm in self.alarms if alarm.meter != meter]
        self.receipts = [
            replace(receipt, heads=tuple(head for head in receipt.heads if head.meter != meter))
            for receipt in self.receipts
        ]

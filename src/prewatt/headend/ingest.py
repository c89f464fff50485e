"""Taking in what gateways send: verified, in sequence, re-rated, once. Logic without I/O.

`sort` opens the messages, the store loads what it has of the meters they speak of, `plan` works out what is new. The
store commits the plan in one transaction, and only then are the plan's receipts sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..kernel.account import Account
from ..kernel.entries import (
    AnyEntry,
    Command,
    CommandEntry,
    Controlled,
    CreditByCode,
    EntryError,
    GrantCredit,
    OnSite,
    Reading,
    Refused,
    UnknownOrder,
    chain,
    decode_entry,
)
from ..kernel.supply import ClearCredit
from ..wire import topics
from ..wire.messages import (
    MAX_METERS,
    Head,
    MeterStatus,
    Receipt,
    Span,
    Status,
    Upload,
    WireError,
)
from ..wire.signing import VerifyKey, open_upward
from .reconcile import Difference, check


@dataclass(frozen=True, slots=True)
class GatewayView:
    """What the store knows of a gateway: its key, its meters, and the stamp (epoch, number) of its last message."""

    name: str
    key: VerifyKey
    meters: frozenset[str]
    stamp: tuple[int, int]


@dataclass(slots=True)
class MeterView:
    """What the store knows of a meter: its account after the last committed entry, the chain's head, the credit log's
    open commands by number, and the meter's balance less the server's (0 unless they differ).
    """

    account: Account
    head: bytes
    commands: Mapping[int, Command | UnknownOrder]
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message was refused and changed nothing; `gateway` is empty where the sender is not known."""

    gateway: str
    reason: str
    text: str


@dataclass(slots=True)
class Sorted:
    """Messages that are what they claim to be, in the order of arrival, and the others."""

    messages: list[Status | Upload] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    stamps: dict[str, tuple[int, int]] = field(default_factory=dict)

    def meters(self) -> set[str]:
        """The meters that are spoken of; a fresh status speaks of all of its gateway's."""
        found = set()
        for message in self.messages:
            found |= (
                {span.meter for span in message.spans}
                if isinstance(message, Upload)
                else {status.meter for status in message.meters}
            )
        return found


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to be stored: its bytes, what it says, and the server's own (None where that can't be)."""

    seq: int
    body: bytes
    hash: bytes
    entry: AnyEntry
    own: AnyEntry | None
    late: bool


@dataclass(frozen=True, slots=True)
class Applied:
    """The journal shows a command taken up, or refused for `reason`."""

    number: int
    seq: int
    at: int
    reason: str


@dataclass(frozen=True, slots=True)
class Coded:
    """The journal shows a command's effect, or a part of it, brought by the code that was typed on site."""

    number: int
    seq: int
    at: int


@dataclass(slots=True)
class MeterPlan:
    """What a batch brings for one meter. `charges`: readings that cost something, as the server rated them; `cleared`:
    (entry, instant, nano) of credit that was taken off, and is owed back; `emergency`: (entry, instant, nano) of what of
    the emergency credit is out, where that changed.
    """

    account: Account
    head: bytes
    offset: int
    entries: list[NewEntry] = field(default_factory=list)
    applied: list[Applied] = field(default_factory=list)
    coded: list[Coded] = field(default_factory=list)
    cleared: list[tuple[int, int, int]] = field(default_factory=list)
    charges: list[Reading] = field(default_factory=list)
    emergency: tuple[int, int, int] | None = None
    differences: list[Difference] = field(default_factory=list)
    duplicates: int = 0
    gap: bool = False


@dataclass(slots=True)
class Plan:
    """What a batch brings, to be committed as a whole; then `receipts` are sent."""

    now: int
    meters: dict[str, MeterPlan] = field(default_factory=dict)
    statuses: dict[str, MeterStatus] = field(default_factory=dict)
    heard: dict[str, tuple[int, int]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)


def sort(received: Iterable[tuple[str, bytes]], gateways: Mapping[str, GatewayView]) -> Sorted:
    """Open the messages (topic, payload) of a batch. One that is malformed, forged, foreign or stale is refused."""
    result = Sorted()
    for topic, payload in received:
        name = topics.gateway_of(topic) or ""
        gateway = gateways.get(name)
        if gateway is None:
            result.refusals.append(Refusal("", "unknown", f"topic {topic[:100]!r}"))
            continue
        try:
            message = open_upward(gateway.key, payload)
            _check_sender(message, gateway)
            stamp = (message.epoch, message.number)
            if stamp <= result.stamps.get(name, gateway.stamp):
                raise WireError("replayed", f"message {stamp} after {result.stamps.get(name, gateway.stamp)}")
        except WireError as error:
            result.refusals.append(Refusal(name, error.reason, str(error)))
            continue
        result.stamps[name] = stamp
        result.messages.append(message)
    return result


def _check_sender(message: Status | Upload, gateway: GatewayView) -> None:
    if message.gateway != gateway.name:
        raise WireError("foreign", f"gateway {gateway.name!r} signed as {message.gateway[:40]!r}")
    meters = (
        [span.meter for span in message.spans]
        if isinstance(message, Upload)
        else [status.meter for status in message.meters]
    )
    foreign = sorted(set(meters) - gateway.meters)
    if foreign:
        raise WireError("foreign", f"meter {foreign[0]!r} is not of gateway {gateway.name!r}")
    if len(set(meters)) != len(meters):
        raise WireError("malformed", "a meter stands twice in a message")


def plan(now: int, batch: Sorted, views: Mapping[str, MeterView]) -> Plan:
    """What the batch changes. The accounts in `views` are taken over: after a failed commit they must be loaded
    anew.
    """
    result = Plan(now, refusals=list(batch.refusals), heard=dict(batch.stamps))
    for message in batch.messages:
        if isinstance(message, Upload):
            heads = []
            for index, span in enumerate(message.spans):
                mine = _meter_plan(result, views, span.meter)
                try:
                    _take_in(mine, views[span.meter], span, message.late[index] if index < len(message.late) else 0)
                except WireError as error:
                    result.refusals.append(Refusal(message.gateway, error.reason, str(error)))
                heads.append(Head(span.meter, mine.account.seq, mine.head, mine.gap))
                mine.gap = False
            result.receipts.append(Receipt(message.gateway, tuple(heads), message.epoch, message.number, now))
        else:
            result.statuses.update((status.meter, status) for status in message.meters)
            if message.fresh:
                result.receipts.append(_answer(message, result, views))
            else:
                result.receipts += _ask_for_lacking(message, result, views)
    return result


def _meter_plan(result: Plan, views: Mapping[str, MeterView], meter: str) -> MeterPlan:
    if meter not in result.meters:
        view = views[meter]
        result.meters[meter] = MeterPlan(view.account, view.head, view.offset)
    return result.meters[meter]


def _head(result: Plan, views: Mapping[str, MeterView], meter: str, resend: bool) -> Head:
    known = result.meters.get(meter) or views[meter]
    return Head(meter, known.account.seq, known.head, resend)


def _answer(status: Status, result: Plan, views: Mapping[str, MeterView]) -> Receipt:
    heads = tuple(_head(result, views, meter.meter, resend=False) for meter in status.meters[:MAX_METERS])
    return Receipt(status.gateway, heads, status.epoch, status.number, result.now)


def _ask_for_lacking(status: Status, result: Plan, views: Mapping[str, MeterView]) -> list[Receipt]:
    # What a status tells of was sent before it, on the same connection: if it is not here it was lost.
    lacking = [
        _head(result, views, meter.meter, resend=True)
        for meter in status.meters
        if _seq(result, views, meter.meter) < meter.seq
    ]
    return [Receipt(status.gateway, tuple(lacking), status.epoch, status.number, result.now)] if lacking else []


def _seq(result: Plan, views: Mapping[str, MeterView], meter: str) -> int:
    return (result.meters.get(meter) or views[meter]).account.seq


def _take_in(mine: MeterPlan, view: MeterView, span: Span, late: int) -> None:
    """Take the new entries of a span into the meter's plan; what is here already is dropped and counted."""
    account = mine.account
    if span.first > account.seq + 1:
        mine.gap = True
        return
    known = account.seq + 1 - span.first
    mine.duplicates += min(known, len(span.bodies))
    for index, body in enumerate(span.bodies[known:], start=known):
        try:
            entry = decode_entry(body)
        except EntryError as error:
            raise WireError("newer", f"meter {span.meter}, entry {span.first + index}: {error}") from None
        if not account.may_follow(entry):
            raise WireError(
                "chain", f"meter {span.meter}: an entry numbered {entry.seq} stands where {account.seq + 1} belongs"
            )
        _take_entry(mine, view, entry, body, index < late)


def _command_of(view: MeterView, entry: AnyEntry) -> Command | UnknownOrder | None:
    """The open command that an entry names, or whose code it is of."""
    if isinstance(entry, CommandEntry):
        return view.commands.get(entry.command)
    if isinstance(entry, CreditByCode | OnSite) and entry.tid is not None:
        for command in view.commands.values():
            if isinstance(command, Command) and getattr(command.order, "tid", None) == entry.tid:
                return command
    return None


def _take_entry(mine: MeterPlan, view: MeterView, entry: AnyEntry, body: bytes, late: bool) -> None:
    account = mine.account
    command, before, lent = _command_of(view, entry), account.balance, account.emergency_out
    checked = check(account, entry, command, mine.offset)
    if checked.difference:
        mine.differences.append(checked.difference)
    if checked.own is None:
        # The account still has to move on in the sequence: as an event, which changes no balance.
        account.apply(account.event(entry.at, "not in the credit log"))
    else:
        account.apply(checked.own)
        if isinstance(checked.own, Reading) and checked.own.charge:
            mine.charges.append(checked.own)
        if isinstance(checked.own, Controlled | OnSite) and isinstance(checked.own.action, ClearCredit) and before > 0:
            mine.cleared.append((entry.seq, entry.at, before))
        if isinstance(checked.own, CreditByCode | OnSite) and command is not None:
            mine.coded.append(Coded(command.number, entry.seq, entry.at))
        if isinstance(checked.own, CommandEntry):
            reason = checked.own.reason if isinstance(checked.own, Refused) else ""
            if reason and isinstance(command, Command) and isinstance(command.order, GrantCredit):
                # Paid, and not credited: a person has to give it back.
                mine.differences.append(
                    Difference(entry.seq, entry.at, f"credit {command.order.credit_id} was refused: {reason}")
                )
            mine.applied.append(Applied(checked.own.command, entry.seq, entry.at, reason))
    if account.emergency_out != lent:
        mine.emergency = (entry.seq, entry.at, account.emergency_out)
    mine.offset = entry.balance - account.balance
    mine.head = chain(mine.head, body)
    mine.entries.append(NewEntry(entry.seq, body, mine.head, entry, checked.own, late))

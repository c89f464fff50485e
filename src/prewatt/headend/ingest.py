"""The head-end verifies what gateways send, puts it in sequence, rates it again and stores it once. Logic without I/O.

`sort` opens the messages, the store loads what it has of their meters, and `plan` works out what is new. The store
commits the plan in one transaction. Only then are the plan's receipts sent.

If a meter's journal does not continue what is stored here (`forks`), none of it is stored, and its gateway gets the
state to continue from. If a meter is not among the views, because it cannot be read here, none of it is stored or
acknowledged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..kernel.account import Account
from ..kernel.details import detail_sentence
from ..kernel.entries import (
    AnyEntry,
    Command,
    CommandEntry,
    Control,
    Controlled,
    CreditApplied,
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
from ..kernel.orders import ClearCredit, Restore
from ..kernel.sentences import Number, sentence
from ..kernel.units import MINUTE, exact_money
from ..wire import topics
from ..wire.messages import (
    MAX_METERS,
    Head,
    Live,
    MeterState,
    Receipt,
    Span,
    Status,
    Upload,
    WireError,
)
from ..wire.signing import open_upward
from . import forks
from .alarms import clock_ahead, ended_by, raised_by, stands_back
from .batch import Applied, Beyond, Coded, GatewayView, MeterPlan, MeterView, NewEntry, Plan, Refusal
from .lines import lines_after, told_lines
from .rated_time import STRETCHES_MOST, UNLOGGED_AS, stretches
from .reconcile import Difference, check
from .revoking import told
from .unlogged import command_of, is_of_the_log

AHEAD = 10 * MINUTE
"""An entry that is dated more than this (µs) ahead of the server's clock raises an alarm."""


@dataclass(slots=True)
class Sorted:
    """The verified messages in the order of arrival, and the refused ones. `receipts` are answers to senders whose
    epoch is over. `live` are values that are only shown. `stamps` are the (epoch, number) of each gateway's last
    message, and `marks` tell it from others. `sessions` are the last sessions of gateways that speak in another one
    now. `copied` are the gateways whose key somebody else has, too.
    """

    messages: list[Status | Upload] = field(default_factory=list)
    live: list[Live] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    stamps: dict[str, tuple[int, int]] = field(default_factory=dict)
    marks: dict[str, bytes] = field(default_factory=dict)
    sessions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    copied: set[str] = field(default_factory=set)
    receipts: list[Receipt] = field(default_factory=list)
    gateways: Mapping[str, GatewayView] = field(default_factory=dict)

    def meters(self) -> set[str]:
        """Return the meters in the messages; a fresh status stands for all meters of its gateway."""
        names = set()
        for message in self.messages:
            names |= (
                {span.meter for span in message.spans} | {state.meter for state in message.states}
                if isinstance(message, Upload)
                else {status.meter for status in message.meters}
            )
        return names


def sort(received: Iterable[tuple[str, bytes]], gateways: Mapping[str, GatewayView]) -> Sorted:
    """Open the messages (topic, payload) of a batch. A message that is malformed, forged, foreign or outdated is
    refused.
    """
    result = Sorted(gateways=gateways)
    for topic, payload in received:
        name = topics.gateway_of(topic) or ""
        gateway = gateways.get(name)
        if gateway is None:
            result.refusals.append(Refusal("", "unknown", f"topic {topic[:100]!r}"))
            continue
        try:
            message = open_upward(gateway.key, payload)
            _check_sender(message, gateway)
        except WireError as error:
            result.refusals.append(Refusal(name, error.reason, str(error)))
            continue
        stamp, last = (message.epoch, message.number), result.stamps.get(name, gateway.stamp)
        if stamp <= last:
            again = forks.is_last(message, last, result.sessions.get(name, gateway.sessions))
            if again and result.marks.get(name, gateway.mark) not in (b"", forks.mark_of(payload)):
                # A process gives no number twice.
                result.copied.add(name)
                again = False
            reply = None if again else forks.epoch_over(message, last[0])
            result.receipts.extend([reply] if reply else [])
            result.refusals.append(Refusal(name, "replayed", f"message {stamp} after {last}"))
            continue
        result.stamps[name], result.marks[name] = stamp, forks.mark_of(payload)
        _speaks(message, last[0], result, gateway)
        if isinstance(message, Live):
            result.live.append(message)
        else:
            result.messages.append(message)
    return result


def _speaks(message: Status | Upload | Live, epoch: int, result: Sorted, gateway: GatewayView) -> None:
    """Note which process of a gateway speaks, in any message, and whether that shows that there are two. `epoch`: that of
    its message before.
    """
    spoke = result.sessions.get(gateway.name, gateway.sessions)
    following, taken_over = forks.after(spoke, message.session)
    if following != spoke:
        result.sessions[gateway.name] = following
    if taken_over or forks.is_copied(message, epoch, spoke):
        result.copied.add(gateway.name)


def _check_sender(message: Status | Upload | Live, gateway: GatewayView) -> None:
    if message.gateway != gateway.name:
        raise WireError("foreign", f"gateway {gateway.name!r} signed as {message.gateway[:40]!r}")
    meters = (
        [*(span.meter for span in message.spans), *(state.meter for state in message.states)]
        if isinstance(message, Upload)
        else [each.meter for each in message.meters]
    )
    on_lines = (
        {meter for line in told_lines(message) for meter in line.meters} if isinstance(message, Status) else set()
    )
    foreign = sorted({*meters, *on_lines} - gateway.meters)
    if foreign:
        raise WireError("foreign", f"meter {foreign[0]!r} is not of gateway {gateway.name!r}")
    if len(set(meters)) != len(meters):
        raise WireError("malformed", "a meter stands twice in a message")


def plan(now: int, batch: Sorted, views: Mapping[str, MeterView]) -> Plan:
    """Return what the batch changes. The accounts in `views` are changed, too: after a failed commit they must be
    loaded again.
    """
    result = Plan(
        now,
        refusals=list(batch.refusals),
        heard=dict(batch.stamps),
        marks=dict(batch.marks),
        receipts=list(batch.receipts),
        sessions=dict(batch.sessions),
        alarms=[forks.two_gateways(name, now) for name in sorted(batch.copied)],
    )
    result.live = [each for message in batch.live for each in message.meters]
    views = dict(views)
    astray: dict[str, tuple[Status | Upload, set[str]]] = {}
    for message in batch.messages:
        if isinstance(message, Status):
            _take_lines(message, result, batch.gateways[message.gateway])
            _take_revocations(message, result, batch.gateways[message.gateway])
        forked = _upload(message, result, views) if isinstance(message, Upload) else _status(message, result, views)
        if forked:
            astray[message.gateway] = (message, forked | astray.get(message.gateway, (message, set()))[1])
    for name, (message, meters) in astray.items():
        _give_states(message, meters, result, batch.gateways[name])
    return result


def _take_state(message: Upload, state: MeterState, result: Plan, views: dict[str, MeterView]) -> bool:
    """Take in a state that is ahead of what is stored here. Returns whether the journal does not continue that."""
    known = result.meters.get(state.meter) or views.get(state.meter)
    return known is not None and state.seq > known.account.seq and _look_beyond(message, state, result, views)


def _upload(message: Upload, result: Plan, views: dict[str, MeterView]) -> set[str]:
    """Take in the spans. Returns the meters whose journals do not continue what is stored here."""
    heads, forked = [], set()
    for index, span in enumerate(message.spans):
        if span.meter not in views:
            continue
        change = _meter_plan(result, views, span.meter)
        if change.forked or forks.strays(span, change.account.seq, change.head):
            change.forked = True
            forked.add(span.meter)
            continue
        try:
            _take_in(result, change, message.gateway, span, message.late[index] if index < len(message.late) else 0)
        except WireError as error:
            result.refusals.append(Refusal(message.gateway, error.reason, str(error)))
        except Exception as error:  # whatever it is, it is this meter's alone
            result.leave_out(span.meter, error)
            del views[span.meter]
            continue
        heads.append(Head(span.meter, change.account.seq, change.head, change.gap))
        change.gap = False
    for state in message.states:
        if _take_state(message, state, result, views):
            forked.add(state.meter)
    result.receipts.append(_receipt(message, heads, result.now))
    return forked


def _look_beyond(message: Upload, state: MeterState, result: Plan, views: Mapping[str, MeterView]) -> bool:
    """Handle that nobody has the next entries any more. Returns True if the gateway may continue from the state here:
    the entries are damaged at the gateway, and all that they can have brought is still open here. Otherwise, as when
    the server was restored from a copy that is older than the gateway's journal, a person decides.
    """
    try:
        account = Account.load(state.account)
    except ValueError as error:
        result.refusals.append(Refusal(message.gateway, "newer", f"the state of meter {state.meter}: {error}"))
        return False
    if not forks.can_be(account, state.seq):
        text = f"the state of meter {state.meter} holds figures to which no entries lead"
        result.refusals.append(Refusal(message.gateway, "malformed", text))
        return False
    change = _meter_plan(result, views, state.meter)
    if state.damaged and forks.comes_again(account, change.account, change.opened):
        change.damaged = True
        return True
    result.beyond[state.meter] = Beyond(account, state.head)
    return False


def _take_lines(status: Status, result: Plan, gateway: GatewayView) -> None:
    """Take up which lines of meters are in trouble as a whole."""
    before = list(result.lines.get(gateway.name, gateway.lines))
    after = lines_after(before, status, result.now)
    if after != before:
        result.lines[gateway.name] = after


def _take_revocations(status: Status, result: Plan, gateway: GatewayView) -> None:
    """Take up which list of revoked grants a gateway has."""
    number = told(status)
    if number is not None and number != result.revocations.get(gateway.name, gateway.revocations):
        result.revocations[gateway.name] = number


def _status(status: Status, result: Plan, views: Mapping[str, MeterView]) -> set[str]:
    """Take in a gateway's status. Returns the meters whose journals do not continue what is stored here."""
    heads, lacking, forked = [], [], set()
    for meter in status.meters[:MAX_METERS]:
        if meter.meter not in views:
            continue
        known = result.meters.get(meter.meter) or views[meter.meter]
        if getattr(known, "forked", False) or forks.differs(meter, known.account.seq, known.head):
            _meter_plan(result, views, meter.meter).forked = True
            forked.add(meter.meter)
        else:
            result.statuses[meter.meter] = meter
            if meter.seq > known.account.seq:
                # It was sent before, on the same connection: if it is not here it was lost. Of a fresh status it may have
                # been acknowledged, and forgotten by a database that was put back from a copy.
                lacking.append(Head(meter.meter, known.account.seq, known.head, resend=True))
        heads.append(Head(meter.meter, known.account.seq, known.head, meter.seq > known.account.seq))
    if status.fresh or lacking:
        result.receipts.append(_receipt(status, heads if status.fresh else lacking, result.now))
    return forked


def _receipt(message: Status | Upload, heads: Iterable[Head], now: int) -> Receipt:
    return Receipt(message.gateway, tuple(heads), message.epoch, message.number, now, message.session)


def _give_states(message: Status | Upload, meters: set[str], result: Plan, gateway: GatewayView) -> None:
    damaged = sorted(name for name in meters if result.meters[name].damaged)
    if damaged:
        result.alarms.append(forks.damaged(gateway.name, damaged, result.now))
    if back := sorted(meters.difference(damaged)):
        result.alarms.append(forks.set_back(gateway.name, back, result.now))
    if not message.session or not forks.may_adopt(gateway.adopted, result.now):
        return
    result.adopting.add(gateway.name)
    states = [(name, result.meters[name].account, result.meters[name].head) for name in sorted(meters)]
    result.states += forks.states(message, states, result.now)


def _meter_plan(result: Plan, views: Mapping[str, MeterView], meter: str) -> MeterPlan:
    if meter not in result.meters:
        view = views[meter]
        result.meters[meter] = MeterPlan(view.account, view.head, view.offset, dict(view.commands), view.advance)
    return result.meters[meter]


def _take_in(result: Plan, change: MeterPlan, gateway: str, span: Span, late: int) -> None:
    """Take the new entries of a span into the meter's plan; entries that are stored already are dropped and counted."""
    account = change.account
    if span.first > account.seq + 1:
        change.gap = True
        return
    known = account.seq + 1 - span.first
    change.duplicates += min(known, len(span.bodies))
    for index, body in enumerate(span.bodies[known:], start=known):
        try:
            entry = decode_entry(body)
        except EntryError as error:
            raise WireError("newer", f"meter {span.meter}, entry {span.first + index}: {error}") from None
        if not account.may_follow(entry):
            raise WireError(
                "chain", f"meter {span.meter}: an entry numbered {entry.seq} stands where {account.seq + 1} belongs"
            )
        if not _has_turn(result, gateway, _work(change, entry)):
            # The gateway sends the rest again, and others have their turn before.
            change.gap = True
            return
        if entry.at > result.now + AHEAD:
            result.alarms.append(clock_ahead(span.meter, entry.seq, entry.at, result.now))
        if alarm := raised_by(entry, span.meter, gateway):
            result.alarms.append(alarm)
            result.over.discard((gateway, alarm.kind))
        if kind := ended_by(entry):
            result.over.add((gateway, kind))
        before = account.at
        take_entry(change, entry, body, index < late)
        if alarm := stands_back(span.meter, account, before):
            result.alarms.append(alarm)


def _work(change: MeterPlan, entry: AnyEntry) -> int:
    """Return how much work it is to take in an entry, as stretches that are rated."""
    is_known = not is_of_the_log(entry) or command_of(entry, change.opened) or _made_in_advance(change, entry)
    return stretches(change.account, entry) + (0 if is_known else UNLOGGED_AS)


def _has_turn(result: Plan, gateway: str, work: int) -> bool:
    """Return whether so many stretches more can be rated for a gateway in this batch, and count them. More than are ever
    rated cost nothing.
    """
    if work > STRETCHES_MOST:
        return True
    rated = result.rated.get(gateway, 0) + work
    if rated > STRETCHES_MOST:
        return False
    result.rated[gateway] = rated
    return True


def take_entry(change: MeterPlan, entry: AnyEntry, body: bytes, late: bool) -> None:
    """Check one entry, apply it to the server's account, and add what follows from it to the meter's plan."""
    account = change.account
    balance, emergency, grace = account.balance, account.emergency_out, account.supply.grace
    command = command_of(entry, change.opened)
    ordered = _made_in_advance(change, entry) if command is None else command
    checked = check(account, entry, ordered, change.offset)
    own = checked.own
    if checked.difference:
        change.differences.append(checked.difference)
    if checked.unlogged:
        change.unlogged.append(checked.unlogged)
    account.apply(_stand_in(account, entry) if own is None else own)
    if isinstance(own, Reading) and own.charge:
        change.charges.append(own)
    if command is not None:
        _take_up(change, own, command)
    if isinstance(own, Controlled | OnSite):
        _take_action(change, entry, own, ordered, balance)
    if grace and isinstance(own, CreditApplied | CreditByCode) and account.balance > 0:
        change.restored.append((entry.seq, entry.at, 0, ""))
    if account.emergency_out != emergency:
        change.emergency = (entry.seq, entry.at, account.emergency_out)
    change.offset = entry.balance - account.balance
    change.head = chain(change.head, body)
    change.entries.append(NewEntry(entry.seq, body, change.head, entry, own, late))


def _made_in_advance(change: MeterPlan, entry: AnyEntry) -> Command | None:
    """Return the order of a token that was made in advance, if the entry says that it was typed on site."""
    return change.advance.get(entry.tid) if isinstance(entry, OnSite) and entry.tid is not None else None


def _take_up(change: MeterPlan, own: AnyEntry | None, command: Command | UnknownOrder) -> None:
    """Note what an applied entry says of an open command: that its token was typed, or that it is done or refused."""
    if isinstance(own, CreditByCode | OnSite):
        change.coded.append(Coded(command.number, own.seq, own.at))
    if isinstance(own, CommandEntry):
        reason = own.reason if isinstance(own, Refused) else ""
        if reason and isinstance(command, Command) and isinstance(command.order, GrantCredit):
            change.differences += _not_credited(change.account, own, command.order, reason)
            # If the credit is there already, this is no refusal: nobody is to give it back, or grant it again.
            reason = "" if command.order.credit_id in change.account.credit_ids else reason
        tid = getattr(own, "tid", None)
        change.applied.append(Applied(command.number, own.seq, own.at, reason, own.command, tid))
        change.opened.pop(command.number, None)


def _take_action(
    change: MeterPlan, entry: AnyEntry, own: Controlled | OnSite, command: Command | UnknownOrder | None, balance: int
) -> None:
    """Note what an action did to money: it cleared the credit of `balance` nano, or lent some."""
    if isinstance(own.action, ClearCredit) and balance > 0:
        change.cleared.append((entry.seq, entry.at, balance))
    if isinstance(own.action, Restore) and own.action.amount:
        change.restored.append((entry.seq, entry.at, own.action.amount, _who_and_why(own, command)))


def _who_and_why(entry: Controlled | OnSite, command: Command | UnknownOrder | None) -> str:
    """Return who restored the supply and why: as the order says it, else as the entry does."""
    order = command.order if isinstance(command, Command) else None
    source = order if isinstance(order, Control) else entry
    return f"{source.by}: {source.reason}" if source.reason else source.by


def _not_credited(account: Account, entry: AnyEntry, order: GrantCredit, reason: str) -> list[Difference]:
    """Return what a person must know of a credit that a meter refused; nothing if the meter has the credit once
    already.
    """
    if order.credit_id not in account.credit_ids:
        # Paid, and not credited: a person has to give it back.
        text = sentence("credit %(id)s was refused: %(reason)s", id=order.credit_id, reason=detail_sentence(reason))
    elif order.tid in account.coded and account.coded[order.tid] == order.coded:
        text = sentence(
            "credit %(id)s was added at the meter twice: it was ordered again, and its new code was typed before the "
            "meter knew of the new order. Take %(amount)s off the balance",
            id=order.credit_id,
            amount=Number(exact_money(order.coded)),
        )
    else:
        return []
    return [Difference(entry.seq, entry.at, text)]


def _stand_in(account: Account, entry: AnyEntry) -> AnyEntry:
    """Return an entry that changes no balance in the place of an impossible one, so that the account goes on in the
    sequence.
    """
    if isinstance(entry, CommandEntry) and entry.command == account.command + 1:
        return Refused(account.seq + 1, entry.at, account.balance, entry.command, "not in the credit log")
    return account.event(entry.at, "not in the credit log")

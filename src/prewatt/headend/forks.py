"""A fork is a journal that does not continue what is stored here: it was restored from a copy, or two gateways with one
key write it. Logic without I/O.

The journal of a proper gateway is never behind what the gateway has sent, and never differs from it. If it is behind or
differs, the server's journal counts, because more people have relied on it: receipts were given for it, and the books
follow it. So the gateway continues from the server's journal, like a gateway that replaces another one. What was
credited in between is still open here, and is sent again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..kernel.account import Account
from ..kernel.entries import Command, UnknownOrder, chain
from ..kernel.events import EventKind
from ..kernel.naming import id_of
from ..kernel.sentences import Sentence, sentence
from ..kernel.units import BALANCE_MAX, INSTANT_MAX, INT64_MAX, MINUTE, REGISTER_MAX
from ..wire.messages import EPOCH_MOST, MAX_STATES, Live, MeterState, MeterStatus, Receipt, Span, States, Status, Upload
from .alarms import Raised

ADOPT_EVERY = MINUTE // 2
"""The shortest time (µs) after which a gateway gets states again, because two gateways with one key would do nothing
else. It is so short that once one of the two is gone, the other has what was paid within a minute, although it asks
less and less often (`edge.sync`).
"""
SERIAL_LONGEST = 64
"""The most characters of a meter's serial number (`kernel.fields.MeterName`)."""
SESSIONS = 5
"""The number of a gateway's last sessions that are stored."""


def differs(status: MeterStatus, seq: int, head: bytes) -> bool:
    """Return whether a journal that ends as a status says does not continue one that ends at `seq` with `head`."""
    return status.seq < seq or (status.seq == seq and bool(status.head) and status.head != head)


def strays(span: Span, seq: int, head: bytes) -> bool:
    """Return whether a span does not continue a journal that ends at `seq` with `head`, as far as the span shows it."""
    stored_count = seq + 1 - span.first
    if not span.before or not 0 <= stored_count <= len(span.bodies):
        return False
    hash_ = span.before
    for body in span.bodies[:stored_count]:
        hash_ = chain(hash_, body)
    return hash_ != head


def may_adopt(last: int, now: int) -> bool:
    """Return whether a gateway that got states at the instant `last` may get states again."""
    return not last <= now < last + ADOPT_EVERY


def states(message: Status | Upload, meters: Iterable[tuple[str, Account, bytes]], now: int) -> list[States]:
    """Return messages with the states to continue from, as answers to `message`, each within the bound of one message.
    `meters`: the name, the account and the head of each.
    """
    pieces: list[list[MeterState]] = [[]]
    size = 0
    for name, account, head in meters:
        state = MeterState(name, account.seq, head, account.dump())
        size += len(state.account)
        if pieces[-1] and size > MAX_STATES:
            pieces.append([])
            size = len(state.account)
        pieces[-1].append(state)
    return [
        States(message.gateway, message.epoch, message.number, message.session, tuple(piece), now)
        for piece in pieces
        if piece
    ]


def mark_of(payload: bytes) -> bytes:
    """Return what tells a message from all others: the signature, with which its frame ends."""
    return payload[-64:]


def is_last(message: Status | Upload | Live, last: tuple[int, int], sessions: Sequence[str]) -> bool:
    """Return whether a message has the stamp `last` of the last one that was accepted, and its session."""
    return message.session.hex() in sessions[:1] and (message.epoch, message.number) == last


def epoch_over(message: Status | Upload | Live, known: int) -> Receipt | None:
    """Return the answer to a correctly signed message with an old stamp that is not a repetition of the last one: it
    names the epoch that is known here. None if the message is not a status, or names no session.
    """
    if not isinstance(message, Status) or not message.session:
        return None
    return Receipt(message.gateway, (), message.epoch, message.number, session=message.session, known=known)


def after(spoke: tuple[str, ...], session: bytes) -> tuple[tuple[str, ...], bool]:
    """Return the last sessions after one more message, and whether it proves that there are two gateways: a process
    that has ended does not speak again.
    """
    name = session.hex()
    if not name or name in spoke[:1]:
        return spoke, False
    return (name, *(each for each in spoke if each != name))[:SESSIONS], name in spoke


def is_copied(message: Status | Upload | Live, epoch: int, spoke: Sequence[str]) -> bool:
    """Return whether an accepted message proves that somebody else has the gateway's key, and perhaps its session.
    `epoch` is that of the message before, and `spoke` the sessions up to then.

    A process that was heard changes its epoch only if the server says that it accepted a message which the process did
    not send. And no gateway starts so often that its epoch is over `EPOCH_MOST`.
    """
    return message.epoch > EPOCH_MOST or (message.session.hex() in spoke[:1] and message.epoch != epoch)


def can_be(account: Account, seq: int) -> bool:
    """Return whether entries can have led to the account that a gateway says it has after entry `seq`. It checks what
    people can't see when they are asked whether the books go on from that account.
    """
    moved = (account.credited, account.charged, account.debited)
    instants = (account.moving_since, account.moved_at, account.back_since, account.foreign_since, account.unsure_at)
    return (
        account.seq == seq
        # Each command that was taken up is an entry.
        and 0 <= account.command <= seq
        and all(0 <= each <= INT64_MAX for each in moved)
        and account.balance == account.credited - account.charged - account.debited
        and abs(account.balance) <= BALANCE_MAX
        and 0 <= account.read_at <= account.at <= INSTANT_MAX
        and all(0 <= each <= INSTANT_MAX for each in (*instants, account.warned_at))
        and abs(account.register or 0) <= REGISTER_MAX
        and len(account.serial) <= SERIAL_LONGEST
    )


def comes_again(theirs: Account, ours: Account, opened: Mapping[int, Command | UnknownOrder]) -> bool:
    """Return whether all that people gave a meter after the account `ours` (stored here) and up to `theirs` (the
    gateway's) is still open here. If so, the meter gets it again when the gateway continues from here.
    """
    orders = [each.order for each in opened.values() if isinstance(each, Command)]
    codes = {getattr(order, "tid", None) for order in orders}
    return (
        theirs.credit_ids <= ours.credit_ids | {id_of(order) for order in orders}
        and all(tid in codes or ours.code_used(tid) for tid in theirs.coded)
        and all(number in opened for number in range(ours.command + 1, theirs.command + 1))
    )


def damaged(gateway: str, meters: Sequence[str], now: int) -> Raised:
    """Return the alarm that a gateway's journal is damaged: entries that it had not sent yet cannot be read."""
    return Raised(
        "journal-damaged",
        sentence(
            "The journal of gateway %(gateway)s is damaged: entries of meters %(meters)s that were not sent yet can't "
            "be read. The gateway goes on by itself from the server's state, and charges according to the registers. "
            "No payment is lost. What was done on site in that time has to be done again. If it happens again, replace "
            "the gateway's memory card.",
            gateway=gateway,
            meters=_names(meters),
        ),
        now,
        gateway=gateway,
    )


def _names(meters: Sequence[str]) -> str | Sentence:
    names = ", ".join(meters[:5])
    return sentence("%(names)s and %(count)d more", names=names, count=len(meters) - 5) if len(meters) > 5 else names


def set_back(gateway: str, meters: Sequence[str], now: int) -> Raised:
    """Return the alarm that journals were restored from an older state."""
    return Raised(
        EventKind.JOURNAL_SET_BACK,
        sentence(
            "The journals of gateway %(gateway)s do not match what it had sent before (meters %(meters)s). The journal "
            "file was put back from a copy, or its last entries were lost. The gateway goes on by itself from the "
            "server's state, and charges according to the registers. No payment is lost. You need to do nothing. If it "
            "happens again, check the gateway's memory card.",
            gateway=gateway,
            meters=_names(meters),
        ),
        now,
        gateway=gateway,
    )


def two_gateways(gateway: str, now: int) -> Raised:
    """Return the alarm that two gateways use the same key."""
    return Raised(
        "two-gateways",
        sentence(
            "Two gateways use the name and key of %(gateway)s: its memory card was copied, and both copies run. Each payment "
            "is credited only once, but the two disturb each other. Stop the one that does not belong there. Or make a new "
            "gateway code and enrol the right one with it: then the other one is locked out.",
            gateway=gateway,
        ),
        now,
        gateway=gateway,
    )

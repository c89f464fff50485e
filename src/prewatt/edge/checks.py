"""These checks decide whether a message of the head-end is meant for this gateway. Nothing is believed that is not
signed, or not about its meters and journals. Logic without I/O.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..kernel.entries import Command, EntryError, UnknownOrder, decode_command
from ..wire.messages import Head, Receipt, SignedCommand, States, Watch, WireError
from ..wire.signing import VerifyKey, command_is_signed
from .effects import Refuse
from .meter import Meter
from .outbox import Outbox


def head_refused(meters: Mapping[str, Meter], head: Head) -> Refuse | None:
    """Return why a head cannot belong to a meter's journal here; None if it can."""
    meter = meters.get(head.meter)
    if meter is None:
        return Refuse("foreign", f"meter {head.meter!r} is not of this gateway")
    if head.seq > meter.account.seq:
        return Refuse(
            "chain",
            f"meter {head.meter}: the head-end has entry {head.seq}, this journal ends at {meter.account.seq}",
        )
    if head.seq == meter.account.seq and head.hash != meter.head:
        return Refuse(
            "chain",
            f"meter {head.meter}: entry {head.seq} of the head-end differs from entry {head.seq} of this journal",
        )
    return None


def epoch_is_over(receipt: Receipt, outbox: Outbox) -> bool:
    """Return whether a receipt shows that this process must take a greater epoch to be heard: the head-end has already
    accepted a message that this process did not send. Under the same epoch that is so only if the receipt answers the
    last message: an answer to an earlier one may be repeated by somebody on the way.
    """
    if not receipt.session or receipt.epoch != outbox.epoch:
        return False
    return receipt.known > outbox.epoch or (receipt.known == outbox.epoch and receipt.answers == outbox.number)


def states_refused(meters: Mapping[str, Meter], message: States, outbox: Outbox, adopted: int) -> Refuse | None:
    """Return why states to continue from do not answer this process; None if they do. `adopted`: the number of the last
    message that was sent before states were last accepted.
    """
    is_own = (message.epoch, message.session) == (outbox.epoch, outbox.session)
    if not is_own or not adopted < message.answers <= outbox.number:
        return Refuse(
            "replayed", f"states answer message {message.answers}, which is not of this process or is too old"
        )
    names = [state.meter for state in message.states]
    if len(set(names)) != len(names) or any(name not in meters for name in names):
        return Refuse("foreign", "the states contain a meter that is not of this gateway")
    return None


def watch_refused(meters: Mapping[str, Meter], watch: Watch, outbox: Outbox) -> Refuse | None:
    """Return why a request to watch meters is not for this process; None if it is."""
    if watch.session != outbox.session or watch.epoch != outbox.epoch:
        return Refuse(
            "foreign",
            "a request to watch meters is for an earlier process of this gateway, or another one with the same key",
        )
    if strange := sorted({*watch.meters, *watch.once}.difference(meters)):
        return Refuse("foreign", f"meter {strange[0]!r} is not of this gateway")
    return None


def verified_command(server: VerifyKey, meters: Mapping[str, Meter], signed: SignedCommand) -> Command | UnknownOrder:
    """Return a command that the server signed for a meter of this gateway. Raises WireError for any other command."""
    if not command_is_signed(server, signed):
        raise WireError("signature", "the signature of a command is not the server's")
    try:
        command = decode_command(signed.body)
    except EntryError as error:
        raise WireError("malformed", str(error)) from None
    if command.meter not in meters:
        raise WireError("foreign", f"a command is for meter {command.meter!r}, which is not of this gateway")
    return command

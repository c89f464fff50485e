"""The meter's journal: its entries, their bytes, their chain; and the commands of the credit log.

An entry is written once, as MessagePack, and those bytes are the truth: they are hashed, sent and stored as they are,
so that a reader of another version can neither change nor lose a field it does not know.
`hash(n) = SHA-256(hash(n-1) + bytes(n))`, and `hash(0)` is derived from the meter's name. `docs/programmer/journal.md` documents
every field.

A command carries what the server's credit log says (a credit, a tariff, settings). The entry that shows it applied
carries the command's number, so a journal alone replays to the balance.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta, Struct

from .fields import Balance, CommandName, Counted, CreditId, Instant, MeterName, Natural, Register, ShortText, Tid
from .orders import Action
from .rating import Used
from .settings import Settings
from .tariff import Tariff
from .units import INSTANT_MAX, INT64_MAX, Wh

NEVER = INSTANT_MAX
"""An instant that does not come: where something that was to happen does not after all."""
MAX_USED = 4000
"""Most prices in one reading."""
MAX_ENTRY = 64 * 1024
"""Largest entry in bytes; only a tariff with hundreds of special days comes near. A reading that had more is several."""


class Entry(Struct, frozen=True, tag_field="kind"):
    """What all entries have. `seq`: from 1 without a gap; `at`: goes back only in `TimeLedBack` and `FLAG_BETWEEN`;
    `balance`: nano, after it.
    """

    seq: Annotated[int, Meta(ge=1, le=INT64_MAX)]
    at: Instant
    balance: Balance


class Reading(Entry, frozen=True, tag="reading", omit_defaults=True):
    """The register (Wh) at an instant, and what the time since the last reading came to (`kernel.rating`). It is under zero
    only where it was not read, but worked out after an exchange.

    `used`: Wh at each price. `charge`: nano; in it, beside the energy, the service `fee`, the `standing` charge, what
    lacked of the month's `minimum`, and a `tax` that is added. `tax_included` is contained in these. `flags`: see
    `FLAG_*`. `rolled`: Wh at which the counter began anew, where it did.
    """

    register: Counted
    used: Annotated[tuple[Used, ...], Meta(max_length=MAX_USED)]
    charge: Natural
    flags: Natural = 0
    fee: Natural = 0
    standing: Natural = 0
    minimum: Natural = 0
    tax: Natural = 0
    tax_included: Natural = 0
    rolled: Register = 0

    @property
    def energy(self) -> Wh:
        """Wh since the last reading."""
        return sum(each.energy for each in self.used)


FLAG_CLOCK = 1
"""The time is not vouched for: the clock stood before the last entry, or nobody has told how long the gateway was off."""
FLAG_BETWEEN = 4
"""Not read, but worked out as a part of a long time without readings, in which energy counts as used evenly."""
FLAG_UNSEEN = 8
"""More than the time that was seen allows: used while the gateway was off, it does not know how long."""
FLAG_CONFIRMED = 32
"""More than one reading alone is believed (`kernel.plausible.ALONE_FOR`): others before it agreed."""
FLAG_HELD = 16
"""The register stood lower: time was charged, and energy will be once it is over where it stood before."""


class Doubtful(Entry, frozen=True, tag="doubtful"):
    """A register was read that can't be true, for `cause` (`kernel.plausible`). Nothing is charged, nothing moves; it is
    read again soon.
    """

    register: Annotated[int, Meta(ge=-INT64_MAX, le=INT64_MAX)]
    cause: ShortText


class Rebased(Entry, frozen=True, tag="rebased"):
    """A doubtful register stayed: from now on energy counts from `register`, instead of `was`. What was used between is
    charged by nobody: the manager is asked. `cause` "returned": it is back, and counts from where it stood before the
    error, so that all is charged once.
    """

    register: Counted
    was: Counted
    cause: ShortText


class _Numbered(Entry, frozen=True):
    command: Natural


class Commanded(_Numbered, frozen=True, kw_only=True, omit_defaults=True):
    """What shows a command taken up: by its number, and by its name (`of`)."""

    of: CommandName = b""


class CreditApplied(Commanded, frozen=True, tag="credit", omit_defaults=True):
    """A credit (nano) took effect. `reason` is empty for a payment. `tid`: of the code that carries it too. If that came
    before, `amount` is what it could not carry.
    """

    credit_id: CreditId
    amount: Natural
    reason: ShortText = ""
    tid: Tid | None = None


class CreditByCode(Entry, frozen=True, tag="code"):
    """A credit (nano) took effect by a code that was typed on site, `by`: where."""

    tid: Tid
    amount: Natural
    by: ShortText


class Recognised(Commanded, frozen=True, tag="recognised", omit_defaults=True):
    """A command brought what was here before: nothing more. Its code has brought it; or the credit `credit_id` was applied
    already, and the code is worth nothing from now on; or the command only says that it is. `credit_id` is empty for an
    order that is no credit.
    """

    tid: Tid
    credit_id: Annotated[str, Meta(max_length=40)] = ""


class DebitApplied(Commanded, frozen=True, tag="debit", omit_defaults=True):
    """A debit (nano) took effect."""

    debit_id: CreditId
    amount: Natural
    reason: ShortText


class TenancyChanged(Commanded, frozen=True, tag="tenancy", omit_defaults=True):
    """From `effective` on tiers, minimum and days are counted anew, for another tenant: never earlier than the last
    reading. The register is read at that instant. `instead`: a change that was yet to come, and does not; 0 if none.
    """

    effective: Instant
    instead: Instant = 0


class TariffApplied(Commanded, frozen=True, tag="tariff", omit_defaults=True):
    """A tariff holds from the instant `effective` on. What is charged is not charged anew. (DLMS/COSEM: `unit_charge_passive`
    and `unit_charge_activation_time` of the charge, class 113, attributes 6 and 7.)
    """

    effective: Instant
    tariff: Tariff


class SettingsApplied(Commanded, frozen=True, tag="settings", omit_defaults=True):
    """New settings hold."""

    settings: Settings


class Refused(Commanded, frozen=True, tag="refused", omit_defaults=True):
    """A rightly signed command changed nothing, for `reason`. Its number is used up, so that later ones are not held
    back. `tid`: of the code that carries it too, and is worth nothing from now on.
    """

    reason: ShortText
    tid: Tid | None = None


class Controlled(Commanded, frozen=True, tag="controlled", omit_defaults=True):
    """A person's action took effect. `tid`: of the code that carries it too."""

    action: Action
    by: ShortText
    reason: ShortText = ""
    tid: Tid | None = None


class OnSite(Entry, frozen=True, tag="on-site", omit_defaults=True):
    """A person's action took effect on site. `by`: who or where; `grant`: the staff grant that allowed it, empty for a
    tenant's own; `tid`: of the code that was typed.
    """

    action: Action
    by: ShortText
    grant: ShortText = ""
    reason: ShortText = ""
    tid: Tid | None = None


class Exchanged(Commanded, frozen=True, tag="exchanged", omit_defaults=True):
    """Another meter measures here from now on: its `serial`, and its `first` register. `last`: of the one before; where it
    is not known, what that used since its last reading is charged by nobody.
    """

    serial: MeterName
    first: Register
    last: Register | None = None


class TimeLedBack(Commanded, frozen=True, tag="time", omit_defaults=True):
    """The journal's time was ahead (`was`) and goes on from `at`."""

    was: Instant


class Relay(Entry, frozen=True, tag="relay"):
    """The load switch was told to close (`closed`) or to open. It is written before the switch moves. (DLMS/COSEM:
    `output_state` of the disconnect control, class 70, attribute 2.)
    """

    closed: bool
    reason: ShortText


class Event(Entry, frozen=True, tag="event"):
    """Something happened that a person may want to know. `code` is one of `kernel.events.EventKind`."""

    code: ShortText
    detail: ShortText = ""


CommandEntry = (
    CreditApplied | DebitApplied | TariffApplied | TenancyChanged | SettingsApplied | Controlled | Recognised | Exchanged
    | TimeLedBack | Refused
)  # fmt: skip
AnyEntry = Reading | Doubtful | Rebased | CommandEntry | CreditByCode | OnSite | Relay | Event


class GrantCredit(Struct, frozen=True, tag_field="kind", tag="credit", omit_defaults=True):
    """Credit `amount` nano under `credit_id`, once. `reason` is empty for a payment. `tid`: of the code that carries
    `coded` nano of it too.
    """

    credit_id: CreditId
    amount: Annotated[int, Meta(ge=1, le=INT64_MAX)]
    reason: ShortText = ""
    tid: Tid | None = None
    coded: Natural = 0


class Debit(Struct, frozen=True, tag_field="kind", tag="debit"):
    """Take `amount` nano off under `debit_id`, once: a shared cost, a correction, a settlement."""

    debit_id: CreditId
    amount: Annotated[int, Meta(ge=1, le=INT64_MAX)]
    reason: ShortText


class ChangeTenancy(Struct, frozen=True, tag_field="kind", tag="tenancy", omit_defaults=True):
    """At `effective` another tenant moves in or the present one out: read the register, and count anew from there; not at
    `instead`, which was said before (0: nothing was). `NEVER` as `effective` only takes `instead` back.
    """

    effective: Instant
    instead: Instant = 0


class SetTariff(Struct, frozen=True, tag_field="kind", tag="tariff"):
    """Let `tariff` hold from the instant `effective` on."""

    effective: Instant
    tariff: Tariff


class ChangeSettings(Struct, frozen=True, tag_field="kind", tag="settings"):
    """Let `settings` hold."""

    settings: Settings


class Control(Struct, frozen=True, tag_field="kind", tag="control", omit_defaults=True):
    """Do what a person asked for. `by`: who; `tid`: of the code that carries it too."""

    action: Action
    by: ShortText
    reason: ShortText = ""
    tid: Tid | None = None


class Exchange(Struct, frozen=True, tag_field="kind", tag="exchange", omit_defaults=True):
    """Another meter hangs here: its `serial`, and its `first` register (Wh). `last`: of the one before, where it is
    known.
    """

    serial: MeterName
    first: Register
    last: Register | None = None


class LeadBack(Struct, frozen=True, tag_field="kind", tag="time"):
    """The journal's time is ahead: let it go on from this command's instant."""


class EndCode(Struct, frozen=True, tag_field="kind", tag="end-code"):
    """The code `tid` is worth nothing from now on: a person has revoked it, or the server knows that it was used."""

    tid: Tid


AnyOrder = GrantCredit | Debit | SetTariff | ChangeTenancy | ChangeSettings | Control | Exchange | LeadBack | EndCode


class Command(Struct, frozen=True, omit_defaults=True):
    """One entry of the credit log: order `order` for `meter`, numbered from 1 without a gap, and known by its `name`."""

    meter: MeterName
    number: Annotated[int, Meta(ge=1, le=INT64_MAX)]
    issued: Instant
    order: AnyOrder
    name: CommandName = b""


class UnknownOrder(Struct, frozen=True):
    """A command whose order is of a kind that this version does not know."""

    meter: MeterName
    number: Annotated[int, Meta(ge=1, le=INT64_MAX)]
    name: CommandName = b""


class Record(NamedTuple):
    """An entry as it lies in the journal: its bytes and the hash of the chain up to it."""

    seq: int
    body: bytes
    hash: bytes


_encoder = msgspec.msgpack.Encoder(order="deterministic")
_entry_decoder: msgspec.msgpack.Decoder[AnyEntry] = msgspec.msgpack.Decoder(AnyEntry)
_command_decoder = msgspec.msgpack.Decoder(Command)
_numbered_decoder = msgspec.msgpack.Decoder(UnknownOrder)


UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are not what they should be."""


class EntryError(ValueError):
    """The bytes are not an entry, or not one this version knows."""


def encode_entry(entry: AnyEntry) -> bytes:
    """The entry's bytes."""
    return _encoder.encode(entry)


def decode_entry(body: bytes) -> AnyEntry:
    """The entry of the bytes. EntryError if malformed, oversized or of an unknown kind."""
    if len(body) > MAX_ENTRY:
        raise EntryError(f"an entry of {len(body)} bytes is over the limit of {MAX_ENTRY}")
    try:
        return _entry_decoder.decode(body)
    except UNREADABLE as error:
        raise EntryError(f"not an entry: {error}") from None


def encode_command(command: Command) -> bytes:
    """The command's bytes: what is signed."""
    return _encoder.encode(command)


def decode_command(body: bytes) -> Command | UnknownOrder:
    """The command of the bytes; its number alone where the order is of a newer kind. EntryError if malformed or
    oversized.
    """
    if len(body) > MAX_ENTRY:
        raise EntryError(f"a command of {len(body)} bytes is over the limit of {MAX_ENTRY}")
    try:
        return _command_decoder.decode(body)
    except UNREADABLE as error:
        try:
            return _numbered_decoder.decode(body)
        except UNREADABLE:
            raise EntryError(f"not a command: {error}") from None


def genesis(meter: str) -> bytes:
    """`hash(0)` of a meter's chain."""
    return hashlib.sha256(b"prewatt journal 1\0" + meter.encode()).digest()


def chain(previous: bytes, body: bytes) -> bytes:
    """The hash that follows `previous` when `body` is appended."""
    return hashlib.sha256(previous + body).digest()

"""The meter's journal: its entries, their bytes, their chain; and the commands of the credit log.

An entry is written once, as MessagePack, and those bytes are the truth: they are hashed, sent and stored as they are,
so that a reader of another version can neither change nor lose a field it does not know.
`hash(n) = SHA-256(hash(n-1) + bytes(n))`, and `hash(0)` is derived from the meter's name. `docs/journal.md` documents
every field.

A command carries what the server's credit log says (a credit, a tariff, settings). The entry that shows it applied
carries the command's number, so a journal alone replays to the balance.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta, Struct

from .rating import Used
from .supply import Action, FriendlyHours, PowerLimit, Zone
from .tariff import Tariff
from .units import BALANCE_MAX, INSTANT_MAX, INT64_MAX, REGISTER_MAX

Balance = Annotated[int, Meta(ge=-BALANCE_MAX, le=BALANCE_MAX)]
Natural = Annotated[int, Meta(ge=0, le=INT64_MAX)]
Register = Annotated[int, Meta(ge=0, le=REGISTER_MAX)]
Instant = Annotated[int, Meta(ge=0, le=INSTANT_MAX)]
MeterName = Annotated[
    str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x20\x7f/\\]([^\x00-\x1f\x7f/\\]*[^\x00-\x20\x7f/\\])?$")
]
"""A meter's serial number as printed on it: no slash, no control character, no space at either end."""
CreditId = Annotated[str, Meta(min_length=1, max_length=40)]
RateName = Annotated[str, Meta(min_length=1, max_length=64)]
ShortText = Annotated[str, Meta(max_length=200)]

MAX_USED = 4000
"""Most prices in one reading: after a long loss of power, with prices that change each half hour."""
MAX_ENTRY = 64 * 1024
"""Largest entry in bytes; only a tariff with hundreds of special days comes near."""


class Settings(Struct, frozen=True):
    """How a meter's account behaves.

    `low_credit` (nano) and `low_credit_energy` (Wh at the price of the moment): a warning is due when the balance is
    under either; 0 switches one off. `clearance` (nano): after a cut-off the supply returns when the balance is over
    zero and at or over this.

    `emergency_credit` (nano): what the tenant may take alone when the credit is low or used up, once; 0: nothing.
    `emergency_repayment`: percent of a top-up that repays it before anything else. `zone`: whose wall clock the hours
    of `friendly` and `power` are of. `tamper_locks`: whether tampering opens the switch until a person was there. `pin`:
    hash of the flat's PIN (`wire.pins`), empty for none.
    """

    low_credit: Natural = 0
    low_credit_energy: Natural = 0
    clearance: Natural = 0
    emergency_credit: Natural = 0
    emergency_repayment: Annotated[int, Meta(ge=1, le=100)] = 100
    zone: Zone = "UTC"
    friendly: FriendlyHours = FriendlyHours()
    power: PowerLimit = PowerLimit()
    tamper_locks: bool = False
    pin: ShortText = ""


class Entry(Struct, frozen=True, tag_field="kind"):
    """What all entries have. `seq` counts from 1 without a gap; `at` never goes back; `balance` (nano) is the balance
    after this entry.
    """

    seq: Annotated[int, Meta(ge=1, le=INT64_MAX)]
    at: Instant
    balance: Balance


class Reading(Entry, frozen=True, tag="reading", omit_defaults=True):
    """The register (Wh) at an instant, and what the time since the last reading came to (`kernel.rating`).

    `used`: Wh at each price. `charge`: nano; in it, beside the energy, the service `fee`, the `standing` charge, what
    lacked of the month's `minimum`, and a `tax` that is added. `tax_included` is contained in these. `flags`: see
    `FLAG_*`.
    """

    register: Register
    used: Annotated[tuple[Used, ...], Meta(max_length=MAX_USED)]
    charge: Natural
    flags: Natural = 0
    fee: Natural = 0
    standing: Natural = 0
    minimum: Natural = 0
    tax: Natural = 0
    tax_included: Natural = 0

    @property
    def energy(self) -> int:
        """Wh since the last reading."""
        return sum(each.energy for each in self.used)


FLAG_CLOCK = 1
"""The clock stood before the last entry: the reading was dated with that entry's instant instead."""
FLAG_REBASED = 2
"""The register went back (a meter was changed or reset): no energy charged, counted on from here."""
FLAG_BETWEEN = 4
"""Not read, but worked out as a part of a long time without readings, in which energy counts as used evenly."""


Tid = Annotated[int, Meta(ge=0, lt=1 << 24)]
"""Token identifier of a 20-digit code (`prewatt.tokens`)."""


class CreditApplied(Entry, frozen=True, tag="credit", omit_defaults=True):
    """A credit (nano) took effect, by command `command`. `reason` is empty for a payment. `tid`: of the code that carries
    it too. If that came before, `amount` is what it could not carry.
    """

    command: Natural
    credit_id: CreditId
    amount: Natural
    reason: ShortText = ""
    tid: Tid | None = None


class CreditByCode(Entry, frozen=True, tag="code"):
    """A credit (nano) took effect by a code that was typed on site, `by`: where."""

    tid: Tid
    amount: Natural
    by: ShortText


class Recognised(Entry, frozen=True, tag="recognised"):
    """A command brought what a code had brought before: nothing more."""

    command: Natural
    tid: Tid


class DebitApplied(Entry, frozen=True, tag="debit"):
    """A debit (nano) took effect, by command `command`."""

    command: Natural
    debit_id: CreditId
    amount: Natural
    reason: ShortText


class TenancyChanged(Entry, frozen=True, tag="tenancy"):
    """From `effective` on tiers, minimum and days are counted anew, for another tenant: never earlier than the last
    reading. The register is read at that instant.
    """

    command: Natural
    effective: Instant


class TariffApplied(Entry, frozen=True, tag="tariff"):
    """A tariff holds from `effective` on. What is charged is not charged anew."""

    command: Natural
    effective: Instant
    tariff: Tariff


class SettingsApplied(Entry, frozen=True, tag="settings"):
    """New settings hold."""

    command: Natural
    settings: Settings


class Refused(Entry, frozen=True, tag="refused"):
    """A rightly signed command changed nothing, for `reason`. Its number is used up, so that later ones are not held
    back.
    """

    command: Natural
    reason: ShortText


class Controlled(Entry, frozen=True, tag="controlled", omit_defaults=True):
    """A person's action took effect, by command `command`. `tid`: of the code that carries it too."""

    command: Natural
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


class Relay(Entry, frozen=True, tag="relay"):
    """The load switch was told to close (`closed`) or open. Written before it moves."""

    closed: bool
    reason: ShortText


class Event(Entry, frozen=True, tag="event"):
    """Something happened that a person may want to know. `code` is one of `EVENTS`."""

    code: ShortText
    detail: ShortText = ""


EVENTS = {
    "power-up": "the gateway started",
    "low-credit": "the balance fell under the warning threshold",
    "meter-lost": "the meter does not answer",
    "meter-back": "the meter answers again",
    "switch-failed": "the load switch did not obey",
    "switch-differs": "the load switch stands otherwise than told",
    "journal-repaired": "a torn last entry was dropped after a loss of power",
    "gateway-replaced": "another gateway went on with this meter",
    "clock-set": "the gateway's clock was set on site",
    "overload": "more power was drawn than the limit allows",
    "overload-locked": "tripped for overload too often: a person has to close",
    "forbidden-load": "a large resistive load appeared at once: a person has to close",
    "tamper": "the meter's cover was opened, or it was tampered with otherwise",
    "codes-locked": "too many wrong codes were typed",
    "key-changed": "a code changed the meter's key",
}

CommandEntry = (
    CreditApplied | DebitApplied | TariffApplied | TenancyChanged | SettingsApplied | Controlled | Recognised | Refused
)
AnyEntry = Reading | CommandEntry | CreditByCode | OnSite | Relay | Event


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


class ChangeTenancy(Struct, frozen=True, tag_field="kind", tag="tenancy"):
    """At `effective` another tenant moves in or the present one out: read the register, and count anew from there."""

    effective: Instant


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


AnyOrder = GrantCredit | Debit | SetTariff | ChangeTenancy | ChangeSettings | Control


class Command(Struct, frozen=True):
    """One entry of the credit log: order `order` for `meter`, numbered from 1 without a gap."""

    meter: MeterName
    number: Annotated[int, Meta(ge=1, le=INT64_MAX)]
    issued: Instant
    order: AnyOrder


class UnknownOrder(Struct, frozen=True):
    """A command's number, where its order is of a kind this version does not know."""

    meter: MeterName
    number: Annotated[int, Meta(ge=1, le=INT64_MAX)]


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


class Recovery(NamedTuple):
    """What is left of a journal after a loss of power: how many records are whole, and whether a torn last one was
    dropped.
    """

    whole: int
    torn: bool


class JournalDamaged(Exception):
    """A record before the last one is wrong: that is no torn write, and nothing may be dropped or charged on top of
    it.
    """


def recover(previous: bytes, first_seq: int, records: Sequence[Record]) -> Recovery:
    """Check a chain that continues `previous` at `first_seq`.

    A wrong last record is what a power cut in the middle of its write leaves: it is to be dropped, and only it. Its
    effect had not been shown yet. JournalDamaged if any earlier record is wrong.
    """
    for index, record in enumerate(records):
        expected = chain(previous, record.body)
        if record.seq != first_seq + index or record.hash != expected:
            if index == len(records) - 1:
                return Recovery(index, torn=True)
            raise JournalDamaged(
                f"record {record.seq} does not continue the chain, and {len(records) - 1 - index} records follow it"
            )
        previous = expected
    return Recovery(len(records), torn=False)

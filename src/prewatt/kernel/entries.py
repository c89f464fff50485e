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

from .charges.interface import Amounts
from .decoding import UNREADABLE, decode_storable
from .fields import Balance, CommandName, Counted, CreditId, Instant, MeterName, Natural, Register, ShortText, Tid
from .orders import Action
from .rating import Used
from .settings import Settings
from .tariff import Tariff
from .units import INSTANT_MAX, INT64_MAX, Wh

NEVER = INSTANT_MAX
"""An instant that does not come. It stands where a planned change is cancelled."""
MAX_USED = 4000
"""The most prices in one reading."""
MAX_ENTRY = 64 * 1024
"""The largest entry in bytes. Only a tariff with hundreds of special days comes near it."""


class Entry(Struct, frozen=True, tag_field="kind"):
    """The fields of all entries. `seq`: counts from 1 without a gap; `at`: goes back only in `TimeLedBack` and with
    `FLAG_BETWEEN`; `balance`: nano, after the entry.
    """

    seq: Annotated[int, Meta(ge=1, le=INT64_MAX)]
    at: Instant
    balance: Balance


class Reading(Entry, frozen=True, tag="reading", omit_defaults=True):
    """The register (Wh) at an instant, and the cost of the time since the last reading (`kernel.rating`). The register
    is under zero only where it was not read, but worked out after an exchange.

    `used`: Wh at each price. `charge`: nano; it contains, beside the energy, the service `fee`, the `standing` charge,
    what was missing to the month's `minimum`, the `charges` of all other forms of price (`kernel.charges`), and a `tax` that
    is added. `tax_included` is the tax contained in these.
    `flags`: see `FLAG_*`. `rolled`: the register (Wh) at which the counter rolled over to zero, 0 if it did not.
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
    charges: Amounts = ()

    @property
    def energy(self) -> Wh:
        """Return the Wh since the last reading."""
        return sum(each.energy for each in self.used)


FLAG_CLOCK = 1
"""The time is uncertain: the clock stood before the last entry, or it is unknown how long the gateway was off."""
FLAG_BETWEEN = 4
"""This part of a long time without readings was not read, but worked out; its energy counts as used evenly."""
FLAG_UNSEEN = 8
"""This is more energy than the known time allows: it was used while the gateway was off for an unknown time."""
FLAG_CONFIRMED = 32
"""This is more energy than one reading alone may show (`plausible.ALONE_FOR`); readings before it agreed."""
FLAG_HELD = 16
"""The register was lower than before: only time was charged, until it is over its old value again."""


class Doubtful(Entry, frozen=True, tag="doubtful"):
    """A register was read that cannot be true, for the `cause` (`kernel.plausible`). Nothing is charged; it is read
    again soon.
    """

    register: Annotated[int, Meta(ge=-INT64_MAX, le=INT64_MAX)]
    cause: ShortText


class Rebased(Entry, frozen=True, tag="rebased"):
    """A doubtful register stayed, so energy counts from `register` now, instead of `was`. What was used between is
    charged to nobody; the manager is asked. `cause` "returned": the register came back, and counts from its value
    before the error, so that all energy is charged once.
    """

    register: Counted
    was: Counted
    cause: ShortText


class _Numbered(Entry, frozen=True):
    command: Natural


class Commanded(_Numbered, frozen=True, kw_only=True, omit_defaults=True):
    """The fields of entries that show a command as taken up: the command's number, and its name (`of`)."""

    of: CommandName = b""


class CreditApplied(Commanded, frozen=True, tag="credit", omit_defaults=True):
    """A credit (nano) took effect. `reason` is empty for a payment. `tid`: of the token that carries it too. If the
    token was typed before, `amount` is the part that it could not carry.
    """

    credit_id: CreditId
    amount: Natural
    reason: ShortText = ""
    tid: Tid | None = None


class CreditByCode(Entry, frozen=True, tag="code"):
    """A credit (nano) took effect by a token that was typed on site. `by`: where it was typed."""

    tid: Tid
    amount: Natural
    by: ShortText


class Recognised(Commanded, frozen=True, tag="recognised", omit_defaults=True):
    """A command brought nothing new: its token was typed before; or the credit `credit_id` was applied before, and the
    token ends; or the command only ends the token. `credit_id` is empty for an order that is not a credit.
    """

    tid: Tid
    credit_id: Annotated[str, Meta(max_length=40)] = ""


class DebitApplied(Commanded, frozen=True, tag="debit", omit_defaults=True):
    """A debit (nano) took effect."""

    debit_id: CreditId
    amount: Natural
    reason: ShortText


class TenancyChanged(Commanded, frozen=True, tag="tenancy", omit_defaults=True):
    """From the instant `effective` on (never before the last reading), tiers, minimum and days begin again, for another
    tenant. The register is read then. `instead`: an announced change that is cancelled; 0 if none.
    """

    effective: Instant
    instead: Instant = 0


class TariffApplied(Commanded, frozen=True, tag="tariff", omit_defaults=True):
    """A tariff holds from the instant `effective` on. What is charged already is not charged again. (DLMS/COSEM:
    `unit_charge_passive` and `unit_charge_activation_time` of the charge, class 113, attributes 6 and 7.)
    """

    effective: Instant
    tariff: Tariff


class SettingsApplied(Commanded, frozen=True, tag="settings", omit_defaults=True):
    """New settings hold."""

    settings: Settings


class Refused(Commanded, frozen=True, tag="refused", omit_defaults=True):
    """A correctly signed command changed nothing, for the `reason`. Its number is used, so that later ones are not held
    back. `tid`: of the token that carries the same order; it is worth nothing from now on.
    """

    reason: ShortText
    tid: Tid | None = None


class Controlled(Commanded, frozen=True, tag="controlled", omit_defaults=True):
    """A person's action took effect. `tid`: identifier of the token that carries the same order."""

    action: Action
    by: ShortText
    reason: ShortText = ""
    tid: Tid | None = None


class OnSite(Entry, frozen=True, tag="on-site", omit_defaults=True):
    """A person's action took effect on site. `by`: the person or the place; `grant`: the staff grant that allowed it,
    empty for a tenant's own action; `tid`: identifier of the token that was typed.
    """

    action: Action
    by: ShortText
    grant: ShortText = ""
    reason: ShortText = ""
    tid: Tid | None = None


class Exchanged(Commanded, frozen=True, tag="exchanged", omit_defaults=True):
    """Another meter measures here from now on: its `serial`, and its `first` register. `last`: the last register of the
    old meter. If it is None, the energy since the old meter's last reading is charged to nobody.
    """

    serial: MeterName
    first: Register
    last: Register | None = None


class TimeLedBack(Commanded, frozen=True, tag="time", omit_defaults=True):
    """The journal's time was ahead (`was`), and continues from the earlier instant `at`."""

    was: Instant


class Relay(Entry, frozen=True, tag="relay"):
    """The load switch was told to close (`closed`) or to open. The entry is written before the switch moves.
    (DLMS/COSEM: `output_state` of the disconnect control, class 70, attribute 2.)
    """

    closed: bool
    reason: ShortText


class Event(Entry, frozen=True, tag="event"):
    """Something happened that a person may want to know. `code` is one of `kernel.events.EventKind`; `detail` says
    more.
    """

    code: ShortText
    detail: ShortText = ""


CommandEntry = (
    CreditApplied | DebitApplied | TariffApplied | TenancyChanged | SettingsApplied | Controlled | Recognised | Exchanged
    | TimeLedBack | Refused
)  # fmt: skip
AnyEntry = Reading | Doubtful | Rebased | CommandEntry | CreditByCode | OnSite | Relay | Event


class GrantCredit(Struct, frozen=True, tag_field="kind", tag="credit", omit_defaults=True):
    """Credit `amount` nano under the id `credit_id`, once. `reason` is empty for a payment. `tid`: identifier of the
    token that carries `coded` nano of the same credit.
    """

    credit_id: CreditId
    amount: Annotated[int, Meta(ge=1, le=INT64_MAX)]
    reason: ShortText = ""
    tid: Tid | None = None
    coded: Natural = 0


class Debit(Struct, frozen=True, tag_field="kind", tag="debit"):
    """Take off `amount` nano under the id `debit_id`, once: a shared cost, a correction, a settlement."""

    debit_id: CreditId
    amount: Annotated[int, Meta(ge=1, le=INT64_MAX)]
    reason: ShortText


class ChangeTenancy(Struct, frozen=True, tag_field="kind", tag="tenancy", omit_defaults=True):
    """Change the tenancy at `effective`: read the register, and count from the beginning. `instead`: an earlier
    announcement, which is cancelled (0: none). `NEVER` as `effective` only cancels `instead`.
    """

    effective: Instant
    instead: Instant = 0


class SetTariff(Struct, frozen=True, tag_field="kind", tag="tariff"):
    """Let `tariff` hold from the instant `effective` on."""

    effective: Instant
    tariff: Tariff


class ChangeSettings(Struct, frozen=True, tag_field="kind", tag="settings"):
    """Replace the settings with `settings`."""

    settings: Settings


class Control(Struct, frozen=True, tag_field="kind", tag="control", omit_defaults=True):
    """Do what a person has ordered. `by`: the person; `tid`: identifier of the token that carries the same order."""

    action: Action
    by: ShortText
    reason: ShortText = ""
    tid: Tid | None = None


class Exchange(Struct, frozen=True, tag_field="kind", tag="exchange", omit_defaults=True):
    """Another meter measures here: its `serial`, and its `first` register (Wh). `last`: the old meter's last register,
    if known.
    """

    serial: MeterName
    first: Register
    last: Register | None = None


class LeadBack(Struct, frozen=True, tag_field="kind", tag="time"):
    """The journal's time is ahead: let it continue from the instant of this command."""


class EndCode(Struct, frozen=True, tag_field="kind", tag="end-code"):
    """End the token `tid`: a person has revoked it, or the server knows that it was used."""

    tid: Tid


AnyOrder = GrantCredit | Debit | SetTariff | ChangeTenancy | ChangeSettings | Control | Exchange | LeadBack | EndCode


class Command(Struct, frozen=True, omit_defaults=True):
    """A row of the credit log: `order` for `meter`. `number` counts from 1 without a gap; `name` stays if the number
    changes.
    """

    meter: MeterName
    number: Annotated[int, Meta(ge=1, le=INT64_MAX)]
    issued: Instant
    order: AnyOrder
    name: CommandName = b""


class UnknownOrder(Struct, frozen=True):
    """A command with an order of a kind that this version does not know."""

    meter: MeterName
    number: Annotated[int, Meta(ge=1, le=INT64_MAX)]
    name: CommandName = b""


class Record(NamedTuple):
    """An entry as the journal stores it: its bytes, and the hash of the chain up to it."""

    seq: int
    body: bytes
    hash: bytes


_encoder = msgspec.msgpack.Encoder(order="deterministic")
_entry_decoder: msgspec.msgpack.Decoder[AnyEntry] = msgspec.msgpack.Decoder(AnyEntry)
_command_decoder = msgspec.msgpack.Decoder(Command)
_numbered_decoder = msgspec.msgpack.Decoder(UnknownOrder)


class EntryError(ValueError):
    """The bytes are not an entry, or not one that this version knows."""


def encode_entry(entry: AnyEntry) -> bytes:
    """Return the bytes of an entry (MessagePack)."""
    return _encoder.encode(entry)


def decode_entry(body: bytes) -> AnyEntry:
    """Return the entry that the bytes hold. Raises EntryError if they are malformed, too large or of an unknown kind."""
    if len(body) > MAX_ENTRY:
        raise EntryError(f"an entry of {len(body)} bytes is over the limit of {MAX_ENTRY}")
    try:
        return decode_storable(_entry_decoder, body)
    except UNREADABLE as error:
        raise EntryError(f"not an entry: {error}") from None


def encode_command(command: Command) -> bytes:
    """Return the bytes of a command, which are signed."""
    return _encoder.encode(command)


def decode_command(body: bytes) -> Command | UnknownOrder:
    """Return the command of the bytes, or `UnknownOrder`. Raises EntryError if they are malformed or too large."""
    if len(body) > MAX_ENTRY:
        raise EntryError(f"a command of {len(body)} bytes is over the limit of {MAX_ENTRY}")
    try:
        return decode_storable(_command_decoder, body)
    except UNREADABLE as error:
        try:
            return _numbered_decoder.decode(body)
        except UNREADABLE:
            raise EntryError(f"not a command: {error}") from None


def genesis(meter: str) -> bytes:
    """Return `hash(0)`, with which the chain of a meter begins."""
    return hashlib.sha256(b"prewatt journal 1\0" + meter.encode()).digest()


def chain(previous: bytes, body: bytes) -> bytes:
    """Return the hash of the chain after `body` is appended to the chain that ends with `previous`."""
    return hashlib.sha256(previous + body).digest()

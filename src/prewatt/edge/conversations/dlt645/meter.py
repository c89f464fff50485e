"""What is asked of meters that speak DL/T 645.

An order to the relay has to say until when it is valid, by the meter's own clock. So that clock is read before the
first order, and once a day after that; an order is valid for a few minutes by it, however wrong it is. A tenant who has
paid need not wait until the clock is set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, NamedTuple

from msgspec import Meta

from ....kernel.calendar import zone
from ....kernel.quantities import Quantity, decimal
from ....kernel.units import DAY, HOUR, MINUTE, SECOND
from ...drivers.interface import Identity, Power
from ...meters.dlt645_model import Dlt645Model, Item, Prepaid, Relay
from ...meters.model import RATES
from ...protocols.conversation import Conversation
from ...protocols.dlt645 import exchanges
from ...protocols.dlt645.bcd import from_digits, is_absent
from ...protocols.dlt645.bcd_times import to_clock, to_date
from ...protocols.dlt645.codes import Command, Edition
from ...protocols.dlt645.errors import NO_DATA_ERROR, PASSWORD_ERROR
from ...protocols.dlt645.exchanges import Control, ReadAddress, SetTime, Write, read
from ...protocols.dlt645.frame import ADDRESS, BROADCAST, WILD
from ...protocols.errors import (
    NoAnswer,
    PasswordRefused,
    ProtocolError,
    Refused,
    Unsupported,
    WaitsForButton,
    WrongAnswer,
)
from ..protocol import Access
from .clock import FIRST, LAST, WallClock

LOOKS = 5
"""How often the relay is looked at after an order: some meters show it a little later."""
EXPORT_WH = 100
"""Energy that may seem to flow out of a flat, by rounding and capacitors, before it is reported."""
NEAR = 3 * SECOND
"""A clock that was set shows the new time to within this (µs)."""
BY_ENERGY, BY_MONEY = 1, 2
"""The prepaid modes of status word 3."""


class RelaySeen(NamedTuple):
    """How a relay stands, and whether it was told to open."""

    is_open: bool
    told_open: bool


class Dlt645Access(Access, frozen=True):
    """A meter of DL/T 645. `address`: the 12 digits on its face; zeros before it may be left out. `password`, `operator`:
    6 and 8 digits; `level`: of the password, where it is not the model's. `zone`: the time zone of the meter's clock.
    `alone`: no other meter is on its bus.
    """

    password: str = "000000"
    operator: str = "00000000"
    level: Annotated[int, Meta(ge=0, le=99)] | None = None
    zone: str = "Asia/Shanghai"
    alone: bool = False


class Dlt645Meter:
    """The conversations with one meter; their meaning is said in `drivers.interface.MeterDriver`.

    `clock`: returns the instant (µs). Raises ValueError for settings that are impossible.
    """

    def __init__(self, model: Dlt645Model, access: Dlt645Access, clock: Callable[[], int]) -> None:
        self._model, self._clock = model, clock
        level = access.level if access.level is not None else model.relay.level if model.relay else 2
        self._access = exchanges.Access(level, access.password, access.operator)
        try:
            self._access.encode()
        except ValueError as error:
            raise ValueError(f"password: {error}") from None
        if model.wildcard and not access.alone:
            raise ValueError(
                "address: this model answers for every address; set alone = true if its bus has no other meter"
            )
        self._address = WILD if model.wildcard else _address(access.address)
        self._lacks: set[str] = set()
        self._refusals = 0
        self._refused_until = 0
        self._first_export: int | None = None
        self._export_read_at = 0
        self._exported = 0
        self.wall_clock = WallClock(model.clock, self._address, model.edition, zone(access.zone), clock)

    # What it is, and what it has counted

    def identify(self) -> Conversation[Identity]:
        """Return what the meter says of itself."""
        try:
            serial = yield from self._serial()
        except Refused:
            # It answers by its address, which is as good as its number; the wildcard says nothing.
            serial = "" if self._model.wildcard else self._address
        return Identity(serial, self._model.make, self._model.names[0], self._model.register_end)

    def _serial(self) -> Conversation[str]:
        if self._model.serial == "read address":
            address: str = yield ReadAddress(self._address)
            return address
        data = yield from self._read(self._model.serial)
        serial = from_digits(data)
        if not serial:
            raise WrongAnswer(f"its number is no row of digits ({data.hex(' ').upper()})")
        return serial

    def read_register(self) -> Conversation[int]:
        """Return the energy register, Wh."""
        energy = (yield from self._values(["energy"]))["energy"]
        if energy is None:
            raise WrongAnswer("it has no value for its energy")
        if energy < 0:
            raise WrongAnswer(f"its energy is negative ({energy} Wh)")
        return energy

    def read_rates(self) -> Conversation[Mapping[int, int]]:
        """Return the energies by rate."""
        values = yield from self._values([*RATES.values()], optional=True)
        return {number: energy for number, name in RATES.items() if (energy := values.get(name)) is not None}

    def read_power(self) -> Conversation[Power | None]:
        """Return the power."""
        values = yield from self._values(["power", "reactive-power"], optional=True)
        active = values.get("power")
        return None if active is None else Power(active, values.get("reactive-power"))

    def read_quantities(self) -> Conversation[Mapping[Quantity, int]]:
        """Return the other quantities. What the meter has not is left out, and not asked for again."""
        values = yield from self._values([*Quantity], optional=True)
        return {Quantity(name): value for name, value in values.items() if value is not None}

    def read_tampered(self) -> Conversation[bool]:
        """Return whether energy has flowed out of the flat since the gateway was started: the meter is connected the wrong
        way round, or somebody feeds in. It is looked at once an hour.
        """
        if "export" in self._model.items and self._clock() - self._export_read_at >= HOUR:
            self._export_read_at = self._clock()
            export = (yield from self._values(["export"], optional=True)).get("export")
            if export is not None:
                self._first_export = export if self._first_export is None else self._first_export
                self._exported = export - self._first_export
        return self._exported >= EXPORT_WH

    def _read(self, identifier: str, answer_data: int = exchanges.ONE) -> Conversation[bytes]:
        return read(self._address, identifier, self._model.edition, answer_data)

    def _blocks(self, names: list[str]) -> dict[str, list[str]]:
        """Return the blocks that hold the items of these names that the model has, each with its names."""
        blocks: dict[str, list[str]] = {}
        for name in names:
            if name in self._model.items:
                blocks.setdefault(self._model.items[name].identifier, []).append(name)
        return blocks

    def _values(self, names: list[str], optional: bool = False) -> Conversation[dict[str, int | None]]:
        """Read the items of these names that the model has, each block once. `optional`: what the meter refuses is left
        out.
        """
        values: dict[str, int | None] = {}
        for identifier, inside in self._blocks(names).items():
            if optional and identifier in self._lacks:
                continue
            try:
                is_block = len(inside) > 1 or self._model.items[inside[0]].part > 0
                data = yield from self._read(identifier, exchanges.LONGEST_DATA if is_block else exchanges.ONE)
            except Refused as refused:
                if not optional:
                    raise
                if refused.code >> NO_DATA_ERROR & 1:
                    self._lacks.add(identifier)
                continue
            values.update((name, _number(name, self._model.items[name], data)) for name in inside)
        return values

    # The relay

    def read_switch(self) -> Conversation[bool | None]:
        """Return whether the relay is closed; None if it can't be seen."""
        relay = self._model.relay
        if relay is None or relay.verify == "nothing":
            return None
        seen = yield from self._state(relay)
        return None if seen is None else not seen.is_open

    def set_switch(self, closed: bool) -> Conversation[None]:
        """Order the relay to move, and see that it has. Raises WaitsForButton if the meter's button must be pressed now,
        PasswordRefused if the password is wrong, ProtocolError if the relay has not moved.
        """
        relay = self._model.relay
        if relay is None:
            raise Unsupported("its model's file names no relay")
        command = Command(int(relay.close if closed else relay.open, 16))
        try:
            command = yield from self._order(relay, command)
        except NoAnswer:
            # The order may have arrived, and its confirmation be lost: what is seen decides.
            seen = (yield from self._see(relay, closed)) if relay.verify == "state" else None
            if seen is None or seen.is_open is closed:
                raise
            return
        if relay.verify == "nothing":
            return
        seen = yield from self._see(relay, closed)
        if seen is not None and seen.is_open is closed:
            raise _why_unmoved(relay, command, closed, seen)

    def _order(self, relay: Relay, command: Command) -> Conversation[Command]:
        """Give an order, by another command if the meter refuses the first. Returns the command that it has taken."""
        is_fresh = yield from self.wall_clock.check(DAY)
        tries = [command] if is_fresh else [command, command]
        if command == Command.CLOSE and relay.or_close is not None:
            tries.append(Command.PERMIT_CLOSE)
        refusal = Refused("", 0)
        for number, each in enumerate(tries):
            if number and each == command:
                # Somebody may have set its clock since it was read.
                yield from self.wall_clock.check(0)
            try:
                yield from self._control(relay, each)
            except PasswordRefused:
                raise
            except Refused as refused:
                refusal = refused
            else:
                return each
        raise Refused(f"{refusal}{self.wall_clock.words()}", refusal.code)

    def _control(self, relay: Relay, command: Command) -> Conversation[None]:
        until = self.wall_clock.after(relay.valid_minutes)
        yield from self._with_password(Control(self._address, command, self._access, until))

    def _with_password(self, order: exchanges.Order) -> Conversation[None]:
        """Give an order that has the password, but not while the meter may count wrong ones."""
        if (wait := self._refused_until - self._clock()) > 0:
            raise PasswordRefused(
                "it has refused the password, and locks itself if that is tried too often: put the password right and start "
                f"the gateway anew; it is tried again in {-(-wait // MINUTE)} minutes",
                1 << PASSWORD_ERROR,
            )
        try:
            yield order
        except PasswordRefused:
            self._refused_until = self._clock() + min(HOUR << self._refusals, DAY)
            self._refusals += 1
            raise
        self._refusals = 0

    def _see(self, relay: Relay, closed: bool) -> Conversation[RelaySeen | None]:
        """Look at the relay until it stands as it was told; None if the meter cannot tell."""
        for _ in range(LOOKS):
            seen = yield from self._state(relay)
            if seen is None or seen.is_open is not closed:
                break
        return seen

    def _state(self, relay: Relay) -> Conversation[RelaySeen | None]:
        """Return how the relay stands; None if the meter cannot tell."""
        state = relay.state
        try:
            data = yield from self._read(state.identifier)
        except Refused:
            return None
        if is_absent(data):
            return None
        if len(data) != 2:
            raise WrongAnswer(f"its status word has {len(data)} bytes")
        word = int.from_bytes(data, "little")
        told_open = state.told_bit is not None and bool(word >> state.told_bit & 1)
        return RelaySeen(bool(word >> state.bit & 1), told_open)

    # Its clock

    def read_clock(self) -> Conversation[int]:
        """Return the meter's clock, µs since 1970."""
        return (yield from self.wall_clock.read())

    def set_clock(self, at: int) -> Conversation[None]:
        """Set the meter's clock, and see that it is set: without the password if it is little wrong, else with it."""
        items, ahead = self._model.clock, at - self._clock()
        if items is None or self._model.edition == Edition.OF_1997:
            raise Unsupported("its clock can't be set")
        if not FIRST <= self.wall_clock.wall(at) <= LAST:
            raise Unsupported("its clock can't show such a time")
        off = yield from self._clock_off(ahead)
        if off is not None and abs(off) <= items.step_s * SECOND:
            yield SetTime(self._address, self.wall_clock.wall(self._clock() + ahead))
            if (yield from self._is_right(ahead)):
                return
        wall = self.wall_clock.wall(self._clock() + ahead)
        yield from self._with_password(Write(self._address, items.date, self._access, to_date(wall.date())))
        yield from self._with_password(Write(self._address, items.time, self._access, to_clock(wall.time())))
        if not (yield from self._is_right(ahead)):
            raise ProtocolError("it has confirmed its new time, but still shows another")

    def _is_right(self, ahead: int) -> Conversation[bool]:
        off = yield from self._clock_off(ahead)
        return off is not None and abs(off) <= NEAR

    def _clock_off(self, ahead: int) -> Conversation[int | None]:
        """Return by how much the meter's clock differs from the gateway's plus `ahead`, µs; None if it shows no time."""
        yield from self.wall_clock.look()
        return None if self.wall_clock.error is None else self.wall_clock.error - ahead

    # A balance of its own

    def read_own_prepaid(self) -> Conversation[str | None]:
        """Return how a prepaid mode of the meter's own is switched off, if it is on; empty if it is not, None if it may be and
        can't be seen.
        """
        prepaid = self._model.prepaid
        if prepaid is None:
            return ""
        kind = yield from self._prepaid_kind(prepaid)
        return None if kind is None else prepaid.off if kind else ""

    def read_allowance(self) -> Conversation[int | None]:
        """Return the Wh of the meter's own balance. Raises Unsupported if it is in no prepaid mode; ProtocolError if its
        balance is money, which nobody can tell in Wh: such a mode has to be switched off.
        """
        prepaid = self._model.prepaid
        kind = (yield from self._prepaid_kind(prepaid)) if prepaid is not None else None
        if prepaid is None or not kind:
            raise Unsupported("it is in no prepaid mode of its own that can be seen")
        if kind == BY_ENERGY and prepaid.remaining_energy is not None:
            return (yield from self._balance("remaining energy", prepaid.remaining_energy))
        words = ""
        if kind == BY_MONEY and prepaid.remaining_amount is not None:
            amount = yield from self._balance("remaining amount", prepaid.remaining_amount)
            words = f" ({decimal(amount, 3)} left)"
        raise ProtocolError(f"it cuts off by a balance of its own{words}: {prepaid.off}")

    def set_allowance(self, energy: int | None) -> Conversation[None]:  # noqa: ARG002
        """Raise Unsupported: only the maker's key, card or program can fill the balance."""
        raise Unsupported("its own balance can't be set without its maker's key")
        yield

    def _prepaid_kind(self, prepaid: Prepaid) -> Conversation[int | None]:
        try:
            data = yield from self._read(prepaid.state)
        except Refused:
            return None
        return None if len(data) != 2 or is_absent(data) else int.from_bytes(data, "little") >> prepaid.bit & 0b11

    def _balance(self, name: str, item: Item) -> Conversation[int]:
        number = _number(name, item, (yield from self._read(item.identifier)))
        return 0 if number is None else number

    def rest(self) -> Conversation[None]:
        """Return: no link is held."""
        return
        yield


def _why_unmoved(relay: Relay, command: Command, closed: bool, seen: RelaySeen) -> ProtocolError:
    """Return the error for a relay that has confirmed an order and has not moved. `closed`: how it was told to stand."""
    if command == Command.PERMIT_CLOSE:
        return WaitsForButton("it closes when its button is pressed")
    if closed and relay.state.told_bit is not None and not seen.told_open:
        return ProtocolError("confirmed, but it still stands open: press the button at the meter if it has one")
    return ProtocolError(f"confirmed, but it still stands {'open' if closed else 'closed'}")


def _number(name: str, item: Item, data: bytes) -> int | None:
    try:
        return item.value(data)
    except ValueError as error:
        raise WrongAnswer(f"its {name} {error}") from None


def _address(text: str) -> str:
    """Return the twelve digits of an address. Raises ValueError."""
    digits = text.replace(" ", "")
    if not (digits.isascii() and digits.isdecimal() and 0 < len(digits) <= 2 * ADDRESS):
        raise ValueError(f"address: {text!r} is not up to 12 digits, as they stand on the meter's face")
    if digits == BROADCAST:
        raise ValueError(f"address: {text!r} is the address of all meters")
    return digits.zfill(2 * ADDRESS)

"""The file of a model that speaks DL/T 645: which identifiers hold its values, and how its relay is moved and seen.

    protocol = "dlt645"
    make = "..."
    names = ["..."]
    source = "..."
    edition = "2007"
    serial = "04000401"
    [items]
    energy = { identifier = "00010000", bytes = 4, scale = "0.01", unit = "kWh" }
    voltage-l2 = { identifier = "0201FF00", part = 1, bytes = 2, scale = "0.1", unit = "V" }

The names of items are those of `VALUES` and of `kernel.quantities`. Items with the same identifier are parts of one block,
and are read by one question. Identifiers are written as people read them, the high byte first.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from ...kernel.quantities import Quantity
from ..protocols.dlt645.bcd import from_bcd, is_absent
from ..protocols.dlt645.codes import Edition
from .model import BASE_UNITS, RATES, Decimals, Model, scaled

Identifier = Annotated[str, Meta(pattern=r"^([0-9A-F]{4}|[0-9A-F]{8})$")]
Bit = Annotated[int, Meta(ge=0, le=15)]

Data = bytes
"""What stands in an answer. (`Item.bytes` is a number.)"""

VALUES: dict[str, tuple[str, ...]] = {
    "energy": ("Wh", "kWh"),
    "export": ("Wh", "kWh"),
    "power": ("W", "kW"),
    "reactive-power": ("var", "kvar"),
    **dict.fromkeys(RATES.values(), ("Wh", "kWh")),
}
"""The values of a meter beside the quantities, and their units. `energy`: the register that is billed. `export`: what
flowed out of the flat. `rate-1` and so on: the parts of `energy` by rate.
"""


class Item(Struct, frozen=True, forbid_unknown_fields=True):
    """A decimal number (BCD). `part`: its place in a block, from 0. `bytes`: its length. `unit`, `scale`: the digits times
    `scale` are the value in `unit`. `signed`: the top bit of the highest byte is the sign. FF in all bytes is "no value".
    """

    identifier: Identifier
    bytes: Annotated[int, Meta(ge=1, le=8)]
    unit: str = ""
    scale: Decimals = "1"
    signed: bool = False
    part: Annotated[int, Meta(ge=0, le=63)] = 0

    def value(self, data: Data) -> int | None:
        """Return the value in prewatt's unit, from what stands behind the identifier; None if the meter says that it has
        none, or its block ends before. Raises ValueError, which says what is wrong with it.
        """
        begins, ends = self.part * self.bytes, (self.part + 1) * self.bytes
        own = data[begins:ends]
        if not data or len(data) % self.bytes:
            raise ValueError(f"has {len(data)} bytes, where the model's file says {self.bytes}")
        if not own or is_absent(own):
            return None
        number = from_bcd(own, self.signed)
        if number is None:
            raise ValueError(f"is no decimal number ({own.hex(' ').upper()})")
        return self.scaled(number)

    def scaled(self, number: int) -> int:
        """Return a number of the item in prewatt's unit."""
        return scaled(number, self.scale, self.unit)


class RelayState(Struct, frozen=True, forbid_unknown_fields=True):
    """A status word of two bytes. `bit`: 1 while the relay is open. `told_bit`: 1 after it was told to open; None if the
    meter does not tell that.
    """

    identifier: Identifier = "04000503"
    bit: Bit = 4
    told_bit: Bit | None = 6


class Relay(Struct, frozen=True, forbid_unknown_fields=True):
    """How the relay is moved by function 1C. `open`, `close`: the commands. `or_close`: the command if the meter refuses
    the first. 1B closes only when somebody presses the meter's button. `level`: of the password. `valid_minutes`: how long
    an order is valid by the meter's own clock. `verify`: how it is seen that the relay has moved: by its `state`, or by
    `nothing`.
    """

    open: Literal["1A"] = "1A"
    close: Literal["1B", "1C"] = "1C"
    or_close: Literal["1B"] | None = None
    level: Annotated[int, Meta(ge=0, le=99)] = 2
    valid_minutes: Annotated[int, Meta(ge=1, le=60)] = 5
    verify: Literal["state", "nothing"] = "state"
    state: RelayState = RelayState()

    @property
    def button(self) -> bool:
        """Return whether somebody has to press a button at the meter before its relay closes."""
        return self.close == "1B"


class MeterClock(Struct, frozen=True, forbid_unknown_fields=True):
    """The meter's clock. `date`: weekday, day, month, year; `time`: second, minute, hour. `step_s`: by how many seconds it
    lets itself be set without a password (function 08), once a day.
    """

    date: Identifier = "04000101"
    time: Identifier = "04000102"
    step_s: Annotated[int, Meta(ge=0, le=3600)] = 300


class Prepaid(Struct, frozen=True, forbid_unknown_fields=True):
    """The meter has a prepaid mode of its own, and may open its relay by its own balance. `state`: the status word whose
    bits `bit` and the next tell: 0 no such mode, 1 by energy, 2 by money. The balances are numbers of `Item`. `off`: how
    the mode is switched off, in words for the electrician.
    """

    off: str
    state: Identifier = "04000503"
    bit: Annotated[int, Meta(ge=0, le=14)] = 8
    remaining_energy: Item | None = None
    remaining_amount: Item | None = None


class Dlt645Model(Model, frozen=True, tag="dlt645"):
    """A model of meter that speaks DL/T 645.

    `serial`: the identifier of the meter's number, or `read address` for function 13; a meter that
    refuses it is known by its address. `wildcard`: it answers only by the
    address AA...AA, so that it has to be the only meter on its bus. `energy_counts`: what the energy item counts. `import`
    is what is billed; a file says `total` where the meter has nothing else, which may count export as well.
    """

    edition: Edition = Edition.OF_2007
    serial: Annotated[str, Meta(pattern=r"^([0-9A-F]{4}|[0-9A-F]{8}|read address)$")] = "04000401"
    wildcard: bool = False
    energy_counts: Literal["import", "total"] = "import"
    items: dict[str, Item] = {}
    relay: Relay | None = None
    clock: MeterClock | None = None
    prepaid: Prepaid | None = None

    def __post_init__(self) -> None:
        if "energy" not in self.items:
            raise ValueError("items: energy is missing")
        for name, item in self.items.items():
            _check_item(name, item)
        if self.edition == Edition.OF_1997 and self.relay is not None:
            raise ValueError("relay: the edition of 1997 has no order for a relay")
        size = 4 if self.edition == Edition.OF_1997 else 8
        for identifier in self.identifiers():
            if len(identifier) != size:
                raise ValueError(f"identifier: {identifier} has not the {size} digits of the edition of {self.edition}")

    @property
    def is_looked_for(self) -> bool:
        return not self.wildcard

    @property
    def can_switch(self) -> bool:
        return self.relay is not None

    @property
    def energy_step(self) -> int:
        return max(self.items["energy"].scaled(1), 1)

    def identifiers(self) -> list[str]:
        """Return all identifiers that the file names."""
        more = [self.serial] if self.serial != "read address" else []
        if self.clock is not None:
            more += [self.clock.date, self.clock.time]
        if self.relay is not None:
            more.append(self.relay.state.identifier)
        if self.prepaid is not None:
            balances = (self.prepaid.remaining_energy, self.prepaid.remaining_amount)
            more += [self.prepaid.state, *(each.identifier for each in balances if each is not None)]
        return [*(each.identifier for each in self.items.values()), *more]


def _check_item(name: str, item: Item) -> None:
    known = VALUES.get(name)
    if known is None and name in set(Quantity):
        known = tuple(BASE_UNITS)
    if known is None:
        raise ValueError(f"items: {name!r} is not the name of a value; known: {', '.join([*VALUES, *Quantity])}")
    if item.unit not in known:
        units = " or ".join(repr(unit) for unit in known)
        raise ValueError(f"items.{name}: unit: {item.unit!r} is not {units}")

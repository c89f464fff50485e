"""The file of a model that speaks Modbus: where its values stand, and how its relay is moved and seen.

    protocol = "modbus"
    make = "Eastron"
    names = ["SDM120-Modbus"]
    source = "..."
    [registers]
    energy = { function = 4, address = 0x0048, type = "float32", unit = "kWh" }
    [[batches]]
    function = 4
    address = 0x0000
    count = 80

The names of registers are those of `VALUES` and of `kernel.quantities`; others are ratios, by which a value of the file is
multiplied (`times`). A ratio that has no register is set with the meter's address. Addresses are those on the wire, counted
from 0.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Annotated, Literal

from msgspec import Meta, Struct

from ...kernel.quantities import Quantity
from .model import BASE_UNITS, RATES, Decimals, Model, scaled

Address = Annotated[int, Meta(ge=0, le=0xFFFF)]
Word = Annotated[int, Meta(ge=0, le=0xFFFF)]
Count = Annotated[int, Meta(ge=1, le=125)]
Type = Literal["uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64"]
WordOrder = Literal["high first", "low first"]
"""Whether the register with the lower address has the upper 16 bits. Within a register the high byte is always first."""
Absent = Literal["FF..FF", "7F..FF", "80..00"]
"""What the bytes of a register hold in place of a value that the meter does not have: the first in types without a sign,
the others in types with one.
"""
ABSENT: dict[str, tuple[bool, int, int]] = {
    "FF..FF": (False, 0xFF, 0xFF), "7F..FF": (True, 0x7F, 0xFF), "80..00": (True, 0x80, 0x00),
}  # fmt: skip
"""For each `Absent`: whether the type has a sign, the first byte, and the other bytes."""

WIDTHS: dict[str, int] = {
    "uint16": 1, "int16": 1, "uint32": 2, "int32": 2, "uint64": 4, "int64": 4, "float32": 2, "float64": 4,
}  # fmt: skip
"""How many registers a type has."""

ENERGY_UNITS = ("Wh", "kWh", "MWh")
VALUES: dict[str, tuple[str, ...]] = {
    "energy": ENERGY_UNITS,
    "export": ENERGY_UNITS,
    "power": ("W", "kW"),
    "reactive-power": ("var", "kvar"),
    "serial": ("",),
    **dict.fromkeys(RATES.values(), ENERGY_UNITS),
}
"""The values of a meter beside the quantities, and their units. `energy`: the register that is billed. `rate-1` and so on:
its parts by rate.
"""
QUANTITY_UNITS: dict[str, tuple[str, ...]] = {
    "voltage": ("V", "mV"), "current": ("A", "mA"), "frequency": ("Hz",), "temperature": ("°C",), "power": ("",),
}  # fmt: skip
"""The units of a quantity, by the first word of its name (`power-factor`)."""


class Register(Struct, frozen=True, forbid_unknown_fields=True):
    """A value of one to four registers.

    `unit`, `scale`: the number in the register times `scale` is the value in `unit`. `word_order`: where it is not the
    model's. `times`: the names of the ratios by which the value is multiplied besides, such as a current transformer's.
    """

    address: Address
    type: Type
    unit: str = ""
    scale: Decimals = "1"
    function: Literal[3, 4] = 3
    word_order: WordOrder | None = None
    times: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """Return how many registers it has."""
        return WIDTHS[self.type]


class Batch(Struct, frozen=True, forbid_unknown_fields=True, order=True):
    """Registers that the meter gives in one answer: `count` from `address` on."""

    function: Literal[3, 4]
    address: Address
    count: Count

    def covers(self, register: Register) -> bool:
        """Return whether all of a value stands in this batch."""
        return (
            self.function == register.function
            and self.address <= register.address
            and register.address + register.width <= self.address + self.count
        )


class Order(Struct, frozen=True, forbid_unknown_fields=True):
    """A write that moves a relay. `function`: 5 sets a coil (`values`: 1 or 0), 6 writes one register, 16 registers at
    once.
    """

    address: Address
    values: Annotated[tuple[Word, ...], Meta(min_length=1, max_length=8)]
    function: Literal[5, 6, 16] = 16

    def __post_init__(self) -> None:
        if self.function != 16 and len(self.values) != 1:
            raise ValueError(f"values: function {self.function} writes one value")
        if self.function == 5 and self.values[0] > 1:
            raise ValueError("values: a coil is 1 or 0")


class RelayState(Struct, frozen=True, forbid_unknown_fields=True):
    """Where it can be read how a relay stands. `function`: 1 and 2 read bits, 3 and 4 registers. `closed`, `open`: what
    the bits in `mask` are then.
    """

    address: Address
    closed: Word = 1
    open: Word = 0
    mask: Word = 0xFFFF
    function: Literal[1, 2, 3, 4] = 3

    def __post_init__(self) -> None:
        if self.closed & self.mask == self.open & self.mask:
            raise ValueError("closed: it is the same as open")


class Relay(Struct, frozen=True, forbid_unknown_fields=True):
    """The relay of a meter, or of a module with several.

    `verify`: how it is seen that it has moved: by its `state`, by the `power` that flows, or by `nothing`. `button`: whether
    somebody has to press a button at the meter before it closes. `channels`: the relays of a module; the addresses are
    those of the first, each further one has the next address. The states of all are read at once, so that a late answer
    can't be taken for another channel's.
    """

    open: Order
    close: Order
    verify: Literal["state", "power", "nothing"]
    state: RelayState | None = None
    button: bool = False
    channels: Annotated[int, Meta(ge=1, le=64)] = 1

    def __post_init__(self) -> None:
        if self.verify == "state" and self.state is None:
            raise ValueError("state: it is missing, but verify wants it")
        if self.open == self.close:
            raise ValueError("close: it is the same as open")


class Prepaid(Struct, frozen=True, forbid_unknown_fields=True):
    """The meter has a prepaid mode of its own, and may open its relay by its own balance. `register`: where that can be
    seen; None: nowhere that is known. `off`: the number that stands there if the mode is off or can't take effect.
    """

    register: Register | None = None
    off: Decimals = "0"


class ModbusModel(Model, frozen=True, tag="modbus"):
    """A model of meter, or of relay module, that speaks Modbus.

    `energy_counts`: what the energy register counts. `import` is what is billed. A file has to say `total` where the meter
    has nothing else: such a register may count export as well. `absent`: what stands for "no value" in registers that are
    integers; in a float it is always "not a number".
    """

    registers: dict[str, Register] = {}
    word_order: WordOrder = "high first"
    energy_counts: Literal["import", "total"] = "import"
    absent: tuple[Absent, ...] = ()
    batches: tuple[Batch, ...] = ()
    relay: Relay | None = None
    prepaid: Prepaid | None = None

    def __post_init__(self) -> None:
        ratios = {ratio for register in self.registers.values() for ratio in register.times}
        for name, register in self.registers.items():
            _check_register(name, register, ratios)
        if "energy" not in self.registers and (self.registers or self.relay is None):
            raise ValueError("registers: energy is missing")
        if self.relay and self.relay.verify == "power" and self.registers and "power" not in self.registers:
            raise ValueError("relay: verify wants the power, but there is no such register")

    @property
    def is_looked_for(self) -> bool:
        return bool(self.registers)

    @property
    def can_switch(self) -> bool:
        return self.relay is not None

    @property
    def energy_step(self) -> int:
        energy = self.registers["energy"]
        return 1 if energy.type.startswith("float") else max(scaled(1, energy.scale, energy.unit), 1)

    @property
    def set_ratios(self) -> set[str]:
        """Return the names of the ratios that cannot be read, but have to be set for each meter."""
        return {ratio for register in self.registers.values() for ratio in register.times} - set(self.registers)

    def batches_of(self, names: Iterable[str]) -> list[Batch]:
        """Return the batches to be read for some values: one if there is one with all of them."""
        registers = [self.registers[name] for name in names]
        together = [each for each in self.batches if all(each.covers(register) for register in registers)]
        if together and registers:
            return [min(together, key=lambda batch: batch.count)]
        chosen: list[Batch] = []
        for register in sorted(registers, key=lambda register: (register.function, register.address)):
            if not any(batch.covers(register) for batch in chosen):
                chosen.append(self._batch(register))
        return chosen

    def _batch(self, register: Register) -> Batch:
        covering = [batch for batch in self.batches if batch.covers(register)]
        return min(covering, key=lambda batch: batch.count, default=alone(register))

    def all_batches(self) -> list[Batch]:
        """Return all questions that may be asked for values: the batches, and the values in none."""
        return sorted({*self.batches, *(self._batch(register) for register in self.registers.values())})

    def value(self, name: str, address: int, words: Sequence[int]) -> Fraction | None:
        """Return the number in the registers of a value, unscaled; None if the meter does not have it. `words`: registers
        from `address` on. Raises ValueError for an infinite one.
        """
        return decoded(self.registers[name], self.word_order, self.absent, address, words)


def decoded(
    register: Register, word_order: WordOrder, absent: Sequence[Absent], address: int, words: Sequence[int]
) -> Fraction | None:
    """Return what `ModbusModel.value` returns, for a register that has no name."""
    first = register.address - address
    own = words[first : first + register.width]
    if (register.word_order or word_order) == "low first":
        own = own[::-1]
    data = b"".join(word.to_bytes(2, "big") for word in own)
    if register.type.startswith("float"):
        return _decoded_float(data)
    signed = register.type.startswith("int")
    if data in _absent_values(absent, len(data), signed):
        return None
    return Fraction(int.from_bytes(data, "big", signed=signed))


def _decoded_float(data: bytes) -> Fraction | None:
    number = struct.unpack(">f" if len(data) == 4 else ">d", data)[0]
    if number != number:
        return None
    if number in (float("inf"), float("-inf")):
        raise ValueError("it is infinite")
    return Fraction(number)


def _absent_values(absent: Sequence[Absent], width: int, signed: bool) -> list[bytes]:
    """Return the values of so many bytes by which a meter says that it has none."""
    return [
        bytes([first]) + bytes([rest]) * (width - 1)
        for name, (of_signed, first, rest) in ABSENT.items()
        if name in absent and of_signed is signed
    ]


def alone(register: Register) -> Batch:
    """Return the batch that is only this value."""
    return Batch(register.function, register.address, register.width)


def _check_register(name: str, register: Register, ratios: set[str]) -> None:
    if name in ratios:
        return
    known = VALUES.get(name)
    if known is None and name in set(Quantity):
        known = QUANTITY_UNITS.get(name.split("-")[0], tuple(BASE_UNITS))
    if known is None:
        names = ", ".join([*VALUES, *Quantity])
        raise ValueError(
            f"registers: {name!r} is not the name of a value; known: {names}; or a ratio that is used by `times`"
        )
    if register.unit not in known:
        units = " or ".join(repr(unit) for unit in known)
        raise ValueError(f"registers.{name}: unit: {register.unit!r} is not {units}")

"""What the standard's data identifiers hold: sizes, decimals, units.

Sources: the format table of the package `dlt645` 3.2.0, two public firmware headers, published frames. A meter's file
says what is read of that model; this table is for played meters, and for people who look at a strange frame.
"""

from __future__ import annotations

from typing import NamedTuple

from ...edge.protocols.dlt645.bcd import from_bcd, is_absent, to_bcd
from ...edge.protocols.dlt645.codes import Edition


class Field(NamedTuple):
    """A number: `size` in bytes, in steps of 10**-`decimals` of `unit`. `signed`: the top bit is the sign."""

    size: int
    decimals: int
    unit: str
    signed: bool = False


class Reading(NamedTuple):
    """One number of an item. `raw`: in steps of 10**-`decimals` of `unit`; None: `problem` says why there is none."""

    label: str
    raw: int | None
    decimals: int
    unit: str
    problem: str = ""


class Item(NamedTuple):
    """What an identifier holds: one number, or a block of numbers of one form, named by `labels`."""

    name: str
    field: Field
    labels: tuple[str, ...] = ()

    def decode(self, data: bytes) -> list[Reading] | None:
        """Return the numbers in `data`; None if it has not the length of this item. A block may be shorter than all of
        its labels, in whole numbers: meters leave out the phases and rates that they have not.
        """
        size = self.field.size
        labels = self.labels or (self.name,)
        count, rest = divmod(len(data), size)
        if rest or not 1 <= count <= len(labels):
            return None
        return [self._number(label, data[at * size : (at + 1) * size]) for at, label in enumerate(labels[:count])]

    def _number(self, label: str, data: bytes) -> Reading:
        _, decimals, unit, signed = self.field
        if is_absent(data):
            return Reading(label, None, decimals, unit, "all FF: not supported by this meter")
        raw = from_bcd(data, signed)
        return Reading(label, raw, decimals, unit, "not BCD" if raw is None else "")

    def encode(self, numbers: list[int | None]) -> bytes:
        """Return the bytes of the numbers, in steps of the item's decimals; None becomes FF. Raises ValueError if one does
        not fit.
        """
        field = self.field
        return b"".join(
            b"\xff" * field.size if number is None else to_bcd(number, field.size, field.signed) for number in numbers
        )


BLOCK = 0xFF
"""In place of a phase or a rate: all of them."""
RATES = 63
"""The highest rate."""

_ENERGIES = {
    0x00: ("combined active energy", "kWh", True),
    0x01: ("forward active energy", "kWh", False),
    0x02: ("reverse active energy", "kWh", False),
    0x03: ("combined reactive energy 1", "kvarh", True),
    0x04: ("combined reactive energy 2", "kvarh", True),
    0x05: ("reactive energy, quadrant 1", "kvarh", False),
    0x06: ("reactive energy, quadrant 2", "kvarh", False),
    0x07: ("reactive energy, quadrant 3", "kvarh", False),
    0x08: ("reactive energy, quadrant 4", "kvarh", False),
    0x09: ("forward apparent energy", "kVAh", False),
    0x0A: ("reverse apparent energy", "kVAh", False),
}
_BALANCES = {
    0x00900100: Item("remaining energy", Field(4, 2, "kWh")),
    0x00900101: Item("overdrawn energy", Field(4, 2, "kWh")),
    0x00900200: Item("remaining amount", Field(4, 2, "CNY")),
    0x00900201: Item("overdrawn amount", Field(4, 2, "CNY")),
}
_MEASURED = {
    0x01: ("voltage", Field(2, 1, "V"), False),
    0x02: ("current", Field(3, 3, "A", signed=True), False),
    0x03: ("active power", Field(3, 4, "kW", signed=True), True),
    0x04: ("reactive power", Field(3, 4, "kvar", signed=True), True),
    0x05: ("apparent power", Field(3, 4, "kVA", signed=True), True),
    0x06: ("power factor", Field(2, 3, "", signed=True), True),
    0x07: ("phase angle", Field(2, 1, "°"), False),
}
"""By DI2 of 02xxxx00: name, form, whether a block begins with the total."""
_PHASES = ("A", "B", "C")
_SINGLE = {
    0x02800001: Item("neutral current", Field(3, 3, "A", signed=True)),
    0x02800002: Item("frequency", Field(2, 2, "Hz")),
    0x02800003: Item("mean active power of a minute", Field(3, 4, "kW", signed=True)),
    0x02800004: Item("active demand", Field(3, 4, "kW", signed=True)),
    0x02800005: Item("reactive demand", Field(3, 4, "kvar", signed=True)),
    0x02800006: Item("apparent demand", Field(3, 4, "kVA", signed=True)),
    0x02800007: Item("temperature", Field(2, 1, "°C", signed=True)),
    0x02800008: Item("clock battery voltage", Field(2, 2, "V")),
    0x03300D00: Item("cover opening count", Field(3, 0, ""), ("cover openings",)),
    0x04000409: Item("meter constant, active", Field(3, 0, "imp/kWh")),
    0x0400040A: Item("meter constant, reactive", Field(3, 0, "imp/kvarh")),
    0x1D000001: Item("trip count", Field(3, 0, ""), ("trips",)),
    0x1E000001: Item("close count", Field(3, 0, ""), ("closes",)),
}
_OLD_ENERGIES = {
    0x900: ("active energy (combined)", "kWh"),
    0x901: ("forward active energy", "kWh"),
    0x902: ("reverse active energy", "kWh"),
    0x911: ("forward reactive energy", "kvarh"),
    0x912: ("reverse reactive energy", "kvarh"),
}
_OLD_MEASURED = {
    0xB61: ("voltage", Field(2, 0, "V")),
    0xB62: ("current", Field(2, 2, "A")),
    0xB63: ("active power", Field(3, 4, "kW")),
    0xB64: ("reactive power", Field(2, 2, "kvar")),
    0xB65: ("power factor", Field(2, 3, "")),
}
_OLD_SINGLE = {
    0xC030: Item("meter constant, active", Field(3, 0, "imp/kWh")),
    0xC031: Item("meter constant, reactive", Field(3, 0, "imp/kvarh")),
}


def item(identifier: int, edition: Edition = Edition.OF_2007) -> Item | None:
    """Return what an identifier holds; None if it is not in the table, or holds no numbers (a clock, an address, a status
    word).
    """
    return _item_1997(identifier) if edition == Edition.OF_1997 else _item_2007(identifier)


def _item_2007(identifier: int) -> Item | None:
    known = _BALANCES.get(identifier) or _SINGLE.get(identifier)
    if known is not None:
        return known
    high, kind, part, last = identifier.to_bytes(4, "big")
    if high == 0x00 and kind in _ENERGIES:
        return _energy(kind, part, last)
    if high == 0x02 and kind in _MEASURED and last == 0:
        name, form, has_total = _MEASURED[kind]
        return _of_phases(name, form, part, has_total)
    return None


def _energy(kind: int, rate: int, day: int) -> Item | None:
    name, unit, signed = _ENERGIES[kind]
    field, back = Field(4, 2, unit, signed), f", settlement day {day} back" if day else ""
    if rate == BLOCK:
        labels = ("total", *(f"rate {each}" for each in range(1, RATES + 1)))
        return Item(f"{name}, block: total then rates{back}", field, labels)
    return Item(f"{name}, {f'rate {rate}' if rate else 'total'}{back}", field) if rate <= RATES else None


def _of_phases(name: str, field: Field, part: int, has_total: bool) -> Item | None:
    if part == BLOCK:
        return Item(f"{name}, block", field, ("total", *_PHASES) if has_total else _PHASES)
    if part <= len(_PHASES):
        return Item(f"{name}, phase {_PHASES[part - 1]}" if part else f"{name}, total", field)
    return None


def _item_1997(identifier: int) -> Item | None:
    kind, part = divmod(identifier, 0x10)
    if kind in _OLD_ENERGIES:
        name, unit = _OLD_ENERGIES[kind]
        if part == 0xF:
            labels = ("total", *(f"rate {rate}" for rate in range(1, 15)))
            return Item(f"{name}, block: total then rates", Field(4, 2, unit), labels)
        return Item(f"{name}, {f'rate {part}' if part else 'total'}", Field(4, 2, unit))
    if kind in _OLD_MEASURED:
        name, field = _OLD_MEASURED[kind]
        if part <= len(_PHASES):
            return Item(f"{name} {_PHASES[part - 1]}" if part else name, field)
        if part == 0xF:
            return Item(f"{name}, block", field, _PHASES)
    return _OLD_SINGLE.get(identifier)

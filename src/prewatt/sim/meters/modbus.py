"""Meters and relay modules that speak Modbus, played out of a model's file.

Registers that the model knows hold what the played meter measures; others in its batches hold zero, and all else is refused
as an illegal address, as real meters do. A write moves the relay only if it is one of the model's two orders.
"""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from fractions import Fraction

from ...edge.meters.modbus_model import ModbusModel, Order, Register, Relay
from ...edge.meters.model import BASE_UNITS, RATES, find_model_file, read_model
from ...edge.protocols.modbus_frames import REFUSED, FrameStream, Framing, Function, Rtu, Side, Tcp
from .plan import HousePlan, HungMeter, HungModule, LinePlan
from .played import PlayedMeter
from .protocol import PlayedProtocol

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, DEVICE_FAILURE = 1, 2, 3, 4
RELAYS = 8
"""Flats that one relay module switches."""
MODULE = 201
"""The address of the first relay module on a line."""
FED_IN_WH = 1_000
"""What the export register of a meter shows whose cover was opened: it was turned round for a while."""


class Refusal(Exception):
    """The question is refused, with the code `args[0]`."""


class Slave(ABC):
    """A unit of a bus: it answers the questions to it, and hears all others."""

    def __init__(self, unit: int, framing: Framing) -> None:
        self._unit, self._framing = unit, framing
        self._stream = FrameStream(framing, (Side.QUESTION, Side.ANSWER))

    def feed(self, received: bytes) -> list[bytes]:
        """Take up bytes from the line, and return the frames that the unit sends back."""
        return [
            self._framing.pack(self._unit, answer, frame.transaction)
            for frame in self._stream.feed(received)
            if frame.side is Side.QUESTION and frame.unit == self._unit
            if (answer := self._reply(frame.pdu)) is not None
        ]

    def _reply(self, pdu: bytes) -> bytes | None:
        try:
            return self.answer(pdu)
        except Refusal as refusal:
            return bytes([pdu[0] | REFUSED, refusal.args[0]])

    @abstractmethod
    def answer(self, pdu: bytes) -> bytes | None:
        """Return the answer to a question; None if the unit is silent. Raises Refusal."""

    def _read(self, pdu: bytes, words: Mapping[int, int]) -> bytes:
        """Return the answer to a question that reads. `words`: what can be read by its function, by address."""
        function, first, count = struct.unpack(">BHH", pdu)
        if not 1 <= count <= (125 if function > Function.READ_DISCRETE_INPUTS else 2000):
            raise Refusal(ILLEGAL_VALUE)
        try:
            values = [words[address] for address in range(first, first + count)]
        except KeyError:
            raise Refusal(ILLEGAL_ADDRESS) from None
        if function > Function.READ_DISCRETE_INPUTS:
            data = b"".join(value.to_bytes(2, "big") for value in values)
        else:
            bits = sum(1 << index for index, value in enumerate(values) if value)
            data = bits.to_bytes((count + 7) // 8, "little")
        return bytes([function, len(data)]) + data


class ModbusResponder(Slave):
    """A meter of a model. `serial` of the played meter is a number if the model has a register for it.

    `ratios`: the ratios by which the model multiplies; 1 if they are not named. `own_prepaid`: the meter's own prepaid mode is
    on.
    """

    def __init__(
        self,
        meter: PlayedMeter,
        model: ModbusModel,
        unit: int,
        framing: Framing,
        ratios: Mapping[str, Fraction] | None = None,
    ) -> None:
        super().__init__(unit, framing)
        self.meter, self.model = meter, model
        self.ratios = dict(ratios or {})
        self.own_prepaid = False
        if "serial" in model.registers and not meter.serial.isdecimal():
            raise ValueError(f"serial: {meter.serial!r} is no number, and such a meter has one")

    def answer(self, pdu: bytes) -> bytes | None:
        """Return the answer to a question."""
        if self.meter.faults.silent:
            return None
        if self.meter.faults.refuses:
            raise Refusal(DEVICE_FAILURE)
        function = pdu[0]
        if function in (Function.READ_HOLDING_REGISTERS, Function.READ_INPUT_REGISTERS):
            return self._read(pdu, self._words(function))
        if self.model.relay is None:
            raise Refusal(ILLEGAL_FUNCTION)
        if function in (Function.READ_COILS, Function.READ_DISCRETE_INPUTS):
            return self._read(pdu, relay_words(self.model.relay, function, [self.meter.is_closed()]))
        return move_relay(self.model.relay, pdu, [self.meter])

    def _words(self, function: int) -> dict[int, int]:
        """Return the registers that a function reads, by address."""
        words = {
            address: 0
            for batch in self.model.all_batches()
            if batch.function == function
            for address in range(batch.address, batch.address + batch.count)
        }
        for name, register in self.model.registers.items():
            if register.function == function:
                words |= self._encoded(register, self._number(name, register))
        prepaid = self.model.prepaid
        if prepaid and prepaid.register and prepaid.register.function == function:
            words |= self._encoded(prepaid.register, Fraction(prepaid.off) + self.own_prepaid)
        if self.model.relay:
            words |= relay_words(self.model.relay, function, [self.meter.is_closed()])
        return words

    def _number(self, name: str, register: Register) -> Fraction:
        """Return what stands in a register: the value by the model's unit and scale."""
        if name == "serial":
            return Fraction(self.meter.serial)
        if name not in self._values():
            return self.ratios.get(name, Fraction(1)) / Fraction(register.scale)
        number = Fraction(self._values()[name]) / BASE_UNITS[register.unit] / Fraction(register.scale)
        for ratio in register.times:
            number /= self.ratios.get(ratio, Fraction(1))
        return number

    def _values(self) -> dict[str, int]:
        """Return what the meter measures, by the names of the model."""
        meter = self.meter
        phases = [phase for phase in (1, 2, 3) if f"voltage-l{phase}" in self.model.registers] or [1]
        return {
            "energy": meter.register(),
            # All is used at the first rate.
            **{name: meter.register() if number == 1 else 0 for number, name in RATES.items()},
            "export": FED_IN_WH if meter.faults.tampered else 0,
            "power": meter.power(),
            "reactive-power": 0,
            "power-factor": 1000,
            "frequency": meter.frequency,
            **{f"voltage-l{phase}": meter.voltage for phase in phases},
            **{f"current-l{phase}": meter.current() // len(phases) for phase in phases},
        }

    def _encoded(self, register: Register, number: Fraction) -> dict[int, int]:
        """Return the words of a value, by address. An integer register shows what is full, as counters do."""
        size = 2 * register.width
        if register.type.startswith("float"):
            data = struct.pack(">f" if size == 4 else ">d", float(number))
        else:
            signed = register.type.startswith("int")
            data = (number.numerator // number.denominator).to_bytes(size, "big", signed=signed)
        words = [int.from_bytes(data[at : at + 2], "big") for at in range(0, size, 2)]
        if (register.word_order or self.model.word_order) == "low first":
            words.reverse()
        return {register.address + index: word for index, word in enumerate(words)}


class RelayModule(Slave):
    """A module of relays. Each relay supplies the flat of the meter at its place in `meters`. `inverted`: by its rest
    contact. `silent`: the module does not answer.
    """

    def __init__(
        self, meters: Sequence[PlayedMeter], model: ModbusModel, unit: int, framing: Framing, inverted: bool = False
    ) -> None:
        super().__init__(unit, framing)
        if model.relay is None or len(meters) > model.relay.channels:
            raise ValueError(f"model: {model.names[0]} has no {len(meters)} relays")
        self.meters, self.relay, self.inverted = meters, model.relay, inverted
        self.silent = False

    def answer(self, pdu: bytes) -> bytes | None:
        """Return the answer to a question."""
        if self.silent:
            return None
        if pdu[0] > Function.READ_INPUT_REGISTERS:
            return move_relay(self.relay, pdu, self.meters, self.inverted)
        closed = [meter.is_closed() is not self.inverted for meter in self.meters]
        return self._read(pdu, relay_words(self.relay, pdu[0], closed))


def relay_words(relay: Relay, function: int, closed: Sequence[bool]) -> dict[int, int]:
    """Return the states of relays as a function reads them, by address. Channels beyond `closed` are open."""
    state = relay.state
    if state is None or state.function != function:
        return {}
    return {
        state.address + channel: state.closed if channel < len(closed) and closed[channel] else state.open
        for channel in range(relay.channels)
    }


def move_relay(relay: Relay, pdu: bytes, meters: Sequence[PlayedMeter], inverted: bool = False) -> bytes:
    """Do what a write orders, and return its confirmation. Raises Refusal."""
    function, address = pdu[0], int.from_bytes(pdu[1:3], "big")
    for order, closed in ((relay.open, False), (relay.close, True)):
        channel = address - order.address
        if 0 <= channel < len(meters) and function == order.function and _values(pdu) == _sent(order):
            meters[channel].order(closed is not inverted)
            return pdu[:5]
    addresses = [order.address + channel for order in (relay.open, relay.close) for channel in range(len(meters))]
    if address not in addresses:
        raise Refusal(ILLEGAL_ADDRESS)
    raise Refusal(ILLEGAL_VALUE if function in (relay.open.function, relay.close.function) else ILLEGAL_FUNCTION)


def _values(pdu: bytes) -> bytes:
    """Return the values that a write has."""
    return pdu[6:] if pdu[0] in (Function.WRITE_REGISTERS, Function.WRITE_COILS) else pdu[3:5]


def _sent(order: Order) -> bytes:
    """Return the values of an order as they are sent."""
    if order.function == 5:
        return b"\xff\x00" if order.values[0] else b"\x00\x00"
    return b"".join(value.to_bytes(2, "big") for value in order.values)


def _packing(line: LinePlan) -> Framing:
    return Tcp() if line.framing == "tcp" else Rtu()


def _model(name: str) -> ModbusModel:
    return read_model(find_model_file(name), ModbusModel)


def _meter(meter: PlayedMeter, hung: HungMeter, line: LinePlan, plan: HousePlan) -> ModbusResponder:  # noqa: ARG001
    return ModbusResponder(meter, _model(hung.model), int(hung.address), _packing(line))


def _module(meters: Sequence[PlayedMeter], module: HungModule, line: LinePlan) -> RelayModule:
    return RelayModule(meters, _model(module.model), module.address, _packing(line))


def _wire(serials: Sequence[str], recordings: Mapping[str, str]) -> LinePlan:
    """Return meters without a relay, and relay modules beside them: two devices a flat."""
    meters = tuple(HungMeter(recordings[each], each, "eastron-sdm120", str(n)) for n, each in enumerate(serials, 1))
    modules = tuple(
        HungModule("relay-module-coils", MODULE + n, tuple(serials[first : first + RELAYS]))
        for n, first in enumerate(range(0, len(serials), RELAYS))
    )
    return LinePlan("riser", "tcp", meters, modules)


PLAYED = PlayedProtocol(_meter, _wire, _module)

"""The COSEM objects of a played meter: what can be got, set and done there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from ...edge.meters.dlms_model import DlmsModel
from ...edge.protocols.dlms.axdr import Data, Type, obis
from ...edge.protocols.dlms.axdr import number as number_of
from ...edge.protocols.dlms.datetimes import NOT_GIVEN, Deviation, decode_instant, encode_instant
from ...edge.protocols.dlms.names import (
    ASSOCIATION_LN,
    CLOCK,
    DATA,
    DISCONNECT_CONTROL,
    LOGICAL_DEVICE_NAME,
    REGISTER,
    REGISTER_MONITOR,
    Attribute,
)
from ...edge.protocols.errors import WrongAnswer
from .played import PlayedMeter

SUCCESS, TEMPORARY_FAILURE, DENIED, UNDEFINED, TYPE_UNMATCHED = 0, 2, 3, 4, 12
OBJECT_LIST = Attribute(ASSOCIATION_LN, obis("0-0:40.0.0*255"), 2)
MAKER = b"PLY"
_WATCHES_NOTHING = Data(
    Type.STRUCTURE, (Data(Type.LONG_UNSIGNED, 0), Data(Type.OCTET_STRING, bytes(6)), Data(Type.INTEGER, 0))
)
_EPOCH = bytes.fromhex("07B2010104000000FF")


@dataclass
class Habits:
    """What differs between meters of one model. `control_mode`: of the disconnect control. `energy_scaler`: the power of ten
    of the Wh in which energy is counted. `deviation`: minutes from local time to UTC; None: the clock does not give it.
    `pdu_size`: the longest APDU that it sends; longer values go in blocks. `information`: the longest information field.
    `holds_broken`: it takes no association while it holds one that was not closed. `inactivity`: µs after which it ends one.
    """

    control_mode: int = 2
    energy_scaler: int = 0
    deviation: int | None = -60
    pdu_size: int = 512
    information: int = 128
    holds_broken: bool = False
    inactivity: int = 120_000_000


class _Register(NamedTuple):
    """A register object. `read` returns its value before `scaler`, the power of ten; `unit` is its number in the standard."""

    read: Callable[[], int]
    kind: Type
    scaler: int
    unit: int

    def get(self, number: int) -> Data | int:
        """Return the attribute of this number, or the data access result that says why there is none."""
        if number == 3:
            return Data(Type.STRUCTURE, (Data(Type.INTEGER, self.scaler), Data(Type.ENUM, self.unit)))
        return Data(self.kind, self.read()) if number == 2 else UNDEFINED


class CosemObjects:
    """The objects of one meter, by its model's file. Methods return the data access or action result where they fail."""

    def __init__(self, meter: PlayedMeter, model: DlmsModel, habits: Habits) -> None:
        self._meter, self._model, self._habits = meter, model, habits
        self.counter = 0
        """The client's highest invocation counter so far."""
        energy = habits.energy_scaler
        registers: dict[str, _Register] = {
            model.energy: _Register(lambda: meter.register() // 10**energy, Type.DOUBLE_LONG_UNSIGNED, energy, 30),
            model.power: _Register(meter.power, Type.DOUBLE_LONG_UNSIGNED, 0, 27),
            model.power_export: _Register(lambda: 0, Type.DOUBLE_LONG_UNSIGNED, 0, 27),
            model.reactive: _Register(lambda: 0, Type.DOUBLE_LONG, 0, 29),
        }
        for number, rate in enumerate(model.rates):
            # All is used at the first rate.
            read = registers[model.energy].read if number == 0 else lambda: 0
            registers[rate] = _Register(read, Type.DOUBLE_LONG_UNSIGNED, energy, 30)
        for quantity, name in model.quantities.items():
            match quantity.split("-")[0]:
                case "voltage":
                    registers[name] = _Register(lambda: meter.voltage // 100, Type.LONG_UNSIGNED, -1, 35)
                case "current" | "neutral":
                    registers[name] = _Register(lambda: meter.current() // 10, Type.LONG_UNSIGNED, -2, 33)
                case "frequency":
                    registers[name] = _Register(lambda: meter.frequency // 10, Type.LONG_UNSIGNED, -2, 44)
        self._monitor = {2: Data(Type.ARRAY, ()), 3: _WATCHES_NOTHING, 4: Data(Type.ARRAY, ())}
        self._registers = {obis(name): register for name, register in registers.items() if name}

    def get(self, attribute: Attribute) -> Data | int:
        """Return the value of an attribute, or the data access result that says why there is none."""
        register = self._registers.get(attribute.name)
        if attribute.class_id == REGISTER and register is not None:
            return register.get(attribute.number)
        if attribute.class_id == DISCONNECT_CONTROL and self._is(attribute, self._model.disconnect):
            return self._switch(attribute.number)
        if attribute == OBJECT_LIST:
            return self._object_list()
        if self._is_monitor(attribute):
            return self._monitor.get(attribute.number, UNDEFINED)
        return self._value(attribute) if attribute.number == 2 else UNDEFINED

    def _value(self, attribute: Attribute) -> Data | int:
        """Return the value (attribute 2) of an object that is no register and no switch."""
        if attribute.class_id == CLOCK and self._model.clock and self._is(attribute, self._model.clock.obis):
            return Data(Type.OCTET_STRING, encode_instant(self._meter.now(), self._clock_form(), self._deviation()))
        if attribute.class_id == DATA and self._is(attribute, self._model.serial):
            return Data(Type.OCTET_STRING, self._meter.serial.encode(self._model.text))
        if attribute == LOGICAL_DEVICE_NAME:
            return Data(Type.OCTET_STRING, MAKER + self._meter.serial.encode(self._model.text))
        if attribute.class_id == DATA and self._is(attribute, self._model.counter):
            return Data(Type.DOUBLE_LONG_UNSIGNED, self.counter)
        return UNDEFINED

    def set(self, attribute: Attribute, value: Data) -> int:
        """Set an attribute. Returns the data access result."""
        if self._is_monitor(attribute):
            return self._set_monitor(attribute.number, value)
        if not (self._model.clock and attribute.class_id == CLOCK and attribute.number == 2):
            return DENIED
        if not self._is(attribute, self._model.clock.obis):
            return UNDEFINED
        try:
            self._meter.set_clock(decode_instant(value.octets, self._deviation()))
        except WrongAnswer:
            return TYPE_UNMATCHED
        return SUCCESS

    def _is_monitor(self, attribute: Attribute) -> bool:
        monitor = self._model.monitor
        return monitor is not None and attribute[:2] == (REGISTER_MONITOR, obis(monitor.obis))

    def _set_monitor(self, number: int, value: Data) -> int:
        """Set an attribute of the register monitor. It opens the switch if it watches the energy and its script is that."""
        if number not in self._monitor or value.type is not self._monitor[number].type:
            return TYPE_UNMATCHED
        self._monitor[number] = value
        monitor, thresholds = self._model.monitor, self._monitor[2].elements
        watches = len(self._monitor[3].elements) == 3 and self._monitor[3].elements[1].value == obis(self._model.energy)
        scripts = [action.elements[0].elements[0].value for action in self._monitor[4].elements]
        is_armed = bool(thresholds and watches and monitor and scripts == [obis(monitor.script_table)])
        threshold = number_of(thresholds[0]) if is_armed else None
        self._meter.open_at(None if threshold is None else int(threshold) * 10**self._habits.energy_scaler)
        return SUCCESS

    def act(self, method: Attribute) -> int:
        """Do a method of the disconnect control. Returns the action result."""
        if method.class_id != DISCONNECT_CONTROL or not self._is(method, self._model.disconnect):
            return UNDEFINED
        if method.number not in (1, 2):
            return DENIED
        closed, at_once = method.number == 2, self._mode() in (2, 4)
        if closed and at_once and self._meter.waits_for_button:
            # From "ready for reconnection" only the button closes, or a disconnection before it.
            return TEMPORARY_FAILURE
        self._meter.order(closed, at_once)
        return SUCCESS

    def _is(self, attribute: Attribute, name: str) -> bool:
        return bool(name) and attribute.name == obis(name)

    def _mode(self) -> int:
        return 1 if self._meter.faults.button else self._habits.control_mode

    def _switch(self, number: int) -> Data | int:
        closed, waits = self._meter.is_closed(), self._meter.waits_for_button
        match number:
            case 2:
                return Data(Type.BOOLEAN, closed)
            case 3:
                return Data(Type.ENUM, 1 if closed else 2 if waits else 0)
            case 4:
                return Data(Type.ENUM, self._mode())
        return UNDEFINED

    def _deviation(self) -> Deviation:
        return Deviation(if_not_given=0)

    def _clock_form(self) -> bytes:
        deviation = NOT_GIVEN if self._habits.deviation is None else self._habits.deviation
        return _EPOCH + deviation.to_bytes(2, signed=True) + b"\0"

    def _object_list(self) -> Data:
        """Return class, version and logical name of all registers: a value that is longer than an APDU."""
        return Data(
            Type.ARRAY,
            tuple(
                Data(
                    Type.STRUCTURE,
                    (Data(Type.LONG_UNSIGNED, REGISTER), Data(Type.UNSIGNED, 0), Data(Type.OCTET_STRING, name)),
                )
                for name in self._registers
            ),
        )

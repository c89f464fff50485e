"""What is asked of one meter that speaks Modbus, and of its relay.

A value counts only if its model's file can be right about this meter: before the first reading the voltage and the
frequency must be such as mains have. A wrong order of words, a wrong map or another variant under the same name shows there,
and nothing is billed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from ....kernel.quantities import Quantity
from ...drivers.interface import Identity, Power
from ...meters.modbus_model import Batch, ModbusModel, Prepaid, alone, decoded
from ...meters.model import RATES, scaled
from ...protocols.conversation import Conversation
from ...protocols.errors import NoAnswer, ProtocolError, Refused, Unsupported, WaitsForButton, WrongAnswer
from ...protocols.modbus_frames import Framing
from ...protocols.modbus_unit import Read, Unit
from .relay import RelayAt, Relays

MAINS_MV = (80_000, 280_000)
"""The lowest and the highest voltage of a phase that is believed, mV."""
MAINS_MHZ = (45_000, 65_000)
LOOKS = 5
"""How often a relay is looked at after it was told to move: some meters show it a little later."""
POWER_LOOKS = 20
"""How often the power is looked at in its place: meters measure it again about once a second."""
FLOWS_W = 10
"""Power above this flows through a closed relay; below it may be a meter's own error."""
EXPORT_WH = 100
"""Energy that may seem to flow out of a flat, by rounding and capacitors, before it is reported."""


class ModbusMeter:
    """The conversations with one meter; their meaning is said in `drivers.interface.MeterDriver`.

    `relay`: a relay outside of the meter, which is used instead of one that its model has. `ratios`: those of the model
    that cannot be read from the meter. Raises ValueError for settings that are impossible.
    """

    def __init__(
        self,
        model: ModbusModel,
        unit: int,
        framing: Framing,
        relay: RelayAt | None = None,
        ratios: Mapping[str, Fraction] | None = None,
    ) -> None:
        if "energy" not in model.registers:
            raise ValueError("model: it has no energy register; a relay module is set as the relay of a meter")
        self._model = model
        self._unit = Unit(framing, unit)
        self._relay = relay or (RelayAt(Relays(model.relay, self._unit, lambda: 0)) if model.relay else None)
        if self._relay and not 1 <= self._relay.channel <= self._relay.relay.channels:
            raise ValueError(f"relay_channel: the module has channels 1 to {self._relay.relay.channels}")
        self._ratios = dict(ratios or {})
        for name in model.set_ratios:
            if self._ratios.get(name, 0) <= 0:
                raise ValueError(f"ratios.{name}: it is missing; the meter shows it on its display")
        self._is_plausible = False
        self._first_export: int | None = None
        self._export: int | None = None

    def identify(self) -> Conversation[Identity]:
        """Return what the meter says of itself, once its voltage and frequency were seen to be those of mains."""
        yield from self._probe()
        serial = ""
        if "serial" in self._model.registers:
            number = (yield from self._read(["serial"]))["serial"]
            serial = "" if number is None else str(number)
        return Identity(serial, self._model.make, self._model.names[0], self._model.register_end)

    def read_register(self) -> Conversation[int]:
        """Return the energy register, Wh."""
        if not self._is_plausible:
            yield from self._probe()
        names = ["energy"]
        if "export" in self._model.registers and len(self._model.batches_of(["energy", "export"])) == 1:
            names.append("export")
        values = yield from self._read(names)
        energy = values["energy"]
        if energy is None:
            raise WrongAnswer("it has no value for its energy")
        if energy < 0:
            raise WrongAnswer(f"its energy is negative ({energy} Wh)")
        self._see_export(values.get("export"))
        return energy

    def read_rates(self) -> Conversation[Mapping[int, int]]:
        """Return the energies by rate."""
        values = yield from self._read(self._there(*RATES.values()), optional=True)
        return {number: energy for number, name in RATES.items() if (energy := values.get(name)) is not None}

    def read_power(self) -> Conversation[Power | None]:
        """Return the power."""
        values = yield from self._read(self._there("power", "reactive-power"), optional=True)
        active = values.get("power")
        return None if active is None else Power(active, values.get("reactive-power"))

    def read_quantities(self) -> Conversation[Mapping[Quantity, int]]:
        """Return the other quantities. What the meter refuses to tell is left out."""
        values = yield from self._read(self._there(*Quantity), optional=True)
        return {Quantity(name): value for name, value in values.items() if value is not None}

    def read_tampered(self) -> Conversation[bool]:
        """Return whether energy has flowed out of the flat since the gateway was started: the meter is connected the wrong
        way round, or somebody feeds in.
        """
        if self._export is None and "export" in self._model.registers:
            self._see_export((yield from self._read(["export"], optional=True)).get("export"))
        export, self._export = self._export, None
        return export is not None and export - (self._first_export or 0) >= EXPORT_WH

    def read_clock(self) -> Conversation[int]:
        """Raise Unsupported: no clock is read by Modbus."""
        raise Unsupported("no clock of such meters is known")
        yield

    def set_clock(self, at: int) -> Conversation[None]:  # noqa: ARG002
        """Raise Unsupported: no clock is set by Modbus."""
        raise Unsupported("no clock of such meters is known")
        yield

    def read_allowance(self) -> Conversation[int | None]:
        """Raise Unsupported: such a meter never opens its relay by itself."""
        raise Unsupported("it has no balance or limit that prewatt can set")
        yield

    def set_allowance(self, energy: int | None) -> Conversation[None]:  # noqa: ARG002
        """Raise Unsupported: such a meter never opens its relay by itself."""
        raise Unsupported("it has no balance or limit that prewatt can set")
        yield

    def rest(self) -> Conversation[None]:
        """Return: no link is held."""
        return
        yield

    def read_own_prepaid(self) -> Conversation[str | None]:
        """Return how a prepaid mode of the meter's own is switched off, if it is on; empty if it is not, None if it may be and
        can't be seen.
        """
        prepaid: Prepaid | None = self._model.prepaid
        if prepaid is None:
            return ""
        if prepaid.register is None:
            return None
        register, batch = prepaid.register, alone(prepaid.register)
        words = yield from self._unit.read(_question(batch))
        try:
            number = decoded(register, self._model.word_order, self._model.absent, batch.address, words)
        except ValueError as error:
            raise WrongAnswer(f"prepaid mode: {error}") from None
        if number is None:
            return None
        return "" if number == Fraction(prepaid.off) else "switch it off at the meter, as its model's file says"

    def read_switch(self) -> Conversation[bool | None]:
        """Return whether the relay is closed; None if it can't be seen. A module that does not answer does not hold up the
        reading of the meter: its state is unknown then, and an order to it fails.
        """
        at = self._relay
        if at is None:
            return None
        if at.relay.state is not None:
            try:
                return (yield from at.is_closed(at.relay.state))
            except NoAnswer:
                if at.unit is self._unit:
                    raise
                return None
        if at.relay.verify == "power" and (yield from self._power_flows()):
            return True
        return None

    def set_switch(self, closed: bool) -> Conversation[None]:
        """Tell the relay to move, and see that it has. Raises WaitsForButton if its button must be pressed now,
        ProtocolError if it has not moved.
        """
        at = self._relay
        if at is None:
            raise Unsupported("its model's file names no relay")
        try:
            yield from at.order(closed)
        except NoAnswer as unanswered:
            # The order may have arrived, and its confirmation be lost: what is seen decides.
            if at.relay.verify != "state" or not (yield from self._has_moved(at, closed)):
                raise unanswered
            return
        if (yield from self._has_moved(at, closed)):
            return
        if closed and at.relay.button:
            raise WaitsForButton("it closes when its button is pressed")
        raise ProtocolError(f"confirmed, but it still stands {'open' if closed else 'closed'}")

    def _has_moved(self, at: RelayAt, closed: bool) -> Conversation[bool]:
        """Return whether the relay is seen to stand as it was told; True if its model says that it can't be seen."""
        if at.relay.verify == "state" and at.relay.state is not None:
            for _ in range(LOOKS):
                if (yield from at.is_closed_now(at.relay.state)) is closed:
                    return True
            return False
        if at.relay.verify == "power" and not closed:
            for _ in range(POWER_LOOKS):
                if not (yield from self._power_flows()):
                    return True
            return False
        return True

    def _power_flows(self) -> Conversation[bool]:
        power = yield from self.read_power()
        return power is not None and abs(power.active) > FLOWS_W

    def _probe(self) -> Conversation[None]:
        """Raise WrongAnswer unless voltage and frequency are those of mains."""
        phases = [Quantity(f"voltage-l{phase}") for phase in (1, 2, 3)]
        names = self._there(*phases, Quantity.FREQUENCY)
        if not names:
            return
        values = yield from self._read(names)
        voltages = [voltage for phase in phases if (voltage := values.get(phase)) is not None]
        frequency = values.get(Quantity.FREQUENCY)
        if not any(voltages) and not frequency and (yield from self.read_switch()) is False:
            # It has no voltage while its relay is open: it is behind the relay, and nothing can be said of its map.
            return
        if self._there(*phases):
            _check_voltages(voltages)
        if frequency is not None:
            _check_frequency(frequency)
        self._is_plausible = True

    def _see_export(self, export: int | None) -> None:
        if export is not None:
            self._export = export
            self._first_export = export if self._first_export is None else min(self._first_export, export)

    def _there(self, *names: str) -> list[str]:
        return [name for name in names if name in self._model.registers]

    def _read(self, names: Iterable[str], optional: bool = False) -> Conversation[dict[str, int | None]]:
        """Return values in prewatt's units; None for what the meter does not have. `optional`: what it refuses to tell is
        left out.
        """
        names = list(names)
        registers = self._model.registers
        ratios = self._there(*dict.fromkeys(ratio for name in names for ratio in registers[name].times))
        numbers: dict[str, Fraction | None] = {}
        for batch in self._model.batches_of([*names, *ratios]):
            try:
                words = yield from self._unit.read(_question(batch))
            except Refused:
                if not optional:
                    raise
                continue
            numbers |= self._numbers([*names, *ratios], batch, words)
        return {name: self._in_units(name, numbers) for name in names if name in numbers}

    def _numbers(self, names: Iterable[str], batch: Batch, words: tuple[int, ...]) -> dict[str, Fraction | None]:
        numbers = {}
        for name in names:
            if batch.covers(self._model.registers[name]):
                try:
                    numbers[name] = self._model.value(name, batch.address, words)
                except ValueError as error:
                    raise WrongAnswer(f"{name}: {error}") from None
        return numbers

    def _in_units(self, name: str, numbers: Mapping[str, Fraction | None]) -> int | None:
        register, number = self._model.registers[name], numbers[name]
        if number is None:
            return None
        for ratio in register.times:
            factor = numbers.get(ratio, self._ratios.get(ratio))
            if not factor or factor < 0:
                raise WrongAnswer(f"{ratio}: it has no value, so {name} is unknown")
            number *= factor * Fraction(self._model.registers[ratio].scale if ratio in numbers else 1)
        if name == "serial":
            return int(number)
        return scaled(number, register.scale, register.unit)


def _are_of_mains(voltages: Sequence[int]) -> bool:
    """Return whether some phase has the voltage (mV) of mains, and none has more."""
    lowest, highest = MAINS_MV
    return any(lowest <= voltage for voltage in voltages) and all(voltage <= highest for voltage in voltages)


def _check_voltages(voltages: Sequence[int]) -> None:
    if not _are_of_mains(voltages):
        raise _other_model(", ".join(f"{voltage / 1000:.1f} V" for voltage in voltages) or "no voltage")


def _check_frequency(frequency: int) -> None:
    if not MAINS_MHZ[0] <= frequency <= MAINS_MHZ[1]:
        raise _other_model(f"{frequency / 1000:.1f} Hz")


def _other_model(shown: str) -> WrongAnswer:
    return WrongAnswer(f"it reports {shown}: its model's file is not that of this meter, and nothing is billed")


def _question(batch: Batch) -> Read:
    return Read(batch.function, batch.address, batch.count)

"""One flat behind several meters, such as one a phase: to the agent they are one meter.

The law of a joined meter:
- Its register is the sum of its parts' registers, and is told only when all of them were read, one after the other. A part
  that is silent makes the whole silent: nobody is cut off, and no sum is made up.
- No register of a part is kept here. A part that is reset makes the sum fall, which the account doubts as it doubts any
  register that falls.
- Its serial number is made of those of its parts, in their order: `111+222+333`. When a part is exchanged, another serial
  number answers, and the exchange of the whole is entered at the server as that of any meter.
- Its switch is closed when all parts are closed, and open when all are open. If they differ, it stands otherwise than it was
  told, so that the order is given again. Each part sees to it that its own switch has moved.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from ...kernel.quantities import Quantity
from ..drivers.interface import JOINED_BY, DriverError, Identity, NotSupported, Power, PressButton
from .meter_on_bus import MeterOnBus

T = TypeVar("T")

PHASES = 3
OF_A_PHASE = (
    (Quantity.VOLTAGE_L1, Quantity.VOLTAGE_L2, Quantity.VOLTAGE_L3),
    (Quantity.CURRENT_L1, Quantity.CURRENT_L2, Quantity.CURRENT_L3),
)
HIGHEST = (Quantity.NEUTRAL_CURRENT, Quantity.RESIDUAL_CURRENT, Quantity.TEMPERATURE, Quantity.ARC)
"""Quantities of which the highest of all parts is told: a limit is exceeded if any part exceeds it."""


class JoinedMeter:
    """Several meters on buses as one. What the methods return is said in `drivers.interface.MeterDriver`."""

    def __init__(self, name: str, parts: Sequence[MeterOnBus]) -> None:
        self.name, self.parts = name, tuple(parts)
        buses = {id(part.bus): part.bus for part in parts}
        # Parts on several buses are read in a thread of their own, so that no bus waits for another one.
        self.bus: object = parts[0].bus if len(buses) == 1 else self
        self._last_order: bool | None = None

    @contextlib.contextmanager
    def _naming(self, part: MeterOnBus) -> Iterator[None]:
        """Name the part in an error of the whole."""
        try:
            yield
        except DriverError as error:
            raise type(error)(self.name, error.operation, f"part {part.name}: {error.cause}") from error

    def _each(self, read: Callable[[MeterOnBus], T]) -> list[T]:
        values = []
        for part in self.parts:
            with self._naming(part):
                values.append(read(part))
        return values

    def identify(self) -> Identity:
        """Return the serial numbers of all parts as one. A part that can't tell its number leaves its place empty."""
        identities = self._each(MeterOnBus.identify)
        serials = [each.serial for each in identities]
        first = identities[0]
        # The sum never rolls over: a part that does makes it fall.
        return Identity(JOINED_BY.join(serials) if any(serials) else "", first.manufacturer, first.model)

    def read_register(self) -> int:
        """Return the sum of the parts' registers, Wh. Raises DriverError if one of them can't be read."""
        return sum(self._each(MeterOnBus.read_register))

    def read_switch(self) -> bool | None:
        """Return whether all parts that can tell are closed; None if none can tell. Where they differ, return the
        opposite of what they were told, so that the order is given again. After a start nobody knows what they were
        told: the answer is open now, and closed the next time.
        """
        seen = {closed for closed in self._each(MeterOnBus.read_switch) if closed is not None}
        if len(seen) < 2:
            return next(iter(seen), None)
        if self._last_order is None:
            self._last_order = False
            return False
        return not self._last_order

    def read_power(self) -> Power | None:
        """Return the sum of the parts' power; None if one of them can't tell its own. Raises DriverError."""
        powers = [power for power in self._each(MeterOnBus.read_power) if power is not None]
        if len(powers) < len(self.parts):
            return None
        reactive = [power.reactive for power in powers if power.reactive is not None]
        return Power(sum(power.active for power in powers), sum(reactive) if len(reactive) == len(powers) else None)

    def read_quantities(self) -> Mapping[Quantity, int]:
        """Return what the parts measure: if each has one phase, the first part's as L1, the second's as L2; the highest
        value of the quantities in `HIGHEST`; the frequency of the first that tells it. Raises DriverError.
        """
        values = self._each(MeterOnBus.read_quantities)
        quantities = {each: max(of) for each in HIGHEST if (of := _all(each, values))}
        frequencies = _all(Quantity.FREQUENCY, values)
        if frequencies:
            quantities[Quantity.FREQUENCY] = frequencies[0]
        return {**quantities, **_by_phase(values)}

    def read_tampered(self) -> bool:
        """Return whether any part reports that it was tampered with. Raises DriverError."""
        return any(self._each(MeterOnBus.read_tampered))

    def read_keypad(self) -> str | None:
        """Return None: keypads are meters of their own kind."""
        return None

    def show(self, text: str) -> None:  # noqa: ARG002
        """Raise NotSupported: such meters show only their own values."""
        raise NotSupported(self.name, "show", "its parts show only their own values")

    def set_switch(self, closed: bool) -> None:
        """Move the switches of all parts. A part without a switch hangs behind the switch of another part. All are
        told, also after one has failed. Raises the error of the first that failed; PressButton only if nothing else
        failed, NotSupported if no part has a switch.
        """
        self._last_order = closed
        failed, without = [], []
        for part in self.parts:
            try:
                with self._naming(part):
                    part.set_switch(closed)
            except NotSupported as error:
                without.append(error)
            except DriverError as error:
                failed.append(error)
        if failed:
            raise min(failed, key=lambda error: isinstance(error, PressButton))
        if len(without) == len(self.parts):
            raise without[0]

    def read_clock(self) -> int:
        """Return the clock of the first part, µs since 1970. Raises DriverError."""
        with self._naming(self.parts[0]):
            return self.parts[0].read_clock()

    def set_clock(self, at: int) -> None:
        """Set the clocks of all parts, µs since 1970. Raises the error of the first part that refuses."""
        self._each(lambda part: part.set_clock(at))

    def read_own_prepaid(self) -> str | None:
        """Return how each prepaid mode that is on is switched off, with the name of its part; empty if none is on. None
        if one may be on and cannot be seen.
        """
        states = self._each(lambda part: (part.name, part.read_own_prepaid()))
        on = [f"part {name}: {off}" for name, off in states if off]
        if not on and any(off is None for _, off in states):
            return None
        return "; ".join(on)

    def read_allowance(self) -> int | None:
        """Raise NotSupported: each part would cut off by itself, a phase before the others."""
        raise NotSupported(self.name, "read allowance", "its parts would cut off one by one")

    def set_allowance(self, energy: int | None) -> None:  # noqa: ARG002
        """Raise NotSupported, as `read_allowance` does."""
        raise NotSupported(self.name, "set allowance", "its parts would cut off one by one")

    def rest(self) -> None:
        """Leave all parts in order."""
        for part in self.parts:
            with contextlib.suppress(DriverError):
                part.rest()


def _all(quantity: Quantity, values: Sequence[Mapping[Quantity, int]]) -> list[int]:
    return [value[quantity] for value in values if quantity in value]


def _by_phase(values: Sequence[Mapping[Quantity, int]]) -> dict[Quantity, int]:
    """Return what parts of one phase each measure as the phases of the whole; nothing if a part has several phases, or
    there are more parts than phases.
    """
    has_several = any(phase in value for value in values for _, *others in OF_A_PHASE for phase in others)
    if has_several or len(values) > PHASES:
        return {}
    return {
        phase: value[phases[0]]
        for phases in OF_A_PHASE
        for phase, value in zip(phases, values, strict=False)
        if phases[0] in value
    }

"""What is asked of one meter that speaks DLMS/COSEM.

An association is held from one conversation to the next (`protocols.dlms.held`). Scaler and unit are read from the meter,
once in each association: another meter may hang there in the next. A switch has moved when output state and control state
say so; ready for reconnection is not closed.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TypeVar

from ....kernel.quantities import Quantity
from ....kernel.units import SECOND
from ...drivers.interface import Identity, Power
from ...meters.dlms_model import Clock, DlmsModel
from ...meters.model import BASE_UNITS, scaled
from ...protocols.conversation import Conversation
from ...protocols.dlms.axdr import Data, Type, number, obis
from ...protocols.dlms.client import Credentials
from ...protocols.dlms.datetimes import Deviation, decode_instant, encode_instant
from ...protocols.dlms.held import HeldAssociation, Terms
from ...protocols.dlms.link import Link
from ...protocols.dlms.names import CLOCK, DATA, DISCONNECT_CONTROL, NEVER, REGISTER, Attribute
from ...protocols.errors import NoAnswer, ProtocolError, Refused, Unsupported, WaitsForButton, WrongAnswer
from .monitor import RegisterMonitor

T = TypeVar("T")

VALUE, SCALER_UNIT = 2, 3
"""Attributes of a register."""
OUTPUT_STATE, CONTROL_STATE, CONTROL_MODE = 2, 3, 4
"""Attributes of the disconnect control."""
REMOTE_DISCONNECT, REMOTE_RECONNECT = 1, 2
DISCONNECTED, CONNECTED, READY = 0, 1, 2
"""Control states. READY: ready for reconnection, which is done by hand."""
AT_ONCE = frozenset((2, 4))
"""Control modes in which a remote reconnection closes the switch, without a hand at its button."""
LOOKS = 5
"""How often a switch is looked at after it was told to move: some meters show it a little later."""
UNITS = {9: "°C", 27: "W", 29: "var", 30: "Wh", 33: "A", 35: "V", 44: "Hz", 255: ""}
"""Units by their number (Blue Book, "Enumerated values for physical units")."""
QUANTITY_UNITS = {
    "voltage": "V", "current": "A", "neutral": "A", "residual": "A", "frequency": "Hz", "temperature": "°C"
}  # fmt: skip
"""The unit of a quantity, by the first word of its name; the others have none."""
SCALERS = range(-12, 13)


def identity_of(model: DlmsModel, number: Data) -> Identity:
    """Return what a meter says of itself. `number`: that on its face, as it came. Raises WrongAnswer."""
    octets = number.octets
    try:
        serial = octets.decode(model.text).strip("\0 ")
    except UnicodeDecodeError:
        serial = ""
    if not serial or not serial.isprintable():
        # Some meters write their number in bytes that are no text.
        serial = octets.hex().upper()
    return Identity(serial, model.make, model.names[0], model.register_end)


class DlmsMeter:
    """The conversations with one meter; their meaning is said in `drivers.interface.MeterDriver`.

    `link_of`: returns the link of the client with an address. `clock`: returns the instant (µs). `challenge`: returns
    as many bytes as it is told, which nobody can foresee.
    """

    def __init__(
        self,
        model: DlmsModel,
        link_of: Callable[[int], Link],
        credentials: Credentials,
        clock: Callable[[], int],
        challenge: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._model = model
        counter = Attribute(DATA, obis(model.counter), VALUE) if model.counter else None
        terms = Terms(model.client, credentials, model.inactivity_s * SECOND, counter, model.counter_client)
        self._association = HeldAssociation(terms, link_of, clock, challenge)
        self._monitor = (
            RegisterMonitor(model.monitor, model.energy, lambda: self._association.client) if model.monitor else None
        )
        self._learnt_in = 0
        self._scales: dict[bytes, tuple[str, str]] = {}
        self._missing: set[bytes] = set()
        self._has_ordered = False

    def identify(self) -> Conversation[Identity]:
        """Return what the meter says of itself."""
        return self._association.run(self._identify)

    def read_register(self) -> Conversation[int]:
        """Return the energy register, Wh."""
        return self._association.run(lambda: self._energy(self._model.energy))

    def read_rates(self) -> Conversation[Mapping[int, int]]:
        """Return the energies by rate."""
        return self._association.run(self._rates)

    def read_power(self) -> Conversation[Power | None]:
        """Return the power; what flows out of the flat is taken off."""
        return self._association.run(self._power)

    def read_quantities(self) -> Conversation[Mapping[Quantity, int]]:
        """Return the other quantities. What the meter has not, or does not give, is left out."""
        return self._association.run(self._quantities)

    def read_tampered(self) -> Conversation[bool]:
        """Return False: what such meters say of it differs from maker to maker."""
        yield from ()
        return False

    def read_own_prepaid(self) -> Conversation[str | None]:
        """Return None if the meter may have a prepaid mode of its own, which can't be seen; empty if it has none."""
        yield from ()
        return None if self._model.own_prepaid else ""

    def read_switch(self) -> Conversation[bool | None]:
        """Return whether the disconnector is closed."""
        return self._association.run(self._read_switch)

    def set_switch(self, closed: bool) -> Conversation[None]:
        """Tell the disconnector to move, and see that it has. Raises WaitsForButton, ProtocolError."""
        if not self._model.disconnect:
            raise Unsupported("its model's file names no disconnect control")
        self._has_ordered = False
        try:
            yield from self._association.run(lambda: self._switch(closed))
        except NoAnswer:
            if not self._has_ordered:
                raise
            # The order may have arrived, and its confirmation be lost: what is seen decides.
            has_moved, _ = yield from self._association.run(lambda: self._look(closed))
            if not has_moved:
                raise

    def read_clock(self) -> Conversation[int]:
        """Return the meter's clock, µs since 1970. Raises Unsupported if its model's file names none."""
        if self._model.clock is None:
            raise Unsupported("its model's file names no clock")
        return (yield from self._association.run(self._read_clock))

    def set_clock(self, at: int) -> Conversation[None]:
        """Set the meter's clock to `at` (µs since 1970), in its local time. Raises Unsupported as `read_clock` does."""
        if self._model.clock is None:
            raise Unsupported("its model's file names no clock")
        return (yield from self._association.run(lambda: self._set_clock(at)))

    def read_allowance(self) -> Conversation[int | None]:
        """Return the Wh after which the meter opens its switch by itself; None: never."""
        return self._association.run(self._allowance)

    def set_allowance(self, energy: int | None) -> Conversation[None]:
        """Let the meter supply so many Wh more by itself; None: without a bound."""
        return self._association.run(lambda: self._let(energy))

    def rest(self) -> Conversation[None]:
        """Release the association, and close the link."""
        yield from self._association.close()

    def _identify(self) -> Conversation[Identity]:
        number = yield from self._association.client.get(Attribute(DATA, obis(self._model.serial), VALUE))
        return identity_of(self._model, number)

    def _energy(self, name: str) -> Conversation[int]:
        energy = yield from self._read(name, "Wh")
        if energy is None:
            raise WrongAnswer("it has no value for its energy")
        if energy < 0:
            raise WrongAnswer(f"its energy is negative ({energy} Wh)")
        return energy

    def _allowance(self) -> Conversation[int | None]:
        monitor, (scale, unit) = yield from self._monitored()
        left = yield from monitor.left()
        return None if left is None else scaled(left, scale, unit)

    def _let(self, energy: int | None) -> Conversation[None]:
        monitor, (scale, unit) = yield from self._monitored()
        # A count too much rather than one too little: who has paid is supplied.
        yield from monitor.let(None if energy is None else math.ceil(energy / Fraction(scale) / BASE_UNITS[unit]))

    def _monitored(self) -> Conversation[tuple[RegisterMonitor, tuple[str, str]]]:
        """Return the register monitor, and the scale of what it watches."""
        if self._monitor is None:
            raise Unsupported("its model's file names no register monitor, by which it could open its switch by itself")
        self._forget_another()
        return self._monitor, (yield from self._known_scale(self._model.energy, "Wh"))

    def _rates(self) -> Conversation[dict[int, int]]:
        energies = {}
        for rate, name in enumerate(self._model.rates, 1):
            energy = yield from self._read_if_there(name, "Wh")
            if energy is not None:
                energies[rate] = energy
        return energies

    def _power(self) -> Conversation[Power | None]:
        model = self._model
        taken = yield from self._read_if_there(model.power, "W")
        if taken is None:
            return None
        given = yield from self._read_if_there(model.power_export, "W")
        return Power(taken - (given or 0), (yield from self._read_if_there(model.reactive, "var")))

    def _quantities(self) -> Conversation[dict[Quantity, int]]:
        values = {}
        for quantity, name in self._model.quantities.items():
            value = yield from self._read_if_there(name, QUANTITY_UNITS.get(quantity.split("-")[0], ""))
            if value is not None:
                values[quantity] = value
        return values

    def _forget_another(self) -> None:
        """Forget what was learnt in another association: another meter may hang there now."""
        if self._learnt_in != self._association.generation:
            self._learnt_in = self._association.generation
            self._scales.clear()
            self._missing.clear()
            if self._monitor is not None:
                self._monitor.forget()

    def _read_if_there(self, name: str, unit: str) -> Conversation[int | None]:
        """Return a register's value; None if the file names none, or the meter does not give it."""
        self._forget_another()
        if not name or obis(name) in self._missing:
            return None
        try:
            return (yield from self._read(name, unit))
        except Refused as error:
            if error.code in NEVER:
                self._missing.add(obis(name))
            return None

    def _read(self, name: str, unit: str) -> Conversation[int | None]:
        """Return a register's value in prewatt's units; None if it stands for "no value". Raises WrongAnswer if the meter
        counts it in another unit.
        """
        self._forget_another()
        scale, own_unit = yield from self._known_scale(name, unit)
        value = number((yield from self._association.client.get(Attribute(REGISTER, obis(name), VALUE))))
        return None if value is None else scaled(value, scale, own_unit)

    def _known_scale(self, name: str, unit: str) -> Conversation[tuple[str, str]]:
        """Return scale and unit of a register, which are asked for once. Raises WrongAnswer if the unit is another one."""
        register = obis(name)
        if register not in self._scales:
            self._scales[register] = yield from self._scale(name)
        scale, own_unit = self._scales[register]
        if own_unit != unit:
            raise WrongAnswer(f"it counts {name} in {own_unit or 'no unit'}, where {unit or 'no unit'} belongs")
        return scale, own_unit

    def _scale(self, name: str) -> Conversation[tuple[str, str]]:
        elements = (yield from self._association.client.get(Attribute(REGISTER, obis(name), SCALER_UNIT))).elements
        if len(elements) != 2:
            raise WrongAnswer(f"it gives {len(elements)} values for scaler and unit of {name}")
        scaler, unit = (number(each) for each in elements)
        if scaler not in SCALERS:
            raise WrongAnswer(f"it scales {name} by 10 to the power of {scaler}")
        if unit not in UNITS:
            raise WrongAnswer(f"it counts {name} in unit {unit}, which is not known")
        return f"1E{scaler}", UNITS[int(unit or 0)]

    def _disconnect(self, number: int) -> Attribute:
        return Attribute(DISCONNECT_CONTROL, obis(self._model.disconnect), number)

    def _read_switch(self) -> Conversation[bool | None]:
        if not self._model.disconnect:
            return None
        output = yield from self._state(OUTPUT_STATE)
        if output is not None:
            return bool(output)
        control = yield from self._state(CONTROL_STATE)
        return None if control is None else control == CONNECTED

    def _states(self) -> Conversation[tuple[bool | None, int | None]]:
        """Return output state and control state; None for one that the meter does not give."""
        output = yield from self._state(OUTPUT_STATE)
        control = yield from self._state(CONTROL_STATE)
        return None if output is None else bool(output), control

    def _state(self, attribute: int) -> Conversation[int | None]:
        """Return an attribute of the disconnect control; None if the meter does not give it."""
        try:
            value = (yield from self._association.client.get(self._disconnect(attribute))).value
        except Refused:
            return None
        if not isinstance(value, int):
            return None
        if attribute == CONTROL_STATE and value not in (DISCONNECTED, CONNECTED, READY):
            raise WrongAnswer(f"the control state of its switch is {value}")
        return value

    def _switch(self, closed: bool) -> Conversation[None]:
        refusal = yield from self._order(closed)
        has_moved, control = yield from self._look(closed)
        if closed and control == READY and not has_moved:
            mode = (yield from self._association.client.get(self._disconnect(CONTROL_MODE))).value
            if mode not in AT_ONCE:
                raise WaitsForButton("it closes when its button is pressed")
            # It was opened by a limit of its own: only from "disconnected" does it close at once.
            yield from self._order(closed=False)
            refusal = yield from self._order(closed=True)
            has_moved, control = yield from self._look(closed)
        if has_moved:
            return
        if refusal is not None:
            raise refusal
        if not closed and control == READY:
            raise ProtocolError("confirmed, but it can still be closed by its button")
        raise ProtocolError(f"confirmed, but it still stands {'open' if closed else 'closed'}")

    def _order(self, closed: bool) -> Conversation[Refused | None]:
        """Tell the switch to move. Returns the refusal, if it refuses: it may stand there already."""
        method = self._disconnect(REMOTE_RECONNECT if closed else REMOTE_DISCONNECT)
        self._has_ordered = True
        try:
            yield from self._association.client.act(method, Data(Type.INTEGER, 0))
        except Refused as error:
            return error
        return None

    def _look(self, closed: bool) -> Conversation[tuple[bool, int | None]]:
        """Return whether the switch is seen to stand as it was told, and its control state."""
        control: int | None = None
        for _ in range(LOOKS):
            output, control = yield from self._states()
            if output is None and control is None:
                raise ProtocolError("confirmed, but the meter does not tell how its switch stands")
            if output in (closed, None) and control in (CONNECTED if closed else DISCONNECTED, None):
                return True, control
            if closed and control == READY:
                break
        return False, control

    def _clock_object(self) -> tuple[Attribute, Deviation]:
        clock = self._model.clock or Clock()
        deviation = Deviation(clock.deviation_reversed, clock.deviation_if_not_given)
        return Attribute(CLOCK, obis(clock.obis), VALUE), deviation

    def _read_clock(self) -> Conversation[int]:
        attribute, deviation = self._clock_object()
        return decode_instant((yield from self._association.client.get(attribute)).octets, deviation)

    def _set_clock(self, at: int) -> Conversation[None]:
        attribute, deviation = self._clock_object()
        shown = yield from self._association.client.get(attribute)
        yield from self._association.client.set(
            attribute, Data(shown.type, encode_instant(at, shown.octets, deviation))
        )

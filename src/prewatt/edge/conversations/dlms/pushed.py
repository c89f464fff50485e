"""What is heard of a meter that sends its values by itself, as at the customer's port of a utility's meter. It is read only:
nothing is asked of it, and it has no switch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ....kernel.quantities import Quantity
from ....kernel.units import SECOND
from ...drivers.interface import Identity, Power
from ...meters.dlms_model import DlmsModel, Push
from ...meters.model import scaled
from ...protocols.conversation import Conversation
from ...protocols.dlms.axdr import Data, number, obis
from ...protocols.dlms.pushed import Pushed
from ...protocols.errors import Unsupported, WrongAnswer
from .meter import identity_of

PATIENCE = 2.5
"""One listens for this many of the meter's intervals: a push whose beginning was missed is followed by a whole one."""
READ_ONLY = "it sends its values by itself, and nothing can be asked of it"


class PushingMeter:
    """The conversations with one meter; their meaning is said in `drivers.interface.MeterDriver`. `clock`: returns the
    instant (µs). For the register and the number a push is waited for. All else is taken from the last push, and is
    missing once that is old.
    """

    sends_by_itself = True

    def __init__(self, model: DlmsModel, push: Push, clock: Callable[[], int]) -> None:
        self._model, self._push, self._clock = model, push, clock
        self._waits_s = PATIENCE * push.every_s
        self._heard: Mapping[bytes, Data] = {}
        self._heard_at = 0

    def _listen(self, name: str) -> Conversation[Data]:
        """Return a value of the next push that has it."""
        self._heard = {}
        self._heard = yield Pushed([obis(name)], self._waits_s)
        self._heard_at = self._clock()
        return self._heard[obis(name)]

    def _value(self, name: str) -> int | None:
        """Return a register of the last push in prewatt's units; None if it was not in it, or is of long ago."""
        scale = self._push.scales.get(name)
        is_fresh = 0 <= self._clock() - self._heard_at <= self._waits_s * SECOND
        if scale is None or not is_fresh or obis(name) not in self._heard:
            return None
        value = number(self._heard[obis(name)])
        return None if value is None else scaled(value, scale.scale, scale.unit)

    def identify(self) -> Conversation[Identity]:
        """Return what the meter says of itself."""
        return identity_of(self._model, (yield from self._listen(self._model.serial)))

    def read_register(self) -> Conversation[int]:
        """Return the energy register, Wh."""
        yield from self._listen(self._model.energy)
        energy = self._value(self._model.energy)
        if energy is None:
            raise WrongAnswer("it has no value for its energy")
        if energy < 0:
            raise WrongAnswer(f"its energy is negative ({energy} Wh)")
        return energy

    def read_rates(self) -> Conversation[Mapping[int, int]]:
        """Return the energies by rate that were in the last push."""
        yield from ()
        values = {rate: self._value(name) for rate, name in enumerate(self._model.rates, 1)}
        return {rate: value for rate, value in values.items() if value is not None}

    def read_power(self) -> Conversation[Power | None]:
        """Return the power that was in the last push; what flows out of the flat is taken off."""
        yield from ()
        taken = self._value(self._model.power)
        if taken is None:
            return None
        return Power(taken - (self._value(self._model.power_export) or 0), self._value(self._model.reactive))

    def read_quantities(self) -> Conversation[Mapping[Quantity, int]]:
        """Return the other quantities that were in the last push."""
        yield from ()
        values = {quantity: self._value(name) for quantity, name in self._model.quantities.items()}
        return {quantity: value for quantity, value in values.items() if value is not None}

    def read_tampered(self) -> Conversation[bool]:
        """Return False: pushes do not tell it."""
        yield from ()
        return False

    def read_own_prepaid(self) -> Conversation[str | None]:
        """Return an empty text: it has no switch for us."""
        yield from ()
        return ""

    def read_switch(self) -> Conversation[bool | None]:
        """Return None: it has no switch for us."""
        yield from ()
        return None

    def set_switch(self, closed: bool) -> Conversation[None]:  # noqa: ARG002
        """Raise Unsupported."""
        raise Unsupported(READ_ONLY)
        yield

    def read_clock(self) -> Conversation[int]:
        """Raise Unsupported."""
        raise Unsupported(READ_ONLY)
        yield

    def set_clock(self, at: int) -> Conversation[None]:  # noqa: ARG002
        """Raise Unsupported."""
        raise Unsupported(READ_ONLY)
        yield

    def read_allowance(self) -> Conversation[int | None]:
        """Raise Unsupported."""
        raise Unsupported(READ_ONLY)
        yield

    def set_allowance(self, energy: int | None) -> Conversation[None]:  # noqa: ARG002
        """Raise Unsupported."""
        raise Unsupported(READ_ONLY)
        yield

    def rest(self) -> Conversation[None]:
        """Return: no link is held."""
        return
        yield

"""The relay of a flat, in its meter or in a module that switches several flats.

The law of a module that several flats share:
- The states of all its relays come in one answer. What was read for one flat is told to each other flat once, so that a
  round asks the module once. If a flat asks again, the module is asked again. That it is silent is told in the same
  way.
- A state that is older than `OLDEST` is told to nobody, nor is one from before an order to any relay of the module.
- Whether a relay has moved is always asked of the module itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ....kernel.units import SECOND
from ...meters.modbus_model import Order, Relay, RelayState
from ...protocols.conversation import Conversation
from ...protocols.errors import NoAnswer, WrongAnswer
from ...protocols.modbus_unit import Read, Unit

OLDEST = 60 * SECOND
"""For this time (µs) what was read for one flat is told to the others: a round on a slow bus takes no longer."""


class Relays:
    """The relays of one unit. `clock`: returns the instant (µs)."""

    def __init__(self, relay: Relay, unit: Unit, clock: Callable[[], int]) -> None:
        self.relay, self.unit, self._clock = relay, unit, clock
        self._words: tuple[int, ...] | None = None
        self._read_at = 0
        # The channels that were not told of what was read last.
        self._untold: set[int] = set()

    def read(self, state: RelayState, channel: int) -> Conversation[int]:
        """Return the state of a relay, as it was read for another flat or is read now. Raises ProtocolError."""
        is_fresh = 0 <= self._clock() - self._read_at <= OLDEST
        if channel not in self._untold or not is_fresh:
            return (yield from self.read_now(state, channel))
        self._untold.remove(channel)
        if self._words is None:
            raise NoAnswer("it did not answer when another flat's relay was asked for")
        return self._words[channel - 1]

    def read_now(self, state: RelayState, channel: int) -> Conversation[int]:
        """Ask for a relay's state and return it; those of the others are kept for their flats. Raises ProtocolError."""
        self._words = None
        try:
            self._words = yield from self.unit.read(Read(state.function, state.address, self.relay.channels))
        except NoAnswer:
            self._keep(channel)
            raise
        self._keep(channel)
        return self._words[channel - 1]

    def _keep(self, channel: int) -> None:
        self._untold = set(range(1, self.relay.channels + 1)) - {channel}
        self._read_at = self._clock()

    def write(self, order: Order, channel: int) -> Conversation[None]:
        """Give an order to a relay. Raises ProtocolError."""
        self._untold.clear()
        try:
            yield from self.unit.write(order.function, order.address + channel - 1, order.values)
        finally:
            self._untold.clear()


@dataclass(frozen=True)
class RelayAt:
    """The relay of one flat. `channel`: which of the relays, from 1. `inverted`: the flat is supplied while the relay is at
    rest, so that it stays supplied if a module fails.
    """

    relays: Relays
    channel: int = 1
    inverted: bool = False

    @property
    def relay(self) -> Relay:
        """Return what its model's file says of it."""
        return self.relays.relay

    @property
    def unit(self) -> Unit:
        """Return the unit that has it."""
        return self.relays.unit

    def order(self, closed: bool) -> Conversation[None]:
        """Order that the flat be supplied, or not. Raises ProtocolError."""
        order = self.relay.close if closed is not self.inverted else self.relay.open
        return self.relays.write(order, self.channel)

    def is_closed(self, state: RelayState) -> Conversation[bool]:
        """Return whether the flat is supplied, by a state that was read for another flat or is read now."""
        return self._supplied(state, (yield from self.relays.read(state, self.channel)))

    def is_closed_now(self, state: RelayState) -> Conversation[bool]:
        """Return whether the flat is supplied, as it is read now."""
        return self._supplied(state, (yield from self.relays.read_now(state, self.channel)))

    def _supplied(self, state: RelayState, whole: int) -> bool:
        word = whole & state.mask
        if word not in (state.closed & state.mask, state.open & state.mask):
            raise WrongAnswer(f"the state of its relay is {word:04X}, which is neither open nor closed")
        return (word == state.closed & state.mask) is not self.inverted

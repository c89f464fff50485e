"""A meter on a bus, as the agent's drivers see it: its protocol's conversations, carried by the bus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeVar

from ...kernel.quantities import Quantity
from ..conversations.protocol import Conversations
from ..drivers.interface import BadAnswer, DriverError, Identity, NotSupported, Power, PressButton, Unreachable
from ..protocols.conversation import Conversation
from ..protocols.errors import NoAnswer, ProtocolError, Unsupported, WaitsForButton, WrongAnswer

T = TypeVar("T")


class Carrier(Protocol):
    """What carries conversations: a bus."""

    def run(self, meter: str, conversation: Conversation[T]) -> T:
        """Run a conversation with a meter. Raises ProtocolError."""
        ...


class MeterOnBus:
    """One meter on a bus. What the methods return is said in `drivers.interface.MeterDriver`."""

    def __init__(self, name: str, bus: Carrier, conversations: Conversations) -> None:
        self.name, self.bus, self.conversations = name, bus, conversations

    @property
    def sends_by_itself(self) -> bool:
        """Return whether the meter sends by itself: it cannot be asked, and a reading waits until it sends."""
        return getattr(self.conversations, "sends_by_itself", False)

    def _run(self, operation: str, conversation: Conversation[T]) -> T:
        try:
            return self.bus.run(self.name, conversation)
        except NoAnswer as error:
            raise Unreachable(self.name, operation, str(error)) from error
        except WrongAnswer as error:
            raise BadAnswer(self.name, operation, str(error)) from error
        except Unsupported as error:
            raise NotSupported(self.name, operation, str(error)) from error
        except WaitsForButton as error:
            raise PressButton(self.name, operation, str(error)) from error
        except ProtocolError as error:
            raise DriverError(self.name, operation, str(error)) from error

    def identify(self) -> Identity:
        return self._run("identify", self.conversations.identify())

    def read_register(self) -> int:
        return self._run("read register", self.conversations.read_register())

    def read_switch(self) -> bool | None:
        return self._run("read switch", self.conversations.read_switch())

    def read_power(self) -> Power | None:
        return self._run("read power", self.conversations.read_power())

    def read_quantities(self) -> Mapping[Quantity, int]:
        return self._run("read quantities", self.conversations.read_quantities())

    def read_tampered(self) -> bool:
        return self._run("read tamper status", self.conversations.read_tampered())

    def read_keypad(self) -> str | None:
        """Return None: keypads are meters of their own kind."""
        return None

    def show(self, text: str) -> None:  # noqa: ARG002
        """Raise NotSupported: such meters show only their own values."""
        raise NotSupported(self.name, "show", "it shows only its own values")

    def set_switch(self, closed: bool) -> None:
        self._run("set switch", self.conversations.set_switch(closed))

    def read_clock(self) -> int:
        return self._run("read clock", self.conversations.read_clock())

    def set_clock(self, at: int) -> None:
        self._run("set clock", self.conversations.set_clock(at))

    def read_own_prepaid(self) -> str | None:
        return self._run("read prepaid mode", self.conversations.read_own_prepaid())

    def read_allowance(self) -> int | None:
        return self._run("read allowance", self.conversations.read_allowance())

    def set_allowance(self, energy: int | None) -> None:
        self._run("set allowance", self.conversations.set_allowance(energy))

    def rest(self) -> None:
        self._run("close link", self.conversations.rest())

"""The interface that every kind of meter is driven through.

A kind of meter is a `Driver`: what it has to be told, and how its meters are opened. From then on there is a `MeterDriver`
for each meter. It blocks until the meter has answered or failed, keeps no state of its own beyond the connection, and never
repeats a write by itself. All errors it raises are `DriverError`s that say which operation failed at which meter and why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from ...kernel.quantities import Quantity


class DriverError(Exception):
    """An operation on a meter failed; nothing is known of its effect."""

    def __init__(self, meter: str, operation: str, cause: str) -> None:
        super().__init__(f"meter {meter}: {operation}: {cause}")
        self.meter, self.operation, self.cause = meter, operation, cause


class Unreachable(DriverError):
    """No answer: wiring, address, power."""


class BadAnswer(DriverError):
    """An answer that can't be right: checksum, format, another meter's."""


class AnotherMeter(BadAnswer):
    """A meter with another serial number answers in this one's place."""

    def __init__(self, meter: str, serial: str) -> None:
        super().__init__(meter, "identify", f"meter {serial} answers in its place")
        self.serial = serial


class NotSupported(DriverError):
    """The meter has no such function."""


class Identity(Struct, frozen=True):
    """What a meter says of itself. `serial` is checked against the one that is installed. `register_end`: the Wh at
    which its counter begins anew at zero; 0 if that is not known.
    """

    serial: str
    manufacturer: str
    model: str
    register_end: int = 0


class Power(Struct, frozen=True):
    """Active power (W), and reactive power (var; None if the meter can't tell it)."""

    active: int
    reactive: int | None = None


class MeterDriver(Protocol):
    """One meter. Instants are microseconds since 1970, energy is Wh."""

    def identify(self) -> Identity:
        """Who is there. Raises DriverError."""

    def read_register(self) -> int:
        """The total energy register, Wh. Raises DriverError."""

    def read_switch(self) -> bool | None:
        """Whether the load switch is closed; None if the meter can't tell. Raises DriverError."""

    def read_power(self) -> Power | None:
        """What is drawn at this moment; None if the meter can't tell. Raises DriverError."""

    def read_quantities(self) -> Mapping[Quantity, int]:
        """What else is measured at this moment, in the units of `kernel.quantities`; without what the meter can't tell, and
        without what it says itself not to know. Raises DriverError.
        """

    def read_tampered(self) -> bool:
        """Whether the meter says that it was tampered with; False if it can't tell. Raises DriverError."""

    def read_keypad(self) -> str | None:
        """What was typed at the meter's own keypad since the last call; None if nothing. Raises DriverError."""

    def show(self, text: str) -> None:
        """Show a text at the meter, if it has a display. Raises DriverError."""

    def set_switch(self, closed: bool) -> None:
        """Close or open the load switch. Returns when the meter has confirmed it. Raises DriverError."""

    def read_clock(self) -> int:
        """The meter's own clock. Raises DriverError; NotSupported where it has none."""

    def set_clock(self, at: int) -> None:
        """Set the meter's own clock. Raises DriverError; NotSupported where it has none."""

    def read_allowance(self) -> int | None:
        """Wh that the meter supplies by itself until it opens its switch; None: without a bound. Raises DriverError;
        NotSupported where it has no balance or limit of its own.
        """

    def set_allowance(self, energy: int | None) -> None:
        """Let the meter supply so many Wh more by itself, and then open its switch; None: without a bound. While that is used
        up its switch can't be closed. Raises DriverError; NotSupported where it has no balance or limit of its own.
        """


class DriverSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What a kind of meter has to be told: the section `[drivers.NAME]` of `edge.toml`. What differs from meter to meter,
    such as an address on a bus, stands there too, by the meter's name.

    A field of type `Path` names a file or a folder; drivers are given absolute ones. One without a default has to be there
    already, one with a default is made by the driver.
    """


S = TypeVar("S", bound=DriverSettings)


@dataclass(frozen=True)
class Driver(Generic[S]):
    """A kind of meter.

    `settings`: the type of what it has to be told.
    `open(settings, meters, clock)`: gives a `MeterDriver` for each of these meters of the gateway, by name. All of the kind
    are opened by one call, so that what they share (a bus, a file) is opened once. No meter needs to answer yet. `clock`
    tells the instant (µs). Raises ValueError if the settings can't be right, DriverError if a meter can't be opened.
    """

    settings: type[S]
    open: Callable[[S, Sequence[str], Callable[[], int]], Mapping[str, MeterDriver]]

"""This is the interface by which every kind of meter is driven.

A kind of meter is a `Driver`: it declares its settings, and how its meters are opened. Then there is a `MeterDriver`
for each meter. Its calls block until the meter has answered or failed; it keeps no state beyond the connection, and
never repeats a write by itself. All errors that it raises are `DriverError`s, which say what failed at which meter and
why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from ...kernel.quantities import Quantity


class DriverError(Exception):
    """An operation on a meter failed; its effect is unknown."""

    def __init__(self, meter: str, operation: str, cause: str) -> None:
        super().__init__(f"meter {meter}: {operation}: {cause}")
        self.meter, self.operation, self.cause = meter, operation, cause


class Unreachable(DriverError):
    """The meter does not answer: wiring, address or power may be wrong."""


class BadAnswer(DriverError):
    """The answer cannot be right: a wrong checksum or format, or another meter's."""


class AnotherMeter(BadAnswer):
    """A meter with another serial number answers in the place of this one."""

    def __init__(self, meter: str, serial: str) -> None:
        super().__init__(meter, "identify", f"meter {serial} answers in its place")
        self.serial = serial


class PressButton(DriverError):
    """The meter has taken the order to close its switch, and closes it when somebody presses its button."""


class NotSupported(DriverError):
    """The meter has no such function."""


JOINED_BY = "+"
"""Stands between the serial numbers of a meter that is made of several."""


class Identity(Struct, frozen=True):
    """What a meter reports of itself. `serial`: its number; empty if it cannot tell it. `register_end`: the register (Wh)
    at which its counter rolls over to zero; 0 if unknown.
    """

    serial: str
    manufacturer: str
    model: str
    register_end: int = 0

    def may_be(self, serial: str) -> bool:
        """Return whether this may be the meter with the number `serial`. Zeros before a number mean nothing: some meters
        fill up to twelve digits, and the print on their face does not.
        """
        own, other = self.serial.split(JOINED_BY), serial.split(JOINED_BY)
        if not self.serial:
            return True
        # Of several meters as one, each that tells its number must be the one in its place.
        return len(own) == len(other) and all(
            not mine or _plain(mine) == _plain(its) for mine, its in zip(own, other, strict=True)
        )


def _plain(serial: str) -> str:
    return serial.replace(" ", "").upper().lstrip("0")


class Power(Struct, frozen=True):
    """Active power (W), and reactive power (var; None if the meter can't tell it)."""

    active: int
    reactive: int | None = None


class MeterDriver(Protocol):
    """One meter. Instants are microseconds since 1970, energy is Wh."""

    def identify(self) -> Identity:
        """Return the meter's identity. Raises DriverError."""

    def read_register(self) -> int:
        """Return the total energy register, Wh. Raises DriverError."""

    def read_switch(self) -> bool | None:
        """Return whether the load switch is closed; None if the meter cannot tell. Raises DriverError."""

    def read_power(self) -> Power | None:
        """Return the power at this moment; None if the meter cannot tell. Raises DriverError."""

    def read_quantities(self) -> Mapping[Quantity, int]:
        """Return the other quantities at this moment, in the units of `kernel.quantities`, without those that the meter
        cannot measure or reports as unknown. Raises DriverError.
        """

    def read_tampered(self) -> bool:
        """Return whether the meter reports that it was tampered with; False if it cannot tell. Raises DriverError."""

    def read_keypad(self) -> str | None:
        """Return what was typed at the meter's own keypad since the last call; None if nothing. Raises DriverError."""

    def show(self, text: str) -> None:
        """Show a text at the meter, if it has a display. Raises DriverError."""

    def set_switch(self, closed: bool) -> None:
        """Close or open the load switch. Returns when the meter has confirmed the order; a later reading shows whether
        the switch has moved. Raises PressButton if somebody must press the meter's button; DriverError if the order
        fails.
        """

    def read_clock(self) -> int:
        """Return the meter's own clock, µs since 1970. Raises DriverError; NotSupported if it has none."""

    def set_clock(self, at: int) -> None:
        """Set the meter's own clock, µs since 1970. Raises DriverError; NotSupported if it has none."""

    def read_own_prepaid(self) -> str | None:
        """Return how a prepaid mode of the meter's own is switched off, if it is on: such a meter opens its switch by a
        balance that nobody fills. Empty if it is not on; None if it may be and cannot be seen. An allowance that can be
        set is no such mode. Raises DriverError.
        """

    def read_allowance(self) -> int | None:
        """Return the Wh that the meter still supplies by itself before it opens its switch; None: no bound. Raises
        DriverError; NotSupported if it has no balance or limit of its own.
        """

    def set_allowance(self, energy: int | None) -> None:
        """Let the meter supply `energy` Wh more by itself, and then open its switch; None: no bound. A switch that has
        opened so cannot be closed before the meter may supply more. Raises DriverError; NotSupported if it has no
        balance or limit of its own.
        """


class DriverSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of a kind of meter: the section `[drivers.NAME]` of `edge.toml`. What differs from meter to meter,
    such as an address on a bus, stands there too, by the meter's name.

    A field of type `Path` names a file or a folder; drivers get absolute paths. If it has no default, the file must
    exist; if it has one, the driver makes the file.
    """

    @property
    def is_opened_alone(self) -> bool:
        """Return whether there is something to open before there is any meter."""
        return False


S = TypeVar("S", bound=DriverSettings)


@dataclass(frozen=True)
class Driver(Generic[S]):
    """A kind of meter.

    `settings`: the type of its settings. `open(settings, meters, clock)`: returns a `MeterDriver` for each of the named
    meters, by name. All meters of the kind are opened by one call, so that what they share (a bus, a file) is opened
    once. No meter needs to answer yet. `clock` returns the instant (µs). Raises ValueError if the settings are
    impossible, DriverError if a meter cannot be opened.
    """

    settings: type[S]
    open: Callable[[S, Sequence[str], Callable[[], int]], Mapping[str, MeterDriver]]

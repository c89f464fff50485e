"""A played meter, without its protocol: its register, switch, clock and electrical values, and what can be wrong with it.

Each protocol has a module beside this one with a class that answers questions of its protocol out of a `PlayedMeter`
(`Responder`). It owns no port: `feed` takes the bytes that came, and returns the frames to send back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from ...edge.drivers.recorded import RecordedMeter
from ...kernel.units import SECOND


@dataclass
class MeterFaults:
    """What is wrong with a played meter; all can be changed while it runs.

    `silent`: it does not answer. `sticks`: its switch confirms, and does not move. `button`: its switch closes only after
    `press_button`. `says`: the register (Wh) that it reports in place of its own. `refuses`: it answers each question with
    an error. `drift`: µs by which its clock is wrong. `tampered`: its cover was opened.
    """

    silent: bool = False
    sticks: bool = False
    button: bool = False
    says: int | None = None
    refuses: bool = False
    drift: int = 0
    tampered: bool = False


@dataclass
class PlayedMeter:
    """One played meter. `inner`: its recorded consumption and its switch. `serial`: the number on its face. `clock`: the
    instant (µs) in which it lives.
    """

    inner: RecordedMeter
    serial: str
    clock: Callable[[], int]
    voltage: int = 230_000
    """mV."""
    frequency: int = 50_000
    """mHz."""
    faults: MeterFaults = field(default_factory=MeterFaults)
    waits_for_button: bool = False
    told_closed: bool = True
    """What the switch was told last."""
    opens_at: int | None = None
    """The register (Wh) at which the meter opens its switch by itself; None: at none."""

    def register(self) -> int:
        """Return the total energy register, Wh."""
        return self.inner.read_register() if self.faults.says is None else self.faults.says

    def is_closed(self) -> bool:
        """Return whether the switch is closed."""
        return self.inner.read_switch()

    def power(self) -> int:
        """Return the active power, W."""
        power = self.inner.read_power()
        return 0 if power is None else power.active

    def current(self) -> int:
        """Return the current, mA."""
        return self.power() * 1_000_000 // self.voltage

    def order(self, closed: bool, at_once: bool = True) -> None:
        """Take an order for the switch, and confirm it. `at_once`: without a press of the button, unless the meter always
        wants one.
        """
        self.told_closed = closed
        if self.faults.sticks:
            return
        if closed and self.opens_at is not None and self.inner.read_register() >= self.opens_at:
            # It has opened when that was passed, and does so once.
            self.open_at(None)
        self.waits_for_button = closed and not self.is_closed() and (self.faults.button or not at_once)
        if not self.waits_for_button:
            self.inner.set_switch(closed)

    def open_at(self, register: int | None) -> None:
        """Have the meter open its switch by itself when it has counted to `register` (Wh); None: it does not."""
        self.opens_at = register
        self.inner.set_allowance(None if register is None else max(register - self.inner.read_register(), 0))

    def press_button(self) -> None:
        """Press the button at the meter: a switch that waits for it closes."""
        if self.waits_for_button:
            self.waits_for_button = False
            self.inner.set_switch(True)

    def now(self) -> int:
        """Return the meter's own clock, µs since 1970, in whole seconds."""
        return (self.clock() + self.faults.drift) // SECOND * SECOND

    def set_clock(self, at: int) -> None:
        """Set the meter's own clock."""
        self.faults.drift = at - self.clock()


class Responder(Protocol):
    """A meter's side of a protocol. One that sends by itself has a method `unasked`, too, which returns what it sends now."""

    def feed(self, received: bytes) -> list[bytes]:
        """Take up bytes from the line, and return the frames that the meter sends back, in order."""
        ...

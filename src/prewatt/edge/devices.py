"""The meters on the wall: their drivers are opened, and the meters are identified and read."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Mapping

from msgspec import Struct

from ..kernel.quantities import Quantity
from ..kernel.units import DAY, HOUR, SECOND
from ..wire.messages import LineStatus
from . import lines
from .buses.bus import Count
from .drivers import find_driver
from .drivers.interface import AnotherMeter, BadAnswer, DriverError, Identity, MeterDriver, NotSupported
from .observed import Foreign, Observed
from .settings import EdgeSettings, SettingsError

log = logging.getLogger("prewatt.edge")

CLOCK_EVERY = 4 * HOUR
"""How often (µs) a meter's own clock is looked at."""

REST_S = 10.0
"""Seconds that are spent on closing links at the end; meters end those that are left by themselves."""


def open_drivers(settings: EdgeSettings, clock: Callable[[], int]) -> dict[str, MeterDriver]:
    """Return the drivers of all meters, by the meter's name. Raises SettingsError if a kind of meter is unknown or its
    section is wrong, DriverError if a meter cannot be opened.
    """
    kinds: dict[str, list[str]] = {}
    for meter in settings.meters:
        kinds.setdefault(meter.driver, []).append(meter.name)
    for kind, section in settings.drivers.items():
        if section.is_opened_alone:
            kinds.setdefault(kind, [])
    opened: dict[str, MeterDriver] = {}
    for kind, names in kinds.items():
        try:
            driver = find_driver(kind)
        except ValueError as error:
            raise SettingsError(f"meters.{names[0] if names else kind}.driver: {error}") from None
        if kind not in settings.drivers:
            raise SettingsError(f"drivers.{kind}: the section is missing, and meter {names[0]} is of this kind")
        try:
            opened.update(driver.open(settings.drivers[kind], names, clock))
        except ValueError as error:
            raise SettingsError(f"drivers.{kind}: {error}") from None
    return opened


class Question(Struct, frozen=True):
    """What to read from a meter: `serial` is the number that must answer; `doubtful`: its register could not be true last
    time, so it must identify itself again. The others say what to read beside register and switch.
    """

    name: str
    serial: str
    doubtful: bool = False
    power: bool = False
    quantities: bool = False
    allowance: bool = False


class Devices:
    """The meters of one gateway, by name. Each meter must give its serial number before its values are believed, again
    after it was silent, and once a day. Meters of different buses can be used by different threads at the same time, and
    the switch of a meter can be moved while it or another one is read.
    """

    def __init__(self, drivers: dict[str, MeterDriver], steady: Callable[[], float] = time.monotonic) -> None:
        self._drivers = drivers
        self._steady = steady
        self._identities: dict[str, tuple[float, Identity]] = {}
        # By what was found when they identified themselves last.
        self._own_prepaid: dict[str, str | None] = {}
        # When each meter's clock is read next.
        self._clocks: dict[str, float] = {}

    @property
    def drivers(self) -> Mapping[str, MeterDriver]:
        """Return the drivers of all meters, by the meter's name."""
        return self._drivers

    def troubles(self) -> list[str]:
        """Return what is wrong with the lines of meters, a sentence each."""
        return lines.troubles(self._drivers.values())

    def line_views(self) -> list[lines.LineView]:
        """Return the state of each line of meters, for people."""
        return lines.lines(self._drivers.values())

    def lines_in_trouble(self) -> tuple[LineStatus, ...]:
        """Return the lines that are in trouble as a whole, for the server."""
        return lines.lines_in_trouble(self._drivers)

    def asked(self, name: str) -> Count:
        """Return how many questions a meter was asked, and how many it did not answer."""
        return lines.asked(self._drivers[name])

    def is_asked(self, name: str) -> bool:
        """Return whether a meter answers when it is asked. One that sends by itself is waited for in its round alone."""
        return not any(part.sends_by_itself for part, _bus in lines.parts_of(self._drivers[name]))

    def bus(self, name: str) -> object | None:
        """Return the bus of a meter, which asks one question at a time; None if its driver answers at once."""
        return getattr(self._drivers[name], "bus", None)

    def driver(self, name: str, serial: str) -> MeterDriver:
        """Return the driver of the meter `name`, which has identified itself as number `serial`. Raises DriverError if it
        cannot be asked, or is another meter.
        """
        driver = self._drivers[name]
        self._identified(name, serial)
        return driver

    def _identified(self, name: str, serial: str) -> Identity:
        seen_at, identity = self._identities.get(name, (0.0, None))
        if identity is None or not identity.may_be(serial) or self._steady() - seen_at > DAY / SECOND:
            identity = self._drivers[name].identify()
            if not identity.may_be(serial):
                self._identities.pop(name, None)
                raise AnotherMeter(name, identity.serial)
            self._identities[name] = (self._steady(), identity)
            self._own_prepaid[name] = _own_prepaid(self._drivers[name])
        return identity

    def read(self, question: Question) -> Observed | Foreign | str:
        """Read a meter. A text as result says why it could not be read."""
        name = question.name
        if question.doubtful:
            # What can't be true may be another meter's.
            self._identities.pop(name, None)
        try:
            identity, driver = self._identified(name, question.serial), self._drivers[name]
            register, closed = driver.read_register(), driver.read_switch()
            power = driver.read_power() if question.power else None
            tampered = driver.read_tampered()
            quantities = _quantities(driver) if question.quantities else {}
            keeps, allowance = _allowance(driver) if question.allowance else (None, None)
            clock, clock_fault = self._clock(name)
            active, reactive = (None, None) if power is None else (power.active, power.reactive)
            return Observed(
                register,
                closed,
                active,
                reactive,
                tampered,
                identity.register_end,
                quantities,
                keeps,
                allowance,
                self._own_prepaid[name],
                clock,
                clock_fault,
            )
        except AnotherMeter as other:
            return Foreign(other.serial)
        except DriverError as error:
            # Whoever answers next may be another one: a meter is changed while it is silent.
            self._identities.pop(name, None)
            return error.cause

    def _clock(self, name: str) -> tuple[int | None, str]:
        """Return what a meter's own clock shows (µs; None if it has none, or was read a while ago), and why it shows nothing."""
        if self._steady() < self._clocks.get(name, 0.0):
            return None, ""
        clock, fault = None, ""
        # What comes broken once may have been broken by the line; a meter's empty battery shows again.
        for _try in range(2):
            try:
                clock, fault = self._drivers[name].read_clock(), ""
                break
            except BadAnswer as error:
                fault = error.cause
            except DriverError:
                # A meter that can be read is not lost for this.
                fault = ""
                break
        self._clocks[name] = self._steady() + CLOCK_EVERY / SECOND
        return clock, fault

    def rest(self) -> None:
        """Leave all meters in order, because they are not asked any more: some hold a link open between two readings."""
        until = self._steady() + REST_S
        for driver in self._drivers.values():
            rest = getattr(driver, "rest", None)
            if rest is not None and self._steady() < until:
                with contextlib.suppress(DriverError):
                    rest()


def _quantities(driver: MeterDriver) -> dict[Quantity, int]:
    """Return the other quantities of a meter. A quantity that the meter does not report is not watched and stops nothing:
    the register counts all the same.
    """
    try:
        return dict(driver.read_quantities())
    except NotSupported:
        return {}
    except DriverError as error:
        log.warning("%s", error)
        return {}


def _allowance(driver: MeterDriver) -> tuple[bool | None, int | None]:
    """Return whether a meter can cut off by itself (None: unknown), and after how many Wh."""
    try:
        return True, driver.read_allowance()
    except NotSupported:
        return False, None
    except DriverError as error:
        # A meter that can be read is not lost for this.
        log.warning("%s", error)
        return None, None


def _own_prepaid(driver: MeterDriver) -> str | None:
    """Return how a prepaid mode of the meter's own is switched off, if it is on; empty if it is not, None if nobody knows."""
    try:
        mode = driver.read_own_prepaid()
    except DriverError as error:
        log.warning("%s", error)
        return None
    return mode

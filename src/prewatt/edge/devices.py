"""The meters on the wall: opened by their drivers, identified, and read."""

from __future__ import annotations

import logging
from collections.abc import Callable

from ..kernel.quantities import Quantity
from .drivers import find_driver
from .drivers.interface import AnotherMeter, DriverError, Identity, MeterDriver, NotSupported
from .meter import Meter
from .observed import Foreign, Observed
from .settings import EdgeSettings, SettingsError

log = logging.getLogger("prewatt.edge")


def open_drivers(settings: EdgeSettings, clock: Callable[[], int]) -> dict[str, MeterDriver]:
    """The drivers of all meters, by name. SettingsError says which meter's kind is none, or what is wrong in a kind's
    section; DriverError which meter can't be opened.
    """
    kinds: dict[str, list[str]] = {}
    for meter in settings.meters:
        kinds.setdefault(meter.driver, []).append(meter.name)
    opened: dict[str, MeterDriver] = {}
    for kind, names in kinds.items():
        try:
            driver = find_driver(kind)
        except ValueError as error:
            raise SettingsError(f"meters.{names[0]}.driver: {error}") from None
        if kind not in settings.drivers:
            raise SettingsError(f"drivers.{kind}: the section is missing, and meter {names[0]} is of this kind")
        try:
            opened.update(driver.open(settings.drivers[kind], names, clock))
        except ValueError as error:
            raise SettingsError(f"drivers.{kind}: {error}") from None
    return opened


class Devices:
    """The meters of one gateway, by name. What it says of a meter was said by the meter of that serial number: each is asked
    who it is before it is believed, and again after it was silent.
    """

    def __init__(self, drivers: dict[str, MeterDriver]) -> None:
        self._drivers = drivers
        self._identities: dict[str, Identity] = {}

    def driver(self, meter: Meter) -> MeterDriver:
        """The driver of a meter that has said that it is this one. DriverError if it can't be asked, or is another."""
        driver = self._drivers[meter.name]
        known = self._identities.get(meter.name)
        if known is None or known.serial != meter.serial:
            identity = driver.identify()
            if identity.serial != meter.serial:
                self._identities.pop(meter.name, None)
                raise AnotherMeter(meter.name, identity.serial)
            self._identities[meter.name] = identity
        return driver

    def read(self, meter: Meter, with_power: bool, with_allowance: bool) -> Observed | Foreign | str:
        """What a meter shows; a text is the cause of a failure. `with_power`: also what is drawn now; `with_allowance`: also
        what it may supply by itself. What else it measures is read where limits are set to it.
        """
        if meter.account.doubt is not None:
            # What can't be true may be another meter's.
            self._identities.pop(meter.name, None)
        try:
            driver = self.driver(meter)
            register, closed = driver.read_register(), driver.read_switch()
            power = driver.read_power() if with_power else None
            tampered = driver.read_tampered()
            end, quantities = self._identities[meter.name].register_end, _quantities(meter, driver)
            keeps, allowance = _allowance(driver) if with_allowance else (None, None)
            active, reactive = (None, None) if power is None else (power.active, power.reactive)
            return Observed(register, closed, active, reactive, tampered, end, quantities, keeps, allowance)
        except AnotherMeter as other:
            return Foreign(other.serial)
        except DriverError as error:
            # Whoever answers next may be another one: a meter is changed while it is silent.
            self._identities.pop(meter.name, None)
            return error.cause


def _quantities(meter: Meter, driver: MeterDriver) -> dict[Quantity, int]:
    """What else a meter measures, where limits are set to any. What it does not tell is not looked after, and stops nothing:
    its register counts all the same.
    """
    if not meter.account.settings.limits:
        return {}
    try:
        return dict(driver.read_quantities())
    except NotSupported:
        return {}
    except DriverError as error:
        log.warning("%s", error)
        return {}


def _allowance(driver: MeterDriver) -> tuple[bool | None, int | None]:
    """Whether a meter can cut off by itself (None: it does not say), and after how many Wh."""
    try:
        return True, driver.read_allowance()
    except NotSupported:
        return False, None
    except DriverError as error:
        # A meter that can be read is not lost for this.
        log.warning("%s", error)
        return None, None

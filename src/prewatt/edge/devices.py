"""The meters on the wall: their drivers are opened, and the meters are identified and read."""

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
    """Return the drivers of all meters, by the meter's name. Raises SettingsError if a kind of meter is unknown or its
    section is wrong, DriverError if a meter cannot be opened.
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
    """The meters of one gateway, by name. Each meter must give its serial number before its values are believed, and
    again after it was silent.
    """

    def __init__(self, drivers: dict[str, MeterDriver]) -> None:
        self._drivers = drivers
        self._identities: dict[str, Identity] = {}

    def driver(self, meter: Meter) -> MeterDriver:
        """Return the driver of a meter that has identified itself as this one. Raises DriverError if it cannot be
        asked, or is another meter.
        """
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
        """Read a meter. A text as result is the cause of a failure. `with_power`: read the power too; `with_allowance`:
        read its own allowance too. Other quantities are read if there are limits for them.
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
    """Return the other quantities of a meter, if there are limits for any. A quantity that the meter does not report is
    not watched and stops nothing: the register counts all the same.
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
    """Return whether a meter can cut off by itself (None: unknown), and after how many Wh."""
    try:
        return True, driver.read_allowance()
    except NotSupported:
        return False, None
    except DriverError as error:
        # A meter that can be read is not lost for this.
        log.warning("%s", error)
        return None, None

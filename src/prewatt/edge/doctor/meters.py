"""The doctor's check of the meters: each is asked once."""

from __future__ import annotations

import time
from collections.abc import Iterator

from ...clock import SystemClock
from ...findings import Finding, State
from ..devices import open_drivers
from ..drivers.interface import DriverError, MeterDriver
from ..settings import SettingsError
from ..texts import _
from .finding import Gateway


def check_meters(gateway: Gateway) -> Iterator[Finding]:
    """Yield whether each meter answers, asked once, and is the one that it should be."""
    if gateway.is_running:
        words = _(
            "not asked, because the running agent asks them. systemctl status prewatt names those that do not answer"
        )
        yield Finding(_("meters"), State.SKIPPED, words)
        return
    try:
        drivers = open_drivers(gateway.settings, SystemClock().now)
    except (SettingsError, DriverError) as error:
        yield Finding(_("meters"), State.BAD, str(error), _("Correct it in %(config)s") % {"config": gateway.config})
        return
    serials = gateway.journal.serials
    answered, began = 0, time.monotonic()
    for meter in gateway.settings.meters:
        finding = _asked(
            _("meter %(name)s") % {"name": meter.unit or meter.name},
            drivers[meter.name],
            serials.get(meter.name, meter.name),
        )
        answered += finding is None
        if finding:
            yield finding
    if answered:
        words = _("%(answered)s of %(count)s answer, in %(seconds)s s") % {
            "answered": answered,
            "count": len(gateway.settings.meters),
            "seconds": f"{time.monotonic() - began:.0f}",
        }
        yield Finding(_("meters"), State.OK, words)


def _asked(name: str, driver: MeterDriver, serial: str) -> Finding | None:
    try:
        identity = driver.identify()
        driver.read_register()
    except DriverError as error:
        advice = _(
            "Check the wiring, address, baud rate and password. If others on the bus answer, check only this meter's"
        )
        return Finding(name, State.BAD, f"{error.operation}: {error.cause}", advice)
    if not identity.may_be(serial):
        words = _("number %(serial)s answers in the place of %(expected)s") % {
            "serial": identity.serial,
            "expected": serial,
        }
        return Finding(
            name,
            State.BAD,
            words,
            _("If the meter was exchanged, record that (prewatt meter exchange). If not, check its address"),
        )
    return None

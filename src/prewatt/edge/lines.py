"""How the lines of meters do, for people who stand before the gateway: which adapter has to be looked at, and how often a
meter did not answer. It is counted from the start of the gateway on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .buses.bus import Bus, Count
from .buses.meter_on_bus import MeterOnBus
from .drivers.interface import MeterDriver
from .texts import _


def troubles(drivers: Iterable[MeterDriver]) -> list[str]:
    """Return a sentence for each line whose answers come broken."""
    buses = {id(bus): bus for driver in drivers for _part, bus in parts_of(driver)}
    return [
        _(
            "%(port)s: the answers of meters come broken. Look at the adapter and the wiring. The power of each flat "
            "stays as it is."
        )
        % {"port": bus.port.name}
        for bus in buses.values()
        if bus.in_trouble
    ]


def asked(driver: MeterDriver) -> Count:
    """Return how many questions a meter was asked, and how many it did not answer; none where there is no bus."""
    counts = [bus.figures.by_meter[part.name] for part, bus in parts_of(driver)]
    return Count(sum(each.questions for each in counts), sum(each.unanswered for each in counts))


def close(drivers: Iterable[MeterDriver]) -> None:
    """Close the buses of meters, so that others can open their ports. Waits for what is being asked there."""
    for bus in {id(bus): bus for driver in drivers for _part, bus in parts_of(driver)}.values():
        bus.close()


def parts_of(driver: MeterDriver) -> Iterator[tuple[MeterOnBus, Bus]]:
    """Return the meters on buses of which a meter is made, with their buses."""
    for part in getattr(driver, "parts", (driver,)):
        if isinstance(part, MeterOnBus) and isinstance(part.bus, Bus):
            yield part, part.bus

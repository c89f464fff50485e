"""The buses that are in service, with their meters. On such a bus nothing is searched: its meters are asked, or an
address that a person types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..buses.bus import Bus
from ..conversations import find_protocol
from ..conversations.protocol import Conversations, Framing
from ..drivers.bus import BusDriverSettings
from ..drivers.interface import MeterDriver
from ..lines import parts_of
from ..meters.model import Model
from .probing import kind_of, name_of
from .survey import FoundMeter


@dataclass(frozen=True)
class LiveMeter:
    """A meter in service. `place`: as the survey knows it."""

    conversations: Conversations
    place: FoundMeter


@dataclass
class LiveBus:
    """A bus in service. `meters`: by the names of their journals."""

    bus: Bus
    line: str
    framing: Framing
    meters: dict[str, LiveMeter] = field(default_factory=dict)


def place_of(name: str, settings: BusDriverSettings, models: Mapping[str, Model]) -> FoundMeter | None:
    """Return a meter in service as the survey knows it; None if its settings name no model that there is."""
    section = settings.meters.get(name)
    if section is None or section.get("model") not in models or section.get("bus") not in settings.buses:
        return None
    bus, model = settings.buses[section["bus"]], models[section["model"]]
    more = {field: value for field, value in section.items() if field not in ("bus", "model", "address")}
    address = str(section["address"])
    protocol = name_of(model)
    return FoundMeter(
        0,
        bus.port,
        bus.line,
        bus.framing,
        protocol,
        kind_of(model),
        find_protocol(protocol).search.address_of(address),
        model=section["model"],
        more=more,
        in_service=name,
    )


def live_buses(
    drivers: Mapping[str, MeterDriver], settings: BusDriverSettings, models: Mapping[str, Model]
) -> dict[str, LiveBus]:
    """Return the buses in service by their ports. `drivers`: the opened meters, by name."""
    buses: dict[str, LiveBus] = {}
    for part, bus in [each for driver in drivers.values() for each in parts_of(driver)]:
        place = place_of(part.name, settings, models)
        if place is not None:
            live = buses.setdefault(place.port, LiveBus(bus, place.line, place.framing))
            live.meters[part.name] = LiveMeter(part.conversations, place)
    return buses

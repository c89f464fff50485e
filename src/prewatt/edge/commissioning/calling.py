"""Converters that call and that nobody knows: the installer sees what they said, and takes one on as a bus."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from msgspec import structs

from ..buses.listening import LISTENING
from ..buses.strangers import Stranger
from ..converters import known_as
from ..drivers.bus import CALL, BusDriverSettings
from ..settings import EdgeSettings
from ..texts import _
from .port_names import bus_name
from .survey import SurveyError
from .writing import DRIVER, section_with_bus


class Caller(NamedTuple):
    """A caller that nobody knows. `fits`: each (kind, id) whose registration its first bytes may be."""

    stranger: Stranger
    fits: list[tuple[str, str]]


def unknown_callers(section: BusDriverSettings | None) -> list[Caller]:
    """Return the unknown callers at a gateway's address; none if the gateway listens at no address."""
    if section is None or not section.listen:
        return []
    strangers = LISTENING.strangers(section.listen_address)
    return [Caller(each, known_as(each.said, [section.converters])) for each in strangers]


def with_converter(
    settings: EdgeSettings, section: BusDriverSettings | None, kind: str, caller: str, folder: Path
) -> EdgeSettings:
    """Return the settings with a bus for a converter that has called. Raises SurveyError if none such has called."""
    if section is None or not any((kind, caller) in each.fits for each in unknown_callers(section)):
        raise SurveyError(_("This converter is no longer calling. Wait until it calls again."))
    bus = {"port": f"{CALL}{caller}", "converter": kind}
    try:
        written = section_with_bus(section, bus_name(caller, list(section.buses)), bus, folder)
    except ValueError as error:
        raise SurveyError(str(error)) from None
    return structs.replace(settings, drivers={**settings.drivers, DRIVER: written})

"""Meters are put into service: the settings of the gateway, with the sections of their buses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import structs

from ..driver_settings import read_section
from ..drivers.bus import BusDriverSettings, check_meters
from ..settings import EdgeSettings, MeterSettings, load_settings, write_settings
from .port_names import bus_name
from .survey import Flat, FoundMeter, Survey, SurveyError

DRIVER = "bus"


def bus_settings(settings: EdgeSettings) -> BusDriverSettings | None:
    """Return the section of buses; None if there is none."""
    section = settings.drivers.get(DRIVER)
    return section if isinstance(section, BusDriverSettings) else None


def with_meters(
    settings: EdgeSettings, survey: Survey, meters: Sequence[FoundMeter], folder: Path, clock: Callable[[], int]
) -> EdgeSettings:
    """Return the settings with these meters in service at their flats. What is in service already stays; a meter whose flat
    gets another one leaves. Raises SurveyError if the result could not be run.
    """
    table = _table(bus_settings(settings))
    names = {bus["port"]: name for name, bus in table["buses"].items()}
    flats = {flat.key: flat for flat in survey.flats}
    for meter in meters:
        if meter.port not in names:
            names[meter.port] = bus_name(meter.port, list(table["buses"]))
            table["buses"][names[meter.port]] = {"port": meter.port, "line": meter.line, "framing": meter.framing}
        table["meters"][flats[meter.flat].name] = _section(meter, names[meter.port])
    try:
        written = read_section(DRIVER, table, folder)
        assert isinstance(written, BusDriverSettings)
        rows = _rows(settings, written, [flats[meter.flat] for meter in meters])
        check_meters(written, [row.name for row in rows if row.driver == DRIVER], clock)
    except ValueError as error:
        raise SurveyError(str(error)) from None
    return structs.replace(settings, meters=tuple(rows), drivers={**settings.drivers, DRIVER: written})


def _table(section: BusDriverSettings | None) -> dict[str, Any]:
    """Return a section as TOML has it: what is not set is left out."""
    if section is None:
        return {"buses": {}, "meters": {}}
    table = {name: value for name, value in msgspec.to_builtins(section, enc_hook=str).items() if value is not None}
    for name, bus in table["buses"].items():
        table["buses"][name] = {field: value for field, value in bus.items() if value is not None}
    return table


def section_with_bus(section: BusDriverSettings, name: str, bus: Mapping[str, Any], folder: Path) -> BusDriverSettings:
    """Return a section with one more bus. Raises ValueError, which names what is wrong."""
    table = _table(section)
    table["buses"][name] = dict(bus)
    written = read_section(DRIVER, table, folder)
    assert isinstance(written, BusDriverSettings)
    return written


def _section(meter: FoundMeter, bus: str) -> dict[str, Any]:
    seen = meter.look
    assert seen is not None
    return {**meter.more, "bus": bus, "model": seen.model, "address": meter.address}


def _rows(settings: EdgeSettings, section: BusDriverSettings, flats: Sequence[Flat]) -> list[MeterSettings]:
    """Return the meters that can be opened: those of before, and those of `flats`."""
    fresh = {flat.name: flat for flat in flats}
    rows = []
    for row in settings.meters:
        flat = fresh.pop(row.name, None)
        if flat is not None:
            rows.append(structs.replace(row, driver=DRIVER, token=flat.token or row.token))
        elif row.driver in settings.drivers and (row.driver != DRIVER or row.name in section.meters):
            rows.append(row)
    return rows + [MeterSettings(flat.name, DRIVER, unit=flat.unit, token=flat.token) for flat in fresh.values()]


def write(path: Path, settings: EdgeSettings) -> None:
    """Write `edge.toml`, once a check shows that the agent can read it. Raises SurveyError if not; then nothing is changed."""
    trial = path.with_name(f".{path.name}.trial")
    try:
        write_settings(trial, settings)
        load_settings(trial)
    except ValueError as error:
        raise SurveyError(str(error)) from None
    finally:
        trial.unlink(missing_ok=True)
    write_settings(path, settings)

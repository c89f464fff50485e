"""Meters are put into service: the settings of the gateway, with the sections of their buses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import structs

from ..driver_settings import read_section
from ..drivers.bus import BusDriverSettings, check_meters
from ..meters.model import Model
from ..settings import EdgeSettings, MeterSettings, load_settings, write_settings
from .live import place_of
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


def take_up(survey: Survey, settings: EdgeSettings, models: Mapping[str, Model]) -> None:
    """Bring the survey to what the settings say: which meters are in service, and at which flats."""
    known = {flat.name for flat in survey.flats}
    survey.flats += tuple(
        Flat(row.unit, row.name, row.name, row.token) for row in settings.meters if row.name not in known
    )
    section = bus_settings(settings)
    rows = [row for row in settings.meters if row.driver == DRIVER]
    serving = _take_rows(survey, rows, section, models) if section else set()
    for meter in survey.meters:
        if meter.in_service and meter.id not in serving:
            survey.change(meter.id, in_service="")


def _take_rows(
    survey: Survey, rows: Sequence[MeterSettings], section: BusDriverSettings, models: Mapping[str, Model]
) -> set[int]:
    """Note which meters are in service; one of several parts is so at the place of each. Returns their numbers."""
    serving = set()
    for row in rows:
        for name in section.meters.get(row.name, {}).get("parts", [row.name]):
            place = place_of(name, section, models)
            if place is not None:
                serving.add(_take_row(survey, row, place))
    return serving


def _take_row(survey: Survey, row: MeterSettings, place: FoundMeter) -> int:
    """Note in the survey that the meter of `row` is in service at its place. Returns the number of the meter there."""
    key = row.unit or row.name
    before = next((each for each in survey.meters if each.place == place.place), None)
    meter = survey.take(place) if before is None else before
    flat = meter.flat or ("" if survey.at_flat(key) else key)
    return survey.change(meter.id, in_service=place.in_service, line=place.line, framing=place.framing, flat=flat).id

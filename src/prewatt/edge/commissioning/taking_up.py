"""The survey is brought to what the gateway's settings say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..drivers.bus import BusDriverSettings
from ..meters.model import Model
from ..settings import EdgeSettings, MeterSettings
from .live import place_of
from .survey import Flat, FoundMeter, Survey
from .writing import DRIVER, bus_settings


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

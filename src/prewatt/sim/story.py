"""The story of a demonstration: which meters, which tariff, and what happens when. If it can't be played, this module
says why.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from importlib import resources
from pathlib import Path

import msgspec

from ..edge.recording import Recording, RecordingError, load_recordings
from ..kernel.calendar import zone
from ..kernel.fields import MeterName
from ..kernel.tariff import Tariff
from ..kernel.units import DAY, HOUR, instant, moment
from ..server.core.holidays import FIRST_YEAR, LAST_YEAR
from ..server.tariffs.reading import examples, read_document
from ..terminal_texts import _
from ..wire.messages import MAX_METERS
from .wiring import serial_of

PACKAGED = Path(str(resources.files("prewatt.sim"))) / "data"
PACKAGED_ZONE = "Australia/Sydney"
PACKAGED_START = date(2013, 9, 16)
"""The first day. The month from it has a clock change (6 October) and a public holiday (14 October)."""
AFTER_THE_END = 2 * DAY
"""How much (µs) of the packaged data after the end of a story its gateway still gets."""


class DemoError(Exception):
    """The demonstration can't run, or did not reach its end. The message says why."""


@dataclass(frozen=True)
class Options:
    """The options of a demonstration. `outage` is the number of days without a network. `bluetooth` is the gateway's
    adapter. `protocol` is what the meters speak; empty: they are read directly. `faults` are the names of what is wrong
    with them and their lines (`wiring.FAULTS`). `speed` is in simulated seconds per second; 0: as fast as possible.
    """

    data: Path | None = None
    zone: str = PACKAGED_ZONE
    days: int = 30
    meters: int = MAX_METERS
    seed: int = 1
    speed: float = 0.0
    http_port: int = 8000
    home: Path | None = None
    outage: int = 2
    bluetooth: str = ""
    protocol: str = ""
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Story:
    """The building and its month: recordings by meter, and the instants at which things happen. `names`: what each meter's
    recording is called in the data.
    """

    data: Path
    recordings: dict[str, Recording]
    names: dict[str, str]
    tariff: Tariff
    begin: int
    end: int
    outage: tuple[int, int]


def _check_numbers(options: Options) -> None:
    for name, value, low, high in (
        ("--days", options.days, 1, 3660),
        ("--meters", options.meters, 1, MAX_METERS),
        ("--outage-days", options.outage, 1, 365),
        ("--speed", options.speed, 0, 1e9),
    ):
        if not low <= value <= high:
            raise DemoError(
                _(
                    "%(option)s: %(value)s is not between %(low)s and %(high)s",
                    option=name,
                    value=value,
                    low=low,
                    high=f"{high:g}",
                )
            )


def _check_names(data: Path, names: Iterable[str]) -> None:
    for name in names:
        try:
            msgspec.convert(name, MeterName)
        except msgspec.ValidationError:
            raise DemoError(
                _("%(data)s: '%(name)s' can't be a meter's name (1 to 64 characters, no slash)", data=data, name=name)
            ) from None


def plan(options: Options) -> Story:
    """Return the story that the options ask for. Raises DemoError if the data or the options can't be used."""
    _check_numbers(options)
    data = options.data or PACKAGED / "apartments.csv.gz"
    try:
        zone_info = zone(options.zone)
        everything = load_recordings(data, zone_info)
    except (RecordingError, ValueError) as error:
        raise DemoError(str(error)) from None
    names = {serial_of(name) if options.protocol else name: name for name in list(everything)[: options.meters]}
    if len(names) < min(len(everything), options.meters):
        raise DemoError(
            _(
                "%(data)s: two meters have the same digits in their names. On a bus, these digits are the meter's "
                "number, so rename one of the meters",
                data=data,
            )
        )
    recordings = {name: everything[recorded] for name, recorded in names.items()}
    _check_names(data, recordings)
    begin = min(recording.begin for recording in recordings.values())
    if options.data is None:
        begin = instant(datetime(PACKAGED_START.year, PACKAGED_START.month, PACKAGED_START.day, tzinfo=zone_info))
    end = min(begin + options.days * DAY, max(recording.end for recording in recordings.values()))
    if end - begin < 6 * HOUR:
        raise DemoError(_("%(data)s: contains less than six hours of consumption. Use a longer file", data=data))
    # In the middle; of a short run, its middle third, but for a long outage that was asked for: the middle half.
    length = min(options.outage * DAY, (end - begin) // (3 if options.outage <= 2 else 2))
    middle = (begin + end - length) // 2 // HOUR * HOUR
    tariff = _tariff(options.zone, moment(begin).year, moment(end).year)
    return Story(data, recordings, names, tariff, begin, end, (middle, middle + length))


def excerpt(story: Story, folder: Path) -> Path:
    """Return the file with the consumption of a story's meters. A gateway reads all of it at each start. So it gets
    only what it needs of the packaged data, as a file in `folder`, which must exist. Other data stay as they are.
    """
    if story.data.parent != PACKAGED:
        return story.data.absolute()
    names, last = set(story.names.values()), story.end + AFTER_THE_END
    path = folder / "meters.csv.gz"
    with gzip.open(story.data, "rt") as whole, gzip.open(path, "wt", compresslevel=1) as part:
        part.write(next(whole))
        for line in whole:
            name, timestamp, _energy = line.split(",")
            if name in names and instant(datetime.fromisoformat(timestamp)) <= last:
                part.write(line)
    return path


def _tariff(zone_name: str, first: int, last: int) -> Tariff:
    document = examples()["ontario-time-of-use"]
    holidays = {**document["holidays"], "years": [max(first - 1, FIRST_YEAR), min(last + 1, LAST_YEAR)]}
    return read_document({**document, "zone": zone_name, "holidays": holidays})

"""Tariffs: named rates, and which of them holds at an instant.

After the activity calendar of DLMS/COSEM (class 20): seasons begin on a day of the year and last until the next begins;
within a season each kind of day has one profile of switch times; special days (class 11) have a kind of their own.
A flat tariff is one rate, one season and one profile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, NamedTuple

from msgspec import Meta, Struct

from .calendar import DAY_KINDS, SPECIAL, day_kind, local, next_wall_change, zone
from .units import INT64_MAX, PRICE_MAX, exact_price, parse_price

Name = Annotated[str, Meta(min_length=1, max_length=64)]
DAY_MINUTES = 1440


class Rate(Struct, frozen=True):
    """A named price. `price` in micro per kWh."""

    name: Name
    price: Annotated[int, Meta(ge=0, le=PRICE_MAX)]


class Switch(Struct, frozen=True, array_like=True):
    """From `minute` past local midnight the rate named `rate` holds."""

    minute: Annotated[int, Meta(ge=0, lt=DAY_MINUTES)]
    rate: Name


class DayType(Struct, frozen=True):
    """The profile of the kinds of day in `days` (indices into `DAY_KINDS`)."""

    name: Name
    days: Annotated[tuple[Annotated[int, Meta(ge=0, le=SPECIAL)], ...], Meta(max_length=8)]
    switches: Annotated[tuple[Switch, ...], Meta(min_length=1, max_length=96)]


class Season(Struct, frozen=True):
    """Holds from the `day` of `month` each year until the next season begins."""

    name: Name
    month: Annotated[int, Meta(ge=1, le=12)]
    day: Annotated[int, Meta(ge=1, le=31)]
    day_types: Annotated[tuple[DayType, ...], Meta(min_length=1, max_length=8)]


class Tariff(Struct, frozen=True):
    """Prices and their calendar. `special_days` are ISO dates, in order. Built and checked by
    `tariff_from_document`.
    """

    name: Name
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    zone: Name
    rates: Annotated[tuple[Rate, ...], Meta(min_length=1, max_length=32)]
    seasons: Annotated[tuple[Season, ...], Meta(min_length=1, max_length=12)]
    special_days: Annotated[tuple[Annotated[str, Meta(min_length=10, max_length=10)], ...], Meta(max_length=1000)] = ()


class Stretch(NamedTuple):
    """A stretch of time with one price: from the asked instant until `end` (exclusive). `price` in micro per kWh."""

    end: int
    rate: str
    price: int


class TariffError(ValueError):
    """The tariff can't be used; the message names the field."""


def check(tariff: Tariff) -> None:
    """TariffError if the calendar has a hole or an overlap, or names what does not exist."""
    try:
        zone(tariff.zone)
    except ValueError as error:
        raise TariffError(f"zone: {error}") from None
    names = [rate.name for rate in tariff.rates]
    if len(set(names)) != len(names):
        raise TariffError("rates: a rate is named twice")
    for day in tariff.special_days:
        try:
            date.fromisoformat(day)
        except ValueError:
            raise TariffError(f"special_days: {day!r} is not a date such as 2024-12-25") from None
    starts = [(season.month, season.day) for season in tariff.seasons]
    if len(set(starts)) != len(starts):
        raise TariffError("seasons: two seasons begin on the same day")
    for season in tariff.seasons:
        where = f"seasons.{season.name}"
        try:
            date(2024, season.month, season.day)
        except ValueError:
            raise TariffError(f"{where}: there is no day {season.month:02}-{season.day:02}") from None
        kinds = [kind for day_type in season.day_types for kind in day_type.days]
        for kind, name in enumerate(DAY_KINDS):
            if kinds.count(kind) != 1:
                found = "no profile" if kind not in kinds else "more than one profile"
                raise TariffError(f"{where}: {found} for the day {name!r}")
        for day_type in season.day_types:
            minutes = [switch.minute for switch in day_type.switches]
            if minutes[0] != 0:
                raise TariffError(f"{where}.{day_type.name}: the first switch must be at 00:00")
            if minutes != sorted(set(minutes)):
                raise TariffError(f"{where}.{day_type.name}: switch times must ascend")
            for switch in day_type.switches:
                if switch.rate not in names:
                    raise TariffError(f"{where}.{day_type.name}: there is no rate {switch.rate!r}")


class RateCalendar:
    """A checked tariff, ready to be asked which rate holds at an instant."""

    def __init__(self, tariff: Tariff) -> None:
        check(tariff)
        self.tariff = tariff
        self._zone = zone(tariff.zone)
        self._price = {rate.name: rate.price for rate in tariff.rates}
        self._special = frozenset(date.fromisoformat(day) for day in tariff.special_days)
        self._seasons = [
            (
                (season.month, season.day),
                {kind: day_type.switches for day_type in season.day_types for kind in day_type.days},
            )
            for season in sorted(tariff.seasons, key=lambda season: (season.month, season.day))
        ]
        self._last = (0, Stretch(0, "", 0))

    def stretch(self, at: int) -> Stretch:
        """The rate at an instant, and until when at least it holds."""
        begin, last = self._last
        if begin <= at < last.end:
            return last
        wall = local(at, self._zone)
        switches = self._profile(wall.date())
        minute = wall.hour * 60 + wall.minute
        rate, until = switches[0].rate, DAY_MINUTES
        for switch in switches:
            if switch.minute > minute:
                until = switch.minute
                break
            rate = switch.rate
        found = Stretch(next_wall_change(at, until, self._zone), rate, self._price[rate])
        self._last = (at, found)
        return found

    def _profile(self, day: date) -> tuple[Switch, ...]:
        # Before the year's first season begins, the year's last one still holds.
        by_kind = self._seasons[-1][1]
        for start, profiles in self._seasons:
            if start > (day.month, day.day):
                break
            by_kind = profiles
        return by_kind[day_kind(day, self._special)]


class Version(NamedTuple):
    """A tariff from an instant on."""

    effective: int
    calendar: RateCalendar


class Rated(NamedTuple):
    """What an interval came to: Wh by rate, and the charge in nano."""

    energy: dict[str, int]
    charge: int


UNPRICED = "unpriced"
"""The rate's name for energy used before any tariff held: metered, not charged."""


def stretch_at(versions: Sequence[Version], at: int) -> Stretch:
    """The rate at an instant under a series of versions (in order of `effective`)."""
    end = INT64_MAX
    for version in reversed(versions):
        if version.effective <= at:
            found = version.calendar.stretch(at)
            return found if found.end <= end else found._replace(end=end)
        end = version.effective
    return Stretch(end, UNPRICED, 0)


def stretches(versions: Sequence[Version], begin: int, end: int) -> Iterator[tuple[int, Stretch]]:
    """The stretches of one price from `begin` to `end`, each with the instant it begins at."""
    while begin < end:
        found = stretch_at(versions, begin)
        yield begin, found
        begin = found.end


def rate_interval(versions: Sequence[Version], begin: int, end: int, energy: int) -> Rated:
    """Charge `energy` Wh used evenly between two instants.

    Energy used up to an instant t inside is `energy x (t - begin) // (end - begin)`: whole watt-hours, so the parts
    sum to the whole however finely the interval is cut. An interval of no length is charged at the rate it ends in.
    """
    first = stretch_at(versions, begin)
    if end <= first.end:
        return Rated({first.rate: energy}, energy * first.price) if energy else Rated({}, 0)
    by_rate: dict[str, int] = {}
    charge = used = 0
    for _, stretch in stretches(versions, begin, end):
        upto = energy * (min(stretch.end, end) - begin) // (end - begin)
        if upto > used:
            by_rate[stretch.rate] = by_rate.get(stretch.rate, 0) + upto - used
            charge += (upto - used) * stretch.price
            used = upto
    return Rated(by_rate, charge)


def _clock(text: str, where: str) -> int:
    hours, _, minutes = str(text).partition(":")
    if not (
        len(hours) == len(minutes) == 2
        and hours.isdecimal()
        and minutes.isdecimal()
        and int(hours) < 24
        and int(minutes) < 60
    ):
        raise TariffError(f"{where}: {text!r} is not a time such as 07:00")
    return int(hours) * 60 + int(minutes)


def _field(document: Mapping[str, Any], key: str, kind: type, where: str = "") -> Any:
    value = document.get(key) if isinstance(document, Mapping) else None
    if not isinstance(value, kind) or not value:
        raise TariffError(f"{where}{key}: is missing, or not a {kind.__name__} with something in it")
    return value


def tariff_from_document(document: Mapping[str, Any]) -> Tariff:
    """Read the public form of a tariff (`docs/tariff.md`). TariffError names the field that is wrong."""
    rates = []
    for name, price in _field(document, "rates", dict).items():
        try:
            rates.append(Rate(str(name), parse_price(str(price))))
        except ValueError as error:
            raise TariffError(f"rates.{name}: {error}") from None
    seasons = []
    for season in _field(document, "seasons", list):
        name = _field(season, "name", str, "seasons.")
        where = f"seasons.{name}."
        start = _field(season, "from", str, where).split("-")
        if len(start) != 2 or not all(part.isdecimal() for part in start):
            raise TariffError(f"{where}from: {'-'.join(start)!r} is not a month and day such as 11-01")
        day_types = []
        for day_type in _field(season, "day_types", list, where):
            kind = _field(day_type, "name", str, where)
            inside = f"{where}{kind}."
            days = []
            for day in _field(day_type, "days", list, inside):
                if day not in DAY_KINDS:
                    raise TariffError(f"{inside}days: {day!r} is none of {', '.join(DAY_KINDS)}")
                days.append(DAY_KINDS.index(day))
            switches = []
            for switch in _field(day_type, "switches", list, inside):
                if not isinstance(switch, (list, tuple)) or len(switch) != 2:
                    raise TariffError(f"{inside}switches: {switch!r} is not a pair such as ['07:00', 'peak']")
                switches.append(Switch(_clock(switch[0], f"{inside}switches"), str(switch[1])))
            day_types.append(DayType(kind, tuple(days), tuple(switches)))
        month, day_of_month = (int(part) for part in start)
        seasons.append(Season(name, month, day_of_month, tuple(day_types)))
    special = document.get("special_days", [])
    if not isinstance(special, list) or not all(isinstance(day, str) for day in special):
        raise TariffError("special_days: is not a list of dates")
    currency = _field(document, "currency", str)
    if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise TariffError(f"currency: {currency!r} is not a code of three capitals such as CAD")
    tariff = Tariff(
        _field(document, "name", str),
        currency,
        _field(document, "zone", str),
        tuple(rates),
        tuple(seasons),
        tuple(sorted(special)),
    )
    check(tariff)
    return tariff


def tariff_to_document(tariff: Tariff) -> dict[str, Any]:
    """The public form of a tariff; `tariff_from_document` reads it back to an equal one."""
    return {
        "name": tariff.name,
        "currency": tariff.currency,
        "zone": tariff.zone,
        "rates": {rate.name: exact_price(rate.price) for rate in tariff.rates},
        "seasons": [
            {
                "name": season.name,
                "from": f"{season.month:02}-{season.day:02}",
                "day_types": [
                    {
                        "name": day_type.name,
                        "days": [DAY_KINDS[kind] for kind in day_type.days],
                        "switches": [[f"{s.minute // 60:02}:{s.minute % 60:02}", s.rate] for s in day_type.switches],
                    }
                    for day_type in season.day_types
                ],
            }
            for season in tariff.seasons
        ],
        "special_days": list(tariff.special_days),
    }


def flat_tariff(name: str, currency: str, where: str, price: int) -> Tariff:
    """One price at all times. `price` in micro per kWh."""
    profile = DayType("every day", tuple(range(len(DAY_KINDS))), (Switch(0, "flat"),))
    return Tariff(name, currency, where, (Rate("flat", price),), (Season("year", 1, 1, (profile,)),))

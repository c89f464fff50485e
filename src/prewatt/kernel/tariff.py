"""Tariffs: named rates, which of them holds at an instant, and what is charged beside the energy.

After the activity calendar of DLMS/COSEM (class 20): seasons begin on a day of the year and last until the next begins;
within a season each kind of day has one profile of switch times; special days (class 11) have a kind of their own.
A flat tariff is one rate, one season and one profile. Each rate has one price for each tier (block) of use; dated
prices (half-hourly ones, say) hold instead of the calendar's for as long as they reach.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Annotated, NamedTuple, TypeVar

from msgspec import Meta, Struct, structs

from .calendar import DAY_KINDS, SPECIAL, day_kind, local, next_wall_change, zone
from .charges import CHARGES, OF_TIME, PER_DAY, PER_KWH, PER_MONTH
from .charges.interface import OWN_FIELDS, Amounts, Charge
from .units import AMOUNT_MAX, DAY, INSTANT_MAX, INT64_MAX, MINUTE, PRICE_MAX, REGISTER_MAX, Instant, Micro

Name = Annotated[str, Meta(min_length=1, max_length=64)]
Price = Annotated[int, Meta(ge=0, le=PRICE_MAX)]
Amount = Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]
Energy = Annotated[int, Meta(ge=0, le=REGISTER_MAX)]
DAY_MINUTES = 1440
TIERS_MAX = 8
PPM = 10**6
"""One whole in parts per million. Taxes are in ppm, so a percentage has up to four decimals."""
DATED_MAX = 3000
"""The most dated prices in one tariff: two months of half hours. A longer series comes as several versions."""


class Rate(Struct, frozen=True):
    """A named price. `prices`: micro per kWh, one for each tier, or one for all tiers."""

    name: Name
    prices: Annotated[tuple[Price, ...], Meta(min_length=1, max_length=TIERS_MAX)]


class Switch(Struct, frozen=True, array_like=True):
    """A switch time of a profile: from `minute` past local midnight on, the rate named `rate` holds."""

    minute: Annotated[int, Meta(ge=0, lt=DAY_MINUTES)]
    rate: Name


class DayType(Struct, frozen=True):
    """The profile of some kinds of day. `days`: indices into `DAY_KINDS`; `switches`: in the order of their minutes."""

    name: Name
    days: Annotated[tuple[Annotated[int, Meta(ge=0, le=SPECIAL)], ...], Meta(max_length=8)]
    switches: Annotated[tuple[Switch, ...], Meta(min_length=1, max_length=96)]


class Season(Struct, frozen=True, omit_defaults=True):
    """A part of the year, from the `day` of `month` until the next season begins. `upto`: the season's own ends of the
    tiers, Wh; empty if those of the tariff hold.
    """

    name: Name
    month: Annotated[int, Meta(ge=1, le=12)]
    day: Annotated[int, Meta(ge=1, le=31)]
    day_types: Annotated[tuple[DayType, ...], Meta(min_length=1, max_length=8)]
    upto: Annotated[tuple[Energy, ...], Meta(max_length=TIERS_MAX - 1)] = ()


class Period(enum.Enum):
    """The time after which the tiers begin again: a local day, a calendar month or a calendar year."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class Tiers(Struct, frozen=True):
    """Blocks of use. The first tier ends at `upto[0]` Wh in a period, the second at `upto[1]`, and the last has no end.

    `by_rate`: the energy of each rate is counted separately, instead of all rates together.
    """

    per: Period
    upto: Annotated[tuple[Energy, ...], Meta(min_length=1, max_length=TIERS_MAX - 1)]
    by_rate: bool = False


class Tax(Struct, frozen=True):
    """The tax on all that the tariff charges. `ppm`: the tax in parts per million of the net amount. `included`: the
    prices contain it already.
    """

    name: Name
    ppm: Annotated[int, Meta(ge=1, le=PPM)]
    included: bool


class Dated(Struct, frozen=True):
    """Consecutive prices from the instant `begin` on, each for `step` µs, as the rate `name`. Prices are in micro per
    kWh.
    """

    name: Name
    begin: Annotated[int, Meta(ge=0, le=INSTANT_MAX)]
    step: Annotated[int, Meta(ge=MINUTE, le=DAY)]
    prices: Annotated[tuple[Price, ...], Meta(min_length=1, max_length=DATED_MAX)]

    @property
    def end(self) -> int:
        """Return the instant at which the last price ends."""
        return self.begin + self.step * len(self.prices)


class Tariff(Struct, frozen=True, omit_defaults=True):
    """Prices and their calendar. `tariff_document.tariff_from_document` reads and checks them.

    `special_days`: ISO dates, in order. `standing` (nano for each local day), `fee` (micro per kWh), `minimum` (nano for a
    month) and `charges`: what each form of price in `kernel.charges` costs.
    """

    name: Name
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    zone: Name
    rates: Annotated[tuple[Rate, ...], Meta(min_length=1, max_length=32)]
    seasons: Annotated[tuple[Season, ...], Meta(min_length=1, max_length=12)]
    special_days: Annotated[tuple[Annotated[str, Meta(min_length=10, max_length=10)], ...], Meta(max_length=1000)] = ()
    tiers: Tiers | None = None
    standing: Amount = 0
    fee: Price = 0
    tax: Tax | None = None
    minimum: Amount = 0
    dated: Dated | None = None
    charges: Amounts = ()


class Stretch(NamedTuple):
    """A stretch of time at one rate: from the instant that was asked for until `end` (excluded), within one local day.

    `prices`: micro per kWh, one for each tier. `upto`: the ends of the tiers, Wh. `day`: the ordinal of the local day;
    0 where no tariff holds.
    """

    end: int
    rate: str
    prices: tuple[int, ...]
    upto: tuple[int, ...]
    day: int


class TariffError(ValueError):
    """The tariff cannot be used. The message names the field."""


def check(tariff: Tariff) -> None:
    """Check a tariff. Raises TariffError if the calendar has a gap or an overlap, or names a rate that does not exist."""
    try:
        zone(tariff.zone)
    except ValueError as error:
        raise TariffError(f"zone: {error}") from None
    names = [rate.name for rate in tariff.rates]
    if len(set(names)) != len(names):
        raise TariffError("rates: a rate is named twice")
    _check_special_days(tariff.special_days)
    _check_tiers(tariff)
    _check_charges(tariff)
    starts = [(season.month, season.day) for season in tariff.seasons]
    if len(set(starts)) != len(starts):
        raise TariffError("seasons: two seasons begin on the same day")
    for season in tariff.seasons:
        _check_season(season, names)
    if tariff.dated:
        if tariff.tiers:
            raise TariffError("dated_prices: can't be combined with tiers")
        if tariff.dated.end > INSTANT_MAX:
            raise TariffError("dated_prices: reach past the year 2200")


def _check_season(season: Season, rates: Sequence[str]) -> None:
    path = f"seasons.{season.name}"
    try:
        date(2024, season.month, season.day)
    except ValueError:
        raise TariffError(f"{path}: there is no day {season.month:02}-{season.day:02}") from None
    kinds = [kind for day_type in season.day_types for kind in day_type.days]
    for kind, name in enumerate(DAY_KINDS):
        if kinds.count(kind) != 1:
            count = "no profile" if kind not in kinds else "more than one profile"
            raise TariffError(f"{path}: {count} for the day {name!r}")
    for day_type in season.day_types:
        _check_switches(f"{path}.{day_type.name}", day_type.switches, rates)


def _check_switches(path: str, switches: Sequence[Switch], rates: Sequence[str]) -> None:
    minutes = [switch.minute for switch in switches]
    if minutes[0] != 0:
        raise TariffError(f"{path}: the first switch must be at 00:00")
    if minutes != sorted(set(minutes)):
        raise TariffError(f"{path}: switch times must ascend")
    for switch in switches:
        if switch.rate not in rates:
            raise TariffError(f"{path}: there is no rate {switch.rate!r}")


def _check_special_days(days: Sequence[str]) -> None:
    for day in days:
        try:
            date.fromisoformat(day)
        except ValueError:
            raise TariffError(f"special_days: {day!r} is not a date such as 2024-12-25") from None


def _check_tiers(tariff: Tariff) -> None:
    count = len(tariff.tiers.upto) + 1 if tariff.tiers else 1
    for rate in tariff.rates:
        if len(rate.prices) not in (1, count):
            raise TariffError(f"rates.{rate.name}: {len(rate.prices)} prices for {count} tiers")
    for path, upto in [
        ("tiers", tariff.tiers.upto if tariff.tiers else ()),
        *((f"seasons.{season.name}", season.upto) for season in tariff.seasons if season.upto),
    ]:
        if len(upto) != count - 1:
            raise TariffError(f"{path}.up_to_kwh: {len(upto)} ends for {count} tiers (the last one has none)")
        if any(second <= first for first, second in zip((0, *upto), upto, strict=False)):
            raise TariffError(f"{path}.up_to_kwh: the ends of the tiers must be over 0 and ascend")


def _check_charges(tariff: Tariff) -> None:
    names = [name for name, _amount in tariff.charges]
    known = {form.name for form in CHARGES} - set(OWN_FIELDS)
    for name in names:
        if name not in known:
            raise TariffError(f"charges: this software does not know the charge {name!r}; update it")
    if names != sorted(set(names)) or not all(amount for _name, amount in tariff.charges):
        raise TariffError("charges: each charge must be there once, in the order of the names, and must not be 0")


def _profiles(season: Season) -> dict[int, tuple[Switch, ...]]:
    """Return the switches of a season by the kind of day."""
    return {kind: day_type.switches for day_type in season.day_types for kind in day_type.days}


_Form = TypeVar("_Form", bound=Charge)


def _of_forms(forms: Iterable[_Form], tariff: Tariff) -> list[tuple[_Form, int]]:
    """Return the forms of price that a tariff has, each with its amount."""
    return [(form, amount) for form in forms if (amount := form.of(tariff))]


class RateCalendar:
    """A checked tariff that can tell which rate holds at an instant. `per_kwh`, `per_day`, `per_month`: the forms of price
    that it has beside the energy, as pairs of form and amount.
    """

    def __init__(self, tariff: Tariff) -> None:
        check(tariff)
        self.tariff = tariff
        self._zone = zone(tariff.zone)
        tiers = tariff.tiers.upto if tariff.tiers else ()
        self._prices = {
            rate.name: rate.prices * (len(tiers) + 1) if len(rate.prices) == 1 else rate.prices for rate in tariff.rates
        }
        self._special = frozenset(date.fromisoformat(day) for day in tariff.special_days)
        self._seasons = [
            ((season.month, season.day), _profiles(season), season.upto or tiers)
            for season in sorted(tariff.seasons, key=lambda season: (season.month, season.day))
        ]
        self.per_kwh = _of_forms(PER_KWH, tariff)
        self.per_day = _of_forms(PER_DAY, tariff)
        self.per_month = _of_forms(PER_MONTH, tariff)
        self._last = (0, Stretch(0, "", (), (), 0))

    def stretch(self, at: Instant) -> Stretch:
        """Return the rate at an instant, and an instant until which it holds at least."""
        begin, last = self._last
        if begin <= at < last.end:
            return last
        wall = local(at, self._zone)
        day = wall.date()
        profiles, upto = self._season(day)
        switches = profiles[day_kind(day, self._special)]
        minute = wall.hour * 60 + wall.minute
        rate, until = switches[0].rate, DAY_MINUTES
        for switch in switches:
            if switch.minute > minute:
                until = switch.minute
                break
            rate = switch.rate
        end = next_wall_change(at, until, self._zone)
        stretch = self._dated(at, Stretch(end, rate, self._prices[rate], upto, day.toordinal()))
        self._last = (at, stretch)
        return stretch

    def _dated(self, at: Instant, stretch: Stretch) -> Stretch:
        """Return the stretch of the dated price at an instant, or the calendar's stretch where no dated price holds."""
        dated = self.tariff.dated
        if dated is None or at >= dated.end:
            return stretch
        if at < dated.begin:
            return stretch._replace(end=min(stretch.end, dated.begin))
        slot = (at - dated.begin) // dated.step
        end = min(stretch.end, dated.begin + (slot + 1) * dated.step)
        return stretch._replace(end=end, rate=dated.name, prices=(dated.prices[slot],))

    def _season(self, day: date) -> tuple[dict[int, tuple[Switch, ...]], tuple[int, ...]]:
        # Before the year's first season begins, the year's last one still holds.
        _, profiles, upto = self._seasons[-1]
        for start, its_profiles, its_upto in self._seasons:
            if start > (day.month, day.day):
                break
            profiles, upto = its_profiles, its_upto
        return profiles, upto


@lru_cache(maxsize=1024)
def calendar_of(tariff: Tariff) -> RateCalendar:
    """Return the calendar of a tariff, kept ready because many accounts have the same tariff. Raises TariffError if the tariff is
    wrong.
    """
    return RateCalendar(tariff)


class Version(NamedTuple):
    """A tariff, and the instant `effective` from which it holds."""

    effective: int
    calendar: RateCalendar


UNPRICED = "unpriced"
"""The name of the rate for energy that was used before any tariff held: it is metered and not charged."""


def version_at(versions: Sequence[Version], at: Instant) -> Version | None:
    """Return the version of a series (in order of `effective`) that holds at an instant; None before the first one."""
    for version in reversed(versions):
        if version.effective <= at:
            return version
    return None


def stretch_at(versions: Sequence[Version], at: Instant) -> Stretch:
    """Return the stretch at an instant under a series of versions (in order of `effective`)."""
    end = INT64_MAX
    for version in reversed(versions):
        if version.effective <= at:
            stretch = version.calendar.stretch(at)
            return stretch if stretch.end <= end else stretch._replace(end=end)
        end = version.effective
    return Stretch(end, UNPRICED, (0,), (), 0)


def stretches(versions: Sequence[Version], begin: Instant, end: Instant) -> Iterator[tuple[Instant, Stretch]]:
    """Yield the stretches of one price from `begin` to `end`, each with the instant at which it begins."""
    while begin < end:
        stretch = stretch_at(versions, begin)
        yield begin, stretch
        begin = stretch.end


def add_version(versions: Sequence[Version], version: Version) -> tuple[Version, ...]:
    """Return a series with one more version. It replaces a version with the same instant."""
    others = [each for each in versions if each.effective != version.effective]
    return tuple(sorted([*others, version], key=lambda each: each.effective))


def of_energy_alone(versions: Sequence[Version]) -> tuple[Version, ...]:
    """Return a series without what its tariffs charge for days and months: for energy whose days are charged already."""
    return tuple(Version(each.effective, RateCalendar(_of_energy_alone(each.calendar.tariff))) for each in versions)


def _of_energy_alone(tariff: Tariff) -> Tariff:
    names = {form.name for form in OF_TIME}
    fields = dict.fromkeys(names.intersection(OWN_FIELDS), 0)
    charges = tuple((name, amount) for name, amount in tariff.charges if name not in names)
    return structs.replace(tariff, **fields, charges=charges)


def flat_tariff(name: str, currency: str, zone_name: str, price: Micro, rate: str = "flat") -> Tariff:
    """Return a tariff with one `price` (micro per kWh) at all times. `zone_name` is the name of its time zone, `rate` what
    people read on statements.
    """
    return Tariff(name, currency, zone_name, (Rate(rate, (price,)),), (all_year(rate),))


def all_year(rate: str) -> Season:
    """Return the one season of a calendar in which one rate always holds."""
    return Season("year", 1, 1, (DayType("every day", tuple(range(len(DAY_KINDS))), (Switch(0, rate),)),))

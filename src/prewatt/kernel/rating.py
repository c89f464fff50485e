"""Rating works out what an interval of use costs under a series of tariff versions.

Energy counts as used evenly between two readings; each rate and tier gets whole watt-hours. Beside the energy, rating
charges what the forms of price in `kernel.charges` say, for each kWh, each local day and each month, and tax.
`docs/landlord/tariff.md` explains each rule in words.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from typing import Annotated, NamedTuple

from msgspec import Meta, Struct

from .charges import PER_KWH, WATCHING
from .charges.interface import OWN_FIELDS, Amounts, Charge, Kept, Month, others_of
from .tariff import (
    PPM,
    TIERS_MAX,
    UNPRICED,
    Energy,
    Name,
    Period,
    Price,
    Stretch,
    Tariff,
    Tax,
    Version,
    stretch_at,
    version_at,
)
from .units import Instant, Micro, Nano, Wh


class Counters(Struct, frozen=True, omit_defaults=True):
    """What tiers, charges of months and tax need to know of earlier readings.

    `day`: ordinal of the local day that `today` counts; 0 before the first tariff. `today`, `month`, `year`: Wh by rate
    since each began. `days`: days of this month that have ended. `charged`: nano charged in this month, without a tax
    that is added. `carry`, `carry_included`: the fraction of a nano of tax that is left over, in parts of the tax's
    denominator. `kept`: what charges of a month keep of its readings, by their names.
    """

    day: int = 0
    today: dict[str, int] = {}
    month: dict[str, int] = {}
    year: dict[str, int] = {}
    days: int = 0
    charged: int = 0
    carry: int = 0
    carry_included: int = 0
    kept: dict[str, Kept] = {}

    def counted(self, per: Period) -> dict[str, int]:
        """Return the Wh by rate since the day, month or year began."""
        return _since(per, self)


class Used(Struct, frozen=True, array_like=True):
    """Energy at one price: `energy` in Wh, `tier` counted from 0, `price` in micro per kWh."""

    rate: Name
    tier: Annotated[int, Meta(ge=0, lt=TIERS_MAX)]
    price: Price
    energy: Energy


class Rated(NamedTuple):
    """The cost of an interval, in nano. `charge` is the total: energy, `fee`, `standing`, `minimum`, `charges` (of the other
    forms of price, by their names) and the `tax` that is added. `tax_included` is the tax contained in these. `counters`:
    the counters after the interval.
    """

    used: tuple[Used, ...]
    charge: int
    fee: int
    standing: int
    minimum: int
    tax: int
    tax_included: int
    counters: Counters
    charges: Amounts = ()


def split_tiers(before: int, energy: Wh, upto: Sequence[int]) -> list[tuple[int, int]]:
    """Split `energy` Wh into tiers and return pairs of (tier, Wh), where `before` Wh of the period are used already."""
    parts = []
    for tier, end in enumerate(upto):
        inside = min(energy, end - before)
        if inside > 0:
            parts.append((tier, inside))
            before, energy = before + inside, energy - inside
    return [*parts, (len(upto), energy)] if energy else parts


def tax_of(carry: int, amount: Nano, tax: Tax) -> tuple[int, int]:
    """Return (tax in whole nano, remainder). The remainder is carried on, so that the taxes of the parts of an amount
    sum to the tax of the whole.
    """
    return divmod(carry + amount * tax.ppm, PPM + tax.ppm if tax.included else PPM)


def gross(price: Micro, tariff: Tariff) -> Micro:
    """Return a price in micro per kWh with all charges per kWh and a tax that is added, rounded up."""
    net = price + sum([form.of(tariff) for form in PER_KWH])
    return net if tariff.tax is None or tariff.tax.included else -(-net * (PPM + tariff.tax.ppm) // PPM)


def _since(per: Period, sums: Counters | _Tally) -> dict[str, int]:
    return sums.today if per is Period.DAY else sums.month if per is Period.MONTH else sums.year


class _Tally:
    """The running sums of one interval."""

    def __init__(self, counters: Counters) -> None:
        self.used: dict[tuple[str, int, int], int] = {}
        self.charges: dict[str, int] = {}
        self.tax = self.tax_included = self.energy_charge = 0
        self.day, self.days, self.charged = counters.day, counters.days, counters.charged
        self.carry, self.carry_included = counters.carry, counters.carry_included
        self.today, self.month, self.year = dict(counters.today), dict(counters.month), dict(counters.year)
        self.kept = dict(counters.kept)

    def add(self, form: Charge, amount: Nano, tariff: Tariff) -> None:
        """Charge an amount of a form of price."""
        self.charges[form.name] = self.charges.get(form.name, 0) + amount
        self._take(amount, tariff)

    def _take(self, amount: Nano, tariff: Tariff) -> None:
        self.charged += amount
        if tariff.tax is None:
            return
        if tariff.tax.included:
            tax, self.carry_included = tax_of(self.carry_included, amount, tariff.tax)
            self.tax_included += tax
        else:
            tax, self.carry = tax_of(self.carry, amount, tariff.tax)
            self.tax += tax

    def use(self, stretch: Stretch, version: Version | None, energy: Wh) -> None:
        """Charge `energy` Wh at the rate of a stretch."""
        if version is None:
            self._add(UNPRICED, 0, 0, energy)
            return
        tariff = version.calendar.tariff
        tiers = tariff.tiers
        if tiers is None:
            parts = [(0, energy)]
        else:
            counted = _since(tiers.per, self)
            before = counted.get(stretch.rate, 0) if tiers.by_rate else sum(counted.values())
            parts = split_tiers(before, energy, stretch.upto)
        charge = 0
        for tier, part in parts:
            self._add(stretch.rate, tier, stretch.prices[tier], part)
            charge += part * stretch.prices[tier]
        for each in (self.today, self.month, self.year):
            each[stretch.rate] = each.get(stretch.rate, 0) + energy
        self.energy_charge += charge
        for form, price in version.calendar.per_kwh:
            self.charges[form.name] = self.charges.get(form.name, 0) + energy * price
            charge += energy * price
        self._take(charge, tariff)

    def watch(self, version: Version | None, begin: Instant, end: Instant, energy: Wh) -> None:
        """Let charges of the month keep what they need of a part of a day."""
        if version is not None:
            for form, _amount in version.calendar.per_month:
                if form.watches:
                    self.kept[form.name] = form.watch(self.kept.get(form.name, ()), begin, end, energy)

    def _add(self, rate: str, tier: int, price: Micro, energy: Wh) -> None:
        key = (rate, tier, price)
        self.used[key] = self.used.get(key, 0) + energy

    def end_day(self, following: int, version: Version | None) -> None:
        """End a local day, and begin the day with the ordinal `following`."""
        today, tomorrow = date.fromordinal(self.day), date.fromordinal(following)
        if version is not None:
            self.days += 1
            tariff = version.calendar.tariff
            for form, amount in version.calendar.per_day:
                self.add(form, amount, tariff)
        self.today.clear()
        if (today.year, today.month) != (tomorrow.year, tomorrow.month):
            self.end_month(version)
            self.month.clear()
        if today.year != tomorrow.year:
            self.year.clear()
        self.day = following

    def end_month(self, version: Version | None) -> None:
        """Charge what a month costs, for as many days as were counted."""
        if version is not None and self.days:
            today, tariff = date.fromordinal(self.day), version.calendar.tariff
            length = monthrange(today.year, today.month)[1]
            for form, amount in version.calendar.per_month:
                month = Month(self.days, length, self.charged, self.kept.get(form.name, ()))
                self.add(form, form.due(amount, month), tariff)
        self.days = self.charged = 0
        self.kept.clear()

    def restart(self, version: Version | None) -> None:
        """Begin all counters again, because the tenancy changes."""
        self.end_month(version)
        for each in (self.today, self.month, self.year):
            each.clear()

    def result(self) -> Rated:
        """Return the cost of the interval and the counters after it."""
        used = tuple(Used(*key, energy) for key, energy in self.used.items() if energy)
        charge = self.energy_charge + sum(self.charges.values()) + self.tax
        counters = Counters(
            self.day,
            self.today,
            self.month,
            self.year,
            self.days,
            self.charged,
            self.carry,
            self.carry_included,
            self.kept,
        )
        fee, standing, minimum = [self.charges.pop(name, 0) for name in OWN_FIELDS]
        others = others_of(self.charges) if self.charges else ()
        return Rated(used, charge, fee, standing, minimum, self.tax, self.tax_included, counters, others)


def rate_interval(
    versions: Sequence[Version],
    begin: Instant,
    end: Instant,
    energy: Wh,
    counters: Counters = Counters(),  # noqa: B008
    restarts: Sequence[Instant] = (),
) -> Rated:
    """Charge `energy` Wh used evenly between two instants, and each day that ended after `begin` and not after `end`.

    The energy used up to an instant t inside is `energy x (t - begin) // (end - begin)`: whole watt-hours, so the parts
    sum to the whole however finely the interval is cut. An interval of no length is charged at the rate at its end.
    `restarts`: instants at which the tenancy changed.
    """
    tally = _Tally(counters)
    at, used = begin, 0
    if begin in restarts:
        tally.restart(version_at(versions, begin))
    while True:
        stretch, version = stretch_at(versions, at), version_at(versions, at)
        if tally.day == 0:
            tally.day = stretch.day
        until = min([stretch.end, *(each for each in restarts if each > at)]) if restarts else stretch.end
        upto = energy if until >= end else energy * (until - begin) // (end - begin)
        if WATCHING:
            tally.watch(version, at, min(until, end), upto - used)
        if upto > used:
            tally.use(stretch, version, upto - used)
            used = upto
        if until > end:
            break
        following = stretch_at(versions, until).day
        # Where clocks go back over midnight a day comes twice: it ends once.
        if 0 < tally.day < following:
            tally.end_day(following, version)
        if until in restarts:
            tally.restart(version)
        if until == end:
            break
        at = until
    return tally.result()

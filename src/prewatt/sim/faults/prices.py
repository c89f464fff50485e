"""This module works out what a meter's use costs, from the words of `docs/landlord/tariff.md` and without the product's
rating code. It works quarter hour by quarter hour, by the local clock of the zone. All virtual tariffs switch at full
quarters.
"""

from __future__ import annotations

from calendar import monthrange
from copy import copy
from datetime import date, datetime
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ...kernel.tariff import Season, Tariff
from ...kernel.units import DAY, HOUR, MINUTE

QUARTER = 15 * MINUTE
PPM = 10**6


class Due(NamedTuple):
    """The cost of an interval: Wh by (rate, tier, price), and nano."""

    used: dict[tuple[str, int, int], int]
    energy: int
    fee: int
    standing: int
    minimum: int
    tax: int
    tax_included: int

    @property
    def all(self) -> int:
        """Return the total, nano."""
        return self.energy + self.fee + self.standing + self.minimum + self.tax


class Slot(NamedTuple):
    """A quarter of an hour under a tariff. `day` is the ordinal of its local date."""

    day: int
    rate: str
    prices: tuple[int, ...]
    tiers: tuple[int, ...]


_slots: dict[tuple[int, int], Slot] = {}
_days: dict[tuple[int, int], list[tuple[int, Slot]]] = {}
_hours: dict[tuple[int, int, int], int] = {}
_known: dict[int, Tariff] = {}


def slot_of(tariff: Tariff, at: int) -> Slot:
    """Return the quarter of an hour in which an instant lies, with what holds in it."""
    begin = at - at % QUARTER
    key = (id(tariff), begin)
    slot = _slots.get(key)
    if slot is None:
        if len(_slots) > 200_000:
            _slots.clear()
            _days.clear()
            _hours.clear()
            _known.clear()
        # Held on to, so that no other tariff takes its id.
        _known[id(tariff)] = tariff
        slot = _slots[key] = _slot(tariff, begin)
    return slot


def _slot(tariff: Tariff, at: int) -> Slot:
    wall = datetime.fromtimestamp(at // 10**6, ZoneInfo(tariff.zone))
    dated = tariff.dated
    if dated and dated.begin <= at < dated.begin + dated.step * len(dated.prices):
        price = dated.prices[(at - dated.begin) // dated.step]
        return Slot(wall.toordinal(), dated.name, (price,), ())
    key = (id(tariff), wall.toordinal())
    if key not in _days:
        _days[key] = _day(tariff, wall.date())
    minute = wall.hour * 60 + wall.minute
    return [slot for begins, slot in _days[key] if begins <= minute][-1]


def _day(tariff: Tariff, wall: date) -> list[tuple[int, Slot]]:
    """Return which rate holds from which minute on, on a local day of the calendar."""
    season = _season(tariff, wall)
    kind = 7 if wall.isoformat() in tariff.special_days else wall.weekday()
    (profile,) = (each for each in season.day_types if kind in each.days)
    upto = season.upto or (tariff.tiers.upto if tariff.tiers else ())
    slots = []
    for switch in profile.switches:
        (prices,) = (each.prices for each in tariff.rates if each.name == switch.rate)
        priced = prices * (len(upto) + 1) if len(prices) == 1 else prices
        slots.append((switch.minute, Slot(wall.toordinal(), switch.rate, priced, upto)))
    return slots


def _season(tariff: Tariff, wall: date) -> Season:
    """Return the season of a day: the one that began last, in this year or the one before."""
    in_order = sorted(tariff.seasons, key=lambda each: (each.month, each.day))
    begun = [each for each in in_order if (each.month, each.day) <= (wall.month, wall.day)]
    return begun[-1] if begun else in_order[-1]


def _dearest(tariff: Tariff, begin: int, end: int, under: int) -> int:
    """Return the highest price between two instants, in the tier that lies `under` tiers below the last one."""
    first, last = begin - begin % QUARTER, -(-end // QUARTER) * QUARTER
    hours = range(-(-first // HOUR) * HOUR, last // HOUR * HOUR, HOUR)
    if not hours:
        return max(_in_tier(tariff, each, under) for each in range(first, last, QUARTER))
    rest = [*range(first, hours[0], QUARTER), *range(hours[-1] + HOUR, last, QUARTER)]
    highest = max(_dearest_in_hour(tariff, each, under) for each in hours)
    return max([highest, *(_in_tier(tariff, each, under) for each in rest)])


def _dearest_in_hour(tariff: Tariff, hour: int, under: int) -> int:
    key = (id(tariff), hour, under)
    if key not in _hours:
        # Whoever keeps the slots holds on to the tariff.
        _hours[key] = max(_in_tier(tariff, each, under) for each in range(hour, hour + HOUR, QUARTER))
    return _hours[key]


def _in_tier(tariff: Tariff, at: int, under: int) -> int:
    prices = slot_of(tariff, at).prices
    return prices[max(len(prices) - 1 - under, 0)]


class Pricer:
    """One meter's prices, and the use in the day, the month and the year on which later prices depend."""

    def __init__(self) -> None:
        self.tariffs: list[tuple[int, Tariff]] = []
        self.most = self.due = 0
        """Upper bounds under any of these tariffs: a kWh with tax (micro), and what may come due at once (nano)."""
        self.restarts: list[int] = []
        self.day = 0
        self.days = 0
        self.net = 0
        self.carry = 0
        self.carry_included = 0
        self.counted: dict[str, dict[str, int]] = {"day": {}, "month": {}, "year": {}}

    def copied(self) -> Pricer:
        """Return a copy of the pricer as it is now."""
        mine = copy(self)
        mine.restarts = list(self.restarts)
        mine.counted = {per: dict(each) for per, each in self.counted.items()}
        return mine

    def led_back(self, at: int) -> None:
        """Let the journal's time, which was ahead, go on from an earlier instant. The first tariff that is still known
        then holds from there.
        """
        if self.tariffs:
            begin, first = self.tariffs[0]
            self.tariffs = [(min(begin, at), first), *self.tariffs[1:]]
        if tariff := self.tariff_at(at):
            # A day that ended a little early does not end again.
            day = slot_of(tariff, at).day
            self.day = day if self.day > day + 1 else self.day

    def set_tariff(self, effective: int, tariff: Tariff, charged_to: int) -> None:
        """Apply a tariff from an instant on, in the place of one from the same instant. Tariffs that end before the
        last charge are forgotten.
        """
        self.tariffs = sorted(
            [*(each for each in self.tariffs if each[0] != effective), (effective, tariff)], key=lambda each: each[0]
        )
        while len(self.tariffs) > 1 and self.tariffs[1][0] <= charged_to:
            del self.tariffs[0]
        known = [each for _, each in self.tariffs]
        self.most = 2 * max(price + each.fee for each in known for rate in each.rates for price in rate.prices)
        self.due = max(2 * each.standing + each.minimum for each in known)

    def tariff_at(self, at: int) -> Tariff | None:
        """Return the tariff at an instant; None if there is none."""
        tariff_then = None
        for effective, tariff in self.tariffs:
            if effective > at:
                break
            tariff_then = tariff
        return tariff_then

    def price_now(self, at: int) -> int:
        """Return what the next kWh costs with fee and tax, micro, rounded up; 0 without a tariff."""
        tariff = self.tariff_at(at)
        if tariff is None:
            return 0
        slot = slot_of(tariff, at)
        return self._gross(slot.prices[self._tier(tariff, slot)], tariff)

    def _tier(self, tariff: Tariff, slot: Slot) -> int:
        return sum(end <= self._before(tariff, slot.rate) for end in slot.tiers)

    def _gross(self, price: int, tariff: Tariff) -> int:
        net = price + tariff.fee
        return -(-net * (PPM + tariff.tax.ppm) // PPM) if tariff.tax and not tariff.tax.included else net

    def dearest(self, at: int) -> int:
        """Return the highest price of a kWh in the 24 hours from an instant on, micro; 0 without a tariff. Use is
        taken to stay as many tiers below the last one as it is now.
        """
        tariff = self.tariff_at(at)
        slot = slot_of(tariff, at) if tariff else None
        under = len(slot.tiers) - self._tier(tariff, slot) if tariff and slot else 0
        ends = [begin for begin, _ in self.tariffs if at < begin < at + DAY]
        highest = 0
        for begin, end in pairwise([at, *ends, at + DAY]):
            if holds := self.tariff_at(begin):
                highest = max(highest, self._gross(_dearest(holds, begin, end, under), holds))
        return highest

    def _before(self, tariff: Tariff, rate: str) -> int:
        if tariff.tiers is None:
            return 0
        counted = self.counted[tariff.tiers.per.value]
        return counted.get(rate, 0) if tariff.tiers.by_rate else sum(counted.values())

    def charge(self, begin: int, end: int, energy: int) -> Due:
        """Charge `energy` Wh, used evenly from `begin` to `end`, and the days that ended meanwhile."""
        self._used: dict[tuple[str, int, int], int] = {}
        self._energy = self._fee = self._standing = self._minimum = self._tax = self._tax_included = 0
        quarters, edges = range(begin - begin % QUARTER + QUARTER, end + 1, QUARTER), self._edges(begin, end)
        cuts = sorted({*quarters, *edges}) if edges else quarters
        tariff = self.tariff_at(begin)
        if begin in self.restarts:
            self._restart(tariff)
        at, used = begin, 0
        for until in [*cuts, end + 1]:
            if tariff and not self.day:
                self.day = slot_of(tariff, at).day
            upto = energy if until >= end else energy * (until - begin) // (end - begin)
            if upto > used:
                self._use(tariff, at, upto - used)
                used = upto
            if until > end:
                break
            following = self.tariff_at(until) if edges else tariff
            self._go_over(until, tariff, following)
            at, tariff = until, following
        if self.restarts:
            self.restarts = [each for each in self.restarts if each > end]
        return Due(self._used, self._energy, self._fee, self._standing, self._minimum, self._tax, self._tax_included)

    def _edges(self, begin: int, end: int) -> list[int]:
        """Return the instants after `begin` and up to `end` at which a tariff or a tenancy begins."""
        return [each for each in (*(each for each, _ in self.tariffs), *self.restarts) if begin < each <= end]

    def _go_over(self, at: int, tariff: Tariff | None, following: Tariff | None) -> None:
        """End the day and the tenancy that end at an instant, before which `tariff` holds, and from which `following`
        does.
        """
        day = slot_of(following, at).day if following else 0
        if 0 < self.day < day:
            self._end_day(day, tariff)
        if at in self.restarts:
            self._restart(tariff)

    def _use(self, tariff: Tariff | None, at: int, energy: int) -> None:
        if tariff is None:
            self._count("unpriced", 0, 0, energy)
            return
        slot = slot_of(tariff, at)
        before, left, cost = self._before(tariff, slot.rate), energy, 0
        for tier, price in enumerate(slot.prices):
            room = max(slot.tiers[tier] - before, 0) if tier < len(slot.tiers) else left
            part = min(room, left)
            if part:
                self._count(slot.rate, tier, price, part)
                cost += part * price
                before, left = before + part, left - part
        for counted in self.counted.values():
            counted[slot.rate] = counted.get(slot.rate, 0) + energy
        self._energy += cost
        self._fee += energy * tariff.fee
        self._take(cost + energy * tariff.fee, tariff)

    def _count(self, rate: str, tier: int, price: int, energy: int) -> None:
        key = (rate, tier, price)
        self._used[key] = self._used.get(key, 0) + energy

    def _take(self, amount: int, tariff: Tariff) -> None:
        self.net += amount
        if tariff.tax is None:
            return
        if tariff.tax.included:
            tax, self.carry_included = divmod(self.carry_included + amount * tariff.tax.ppm, PPM + tariff.tax.ppm)
            self._tax_included += tax
        else:
            tax, self.carry = divmod(self.carry + amount * tariff.tax.ppm, PPM)
            self._tax += tax

    def _end_day(self, following: int, tariff: Tariff | None) -> None:
        today, tomorrow = date.fromordinal(self.day), date.fromordinal(following)
        if tariff:
            self.days += 1
            self._standing += tariff.standing
            self._take(tariff.standing, tariff)
        self.counted["day"] = {}
        if today.month != tomorrow.month:
            self._end_month(tariff)
            self.counted["month"] = {}
        if today.year != tomorrow.year:
            self.counted["year"] = {}
        self.day = following

    def _end_month(self, tariff: Tariff | None) -> None:
        if tariff and tariff.minimum and self.days:
            today = date.fromordinal(self.day)
            least = tariff.minimum * self.days // monthrange(today.year, today.month)[1]
            lacking = max(least - self.net, 0)
            self._minimum += lacking
            self._take(lacking, tariff)
        self.days = self.net = 0

    def _restart(self, tariff: Tariff | None) -> None:
        self._end_month(tariff)
        self.counted = {"day": {}, "month": {}, "year": {}}

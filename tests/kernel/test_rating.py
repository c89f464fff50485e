"""What an interval comes to: against a minute-by-minute walk with the wall clock, and the cases that people quarrel about."""

import calendar
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prewatt.kernel.rating import Counters, Used, rate_interval, split_tiers
from prewatt.kernel.tariff import (
    UNPRICED,
    Dated,
    Period,
    Rate,
    RateCalendar,
    Tariff,
    Tax,
    Tiers,
    Version,
    flat_tariff,
    stretches,
)
from prewatt.kernel.tariff_document import tariff_from_document
from prewatt.kernel.units import DAY, HOUR, MINUTE, NANO, instant
from tests.kernel.naive import naive_rate
from tests.strategies import instants, tariffs

BERLIN = ZoneInfo("Europe/Berlin")


@st.composite
def series(draw, plain=False):
    starts = sorted(draw(st.sets(instants, min_size=1, max_size=3)))
    return [Version(start, RateCalendar(draw(tariffs(plain)))) for start in starts]


def berlin(*wall, fold=0):
    return instant(datetime(*wall, tzinfo=BERLIN, fold=fold))


def one(**fields):
    """A series of one version, since ever: two prices by tier, or what `fields` say."""
    flat = flat_tariff("flat", "EUR", "Europe/Berlin", 200_000)
    given = {"name": "t", "currency": "EUR", "zone": "Europe/Berlin", "rates": flat.rates, "seasons": flat.seasons}
    return [Version(0, RateCalendar(Tariff(**{**given, **fields})))]


class Walk:
    """An account of its own: a watt-hour each minute, priced by looking at the wall clock."""

    def __init__(self, tariff, begin):
        self.tariff, self.zone = tariff, ZoneInfo(tariff.zone)
        self.used, self.standing, self.net, self.minimum = {}, 0, 0, 0
        self.counted = {per: {} for per in Period}
        self.day = self.wall(begin).date()
        self.days = self.month_net = 0

    def wall(self, at):
        return datetime.fromtimestamp(at // 10**6, UTC).astimezone(self.zone)

    def to(self, at):
        """Time has come to `at`: have days ended?"""
        day, tariff = self.wall(at).date(), self.tariff
        if day <= self.day:
            return
        self.days += 1
        self.standing += tariff.standing
        self.month_net += tariff.standing
        self.counted[Period.DAY] = {}
        if (day.year, day.month) != (self.day.year, self.day.month):
            least = tariff.minimum * self.days // calendar.monthrange(self.day.year, self.day.month)[1]
            self.minimum += max(least - self.month_net, 0)
            self.net += self.month_net + max(least - self.month_net, 0)
            self.days = self.month_net = 0
            self.counted[Period.MONTH] = {}
        if day.year != self.day.year:
            self.counted[Period.YEAR] = {}
        self.day = day

    def minute(self, at, rate, prices, upto):
        """One watt-hour from `at` on."""
        tier = 0
        if self.tariff.tiers:
            counted = self.counted[self.tariff.tiers.per]
            before = counted.get(rate, 0) if self.tariff.tiers.by_rate else sum(counted.values())
            tier = sum(before >= end for end in upto)
        price = prices[min(tier, len(prices) - 1)]
        key = (rate, tier, price)
        self.used[key] = self.used.get(key, 0) + 1
        self.month_net += price + self.tariff.fee
        for each in self.counted.values():
            each[rate] = each.get(rate, 0) + 1


def naive_prices(tariff, at):
    if tariff.dated and tariff.dated.begin <= at < tariff.dated.end:
        return tariff.dated.name, (tariff.dated.prices[(at - tariff.dated.begin) // tariff.dated.step],), ()
    wall = datetime.fromtimestamp(at // 10**6, UTC).astimezone(ZoneInfo(tariff.zone))
    begun = [season for season in tariff.seasons if (season.month, season.day) <= (wall.month, wall.day)]
    season = max(begun or tariff.seasons, key=lambda each: (each.month, each.day))
    name = naive_rate(tariff, at)
    (prices,) = [rate.prices for rate in tariff.rates if rate.name == name]
    return name, prices, season.upto or (tariff.tiers.upto if tariff.tiers else ())


@settings(max_examples=60)
@given(tariffs(), instants, st.integers(1, 3 * 1440), st.data())
def test_as_a_walk_minute_by_minute_says(tariff, begin, minutes, data):
    if data.draw(st.booleans()):
        # Near the end of a month, where more happens.
        wall = datetime.fromtimestamp(begin // 10**6, UTC)
        begin = instant(wall.replace(day=28, hour=3, minute=0, second=0, microsecond=0))
    begin = begin // MINUTE * MINUTE
    walk, end = Walk(tariff, begin), begin + minutes * MINUTE
    for at in range(begin, end, MINUTE):
        walk.to(at)
        walk.minute(at, *naive_prices(tariff, at))
    walk.to(end)
    walk.net += walk.month_net
    rated = rate_interval([Version(0, RateCalendar(tariff))], begin, end, minutes)
    assert {(each.rate, each.tier, each.price): each.energy for each in rated.used} == walk.used
    assert (rated.fee, rated.standing, rated.minimum) == (minutes * tariff.fee, walk.standing, walk.minimum)
    ppm, included = (tariff.tax.ppm, tariff.tax.included) if tariff.tax else (0, False)
    assert rated.tax == (0 if included else walk.net * ppm // 10**6)
    assert rated.tax_included == (walk.net * ppm // (10**6 + ppm) if included else 0)
    assert rated.charge == walk.net + rated.tax


@given(series(), instants, st.integers(0, 40 * DAY), st.integers(0, 10**7))
def test_no_watt_hour_and_no_nano_is_lost(versions, begin, length, energy):
    rated = rate_interval(versions, begin, begin + length, energy)
    assert sum(each.energy for each in rated.used) == energy
    assert all(each.energy > 0 for each in rated.used)
    by_energy = sum(each.energy * each.price for each in rated.used)
    assert rated.charge == by_energy + rated.fee + rated.standing + rated.minimum + rated.tax


@given(series(), instants, st.integers(1, 5 * DAY), st.integers(0, 10**6), st.data())
def test_cutting_an_interval_anywhere_gives_the_same_charge(versions, begin, length, energy, data):
    """Readings added between two readings, anywhere, and at each switch of the rate, as the agent reads."""
    end = begin + length
    restarts = data.draw(st.lists(st.integers(begin, end), max_size=1))
    whole = rate_interval(versions, begin, end, energy, Counters(), restarts)
    cuts = data.draw(st.sets(st.integers(begin, end), max_size=6))
    switches = {start for start, _ in stretches(versions, begin, end)}
    instants_read = sorted(cuts | switches | {begin, end, *restarts})
    register = {at: energy * (at - begin) // length for at in instants_read}
    counters, used, sums = Counters(), {}, [0] * 6
    for first, second in pairwise(instants_read):
        part = rate_interval(
            versions,
            first,
            second,
            register[second] - register[first],
            counters,
            [r for r in restarts if r > first or r == begin],
        )
        counters = part.counters
        for each in part.used:
            key = (each.rate, each.tier, each.price)
            used[key] = used.get(key, 0) + each.energy
        sums = [one + more for one, more in zip(sums, part[1:7], strict=True)]
    assert used == {(each.rate, each.tier, each.price): each.energy for each in whole.used}
    assert sums == list(whole[1:7])
    assert counters == whole.counters


@given(
    st.integers(0, 2_000_000),
    instants,
    st.lists(st.tuples(st.integers(0, DAY), st.integers(0, 10**5)), min_size=1, max_size=20),
)
def test_at_one_price_any_readings_give_the_same_charge(price, begin, steps):
    versions = [Version(0, RateCalendar(flat_tariff("flat", "EUR", "Europe/Berlin", price)))]
    charge, at = 0, begin
    for length, used in steps:
        charge += rate_interval(versions, at, at + length, used).charge
        at += length
    total = sum(used for _, used in steps)
    assert charge == price * total == rate_interval(versions, begin, at, total).charge


def test_a_version_takes_effect_at_its_instant():
    noon = instant(datetime(2024, 6, 3, 12, tzinfo=UTC))
    versions = [
        Version(0, RateCalendar(flat_tariff("old", "EUR", "Europe/Berlin", 100))),
        Version(noon, RateCalendar(flat_tariff("new", "EUR", "Europe/Berlin", 300))),
    ]
    assert rate_interval(versions, noon - HOUR, noon + HOUR, 1000).charge == 500 * 100 + 500 * 300


def test_before_any_tariff_energy_is_metered_and_not_charged():
    rated = rate_interval([], 0, 40 * DAY, 700)
    assert (rated.used, rated.charge) == ((Used(UNPRICED, 0, 0, 700),), 0)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.sets(st.integers(1, 10**6), max_size=4).map(sorted))
def test_each_watt_hour_is_in_the_tier_that_the_one_before_it_leads_to(before, energy, upto):
    parts = split_tiers(before, energy, upto)
    assert sum(part for _, part in parts) == energy
    edges = [0, *upto, 10**9]
    for tier, part in parts:
        assert part == min(before + energy, edges[tier + 1]) - max(before, edges[tier])


def test_a_tier_ends_inside_an_interval():
    versions = one(rates=(Rate("flat", (103_000, 125_000)),), tiers=Tiers(Period.MONTH, (1_000_000,)))
    begin = berlin(2024, 3, 1)
    first = rate_interval(versions, begin, begin + DAY, 999_900)
    second = rate_interval(versions, begin + DAY, begin + DAY + HOUR, 250, first.counters)
    assert second.used == (Used("flat", 0, 103_000, 100), Used("flat", 1, 125_000, 150))
    assert second.charge == 100 * 103_000 + 150 * 125_000


def test_tiers_begin_anew_at_local_midnight_of_the_first_inside_an_interval():
    versions = one(rates=(Rate("flat", (1, 10)),), tiers=Tiers(Period.MONTH, (1000,)))
    full = rate_interval(versions, berlin(2024, 2, 20), berlin(2024, 2, 29, 12), 5000)
    # From noon of the leap day to noon of the first of March: half of it is in the new month.
    rated = rate_interval(versions, berlin(2024, 2, 29, 12), berlin(2024, 3, 1, 12), 1200, full.counters)
    assert rated.used == (Used("flat", 1, 10, 600), Used("flat", 0, 1, 600))


def test_tiers_of_each_rate_are_counted_apart_and_those_of_all_together():
    document = {
        "name": "t",
        "currency": "CNY",
        "zone": "Asia/Shanghai",
        "rates": {"valley": ["1", "2"], "peak": ["3", "4"]},
        "seasons": [
            {
                "name": "y",
                "from": "01-01",
                "day_types": [
                    {
                        "name": "d",
                        "days": ["weekday", "weekend", "special"],
                        "switches": [["00:00", "valley"], ["06:00", "peak"], ["22:00", "valley"]],
                    }
                ],
            }
        ],
        "tiers": {"per": "year", "up_to_kwh": ["1"], "count": "each rate"},
    }
    begin = instant(datetime(2024, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai")))
    apart = rate_interval([Version(0, RateCalendar(tariff_from_document(document)))], begin, begin + 12 * HOUR, 2400)
    assert [(each.rate, each.tier, each.energy) for each in apart.used] == [
        ("valley", 0, 1000),
        ("valley", 1, 200),
        ("peak", 0, 1000),
        ("peak", 1, 200),
    ]
    document["tiers"]["count"] = "all rates"
    together = rate_interval([Version(0, RateCalendar(tariff_from_document(document)))], begin, begin + 12 * HOUR, 2400)
    assert [(each.rate, each.tier, each.energy) for each in together.used] == [
        ("valley", 0, 1000),
        ("valley", 1, 200),
        ("peak", 1, 1200),
    ]


@pytest.mark.parametrize(
    ("begin", "end", "days"), [((3, 31), (4, 1), 1), ((10, 27), (10, 28), 1), ((2, 28), (3, 1), 2)]
)
def test_a_day_has_one_standing_charge_whether_it_is_long_or_short(begin, end, days):
    versions = one(standing=NANO)
    assert rate_interval(versions, berlin(2024, *begin), berlin(2024, *end), 0).standing == days * NANO
    assert rate_interval(versions, berlin(2024, *begin), berlin(2024, *end) - 1, 0).standing == (days - 1) * NANO
    assert rate_interval(versions, berlin(2024, *begin) + 1, berlin(2024, *end), 0).standing == days * NANO


def test_where_the_clocks_go_back_over_midnight_the_day_ends_once():
    # In São Paulo on 17 February 2018 the clocks went back from midnight to 23:00.
    versions = one(zone="America/Sao_Paulo", standing=1)
    begin = instant(datetime(2018, 2, 17, 12, tzinfo=ZoneInfo("America/Sao_Paulo")))
    assert rate_interval(versions, begin, begin + DAY, 0).standing == 1


def test_where_a_day_begins_twice_it_ends_once():
    # In St. John's on 7 November 2010 the clocks went back at 00:01, so the 6th came once more for an hour.
    versions = one(zone="America/St_Johns", standing=1)
    begin = instant(datetime(2010, 11, 6, 12, tzinfo=ZoneInfo("America/St_Johns")))
    assert rate_interval(versions, begin, begin + DAY, 0).standing == 1
    assert rate_interval(versions, begin, begin + 2 * DAY, 0).standing == 2


@pytest.mark.parametrize(("change", "hours"), [((2024, 3, 31), 23), ((2024, 10, 27), 25)])
def test_a_switch_inside_an_interval_over_a_clock_change(change, hours):
    document_switches = [["00:00", "night"], ["02:30", "early"], ["03:30", "day"]]
    tariff = tariff_from_document(
        {
            "name": "t",
            "currency": "EUR",
            "zone": "Europe/Berlin",
            "rates": {"night": "0.1", "early": "0.2", "day": "0.3"},
            "seasons": [
                {
                    "name": "y",
                    "from": "01-01",
                    "day_types": [
                        {"name": "d", "days": ["weekday", "weekend", "special"], "switches": document_switches}
                    ],
                }
            ],
        }
    )
    begin, end = berlin(*change), berlin(*change) + hours * HOUR
    rated = rate_interval([Version(0, RateCalendar(tariff))], begin, end, hours * 3600)
    hours_of = {each.rate: each.energy / 3600 for each in rated.used}
    # In spring 02:30 does not come, and 03:00 is early; in autumn it comes twice.
    assert hours_of == (
        {"night": 2, "early": 0.5, "day": 20.5} if hours == 23 else {"night": 3, "early": 1.5, "day": 20.5}
    )


def test_what_lacks_of_a_months_minimum_is_charged_at_its_end():
    versions = one(minimum=31 * NANO, standing=NANO // 2)
    begin = berlin(2024, 1, 1)
    rated = rate_interval(versions, begin, berlin(2024, 2, 1), 50_000)
    assert (rated.standing, rated.minimum) == (31 * NANO // 2, 31 * NANO - 31 * NANO // 2 - 50_000 * 200_000)
    assert rated.charge == 31 * NANO
    assert rate_interval(versions, begin, berlin(2024, 2, 1), 80_000).minimum == 0
    # Of a month in which the meter was there for ten days, ten parts of it.
    assert rate_interval(versions, berlin(2024, 1, 21, 15), berlin(2024, 2, 1), 0).minimum == 11 * NANO - 11 * NANO // 2


def test_who_moves_out_pays_the_minimum_for_the_days_that_ended():
    versions = one(minimum=31 * NANO)
    moved = berlin(2024, 1, 11, 12)
    assert rate_interval(versions, berlin(2024, 1, 1), moved, 0, Counters(), [moved]).minimum == 10 * NANO
    whole = rate_interval(versions, berlin(2024, 1, 1), berlin(2024, 2, 1), 0, Counters(), [moved])
    assert whole.minimum == 31 * NANO


def test_a_tax_is_on_all_of_it_and_parts_have_the_tax_of_the_whole():
    rates, begin = (Rate("flat", (333_333,)),), berlin(2024, 1, 1)
    added = one(rates=rates, fee=10_001, standing=NANO // 3, tax=Tax("VAT", 190_000, included=False))
    rated = rate_interval(added, begin, begin + DAY, 7)
    net = 7 * 343_334 + NANO // 3
    assert (rated.tax, rated.charge) == (net * 19 // 100, net + net * 19 // 100)
    counters, tax = Counters(), 0
    for step in range(7):
        part = rate_interval(added, begin + step * HOUR, begin + (step + 1) * HOUR, 1, counters)
        counters, tax = part.counters, tax + part.tax
    assert tax == 7 * 343_334 * 19 // 100
    contained = one(rates=rates, fee=10_001, standing=NANO // 3, tax=Tax("VAT", 190_000, included=True))
    rated = rate_interval(contained, begin, begin + DAY, 7)
    assert (rated.charge, rated.tax, rated.tax_included) == (net, 0, net * 19 // 119)


def test_dated_prices_hold_for_as_long_as_they_reach():
    begin = berlin(2024, 1, 1, 10)
    versions = one(dated=Dated("dynamic", begin, 30 * MINUTE, (100, 300)))
    rated = rate_interval(versions, begin - HOUR, begin + 2 * HOUR, 180)
    assert rated.used == (Used("flat", 0, 200_000, 120), Used("dynamic", 0, 100, 30), Used("dynamic", 0, 300, 30))


def test_a_year_has_its_leap_day():
    versions = one(standing=1)
    assert rate_interval(versions, berlin(2024, 1, 1), berlin(2025, 1, 1), 0).standing == 366
    assert rate_interval(versions, berlin(2023, 1, 1), berlin(2024, 1, 1), 0).standing == 365
    assert berlin(2025, 1, 1) - berlin(2024, 1, 1) == timedelta(days=366) // timedelta(microseconds=1)

"""The prices ahead: what a kWh will cost as rating charges it, on days of 23 and 25 hours, in tiers, by the hour."""

from datetime import datetime
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from prewatt.kernel.account import Account
from prewatt.kernel.ahead import FARTHEST, next_change, prices_ahead
from prewatt.kernel.rating import Counters, rate_interval
from prewatt.kernel.tariff import (
    Dated,
    DayType,
    Period,
    Rate,
    RateCalendar,
    Season,
    Switch,
    Tariff,
    Tax,
    Tiers,
    Version,
    all_year,
    flat_tariff,
)
from prewatt.kernel.units import DAY, HOUR, instant
from tests.strategies import instants, tariffs

ZONE = "Europe/Berlin"
NIGHTS = Season(
    "year", 1, 1, (DayType("all", tuple(range(8)), (Switch(0, "night"), Switch(360, "day"), Switch(1320, "night"))),)
)
RATES = (Rate("day", (520_000,)), Rate("night", (310_000,)))


def berlin(*wall, fold=0):
    return instant(datetime(*wall, tzinfo=ZoneInfo(ZONE), fold=fold))


def holding(*tariffs, counters=Counters()):  # noqa: B008
    """An account under some tariffs, each with the instant from which it holds."""
    made = Account()
    made.versions = tuple(Version(begin, RateCalendar(tariff)) for begin, tariff in tariffs)
    made.counters = counters
    return made


def plain(**fields):
    return Tariff(**{"name": "t", "currency": "EUR", "zone": ZONE, "rates": RATES, "seasons": (NIGHTS,), **fields})


def test_it_gets_cheaper_at_ten_in_the_evening_and_dearer_at_six():
    account = holding((0, plain()))
    present, change = next_change(account, berlin(2026, 3, 4, 12))
    assert (present, change.begin, change.price, change.rate) == (520_000, berlin(2026, 3, 4, 22), 310_000, "night")
    present, change = next_change(account, berlin(2026, 3, 4, 23, 30))
    assert (present, change.begin, change.price) == (310_000, berlin(2026, 3, 5, 6), 520_000)


def test_a_flat_tariff_changes_only_with_the_next_one_and_before_any_there_is_none():
    flat = flat_tariff("flat", "EUR", ZONE, 300_000)
    at = berlin(2026, 3, 4, 12)
    assert next_change(holding((0, flat)), at) is None
    assert next_change(holding(), at) is None
    assert next_change(holding((at + DAY, flat)), at) is None
    dearer = holding((0, flat), (at + DAY, flat_tariff("flat", "EUR", ZONE, 350_000)))
    assert next_change(dearer, at)[1][0::3] == (at + DAY, 350_000)
    assert next_change(dearer, at + DAY - FARTHEST) is None


def test_fee_and_tax_are_in_it():
    account = holding((0, plain(fee=10_000, tax=Tax("VAT", 190_000, False))))
    present, change = next_change(account, berlin(2026, 3, 4, 12))
    assert (present, change.price) == (630_700, 380_800)


def test_the_tier_of_now_holds_until_its_period_ends():
    tariff = flat_tariff("flat", "EUR", ZONE, 0)
    tiered = Tariff(
        "t", "EUR", ZONE, (Rate("flat", (100_000, 200_000)),), tariff.seasons, tiers=Tiers(Period.MONTH, (5000,))
    )
    day = datetime(2026, 3, 28).toordinal()  # noqa: DTZ001
    account = holding((0, tiered), counters=Counters(day, {}, {"flat": 5000}, {"flat": 9000}))
    present, change = next_change(account, berlin(2026, 3, 28, 12))
    assert (present, change.begin, change.price) == (200_000, berlin(2026, 4, 1), 100_000)
    under = holding((0, tiered), counters=Counters(day, {}, {"flat": 4999}, {"flat": 9000}))
    assert next_change(under, berlin(2026, 3, 28, 12)) is None


def test_the_days_on_which_clocks_change_have_23_and_25_hours():
    account = holding((0, plain()))
    for day, hours in ((berlin(2026, 3, 29), 23), (berlin(2026, 10, 25), 25)):
        found = prices_ahead(account, day, day + hours * HOUR)
        assert [each.rate for each in found] == ["night", "day", "night"]
        assert [(each.end - each.begin) // HOUR for each in found] == [hours - 18, 16, 2]


def test_dated_prices_change_by_the_hour_and_then_the_calendar_holds():
    begin = berlin(2026, 3, 4, 12)
    account = holding(
        (0, plain(seasons=(all_year("day"),), dated=Dated("spot", begin, HOUR, (90_000, 90_000, 70_000))))
    )
    assert [each[1:] for each in prices_ahead(account, begin, begin + 4 * HOUR)] == [
        (begin + 2 * HOUR, "spot", 90_000),
        (begin + 3 * HOUR, "spot", 70_000),
        (begin + 4 * HOUR, "day", 520_000),
    ]


@settings(max_examples=60)
@given(tariffs(plain=True), instants, st.integers(0, 1000))
def test_until_the_next_change_rating_charges_the_price_of_now_and_then_another(tariff, at, part):
    account = holding((0, tariff))
    found = next_change(account, at)
    end = found[1].begin if found else at + FARTHEST
    asked = {at + (end - at - 1) * part // 1000, end - 1}
    prices = {rate_interval(account.versions, each, each, 1).used[0].price + tariff.fee for each in asked}
    assert len(prices) == 1
    if found and tariff.tax is None:
        assert prices == {found[0]}
        assert rate_interval(account.versions, end, end, 1).used[0].price + tariff.fee == found[1].price != found[0]

"""What a credit buys at one instant: all that it pays for, and not a step more."""

from hypothesis import given, settings
from hypothesis import strategies as st

from prewatt.kernel.buying import energy_for, price_of
from prewatt.kernel.rating import Counters
from prewatt.kernel.tariff import RateCalendar, Version
from tests.building import FLAT, NOON
from tests.strategies import instants, tariffs

MOST = 1_000_000


@settings(deadline=None, max_examples=60)
@given(instants, tariffs(), st.lists(st.integers(0, 10**11), min_size=1, max_size=4))
def test_what_is_paid_is_what_was_sold_and_what_is_left_buys_no_further_step(at, tariff, payments):
    versions, counters, left, sold = [Version(0, RateCalendar(tariff))], Counters(), 0, 0
    for each in payments:
        left += each
        steps = energy_for(versions, at, left, counters, 100, MOST)
        if steps is None:
            assert price_of(versions, at, 100 * MOST, counters).charge <= left
            continue
        rated = price_of(versions, at, 100 * steps, counters)
        assert rated.standing == rated.minimum == 0, "no day ends at an instant"
        left, sold, following = left - rated.charge, sold + rated.charge, rated.counters
        assert left >= 0
        assert price_of(versions, at, 100 * (steps + 1), counters).charge > left + rated.charge
        counters = following
    assert sum(payments) == sold + left


def test_a_credit_that_is_just_the_price_buys_it_and_a_nano_less_does_not():
    versions = [Version(0, RateCalendar(FLAT))]
    price = price_of(versions, NOON, 700, Counters()).charge
    assert energy_for(versions, NOON, price, Counters(), 100, MOST) == 7
    assert energy_for(versions, NOON, price - 1, Counters(), 100, MOST) == 6
    assert energy_for(versions, NOON, 0, Counters(), 100, MOST) == 0


def test_without_a_tariff_nothing_says_how_much_a_credit_buys():
    assert energy_for([], 1, 10**9, Counters(), 100, MOST) is None

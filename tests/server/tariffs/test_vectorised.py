"""The rating of whole years at once is the kernel's, to the unit."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from prewatt.kernel.rating import Counters, rate_interval
from prewatt.kernel.tariff import RateCalendar, Version
from prewatt.kernel.units import DAY, HOUR, MINUTE
from prewatt.server.metering.series import align, energies, used_up_to
from prewatt.server.tariffs.vectorised import lay_out, rate
from tests.strategies import instants, tariffs

steps = st.lists(
    st.tuples(
        st.one_of(st.sampled_from([15 * MINUTE, 30 * MINUTE, HOUR, DAY]), st.integers(0, 3 * DAY), st.just(40 * DAY)),
        st.one_of(st.integers(0, 500), st.integers(0, 10**6)),
    ),
    min_size=1,
    max_size=40,
)


def one_by_one(tariff, at, used):
    """Line by line as the kernel rates it."""
    versions, counters = [Version(0, RateCalendar(tariff))], Counters()
    energy, cost, sums = {}, {}, [0] * 6
    for first, second, wh in zip(at, at[1:], used, strict=False):
        rated = rate_interval(versions, first, second, wh, counters)
        counters = rated.counters
        for each in rated.used:
            key = (each.rate, each.tier)
            energy[key] = energy.get(key, 0) + each.energy
            cost[key] = cost.get(key, 0) + each.energy * each.price
        sums = [mine + more for mine, more in zip(sums, rated[1:7], strict=True)]
    return energy, {key: cost[key] for key in energy}, sums


@settings(max_examples=150)
@given(tariffs(), instants, steps, st.booleans(), st.booleans())
def test_equal_to_the_kernels_rating_to_the_unit(tariff, begin, steps, by_hour, on_grid):
    begin = begin // (30 * MINUTE) * (30 * MINUTE) if on_grid else begin
    at, used = [begin], []
    for length, wh in steps:
        at.append(at[-1] + length)
        used.append(wh)
    energy, cost, sums = one_by_one(tariff, at, used)
    layout = lay_out(tariff, begin, at[-1], by_hour)
    found = rate(layout, align(np.array(at), layout.at), np.array(used))
    assert (found.energy, found.cost) == (energy, cost)
    charges = [found.charges[name] for name in ("fee", "standing", "minimum")]
    assert [found.charge, *charges, found.tax, found.tax_included] == sums
    if by_hour:
        assert sum(wh for wh, _ in found.by_hour.values()) == sum(energy.values())
        assert sum(nano for _, nano in found.by_hour.values()) == sum(cost.values())


def test_what_is_beyond_64_bits_in_between_is_exact():
    at, running = np.array([0, 10**13]), np.array([0, 10**12])
    assert used_up_to(align(at, np.array([3 * 10**12 + 1])), running).tolist() == [10**12 * (3 * 10**12 + 1) // 10**13]


def test_outside_the_readings_nothing_was_used():
    at, running = np.array([100, 200]), np.array([0, 50])
    assert used_up_to(align(at, np.array([0, 100, 150, 200, 300])), running).tolist() == [0, 0, 25, 50, 50]


def test_what_the_first_reading_used_was_used_before():
    at, used = energies([(0, 7), (10, 50), (20, 0), (30, 20)])
    assert (at.tolist(), used.tolist()) == ([0, 10, 20, 30], [50, 0, 20])

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.kernel.calendar import day_bounds, local, local_day, next_wall_change, zone
from prewatt.kernel.units import DAY, HOUR, instant
from tests.strategies import ZONES, instants


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "../etc/passwd", "Europe", "Europe/../Europe/Berlin", "europe berlin"]
)
def test_a_name_that_is_no_zone_is_refused(name):
    with pytest.raises(ValueError, match="time zone"):
        zone(name)


@given(instants, st.sampled_from(ZONES))
def test_the_wall_clock_is_the_zones(at, name):
    assert local(at, zone(name)).replace(tzinfo=None) == (
        datetime.fromtimestamp(at / 1e6, UTC)
        .replace(microsecond=at % 10**6)
        .astimezone(ZoneInfo(name))
        .replace(tzinfo=None)
    )


@given(st.dates(date(2017, 1, 1), date(2024, 12, 31)), st.sampled_from(ZONES))
def test_days_tile_time(day, name):
    begin, end = day_bounds(day, zone(name))
    assert local_day(begin, zone(name)) == day == local_day(end - 1, zone(name))
    assert local_day(begin - 1, zone(name)) == day - timedelta(days=1)
    assert end == day_bounds(day + timedelta(days=1), zone(name))[0]


def test_the_days_of_the_clock_change_in_sydney():
    lengths = {
        day: (lambda bounds: bounds[1] - bounds[0])(day_bounds(day, zone("Australia/Sydney")))
        for day in (date(2013, 10, 5), date(2013, 10, 6), date(2013, 4, 7))
    }
    assert list(lengths.values()) == [DAY, 23 * HOUR, 25 * HOUR]


def test_a_day_that_begins_at_one_o_clock():
    begin, _ = day_bounds(date(2018, 11, 4), zone("America/Sao_Paulo"))
    assert local(begin, zone("America/Sao_Paulo")).hour == 1


@given(instants, st.sampled_from(ZONES), st.integers(1, 1440))
def test_until_the_next_wall_change_the_offset_stays_and_the_time_is_not_reached(at, name, minutes):
    where = zone(name)
    wall = local(at, where)
    if wall.hour * 60 + wall.minute >= minutes:
        return
    end = next_wall_change(at, minutes, where)
    assert end > at
    last = local(end - 1, where)
    assert last.utcoffset() == wall.utcoffset()
    assert last.date() == wall.date() and last.hour * 60 + last.minute < minutes
    after = local(end, where)
    reached = (after.hour * 60 + after.minute, after.second, after.microsecond) == (minutes % 1440, 0, 0)
    assert reached or after.utcoffset() != wall.utcoffset()


def test_a_switch_time_that_the_spring_leaves_out():
    where = zone("Australia/Sydney")
    before = instant(datetime(2013, 10, 6, 1, 59, tzinfo=where))
    change = next_wall_change(before, 150, where)
    assert local(change, where).hour == 3 and local(change - 1, where).hour == 1

"""The law of time: days and months leave nothing out and share nothing, in any zone, and a reading belongs to what it ends."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.kernel.calendar import day_bounds, local_day, next_month, zone
from prewatt.kernel.span import Span, closing, closing_day
from prewatt.kernel.units import HOUR

ZONES = ("Europe/Berlin", "Asia/Shanghai", "America/Havana", "Africa/Cairo", "Australia/Lord_Howe", "UTC")
DAYS = st.dates(date(2024, 1, 1), date(2027, 12, 31))
any_zone = st.sampled_from(ZONES).map(zone)


@given(DAYS, any_zone, st.integers(0, 26 * HOUR))
def test_an_instant_belongs_to_one_day_and_a_reading_to_the_one_that_it_ends(day, where, since):
    at = day_bounds(day, where)[0] + since
    around = [day + timedelta(days=more) for more in (-1, 0, 1, 2)]
    spans = {each: Span.of_days(each, each, where) for each in around}
    assert [each for each, span in spans.items() if span.holds(at)] == [local_day(at, where)]
    ended = [each for each, span in spans.items() if span.begins < at <= span.ends]
    assert ended == [closing_day(at, where)] == [each for each, span in spans.items() if span.holds(closing(at))]


@given(DAYS, any_zone)
def test_a_month_is_its_days(day, where):
    first = day.replace(day=1)
    month = Span.of_month(day, where)
    assert month == Span.of_days(first, next_month(first) - timedelta(days=1), where)
    assert month.ends == Span.of_month(next_month(day), where).begins
    assert (month.first_day(where), month.last_day(where)) == (first, next_month(first) - timedelta(days=1))


@pytest.mark.parametrize(
    ("begins", "ends", "left"),
    [(0, None, (10, 20)), (12, None, (12, 20)), (0, 15, (10, 15)), (11, 13, (11, 13)), (30, 40, (30, 20))],
)
def test_what_of_a_span_lies_within_another(begins, ends, left):
    assert Span(10, 20).within(begins, ends) == left


def test_a_reading_at_midnight_closes_the_day_before_also_where_the_day_begins_at_one():
    where = zone("America/Havana")
    midnight = day_bounds(date(2026, 3, 8), where)[0]
    assert closing_day(midnight, where) == date(2026, 3, 7) and local_day(midnight, where) == date(2026, 3, 8)

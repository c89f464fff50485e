"""How long a balance will last: what is said, and when nothing is."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.kernel.forecast import FARTHEST, forecast
from prewatt.kernel.units import DAY, HOUR, NANO
from prewatt.server.estate.models import Tenancy
from prewatt.server.metering.models import Meter
from prewatt.server.sales.top_ups import top_up
from prewatt.server.web.figures import days_left
from tests.building import PASSWORD
from tests.gateway import Edge

TODAY = date(2026, 3, 4)


def weeks(cost, count=28):
    """The days before today, each costing what `cost` says."""
    days = [TODAY - timedelta(days=number) for number in range(1, count + 1)]
    return {day: cost(day) for day in days}


@pytest.mark.parametrize(("balance", "days"), [(60, 6), (5, 0.5), (0, 0), (10**9, FARTHEST)])
def test_the_same_every_day_lasts_as_long_as_it_divides(balance, days):
    found = forecast(balance * 1000, weeks(lambda _: 10_000), TODAY)
    assert found.minutes == days * 1440 and found.days == 28


def test_half_a_day_that_has_passed_is_not_to_be_paid_again():
    found = forecast(60_000, weeks(lambda _: 10_000), TODAY, minute=720)
    assert found.minutes == 6 * 1440


def test_who_uses_more_at_weekends_is_told_so():
    used = weeks(lambda day: 30_000 if day.weekday() >= 5 else 5_000)
    # A Wednesday: three days of about 5, and then a Saturday of about 30; by the mean of 12 it would be one day and a bit.
    assert abs(forecast(15_000, used, TODAY).minutes - 3 * 1440) < 180
    assert abs(forecast(30_000, used, TODAY).minutes - (3 * 1440 + 720)) < 180


def test_recent_days_count_more():
    rising = weeks(lambda day: 20_000 if TODAY - day <= timedelta(days=14) else 5_000)
    assert forecast(100_000, rising, TODAY).minutes < forecast(100_000, weeks(lambda _: 12_500), TODAY).minutes


def test_nothing_is_said_of_what_is_not_known():
    assert forecast(100, weeks(lambda _: 10, count=2), TODAY) is None
    assert forecast(100, weeks(lambda _: 0), TODAY) is None
    assert forecast(100, {}, TODAY) is None


@given(
    st.lists(st.integers(0, 10**12), min_size=3, max_size=40),
    st.integers(0, 10**13),
    st.integers(0, 10**13),
    st.integers(0, 1439),
)
def test_more_money_never_lasts_shorter(costs, balance, more, minute):
    used = {TODAY - timedelta(days=number): cost for number, cost in enumerate(costs, 1)}
    less, longer = forecast(balance, used, TODAY, minute), forecast(balance + more, used, TODAY, minute)
    assert (less is None) == (longer is None)
    if less is not None:
        assert 0 <= less.minutes <= longer.minutes <= FARTHEST * 1440


def test_the_tenant_is_told_how_many_days_are_left(building, tenancy, store, clock, client):
    clock.at -= 12 * HOUR
    Tenancy.objects.update(begins=clock.at - 1)
    edge = Edge(building.code, clock)
    top_up(tenancy, 100 * NANO, "c1")
    edge.obey("m1")
    # 0.50 kWh an hour at 0.20 each: 2.40 a day.
    edge.live(store, clock.at + 10 * DAY, {"m1": 500}, HOUR)
    meter, mine = Meter.objects.get(name="m1"), Tenancy.objects.get(pk=tenancy.pk)
    assert days_left(meter, mine, meter.balance, clock.at) == round(76 / 2.4)
    assert days_left(meter, mine, 24 * NANO // 10, clock.at) == 1
    assert days_left(meter, mine, 24 * NANO // 10, clock.at + DAY) == 0, "counted from now, not from the last reading"
    assert days_left(meter, mine, 0, clock.at) is None
    assert client.login(username="flat1", password=PASSWORD)
    edge.append("m1", edge.accounts["m1"].relay(clock.at, True, "credit"))
    edge.deliver(store)
    assert "About 32 days left." in client.get("/me/").content.decode()

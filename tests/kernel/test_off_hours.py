"""Timed switching: when off hours begin and end, what is left in them, and what goes before them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.kernel.account import Account
from prewatt.kernel.entries import Control, TimeLedBack
from prewatt.kernel.off_hours import OffHours, next_off_change, night_at, night_before
from prewatt.kernel.orders import Close, Hold, Open, Release, Restore, TakeEmergency
from prewatt.kernel.supply import PowerLimit, Window
from prewatt.kernel.units import DAY, HOUR, MINUTE, instant
from tests.kernel.test_supply import BEGIN, EUR, NIGHTS, ZONE, Home

EVERY_DAY = tuple(range(8))
NIGHT = OffHours((Window(EVERY_DAY, 23 * 60, 6 * 60),))


def wall(*at, zone=ZONE, fold=0):
    return instant(datetime(*at, tzinfo=ZoneInfo(zone), fold=fold))


def home(hours=NIGHT, credit=50 * EUR, **settings):
    made = Home(credit, off_hours=hours, **settings)
    made.decide()
    return made


def at(home, *when, used=0):
    """The meter is read and looked at on the wall clock of 4 March, a Wednesday, or of the day after."""
    home.now = wall(2026, 3, *when)
    home.use(used / 1000, hours=0)


def reason(home):
    return home.account.why_open(home.now)


def test_it_goes_off_at_night_and_comes_back_in_the_morning_by_itself():
    mine = home()
    assert mine.lit is True
    assert mine.account.next_supply_change(BEGIN) == wall(2026, 3, 4, 23)
    at(mine, 4, 22, 59)
    assert mine.lit is True
    at(mine, 4, 23, 0)
    assert mine.lit is False and reason(mine) == "off-hours"
    assert mine.account.off_until(mine.now) == wall(2026, 3, 5, 6)
    assert mine.account.next_supply_change(mine.now) <= wall(2026, 3, 5, 0)
    at(mine, 5, 5, 59)
    assert mine.lit is False
    at(mine, 5, 6, 0)
    assert mine.lit is True and mine.account.supply.off_hours is False


def test_a_holiday_is_an_exception_where_the_windows_name_weekdays_alone():
    week = OffHours((Window(tuple(range(7)), 23 * 60, 6 * 60),), ("2026-03-05",))
    assert night_at(week, ZONE, wall(2026, 3, 4, 23, 30))
    assert night_at(week, ZONE, wall(2026, 3, 5, 5, 59)), "a night belongs to the day on which it begins"
    assert not night_at(week, ZONE, wall(2026, 3, 5, 23, 30)) and not night_at(week, ZONE, wall(2026, 3, 6, 5))
    assert night_at(week, ZONE, wall(2026, 3, 6, 23, 30))
    holidays = OffHours((Window((7,), 0, 1440),), ("2026-03-05",))
    assert night_at(holidays, ZONE, wall(2026, 3, 5, 12)) == (wall(2026, 3, 5), wall(2026, 3, 6))
    assert not night_at(holidays, ZONE, wall(2026, 3, 4, 12))


@pytest.mark.parametrize(
    ("window", "day", "hours"),
    [
        # Clocks go forward at 2 on 29 March, and back at 3 on 25 October.
        ((23, 6), (2026, 3, 28), 6),
        ((23, 6), (2026, 10, 24), 8),
        ((2, 5), (2026, 3, 29), 2),
        ((2, 5), (2026, 10, 25), 4),
        ((0, 2), (2026, 10, 25), 2),
        ((22, 24), (2026, 10, 25), 2),
    ],
)
def test_a_night_in_which_the_clocks_change_begins_once_and_ends_once(window, day, hours):
    rule = OffHours((Window(EVERY_DAY, window[0] * 60, window[1] * 60),))
    begin = wall(*day, window[0]) if window[0] != 2 or hours == 4 else wall(*day, 3)
    night = night_at(rule, ZONE, begin)
    assert night == (begin, begin + hours * HOUR)
    inside = {night_at(rule, ZONE, each) for each in range(night.begin, night.end, 7 * MINUTE)}
    assert inside == {night} and night_at(rule, ZONE, night.end) != night


def test_what_begins_in_the_hour_that_comes_twice_begins_at_its_first_time():
    rule = OffHours((Window(EVERY_DAY, 2 * 60 + 30, 4 * 60),))
    assert night_at(rule, ZONE, wall(2026, 10, 25, 2, 15, fold=1)) == (wall(2026, 10, 25, 2, 30), wall(2026, 10, 25, 4))
    gone = OffHours((Window(EVERY_DAY, 2 * 60 + 10, 2 * 60 + 50),))
    assert night_at(gone, ZONE, wall(2026, 3, 29, 3, 0)) is None, "that night is left out by the clocks"


def test_windows_that_overlap_are_one_night_and_windows_that_touch_are_two():
    both = OffHours((Window(EVERY_DAY, 22 * 60, 6 * 60), Window(EVERY_DAY, 5 * 60, 7 * 60)))
    assert night_at(both, ZONE, wall(2026, 3, 5, 6, 30)) == (wall(2026, 3, 4, 22), wall(2026, 3, 5, 7))
    days = OffHours((Window(EVERY_DAY, 0, 1440),))
    assert night_at(days, ZONE, wall(2026, 3, 5)) == (wall(2026, 3, 5), wall(2026, 3, 6))
    assert night_before(days, ZONE, wall(2026, 3, 5)) == (wall(2026, 3, 4), wall(2026, 3, 5))


@given(
    st.lists(
        st.builds(
            Window,
            st.sets(st.integers(0, 7), min_size=1).map(lambda each: tuple(sorted(each))),
            st.integers(0, 1439),
            st.integers(0, 1440),
        ),
        max_size=3,
    ),
    st.sampled_from([ZONE, "Australia/Lord_Howe", "America/Sao_Paulo"]),
    st.integers(instant(datetime(2025, 1, 1, tzinfo=UTC)), instant(datetime(2027, 1, 1, tzinfo=UTC))),
)
def test_off_hours_change_only_where_they_say(windows, where, now):
    hours = OffHours(tuple(windows), ("2026-03-29", "2026-12-25"))
    until = next_off_change(hours, where, now)
    assert now < until <= now + 26 * HOUR
    step = (until - now) // 7 or 1
    seen = {night_at(hours, where, each) is None for each in range(now, until, step)}
    assert seen == {night_at(hours, where, now) is None}


# -- the allowance -----------------------------------------------------------------------------------------------------


def test_up_to_a_power_it_stays_on_all_night():
    mine = home(OffHours(NIGHT.windows, watts=300))
    assert mine.account.power_limit(mine.now) == 0
    at(mine, 4, 23, 0)
    assert mine.lit is True and mine.account.power_limit(mine.now) == 300
    assert mine.account.watched
    at(mine, 5, 6, 0)
    assert mine.account.power_limit(mine.now) == 0


def test_the_lower_one_of_two_limits_holds_at_night():
    mine = home(OffHours(NIGHT.windows, watts=300), power=PowerLimit((200,)))
    at(mine, 4, 23, 0)
    assert (mine.account.power_limit(mine.now), mine.account.usual_limit(mine.now)) == (200, 200)
    other = home(OffHours(NIGHT.windows, watts=300), power=PowerLimit((2000,)))
    at(other, 4, 23, 0)
    assert (other.account.power_limit(other.now), other.account.usual_limit(other.now)) == (300, 2000)


def test_too_much_power_too_often_ends_the_night_and_the_morning_needs_nobody():
    mine = home(OffHours(NIGHT.windows, watts=300))
    at(mine, 4, 23, 30)
    mine.apply(mine.account.event(mine.now, "overload"))
    mine.apply(mine.account.event(mine.now, "allowance-spent"))
    mine.decide()
    assert mine.lit is False and reason(mine) == "off-hours" and mine.account.supply.locks == ()
    at(mine, 5, 5, 0)
    assert mine.lit is False
    at(mine, 5, 6, 0)
    assert mine.lit is True
    at(mine, 5, 23, 30)
    assert mine.lit is True, "the next night has its own allowance"


def test_up_to_an_energy_it_stays_on_counted_by_the_register_for_each_night_anew():
    mine = home(OffHours(NIGHT.windows, energy=1500))
    at(mine, 4, 23, 0, used=9000)
    assert mine.account.night_left(mine.now) == 1500, "what was used before does not count"
    at(mine, 5, 1, 0, used=1400)
    assert mine.lit is True and mine.account.night_left(mine.now) == 100
    assert mine.account.night_left(mine.now + HOUR, 60) == 40
    at(mine, 5, 2, 0, used=100)
    assert mine.lit is False and reason(mine) == "off-hours"
    at(mine, 5, 6, 0)
    assert mine.lit is True and mine.account.night_left(mine.now) is None
    at(mine, 5, 23, 0, used=500)
    at(mine, 5, 23, 59, used=1000)
    assert mine.lit is True and mine.account.night_left(mine.now) == 500


def test_of_a_reading_over_the_evening_the_time_after_it_counts_evenly():
    mine = home(OffHours(NIGHT.windows, energy=1500))
    at(mine, 4, 22, 0)
    at(mine, 5, 0, 0, used=1000)
    assert mine.account.night_left(mine.now) == 1000
    assert mine.account.supply.night.energy == 500


def test_an_allowance_may_be_of_both():
    mine = home(OffHours(NIGHT.windows, watts=300, energy=500))
    at(mine, 4, 23, 0)
    assert mine.lit is True and mine.account.power_limit(mine.now) == 300
    at(mine, 5, 1, 0, used=500)
    assert mine.lit is False


# -- the order of rules ------------------------------------------------------------------------------------------------


def test_friendly_hours_keep_nobody_on_in_off_hours():
    mine = home(credit=1 * EUR, friendly=NIGHTS)
    at(mine, 4, 22, 0, used=6000)
    assert mine.lit is True and mine.account.balance < 0
    at(mine, 4, 23, 0)
    assert mine.lit is False and reason(mine) == "off-hours"
    at(mine, 5, 6, 0)
    assert mine.lit is True, "it was no cut-off: the friendly hours last until seven"


@pytest.mark.parametrize("by", ["pay", "emergency"])
def test_what_a_tenant_does_ends_no_off_hours(by):
    mine = home(credit=1 * EUR, emergency_credit=EUR, low_credit=2 * EUR)
    at(mine, 4, 23, 0)
    if by == "pay":
        mine.pay(5 * EUR)
    else:
        mine.do(TakeEmergency())
    assert mine.lit is False


def test_who_has_used_up_the_credit_is_cut_off_in_the_morning_and_it_is_said():
    mine = home(credit=1 * EUR)
    at(mine, 4, 23, 0, used=4000)
    mine.order(Control(Open(), "manager"))
    mine.order(Control(Close(), "manager"))
    at(mine, 4, 23, 30)
    assert mine.lit is True, "closed by a person"
    at(mine, 5, 6, 0, used=1000)
    assert mine.lit is False and reason(mine) == "exhausted"


@pytest.mark.parametrize("action", [Close(), Restore(amount=EUR)])
def test_what_a_person_switches_on_at_night_stays_on_until_the_morning(action):
    mine = home()
    at(mine, 4, 23, 30)
    mine.order(Control(action, "manager", "ill"))
    mine.decide()
    assert mine.lit is True
    at(mine, 5, 5, 0)
    assert mine.lit is True and mine.account.power_limit(mine.now) == 0
    at(mine, 5, 23, 0)
    assert mine.lit is False, "the next night is one like all others"


def test_who_switches_on_before_the_night_has_not_ended_it():
    mine = home()
    mine.order(Control(Close(), "manager"))
    mine.order(Control(Restore(amount=EUR), "manager"))
    at(mine, 4, 23, 0)
    assert mine.lit is False


def test_a_lock_and_a_persons_open_go_before_off_hours():
    mine = home()
    mine.order(Control(Open(), "manager"))
    mine.decide()
    at(mine, 4, 23, 0)
    assert reason(mine) == "ordered"
    at(mine, 5, 6, 0)
    assert mine.lit is False
    mine.order(Control(Close(), "manager"))
    mine.do(Hold())
    at(mine, 5, 23, 30)
    assert reason(mine) == "hold"
    mine.do(Release())
    assert mine.lit is False and reason(mine) == "off-hours"
    at(mine, 6, 6, 0)
    assert mine.lit is True


def test_by_a_time_that_nobody_vouches_for_it_stays_on():
    mine = home()
    at(mine, 4, 23, 0)
    assert mine.lit is False
    mine.apply(mine.account.event(mine.now, "clock-unsure"))
    mine.decide()
    assert mine.lit is True
    mine.apply(mine.account.event(mine.now, "clock-set"))
    mine.decide()
    assert mine.lit is False


def lead_back(home, to):
    account = home.account
    home.apply(TimeLedBack(account.seq + 1, to, account.balance, account.command + 1, account.at))


def test_a_journal_that_is_ahead_of_the_time_keeps_nobody_in_the_dark():
    mine = home()
    at(mine, 5, 12, 0)
    behind = wall(2026, 3, 4, 23, 30)
    assert mine.account.wants_closed(behind) is True
    lead_back(mine, behind)
    assert mine.account.wants_closed(behind) is False


def test_what_was_used_by_a_time_that_was_wrong_is_no_part_of_the_night():
    mine = home(OffHours(NIGHT.windows, energy=100))
    at(mine, 5, 0, 0)
    at(mine, 5, 5, 0, used=80)
    assert mine.account.night_left(mine.now) == 20
    lead_back(mine, wall(2026, 3, 4, 23, 30))
    assert mine.account.night_left(wall(2026, 3, 4, 23, 30)) == 100


def test_a_night_outlasts_a_snapshot():
    mine = home(OffHours(NIGHT.windows, energy=1500))
    at(mine, 4, 23, 0)
    at(mine, 5, 1, 0, used=1500)
    again = Account.load(mine.account.dump())
    assert again.off_until(mine.now) == wall(2026, 3, 5, 6) and again.supply == mine.account.supply
    assert again.dump() == mine.account.dump()


def test_without_off_hours_nothing_is_off():
    mine = home(OffHours())
    at(mine, 5, 1, 0)
    assert mine.lit is True and mine.account.next_supply_change(mine.now) > mine.now + DAY

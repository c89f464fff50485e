"""Off hours at a gateway without a network: over restarts, wrong clocks and their changes, with what is allowed in them."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from prewatt.edge.meter import Observed
from prewatt.kernel.entries import ChangeSettings, Reading, Relay, Settings
from prewatt.kernel.off_hours import OffHours
from prewatt.kernel.orders import Close
from prewatt.kernel.supply import PowerLimit, Window
from prewatt.kernel.units import DAY, HOUR, MINUTE, NANO, SECOND, instant
from tests.edge.home import BEGIN, Home

BERLIN = "Europe/Berlin"
EVERY_DAY = tuple(range(8))


def after(days, hour, minute=0):
    """µs from the beginning, which is in the evening, to a time on the wall clock so many days later."""
    first = datetime.fromtimestamp(BEGIN // SECOND, ZoneInfo(BERLIN))
    wall = datetime(first.year, first.month, first.day + days, hour, minute, tzinfo=ZoneInfo(BERLIN))
    return instant(wall) - BEGIN


def settings(watts=0, energy=0, begin=0, **more):
    night = OffHours((Window(EVERY_DAY, begin, 6 * 60),), (), watts, energy)
    return Settings(zone=BERLIN, off_hours=night, **more)


class Flat(Home):
    def __init__(self, rules, credit=100 * NANO):
        super().__init__(credit=credit)
        self.order(ChangeSettings(rules))

    def until(self, days, hour, minute=0, power=0):
        self.live(after(days, hour, minute) - self.passed, power)

    def see(self, power):
        """The meter is read now, and says how much is drawn."""
        self.do(self.agent.on_observed(self.moment, {"m1": Observed(self.register, self.closed, power)}))

    @property
    def relays(self):
        found = [each for each in self.entries if isinstance(each, Relay)]
        return [(each.at - BEGIN, each.closed, each.reason) for each in found if each.at > BEGIN]


def test_the_meter_goes_off_and_on_by_itself_to_the_second_and_nothing_is_lost():
    flat = Flat(settings())
    flat.until(3, 12, power=300)
    for number, (at, closed, reason) in enumerate(flat.relays):
        assert (at, closed, reason) == (after(1 + number // 2, 6 * (number % 2)), bool(number % 2), "off-hours")
    assert len(flat.relays) == 6
    flat.read()
    assert flat.energy() == pytest.approx(300 * (after(3, 12) / HOUR - 18), abs=300)


def test_it_holds_over_a_restart_of_the_process_and_is_not_begun_anew():
    flat = Flat(settings())
    flat.until(1, 1)
    flat.start(boot=False)
    flat.live(HOUR)
    assert flat.closed is False
    flat.do(flat.agent.act(flat.moment, "m1", Close(), "Kim", "g1")[1])
    flat.start(boot=False)
    flat.live(HOUR)
    assert flat.closed is True, "what a person switched on at night stays on, also after a restart"
    flat.until(2, 1)
    assert flat.closed is False


def test_after_a_loss_of_power_it_stays_on_until_somebody_vouches_for_the_time():
    flat = Flat(settings())
    flat.until(1, 1)
    assert flat.closed is False
    flat.wrong = -3 * HOUR
    flat.start(boot=True)
    flat.live(10 * MINUTE)
    assert flat.closed is True
    flat.connect()
    flat.live(MINUTE)
    assert flat.closed is False
    flat.until(1, 6)
    assert flat.closed is True


def test_a_clock_that_steps_into_the_night_darkens_nobody():
    flat = Flat(settings())
    flat.until(1, 12)
    flat.wrong = 13 * HOUR
    flat.live(HOUR)
    assert flat.closed is True
    flat.wrong = 0
    flat.connect()
    flat.until(2, 1)
    assert flat.closed is False
    # By one that steps on nobody knows what time it is, until somebody says so.
    flat.wrong = 2 * HOUR
    flat.live(HOUR)
    assert flat.closed is True and flat.account.unsure
    flat.wrong = 0
    flat.connect()
    flat.live(MINUTE)
    assert flat.closed is False


def test_a_journal_that_is_ahead_keeps_nobody_on_for_longer_than_until_the_time_is_near_it():
    flat = Flat(settings())
    flat.until(1, 1)
    flat.wrong = HOUR
    flat.start(boot=True)
    flat.live(SECOND)
    assert flat.closed is True, "nobody vouches for the time"
    flat.wrong = 0
    flat.connect()
    near = flat.account.at - 10 * MINUTE - BEGIN
    assert near > flat.passed, "the journal is ahead"
    flat.live(near - SECOND - flat.passed)
    assert flat.closed is True
    flat.live(2 * SECOND)
    assert flat.closed is False


def test_up_to_an_energy_the_meter_counts_what_is_used_in_the_night_and_cuts_off_soon_after():
    flat = Flat(settings(energy=1000, begin=7, power_highest=4000))
    flat.until(1, 1, power=700)
    assert flat.closed is True
    flat.until(1, 5, power=700)
    assert flat.closed is False
    readings = [
        each for each in flat.entries if isinstance(each, Reading) and after(1, 0, 7) < each.at - BEGIN <= after(1, 6)
    ]
    used = sum(each.energy for each in readings)
    assert 1000 <= used <= 1000 + 4000 // 60
    assert any(each.at - BEGIN == after(1, 0, 7) for each in flat.entries if isinstance(each, Reading)), (
        "read at the beginning"
    )
    flat.until(1, 7)
    assert flat.closed is True


def test_rules_that_come_in_the_night_count_what_was_used_since_the_last_reading():
    def flat_of(energy):
        return settings(energy=energy, power_highest=4000)

    flat = Flat(flat_of(5000))
    flat.until(1, 1)
    flat.read()
    flat.live(7 * MINUTE, 4000)
    flat.order(ChangeSettings(flat_of(480)))
    flat.live(3 * MINUTE, 4000)
    assert flat.closed is False and flat.relays[-1][2] == "off-hours"


def test_up_to_a_power_it_trips_recloses_and_at_last_waits_for_the_morning_not_for_a_person():
    flat = Flat(settings(watts=300, power=PowerLimit((3000,), delay=10, reclose_after=60, recloses=2)))
    flat.see(1000)
    flat.passed += 20 * SECOND
    flat.see(1000)
    assert flat.closed is True, "not yet night"
    flat.until(1, 1)
    for trip in range(1, 4):
        flat.see(1000)
        flat.passed += 10 * SECOND
        flat.see(1000)
        assert flat.closed is False
        flat.live(2 * MINUTE)
        assert flat.closed is (trip < 3)
    assert flat.codes()[-2:] == ["overload", "allowance-spent"] and flat.account.supply.locks == ()
    flat.until(1, 6, 1)
    assert flat.closed is True


def test_who_exceeds_the_days_limit_too_at_night_is_locked_as_by_day():
    flat = Flat(settings(watts=300, power=PowerLimit((3000,), delay=0, reclose_after=60, recloses=0)))
    flat.until(1, 1)
    flat.see(4000)
    assert flat.account.supply.locks == ("overload",)
    flat.until(1, 7)
    assert flat.closed is False


def over(flat, power):
    """So much is drawn for the delay."""
    flat.see(power)
    flat.passed += 10 * SECOND
    flat.see(power)


def test_what_was_too_much_at_night_is_not_held_against_anybody_in_the_morning():
    flat = Flat(settings(watts=300, power=PowerLimit((3000,), delay=10, reclose_after=60, recloses=2)))
    flat.until(1, 5, 50)
    for _ in range(3):
        over(flat, 1000)
        flat.live(90 * SECOND)
    assert flat.codes()[-1] == "allowance-spent"
    flat.until(1, 6, 1)
    assert flat.closed is True
    over(flat, 4000)
    flat.live(2 * MINUTE)
    assert flat.closed is True and flat.account.supply.locks == ()


def test_who_exceeds_the_days_limit_once_at_night_needs_nobody_in_the_morning():
    flat = Flat(settings(watts=300, power=PowerLimit((3000,), delay=10, reclose_after=60, recloses=2)))
    flat.until(1, 2)
    for power in (1000, 1000, 4000):
        over(flat, power)
        flat.live(90 * SECOND)
    assert flat.codes()[-2:] == ["overload", "allowance-spent"] and flat.account.supply.locks == ()
    flat.until(1, 6, 1)
    assert flat.closed is True


def test_a_meter_that_is_silent_in_the_morning_is_switched_on_all_the_same():
    """Whatever is wrong with its register, its switch may obey."""
    flat = Flat(settings())
    flat.until(1, 5, 58)
    assert flat.closed is False
    while flat.passed < after(1, 6, 1):
        flat.passed += MINUTE
        flat.do(flat.agent.on_observed(flat.moment, {"m1": "no answer"}))
    assert flat.closed is True
    assert flat.relays[-1][1:] == (True, "off-hours")


def test_whose_credit_ends_in_the_night_is_told_in_the_morning_that_it_was_that():
    flat = Flat(settings(), credit=1 * NANO // 10)
    flat.until(1, 5)
    assert flat.closed is False and flat.account.balance < 0
    flat.until(1, 7)
    assert flat.closed is False and flat.account.supply.cut_off
    assert flat.relays == [(after(1, 0), False, "off-hours"), (after(1, 6), False, "exhausted")]


def test_a_night_in_which_the_clocks_change_ends_at_six_by_the_wall():
    flat = Flat(settings())
    # 2023-11-14 to the last Sunday of March 2024.
    spring = instant(datetime(2024, 3, 31, 1, tzinfo=ZoneInfo(BERLIN))) - BEGIN
    flat.passed = spring - DAY
    flat.start(boot=True)
    flat.connect()
    flat.live(DAY)
    assert flat.closed is False
    flat.live(4 * HOUR - SECOND)
    assert flat.closed is False
    flat.live(SECOND)
    assert flat.closed is True

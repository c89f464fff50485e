"""What comes and goes without end fills no flash, and nothing that was used is lost by it."""

import pytest

from prewatt.edge.bounds import MOST
from prewatt.edge.meter import Foreign, Observed
from prewatt.kernel.entries import Doubtful, Rebased
from prewatt.kernel.events import EventKind
from prewatt.kernel.supply import PowerLimit
from prewatt.kernel.units import DAY, HOUR, MINUTE
from tests.edge.home import Home

QUARTER = 15 * MINUTE
WATCHED = PowerLimit((14_000,), delay=3600)
"""With a limit on its power a meter is read each minute."""


def live(home, span, power, sees):
    """As `Home.live`, with all that is seen made by `sees` of the number of the reading."""
    end, fine, count = home.passed + span, home.register * HOUR, 0
    while (due := max(home.agent.next_due() + home.booted, home.passed)) <= end:
        fine, home.passed = fine + home.closed * power * (due - home.passed), due
        home.register = fine // HOUR
        home.do(home.agent.tick(home.moment)[:-1])
        home.do(home.agent.on_observed(home.moment, {"m1": sees(count)}))
        count += 1
    home.register, home.passed = (fine + home.closed * power * (end - home.passed)) // HOUR, end


def most_in_an_hour(home, since):
    times = [entry.at for entry in home.entries[since:]]
    return max(sum(at <= each < at + HOUR for each in times) for at in times)


@pytest.mark.parametrize("often", [1, 2, 5, 6, 7, 40])
@pytest.mark.parametrize("lie", [0, 9_000_000])
def test_a_register_that_flickers_between_two_values(often, lie):
    home = Home(credit=1000 * 10**9, power=WATCHED)
    home.live(DAY, 300)
    since = len(home.entries)

    def sees(count):
        wrong = count // often % 2
        # The wrong one counts on as well.
        return Observed(home.register - 5_000_000 + lie if wrong else home.register, home.closed)

    live(home, 10 * HOUR, 300, sees)
    # Doubt, new base and reading of each, the quarters of an hour, and what tells of it.
    assert most_in_an_hour(home, since) <= 3 * MOST + 12
    home.live(2 * HOUR + QUARTER, 300)
    assert home.closed and home.energy() <= home.register - 5_000_000
    given_up = any(isinstance(each, Rebased) and each.cause != "returned" for each in home.entries)
    assert given_up or home.energy() == home.register - 5_000_000


def test_a_single_error_now_and_then_is_journalled_each_time():
    home = Home()
    live(home, 10 * HOUR, 300, lambda count: Observed(0 if count % 20 == 10 else home.register, home.closed))
    assert EventKind.MUTED not in home.codes() and any(isinstance(each, Doubtful) for each in home.entries)


def test_a_meter_that_answers_every_other_time():
    home = Home(power=WATCHED)
    home.live(DAY, 300)
    since = len(home.entries)
    live(home, 10 * HOUR, 300, lambda count: Observed(home.register, home.closed) if count % 2 else "no answer")
    assert most_in_an_hour(home, since) <= 2 * MOST + 8
    codes = home.codes()
    assert codes.count("meter-lost") - codes.count("meter-back") in (0, 1)
    assert 1 <= codes.count(EventKind.MUTED) <= 10
    home.live(HOUR, 300)
    home.passed += QUARTER
    home.read()
    assert home.codes().count("meter-lost") == home.codes().count("meter-back")
    assert home.energy() == home.register - 5_000_000


def test_a_meter_that_is_lost_for_good_after_it_flickered_is_told_of():
    home = Home(power=WATCHED)
    live(home, HOUR, 300, lambda count: Observed(home.register, home.closed) if count % 2 else "no answer")
    live(home, 2 * HOUR, 300, lambda _: "no answer")
    codes = [code for code in home.codes() if code in ("meter-lost", "meter-back")]
    assert codes[-1] == "meter-lost"


def test_a_foreign_meter_that_comes_and_goes_and_stays_in_the_end():
    home = Home(foreign_for=3600, power=WATCHED)
    home.live(DAY, 300)
    since = len(home.entries)
    live(
        home,
        5 * HOUR,
        300,
        lambda count: Observed(home.register, home.closed) if count % 2 else Foreign(f"x{count % 3}"),
    )
    assert most_in_an_hour(home, since) <= 2 * MOST + 8 and home.closed
    live(home, 3 * HOUR, 300, lambda _: Foreign("x"))
    assert not home.closed, "its time has come, though it was muted first"
    home.read()
    assert home.closed


@pytest.mark.parametrize("locks", [True, False])
def test_a_cover_that_flickers(locks):
    home = Home(tamper_locks=locks, power=WATCHED)
    since = len(home.entries)
    live(home, 5 * HOUR, 300, lambda count: Observed(home.register, home.closed, power=0, tampered=bool(count % 2)))
    assert not home.entries[since:] or most_in_an_hour(home, since) <= MOST + 10
    assert home.closed != locks

"""A register is a claim: what can't be true charges nothing, cuts nobody off, and is not lost."""

import pytest

from prewatt.edge.effects import SendStatus
from prewatt.edge.register import BACK_FOR, DOUBTED_FOR, STILL_FOR
from prewatt.kernel.account import Account
from prewatt.kernel.entries import (
    FLAG_BETWEEN,
    FLAG_CONFIRMED,
    ChangeTenancy,
    Doubtful,
    Exchange,
    Exchanged,
    LeadBack,
    Reading,
    Rebased,
    Refused,
)
from prewatt.kernel.plausible import UNCONFIRMED
from prewatt.kernel.state import FOREIGN
from prewatt.kernel.units import DAY, HOUR, MINUTE, NANO
from prewatt.wire.signing import VerifyKey, open_upward, seal
from tests.edge.home import SERVER, Home

QUARTER = 15 * MINUTE


def of(home, kind):
    return [entry for entry in home.entries if isinstance(entry, kind)]


@pytest.mark.parametrize("lie", [0, 10_000_000, 10**12, 2**32 - 1, 2**63 - 1, 2**64 - 1, -5, 4_000_000, 5_010_000])
def test_one_lie_of_a_register_costs_nothing(lie):
    home = Home()
    home.live(HOUR, 1000)
    home.passed += QUARTER
    home.read(lie, used=250)
    assert home.closed and home.energy() == 1000
    home.live(HOUR, 1000)
    assert home.closed and home.energy() == 2250
    assert len(of(home, Doubtful)) == 1 and not of(home, Rebased)


def test_a_register_that_can_not_be_is_read_again_soon():
    home = Home()
    home.passed += QUARTER
    home.read(0)
    assert home.agent.next_due() + home.booted == home.passed + 10_000_000


@pytest.mark.parametrize("lie", [0, 8_450_000])
def test_a_register_that_stays_is_a_new_base_and_nothing_between_is_charged(lie):
    home = Home(credit=NANO)
    home.live(HOUR, 500)
    home.register = lie
    home.live(HOUR, 500)
    (new,) = of(home, Rebased)
    assert (new.register, new.was) == (lie + 500 * 940 // 3600, 5_000_500)
    assert home.closed and home.energy() == 1000 - 500 * 940 // 3600


def test_a_register_that_lies_for_minutes_and_comes_back_is_charged_once():
    home = Home()
    home.live(HOUR, 500)
    stood = home.register
    home.live(20 * MINUTE, 600, says=lambda register: register - stood)
    home.live(HOUR, 500)
    causes = [entry.cause for entry in of(home, Rebased)]
    assert causes == ["fallen", "returned"]
    home.passed += 10 * MINUTE
    home.read()
    assert home.energy() == 500 + 200 + 500


def test_a_register_that_falls_by_little_and_comes_back_is_charged_once():
    home = Home()
    home.live(HOUR, 1000)
    home.passed += MINUTE
    home.read(home.register - 4_000)
    home.live(MINUTE, 1000, says=lambda register: register - 4_000)
    assert [each.cause for each in of(home, Rebased)] == ["fallen"]
    home.live(HOUR, 1000)
    home.passed += QUARTER
    home.read()
    assert home.energy() == home.register - 5_000_000
    assert [each.cause for each in of(home, Rebased)] == ["fallen", "returned"]


def test_a_register_that_lies_twice_in_a_row_still_comes_back_to_where_it_stood():
    home = Home()
    home.live(DAY, 300)
    home.passed += MINUTE
    home.read(0)
    home.live(5 * MINUTE, 300, says=lambda register: 0)
    home.read(home.register + 20_000_000)
    home.live(5 * MINUTE, 300, says=lambda register: register + 20_000_000)
    home.live(HOUR, 300)
    home.passed += QUARTER
    home.read()
    assert home.energy() == home.register - 5_000_000
    assert [each.cause for each in of(home, Rebased)] == ["fallen", "jumped", "returned"]


def test_a_register_that_lies_before_a_long_silence_is_charged_once_after_it():
    home = Home(register=300_000)
    home.live(HOUR, 1000)
    home.passed += MINUTE
    home.read(0)
    home.live(5 * MINUTE, 0, says=lambda register: 0)
    assert of(home, Rebased)
    home.passed += 12 * DAY
    home.register += 5_000
    home.live(HOUR)
    home.passed += QUARTER
    home.read()
    assert home.energy() == home.register - 300_000


def test_a_register_that_stood_under_its_base_for_weeks_and_is_reset_counts_from_there():
    home = Home()
    home.live(21 * DAY, 0, says=lambda register: register - 2_000)
    assert not of(home, Rebased)
    home.register = 0
    home.live(HOUR, 1000)
    (new,) = of(home, Rebased)
    assert new.cause == "fallen"
    home.live(HOUR, 1000)
    assert 1_700 < home.energy() <= 2_000


SILENCE = 12 * DAY
"""In so long the fuse lets through 4.75 MWh."""


@pytest.mark.parametrize("lie", [4_000_000, 1_000_000, 60_000, -4_000_000, -100_000, -19_000])
def test_one_lie_after_a_long_silence_costs_nothing(lie):
    home = Home(credit=10 * NANO)
    home.live(HOUR, 1000)
    home.passed += SILENCE
    home.register += 5_000
    home.read(home.register + lie)
    assert home.closed and home.energy() == 1000
    home.live(HOUR, 1000)
    home.passed += QUARTER
    home.read()
    assert home.closed and not of(home, Rebased)
    assert home.energy() == home.register - 5_000_000
    assert home.charged == home.energy() * 200_000 - night(home) * 100_000 + 13 * NANO // 4


def night(home):
    """Wh that were charged at the lower price."""
    return sum(each.energy for entry in of(home, Reading) for each in entry.used if each.rate == "night")


@pytest.mark.parametrize("used", [18_000, 700_000, 4_000_000])
def test_what_was_truly_used_in_a_long_silence_is_charged_within_a_minute(used):
    home = Home(credit=2000 * NANO)
    home.live(HOUR, 1000)
    home.passed += SILENCE
    home.register += used
    home.live(MINUTE, 1000)
    assert home.energy() == pytest.approx(1000 + used, abs=20) and home.closed
    (reading,) = (each for each in of(home, Reading) if each.flags & FLAG_CONFIRMED)
    (doubt,) = of(home, Doubtful)
    assert doubt.cause == UNCONFIRMED and reading.at - doubt.at == 40_000_000
    home.live(HOUR, 1000)
    home.passed += QUARTER
    home.read()
    assert home.energy() == home.register - 5_000_000


@pytest.mark.parametrize("used", [16_000, 5_000, 0])
def test_what_an_hour_can_bring_is_charged_by_one_reading_however_long_the_silence(used):
    home = Home()
    home.passed += SILENCE
    home.read(used=used)
    assert home.energy() == used and not of(home, Doubtful)


@pytest.mark.parametrize("boot", [True, False])
def test_a_gateway_that_starts_anew_before_enough_readings_agreed_charges_once(boot):
    home = Home(credit=2000 * NANO)
    home.passed += SILENCE
    home.register += 200_000
    home.live(30 * 10**6)
    assert home.account.doubt.cause == UNCONFIRMED
    home.meter.account = home.account = Account.load(home.account.dump())
    home.start(boot)
    home.live(MINUTE)
    assert home.energy() == 200_000 and home.account.doubt is None
    assert home.charged == 200_000 * 200_000 - night(home) * 100_000 + 12 * NANO // 4


def test_lies_in_a_row_after_a_long_silence_agree_on_nothing():
    home = Home()
    home.passed += SILENCE
    lies = iter([4_000_000, 3_000_000, 20_000, 2_000_000, 60_000, 4_500_000])
    home.live(MINUTE, 0, says=lambda register: register + next(lies, 0))
    home.live(HOUR, 300)
    home.passed += QUARTER
    home.read()
    assert home.energy() == home.register - 5_000_000 and home.closed


def test_a_register_that_stays_much_lower_after_a_long_silence_is_a_question_to_the_manager():
    home = Home()
    home.passed += SILENCE
    home.register -= 400_000
    home.live(MINUTE)
    assert [each.cause for each in of(home, Rebased)] == ["fallen"]
    home.live(HOUR, 500)
    assert home.energy() == pytest.approx(500, abs=130) and home.closed


def test_a_lie_while_the_register_stands_lower_costs_nothing():
    home = Home()
    home.live(3 * DAY, 0, says=lambda register: register - 2_000)
    home.passed += SILENCE
    home.read(1_000_000)
    home.live(MINUTE, 0, says=lambda register: register - 2_000)
    home.live(HOUR, 5_000)
    home.passed += QUARTER
    home.read()
    assert not of(home, Rebased) and home.energy() == home.register - 5_000_000


def test_a_tenancy_that_changes_in_a_long_silence_is_charged_by_what_agrees():
    home = Home(credit=2000 * NANO)
    home.live(HOUR, 1000)
    home.passed += 4 * DAY
    home.order(ChangeTenancy(home.meter.account.at + DAY))
    home.passed += 8 * DAY
    home.register += 120_000
    home.read(home.register + 3_000_000)
    assert home.energy() == 1000
    home.live(MINUTE)
    assert home.energy() == 121_000 and not home.account.restarts


def test_one_lie_after_a_long_silence_costs_nothing_while_the_journal_is_ahead():
    home = Home()
    home.wrong = 40 * DAY
    home.start()
    home.connect(wrong=40 * DAY)
    home.live(HOUR, 300)
    home.wrong = 0
    home.start()
    home.connect()
    home.live(HOUR, 300)
    assert home.account.at > home.agent.now(home.moment) + 30 * DAY
    home.passed += SILENCE
    home.register += 30_000
    home.read(home.register + 3_000_000)
    assert home.energy() < 1000 and home.closed
    home.live(2 * MINUTE, 300)
    home.order(LeadBack())
    home.live(HOUR, 300)
    home.passed += QUARTER
    home.read()
    assert home.energy() == home.register - 5_000_000


def test_a_register_that_comes_back_after_days_is_charged_without_another_doubt():
    home = Home(credit=2000 * NANO)
    home.live(HOUR, 1000)
    home.passed += SILENCE
    home.register += 90_000
    home.read(0)
    home.live(MINUTE, 0, says=lambda register: 0)
    assert [each.cause for each in of(home, Rebased)] == ["fallen"]
    home.live(QUARTER + MINUTE)
    assert [each.cause for each in of(home, Rebased)] == ["fallen", "returned"]
    assert home.energy() == home.register - 5_000_000


def test_the_server_believes_no_more_of_one_reading_than_the_gateway():
    home = Home()
    home.passed += SILENCE
    home.register += 100_000
    account = Account.load(home.account.dump())
    now = home.agent.now(home.moment)
    lie = account._reading(now, home.register, 100_000, 0)
    assert isinstance(account.recompute(lie, None), Doubtful)
    for flags in (FLAG_CONFIRMED, FLAG_BETWEEN):
        claimed = account._reading(now, home.register, 100_000, flags)
        try:
            own = account.recompute(claimed, None)
        except ValueError:
            continue
        assert isinstance(own, Doubtful), "no other reading was journalled before"


def test_a_register_that_jitters_by_a_last_digit_is_charged_once():
    home = Home()
    for number in range(96):
        home.passed += QUARTER
        home.read(home.register + 100 - 10 * (number % 2))
    assert home.energy() == 100


def test_nonsense_without_end_does_not_fill_the_flash_and_somebody_is_told():
    home, shown = Home(), iter(range(10**9, 10**12, 77_777_777))
    home.live(DAY, 100, says=lambda register: next(shown))
    assert len(of(home, Doubtful)) <= 97
    assert home.codes().count("register-doubtful") == 1
    assert home.closed and home.energy() == 0
    home.live(QUARTER, 100)
    assert home.energy() == 24 * 100 + 25, "what was used is charged once it can be seen"
    assert DOUBTED_FOR < DAY


def test_a_register_that_runs_backwards_for_days_is_told_of_and_time_is_charged():
    home = Home()
    home.live(3 * DAY, 0, says=lambda register: register - (home.passed // HOUR) * 30)
    assert home.codes().count("register-backwards") == 1 and BACK_FOR == DAY
    assert home.charged == 3 * NANO // 4 and not of(home, Rebased)


def test_how_long_a_register_runs_backwards_is_none_the_longer_for_a_clock_that_was_wrong_at_a_later_start():
    home = Home()
    home.live(20 * HOUR, 0, says=lambda register: register - (home.passed // HOUR) * 30)
    home.wrong = HOUR
    home.start()
    home.read(home.register - 600)
    home.connect()
    assert home.codes()[-1] == "clock-set"
    home.wrong = 0
    home.live(10 * HOUR, 0, says=lambda register: register - (home.passed // HOUR) * 30)
    (told,) = (entry for entry in home.entries if getattr(entry, "code", "") == "register-backwards")
    assert BACK_FOR <= told.at - of(home, Doubtful)[0].at <= BACK_FOR + HOUR


def test_how_long_a_register_is_nonsense_does_not_count_hours_that_the_gateway_learns_of_afterwards():
    home = Home()
    home.passed, home.wrong = home.passed + 11 * HOUR, -DAY
    home.start()
    home.read(-5)
    home.connect()
    assert home.codes()[-1] == "clock-set"
    home.live(50 * MINUTE, 0, says=lambda register: -5)
    assert "register-doubtful" not in home.codes()
    home.live(15 * MINUTE, 0, says=lambda register: -5)
    assert home.codes().count("register-doubtful") == 1


def test_a_register_that_stands_still_under_a_closed_switch_is_told_of():
    home = Home()
    home.live(STILL_FOR + DAY)
    assert home.codes().count("register-still") == 1
    home.live(HOUR, 100)
    home.live(STILL_FOR - DAY)
    assert home.codes().count("register-still") == 1


def test_a_counter_that_comes_over_its_end_goes_on():
    from prewatt.edge.meter import Observed

    home = Home(999_999_800)
    home.passed += QUARTER
    home.do(home.agent.on_observed(home.moment, {"m1": Observed(100, True, end=10**9)}))
    assert home.energy() == 300 and of(home, Reading)[-1].rolled == 10**9


def test_a_meter_that_is_exchanged_goes_on_with_credit_and_nothing_is_counted_twice():
    home = Home()
    home.live(HOUR, 1000)
    # The old one ran on for a little, and the new one has been hanging for an hour when somebody says so.
    home.passed += HOUR
    home.order(Exchange("new", first=70, last=5_001_200))
    assert home.meter.serial == "new"
    home.register = 70 + 400
    home.live(QUARTER)
    assert home.energy() == 1000 + 200 + 400
    assert of(home, Exchanged)[-1].last == 5_001_200


def test_a_gateway_is_heard_while_a_meter_of_its_own_waits_to_be_read_after_an_exchange():
    home = Home()
    home.live(HOUR, 1000)
    home.passed += MINUTE
    home.order(Exchange("new", first=0, last=5_001_200))
    (status,) = [each.status for each in home.agent.on_connected(home.moment) if isinstance(each, SendStatus)]
    assert open_upward(VerifyKey(SERVER.public()), seal(SERVER, status)) == status


def test_a_meter_that_hung_here_for_weeks_before_anybody_said_so_is_charged_once_with_the_old_one():
    home = Home()
    home.live(HOUR, 1000)
    home.passed += MINUTE
    home.read(serial="new")
    home.passed += 35 * DAY
    home.order(Exchange("new", first=0, last=5_001_000 + 90_000))
    home.passed += 12 * DAY
    home.register = 200
    home.read()
    assert home.account.doubt.cause == UNCONFIRMED, "it is much for one reading"
    home.live(MINUTE)
    between = [each for each in of(home, Reading) if each.flags & FLAG_BETWEEN]
    assert between and between[-1].register < 0
    assert home.energy() == 1000 + 90_200 and home.closed


def test_an_exchange_whose_old_end_is_unknown_charges_what_the_new_one_shows():
    home = Home()
    home.live(HOUR, 1000)
    home.order(Exchange("new", first=70))
    home.register = 70
    home.live(HOUR, 400)
    assert home.energy() == 1400


def test_a_meter_that_had_run_back_is_exchanged_where_it_stood():
    home = Home()
    home.live(HOUR, 1000)
    home.passed += MINUTE
    home.read(5_000_900)
    home.order(Exchange("new", first=70, last=5_000_900))
    home.register = 270
    home.live(QUARTER)
    assert isinstance(home.entries[-2], Exchanged) and home.energy() == 1200


@pytest.mark.parametrize("last", [4_000_000, 5_900_000])
def test_an_old_end_that_can_not_be_is_refused_with_what_can(last):
    home = Home()
    home.live(HOUR, 1000)
    home.order(Exchange("new", first=70, last=last))
    (refused,) = of(home, Refused)
    assert f"{last} Wh" in refused.reason and "5001000 Wh" in refused.reason
    assert home.meter.serial == "m1"


def test_a_foreign_meter_is_told_of_once_and_supply_goes_on_as_long_as_the_settings_say():
    home = Home(foreign_for=3600)
    home.live(HOUR, 1000)
    home.read(serial="stranger")
    home.read(serial="stranger")
    assert home.codes().count("foreign-meter") == 1 and home.closed
    home.passed += HOUR
    home.read(serial="stranger")
    assert not home.closed and home.entries[-1].reason == FOREIGN
    home.order(Exchange("stranger", first=0, last=home.register))
    assert home.closed
    home.register = 10
    home.live(QUARTER)
    assert home.energy() == 1010


def test_a_foreign_meter_without_a_bound_never_darkens_anybody():
    home = Home()
    for _ in range(100):
        home.passed += HOUR
        home.read(serial="stranger")
    assert home.closed
    home.read()
    assert home.codes()[-1] == "meter-back" and not home.account.foreign_since


def test_a_switch_moves_by_the_credit_as_before():
    home = Home(credit=NANO)
    home.live(DAY, 1000)
    assert not home.closed and -NANO // 10 < home.account.balance <= 0

"""A clock is a claim: forward and back, at a start, over changes; nobody is charged for time that nobody saw."""

import pytest

from prewatt.edge.effects import Commit, Keep
from prewatt.edge.meter import Observed
from prewatt.kernel.account import Account
from prewatt.kernel.calendar import local_day, zone
from prewatt.kernel.entries import (
    FLAG_CLOCK,
    FLAG_UNSEEN,
    ChangeSettings,
    Control,
    Controlled,
    Debit,
    GrantCredit,
    LeadBack,
    Reading,
    Rebased,
    Refused,
    SetTariff,
    Settings,
    TimeLedBack,
    decode_entry,
    genesis,
)
from prewatt.kernel.orders import Restore
from prewatt.kernel.supply import PowerLimit
from prewatt.kernel.units import DAY, HOUR, MINUTE, NANO, SECOND
from prewatt.wire.messages import Head, MeterState, Receipt, States
from prewatt.wire.signing import seal
from tests.edge.home import BEGIN, NIGHT, SERVER, STANDING, Home, tariff

QUARTER = 15 * MINUTE
YEAR = 365 * DAY


def readings(home):
    return [entry for entry in home.entries if isinstance(entry, Reading)]


@pytest.mark.parametrize(
    "step", [5 * MINUTE, HOUR, 7 * HOUR, YEAR, 4 * YEAR, -5 * MINUTE, -HOUR, -7 * HOUR, -YEAR, -BEGIN]
)
def test_a_stepped_clock_changes_no_charge(step):
    right, home = Home(), Home()
    for each in (right, home):
        each.live(DAY, 300)
    home.wrong = step
    for each in (right, home):
        each.live(2 * DAY + QUARTER, 300)
    home.wrong = 0
    for each in (right, home):
        each.live(DAY, 300)
    assert (home.charged, home.account.at, home.closed) == (right.charged, right.account.at, True)
    assert len(readings(home)) == len(readings(right))
    assert home.codes().count("clock-stepped") == 1


def test_a_year_ahead_for_half_a_minute_darkens_nobody_with_a_standing_charge():
    home = Home(credit=22 * NANO)
    home.wrong = YEAR
    home.live(30_000_000, 300)
    home.wrong = 0
    home.live(DAY, 300)
    assert home.closed and home.charged <= 8 * 300 * 200_000 * 3 + STANDING


def test_whose_credit_ends_while_the_clock_is_back_is_cut_off_in_time():
    home = Home(credit=NANO // 4)
    home.wrong = -YEAR
    home.live(DAY, 1000)
    assert not home.closed and home.account.balance > -NANO // 10


def test_a_start_without_a_battery_and_without_a_network_goes_on_and_charges_what_was_used():
    home = Home()
    home.live(DAY, 300)
    before = home.account.at
    home.passed += 3 * DAY
    home.register += 3 * 24 * 300
    home.wrong = -BEGIN - home.passed
    home.start()
    home.live(5 * MINUTE)
    assert home.closed and home.energy() == 24 * 300
    home.live(HOUR)
    assert home.energy() == 4 * 24 * 300, "nobody came who knows the time"
    assert readings(home)[-1].flags & FLAG_CLOCK and any(each.flags & FLAG_UNSEEN for each in readings(home))
    assert home.account.at <= before + 2 * HOUR
    home.connect()
    home.live(HOUR)
    assert home.codes().count("clock-set") == 1 and home.account.at > before + 3 * DAY
    # The days did pass, the server says.
    assert home.account.standing_days() == 4 if hasattr(home.account, "standing_days") else True


def test_what_was_used_without_power_is_charged_once_and_a_later_jump_is_not_taken_for_it():
    home = Home()
    home.live(DAY, 300)
    home.passed += 3 * DAY
    home.register += 3 * 24 * 300
    home.wrong = -YEAR
    home.start()
    home.live(2 * HOUR, 300)
    charged = home.energy()
    assert charged > 4 * 24 * 300
    home.live(HOUR, 300, says=lambda register: register + 2_000_000)
    home.live(HOUR, 300)
    assert home.closed and charged <= home.energy() < charged + 1000


def test_what_was_used_without_power_after_ten_days_of_silence_is_one_reading():
    home = Home(power_highest=100)
    home.live(QUARTER)
    home.passed = 10 * DAY + QUARTER - 5 * MINUTE
    home.do(home.agent.on_observed(home.moment, {"m1": "no answer"}))
    home.register += 60_000
    home.start()
    home.live(HOUR)
    (used,) = [each for each in readings(home) if each.energy]
    assert used.energy == 60_000 and used.flags & FLAG_UNSEEN


def test_registers_that_do_not_agree_are_not_taken_for_what_was_used_without_power():
    home = Home()
    home.live(DAY, 300)
    home.passed += HOUR
    home.wrong = -YEAR
    home.start()
    lies = iter(range(1, 10**6))
    home.live(HOUR, 300, says=lambda register: register + next(lies) * 7_919 * 1000 % 10_000_000)
    assert home.energy() == 24 * 300 and home.closed


@pytest.mark.parametrize("back", [MINUTE, 10 * DAY])
def test_a_first_reading_that_lies_after_a_start_before_the_journals_end_costs_nothing(back):
    home = Home()
    if back > MINUTE:
        home.account.apply(home.account.event(BEGIN + back, "power-up"))
        home.server.apply(home.server.event(BEGIN + back, "power-up"))
    home.live(DAY, 300)
    home.passed += MINUTE
    home.wrong = -2 * MINUTE
    home.start(boot=back == MINUTE)
    charged = home.energy()
    home.read(home.register + 9_000_000)
    home.live(MINUTE, 300, says=lambda register: register + 9_000_000)
    home.wrong = 0
    home.live(HOUR, 300)
    assert home.closed and home.energy() <= charged + 400


def test_a_register_that_stays_is_a_new_base_also_while_the_journal_is_ahead():
    home = poisoned()
    home.live(HOUR, 300)
    charged, home.register = home.energy(), home.register + 40_000
    home.live(HOUR, 300)
    (new,) = [each for each in home.entries if isinstance(each, Rebased)]
    assert new.cause == "jumped" and charged <= home.energy() <= charged + 300 and home.closed


def test_a_register_comes_back_also_while_the_journal_is_ahead():
    home = poisoned()
    home.connect()
    home.live(HOUR, 300)
    home.passed += MINUTE
    home.read(0)
    home.live(6 * MINUTE, 300, says=lambda register: 0)
    home.live(DAY, 300)
    home.read()
    assert next(each.cause for each in home.entries if isinstance(each, Rebased)) == "fallen"
    assert home.energy() <= home.register - 5_000_000 and home.closed


def test_a_gateway_that_a_server_set_back_goes_on_charging_and_follows_the_server_that_is_right():
    home = Home()
    home.live(DAY, 300)
    home.connect(wrong=-YEAR)
    assert home.agent.now(home.moment) == BEGIN + home.passed - YEAR
    home.live(DAY, 300)
    assert home.energy() >= 2 * 24 * 300 - 150 and home.closed
    home.connect()
    home.live(DAY, 300)
    assert home.agent.now(home.moment) == BEGIN + home.passed
    assert home.energy() == 3 * 24 * 300 and "clock-differs" not in home.codes()


def test_the_server_tells_how_long_the_gateway_was_off_and_the_gap_is_charged_by_its_hours():
    home = Home()
    home.live(DAY, 300)
    home.passed += 12 * HOUR
    home.register += 12 * 300
    home.wrong = -YEAR
    home.start()
    home.connect()
    home.live(QUARTER)
    gap = next(each for each in readings(home) if each.energy >= 12 * 300)
    assert {used.price for used in gap.used} == {100_000, 200_000} and not gap.flags
    assert home.closed


def test_a_loss_of_power_for_minutes_with_a_clock_that_goes_on_needs_nobody():
    home = Home()
    home.live(DAY, 300)
    home.passed += 40 * MINUTE
    home.register += 200
    home.start()
    home.live(QUARTER)
    assert home.energy() == 24 * 300 + 200


def test_a_process_that_starts_again_knows_the_time_whatever_the_clock_says():
    home = Home()
    home.live(DAY, 300)
    home.wrong = YEAR
    home.passed += MINUTE
    home.start(boot=False)
    home.live(DAY, 300)
    assert "clock-unsure" not in home.codes() and home.account.at <= BEGIN + home.passed


def test_a_server_a_year_ahead_is_not_believed_by_who_was_awake():
    home = Home()
    home.connect()
    home.live(DAY, 300)
    home.connect(wrong=YEAR)
    home.live(DAY, 300)
    assert home.codes().count("clock-differs") == 1 and home.charged < 3 * NANO


def poisoned():
    """A journal that an older version carried a year ahead."""
    home = Home(credit=1000 * NANO)
    home.wrong = YEAR
    home.boot, home.kept = 7, {}
    home.account.apply(home.account.event(BEGIN + YEAR, "power-up"))
    home.server.apply(home.server.event(BEGIN + YEAR, "power-up"))
    home.wrong = 0
    home.start()
    return home


def test_a_journal_that_lies_ahead_is_led_back_by_an_order():
    home = poisoned()
    home.connect()
    home.live(DAY, 300)
    assert home.account.at == BEGIN + YEAR, "until somebody says so, it waits"
    assert home.closed and home.energy() > 23 * 300, "what is used is charged all the same"
    home.order(LeadBack())
    (led,) = [each for each in home.entries if isinstance(each, TimeLedBack)]
    assert (led.at, led.was) == (BEGIN + home.passed, BEGIN + YEAR)
    charged, count = home.charged, len(readings(home))
    home.live(2 * DAY, 300)
    assert len(readings(home)) >= count + 2 * 96
    assert home.charged - charged <= 2 * (24 * 300 * 200_000 + STANDING) + 300 * 200_000
    assert home.charged - charged >= 2 * (24 * 300 * NIGHT + STANDING) - 300 * 200_000


def test_a_journal_that_is_not_ahead_is_not_led_back():
    home = Home()
    home.live(HOUR, 300)
    home.order(LeadBack())
    assert isinstance(home.entries[-1], Refused)


def test_an_order_that_waited_does_not_set_a_right_clock_back():
    home = poisoned()
    home.connect()
    home.live(2 * DAY, 300)
    home.order(LeadBack(), issued=BEGIN + DAY)
    assert abs(home.account.at - BEGIN - home.passed) < MINUTE


@pytest.mark.parametrize("late", [SECOND, HOUR, 3 * DAY])
def test_an_order_that_waited_leads_no_right_journal_back(late):
    home = Home()
    home.connect()
    home.live(4 * DAY, 300)
    charged = home.charged
    home.order(LeadBack(), issued=BEGIN + home.passed - late)
    assert isinstance(home.entries[-1], Refused)
    home.live(HOUR, 300)
    assert home.account.at > BEGIN + 4 * DAY and home.charged - charged <= STANDING + 300 * NIGHT


def test_a_gateway_that_the_server_once_set_ahead_is_led_back_by_an_order_with_its_time_even_if_that_waited():
    home = Home()
    home.live(DAY, 300)
    home.start()
    home.connect(wrong=10 * DAY)
    home.live(DAY, 300)
    home.connect()
    home.live(HOUR, 300)
    assert home.codes().count("clock-differs") == 1 and home.account.at > BEGIN + 11 * DAY
    home.order(LeadBack(), issued=BEGIN + DAY)
    assert isinstance(home.entries[-2], TimeLedBack) and home.account.at == BEGIN + home.passed
    home.connect()
    home.live(HOUR, 300)
    assert home.account.at == BEGIN + home.passed


@pytest.mark.parametrize("wrong", [0, -BEGIN, 300 * YEAR])
def test_a_new_gateway_without_a_clock_charges_from_when_the_time_is_known(wrong):
    home = Home.__new__(Home)
    home.begin(wrong=wrong)
    home.live(HOUR, 300)
    home.connect()
    home.order(SetTariff(BEGIN - 30 * DAY, tariff()))
    home.order(ChangeSettings(Settings()))
    home.order(GrantCredit("c", 100 * NANO))
    home.live(DAY, 300)
    assert sum(each.standing for each in readings(home)) == STANDING
    assert home.energy() == 25 * 300 and home.charged <= STANDING + 25 * 300 * 200_000


def test_a_process_that_ended_between_its_anchor_and_its_journal_does_not_stay_unsure():
    home = Home()
    home.live(DAY, 300)
    home.passed += DAY
    home.wrong = -YEAR
    home.start()
    # The anchor is kept first: then the process ends.
    home.asked = None
    home.do(home.agent.on_connected(home.moment))
    receipt = Receipt("g1", (Head("m1", 0, genesis("m1")),), 1, home.asked, BEGIN + home.passed)
    effects = home.agent.on_frame(home.moment, seal(SERVER, receipt))
    home.kept.update({each.what: each.body for each in effects if isinstance(each, Keep)})
    home.account = Account.load(home.server.dump())
    home.start(boot=False)
    assert not home.account.unsure and home.codes()[-1] == "clock-set"
    home.live(HOUR, 300)
    assert not readings(home)[-1].flags


@pytest.mark.parametrize("unsure", [True, False])
def test_an_account_that_the_server_hands_over_is_as_sure_of_the_time_as_the_gateway(unsure):
    home = Home()
    home.live(HOUR, 300)
    if unsure:
        home.passed += DAY
        home.wrong = -YEAR
        home.start()
    other = Account.load(home.server.dump())
    other.apply(other.event(other.at, "clock-set" if unsure else "clock-unsure"))
    home.do(home.agent.on_connected(home.moment))
    state = MeterState("m1", other.seq, genesis("m1"), other.dump())
    answer = States("g1", home.agent.outbox.epoch, home.asked, b"", (state,))
    effects = home.agent.on_frame(home.moment, seal(SERVER, answer))
    (commit,) = [each for each in effects if isinstance(each, Commit)]
    codes = [decode_entry(record.body).code for _, record in commit.records]
    assert codes == ["journal-set-back", "clock-unsure" if unsure else "clock-set"]
    assert home.meter.account.unsure == unsure


def test_a_journal_that_is_handed_over_does_not_go_on_with_a_clock_that_is_a_year_ahead():
    home = Home()
    home.live(HOUR, 300)
    other = Account.load(home.server.dump())
    home.begin(wrong=YEAR)
    home.do(home.agent.on_connected(home.moment))
    state = MeterState("m1", other.seq, genesis("m1"), other.dump())
    answer = States("g1", home.agent.outbox.epoch, home.asked, b"", (state,), BEGIN + HOUR)
    effects = home.agent.on_frame(home.moment, seal(SERVER, answer))
    commits = [each for each in effects if isinstance(each, Commit)]
    told = [decode_entry(record.body) for _, record in commits[-1].records]
    assert "journal-set-back" in [each.code for each in told]
    assert {each.at for each in told} == {max(BEGIN + HOUR, other.at)}


@pytest.mark.parametrize("led_back", [True, False])
def test_a_supply_that_trips_while_the_journal_is_ahead_closes_again_by_itself(led_back):
    home = poisoned()
    home.connect()
    home.live(QUARTER, 300)
    power = PowerLimit((2000,), delay=0, reclose_after=90, recloses=3)
    home.order(ChangeSettings(Settings(zone="Europe/Berlin", power=power)))
    home.do(home.agent.on_observed(home.moment, {"m1": Observed(home.register, True, 2500)}))
    assert not home.closed
    if led_back:
        home.order(LeadBack())
    home.live(MINUTE)
    assert not home.closed
    home.live(30 * SECOND)
    assert home.closed


def limited(home, **power):
    """A limit of 2000 W holds at a home."""
    power = PowerLimit((2000,), **power)
    home.order(ChangeSettings(Settings(zone="Europe/Berlin", power=power)))


def overload(home):
    home.do(home.agent.on_observed(home.moment, {"m1": Observed(home.register, True, 2500)}))


def test_a_clock_that_is_set_back_while_the_supply_waits_to_close_again_keeps_nobody_waiting():
    home = Home()
    home.wrong = HOUR
    home.start()
    home.live(MINUTE)
    limited(home, delay=0, reclose_after=90)
    overload(home)
    assert not home.closed
    home.wrong = 0
    home.connect()
    assert "clock-set" in home.codes()
    home.live(2 * MINUTE)
    assert home.closed


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_a_clock_that_is_set_moves_no_reading_by_more_than_its_interval(step):
    home = Home()
    home.wrong = step
    home.kept, home.boot = {}, 7
    home.start()
    home.live(4 * MINUTE, 6000)
    home.connect()
    # Something else is journalled before the meter is read: what is due stays so.
    home.do(home.agent.note(home.moment, "disk-full"))
    assert home.agent.next_due() + home.booted <= home.passed + QUARTER
    home.wrong = 0
    home.live(QUARTER, 6000)
    assert home.energy() >= 6000 * 4 // 60


def test_an_overload_is_measured_on_over_a_clock_that_is_set_back():
    home = Home()
    home.wrong = HOUR
    home.start()
    limited(home, delay=60)
    overload(home)
    home.connect()
    home.wrong = 0
    home.passed += 61 * SECOND
    overload(home)
    assert not home.closed


def test_trips_of_several_days_are_not_counted_together_while_the_journal_is_ahead():
    home = poisoned()
    home.connect()
    home.live(QUARTER, 300)
    limited(home, delay=0, reclose_after=90, recloses=2)
    for _ in range(5):
        overload(home)
        assert not home.closed
        home.live(DAY)
        assert home.closed, "locked by trips of other days"
    for _ in range(2):
        overload(home)
        home.live(5 * MINUTE)
    assert home.closed
    overload(home)
    home.live(DAY)
    assert not home.closed and home.codes().count("overload-locked") == 1


@pytest.mark.parametrize("on_site", [True, False])
def test_a_restoration_until_tomorrow_holds_while_the_journal_is_a_year_ahead(on_site):
    home = poisoned()
    home.connect()
    home.live(QUARTER, 300)
    home.order(Debit("d", 2000 * NANO, "a settlement"))
    assert not home.closed
    until = BEGIN + home.passed + DAY
    if on_site:
        told, effects = home.agent.act(home.moment, "m1", Restore(until=until), "ann", "grant")
        assert told.done, told.text
        home.do(effects)
    else:
        home.order(Control(Restore(until=until), "ann"))
        assert any(isinstance(each, Controlled) for each in home.entries)
    home.live(DAY - HOUR, 300)
    assert home.closed
    home.live(2 * HOUR, 300)
    assert not home.closed


def test_a_restoration_that_is_past_is_refused_with_the_reason():
    home = Home()
    home.live(DAY, 300)
    home.order(Control(Restore(until=BEGIN + HOUR), "ann"))
    assert isinstance(home.entries[-1], Refused) and "past" in home.entries[-1].reason


def test_somebody_is_told_of_a_register_that_can_not_be_while_the_journal_is_ahead():
    home = poisoned()
    home.connect()
    home.live(QUARTER, 300)
    shown = iter(range(10**9, 10**12, 77_777_777))
    home.live(2 * HOUR, 100, says=lambda register: next(shown))
    assert home.codes().count("register-doubtful") == 1


def stand_still(home, span, power=300):
    """The machine is paused, and with it its steady clock; the meter is not."""
    home.passed += span
    home.booted += span
    home.register += power * span // HOUR


@pytest.mark.parametrize(("span", "online"), [(3 * HOUR, True), (3 * DAY, True), (20 * MINUTE, True), (3 * DAY, False)])
def test_a_gateway_that_stood_still_charges_what_was_used_meanwhile_and_the_days_that_passed(span, online):
    home = Home(credit=1000 * NANO)
    home.connect()
    home.live(DAY, 6000)
    stand_still(home, span, 6000)
    for _ in range(20):
        if online:
            home.connect()
        home.live(MINUTE, 6000)
    home.live(QUARTER, 6000)
    home.passed += QUARTER
    home.read(used=1500)
    assert not any(isinstance(each, Rebased) for each in home.entries) and home.closed
    assert home.energy() == home.register - 5_000_000
    if online:
        assert home.agent.now(home.moment) == BEGIN + home.passed and not home.account.unsure
        ended = [local_day(at, zone("Europe/Berlin")).toordinal() for at in (BEGIN, BEGIN + home.passed)]
        assert sum(each.standing for each in readings(home)) == (ended[1] - ended[0]) * STANDING
        assert home.codes().count("clock-unsure") == 1


def test_a_step_of_the_clock_makes_no_year_of_days():
    home = Home()
    home.connect()
    home.live(DAY, 300)
    home.wrong = 3 * DAY
    for _ in range(60):
        home.live(MINUTE, 300)
    home.connect()
    home.live(DAY, 300)
    assert sum(each.standing for each in readings(home)) == 3 * STANDING and not home.account.unsure

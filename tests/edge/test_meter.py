"""The rules for one meter: when it is read, what is journalled, where its switch belongs."""

import msgspec
import pytest

from prewatt.edge.meter import Meter, MeterPolicy, Observed
from prewatt.kernel.account import Account
from prewatt.kernel.entries import (
    ChangeSettings,
    Command,
    Debit,
    Exchange,
    GrantCredit,
    Reading,
    SetTariff,
    Settings,
    decode_entry,
    encode_entry,
    genesis,
)
from prewatt.kernel.orders import ClearTamper, Close
from prewatt.kernel.supply import FriendlyHours, PowerLimit, Window
from prewatt.kernel.tariff import flat_tariff
from prewatt.kernel.units import HOUR, MINUTE, NANO, SECOND

BEGIN = 1_700_000_100 * 10**6 // (15 * MINUTE) * (15 * MINUTE)
PRICE = 200_000
POLICY = MeterPolicy(15 * MINUTE, MINUTE)


def journalled(outcome):
    return [decode_entry(record.body) for record in outcome.records]


def kinds(outcome):
    return [entry.__struct_config__.tag for entry in journalled(outcome)]


def meter(credit=10 * NANO, low=0):
    """A meter with a price, read at BEGIN with its register at 0."""
    made = Meter("m", Account(), genesis("m"), POLICY)
    made.start(BEGIN, repaired=False)
    tariff = flat_tariff("flat", "EUR", "Europe/Berlin", PRICE)
    for number, order in enumerate((SetTariff(0, tariff), ChangeSettings(Settings(low, power_highest=4000))), start=1):
        made.follow(BEGIN, Command("m", number, BEGIN, order))
    if credit:
        made.follow(BEGIN, Command("m", 3, BEGIN, GrantCredit("c", credit)))
    made.observe(BEGIN, Observed(0, closed=True))
    return made


def test_a_reading_is_journalled_at_each_interval_and_not_between():
    mine = meter()
    assert kinds(mine.observe(BEGIN + MINUTE, Observed(10, closed=True))) == []
    assert kinds(mine.observe(BEGIN + 15 * MINUTE, Observed(100, closed=True))) == ["reading"]
    assert mine.account.balance == 10 * NANO - 100 * PRICE


@pytest.mark.parametrize(("most", "look", "cut"), [(0, 15 * MINUTE, False), (50 * PRICE, MINUTE, True)])
def test_a_debt_of_friendly_hours_is_read_as_seldom_as_any_other_balance(most, look, cut):
    """It is night in Berlin. Only a debt that is bounded is looked after closely, where its bound is near."""
    mine = meter(credit=100 * PRICE)
    night = FriendlyHours((Window(tuple(range(8)), 20 * 60, 7 * 60),), most=most)
    rules = Settings(power_highest=4000, friendly=night, zone="Europe/Berlin")
    mine.follow(BEGIN, Command("m", 4, BEGIN, ChangeSettings(rules)))
    mine.observe(BEGIN + 15 * MINUTE, Observed(100, closed=True))
    now = BEGIN + 16 * MINUTE
    outcome = mine.observe(now, Observed(101, closed=True))
    assert kinds(outcome) == []
    assert mine.due == min(now + look, BEGIN + 30 * MINUTE)
    outcome = mine.observe(now + MINUTE, Observed(150, closed=True))
    assert (outcome.switch, kinds(outcome)) == ((False, ["reading", "relay"]) if cut else (None, []))


def test_the_supply_is_cut_as_the_credit_ends_and_not_before():
    mine = meter(credit=100 * PRICE)
    assert mine.observe(BEGIN + MINUTE, Observed(99, closed=True)).switch is None
    outcome = mine.observe(BEGIN + 2 * MINUTE, Observed(100, closed=True))
    assert (kinds(outcome), outcome.switch) == (["reading", "relay"], False)
    assert mine.account.balance == 0


def test_near_the_end_of_the_credit_the_meter_is_read_more_often():
    """At the highest power 4000 W a credit of 100 Wh lasts 90 s: the next look is then, not at the interval."""
    mine = meter(credit=100 * PRICE)
    mine.observe(BEGIN, Observed(0, closed=True))
    assert mine.due == BEGIN + 90 * 10**6
    mine.observe(mine.due, Observed(99, closed=True))
    assert mine.due == BEGIN + 90 * 10**6 + MINUTE


def test_what_an_order_takes_off_may_be_used_already_so_the_meter_is_read_soon():
    """What flowed since the last reading is not charged yet: at 4 kW it may be all that is left."""
    mine = meter(credit=1500 * PRICE)
    mine.observe(BEGIN + MINUTE, Observed(0, closed=True))
    assert mine.due == BEGIN + 15 * MINUTE
    now = BEGIN + 10 * MINUTE
    mine.follow(now, Command("m", 4, now, Debit("d", 700 * PRICE, "stairs")))
    mine.decide(now)
    assert mine.due == BEGIN + 12 * MINUTE


def test_a_switch_that_was_told_is_looked_at_soon_whatever_it_confirmed():
    mine = meter(credit=1000 * NANO)
    assert mine.due == BEGIN + MINUTE, "told to close"
    # It has not moved, though nobody was told so.
    outcome = mine.observe(mine.due, Observed(0, closed=False))
    assert outcome.switch is True and mine.due == BEGIN + 2 * MINUTE
    mine.observe(mine.due, Observed(0, closed=True))
    assert mine.due == BEGIN + 15 * MINUTE


def test_a_switch_that_can_not_tell_is_not_asked_for_ever():
    mine = meter(credit=1000 * NANO)
    mine.observe(mine.due, Observed(0, closed=None))
    assert mine.due == BEGIN + 15 * MINUTE


def test_the_switch_of_another_meter_is_looked_at_soon():
    mine = meter(credit=1000 * NANO)
    mine.observe(BEGIN, Observed(0, closed=True))
    mine.follow(BEGIN + MINUTE, Command("m", 4, BEGIN, Exchange("new", 0)))
    mine.decide(BEGIN + MINUTE)
    assert mine.due == BEGIN + 2 * MINUTE


def test_a_warning_is_journalled_once_for_each_time_the_balance_falls_under_it():
    mine = meter(credit=NANO // 2, low=NANO // 4)
    used = NANO // 4 // PRICE + 1
    assert kinds(mine.observe(BEGIN + 15 * MINUTE, Observed(used, closed=True))) == ["reading", "event"]
    assert kinds(mine.observe(BEGIN + 30 * MINUTE, Observed(used + 1, closed=True))) == ["reading"]
    mine.follow(BEGIN + 31 * MINUTE, Command("m", 4, BEGIN, GrantCredit("d", NANO // 4)))
    used += NANO // 4 // PRICE
    assert kinds(mine.observe(BEGIN + 45 * MINUTE, Observed(used, closed=True))) == ["reading", "event"]


def test_a_top_up_restores_the_supply_at_once():
    mine = meter(credit=100 * PRICE)
    mine.observe(BEGIN + MINUTE, Observed(100, closed=True))
    outcome = mine.follow(BEGIN + 5 * MINUTE, Command("m", 4, BEGIN, GrantCredit("d", 1)))
    assert kinds(outcome) == ["credit"]
    decision = mine.decide(BEGIN + 5 * MINUTE)
    assert (kinds(decision), decision.switch) == (["relay"], True)


@pytest.mark.parametrize("number", [1, 3, 5, 99])
def test_a_command_out_of_turn_changes_nothing(number):
    mine = meter()
    before = mine.account.dump()
    assert mine.follow(BEGIN, Command("m", number, BEGIN, GrantCredit("d", NANO))).records == []
    assert mine.account.dump() == before


def test_a_silent_meter_is_no_reason_to_cut_anybody_off():
    mine = meter(credit=1)
    first = mine.fail(BEGIN + MINUTE, "no answer")
    assert (kinds(first), first.switch) == (["event"], None)
    assert kinds(mine.fail(BEGIN + 2 * MINUTE, "no answer")) == []
    assert mine.due == BEGIN + 3 * MINUTE
    back = mine.observe(BEGIN + HOUR, Observed(0, closed=True))
    assert journalled(back)[0].code == "meter-back"


def test_a_meter_that_is_silent_or_another_one_is_told_of_in_the_journal_that_it_goes_on_with():
    for missed in ("fail", "foreign"):
        mine = meter()
        server = mine.account.dump()
        getattr(mine, missed)(BEGIN + MINUTE, "another")
        mine.adopt(Account.load(server), mine.head)
        (told,) = journalled(getattr(mine, missed)(BEGIN + 2 * MINUTE, "another"))
        assert told.code in ("meter-lost", "foreign-meter")
        mine.adopt(Account.load(server), mine.head)
        assert "event" not in kinds(mine.observe(BEGIN + 3 * MINUTE, Observed(0, closed=True)))


def test_a_switch_that_stands_otherwise_is_told_again_and_reported_once():
    mine = meter()
    outcome = mine.observe(BEGIN + MINUTE, Observed(1, closed=False))
    assert (kinds(outcome), outcome.switch) == (["event"], True)
    again = mine.observe(BEGIN + 2 * MINUTE, Observed(1, closed=False))
    assert (kinds(again), again.switch) == ([], True)
    assert mine.observe(BEGIN + 3 * MINUTE, Observed(1, closed=True)).switch is None


def test_a_switch_that_cannot_be_read_is_left_in_peace():
    mine = meter()
    assert mine.observe(BEGIN + MINUTE, Observed(1, closed=None)).switch is None


def test_without_a_tariff_nobody_is_cut_off():
    mine = Meter("m", Account(), genesis("m"), POLICY)
    mine.start(BEGIN, repaired=False)
    mine.observe(BEGIN, Observed(0, closed=True))
    outcome = mine.observe(BEGIN + HOUR, Observed(10**4, closed=True))
    assert (kinds(outcome), outcome.switch) == (["reading"], None)


def test_a_register_that_cannot_be_is_a_doubt_not_a_charge():
    mine = meter()
    outcome = mine.observe(BEGIN + MINUTE, Observed(2**62, closed=True))
    assert kinds(outcome) == ["doubtful"]
    assert outcome.switch is None
    assert mine.account.balance == 10 * NANO
    assert mine.due == BEGIN + MINUTE + 10 * SECOND


def test_after_months_without_power_no_entry_is_too_large_and_the_charge_is_the_same():
    from prewatt.kernel.entries import FLAG_BETWEEN, MAX_ENTRY
    from prewatt.kernel.tariff import DATED_MAX, Dated
    from prewatt.kernel.units import DAY

    flat = flat_tariff("flat", "EUR", "Europe/Berlin", 0)
    prices = tuple(200_000 + number for number in range(DATED_MAX))
    dated = msgspec.structs.replace(flat, dated=Dated("d" * 64, 30 * MINUTE, 30 * MINUTE, prices))
    account = Account()
    account.apply(account.read(0, 0))
    account.apply(account.follow(0, Command("m", 1, 0, SetTariff(0, dated))))
    whole = account.read(60 * DAY, 60_000)
    meter = Meter("m", account, b"", MeterPolicy())
    outcome = meter.observe(60 * DAY, Observed(60_000, True))
    made = [decode_entry(record.body) for record in outcome.records]
    readings = [entry for entry in made if isinstance(entry, Reading)]
    assert [entry.flags for entry in readings] == [FLAG_BETWEEN] * 5 + [0]
    assert sum(entry.charge for entry in readings) == whole.charge == account.charged
    assert max(len(record.body) for record in outcome.records) < MAX_ENTRY < len(encode_entry(whole))


def limited(power):
    """A meter with much credit and a power limit."""
    made = meter()
    made.follow(BEGIN, Command("m", 4, BEGIN, ChangeSettings(Settings(zone="Europe/Berlin", power=power))))
    made.decide(BEGIN)
    return made


def look(mine, at, power, reactive=None, closed=True, **more):
    return mine.observe(at, Observed(0, closed, power, reactive, **more))


def events(outcome):
    return [entry.code for entry in journalled(outcome) if hasattr(entry, "code")]


def test_over_the_limit_for_longer_than_the_delay_it_trips_closes_again_and_at_last_waits_for_a_person():
    mine = limited(PowerLimit((2000,), delay=10, reclose_after=60, recloses=2))
    now = BEGIN
    for trip in range(1, 4):
        assert look(mine, now, 2500).switch is None
        assert mine.due <= now + 10 * SECOND
        assert look(mine, now + 9 * SECOND, 2500).switch is None
        outcome = look(mine, now + 10 * SECOND, 2500)
        assert outcome.switch is False
        assert events(outcome) == (["overload"] if trip < 3 else ["overload", "overload-locked"])
        assert mine.account.closed is False
        now += 70 * SECOND
        assert trip == 3 or mine.due == now
        assert look(mine, now, 0, closed=False).switch is (True if trip < 3 else None)
    assert look(mine, now + HOUR, 0, closed=False).switch is None
    with pytest.raises(ValueError, match="override"):
        mine.act(now, Close(), "staff", "g1")
    assert mine.act(now, Close(override=True), "staff", "g1").switch is True


def test_a_short_peak_does_not_trip():
    mine = limited(PowerLimit((2000,), delay=10))
    look(mine, BEGIN, 2500)
    look(mine, BEGIN + 5 * SECOND, 1900)
    assert look(mine, BEGIN + 10 * SECOND, 2500).switch is None


def test_trips_that_lie_far_apart_are_not_counted_together():
    mine = limited(PowerLimit((2000,), delay=0, reclose_after=60, recloses=1))
    now = BEGIN
    for _ in range(4):
        assert look(mine, now, 2500).switch is False
        assert look(mine, now + 60 * SECOND, 0, closed=False).switch is True
        now += 2 * HOUR
    assert mine.account.supply.locks == ()


@pytest.mark.parametrize(
    ("power", "reactive", "trips"), [(2100, 0, True), (2100, 190, True), (2100, 900, False), (1500, 0, False)]
)
def test_a_large_resistive_step_is_a_forbidden_load(power, reactive, trips):
    mine = limited(PowerLimit(step=1800, delay=5))
    look(mine, BEGIN, 100, 10)
    assert mine.due <= BEGIN + 5 * SECOND
    outcome = look(mine, BEGIN + 5 * SECOND, 100 + power, 10 + reactive)
    assert (outcome.switch is False, events(outcome) == ["forbidden-load"]) == (trips, trips)


def test_a_meter_that_can_not_tell_its_power_is_never_tripped():
    mine = limited(PowerLimit((10,), delay=0, step=10))
    assert look(mine, BEGIN, None).switch is None


def test_tampering_is_journalled_once_and_locks_where_the_settings_say_so():
    mine = meter()
    mine.follow(BEGIN, Command("m", 4, BEGIN, ChangeSettings(Settings(tamper_locks=True))))
    outcome = look(mine, BEGIN, 0, tampered=True)
    assert events(outcome) == ["tamper"] and outcome.switch is False
    assert events(look(mine, BEGIN + MINUTE, 0, closed=False, tampered=True)) == []
    assert mine.act(BEGIN + MINUTE, ClearTamper(), "staff", "g1").switch is True

"""A meter that can cut off by itself: filled up while its gateway lives, so that nobody who has paid is in the dark by it, and
cut off when no gateway speaks to it any more.
"""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from prewatt.edge.agent import Agent
from prewatt.edge.allowance import (
    MOST,
    UNKNOWN_DAY,
    Due,
    SecondLine,
    Usual,
    beside,
    dump_usual,
    load_usual,
    lowest_price,
    paid_for,
    seen,
)
from prewatt.edge.drivers.interface import DriverError
from prewatt.edge.drivers.recorded import USED_UP, RecordedMeter
from prewatt.edge.effects import Commit, Keep, MoveSwitch, ReadMeters, SetAllowance
from prewatt.edge.memory import Memory
from prewatt.edge.meter import Meter, MeterPolicy
from prewatt.edge.observed import Observed
from prewatt.edge.recording import load_recordings
from prewatt.edge.sync import SyncPolicy
from prewatt.edge.timekeeping import Moment
from prewatt.kernel.account import Account
from prewatt.kernel.calendar import zone
from prewatt.kernel.entries import (
    ChangeSettings,
    Command,
    Control,
    Event,
    Exchange,
    GrantCredit,
    Relay,
    SetTariff,
    decode_entry,
    genesis,
)
from prewatt.kernel.orders import Restore
from prewatt.kernel.settings import Settings
from prewatt.kernel.tariff import Dated, flat_tariff
from prewatt.kernel.units import DAY, HOUR, MINUTE, NANO, instant
from prewatt.wire.signing import SigningKey, VerifyKey

PRICE = 200_000
BEGIN = instant(datetime(2025, 10, 1, tzinfo=UTC))
KWH = 1000 * PRICE
"""Nano that a kWh costs."""
TOLD = ("cut-off-alone", "switch-differs", "switch-failed")


class Clock:
    at = BEGIN

    def now(self):
        return self.at


class Home:
    """A meter that draws 1 kW, and its gateway, which may be dead."""

    def __init__(self, tmp_path, **settings):
        path = tmp_path / "data.csv"
        hours = [f"m1,{datetime.fromtimestamp((BEGIN + n * HOUR) // 10**6, UTC).isoformat()},1" for n in range(24 * 10)]
        path.write_text("\n".join(["meter,timestamp,kwh", *hours]) + "\n")
        self.clock, self.number, self.entries, self.kept = Clock(), 0, [], {}
        self.recording = load_recordings(path, zone("UTC"))["m1"]
        self.memory = tmp_path / "m1.json"
        self.driver = self.hang()
        self.account, self.head, self.asked = Account(), genesis("m1"), 0
        self.start()
        self.order(SetTariff(0, flat_tariff("flat", "EUR", "UTC", PRICE)))
        self.order(ChangeSettings(Settings(power_highest=4000, **settings)))

    def hang(self):
        """Return the driver of the meter."""
        return RecordedMeter("m1", self.recording, self.memory, self.clock.now)

    def moment(self):
        return Moment(self.clock.at, self.clock.at / 10**6, self.clock.at)

    def start(self):
        """The gateway starts with what its journal has."""
        meter = Meter("m1", self.account, self.head, MeterPolicy())
        usual = {"m1": load_usual(self.kept["usual"])} if "usual" in self.kept else {}
        key = VerifyKey(SigningKey.from_bytes(bytes(32)).public())
        self.agent = Agent("g1", 1, [meter], key, SyncPolicy(), Memory(usual=usual))
        self.do(self.agent.start(self.moment(), set()))

    def do(self, effects):
        waiting = list(effects)
        while waiting:
            effect = waiting.pop(0)
            if isinstance(effect, ReadMeters):
                waiting += self.agent.on_observed(self.moment(), {"m1": self.read()})
            elif isinstance(effect, Commit):
                self.entries += [decode_entry(record.body) for _name, record in effect.records]
                self.head = effect.records[-1][1].hash
            elif isinstance(effect, Keep):
                self.kept[effect.what] = effect.body
            elif isinstance(effect, SetAllowance):
                self.driver.set_allowance(effect.energy)
            elif isinstance(effect, MoveSwitch):
                self.driver.set_switch(effect.closed)

    def read(self):
        register, closed = self.driver.read_register(), self.driver.read_switch()
        if not self.agent.watches_allowance("m1"):
            return Observed(register, closed)
        self.asked += 1
        return Observed(register, closed, keeps=True, allowance=self.driver.read_allowance())

    def order(self, order):
        self.number += 1
        meter = self.agent.meters["m1"]
        outcome = meter.follow(self.clock.at, Command("m1", self.number, self.clock.at, order))
        decision = meter.decide(self.clock.at)
        outcome.records += decision.records
        outcome.switch = decision.switch
        self.do(self.agent._settle(self.moment(), {"m1": outcome}))

    def live(self, until, look=lambda: None):
        """The gateway lives until an instant."""
        while (due := max(self.agent.next_due(), self.clock.at)) <= until:
            self.clock.at = due
            self.do(self.agent.tick(self.moment()))
            look()
        self.clock.at = until

    @property
    def events(self):
        return [entry.code for entry in self.entries if isinstance(entry, Event) and entry.code in TOLD]


def test_who_pays_while_the_meters_last_answer_was_lost_has_an_allowance_before_the_switch_closes(tmp_path):
    home = Home(tmp_path, alone=5000)
    home.order(GrantCredit("c1", 2 * KWH))
    home.live(BEGIN + 3 * HOUR)
    assert home.driver.read_switch() is False and home.driver.read_allowance() == 0
    home.do(home.agent.on_observed(home.moment(), {"m1": "nothing"}))
    home.order(GrantCredit("c2", 3 * KWH))
    assert home.driver.read_switch() is True and home.driver.read_allowance() >= 3000
    home.live(home.clock.at + HOUR)
    assert home.driver.read_switch() is True and home.events == []


def test_while_the_gateway_lives_it_never_counts(tmp_path):
    home = Home(tmp_path, alone=5000)
    home.order(GrantCredit("c1", 40 * KWH))

    def look():
        left = home.driver.read_allowance()
        if left is not None and home.driver.read_switch():
            assert left * PRICE >= home.account.balance, "who has paid has at least that"
            assert left <= 40_000 + 3 * 5000 // 2 + 1

    home.live(BEGIN + 39 * HOUR, look)
    assert home.driver.read_switch() and "cut-off-alone" not in home.events
    # The credit is used up: the gateway cuts off, and leaves nothing there.
    home.live(BEGIN + 41 * HOUR)
    assert home.driver.read_switch() is False and home.driver.read_allowance() == 0
    assert home.driver.read_register() == 40_000
    home.order(GrantCredit("c2", 3 * KWH))
    assert home.driver.read_switch() and home.driver.read_allowance() == 3000 + 1 + 5000


def test_without_its_gateway_it_goes_on_for_what_is_paid_and_the_allowance_and_then_cuts_off(tmp_path):
    home = Home(tmp_path, alone=5000)
    home.order(GrantCredit("c1", 30 * KWH))
    home.live(BEGIN + 10 * HOUR)
    home.clock.at = BEGIN + 34 * HOUR
    assert home.driver.read_switch(), "what is paid is supplied, and more"
    home.clock.at = BEGIN + 5 * DAY
    assert home.driver.read_switch() is False and home.memory.with_suffix(".display").read_text().strip() == USED_UP
    assert home.driver.read_register() == 35_001
    with pytest.raises(DriverError, match="used up"):
        home.driver.set_switch(closed=True)
    on = []
    # The gateway is back: it is seen, told, charged by the register, and stays off, as nothing is paid.
    home.start()
    home.do(home.agent.tick(home.moment()))
    home.do(home.agent.set_clock(home.moment(), home.clock.at, "office")[1])
    home.live(home.clock.at + 2 * MINUTE, lambda: on.append(home.driver.read_switch()))
    assert not any(on), "no light for a moment only"
    assert home.events.count("cut-off-alone") == 1 and "switch-differs" not in home.events
    assert home.account.balance == -5001 * PRICE and home.account.closed is False
    home.order(GrantCredit("c2", 10 * KWH))
    assert home.driver.read_switch() and home.memory.with_suffix(".display").read_text().strip() == ""
    assert home.driver.read_allowance() == 10_000 - 5001 + 1 + 5000


def test_a_meter_that_cut_itself_off_is_restored_within_one_reading_where_credit_allows(tmp_path):
    home = Home(tmp_path, alone=2000)
    home.order(GrantCredit("c1", 100 * KWH))
    home.live(BEGIN + HOUR)
    home.driver.set_allowance(0)
    assert home.driver.read_switch() is False
    home.start()
    home.do(home.agent.tick(home.moment()))
    assert home.driver.read_switch() and home.driver.read_allowance() == 99_000 + 1 + 2000
    assert home.events == ["cut-off-alone"]
    assert not [entry for entry in home.entries if isinstance(entry, Relay) and not entry.closed and entry.at > BEGIN]


def test_without_a_rule_a_meter_is_told_nothing_and_an_old_bound_is_taken_away(tmp_path):
    home = Home(tmp_path)
    home.order(GrantCredit("c1", 100 * KWH))
    home.live(BEGIN + 5 * HOUR)
    assert home.driver.read_allowance() is None and home.asked == 1
    home.driver.set_allowance(10_000)
    home.start()
    home.live(home.clock.at + MINUTE)
    assert home.driver.read_allowance() is None, "one of an earlier rule would cut off who has paid"
    home.order(ChangeSettings(Settings(power_highest=4000, alone=7000)))
    home.live(home.clock.at + 16 * MINUTE)
    assert home.driver.read_allowance() is not None
    home.order(ChangeSettings(Settings(power_highest=4000)))
    assert home.driver.read_allowance() is None


def test_days_are_of_usual_use_which_is_kept_over_a_start(tmp_path):
    home = Home(tmp_path, alone_days=2)
    home.order(GrantCredit("c1", 200 * KWH))
    home.live(BEGIN + HOUR)
    assert home.driver.read_allowance() == pytest.approx(199_000 + 2 * UNKNOWN_DAY, abs=2)
    home.live(BEGIN + 3 * DAY)
    home.start()
    home.live(home.clock.at + 15 * MINUTE)
    assert home.agent._alone["m1"].usual.day == pytest.approx(24_000, abs=500)
    left = home.driver.read_allowance() - paid_for(home.account, home.clock.at)
    assert left == pytest.approx(48_000, abs=2500)


def test_what_is_usual_follows_the_days():
    usual = seen(None, BEGIN, 100, 4000)
    assert seen(usual, BEGIN + HOUR, 500, 4000) is usual
    usual = seen(usual, BEGIN + DAY, 8100, 4000)
    assert usual == Usual(BEGIN + DAY, 8100, 8000)
    assert seen(usual, BEGIN + 3 * DAY, 8100 + 8000, 4000).day == 7000
    assert seen(usual, BEGIN + 3 * DAY, 50, 4000) == Usual(BEGIN + 3 * DAY, 50, 8000), "another register"
    assert load_usual(dump_usual(usual)) == usual


def test_a_register_that_counts_from_elsewhere_is_no_days_use():
    """Else one exchange would let a meter supply without its gateway for years."""
    usual = Usual(BEGIN, 8100, 8000)
    jumped = seen(usual, BEGIN + DAY, 50_000_000, 4000)
    assert jumped == Usual(BEGIN + DAY, 50_000_000, 8000)
    account, line = supplied(KWH, alone_days=3), SecondLine(usual)
    account.apply(account.follow(BEGIN, Command("m", 4, BEGIN, Exchange("m9", 8100 + 30_000))))
    line.observe(BEGIN + DAY, account, 8100 + 30_000, keeps=True, left=None)
    assert line.usual == Usual(BEGIN + DAY, 38_100, 8000, "m9")
    assert beside(account, line.usual) == 24_000


def supplied(balance, **settings):
    made = Account()
    for number, order in enumerate(
        (
            SetTariff(0, flat_tariff("flat", "EUR", "UTC", PRICE)),
            ChangeSettings(Settings(power_highest=4000, **settings)),
            GrantCredit("c", balance or 1),
        ),
        start=1,
    ):
        made.apply(made.follow(BEGIN, Command("m", number, BEGIN, order)))
    return made


@given(st.integers(0, 10**12), st.integers(1, 10**6), st.none() | st.integers(0, 10**8), st.integers(0, 2 * DAY))
def test_after_each_look_a_meter_has_what_is_paid_and_most_of_what_the_rule_allows(balance, alone, left, passed):
    account, line = supplied(balance, alone=alone), SecondLine(renewed=BEGIN)
    now = BEGIN + passed
    line.observe(now, account, 0, keeps=True, left=left)
    due = line.due_to_tell(now, account)
    if due is not None:
        line.told(now, due.energy)
    paid, more = paid_for(account, now), beside(account, None)
    assert paid * PRICE >= account.balance
    assert paid + more / 2 <= line.left <= paid + 3 * more / 2
    assert due is None or due == Due(paid + more)
    # It is read again before half of it can have flowed.
    assert line.due(now, account) - now <= line.left * HOUR // 8000


def test_a_meter_without_a_bound_is_not_told_again_and_again_what_is_as_good_as_none():
    """Its memory bears only so many writes."""
    account = supplied(0, alone=1000, credit_limit_cuts=False)
    line = SecondLine()
    line.observe(BEGIN, account, 0, keeps=True, left=None)
    assert paid_for(account, BEGIN) == MOST and line.due_to_tell(BEGIN, account) is None


def test_a_restoration_until_an_instant_is_supplied_to_its_end():
    account = supplied(0, alone=1000)
    account.apply(account.follow(BEGIN, Command("m", 4, BEGIN, Control(Restore(until=BEGIN + 10 * HOUR), "office"))))
    assert paid_for(account, BEGIN) == 40_001
    assert lowest_price(account, BEGIN) == PRICE


def test_an_hour_that_was_free_lets_a_meter_supply_without_end_no_longer_than_it_lasts():
    account = supplied(10 * KWH, alone=1000)
    free = replace(flat_tariff("hours", "EUR", "UTC", PRICE), dated=Dated("hour", BEGIN, HOUR, (2 * PRICE, 0, PRICE)))
    account.apply(account.follow(BEGIN, Command("m", 4, BEGIN, SetTariff(BEGIN, free))))
    assert (lowest_price(account, BEGIN), paid_for(account, BEGIN)) == (0, MOST)
    assert lowest_price(account, BEGIN + 2 * HOUR - 1) == 0
    for passed in (2, 5):
        assert paid_for(account, BEGIN + passed * HOUR) == 10_001


def test_a_meter_that_has_none_is_asked_once_and_one_that_fails_again():
    account, line = supplied(NANO, alone=1000), SecondLine()
    assert line.watched(account)
    line.observe(BEGIN, account, 0, keeps=False, left=None)
    assert not line.watched(account) and line.due_to_tell(BEGIN, account) is None
    line = SecondLine(keeps=True, left=5, sure=True)
    line.failed(keeps=True)
    assert line.watched(account) and line.due_to_tell(BEGIN, account) is None, "what it has is not known"
    line.failed(keeps=False)
    assert not line.watched(account)


def test_the_meter_keeps_it_over_a_loss_of_power_and_another_meter_has_none(tmp_path):
    home = Home(tmp_path)
    home.order(GrantCredit("c1", 100 * KWH))
    home.driver.set_allowance(1500)
    home.clock.at += HOUR
    again = RecordedMeter("m1", home.recording, home.memory, home.clock.now)
    assert (again.read_allowance(), again.read_register()) == (500, 1000)
    home.clock.at += HOUR
    assert again.read_power().active == 0
    assert again.read_switch() is False
    assert again.read_register() == 1500
    home.memory.with_suffix(".exchange").write_text('{"serial": "m9", "first": 7}')
    with pytest.raises(DriverError):
        again.read_register()
    assert (again.read_allowance(), again.read_switch()) == (None, True)

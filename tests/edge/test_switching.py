"""Switching is done when it is seen: asked, confirmed, verified by a reading; or a button waits, or the switch sticks."""

import pytest

from prewatt.edge.agent import Agent
from prewatt.edge.drivers.interface import PressButton, Unreachable
from prewatt.edge.effects import MoveSwitch, ReadMeters, SendStatus, SendUpload
from prewatt.edge.meter import Meter, MeterPolicy, Observed
from prewatt.edge.replies import supplied
from prewatt.edge.sync import SyncPolicy
from prewatt.edge.timekeeping import Moment
from prewatt.kernel.account import Account
from prewatt.kernel.entries import ChangeSettings, Command, Exchange, GrantCredit, SetTariff, Settings, genesis
from prewatt.kernel.switching import SwitchProgress, progress_of
from prewatt.kernel.tariff import flat_tariff
from prewatt.kernel.units import MINUTE, NANO, SECOND
from prewatt.wire.messages import Head, Receipt
from prewatt.wire.signing import SigningKey, VerifyKey, seal

from .test_meter import BEGIN, events, meter

BUTTON = PressButton("m", "set switch", "it closes when its button is pressed")
SILENT = Unreachable("m", "set switch", "no answer")


def asked():
    """A meter of a tenant who has just paid: its switch is told to close, and is open."""
    mine = meter(credit=1000 * NANO)
    assert mine.switching.progress == SwitchProgress.ASKED
    return mine


def see(mine, at, closed):
    """Read the meter. Returns what is journalled of events, and whether the order is given again."""
    outcome = mine.observe(at, Observed(0, closed=closed))
    return events(outcome), outcome.switch


def test_an_order_is_asked_confirmed_and_verified_by_a_reading_that_comes_soon():
    mine = asked()
    mine.answer_switch(BEGIN, True, None)
    assert mine.switching.progress == SwitchProgress.CONFIRMED and mine.due <= BEGIN + SECOND
    assert see(mine, mine.due, True) == ([], None)
    assert mine.switching.progress == SwitchProgress.VERIFIED and mine.due > BEGIN + 5 * MINUTE


def test_a_slow_relay_has_half_a_minute_and_one_that_sticks_is_told_of_once_and_ordered_again_and_again():
    mine = asked()
    mine.answer_switch(BEGIN, True, None)
    looks = 0
    while (found := see(mine, at := mine.due, False)) == ([], None):
        assert mine.switching.progress == SwitchProgress.CONFIRMED
        looks += 1
    assert found == (["switch-differs"], True) and BEGIN + 30 * SECOND <= at < BEGIN + 90 * SECOND
    assert 4 < looks < 12
    orders, readings = 0, 0
    while at < BEGIN + 60 * MINUTE:
        if found[1]:
            orders += 1
            mine.answer_switch(at, True, None)
        assert mine.switching.progress == SwitchProgress.FAILED, "it has confirmed before"
        found, readings = see(mine, at := mine.due, False), readings + 1
        assert found[0] == []
    assert 50 < orders <= 60 and readings < 150, "once a minute, and looked at a moment after"
    assert see(mine, mine.due, True) == ([], None)
    assert mine.switching.progress == SwitchProgress.VERIFIED


def test_a_switch_that_waits_for_its_button_is_told_of_once_and_never_as_one_that_does_not_obey():
    mine = asked()
    assert events(mine.answer_switch(BEGIN, True, BUTTON)) == ["waits-for-button"]
    orders = 0
    for _ in range(60):
        told, again = see(mine, mine.due, False)
        assert told == [] and mine.switching.progress == SwitchProgress.WAITS_FOR_BUTTON
        if again:
            orders += 1
            assert events(mine.answer_switch(mine.due, True, BUTTON)) == []
    assert 4 < orders < 8, "about every ten minutes, in case the meter was without power"
    assert see(mine, mine.due, True) == ([], None)
    assert mine.switching.progress == SwitchProgress.VERIFIED


def test_each_order_that_waits_for_the_button_is_told():
    mine = asked()
    assert events(mine.answer_switch(BEGIN, True, BUTTON)) == ["waits-for-button"]
    see(mine, BEGIN + MINUTE, True)
    mine.observe(BEGIN + 2 * MINUTE, Observed(10**7, closed=True))
    mine.observe(BEGIN + 30 * MINUTE, Observed(6 * 10**6, closed=True))
    mine.switching.order(BEGIN + 40 * MINUTE)
    assert events(mine.answer_switch(BEGIN + 40 * MINUTE, True, BUTTON)) == ["waits-for-button"]


def test_after_a_restart_a_switch_that_still_waits_is_no_switch_that_stands_otherwise():
    mine = asked()
    mine.answer_switch(BEGIN, True, BUTTON)
    again = Meter("m", mine.account, mine.head, MeterPolicy())
    assert see(again, BEGIN + MINUTE, False) == ([], True), "nobody knows whether it ever got its order"
    assert events(again.answer_switch(BEGIN + MINUTE, True, BUTTON)) == ["waits-for-button"]


def test_a_switch_that_moved_by_itself_is_told_of_at_once():
    mine = asked()
    see(mine, BEGIN, True)
    assert see(mine, BEGIN + MINUTE, False) == (["switch-differs"], True)
    assert mine.switching.progress == SwitchProgress.FAILED


def test_the_answer_to_an_order_that_was_overtaken_changes_nothing():
    mine = asked()
    assert events(mine.answer_switch(BEGIN, False, SILENT)) == []
    assert mine.switching.progress == SwitchProgress.ASKED


def test_a_meter_that_cannot_tell_is_told_again_until_it_confirms():
    """Without that a paid tenant whose one order was lost would stay in the dark: no reading ever shows it."""
    mine = asked()
    assert events(mine.answer_switch(BEGIN, True, SILENT)) == ["switch-failed"]
    assert see(mine, mine.due, None) == ([], True)
    assert events(mine.answer_switch(mine.due, True, SILENT)) == [], "told once"
    assert see(mine, mine.due, None) == ([], True)
    mine.answer_switch(mine.due, True, None)
    assert mine.switching.progress == SwitchProgress.CONFIRMED
    assert see(mine, mine.due, None) == ([], None)
    assert mine.switching.progress == SwitchProgress.CONFIRMED and mine.due > BEGIN + 10 * MINUTE


@pytest.mark.parametrize("new", ["gateway", "meter"])
def test_a_meter_that_cannot_tell_is_told_once_by_each_gateway_and_where_it_was_exchanged(new):
    mine = asked()
    mine.answer_switch(BEGIN, True, None)
    see(mine, BEGIN, None)
    if new == "gateway":
        mine = Meter("m", mine.account, mine.head, MeterPolicy())
    else:
        mine.follow(BEGIN, Command("m", 4, BEGIN, Exchange("new", 0)))
    assert see(mine, BEGIN + MINUTE, None) == ([], True)
    mine.answer_switch(BEGIN + MINUTE, True, None)
    assert see(mine, BEGIN + 2 * MINUTE, None) == ([], None)


SERVER = SigningKey.from_bytes(bytes(range(32)))


class Gateway:
    """An agent that is connected, and whose meter m is told to close."""

    def __init__(self):
        account = Account()
        self.meter = Meter("m", account, genesis("m"), MeterPolicy())
        self.agent = Agent("g", 1, [self.meter], VerifyKey(SERVER.public()), SyncPolicy(patience=10**6))
        self.mono, self.statuses, self.order_of = 0.0, [], []
        self.take(self.agent.start(self.moment, set()))
        for number, order in enumerate(
            (SetTariff(0, flat_tariff("t", "EUR", "UTC", 300_000)), ChangeSettings(Settings()), GrantCredit("c", NANO)),
            1,
        ):
            self.meter.follow(BEGIN, Command("m", number, BEGIN, order))
        self.take(self.agent.on_connected(self.moment))
        head = Head("m", 0, genesis("m"))
        self.take(self.agent.on_frame(self.moment, seal(SERVER, Receipt("g", (head,), 1, self.agent.outbox.asked))))

    @property
    def moment(self):
        return Moment(BEGIN + int(self.mono * SECOND), self.mono, int(self.mono * SECOND))

    def take(self, effects):
        self.order_of += [type(each) for each in effects]
        self.statuses += [status for each in effects if isinstance(each, SendStatus) for status in each.status.meters]
        return effects

    def read(self, register, closed):
        return self.take(self.agent.on_observed(self.moment, {"m": Observed(register, closed=closed)}))

    def reported(self):
        return [progress_of(each.switch) for each in self.statuses]


def test_the_server_hears_of_each_step_and_of_a_new_order_before_its_entry():
    gateway = Gateway()
    gateway.read(0, True)
    gateway.statuses.clear(), gateway.order_of.clear()
    gateway.mono = 3600.0
    effects = gateway.read(10**4, True)
    assert MoveSwitch("m", closed=False) in effects
    assert gateway.order_of.index(SendStatus) < gateway.order_of.index(SendUpload)
    gateway.take(gateway.agent.on_switch(gateway.moment, "m", False, None))
    gateway.mono += 0.5
    gateway.read(10**4, False)
    assert gateway.reported() == [SwitchProgress.ASKED, SwitchProgress.CONFIRMED, SwitchProgress.VERIFIED]
    assert [each.closed for each in gateway.statuses] == [False] * 3


def test_a_look_that_shows_the_button_was_pressed_has_the_meter_read_at_once():
    gateway = Gateway()
    gateway.read(0, False)
    gateway.take(gateway.agent.on_switch(gateway.moment, "m", True, BUTTON))
    gateway.mono = 5.0
    assert not any(isinstance(each, ReadMeters) for each in gateway.agent.tick(gateway.moment))
    gateway.agent.on_looked(4.9, gateway.moment, "m", Observed(0, closed=True))
    assert ReadMeters(["m"]) in gateway.agent.tick(gateway.moment)


def test_whoever_looks_while_the_order_is_under_way_sees_the_switch_itself():
    mine = asked()
    assert mine.switching.shown_by(None, True) == mine.switching.shown_by(False, True) == SwitchProgress.ASKED
    assert mine.switching.shown_by(True, True) == SwitchProgress.VERIFIED
    assert mine.switching.progress == SwitchProgress.ASKED, "the rules have seen nothing"


@pytest.mark.parametrize("progress", [None, *SwitchProgress])
def test_a_person_is_told_that_the_supply_is_on_only_when_that_was_seen(progress):
    """Of a gateway that has just started the journal is all that is known."""
    says_on = supplied(True, progress) == "The supply is on."
    assert says_on == (progress in (None, SwitchProgress.VERIFIED)) and supplied(True, progress)
    assert supplied(False, progress) and supplied(None, progress) == ""


def test_the_progress_of_newer_software_is_not_known():
    assert progress_of("of-tomorrow") is None and progress_of("") is None
    assert all(progress_of(each) is each for each in SwitchProgress)

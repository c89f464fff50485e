"""A meter in a prepaid mode of its own cuts off who has paid: it is found when it identifies itself, and daily."""

import pytest

from prewatt.edge.devices import Devices, Question
from prewatt.edge.drivers.interface import BadAnswer, Identity, NotSupported
from prewatt.edge.observed import Observed
from prewatt.headend.alarms import raised_by
from prewatt.kernel.entries import Event
from prewatt.kernel.units import DAY, HOUR, MINUTE, SECOND

from .home import Home

OFF = "have its maker set it to `not prepaid`"


class Wall:
    """A meter that says how its own prepaid mode stands."""

    mode, asked, kwh = OFF, 0, None

    def identify(self):
        return Identity("m1", "x", "y")

    def read_register(self):
        return 7

    def read_switch(self):
        return True

    def read_tampered(self):
        return False

    def read_own_prepaid(self):
        self.asked += 1
        if isinstance(self.mode, Exception):
            raise self.mode
        return self.mode

    def read_clock(self):
        raise NotSupported("m1", "read clock", "it has none")


def test_it_is_asked_when_it_identifies_itself_and_once_a_day():
    wall, now = Wall(), [0.0]
    devices = Devices({"m1": wall}, lambda: now[0])
    for _hour in range(50):
        assert devices.read(Question("m1", "m1")) == Observed(7, closed=True, own_prepaid=OFF)
        now[0] += HOUR / SECOND
    assert wall.asked == 2
    wall.mode, now[0] = "", now[0] + DAY / SECOND
    assert devices.read(Question("m1", "m1")) == Observed(7, closed=True)


@pytest.mark.parametrize("error", [BadAnswer("m1", "read prepaid mode", "?"), NotSupported("m1", "read", "none")])
def test_a_meter_that_does_not_say_is_read_all_the_same(error):
    wall = Wall()
    wall.mode = error
    assert Devices({"m1": wall}).read(Question("m1", "m1")) == Observed(7, closed=True, own_prepaid=None)


def events(home, observed):
    before = len(home.entries)
    home.do(home.agent.on_observed(home.moment, {"m1": observed}))
    return [entry for entry in home.entries[before:] if isinstance(entry, Event)]


def test_it_is_journalled_once_with_what_to_do_and_the_manager_is_asked_to_do_it():
    home = Home()
    (told,) = events(home, Observed(home.register, closed=True, own_prepaid=OFF))
    assert (told.code, told.detail) == ("own-prepaid", OFF)
    alarm = raised_by(told, "m1", "g1")
    assert OFF in alarm.text and "whatever the tenant has paid" in alarm.text and alarm.meter == "m1"
    home.passed += MINUTE
    assert events(home, Observed(home.register, closed=True, own_prepaid=OFF)) == []
    assert events(home, Observed(home.register, closed=True, own_prepaid=None)) == []
    assert events(home, Observed(home.register, closed=True, own_prepaid=OFF)) == [], "a question that failed"
    assert events(home, Observed(home.register, closed=True)) == []
    assert len(events(home, Observed(home.register, closed=True, own_prepaid=OFF))) == 1, (
        "somebody switched it on again"
    )


def test_a_balance_that_the_gateway_sets_is_the_second_line_and_no_fault():
    home = Home()
    assert events(home, Observed(home.register, closed=True, own_prepaid=OFF, keeps=True, allowance=5000)) == []
    # It did not let its balance be set.
    home.do(home.agent.on_allowance_failed("m1", keeps=False))
    home.passed += MINUTE
    assert [each.code for each in events(home, Observed(home.register, closed=True, own_prepaid=OFF))] == [
        "own-prepaid"
    ]

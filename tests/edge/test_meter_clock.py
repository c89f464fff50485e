"""A meter's own clock is looked at, and told of once if it is wrong."""

import pytest

from prewatt.edge.devices import CLOCK_EVERY, Devices, Question
from prewatt.edge.drivers.interface import BadAnswer, Identity, NotSupported, Unreachable
from prewatt.edge.meter import Observed
from prewatt.edge.meter_clock import ClockWatch
from prewatt.kernel.entries import Event
from prewatt.kernel.units import HOUR, MINUTE, SECOND
from tests.edge.home import Home


class Wall:
    """A meter whose clock is asked for."""

    def __init__(self, clock):
        self.clock, self.asked = clock, 0

    def identify(self):
        return Identity("m1", "", "")

    def read_register(self):
        return 7

    def read_switch(self):
        return True

    def read_tampered(self):
        return False

    def read_own_prepaid(self):
        return ""

    def read_clock(self):
        self.asked += 1
        if isinstance(self.clock, Exception):
            raise self.clock
        return self.clock


@pytest.mark.parametrize(
    ("clock", "seen"),
    [
        (5, Observed(7, closed=True, clock=5)),
        (NotSupported("m1", "read clock", "no clock"), Observed(7, closed=True)),
        (Unreachable("m1", "read clock", "nothing"), Observed(7, closed=True)),
        (BadAnswer("m1", "read clock", "its battery"), Observed(7, closed=True, clock_fault="its battery")),
    ],
)
def test_it_is_read_every_four_hours_and_a_meter_that_can_not_tell_is_read_all_the_same(clock, seen):
    wall, now = Wall(clock), [0.0]
    devices = Devices({"m1": wall}, lambda: now[0])
    assert devices.read(Question("m1", "m1")) == seen
    now[0] += CLOCK_EVERY / SECOND - 1
    assert devices.read(Question("m1", "m1")) == Observed(7, closed=True)
    now[0] += 1
    assert devices.read(Question("m1", "m1")) == seen
    assert wall.asked == (4 if seen.clock_fault else 2)


def test_an_answer_that_comes_broken_once_is_no_wrong_clock():
    wall = Wall(BadAnswer("m1", "read clock", "its battery"))
    heard = iter([wall.clock, 5])

    def read_clock():
        wall.clock = next(heard)
        return Wall.read_clock(wall)

    wall.read_clock = read_clock
    assert Devices({"m1": wall}, lambda: 0.0).read(Question("m1", "m1")) == Observed(7, closed=True, clock=5)


def test_a_wrong_clock_is_told_once_until_it_was_right():
    watch, now = ClockWatch(), 10 * HOUR
    assert watch.look(now, now + 9 * MINUTE, "") is None
    assert watch.look(now, now - HOUR, "") == "60 minutes behind"
    assert watch.look(now, now - HOUR, "") is None
    assert watch.look(now, None, "") is None, "it was not read"
    assert watch.look(now, now - HOUR, "") is None
    assert watch.look(now, now, "") is None
    assert watch.look(now, now + 11 * MINUTE, "") == "11 minutes ahead"
    assert watch.look(now, now, "") is None
    assert watch.look(now, None, "its battery may be empty") == "its battery may be empty"


def events(home, observed):
    before = len(home.entries)
    home.do(home.agent.on_observed(home.moment, {"m1": observed}))
    return [(entry.code, entry.detail) for entry in home.entries[before:] if isinstance(entry, Event)]


def test_it_is_journalled_in_words_and_changes_no_charge():
    home = Home()
    behind = Observed(home.register, closed=True, clock=home.moment.now - HOUR)
    charged = home.charged
    assert events(home, behind) == [("meter-clock", "60 minutes behind")]
    assert home.charged == charged

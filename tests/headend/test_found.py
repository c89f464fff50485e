"""Which command of the credit log an entry is about."""

from prewatt.headend.found import LATE, Open, command_of
from prewatt.kernel.entries import Command, Control, Controlled
from prewatt.kernel.supply import Close
from prewatt.kernel.units import HOUR

DONE = Controlled(5, 9 * HOUR, 0, 3, Close(), "kim", "paid")


def ordered(issued):
    return Command("m1", 3, issued, Control(Close(), "kim", "paid"))


def test_an_order_that_was_carried_out_before_it_was_given_is_another_one():
    """A server that was put back has forgotten the first one: the second is still to be done, or a flat stays dark."""
    given = ordered(9 * HOUR + LATE + 1)
    assert command_of(DONE, {3: Open(given)}, {}) is None
    assert command_of(DONE, {7: Open(given)}, {}) is None


def test_a_gateway_whose_clock_is_a_little_behind_has_carried_it_out():
    given = ordered(9 * HOUR + LATE)
    assert command_of(DONE, {3: Open(given)}, {}) == given
    assert command_of(DONE, {7: Open(given)}, {}) == given

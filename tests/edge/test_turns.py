"""Turns of those who guess, on a clock of its own: how many tries are looked at, and how soon the right person gets in."""

import heapq
from itertools import count

import pytest

from prewatt.edge.turns import KEPT_FOR, LONGEST, MOST_OF_ASKER, MOST_WITH_FIRST, PACES, Turns
from prewatt.kernel.units import DAY, HOUR, MINUTE, SECOND

AGAIN = SECOND // 5
"""The time after which who was refused tries again."""


class House:
    """People at the page, each a thread that tries again as soon as it was answered."""

    def __init__(self, guessers, hours=0):
        """`hours`: for how long one of them has guessed already, alone."""
        self.turns, self.looked_at, self.order = Turns(), 0, count()
        self.due = [(0, 0, guessers[0])]
        self.until(hours * HOUR)
        self.due = [(hours * HOUR, next(self.order), guesser) for guesser in guessers]

    def until(self, end):
        """Let everybody try until an instant."""
        while self.due[0][0] < end:
            now, _, guesser = heapq.heappop(self.due)
            turn = self.turns.take("flat", guesser, now)
            self.looked_at += not turn.refused
            later = AGAIN if turn.refused else max(turn.wait, AGAIN // 10)
            heapq.heappush(self.due, (now + later, next(self.order), guesser))

    def gets_in(self, asker, now):
        """Return after how long (µs) who has the right PIN gets in, and tries again when refused."""
        began = now
        while True:
            self.until(now)
            turn = self.turns.take("flat", asker, now)
            if not turn.refused:
                self.turns.was_right("flat")
                return now + turn.wait - began
            now += AGAIN


@pytest.mark.parametrize("hours", [0, 1, 8])
@pytest.mark.parametrize("neighbours", [("a", "a"), ("a", "b"), ("a",) * 30])
def test_the_right_pin_gets_in_within_a_minute_whatever_a_neighbour_does(neighbours, hours):
    house = House(neighbours, hours)
    for number in range(10):
        assert house.gets_in("tenant", hours * HOUR + number * 97 * SECOND + 5 * SECOND) <= MINUTE


@pytest.mark.parametrize(("hours", "most"), [(0, 4 * MINUTE), (8, 8 * MINUTE)])
def test_a_neighbour_with_many_addresses_keeps_nobody_out_who_comes_back_when_told(hours, most):
    house = House([f"a{number}" for number in range(20)], hours)
    began = now = hours * HOUR + MINUTE
    house.until(now)
    while (turn := house.turns.take("flat", "tenant", now)).refused and now - began < most:
        now += turn.wait + SECOND
        house.until(now)
    assert not turn.refused
    assert now + turn.wait - began <= most


def test_a_turn_that_is_kept_is_for_its_asker_alone_and_not_for_ever():
    turns = Turns()
    for number in range(3 + MOST_WITH_FIRST):
        turns.take("flat", f"a{number}", 0)
    told = turns.take("flat", "tenant", 0)
    assert told.refused
    # Asked again, it is the same turn.
    assert turns.take("flat", "tenant", SECOND).wait == told.wait - SECOND
    assert turns.take("flat", "late", 0).wait == told.wait + 2 * SECOND
    assert turns.take("flat", "tenant", told.wait + SECOND) == (0, False)
    assert turns.take("flat", "late", told.wait + 2 * SECOND + KEPT_FOR).refused is False


def test_also_behind_the_same_router_as_the_neighbour():
    house = House(("router", "router"))
    assert max(house.gets_in("router", number * 61 * SECOND + 5 * SECOND) for number in range(10)) <= MINUTE


def test_one_address_has_a_try_a_minute_in_the_end_and_many_have_three():
    for guessers, most in ((("a",) * 5, 60), ([f"a{number}" for number in range(12)], 3 * 60)):
        house = House(guessers, hours=8)
        before = house.looked_at
        house.until(9 * HOUR)
        assert most * 0.95 <= house.looked_at - before <= most + MOST_WITH_FIRST


def test_three_are_free_and_flats_do_not_wait_for_each_other():
    turns = Turns()
    assert [turns.take("flat", "a", 0).wait for _ in range(4)] == [0, 0, 0, 6 * SECOND]
    assert turns.take("other", "a", 0).wait == 0
    # The first free turn of somebody else lies before those that wait.
    assert turns.take("flat", "b", 0).wait == 2 * SECOND
    assert turns.take("flat", "a", 0).wait == 12 * SECOND


def test_so_many_wait_and_no_more():
    turns = Turns()
    for _ in range(3):
        turns.take("flat", "a", 0)
    waiting = [turns.take("flat", "a", 0) for _ in range(10)]
    assert sum(not each.refused for each in waiting) == MOST_OF_ASKER
    assert all(0 < each.wait <= LONGEST for each in waiting)
    others = [turns.take("flat", f"b{number}", 0) for number in range(20)]
    assert sum(not each.refused for each in others) == MOST_WITH_FIRST - MOST_OF_ASKER


def test_wrong_tries_are_forgotten_with_time_and_right_ones_never_counted():
    turns = Turns()
    for number in range(50):
        assert turns.take("flat", "a", number * SECOND).wait == 0
        turns.was_right("flat")
    for number in range(3):
        turns.take("flat", "a", number * SECOND)
    assert turns.take("flat", "a", 3 * SECOND).wait
    assert turns.take("flat", "a", DAY).wait == 0
    assert PACES[0].wrong == 0

"""The law of a bus, on a virtual line."""

import threading
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prewatt.edge.buses import turns
from prewatt.edge.buses.bus import FLOOD, Bus, Count, Timing
from prewatt.edge.buses.echo import Echo
from prewatt.edge.buses.health import BROKEN_FAILS, Trouble
from prewatt.edge.buses.patience import LONGEST
from prewatt.edge.buses.pause import TRIED_AFTER
from prewatt.edge.buses.turns import Urgency, urgent
from prewatt.edge.protocols.errors import NoAnswer, PasswordRefused
from tests.edge.buses.lines import Ask, VirtualPort, WatchedTurns, asks, bus_on


def test_an_answer_is_taken_in_pieces_and_what_comes_behind_it_is_thrown_away():
    bus, port = bus_on([(0.1, b"a="), (0.2, b"17;zzz")], [(0.1, b"b=2;")])
    assert bus.run("a", asks("a")) == b"17"
    assert bus.run("b", asks("b")) == b"2"
    assert [data for _, data in port.written] == [b"?a;", b"?b;"]


def test_a_late_answer_of_the_question_before_never_meets_the_next_question():
    late = [(0.9, b"a=1;")]
    bus, port = bus_on(late, [(0.1, b"a=2;")], baud=2400)
    with pytest.raises(NoAnswer):
        bus.run("m", asks("a"))
    assert bus.run("m", asks("a")) == b"2", "the same question again: only its own answer counts"
    assert port.written[1][0] > 0.9 and bus.figures.stray_bytes == 4


def test_between_an_answer_and_the_next_question_lies_the_turnaround():
    bus, port = bus_on([(0.1, b"a=1;")], [(0.1, b"a=2;")], turnaround_s=0.25)
    bus.run("m", asks("a"))
    bus.run("m", asks("a"))
    assert port.written[1][0] == pytest.approx(0.1 + 0.25)


def test_a_slow_answer_may_take_its_time_on_the_line_but_not_for_ever():
    dripping = [(0.4 * n, b"x") for n in range(1, 100)]
    bus, port = bus_on(dripping)
    with pytest.raises(NoAnswer, match="bytes that are no frame"):
        bus.run("m", asks("a"))
    assert port.now < 6


def test_a_silent_meter_is_asked_less_and_less_and_its_neighbours_are_not():
    bus, port = bus_on()
    for _ in range(3):
        with pytest.raises(NoAnswer, match="nothing"):
            bus.run("m", asks("a"))
        port.now += LONGEST
    bus_questions = bus.figures.questions
    with pytest.raises(NoAnswer):
        bus.run("m", asks("a"))
    with pytest.raises(NoAnswer, match="did not answer 4 times, and is asked again in"):
        bus.run("m", asks("a"))
    assert bus.figures.questions == bus_questions + 1, "it is left alone"
    port.answers = [[(0.1, b"b=2;")], [(0.1, b"!a;")]]
    assert bus.run("n", asks("b")) == b"2"
    with urgent(Urgency.SWITCH):
        bus.run("m", asks("a", order=True))
    port.answers = [[(0.1, b"a=5;")]]
    assert bus.run("m", asks("a")) == b"5", "it answered, so it is asked as usual"


def test_only_an_echo_is_told_as_such():
    bus, _ = bus_on([(0.0, b"?a;")])
    with pytest.raises(NoAnswer, match="only the echo of the question"):
        bus.run("m", asks("a"))


def test_on_a_bus_that_echoes_an_echoed_order_is_not_the_meters_confirmation():
    bus, _ = bus_on([(0.0, b"?a;"), (0.1, b"a=1;")], [(0.0, b"!a;")], [(0.0, b"!a;!a"), (0.1, b";")])
    assert bus.run("m", asks("a")) == b"1"
    with pytest.raises(NoAnswer, match="only the echo"):
        bus.run("m", asks("a", order=True))
    assert bus.run("m", asks("a", order=True)) == b""


def test_an_adapter_that_no_longer_echoes_is_noticed():
    bus, _ = bus_on([(0.0, b"?a;"), (0.1, b"a=1;")], [(0.1, b"a=2;")], [(0.1, b"!a;")])
    bus.run("m", asks("a"))
    bus.run("m", asks("a"))
    assert bus.run("m", asks("a", order=True)) == b"", "the only bytes are the meter's"


@given(st.binary(min_size=3, max_size=30), st.binary(max_size=20), st.data())
@settings(deadline=None)
def test_the_whole_echo_is_taken_off_in_any_pieces(request_bytes, answer, data):
    stream = Echo(known=True).begin(request_bytes, mirrors=False)
    whole = request_bytes + answer
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=4)))
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert b"".join(stream.feed(piece) for piece in pieces) == answer
    assert stream.is_echo


@given(st.binary(min_size=8, max_size=30), st.integers(0, 29))
@settings(deadline=None)
def test_an_echo_with_a_lost_byte_is_an_echo(request_bytes, lost):
    echo = request_bytes[: lost % len(request_bytes)] + request_bytes[lost % len(request_bytes) + 1 :]
    stream = Echo(known=True).begin(request_bytes, mirrors=True)
    rest = stream.feed(echo + b"\x01\x02\x03\x04\x05")
    assert stream.is_echo and len(rest) <= 5


def test_broken_answers_in_a_row_point_to_the_adapter():
    bus, port = bus_on(*[[(0.1, b"a=")] for _ in range(BROKEN_FAILS)])
    for n in range(BROKEN_FAILS):
        assert bus.health.trouble is None
        with pytest.raises(NoAnswer):
            bus.run(f"m{n}", asks("a"))
    assert bus.health.trouble is Trouble.BROKEN
    port.answers = [[(0.1, b"a=1;")]]
    bus.run("m", asks("a"))
    assert bus.health.trouble is None


def test_the_bus_never_repeats_a_question():
    bus, port = bus_on()
    with pytest.raises(NoAnswer):
        bus.run("m", asks("a", order=True))
    assert len(port.written) == 1


def test_a_broadcast_waits_for_nobody():
    class Broadcast(Ask):
        expects_answer = False

    def broadcast():
        yield Broadcast("all")
        return (yield Ask("a"))

    bus, port = bus_on([], [(0.1, b"a=1;")])
    assert bus.run("m", broadcast()) == b"1"
    assert port.written[1][0] < 0.2


def test_an_error_of_one_exchange_is_raised_inside_the_conversation_so_that_it_can_leave_the_meter_in_order():
    class Locked(Ask):
        def feed(self, received):
            raise PasswordRefused("wrong password", 4)

    def conversation():
        try:
            yield Locked("a")
        finally:
            yield Ask("bye")

    bus, port = bus_on([(0.1, b"x")], [(0.1, b"bye=;")])
    with pytest.raises(PasswordRefused):
        bus.run("m", conversation())
    assert [data for _, data in port.written] == [b"?a;", b"?bye;"]


def test_a_switch_goes_before_a_person_and_a_person_before_the_round():
    queue, order, ready = WatchedTurns(), [], []

    def use(name, how):
        with urgent(how):
            ready.append(name)
            with queue.turn():
                order.append(name)

    with queue.turn():
        threads = []
        for name, how in (("r1", Urgency.ROUND), ("r2", Urgency.ROUND), ("p", Urgency.PERSON), ("s", Urgency.SWITCH)):
            threads.append(threading.Thread(target=use, args=(name, how)))
            threads[-1].start()
            queue.await_waiting(len(threads))
    for thread in threads:
        thread.join()
    assert order == ["s", "p", "r1", "r2"]
    assert turns.urgency() == Urgency.ROUND


def test_a_converter_that_sends_without_end_is_not_listened_to_without_end():
    fed = []

    class Fed(Ask):
        def feed(self, received):
            fed.append(len(received))

    def conversation():
        yield Fed("a")

    bus, _ = bus_on([(0.001 * n, b"x" * 1024) for n in range(1, 5000)])
    with pytest.raises(NoAnswer):
        bus.run("m", conversation())
    assert sum(fed) == FLOOD


def learning(bus):
    """Return the pauses that a bus makes while it reads twice as often as it takes to try a shorter one."""
    waits = []
    for _ in range(2 * TRIED_AFTER):
        before = bus.port.now
        bus.port.answers.append([(0.1, b"a=1;")])
        bus.run("m", asks("a"))
        waits.append(round(bus.port.now - before - 0.1, 4))
    return waits


def test_the_turnaround_is_halved_while_all_goes_well_down_to_what_the_standards_want():
    bus, _ = bus_on(turnaround_s=0.05, turnaround_least_s=0.02)
    assert dict(Counter(learning(bus)[1:])) == {0.05: TRIED_AFTER, 0.025: TRIED_AFTER - 1}
    assert learning(bus)[-1] == 0.02


def test_a_question_that_a_meter_does_not_hear_brings_the_long_turnaround_back_and_a_shorter_one_is_tried_later():
    bus, port = bus_on(turnaround_s=0.05, turnaround_least_s=0.02)
    learning(bus)
    with pytest.raises(NoAnswer):
        bus.run("m", asks("a"))
    port.now += LONGEST
    assert set(learning(bus)[1:]) == {0.05}, "it is tried again only after twice as many answers"
    assert learning(bus)[-1] == 0.025


def test_a_meter_that_is_silent_for_long_does_not_lengthen_the_turnaround_of_the_others():
    bus, port = bus_on(turnaround_s=0.05, turnaround_least_s=0.02)
    learning(bus)
    with pytest.raises(NoAnswer):
        bus.run("silent", asks("a"))
    learning(bus), learning(bus)
    port.now += LONGEST
    with pytest.raises(NoAnswer):
        bus.run("silent", asks("a"))
    assert learning(bus)[-1] == 0.02


def test_a_switch_that_must_move_waits_for_one_answer_and_not_for_the_reading_of_another_meter():
    order = []

    class Slow(VirtualPort):
        def write(self, data):
            order.append(data)
            if data == b"?a;":
                move.start()
                bus.turns.await_waiting(1)
            super().write(data)

    def reading():
        for name in ("a", "b"):
            yield Ask(name)

    def order_and_look():
        yield Ask("o", order=True)
        yield Ask("s")

    def switch():
        with urgent(Urgency.SWITCH):
            bus.run("n", order_and_look())

    port = Slow([[(0.1, b"a=1;")], [(0.1, b"!o;")], [(0.1, b"s=1;")], [(0.1, b"b=1;")]])
    bus = Bus(port, Timing(), lambda: port.now, port.sleep)
    bus.turns = WatchedTurns()
    move = threading.Thread(target=switch)
    bus.run("m", reading())
    move.join()
    assert order == [b"?a;", b"!o;", b"?s;", b"?b;"]


def test_a_meter_has_one_conversation_at_a_time():
    order = []

    class Slow(VirtualPort):
        def write(self, data):
            order.append(data)
            if data == b"?a;":
                move.start()
            super().write(data)

    def reading():
        for name in ("a", "b"):
            yield Ask(name)

    def switch():
        with urgent(Urgency.SWITCH):
            bus.run("m", asks("o", order=True))

    port = Slow([[(0.1, b"a=1;")], [(0.1, b"b=1;")], [(0.1, b"!o;")]])
    bus = Bus(port, Timing(), lambda: port.now, port.sleep)
    move = threading.Thread(target=switch)
    bus.run("m", reading())
    move.join()
    assert order == [b"?a;", b"?b;", b"!o;"]


def test_what_was_asked_and_not_answered_is_counted_for_each_meter():
    bus, _ = bus_on([(0.1, b"a=1;")], [], [(0.1, b"b=1;")])
    bus.run("m", asks("a"))
    with pytest.raises(NoAnswer):
        bus.run("m", asks("a"))
    bus.run("n", asks("b"))
    assert dict(bus.figures.by_meter) == {"m": Count(2, 1), "n": Count(1, 0)}
    assert (bus.figures.questions, bus.figures.answers, bus.figures.unanswered) == (3, 2, 1)

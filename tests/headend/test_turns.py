"""One gateway's flood keeps no other waiting, and a gateway that means well is never above its share."""

from collections import Counter

import hypothesis.strategies as st
from hypothesis import given, settings

from prewatt.edge.sync import SyncPolicy
from prewatt.headend import turns
from prewatt.headend.batch import Refusal
from prewatt.headend.inbox import Inbox
from prewatt.headend.refusals import TOO_MANY, of_dropped, summed
from prewatt.headend.turns import BURST, LANE, RATE, Turns
from prewatt.wire import topics
from prewatt.wire.link import Connected, Received
from prewatt.wire.messages import MAX_ENTRIES, MAX_UPLOAD


def of(gateway, payload=b"noise"):
    return Received(topics.up(gateway), payload)


def test_behind_a_flood_of_a_hundred_thousand_messages_another_gateway_is_next():
    waiting = Turns()
    for number in range(100_000):
        waiting.put(number / 2500, of("flood"))
    waiting.put(40.0, of("other", b"payment arrived"))
    assert [waiting.take() for _ in range(2)] == [of("flood"), of("other", b"payment arrived")]


def test_gateways_have_turns_and_each_keeps_its_order():
    waiting = Turns()
    for gateway, texts in (("a", "1234"), ("b", "12"), ("c", "1")):
        for text in texts:
            waiting.put(0, of(gateway, text.encode()))
    taken = [waiting.take() for _ in range(len(waiting))]
    assert [(topics.gateway_of(each.topic), each.payload) for each in taken] == [
        ("a", b"1"), ("b", b"1"), ("c", b"1"), ("a", b"2"), ("b", b"2"), ("a", b"3"), ("a", b"4"),
    ]  # fmt: skip


def test_what_a_gateway_has_under_way_at_most_is_within_its_share():
    waiting = Turns()
    for _number in range(SyncPolicy().window + 100):
        waiting.put(0, of("busy", b"x" * 300))
    assert not waiting.dropped()


def test_a_backlog_of_a_month_comes_in_as_fast_as_the_head_end_can_store_it():
    """250 meters, an entry a minute, and a head-end that stores 30,000 entries a second (of 70 bytes each)."""
    waiting, now, per_second = Turns(), 0.0, 30_000
    message = of("back", b"x" * 70 * MAX_ENTRIES)
    for _number in range(250 * 60 * 24 * 30 // MAX_ENTRIES):
        waiting.put(now, message)
        waiting.take()
        now += MAX_ENTRIES / per_second
    assert not waiting.dropped()


def test_the_largest_messages_of_a_window_fit_at_once():
    waiting = Turns()
    for _number in range(SyncPolicy().window // MAX_ENTRIES):
        waiting.put(0, of("back", b"x" * MAX_UPLOAD))
    assert not waiting.dropped()


def test_what_is_over_a_share_is_dropped_and_counted_and_the_share_comes_back():
    waiting = Turns()
    for _number in range(2 * int(BURST)):
        waiting.put(0, of("flood", b""))
    assert len(waiting) == BURST
    assert waiting.dropped() == Counter(flood=int(BURST))
    assert not waiting.dropped()
    waiting.put(1.5 / RATE, of("flood", b""))
    waiting.put(1.5 / RATE, of("flood", b""))
    assert waiting.dropped() == Counter(flood=1)


def test_senders_that_nobody_knows_share_one_lane():
    waiting = Turns()
    for number in range(2 * int(BURST)):
        waiting.put(0, Received(f"pw/1/0/nobody-{number}/else", b""))
    assert waiting.dropped() == {"": BURST}


def test_many_large_messages_fill_no_memory(monkeypatch):
    waiting, large = Turns(), of("flood", bytes(900 * 1024))
    for _number in range(40):
        waiting.put(0, large)
    assert len(waiting) == LANE // (900 * 1024)
    monkeypatch.setattr(turns, "ALL_LANES", 10 * 1024 * 1024)
    waiting.put(0, of("other"))
    assert waiting.dropped()["other"] == 0
    assert len(waiting) == 1 + 10 * 1024 * 1024 // (900 * 1024)


def test_names_that_come_and_go_are_forgotten():
    waiting = Turns()
    for number in range(50):
        waiting.put(0, of(f"g{number}"))
    for _number in range(50):
        waiting.take()
    waiting.put(0, of("g0"))
    waiting.forget(60)
    assert list(waiting._lanes) == ["g0"]


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=60))
def test_nothing_is_lost_or_counted_twice(steps):
    waiting, put, taken = Turns(), Counter(), Counter()
    for gateway, take in steps:
        if take and len(waiting):
            taken[topics.gateway_of(waiting.take().topic)] += 1
        else:
            waiting.put(0, of(gateway, bytes(500_000)))
            put[gateway] += 1
    while len(waiting):
        taken[topics.gateway_of(waiting.take().topic)] += 1
    assert taken + waiting.dropped() == put


def test_news_of_the_connection_come_before_the_messages():
    inbox = Inbox()
    inbox.put(of("a"))
    inbox.put(Connected())
    assert [inbox.get_nowait(), inbox.get_nowait()] == [Connected(), of("a")]
    assert inbox.empty()


def test_refusals_are_summed_by_sender_and_reason():
    noise = [Refusal("g1", "malformed", f"text {number}") for number in range(1000)]
    dropped = of_dropped({"g1": 7, "stranger": 5}, {"g1"})
    first, *more = summed([*noise, *dropped, Refusal("g1", "malformed", "earlier", 10)])
    assert first == Refusal("g1", "malformed", "text 0", 1010)
    assert [(each.gateway, each.reason, each.count) for each in more] == [("g1", TOO_MANY, 7), ("", TOO_MANY, 5)]

"""What is sent when: nothing on a guess, nothing twice without a reason, what is new not behind what is old."""

from hypothesis import given
from hypothesis import strategies as st

from prewatt.edge.sync import MOST_PATIENT, Piece, Sync, SyncPolicy
from prewatt.wire.messages import MAX_ENTRIES, Head

POLICY = SyncPolicy(heartbeat=10, patience=5, window=2 * MAX_ENTRIES)
GOOD_AGAIN = 400
LONGEST_WAIT = MOST_PATIENT * 5 + 10
"""Seconds: when a lossy line loses no more, and how long it may take from then on until the agent asks again."""


def head(meter, seq, resend=False):
    return Head(meter, seq, bytes(32), resend)


def talking(**heads):
    """Connected, and answered that the head-end has nothing yet."""
    sync = Sync(heads, POLICY)
    sync.on_connected(0)
    assert sync.status_due(0)
    sync.on_answered(0)
    return sync


def test_nothing_is_sent_before_the_head_end_has_answered():
    sync = Sync({"a": 5}, POLICY)
    assert sync.next_upload() == [] and not sync.status_due(100)
    sync.on_connected(100)
    assert sync.status_due(100) and sync.next_upload() == []
    sync.on_head(100, head("a", 3))
    sync.on_answered(100)
    assert sync.next_upload() == [Piece("a", 4, 5, late=2)]
    assert sync.next_upload() == []


def test_what_is_written_while_connected_is_not_late():
    sync = talking(a=2)
    sync.on_journalled("a", 4)
    assert sync.next_upload() == [Piece("a", 1, 4, late=2)]


def test_the_meter_that_lags_least_goes_first():
    sync = talking(a=400, b=1, c=300)
    assert sync.next_upload() == [Piece("b", 1, 1, 1), Piece("c", 1, 300, 300), Piece("a", 1, 199, 199)]
    sync.on_journalled("b", 2)
    assert sync.next_upload() == [Piece("b", 2, 2, 0), Piece("a", 200, 400, 201)]


def test_no_more_is_under_way_than_the_window():
    sync = talking(a=5000)
    assert sum(piece.last - piece.first + 1 for _ in range(9) for piece in sync.next_upload()) == POLICY.window
    sync.on_head(1, head("a", 10))
    assert sync.next_upload() == [Piece("a", 1001, 1010, 10)]


def test_a_gap_is_sent_again_from_where_it_begins():
    sync = talking(a=10)
    sync.next_upload()
    sync.on_head(1, head("a", 4, resend=True))
    assert sync.next_upload() == [Piece("a", 5, 10, 6)]


def test_an_old_receipt_takes_nothing_back():
    sync = talking(a=10)
    sync.next_upload()
    sync.on_head(1, head("a", 10))
    sync.on_head(2, head("a", 3))
    assert sync.acked["a"] == 10 and sync.next_upload() == []


def test_a_head_end_that_was_set_back_gets_again_what_it_had_acknowledged():
    sync = talking(a=10)
    sync.next_upload()
    sync.on_head(1, head("a", 10))
    sync.on_head(2, head("a", 3, resend=True))
    assert sync.next_upload() == [Piece("a", 4, 10, 7)]


def test_who_is_told_that_its_epoch_is_over_asks_anew_at_once():
    sync = talking(a=10)
    sync.next_upload()
    sync.on_epoch_over(1)
    assert sync.next_upload() == [] and sync.status_due(1)


def test_what_can_not_be_sent_is_no_more_acknowledged_than_before_and_waits_to_be_asked_for():
    sync = talking(a=10, b=1)
    sync.next_upload()
    sync.on_lacking("a")
    sync.on_head(1, head("b", 1))
    sync.on_journalled("a", 11)
    assert sync.acked == {"a": 0, "b": 1} and sync.next_upload() == []
    assert not sync.status_due(9), "nothing is under way"
    sync.on_head(9, head("a", 4, resend=True))
    assert sync.next_upload() == [Piece("a", 5, 11, 6)]


def test_when_receipts_stay_out_it_asks_anew_and_goes_on_from_the_answer():
    sync = talking(a=10)
    sync.next_upload()
    assert not sync.status_due(4.9)
    assert sync.next_timer() == 5
    assert sync.status_due(5) and not sync.answered and sync.next_upload() == []
    sync.on_head(6, head("a", 7))
    sync.on_answered(6)
    assert sync.next_upload() == [Piece("a", 8, 10, 3)]


def test_it_asks_ever_less_often_while_nothing_comes_of_it():
    sync = talking(a=10)
    asked = []
    for second in range(1, 600):
        sync.next_upload()
        if sync.status_due(second) and not sync.answered:
            asked.append(second)
            sync.on_answered(second)
    assert asked == [5, 15, 35, 75, 155, 315]
    sync.on_head(600, head("a", 1))
    assert sync.next_timer() <= 605
    assert sync.status_due(605) and not sync.answered


def test_signs_of_life_go_on_while_nothing_happens():
    sync = talking(a=0)
    assert [second for second in range(1, 31) if sync.status_due(second)] == [10, 20, 30]


def test_after_a_disconnection_nothing_is_sent():
    sync = talking(a=3)
    sync.on_disconnected()
    assert sync.next_upload() == [] and not sync.status_due(99) and sync.next_timer() == float("inf")


@given(st.integers(0, 8), st.integers(0, 8))
def test_after_going_on_from_another_state_it_asks_and_sends_what_follows_that(before, after):
    sync = talking(a=before)
    sync.next_upload()
    sync.on_adopted(1, "a", after)
    sync.on_journalled("a", after + 1)
    assert sync.next_upload() == [] and sync.status_due(1)
    sync.on_head(1, head("a", after))
    sync.on_answered(1)
    assert sync.next_upload() == [Piece("a", after + 1, after + 1, late=0)]


def test_a_strange_head_is_asked_about_again_ever_less_often():
    sync = talking(a=1)
    asked = []
    for second in range(200):
        sync.on_strange_head(second)
        if sync.next_timer() <= second and sync.status_due(second) and not sync.answered:
            asked.append(second)
            sync.on_answered(second)
    assert asked == [5, 16, 37, 78, 159]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 700)), max_size=8), st.randoms(use_true_random=False))
def test_over_a_lossy_line_everything_arrives_in_the_end(growth, rng):
    sync = Sync(dict.fromkeys("abc", 0), POLICY)
    for meter, more in growth:
        sync.on_journalled(meter, sync.heads[meter] + more)
    stored, mono = dict.fromkeys("abc", 0), 0.0
    sync.on_connected(mono)

    def comes(chance):
        # No line loses for ever.
        return mono >= GOOD_AGAIN or rng.random() < chance

    for _ in range(GOOD_AGAIN + LONGEST_WAIT):
        if sync.status_due(mono) and comes(0.7) and not sync.answered:
            for meter, seq in stored.items():
                sync.on_head(mono, head(meter, seq))
            sync.on_answered(mono)
        while pieces := sync.next_upload():
            for piece in pieces:
                gap = piece.first > stored[piece.meter] + 1
                if comes(0.6):
                    if not gap:
                        stored[piece.meter] = max(stored[piece.meter], piece.last)
                    if comes(0.7):
                        sync.on_head(mono, head(piece.meter, stored[piece.meter], resend=gap))
            if rng.random() < 0.3:
                break
        if stored == sync.heads == sync.acked:
            break
        mono += 1
    assert stored == sync.heads == sync.acked

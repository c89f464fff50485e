"""What time it is: whoever steps the clock, and however the gateway was off, nobody is charged for days that nobody saw."""

import pytest

from prewatt.edge.anchor import Anchor, dump_anchor, load_anchor
from prewatt.edge.timekeeping import NEAR, OFF_BELIEVED, Moment, Timekeeper
from prewatt.kernel.units import DAY, HOUR, MINUTE, SECOND

NOON = 1_762_948_800 * SECOND
YEAR = 365 * DAY


def moment(passed=0, wrong=0):
    """`passed` on the steady clock; the wall clock is `wrong` by so much."""
    return Moment(NOON + passed + wrong, passed / SECOND)


def started(journalled=NOON - MINUTE, wrong=0, boot="b2", kept=None):
    keeper = Timekeeper(boot, kept)
    return keeper, keeper.start(moment(wrong=wrong), journalled)


def test_a_first_start_believes_the_clock():
    keeper, notes = started(journalled=0)
    assert notes == []
    assert keeper.now(moment(HOUR)) == NOON + HOUR
    assert keeper.unsure is False


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (3 * MINUTE, "+180 s"), (HOUR, "+3600 s"), (2 * HOUR, "+2 h"), (47 * HOUR, "+47 h"), (YEAR, f"+{YEAR // DAY} days"),
        (-3 * MINUTE, "-180 s"), (-3 * HOUR, "-3 h"), (-YEAR, f"-{YEAR // DAY} days"),
    ],
)  # fmt: skip
def test_a_step_of_the_clock_is_told_once_in_words_and_time_goes_on(step, words):
    keeper, _ = started(journalled=0)
    keeper.look(moment(HOUR))
    note, *more = keeper.look(moment(HOUR + MINUTE, step))
    assert note == ("clock-stepped", f"by {words}")
    assert keeper.now(moment(HOUR + MINUTE, step)) == NOON + HOUR + MINUTE
    assert keeper.look(moment(HOUR + 2 * MINUTE, step)) == []
    # If it went on, the machine may have stood still.
    assert keeper.unsure == (0 < step < YEAR) == bool(more)
    # Right again, it is believed again.
    assert [note.kind for note in keeper.look(moment(HOUR + 3 * MINUTE, 5))] == ["clock-set"] * len(more)
    assert not keeper.unsure
    assert keeper.now(moment(HOUR + 3 * MINUTE, 5)) == NOON + HOUR + 3 * MINUTE + 5


def test_a_clock_that_jumps_to_and_fro_is_told_of_once_an_hour():
    keeper, _ = started(journalled=0)
    told = [keeper.look(moment(n * MINUTE, YEAR * (n % 2))) for n in range(120)]
    assert sum(map(len, told)) == 2


def test_small_corrections_of_the_clock_are_followed():
    keeper, _ = started(journalled=0)
    assert keeper.now(moment(DAY, MINUTE)) == NOON + DAY + MINUTE
    assert keeper.now(moment(10 * DAY, 4 * MINUTE)) == NOON + 10 * DAY + 4 * MINUTE, "the steady clock drifts too"
    assert keeper.now(moment(DAY, 4 * MINUTE)) == NOON + DAY


@pytest.mark.parametrize(
    ("journalled", "wrong", "believed"),
    [
        (NOON - MINUTE, 0, NOON),
        (NOON - OFF_BELIEVED, 0, NOON),
        (NOON - OFF_BELIEVED - 1, 0, NOON - OFF_BELIEVED - 1),
        (NOON - MINUTE, -NOON, NOON - MINUTE),
        (NOON - MINUTE, YEAR, NOON - MINUTE),
        (NOON + YEAR, 0, NOON + YEAR),
    ],
)
def test_after_a_loss_of_power_the_clock_is_believed_near_the_journals_end_only(journalled, wrong, believed):
    keeper, (note,) = started(journalled, wrong)
    assert note.kind == "clock-unsure" and keeper.unsure
    assert keeper.now(moment(0, wrong)) == believed


def test_another_process_of_the_same_boot_goes_on_by_the_steady_clock():
    kept = load_anchor(dump_anchor(Anchor("b2", NOON - HOUR, -HOUR, strong=True)))
    keeper, notes = started(NOON - 5 * MINUTE, YEAR, kept=kept)
    assert notes == []
    assert keeper.unsure is False
    assert keeper.now(moment(MINUTE, YEAR)) == NOON + MINUTE
    assert started(kept=Anchor("b1", NOON - HOUR, -HOUR))[0].unsure, "another boot: its steady clock means nothing here"


def test_a_process_that_none_followed_for_days_is_no_witness():
    kept = Anchor("b2", NOON - 5 * DAY, -5 * DAY, seen=-2 * DAY)
    keeper, notes = started(NOON - 2 * DAY, YEAR, kept=kept)
    assert keeper.unsure and notes[0].kind == "clock-unsure" and keeper.now(moment(0, YEAR)) == NOON - 2 * DAY


def test_that_the_process_lives_is_kept_each_hour():
    keeper, _ = started(journalled=0)
    for minutes in range(0, 150, 10):
        keeper.look(moment(minutes * MINUTE))
    assert (keeper.anchor.steady, keeper.anchor.seen) == (0, 2 * HOUR)


def test_a_receipt_says_how_long_the_gateway_was_off():
    keeper, _ = started(NOON - 3 * DAY, -YEAR)
    (note,) = keeper.receipt(moment(20 * SECOND, -YEAR), NOON + 20 * SECOND, 19 * SECOND)
    assert note == ("clock-set", "by the server, by +3 days")
    assert (keeper.now(moment(MINUTE, -YEAR)), keeper.unsure) == (NOON + MINUTE, False)


def test_receipts_that_are_held_back_make_time_neither_earlier_nor_later():
    keeper, _ = started(journalled=0)
    assert keeper.receipt(moment(DAY), NOON + HOUR, None) == []
    assert keeper.receipt(moment(DAY), NOON + HOUR, HOUR) == [], "answered at once, and held back for a day"
    assert keeper.now(moment(DAY)) == NOON + DAY


@pytest.mark.parametrize("asked", [10 * SECOND, None])
def test_a_receipt_that_was_held_back_does_not_keep_the_next_one_from_being_believed(asked):
    keeper, _ = started(NOON - 3 * DAY, -YEAR)
    keeper.receipt(moment(HOUR, -YEAR), NOON + 10 * SECOND, asked)
    keeper.receipt(moment(2 * HOUR, -YEAR), NOON + 2 * HOUR, 2 * HOUR - SECOND)
    assert keeper.now(moment(3 * HOUR, -YEAR)) == NOON + 3 * HOUR


def test_of_a_receipt_that_waited_for_a_day_no_more_is_taken_than_it_can_say():
    keeper, _ = started(journalled=NOON, wrong=10 * MINUTE)
    keeper.receipt(moment(DAY, 10 * MINUTE), NOON + SECOND, 0)
    assert keeper.now(moment(DAY, 10 * MINUTE)) == NOON + DAY + SECOND


def test_an_answer_puts_right_what_has_drifted_and_the_next_one_is_believed_too():
    keeper, _ = started(journalled=0)
    keeper.receipt(moment(HOUR), NOON + HOUR, HOUR - SECOND)
    late = 14 * DAY
    # So long after the last answer the wall clock is believed to be right within minutes.
    assert keeper.now(moment(late, 4 * MINUTE)) == NOON + late + 4 * MINUTE
    for hours in range(3):
        now = moment(late + hours * HOUR, 4 * MINUTE)
        keeper.receipt(now, NOON + late + hours * HOUR, now.steady - SECOND)
        assert keeper.now(now) == NOON + late + hours * HOUR


def test_a_server_that_tells_a_year_later_is_not_believed_by_who_was_awake():
    keeper, _ = started(journalled=0)
    keeper.receipt(moment(HOUR), NOON + HOUR, HOUR - SECOND)
    (note,) = keeper.receipt(moment(2 * HOUR), NOON + YEAR, 2 * HOUR - SECOND)
    assert note.kind == "clock-differs"
    assert keeper.receipt(moment(3 * HOUR), NOON + YEAR, 3 * HOUR - SECOND) == []
    assert keeper.now(moment(3 * HOUR)) == NOON + 3 * HOUR


def test_two_servers_that_tell_this_and_that_are_told_of_once_an_hour():
    keeper, _ = started(journalled=0)
    keeper.receipt(moment(HOUR), NOON + HOUR, HOUR - SECOND)
    told = [
        keeper.receipt(moment(at), NOON + at + 5 * MINUTE * (at // SECOND % 2), at - SECOND)
        for at in range(HOUR + SECOND, 3 * HOUR, 61 * SECOND)
    ]
    assert sum(map(len, told)) == 2


def test_a_first_clock_that_was_a_year_ahead_is_put_right_by_an_answer():
    keeper, _ = started(journalled=0, wrong=YEAR)
    assert keeper.receipt(moment(MINUTE, YEAR), NOON + MINUTE, None) == [], "it may be from a year ago"
    (note,) = keeper.receipt(moment(MINUTE, YEAR), NOON + MINUTE, MINUTE - SECOND)
    assert note.kind == "clock-set"
    assert keeper.now(moment(HOUR, YEAR)) == NOON + HOUR


def test_a_server_before_the_journals_end_is_followed_and_so_is_the_next_that_is_right():
    keeper, _ = started()
    keeper.receipt(moment(MINUTE), NOON - YEAR, MINUTE - SECOND)
    assert keeper.now(moment(2 * MINUTE)) == NOON - YEAR + MINUTE
    keeper.receipt(moment(HOUR), NOON + HOUR, HOUR - SECOND)
    assert keeper.now(moment(2 * HOUR)) == NOON + 2 * HOUR


def test_a_server_that_tells_an_earlier_time_again_and_again_binds_nobody():
    keeper, _ = started(journalled=0)
    for hours in (3, 5):
        keeper.receipt(moment(hours * HOUR), NOON + hours * HOUR - DAY, hours * HOUR - SECOND)
    assert keeper.now(moment(6 * HOUR)) == NOON + 6 * HOUR - DAY
    keeper.receipt(moment(6 * HOUR), NOON + 6 * HOUR, 6 * HOUR - SECOND)
    assert keeper.now(moment(7 * HOUR)) == NOON + 7 * HOUR


def test_a_clock_that_staff_have_overruled_is_not_told_of_as_one_that_stepped():
    keeper, _ = started(journalled=0)
    keeper.told(moment(HOUR), NOON + 3 * HOUR, "Kim")
    assert keeper.look(moment(HOUR + SECOND)) == []


def test_staff_say_what_time_it_is():
    keeper, _ = started(NOON - 3 * DAY, -NOON)
    (note,) = keeper.told(moment(0, -NOON), NOON, "Kim")
    assert note == ("clock-set", "by Kim, by +3 days")
    assert (keeper.now(moment(HOUR, -NOON)), keeper.unsure) == (NOON + HOUR, False)


def test_the_anchor_is_new_each_hour_so_that_drift_does_not_add_up():
    keeper, _ = started(journalled=0)
    for hour in range(1, 24 * 60):
        now = moment(hour * HOUR)
        keeper.receipt(now, now.now, now.steady - SECOND)
    assert keeper.now(moment(24 * 60 * HOUR, NEAR + 2 * MINUTE)) == NOON + 24 * 60 * HOUR


def paused(passed, stood, wrong=0):
    """The machine has stood still for a time, and its steady clock with it."""
    return Moment(NOON + passed + stood + wrong, passed / SECOND)


def answered(keeper, at, told):
    return keeper.receipt(at, told, at.steady - SECOND)


@pytest.mark.parametrize("stood", [10 * MINUTE, 3 * HOUR, 20 * DAY])
def test_a_machine_that_stood_still_goes_on_from_the_time_that_the_server_and_its_clock_agree_on_for_minutes(stood):
    keeper, _ = started(journalled=0)
    answered(keeper, moment(HOUR), NOON + HOUR)
    step = [note.kind for note in keeper.look(paused(HOUR + MINUTE, stood))]
    assert step == ["clock-stepped", "clock-unsure"] and keeper.unsure
    codes = []
    for passed in range(HOUR + MINUTE, HOUR + 7 * MINUTE, 30 * SECOND):
        now = paused(passed, stood)
        before = keeper.now(now)
        codes += [note.kind for note in answered(keeper, now, now.now)]
        assert "clock-set" in codes or keeper.now(now) == before == NOON + passed
    assert codes == ["clock-differs", "clock-set"] and not keeper.unsure
    assert keeper.now(paused(DAY, stood)) == NOON + DAY + stood
    assert keeper.anchor.strong


@pytest.mark.parametrize("wrong", [-3 * HOUR, HOUR, 60 * DAY])
def test_a_server_whose_time_the_clock_does_not_tell_too_is_not_believed(wrong):
    keeper, _ = started(journalled=0)
    answered(keeper, moment(HOUR), NOON + HOUR)
    for passed in range(HOUR + MINUTE, DAY, MINUTE):
        keeper.look(paused(passed, 3 * HOUR))
        answered(keeper, paused(passed, 3 * HOUR), NOON + passed + 3 * HOUR + wrong)
    assert keeper.now(paused(DAY, 3 * HOUR)) == NOON + DAY


@pytest.mark.parametrize("by", [-3 * HOUR, 60 * DAY])
def test_a_clock_and_a_server_that_agree_on_what_can_not_be_are_not_believed(by):
    keeper, _ = started(journalled=0)
    answered(keeper, moment(HOUR), NOON + HOUR)
    for passed in range(HOUR + MINUTE, 3 * HOUR, MINUTE):
        now = paused(passed, by)
        keeper.look(now)
        answered(keeper, now, now.now)
    assert keeper.now(paused(3 * HOUR, by)) == NOON + 3 * HOUR


def test_a_server_that_says_that_the_steady_clock_is_right_ends_the_doubt():
    keeper, _ = started(journalled=0)
    answered(keeper, moment(HOUR), NOON + HOUR)
    keeper.look(moment(HOUR + MINUTE, 3 * HOUR))
    assert keeper.receipt(moment(HOUR + 2 * MINUTE, 3 * HOUR), NOON, None) == [] and keeper.unsure
    (note,) = answered(keeper, moment(HOUR + 2 * MINUTE, 3 * HOUR), NOON + HOUR + 2 * MINUTE)
    assert note.kind == "clock-set" and not keeper.unsure and keeper.anchor.strong
    assert keeper.look(moment(HOUR + 3 * MINUTE, 3 * HOUR)) == []


def test_a_few_answers_at_once_are_no_witness():
    keeper, _ = started(journalled=0)
    answered(keeper, moment(HOUR), NOON + HOUR)
    for second in range(60):
        now = paused(HOUR + MINUTE + second * SECOND, 3 * HOUR)
        answered(keeper, now, now.now)
    assert keeper.now(now) == NOON + HOUR + MINUTE + 59 * SECOND

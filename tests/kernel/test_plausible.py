"""What a register can be: the fuse and the time know the most that can have flowed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.kernel.plausible import (
    BACKWARDS,
    FALLEN,
    JUMPED,
    NO_VALUE,
    RETURNED,
    SLACK,
    TRUE,
    UNSEEN,
    Base,
    Below,
    Former,
    judge,
    most,
)
from prewatt.kernel.units import DAY, HOUR, MINUTE

FUSE = 15_000
BASE = Base(5_000_000, 0)
QUARTER = 15 * MINUTE


@pytest.mark.parametrize(
    ("register", "cause"),
    [
        (5_000_000, TRUE),
        (5_003_750, TRUE),
        (5_000_000 + 3750 * 11 // 10 + SLACK, TRUE),
        (5_000_001 + 3750 * 11 // 10 + SLACK, JUMPED),
        (10_000_000, JUMPED),
        (4_999_999, BACKWARDS),
        (4_997_000, BACKWARDS),
        (0, FALLEN),
        (2**31 - 1, NO_VALUE),
        (2**32 - 1, NO_VALUE),
        ((2**31 - 1) * 10, NO_VALUE),
        (2**64 - 1, NO_VALUE),
        (-1, NO_VALUE),
        (10**12 + 1, NO_VALUE),
    ],
)
def test_a_register_after_a_quarter_of_an_hour(register, cause):
    assert judge(BASE, register, QUARTER, FUSE).cause == cause


def test_a_value_that_stands_for_none_is_one_that_a_register_may_come_to():
    before = Base(2**31 - 100, 0)
    assert judge(before, 2**31 - 1, QUARTER, FUSE) == (TRUE, 99)


@pytest.mark.parametrize(("before", "cause"), [(999_999_900, TRUE), (999_000_000, FALLEN), (500_000_000, FALLEN)])
def test_a_counter_begins_anew_only_from_near_its_end(before, cause):
    found = judge(Base(before, 0), 50, QUARTER, FUSE, end=10**9)
    assert found == (cause, 150 if cause == TRUE else 0)


def test_a_counter_of_unknown_width_that_is_at_nought_again_is_doubted():
    assert judge(Base(999_999_900, 0), 50, QUARTER, FUSE).cause == FALLEN


def test_a_balcony_of_solar_panels_runs_a_register_back_as_far_as_the_fuse_lets_it():
    assert judge(BASE, 5_000_000 - 12_000, QUARTER, FUSE).cause == FALLEN
    assert judge(BASE, 5_000_000 - 12_000, QUARTER, FUSE, below=Below(1 - DAY, None)).cause == BACKWARDS


def test_a_register_under_its_base_falls_no_faster_than_energy_flows_however_long_it_stood_there():
    under = Base(4_990_000, 30 * DAY)
    later = 30 * DAY + QUARTER
    assert judge(BASE, 4_988_000, later, FUSE, below=Below(1, under)).cause == BACKWARDS
    assert judge(BASE, 0, later, FUSE, below=Below(1, under)).cause == FALLEN


def test_who_does_not_know_how_long_it_was_off_takes_what_a_month_can_bring():
    assert judge(BASE, 5_080_000, QUARTER, FUSE, gap=0) == (UNSEEN, 80_000)
    assert judge(BASE, 5_000_000 + most(FUSE, 32 * DAY), QUARTER, FUSE, gap=0).cause == JUMPED


def test_a_register_that_comes_back_after_an_error_goes_on_where_it_stood():
    former = Former(Base(5_000_000, 0), 20, QUARTER)
    wrong = Base(20, QUARTER)
    assert judge(wrong, 5_000_300, 2 * QUARTER, FUSE, formers=(former,)) == (RETURNED, 280)
    long_wrong = Base(20, 2 * DAY)
    assert judge(long_wrong, 5_000_300, 2 * DAY + QUARTER, FUSE, formers=(former,)).cause == JUMPED, "too long ago"
    assert judge(wrong, 9_000_000, 2 * QUARTER, FUSE, formers=(former,)).cause == JUMPED


def test_a_register_that_fell_a_little_and_comes_back_at_once_is_not_charged_twice():
    former = Former(Base(5_000_000, 0), 60, QUARTER)
    fallen = Base(4_997_060, QUARTER)
    assert judge(fallen, 5_000_100, 2 * QUARTER, FUSE, formers=(former,)) == (RETURNED, 40)
    assert judge(fallen, 4_997_160, 2 * QUARTER, FUSE, formers=(former,)) == (TRUE, 100)
    # A last digit that jitters does not make it another one.
    assert judge(fallen, 5_000_030, 2 * QUARTER, FUSE, formers=(former,)).cause == RETURNED
    # Step by step it comes over where it stood, as one does that has lost what it had counted.
    passing = Base(4_999_990, QUARTER)
    counted = Former(Base(5_000_000, 0), 2_990, QUARTER)
    assert judge(passing, 5_000_090, 2 * QUARTER, FUSE, formers=(counted,)) == (TRUE, 100)


def test_of_several_bases_a_register_returns_to_the_one_that_charges_least():
    first, nought = Former(Base(8_000, 0), 0, QUARTER), Former(Base(0, QUARTER), 0, 2 * QUARTER)
    wrong = Base(300_000_000, 2 * QUARTER)
    assert judge(wrong, 8_100, 3 * QUARTER, FUSE, formers=(first, nought)) == (RETURNED, 100)
    assert judge(wrong, 60, 3 * QUARTER, FUSE, formers=(first, nought)) == (RETURNED, 60)


def test_of_a_month_that_may_have_passed_a_return_takes_no_more_than_the_new_base_would():
    former = Former(Base(5_000_000, 0), 0, QUARTER)
    assert judge(Base(20, QUARTER), 5_080_000, 2 * QUARTER, FUSE, formers=(former,), gap=QUARTER) == (RETURNED, 80_000)
    higher = Base(5_900_000, QUARTER)
    assert judge(higher, 5_910_000, 2 * QUARTER, FUSE, formers=(former,), gap=0).cause == JUMPED


def test_a_register_that_comes_down_from_an_error_returns_however_long_it_was_off():
    former, error = Former(Base(5_000_000, 0), 0, QUARTER), Base(300_000_000, QUARTER)
    assert judge(error, 5_080_000, 2 * QUARTER, FUSE, formers=(former,)).cause == FALLEN, "its time is known"
    assert judge(error, 5_080_000, 2 * QUARTER, FUSE, formers=(former,), gap=0) == (RETURNED, 80_000)
    assert judge(error, 5_000_000 + most(FUSE, 32 * DAY), 2 * QUARTER, FUSE, formers=(former,), gap=0).cause == FALLEN


def test_a_counter_that_may_have_come_over_its_end_unseen_is_doubted_after_an_error_as_without_one():
    near, error = Former(Base(999_950_000, 0), 0, QUARTER), Base(300_000_000, QUARTER)
    assert judge(near.base, 50, 2 * QUARTER, FUSE, end=10**9, gap=0).cause == FALLEN
    assert judge(error, 50, 2 * QUARTER, FUSE, end=10**9, formers=(near,), gap=0).cause == FALLEN


@given(st.integers(0, 10**9), st.integers(-(2**63), 2**64), st.integers(0, 400 * DAY), st.integers(100, 10**6))
def test_no_more_is_believed_than_can_have_flowed(before, register, elapsed, fuse):
    found = judge(Base(before, 0), register, elapsed, fuse)
    assert found.energy <= fuse * elapsed / HOUR * 1.1 + SLACK
    if found.cause == TRUE:
        assert found.energy == register - before

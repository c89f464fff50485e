"""Shares sum to the amount, whoever is listed first, and nobody's is negative."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.kernel.allocation import WHOLE, NoBaseError, apportion, apportion_mix

amounts = st.integers(0, 10**15)
weights = st.dictionaries(st.integers(0, 300), st.integers(0, 10**9), min_size=1, max_size=40)


@given(amounts, weights.filter(lambda found: sum(found.values())), st.randoms())
def test_shares_sum_to_the_amount_and_do_not_depend_on_the_order(amount, weights, random):
    shares = apportion(amount, weights)
    assert sum(shares.values()) == amount
    assert min(shares.values()) >= 0
    listed = list(weights.items())
    random.shuffle(listed)
    assert apportion(amount, dict(listed)) == shares
    assert list(shares) == sorted(weights)


@given(amounts, weights.filter(lambda found: sum(found.values())))
def test_a_share_is_within_one_of_the_exact_one_and_a_larger_weight_has_no_smaller_share(amount, weights):
    shares, total = apportion(amount, weights), sum(weights.values())
    for key, weight in weights.items():
        assert abs(shares[key] - Fraction(amount * weight, total)) < 1
        assert shares[key] == 0 or weight > 0
    ordered = sorted(weights, key=lambda key: (weights[key], -key))
    assert [shares[key] for key in ordered] == sorted(shares.values())


@given(
    amounts,
    st.lists(st.integers(0, 100), min_size=5, max_size=5).filter(sum),
    st.lists(st.tuples(*[st.integers(1, 10**6)] * 5), min_size=1, max_size=30),
    st.randoms(),
)
def test_a_mix_sums_to_the_amount_and_does_not_depend_on_the_order(amount, parts, rows, random):
    percents = apportion(WHOLE, dict(enumerate(parts)))
    mix = [(percents[basis], {unit: row[basis] for unit, row in enumerate(rows)}) for basis in range(5)]
    shares = apportion_mix(amount, mix)
    assert sum(shares.values()) == amount
    assert min(shares.values()) >= 0
    units = list(range(len(rows)))
    random.shuffle(units)
    assert apportion_mix(amount, [(part, {unit: found[unit] for unit in units}) for part, found in mix]) == shares


def test_a_unit_of_a_third_goes_to_the_first_keys():
    assert apportion(100, {"c": 1, "b": 1, "a": 1}) == {"a": 34, "b": 33, "c": 33}


@pytest.mark.parametrize("weights", [{}, {1: 0}, {1: 0, 2: 0}])
def test_without_a_base_there_is_nothing_to_divide_by(weights):
    with pytest.raises(NoBaseError):
        apportion(5, weights)


def test_a_mix_names_the_part_that_has_no_base():
    with pytest.raises(NoBaseError) as caught:
        apportion_mix(5, [(WHOLE // 2, {1: 1}), (WHOLE // 2, {1: 0})])
    assert caught.value.args[1] == 1
    with pytest.raises(ValueError, match="sum to 999999"):
        apportion_mix(5, [(WHOLE - 1, {1: 1})])
    # A part of nothing needs no base.
    assert apportion_mix(5, [(WHOLE, {1: 1}), (0, {1: 0})]) == {1: 5}


def test_nothing_is_negative():
    for amount, weight in ((-1, 1), (1, -1)):
        with pytest.raises(ValueError, match="negative"):
            apportion(amount, {1: weight, 2: 5})

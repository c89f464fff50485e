"""Codes of prewatt's own: each carries what it is made for exactly, or is not made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.tokens import (
    Algorithm,
    CodeError,
    EmergencyCode,
    NotCarried,
    PinCode,
    Proprietary,
    RestoreAmount,
    RestoreBoth,
    RestoreTime,
    Switch,
    Switching,
    cipher,
    decode,
    encode,
    pack,
    unpack,
)

METER = cipher(Algorithm.MISTY1, bytes(range(16)))
tids = st.integers(0, (1 << 24) - 1)
amounts = st.one_of(st.integers(1, 10_000), st.integers(100, 1000).map(lambda whole: whole * 100))
hours = st.one_of(st.integers(1, 48), st.integers(3, 31).map(lambda days: days * 24))
own = st.one_of(
    st.builds(Switch, tids, st.sampled_from(Switching)),
    st.builds(RestoreTime, tids, st.integers(1, 31 * 24 * 60 + 1)),
    st.builds(RestoreAmount, tids, st.integers(1, 1_000_000)),
    st.builds(RestoreBoth, tids, amounts, hours),
    st.builds(EmergencyCode, tids, amounts, st.integers(1, 31)),
    st.builds(PinCode, tids, st.integers(0, 999_999)),
)


@given(own)
def test_a_code_carries_exactly_what_it_is_made_for(made):
    digits = encode(pack(made), METER)
    assert len(digits) == 20 and unpack(decode(digits, METER)) == made


@given(tids, st.integers(11, 15), st.integers(0, (1 << 20) - 1))
def test_whatever_bits_a_code_has_it_is_one_thing_or_none(tid, subclass, value):
    token = Proprietary(subclass, tid, value)
    assert decode(encode(token, METER), METER) == token
    try:
        meaning = unpack(token)
    except CodeError as error:
        assert error.reason == "class"
    else:
        assert pack(meaning) == token


@pytest.mark.parametrize(
    ("made", "what"),
    [
        (RestoreTime(1, 0), "end"),
        (RestoreTime(1, 31 * 24 * 60 + 2), "end"),
        (RestoreAmount(1, 0), "amount"),
        (RestoreAmount(1, 1_000_001), "amount"),
        (RestoreBoth(1, 0, 1), "amount"),
        (RestoreBoth(1, 10_001, 1), "amount"),
        (RestoreBoth(1, 100_100, 1), "amount"),
        (RestoreBoth(1, 500, 0), "end"),
        (RestoreBoth(1, 500, 49), "end"),
        (RestoreBoth(1, 500, 32 * 24), "end"),
        (EmergencyCode(1, 10_050, 7), "amount"),
        (EmergencyCode(1, 500, 0), "days"),
        (EmergencyCode(1, 500, 32), "days"),
        (PinCode(1, 1_000_000), "pin"),
    ],
)
def test_what_can_not_be_carried_is_not_rounded(made, what):
    with pytest.raises(NotCarried) as refused:
        pack(made)
    assert refused.value.reason == what

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.kernel.units import (
    INT64_MAX,
    MICRO,
    PRICE_MAX,
    exact_kwh,
    exact_money,
    exact_price,
    instant,
    moment,
    parse_kwh,
    parse_money,
    parse_price,
    round_money,
)

int64 = st.integers(-INT64_MAX, INT64_MAX)


@given(int64)
def test_what_is_printed_exactly_reads_back(value):
    assert parse_money(exact_money(value)) == value
    assert parse_kwh(exact_kwh(value)) == value


@given(st.integers(0, 10**9))
def test_prices_read_back(micro):
    assert parse_price(exact_price(micro), PRICE_MAX) == micro


def test_micro_times_wh_is_nano():
    assert parse_price("0.087", PRICE_MAX) * parse_kwh("1.234") == parse_money("0.107358")


@pytest.mark.parametrize(
    "text",
    [
        "", "abc", "NaN", "Infinity", "-inf", "1e99", "1e2", "0.0000000001", "1,5", "99999999999", "--1", "+5", "５", "٥", "1_000",
        "1.", ".5", "1 000", "0x10", "²", "9" * 6000, "0." + "0" * 6000, "1\x00",
    ],
)  # fmt: skip
def test_nonsense_is_refused_by_name(text):
    with pytest.raises(ValueError, match="amount"):
        parse_money(text)


@pytest.mark.parametrize("text", ["-0.1", "1000.1", "0.0000001", "x"])
def test_a_price_that_cannot_be_is_refused(text):
    with pytest.raises(ValueError, match="price"):
        parse_price(text, 1000 * MICRO)


@given(int64, st.integers(0, 4))
def test_rounding_is_half_even_and_never_off_by_more_than_half_a_unit(nano, digits):
    rounded = Decimal(round_money(nano, digits))
    assert abs(rounded - Decimal(nano).scaleb(-9)) <= Decimal(1).scaleb(-digits) / 2


def test_half_even():
    assert [round_money(nano * 10**6, 2) for nano in (5, 15, 25, -5)] == ["0.00", "0.02", "0.02", "0.00"]


@given(st.integers(-(10**8), 10**8))
def test_what_rounds_to_nothing_has_no_sign(nano):
    text = round_money(nano, 2)
    assert text == "0.00" or text.strip("-0.")


@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_instants_read_back(at):
    assert moment(instant(at)) == at


def test_an_instant_knows_offsets_and_refuses_none():
    assert instant(datetime(1970, 1, 1, 10, tzinfo=timezone(timedelta(hours=10)))) == 0
    with pytest.raises(ValueError, match="time zone"):
        instant(datetime(1970, 1, 1))  # noqa: DTZ001

"""How many decimals a currency has, and how an amount in it is printed."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.kernel.currencies import (
    MINOR_DIGITS,
    NO_CURRENCY,
    UnknownCurrency,
    format_exact,
    format_money,
    format_signed,
    minor_digits,
    minor_unit,
    to_minor,
)
from prewatt.kernel.units import INT64_MAX, NANO, parse_money

int64 = st.integers(-INT64_MAX, INT64_MAX)
currencies = st.sampled_from(sorted(MINOR_DIGITS))


@pytest.mark.parametrize(
    ("currency", "digits"),
    [("JPY", 0), ("ISK", 0), ("EUR", 2), ("MGA", 2), ("KWD", 3), ("IQD", 3), ("CLF", 4), ("UYW", 4)],
)
def test_the_decimals_of_a_currency_are_those_of_iso_4217(currency, digits):
    assert minor_digits(currency) == digits
    assert minor_unit(currency) * 10**digits == NANO


def test_every_currency_is_listed_once():
    assert len(MINOR_DIGITS) == 165 + 6  # in use, and withdrawn of late
    assert [list(MINOR_DIGITS.values()).count(digits) for digits in (0, 3, 4)] == [17, 7, 2]


@pytest.mark.parametrize("code", ["", "XAU", NO_CURRENCY, "eur", "EURO", "ABC"])
def test_no_minor_unit_is_made_up(code):
    for ask in (minor_digits, minor_unit, lambda code: to_minor(0, code)):
        with pytest.raises(UnknownCurrency, match="ISO 4217"):
            ask(code)


@pytest.mark.parametrize(
    ("currency", "printed"),
    [
        ("JPY", ["1000", "0", "0", "-2", "12"]),
        ("EUR", ["1000.00", "0.12", "0.00", "-1.50", "12.35"]),
        ("KWD", ["1000.000", "0.125", "0.000", "-1.500", "12.346"]),
        ("CLF", ["1000.0000", "0.1250", "0.0004", "-1.5000", "12.3457"]),
        (NO_CURRENCY, ["1000", "0.125", "0.0004", "-1.5", "12.3456789"]),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency(currency, printed):
    amounts = [parse_money(text) for text in ("1000", "0.125", "0.0004", "-1.5", "12.3456789")]
    assert [format_money(amount, currency) for amount in amounts] == printed


def test_half_a_unit_goes_to_the_even_one():
    assert [format_money(nano * 10**6, "EUR") for nano in (5, 15, 25, -5)] == ["0.00", "0.02", "0.02", "0.00"]
    assert [format_money(nano * 10**8, "JPY") for nano in (5, 15, 25, -5)] == ["0", "2", "2", "0"]


def test_an_amount_without_a_currency_is_refused():
    for printing in (format_money, format_signed, format_exact):
        with pytest.raises(ValueError, match="without its currency"):
            printing(1, "")


@given(st.integers(-2 * NANO, 2 * NANO), currencies)
def test_what_rounds_to_nothing_has_no_sign(nano, currency):
    text = format_money(nano, currency)
    assert text.strip("0.") or text[0] == "0"
    plus = "+" if nano > 0 and text.strip("0.") else ""
    assert format_signed(nano, currency) == f"{plus}{text}"


@given(int64, currencies)
def test_printed_amounts_are_off_by_half_a_minor_unit_at_most_and_read_back_exactly(nano, currency):
    printed, digits = format_money(nano, currency), minor_digits(currency)
    assert len(printed.partition(".")[2]) == digits
    assert 2 * abs(Decimal(printed).scaleb(9) - nano) <= minor_unit(currency)
    assert Decimal(format_signed(nano, currency)) == Decimal(printed)
    exact = format_exact(nano, currency)
    assert parse_money(exact) == nano
    assert len(exact.partition(".")[2]) >= digits


@given(int64, currencies)
def test_minor_units_count_an_amount_exactly_or_not_at_all(nano, currency):
    unit = minor_unit(currency)
    assert to_minor(nano // unit * unit, currency) == nano // unit
    if nano % unit:
        with pytest.raises(ValueError, match=currency):
            to_minor(nano, currency)


def test_an_exact_amount_that_rounds_to_more_places_stays_exact():
    assert format_exact(parse_money("9.996"), "EUR") == "9.996"
    assert format_exact(parse_money("9.5"), "JPY") == "9.5"
    assert format_exact(parse_money("9.5"), "KWD") == "9.500"

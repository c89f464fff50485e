"""Numbers as people and banks write them."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import prewatt
from prewatt.amounts import CURRENCY_NAMES, CURRENCY_SIGNS, Ambiguous, NoAmount, decimal_sign, read_amount, read_number
from prewatt.kernel.currencies import MINOR_DIGITS


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("20", "20"), ("20.00", "20"), ("20,00", "20"), ("1.234,50", "1234.50"), ("1,234.50", "1234.50"),
        ("1 234,50", "1234.50"), ("1\u00a0234,50", "1234.50"), ("1\u202f234,5", "1234.5"), ("1'234.50", "1234.50"),
        ("1’234.50", "1234.50"), ("1.234.567", "1234567"), ("1,234,567", "1234567"), ("1,50,000.00", "150000"),
        ("５", "5"), ("５．５", "5.5"), ("٥", "5"), ("-20.00", "-20"), ("−20,00", "-20"), ("–20,00", "-20"),
        ("1234,-", "1234"), ("1234,--", "1234"), ("1.234,-", "1234"), ("500,– kr.", "500"), ("-500,-", "-500"), ("500.-", "500"),
        ("1.234,00-", "-1234"), ("450,00-", "-450"), ("450,00 -", "-450"), ("($90.00)", "-90"), ("(90.00)", "-90"), ("$(90.00)", "-90"),
        ("+5", "5"), ("5+", "5"), ("€ 20,00", "20"), ("20,00 €", "20"), ("1.000,00 EUR", "1000"), ("EUR 20.00", "20"),
        ("EUR -20.00", "-20"), ("-EUR 20.00", "-20"), ("¥20.00", "20"), ("20.00元", "20"), ("CHF 1'000.05", "1000.05"),
        ("US$ 5.00", "5"), ("5.00 kr.", "5"), ("KSh1,500.00", "1500"), ("0.125", "0.125"), ("0,125", "0.125"),
        (".5", "0.5"), (",5", "0.5"), ("1234.567", "1234.567"), ("5.", "5"), ("\u200e20.00", "20"),
        ("S/ 1,500.00", "1500"), ("S/.5.00", "5"), ("-R$ 5,00", "-5"), ("1 500,00 Kč", "1500"), ("₸1.500,00", "1500"), ("GH₵5.00", "5"),
        ("Rp1.500.000,00", "1500000"), ("5.00₼", "5"),
        ("0.0001", "0.0001"), ("٠٫٢٥", "0.25"), ("١٬٢٣٤٫٥", "1234.5"), ("00.123", "0.123"), ("1,234,567.891", "1234567.891"),
    ],
)  # fmt: skip
def test_a_number_is_read_as_it_is_written(text: str, wanted: str) -> None:
    assert read_number(text) == Decimal(wanted)


@pytest.mark.parametrize("text", ["1.234", "1,234", "-1,234", "12.345", "999.000", "EUR 1,234"])
def test_a_number_that_can_be_read_in_two_ways_is_not_guessed(text: str) -> None:
    with pytest.raises(Ambiguous):
        read_number(text)


def test_what_is_known_of_the_file_or_the_language_settles_it() -> None:
    assert read_number("1.234", ".") == Decimal("1.234")
    assert read_number("1.234", ",") == 1234
    assert read_number("1,234", ".") == 1234
    with pytest.raises(NoAmount):
        read_number("20,00", ".")
    assert decimal_sign(["1.234", "7", "20,00", "x"]) == ","
    assert decimal_sign(["1.234", "20,00", "20.00"]) == ""
    assert decimal_sign(["1.234", "1.234.567"]) == ","


@pytest.mark.parametrize(
    ("text", "decimal", "digits", "wanted"),
    [
        ("1,234", "", 0, "1234"), ("1.234", "", 0, "1234"), ("¥1,234", ".", 0, "1234"), ("-1,234", ",", 0, "-1234"),
        ("1,234.00", "", 0, "1234"), ("1.234.567", "", 0, "1234567"), ("1.500", "", 3, "1.5"), ("1,500", ",", 3, "1.5"),
        ("1,500.250", "", 3, "1500.25"), ("1.500", ",", 3, "1500"), ("1,234", ".", 2, "1234"), ("20,50", ".", 2, "20.5"),
        ("20", "", 3, "20"), ("1,500", "", 3, None), ("1,234", "", 2, None), ("1.234", "", 2, None), ("1.234", "", None, None),
    ],
)  # fmt: skip
def test_the_decimals_of_a_currency_settle_what_number_and_file_leave_open(
    text: str, decimal: str, digits: int | None, wanted: str | None
) -> None:
    if wanted is not None:
        assert read_amount(text, decimal, digits) == Decimal(wanted)
        return
    with pytest.raises(Ambiguous):
        read_amount(text, decimal, digits)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "-", "abc", "1e2", "1E2", "0x10", "NaN", "inf", "1,2,3", "1.2.3", "12,34,5", "--5", "5-5", "5,---", "5,-5", "5--",
        "1..2", "1.,2", ".", ",",
        "20 00 EUR x", "½", "²", "5²", "(-5)", "-5-", "5)", "(5", "20 00", "1" * 60, "()", "5%", "1/2", "=5", "1,23,456.78,9",
        "1.234,567,8", "五",
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(NoAmount):
        read_number(text)


@settings(deadline=None)
@given(
    st.decimals(-(10**9), 10**9, places=2, allow_nan=False),
    st.sampled_from(["{:,.2f}", "de", "ch", "fr"]),
    st.sampled_from(["{}", "{} EUR", "€{}"]),
)
def test_what_a_country_writes_is_read_back(number: Decimal, country: str, currency: str) -> None:
    text = f"{number:,.2f}"
    if country == "de":
        text = text.translate(str.maketrans(",.", ".,"))
    elif country == "ch":
        text = text.replace(",", "’")
    elif country == "fr":
        text = text.translate(str.maketrans(",.", "\u202f,"))
    assert read_number(currency.format(text)) == number


@settings(deadline=None)
@given(st.text(max_size=50))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    with suppress(NoAmount):
        assert read_number(text).is_finite()


def test_the_signs_of_currencies_stand_in_one_table():
    assert {code for codes in (*CURRENCY_SIGNS.values(), *CURRENCY_NAMES.values()) for code in codes} <= set(
        MINOR_DIGITS
    )
    source = Path(prewatt.__file__).parent
    tables = [path for path in source.rglob("*.py") if '"€"' in path.read_text(encoding="utf-8")]
    # The gateway's are what each of its languages writes: tests/edge/test_quantities.py compares them with the Unicode CLDR.
    assert set(tables) == {source / "amounts.py", source / "edge" / "quantities.py"}

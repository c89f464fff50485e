"""Numbers, amounts and days are written as the language does, and exactly."""

import re
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

import prewatt
from prewatt.kernel.units import NANO, exact_money
from prewatt.server.core import local_forms
from prewatt.server.core.local_forms import PATTERNS, SKELETONS
from prewatt.server.core.plain_numbers import in_field
from prewatt.server.core.typed_numbers import typed_number

DAY = date(2013, 10, 6)


@pytest.mark.parametrize(
    ("language", "number", "money", "day", "wall"),
    [
        ("en", "-1,234,567.5", "12.50 EUR", "6 October 2013", "6 Oct, 13:30"),
        ("de", "-1.234.567,5", "12,50\xa0€", "6. Oktober 2013", "6. Okt., 13:30"),
        ("zh-hans", "-1,234,567.5", "12.50\xa0€", "2013年10月6日", "10月6日 13:30"),
        ("hi", "-12,34,567.5", "12.50\xa0€", "6 अक्टूबर 2013", "6 अक्टू॰, 13:30"),
    ],
)
def test_each_language_writes_in_its_own_way(language, number, money, day, wall):
    with override(language):
        assert local_forms.number("-1234567.5") == number
        assert local_forms.money_with_code(12_500_000_000, "EUR") == money
        assert local_forms.day(DAY, "j F Y") == day
        assert local_forms.moment(datetime.combine(DAY, time(13, 30)), "j M, H:i") == wall


@given(st.integers(-(2**63), 2**63), st.sampled_from(["en", "de", "hi", "zh-hans"]))
def test_no_digit_is_lost_or_rounded(nano, language):
    """Read with the language's own signs, it is the same number."""
    with override(language):
        text = local_forms.number(exact_money(nano))
        group, decimal = (".", ",") if language == "de" else (",", ".")
        assert Decimal(text.replace(group, "").replace(decimal, ".")) == Decimal(nano).scaleb(-9)


@given(st.integers(0, 10**15), st.sampled_from(["en", "de"]))
def test_what_a_field_shows_is_read_again_as_the_same_number(number, language):
    value = Decimal(number).scaleb(-4)
    with override(language):
        assert typed_number(in_field(value)) == value


def test_a_number_with_two_readings_is_asked_for_in_the_signs_of_the_page():
    with override("de"), pytest.raises(ValidationError) as caught:
        typed_number("1.234")
    assert "1,2340" in caught.value.messages[0] and "1.234 " not in caught.value.messages[0]


def test_a_currency_stands_behind_its_amount_by_the_sign_that_people_write():
    with override("zh-hans"):
        assert local_forms.money_with_code(-1_250 * NANO, "CNY") == "-1,250.00\xa0元"
    with override("de"):
        assert local_forms.money_with_code(-1_250 * NANO, "EUR") == "-1.250,00\xa0€"
        assert local_forms.money_with_code(5 * NANO, "XXX") == "5"


def test_every_form_of_a_day_in_the_pages_is_known():
    known = {*SKELETONS, *PATTERNS}
    pages = Path(prewatt.__file__).parent.rglob("server/**/*.html")
    forms = {
        (path.name, form) for path in pages for form in re.findall(r"\|dated:[\"']([^\"']+)", path.read_text("utf-8"))
    }
    assert forms and {form for _name, form in forms} <= known
    of_django = {
        (path.name, form)
        for path in Path(prewatt.__file__).parent.rglob("server/**/*.html")
        for form in re.findall(r"\|date:[\"']([^\"']+)", path.read_text("utf-8"))
    }
    # `date` writes in English's order: it is for what machines read alone.
    assert {each for each in of_django if not each[1].startswith("Y-m")} == set()

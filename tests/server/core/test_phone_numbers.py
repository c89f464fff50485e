"""Phone numbers as people type them, where a building stands."""

import pytest

from prewatt.server.core.phone_numbers import country_at, read_phone


@pytest.mark.parametrize(
    ("zone", "currency", "country"),
    [
        ("Europe/Berlin", "EUR", "DE"), ("Europe/Amsterdam", "EUR", "NL"), ("Asia/Shanghai", "CNY", "CN"), ("PRC", "", "CN"),
        ("Asia/Chongqing", "", "CN"), ("Asia/Urumqi", "", "CN"), ("Asia/Hong_Kong", "HKD", "HK"), ("Asia/Calcutta", "", "IN"),
        ("Europe/Berlin", "CNY", "CN"), ("UTC", "EUR", ""), ("Nowhere/At_all", "", ""),
    ],
)  # fmt: skip
def test_a_country_is_known_by_the_buildings_clock(zone, currency, country):
    assert country_at(zone, currency) == country


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("0151 12345678", "DE", "+4915112345678"), ("0151/123-456 78", "DE", "+4915112345678"),
        ("15112345678", "DE", "+4915112345678"), ("+49 (0)151 12345678", "DE", "+4915112345678"),
        ("0049 151 12345678", "DE", "+4915112345678"), ("tel:+49-151-12345678", "", "+4915112345678"),
        ("+44 7911 123456", "DE", "+447911123456"), ("138 0013 8000", "CN", "+8613800138000"),
        ("8613800138000", "CN", "+8613800138000"), ("１３８００１３８０００", "CN", "+8613800138000"),
        ("347 1234567", "IT", "+393471234567"), ("0412 345 678", "AU", "+61412345678"), ("+49 30 1234567", "", "+49301234567"),
    ],
)  # fmt: skip
def test_a_number_is_read_as_it_is_typed_in_its_country(text, country, number):
    assert read_phone(text, country) == number


@pytest.mark.parametrize(
    ("text", "country", "said"),
    [
        ("0151 1234", "DE", "digit is missing"), ("0151 12345678 / 030 1234567", "DE", "digit is missing"),
        ("4.91511E+12", "DE", "digit is missing"), ("0800 CALL ME", "DE", "digit is missing"), ("12800138000", "CN", "digit is missing"),
        ("010-62345678", "CN", "mobile"), ("030 1234567", "DE", "landline"),
        ("0151 12345678", "", "with its country"), ("", "DE", "digit is missing"),
        ("12345678901234567890123", "DE", "digit is missing"), ("\x00", "", "with its country"),
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused_where_it_is_typed(text, country, said):
    with pytest.raises(ValueError, match=said):
        read_phone(text, country)


def test_a_number_that_lost_its_plus_to_a_spreadsheet_is_asked_about():
    with pytest.raises(ValueError, match=r"\+49 491 5112345678 or \+49 1511 2345678\?"):
        read_phone("4915112345678", "DE")

"""Cells: what they say, and what a spreadsheet made of them."""

# ruff: noqa: DTZ001
# A spreadsheet has wall clocks only.

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from prewatt.tables.cells import (
    CellError,
    day_of,
    lost_zeros,
    name_of,
    number_of,
    order_of_days,
    said_exactly,
    serial_of,
    tenant_of,
    text_of,
)
from prewatt.tables.export import as_file, harmless, to_csv
from prewatt.tables.moments import instants_of, moment_of


@pytest.mark.parametrize(
    ("cell", "serial"),
    [
        (" 00123456 ", "00123456"), ('="00123456"', "00123456"), ("'00123456", "00123456"), ("１２３４", "1234"),
        ("1ESY1160", "1ESY1160"), ("12E5", "12E5"), ("\u200e123\ufeff", "123"), (Decimal(123456), "123456"),
        ("LGZ-12.5", "LGZ-12.5"), ("12 345 678", "12 345 678"), ("123456789012345001", "123456789012345001"),
    ],
)  # fmt: skip
def test_a_serial_is_taken_as_it_stands_on_the_meter(cell, serial):
    assert serial_of(cell) == serial


@pytest.mark.parametrize(
    "cell",
    ["1.23457E+11", "1,23457E+11", "1e+12", "2.5E-3", "123456.0", "123456,00", Decimal("1.5"), Decimal(10**15), "#REF!", "#NV",
     "########", "=A1", "=A1&B1", datetime(2025, 3, 1), "12,345,678", "12.345.678", "123456789012345000",
     "2025-03-01", "1.2.2025", "a\nb", "M\ufffdller", "12. Mrz", "Mar-25", "3月4日"],
)  # fmt: skip
def test_a_serial_that_a_spreadsheet_has_spoilt_is_refused(cell):
    with pytest.raises(CellError):
        serial_of(cell)


def test_zeros_that_were_lost_show_beside_serials_that_have_theirs():
    assert lost_zeros(["00123456", "123457", "m1", "00123458", "12345678"]) == {1: 8}
    assert lost_zeros(["12345678", "1234567", "12345670", "12345671", "12345672"]) == {1: 8}
    assert (
        lost_zeros(["123456", "1234567", "m1"])
        == lost_zeros(["12345678"] * 4 + ["1234567"] * 2)
        == lost_zeros(["m1"])
        == {}
    )
    assert said_exactly('="123457"')
    assert not said_exactly("123457")


@pytest.mark.parametrize(
    "word",
    ["", " ", "-", "–", "---", "n/a", "N/A", "Vacant", "(vacant)", "VACANT - to let", "vacant since May", "leer", "Leerstand", "[leer]",
     "空置", "空置中", "无", "待租", "未出租", ".", "?", "none", "unvermietet", "no tenant", "0", "Leerstand seit 1.10.",
     "frei ab 1.11.", "Void"],
)  # fmt: skip
def test_a_word_for_nobody_is_nobody(word):
    assert tenant_of(word) == ""


@pytest.mark.parametrize(
    "name", ["Anna", "Leermann", "王五", "Max Leer", "Vacanti, Rosa", "A. Frei", "Noa", "李一", "Ng", "无名氏 李"]
)
def test_a_name_is_a_name(name):
    assert tenant_of(name) == name


@pytest.mark.parametrize("word", ["Frei", "x", "TBD", "待定", "na"])
def test_a_word_that_may_be_either_is_asked(word):
    with pytest.raises(CellError, match="may be a name"):
        tenant_of(word)


def test_a_number_is_read_exactly_or_not():
    assert number_of("1.234,50", ",") == Decimal("1234.50")
    assert number_of(Decimal("0.1")) == Decimal("0.1")
    assert number_of('="5"') == 5
    assert [number_of(cell, "", ("", "m2")) for cell in ("52,5 m²", "１２", "12.5M2", "-3")] == [
        Decimal("52.5"),
        12,
        Decimal("12.5"),
        -3,
    ]
    for cell in ("", "1e2", "16 A", "250Wh", "12 m", "five", "#WERT!", datetime(2025, 1, 1), "1.234"):
        with pytest.raises(CellError):
            number_of(cell)


@pytest.mark.parametrize(
    "cell",
    ["2025-10-06", "06.10.2025", "6.10.25", "6. 10. 2025", "2025/10/6", "20251006", "2025年10月6日",
     "06-Oct-2025", "6 Oct 25", "6. Oktober 2025", "October 6, 2025", "6 de outubro de 2025", "6 października 2025",
     "２０２５-10-06", date(2025, 10, 6),
     datetime(2025, 10, 6, 13), Decimal(45936)],
)  # fmt: skip
def test_a_day_that_can_be_read_one_way_only(cell):
    assert day_of(cell) == date(2025, 10, 6)


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "06/10/2025",
        "45936",
        "1899-12-30",
        "2025-02-30",
        "#N/A",
        time(1),
        Decimal("45936.5"),
        "0025-10-06",
        Decimal(-(10**9)),
        Decimal(-1),
    ],
)
def test_a_day_that_cannot_be_is_refused(cell):
    with pytest.raises(CellError):
        day_of(cell)


def test_a_whole_file_settles_whether_the_day_or_the_month_comes_first():
    assert order_of_days(["6/10/2025", "13/10/2025"]) == "dm"
    assert order_of_days(["10/6/25", "10-13-2025"]) == "md"
    assert order_of_days(["6/10/2025"]) == order_of_days(["13/1/25", "1/13/25"]) == ""
    assert day_of("6/10/2025", "dm") == day_of("10/06/25", "md") == day_of("06-10-2025", "dm") == date(2025, 10, 6)
    assert day_of("13/10/2025") == day_of("10/13/2025") == date(2025, 10, 13)
    assert day_of("5/5/2025") == date(2025, 5, 5)
    for text, order in (("13/10/2025", "md"), ("31/2/2025", "dm"), ("6/10/2025", "")):
        with pytest.raises(CellError):
            day_of(text, order)


def test_a_spreadsheets_number_for_a_day_is_told_as_that_day():
    with pytest.raises(CellError, match="2025-10-06"):
        day_of("45936")


def test_texts_of_typed_cells():
    assert text_of(Decimal("1E+2")) == "100"
    assert text_of(datetime(2025, 10, 6)) == "2025-10-06"
    assert text_of(datetime(2025, 10, 6, 1, 30)) == "2025-10-06 01:30:00"
    assert name_of('="1-2"') == "1-2"
    assert [name_of(cell) for cell in ("'101", "'t Hooft", " Flat\u00a0 1 ")] == ["101", "'t Hooft", "Flat 1"]
    # e with a mark behind it and é are one letter.
    assert name_of("Ame\u0301lie") == "Amélie"


HALF_PAST, MIDNIGHT, NOON = datetime(2025, 6, 13, 0, 30), datetime(2025, 6, 13), datetime(2025, 6, 13, 12, 30)
BERLIN = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2025-06-13T00:30:00", HALF_PAST), ("13.6.25 0:30", HALF_PAST), ("13.06.2025, 00:30 Uhr", HALF_PAST),
        ("2025/6/13 00:30:00", HALF_PAST),
        ("13/06/2025 12:30 AM", HALF_PAST), ("2025年6月13日 0时30分", HALF_PAST), ("2025-06-13 00.30", HALF_PAST), (HALF_PAST, HALF_PAST),
        ("2025-06-13 下午 12:30", NOON), ("6/13/2025 12:30 pm", NOON), ("12.06.2025 24:00", MIDNIGHT), ("2025-06-13", MIDNIGHT),
        (date(2025, 6, 13), MIDNIGHT), ("2025-06-13T00:30:00Z", HALF_PAST.replace(tzinfo=UTC)),
        ("13.06.2025 00:30 UTC", HALF_PAST.replace(tzinfo=UTC)),
        ("13.06.2025 00:30 +02:00", HALF_PAST.replace(tzinfo=BERLIN)), ("2025-06-13 00:30 +0200", HALF_PAST.replace(tzinfo=BERLIN)),
    ],
)  # fmt: skip
def test_an_instant_as_tables_have_it(cell, moment):
    assert moment_of(cell) == moment
    assert moment_of(cell).tzinfo == moment.tzinfo


def test_a_day_and_a_time_in_two_columns():
    assert moment_of("0:30", "13.06.2025") == moment_of(time(0, 30), datetime(2025, 6, 13)) == HALF_PAST
    assert moment_of("24:00", "6/7/2025", "dm") == datetime(2025, 7, 7)
    assert moment_of("13.06.2025 0:30", "1.1.2025") == HALF_PAST, "one that tells its day itself"


@pytest.mark.parametrize(
    "cell",
    ["", "yesterday", "2025-06-13 25:00", "2025-06-13 24:01", "2025-06-13 00:60", "00:30", "6/7/2025 0:30", "2025-06-13 13:00 pm", time(1),
     "45809.5"],
)  # fmt: skip
def test_an_instant_that_cannot_be_is_refused(cell):
    with pytest.raises(CellError):
        moment_of(cell)


def test_a_wall_clock_means_one_instant_or_two_or_none():
    berlin = ZoneInfo("Europe/Berlin")
    assert [each.isoformat() for each in instants_of(datetime(2025, 6, 1), berlin)] == ["2025-06-01T00:00:00+02:00"]
    assert [each.isoformat() for each in instants_of(datetime(2025, 10, 26, 2, 30), berlin)] == [
        "2025-10-26T02:30:00+02:00",
        "2025-10-26T02:30:00+01:00",
    ]
    assert instants_of(datetime(2025, 3, 30, 2, 30), berlin) == []
    told = datetime(2025, 3, 30, 2, 30, tzinfo=UTC)
    assert instants_of(told, berlin) == [told]


# -- exports -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", "=+-@＝＋－＠")
@pytest.mark.parametrize("before", ["", " ", "\ufeff", "\u200b", "\t", "\r", "\n", "\u00a0\ufeff ", "\x00", " " * 50])
def test_no_cell_of_an_export_is_a_formula(sign, before):
    assert harmless(f"{before}{sign}1+cmd").startswith("'")


@pytest.mark.parametrize("cut", [";", "; ", "\n", "\r\n", "\t", "|"])
def test_no_part_of_a_cell_is_a_formula_for_a_program_that_cuts_lines_elsewhere(cut):
    """Excel in Germany does at semicolons, and a quote counts there only if it is the first sign of a cell."""
    made = to_csv([["2025-10-06", f"rent{cut}=cmd|' /C calc'!A0;", "-5"]])
    for delimiter in (";", "\t", "|"):
        cells = [cell for line in made.splitlines() for cell in line.split(delimiter)]
        assert not [cell for cell in cells if cell.strip()[:1] in ("=", "+", "-", "@")], delimiter


@pytest.mark.parametrize("text", ["-12.000000000", "+5", "Anna", "a=b", "", "2025-10-06", "PW1-8", "0"])
def test_numbers_and_plain_texts_stay_as_they_are(text):
    assert harmless(text) == text


def test_an_export_says_that_it_is_utf_8():
    made = to_csv([["unit", "tenant"], ["101室", "=1"], [1, None]])
    assert made == "unit,tenant\r\n101室,'=1\r\n1,\r\n"
    assert as_file(made) == b"\xef\xbb\xbf" + made.encode()

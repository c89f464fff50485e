"""Rows of files: whatever separates the cells, in CSV or in a workbook; what is none is named."""

# ruff: noqa: DTZ001
# A spreadsheet has wall clocks only.

import io
import zipfile
from datetime import date, datetime, time
from decimal import Decimal

import openpyxl
import pytest
from openpyxl.utils.datetime import MAC_EPOCH

from prewatt.tables import workbook
from prewatt.tables.cells import counted_day, day_of, number_of
from prewatt.tables.columns import all_names, find, plain
from prewatt.tables.problems import SHOWN, Problems, TableError
from prewatt.tables.rows import Row
from prewatt.tables.sheet import read

NAMES = {
    "unit": ("unit", "flat", "wohnung", "房号"),
    "meter": ("meter", "zähler", "电表", "电表编号"),
    "note": ("note",),
}
NEEDED = ("unit", "meter")
FOUND = [{"unit": "Flat 1", "meter": "m1"}, {"unit": "Flat 2", "meter": "m2"}]


def table(content, needed=NEEDED):
    rows = read(content if isinstance(content, bytes) else content.encode(), all_names(NAMES))
    header = find(rows, NAMES, needed)
    return [header.cells(row) for row in header.body(rows)]


def saved(*rows, **formats):
    """A workbook's bytes; a row is a list of values."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for place, form in formats.items():
        book.active[place].number_format = form
    return _bytes(book)


def _bytes(book):
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("sign", ",;\t|")
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_separator_and_any_end_of_line(sign, end):
    text = end.join([f"unit{sign}meter", f"Flat 1{sign}m1", f"Flat 2{sign}m2", ""])
    assert table(text) == FOUND


@pytest.mark.parametrize(
    "text",
    [
        "Unit, Meter \nFlat 1, m1\nFlat 2, m2\n",
        '\ufeff"UNIT"; \'Meter\'\n"Flat 1"; "m1"\nFlat 2;m2\n',
        "sep=;\nunit;meter\nFlat 1;m1\nFlat 2;m2\n",
        "Linden 5, as of 1 October, 2 flats\n\nunit;meter\nFlat 1;m1\n;\nFlat 2;m2\n;;;\n",
        "Berg Homes, Berlin\nLinden 5, front\nas of 1 October, 2026\nprinted by A, B\n\nunit;meter\nFlat 1;m1\nFlat 2;m2\n",
        "Wohnung;Zähler (Nr.);Bemerkung\nFlat 1;m1;a,b\nFlat 2;m2;c,d\n",
        "房号，,电表\nFlat 1,m1\nFlat 2,m2\n".replace("，", ""),
        "ｕｎｉｔ,ｍｅｔｅｒ:\nFlat 1,m1\nFlat 2,m2\n",
        "unit,meter,,,\nFlat 1,m1,,,\nFlat 2,m2,,,,,\n",
        "unit_,\u200bmeter*\nFlat 1,m1\nFlat 2,m2\n",
        "Flat No.,Meter number\nFlat 1,m1\nFlat No.,Meter number\nFlat 2,m2\n",
        "房号，电表编号\nFlat 1，m1\nFlat 2，m2\n",
        'unit,meter,more\nFlat 1,m1,"two\nlines, and ""so"""\nFlat 2,m2,\n',
    ],
)
def test_a_table_as_people_have_it(text):
    assert [{name: str(cell).strip() for name, cell in row.items()} for row in table(text)] == FOUND


def test_the_separator_is_known_by_the_names_where_numbers_have_more_of_it():
    text = "flat;meter;note\n" + "".join(
        f'1;m{number};"1,234,567.00"\n2;n{number};1,234,567.00\n' for number in range(9)
    )
    assert len(table(text)) == 18
    assert table(text)[1]["note"] == "1,234,567.00"


def test_without_names_the_separator_is_the_one_that_most_lines_have_as_often():
    rows = list(read(b"a;b\n1,5;2,5\n3;4,5\n"))
    assert [row.cells for row in rows] == [["a", "b"], ["1,5", "2,5"], ["3", "4,5"]]


def test_a_row_is_numbered_by_the_line_in_which_it_begins():
    rows = list(read(b'unit,meter\r\n"a\nb",m1\r\n\r\nc,m2\r\n'))
    assert [(row.number, row.cells) for row in rows] == [
        (1, ["unit", "meter"]),
        (2, ["a\nb", "m1"]),
        (4, []),
        (5, ["c", "m2"]),
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty"),
        ("\ufeff\n \n", "is empty"),
        ('unit;meter\nFlat 1;m1\n"Flat 2;m2\nFlat 3;m3\n', "line 3: a quotation mark .* not closed"),
        ('unit,meter\n"Flat "A"",m1\n', "line 2: a quotation mark .*twice"),
        ("unit,kWh\nFlat 1,3\n", "line 1: the column 'meter' is missing .*found: unit, kWh"),
        ("unit meter\nFlat1 m1\n", "line 1: the column .* is missing .*semicolons"),
        ("unit,meter,meter\nFlat 1,m1,m2\n", "line 1: the column 'meter' is there twice"),
        ("unit,meter\nFlat 1,m1,m2\n", "line 2: has 3 cells, but the header has 2"),
        ("unit,meter\n" + "," * 1000 + "x\n", "line 2: has more than 1000 columns"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old Excel file .*xlsx"),
        (b"%PDF-1.4\n%", "PDF"),
        ("<html><table><tr><td>unit", "HTML"),
        ('<?xml version="1.0"?><Workbook/>', "XML"),
        ('{"unit": 1}', "JSON"),
        (b"\x1f\x8b\x08\x00rest", "gzip"),
        (b"PK\x03\x04 and nothing behind it", "damaged"),
    ],
)
def test_what_cannot_be_read_is_named_and_what_to_do(content, says):
    with pytest.raises(TableError, match=f"(?s){says}"):
        table(content)


def test_all_problems_of_a_table_are_said_at_once_and_the_rest_counted():
    problems = Problems()
    for number in range(SHOWN + 5):
        problems.add(number + 2, "Zähler", f"{number}: is none")
    error = problems.error()
    assert error.lines()[0] == "line 2, Zähler: 0: is none"
    assert len(error.lines()) == SHOWN + 1
    assert "5 more" in error.lines()[-1]
    assert error.of("flats.csv").startswith("flats.csv:\n  line 2")
    one = Problems()
    one.add(3, "", "is wrong")
    assert one.error().of("flats.csv") == "flats.csv, line 3: is wrong"
    Problems().check()
    with pytest.raises(TableError):
        one.check()


def test_names_without_what_does_not_matter():
    assert {
        plain(name)
        for name in ("\ufeffValid_From", " valid  from:", "“VALID FROM”", "ｖａｌｉｄ　ｆｒｏｍ", "valid\u00a0from*")
    } == {"valid from"}


def test_a_name_of_several_words_means_a_column_if_all_of_them_mean_that_one():
    names = {"unit": ("flat", "房号", "单元"), "meter": ("meter",), "tenant": ("tenant",)}
    places = find(
        [Row(1, ("单元/房号", "Meter no. / Flat", "Meter|Meter no.", "Tenant/Remark"))], names, ("unit", "meter")
    ).places
    assert places == {"unit": 0, "meter": 2}


# -- workbooks -----------------------------------------------------------------------------------------------------------


def test_a_workbook_is_read_with_its_titles_and_its_empty_rows_and_columns():
    content = saved(
        ["Linden 5", None, None],
        [],
        [None, "Unit", None, "METER"],
        [None, "Flat 1", None, "m1"],
        [],
        [None, "Flat 2", None, "m2", ""],
    )
    assert table(content) == FOUND


def test_the_sheet_that_names_the_columns_is_the_one_that_is_read():
    book = openpyxl.Workbook()
    book.active.append(["Please fill in the other sheet"])
    book.create_sheet("flats").append(["unit", "meter"])
    book["flats"].append(["Flat 1", "m1"])
    book.create_sheet("old").append(["unit", "meter", "note"])
    book["old"].sheet_state = "hidden"
    assert table(_bytes(book)) == FOUND[:1]


def book_of(**sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return book


FLATS = (["unit", "meter"], ["Flat 1", "m1"])


@pytest.mark.parametrize(
    "other",
    [
        (["unit", "meter"], ["Flat 2", "m2"]),
        (["unit", "meter", "note"], ["Flat 2", "m2", "x"]),
        (["Linden 5"], [], ["Unit", "METER"], ["Flat 2", "m2"]),
    ],
)
def test_of_two_sheets_with_such_a_table_none_is_left_out_without_a_word(other):
    with pytest.raises(TableError, match="Several sheets of the workbook hold a table: “October”, “November”"):
        table(_bytes(book_of(October=FLATS, November=other)))
    hidden = book_of(October=FLATS, November=other)
    hidden["November"].sheet_state = "hidden"
    with pytest.raises(TableError, match=r"“October”, “November”.* At least one of them is hidden: show all sheets"):
        table(_bytes(hidden))


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_table_in_a_hidden_sheet_alone_is_named_and_not_passed_over(state):
    book = book_of(cover=(["Statement of October"],), data=FLATS)
    book["data"].sheet_state = state
    with pytest.raises(TableError, match=r"The table is in the hidden sheet “data”.* Show this sheet"):
        table(_bytes(book))


def test_a_hidden_sheet_of_other_columns_stands_in_nobodys_way():
    book = book_of(flats=FLATS, lists=(["kind", "colour"], ["a", "b"], ["c", "d"]))
    book["lists"].sheet_state = "hidden"
    assert table(_bytes(book)) == FOUND[:1]


def test_of_two_tables_whose_columns_are_not_known_none_is_left_out_without_a_word():
    with pytest.raises(TableError, match="Several sheets"):
        table(_bytes(book_of(October=(["a", "b"], [1, 2]), November=(["a", "b"], [3, 4]))))


@pytest.mark.parametrize(
    "other",
    [
        (["unit", "meter"],),
        (["unit", "e-mail"], ["Flat 1", "anna@example.org"]),
        (["Please fill in the other sheet"], ["It has", "two columns"]),
        (["note", "x"], ["a", "b"]),
    ],
)
def test_a_sheet_without_such_a_table_stands_in_nobodys_way(other):
    assert table(_bytes(book_of(first=other, flats=FLATS))) == FOUND[:1]


def test_a_number_of_a_workbook_that_counts_from_1904_is_that_day():
    book = book_of(flats=(["unit", "meter", "note"], ["Flat 1", "m1", 44474]))
    book.epoch = MAC_EPOCH
    (row,) = table(_bytes(book))
    assert day_of(row["note"]) == counted_day(row["note"]) == date(2025, 10, 6)
    assert number_of(row["note"]) == 44474


def test_numbers_and_days_of_a_workbook_are_what_they_are():
    content = saved(
        ["unit", "meter", "note"],
        [1, 123456789012345, 0.1],
        [2.0, 123456, datetime(2025, 10, 6, 13, 29, 59, 999_900)],
        ["3", "00123456", 0.1 + 0.2],
        [True, 4, time(0, 30)],
        C2="General",
        B3="00000000",
    )
    rows = [list(row.values()) for row in table(content)]
    assert rows[0] == [Decimal(1), Decimal(123456789012345), Decimal("0.1")]
    assert rows[1] == [Decimal(2), "00123456", datetime(2025, 10, 6, 13, 30)]
    assert rows[2] == ["3", "00123456", Decimal("0.3")]
    assert rows[3] == ["TRUE", Decimal(4), time(0, 30)]


def test_a_year_of_half_hours_that_were_filled_down_are_half_hours():
    """A spreadsheet adds 1/48 to the cell before, again and again; the sum is beside the second."""
    book = openpyxl.Workbook()
    serial = 45658.0
    book.active.append(["unit", "meter"])
    for _ in range(2000):
        book.active.append([serial, 1])
        book.active.cell(book.active.max_row, 1).number_format = "yyyy-mm-dd hh:mm"
        serial += 1 / 48
    found = [row["unit"] for row in table(_bytes(book))]
    assert [(each.minute % 30, each.second, each.microsecond) for each in found] == [(0, 0, 0)] * 2000


def _with(name, data, content=None):
    """A workbook in which one part is another."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content or saved(["unit", "meter"]))) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.infolist():
            if part.filename != name:
                new.writestr(part, old.read(part))
        new.writestr(name, data)
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
HEAD = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
END = "</sheetData></worksheet>"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (lambda: _with(SHEET, HEAD + "<row/>" * 20_000_000), "too large"),
        (lambda: _with("xl/sharedStrings.xml", "<sst>" + " " * 25_000_000), "too large"),
        (lambda: _with(SHEET, HEAD + "<row>" + "<c/>" * 1_000_000), "row that is too long"),
        (lambda: _with(SHEET, '<!DOCTYPE x [<!ENTITY a "a"><!ENTITY b "&a;&a;">]>' + HEAD + END), "can't be read"),
        (lambda: _with(SHEET, HEAD), "can't be read"),
        (lambda: saved(["unit", "meter"])[:-200], "damaged"),
        (lambda: saved(), "is empty"),
    ],
)  # fmt: skip
def test_a_workbook_that_is_damaged_or_a_bomb_is_refused_before_it_costs_much(content, says):
    made = content()
    assert len(made) < 2_000_000
    with pytest.raises(TableError, match=says):
        table(made)


def test_a_sheet_that_reaches_to_the_last_row_ends_where_its_cells_do(monkeypatch):
    monkeypatch.setattr(workbook, "MOST_EMPTY", 100)
    data = (
        HEAD
        + '<row r="1"><c t="str"><v>unit</v></c><c t="str"><v>meter</v></c></row><row r="1048576"><c t="str"><v>x</v></c></row>'
    )
    assert table(_with(SHEET, data + END)) == []


def test_what_a_sheet_says_of_its_own_size_is_not_believed():
    data = HEAD.replace("<sheetData>", '<dimension ref="A1:A1"/><sheetData>')
    data += '<row r="1"><c t="str"><v>unit</v></c><c t="str"><v>meter</v></c></row><row r="2"><c t="str"><v>F</v></c><c><v>7</v></c></row>'
    assert table(_with(SHEET, data + END)) == [{"unit": "F", "meter": Decimal(7)}]


@pytest.mark.parametrize(
    ("name", "says"),
    [("content.xml", "OpenDocument"), ("xl/workbook.bin", "xlsb"), ("word/document.xml", "Word"), ("Index/Tables.iwa", "Numbers"),
     ("flats.csv", "ZIP")],
)  # fmt: skip
def test_another_kind_of_archive_is_named(name, says):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, "x")
    with pytest.raises(TableError, match=says):
        table(out.getvalue())

"""The rows of a list of flats as offices have them: merged cells, headings, remarks, two lines of names, phone numbers."""

import io
from decimal import Decimal

import openpyxl
import pytest

from prewatt.server.commissioning.apartments import apartments_of
from prewatt.tables.problems import Problems, TableError
from prewatt.tables.rows import Row
from prewatt.tables.sheet import read
from tests.building import ZONE
from tests.server.commissioning.test_begin_pages import said


def workbook(rows, *merged):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for each in merged:
        book.active.merge_cells(each)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def flats_and_problems(content):
    """What is read of a list, and what is wrong with its other lines."""
    problems = Problems()
    content = content if isinstance(content, bytes) else content.encode()
    flats = apartments_of(content, "EUR", ZONE, ("unit",), problems)
    return flats, problems.error().lines() if problems else []


def test_a_house_and_a_tenant_that_stand_once_in_a_merged_cell_are_those_of_each_of_its_rows():
    rows = [
        ["Linden 5"], ["Haus", "Wohnung", "Zähler", "Mieter"],
        ["VH", "1", "a1", "Anna"], [None, "2", "a2", None], [None, "3", "a3", "Cem"], ["HH", "4", "a4", "Dan"], [None, "5", "a5", "Eva"],
    ]  # fmt: skip
    flats, wrong = flats_and_problems(workbook(rows, "A1:D1", "A3:A5", "D3:D4", "A6:A7"))
    assert not wrong and not flats.without_part
    assert [(each.parts, each.tenant) for each in flats.apartments] == [
        (("VH",), "Anna"), (("VH",), "Anna"), (("VH",), "Cem"), (("HH",), "Dan"), (("HH",), "Eva"),
    ]  # fmt: skip


def test_a_merged_cell_of_a_value_that_each_flat_has_alone_is_refused():
    rows = [["Wohnung", "Zähler", "Fläche"], ["1", "a1", 120], ["2", "a2", None], ["3", "a3", 50], [None, "a4", None]]
    _flats, wrong = flats_and_problems(workbook(rows, "C2:C3", "A4:A5"))
    assert [each.split(".")[0] for each in wrong] == [
        "line 3, Fläche: is one cell for several lines",
        "line 5, Wohnung: is one cell for several lines",
    ]


def test_what_is_merged_is_told_of_each_row_and_does_not_fill_other_tables():
    content = workbook([["a", "b"], [1, 2], [None, 3], [None, 4], [5, 6]], "A2:A4", "B2:C2")
    rows = list(read(content))
    assert rows[2] == Row(3, ["", Decimal(3)], {0: Decimal(1)}) and rows[3].merged == {0: 1}
    assert not rows[1].merged and not rows[4].merged


def test_lines_that_name_no_house_below_one_that_does_are_named(building, log_in):
    text = "Haus;Wohnung\n;0\nVH;1\n;2\nHH;3\n;4\n"
    assert flats_and_problems(text)[0].without_part == (4, 6)
    page = log_in("manager").post(f"/properties/{building.property.pk}/units/add/", {"typed": text})
    assert "a line above them does: 4, 6." in said(page)


@pytest.mark.parametrize("names", ["Nr.;m²;Nummer;Name;Telefon", "Wohnung;Fläche;;Name;"])
def test_a_second_line_of_names_is_refused_as_what_it_is(names):
    text = f"Wohnung;;Zähler;Mieter;Kontakt\n{names}\n1;50;a1;Anna;0151 23456789\n"
    with pytest.raises(TableError, match="line 2: is a second line with names of columns"):
        flats_and_problems(text)


LIST = "unit;meter;tenant;area\n1;a1;Anna;50\n2;a2;;40\n3;a3;Cem;60\n4;;;\n"


@pytest.mark.parametrize(
    "row",
    [
        "Ground floor;;;",
        "\nSee page 2;;;",
        "Note: meter 2 is new;;;",
        "* from May;;;",
        "House B:;;;",
        "as of 1 November 2026, office;;;",
    ],
)
def test_a_heading_or_a_remark_among_flats_is_asked_about(row):
    flats, wrong = flats_and_problems(LIST + row + "\n5;a5;Eva;\n")
    assert [each.unit for each in flats.apartments] == ["1", "2", "3", "4", "5"]
    assert len(wrong) == 1 and "If it is a heading or a remark, remove it" in wrong[0]


@pytest.mark.parametrize("row", ["Ground floor;;vacant;", "Attic;a9;;", "Attic;;;20", "5;;;"])
def test_a_flat_of_which_something_is_said_is_a_flat(row):
    flats, wrong = flats_and_problems(LIST + row + "\n")
    assert len(flats.apartments) == 5 and not wrong


def test_a_list_of_names_alone_is_flats():
    flats, wrong = flats_and_problems("unit;meter;tenant\nGround floor;;\nFirst floor;a2;\n3;;\nAttic;;\n")
    assert len(flats.apartments) == 4 and not wrong


def test_the_same_name_in_two_houses_is_told_how_to_become_two():
    _flats, wrong = flats_and_problems("Haus;Wohnung\nVH;WE 01\nHH;WE 01\nHH;WE 01\n")
    text = "is in line 2 already, in another part of the building. Give each flat a name of its own, such as “HH WE 01”"
    assert wrong == [f"line {line}, Wohnung: WE 01 {text}" for line in (3, 4)]


@pytest.mark.parametrize(
    "cell", [Decimal(15123456789), "0151/23456789 (privat)", "+49 (0)151 23456789", "0151 23456789"]
)
def test_a_phone_number_is_read_as_a_spreadsheet_has_it(cell):
    flats, wrong = flats_and_problems(workbook([["unit", "tenant", "phone"], ["1", "Anna", cell]]))
    assert not wrong and flats.apartments[0].contact.phone == "+4915123456789"


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("1,51235E+11", "a spreadsheet has rounded this phone number"),
        ("1.51E+10", "a spreadsheet has rounded this phone number"),
        ("0151 23456789, 030 123456", "there are several phone numbers"),
        ("0151 23456789 / 0171 2345678", "there are several phone numbers"),
        ("0151 23456789\n0171 2345678", "there are several phone numbers"),
        ("0151 23456789 oder 0171 2345678", "there are several phone numbers"),
    ],
)
def test_a_phone_number_that_is_spoilt_or_several_is_refused_in_words(cell, says):
    _flats, wrong = flats_and_problems(workbook([["unit", "tenant", "phone"], ["1", "Anna", cell]]))
    assert len(wrong) == 1 and wrong[0].startswith("line 2, phone: ") and says in wrong[0]


def test_a_flat_in_a_house_that_is_called_like_a_column_is_no_line_of_names():
    flats, wrong = flats_and_problems("part;unit;role;meter\nHaus;1;Wohnung;a1\nHaus;2;Wohnung;a2\n")
    assert [each.unit for each in flats.apartments] == ["1", "2"] and not wrong

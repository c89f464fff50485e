"""Areas, powers, people and days of moves in a list of flats: read as they are meant, or refused with a way to mend it."""

from datetime import date

import openpyxl
import pytest

from prewatt.server.commissioning.apartments import apartments_of
from prewatt.server.commissioning.list_lines import plan
from prewatt.tables.problems import Problems, TableError
from tests.building import ZONE


def read(column, *values, zone=ZONE):
    """The flats of a list with one more column, of those lines that are right, and what is wrong with the others."""
    rows = "".join(f"F{number};m{number};Tenant {number};{value}\n" for number, value in enumerate(values))
    problems = Problems()
    flats = apartments_of(f"unit;meter;tenant;{column}\n{rows}".encode(), "", zone, problems=problems)
    return flats.apartments, problems.error().lines() if problems else []


@pytest.mark.parametrize(
    ("column", "value", "area", "zone"),
    [
        ("Fläche", "65,5 m²", "65.5", ZONE),
        ("Fläche", "65 qm", "65", ZONE),
        ("area", "65.50", "65.5", ZONE),
        ("Wohnfläche m²", "65,5", "65.5", ZONE),
        ("Superficie", "65,5 mq", "65.5", "Europe/Rome"),
        ("Metraż", "45 m kw.", "45", "Europe/Warsaw"),
        ("Площадь", "45 кв. м", "45", "Europe/Moscow"),
        ("面积", "60平", "60", "Asia/Shanghai"),
        ("面积", "45㎡", "45", "Asia/Shanghai"),
        ("Area", "700 sq ft", "65.03", "Asia/Kolkata"),
        ("Area", "1,200 sq. ft.", "111.48", "Asia/Kolkata"),
        ("Carpet Area (sq ft)", "650", "60.39", "Asia/Kolkata"),
        ("Unit Sq Ft", "850", "78.97", "America/New_York"),
        ("Area (m²)", "65", "65", "America/New_York"),
        ("Area (sq ft)", "65 m²", "65", "America/New_York"),
        ("area", "n/a", "0", ZONE),
    ],
)
def test_an_area_is_in_square_metres_whatever_the_list_has(column, value, area, zone):
    (flat,), wrong = read(column, value, zone=zone)
    assert flat.area == area and not wrong


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("1.234", "'1.234' can be read in two ways. Write the number with two decimals"),
        ("ca. 60", "'ca. 60' is not an area in m²"),
        ("20 坪", "'20 坪' is not an area in m²"),
        ("-5", "'-5' is not an area"),
    ],
)
def test_an_area_that_can_mean_two_things_or_none_is_refused_with_its_line(value, says):
    flats, wrong = read("area", "50", value)
    assert [each.unit for each in flats] == ["F0"] and len(wrong) == 1 and wrong[0].startswith(f"line 3, area: {says}")


def test_where_a_number_shows_the_decimal_sign_the_others_are_read_by_it():
    flats, wrong = read("area", "65,5 m²", "1.234 m²")
    assert [each.area for each in flats] == ["65.5", "1234"] and not wrong


def test_an_area_without_a_unit_is_asked_about_where_people_measure_in_feet():
    _flats, wrong = read("Area", "850", "900", zone="America/New_York")
    assert wrong == ["line 1, Area: may be in m² or in square feet. Name the column “Area (m²)” or “Area (sq ft)”"]
    assert not read("Area", "", "-", zone="America/New_York")[1]


@pytest.mark.parametrize(
    ("column", "value", "power"),
    [
        ("fuse", "11000", "11000"),
        ("fuse", "11 kW", "11000"),
        ("Puissance souscrite", "5.75 kVA", "5750"),
        ("Puissance (kVA)", "9", "9000"),
        ("Sanctioned Load", "3 KW", "3000"),
        ("fuse", "-", ""),
    ],
)
def test_a_fuse_is_in_watts_whatever_the_list_has(column, value, power):
    (flat,), wrong = read(column, value)
    assert flat.fuse == power and not wrong


@pytest.mark.parametrize("value", ["25A", "3x25 A", "3 x 35A", "2P63A", "63A bipolar", "100 Amps"])
def test_a_current_is_no_power_and_is_told_how_to_become_one(value):
    _flats, wrong = read("fuse", value)
    assert wrong[0].startswith(f"line 2, fuse: {value!r} is a current. Write the power in W: amperes x volts")


@pytest.mark.parametrize("value", ["63", "25", "2000000"])
def test_a_power_that_no_fuse_has_is_refused_in_words(value):
    _flats, wrong = read("fuse", value)
    assert wrong[0].startswith(
        f"line 2, fuse: {value}: a main fuse lets through 100 to 1000000 W. If the list has amperes"
    )


@pytest.mark.database
def test_a_fuse_of_a_meter_that_is_there_is_refused_before_anything_is_stored(building):
    with pytest.raises(TableError, match="line 2, fuse: 63: a main fuse"):
        plan(building.property, apartments_of(b"unit;meter;tenant;fuse\nFlat 1;m1;Anna;63\n", "EUR", ZONE).apartments)


@pytest.mark.parametrize(
    ("value", "people"),
    [("2", "2"), ("2 Personen", "2"), ("3 pers.", "3"), ("2人", "2"), ("4 osoby", "4"), ("0", "0"), ("2.0", "2")],
)
def test_people_are_counted_as_lists_write_them(value, people):
    assert read("occupants", value)[0][0].occupants == people


@pytest.mark.parametrize("value", ["2+1", "two", "2 adults", "1.5"])
def test_people_who_cannot_be_counted_are_refused(value):
    assert read("occupants", value)[1] == [f"line 2, occupants: {value!r} is not a number of people such as 2"]


SOON, LONG_AGO = date(2099, 3, 1), date(2020, 3, 1)


@pytest.mark.parametrize(
    ("column", "day", "is_wrong"),
    [
        ("Einzug", LONG_AGO, False),
        ("Move-in date", SOON, True),
        ("入住日期", LONG_AGO, False),
        ("Move out", LONG_AGO, True),
        ("Auszug", SOON, False),
    ],
)
@pytest.mark.parametrize("form", ["%Y-%m-%d", "%d.%m.%Y", "%d-%b-%Y", "%Y年%m月%d日", None])
def test_nobody_is_moved_in_who_has_left_or_is_still_to_come(tmp_path, column, day, is_wrong, form):
    book = openpyxl.Workbook()
    for row in (
        ["unit", "meter", "tenant", column],
        ["F", "m", "Anna", day.strftime(form) if form else day],
        ["G", "n", None, day],
    ):
        book.active.append(row)
    book.save(tmp_path / "flats.xlsx")
    problems = Problems()
    flats = apartments_of((tmp_path / "flats.xlsx").read_bytes(), "", ZONE, problems=problems)
    assert [each.unit for each in flats.apartments] == (["G"] if is_wrong else ["F", "G"])
    assert bool(problems) is is_wrong and (
        not is_wrong or problems.error().lines()[0].startswith(f"line 2, {column}: ")
    )


def test_a_day_that_can_be_read_in_two_ways_is_asked_about_only_if_it_matters():
    assert not read("move-in", "03/01/2020")[1]
    assert read("move-in", "03/01/2099")[1]
    assert "is not a day such as" in read("move-in", "next spring")[1][0]

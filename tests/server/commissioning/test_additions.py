"""A list of flats: as it is typed or uploaded, what it would do at a property that is there, and that it does so once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.kernel.entries import ChangeTenancy, decode_command
from prewatt.server.commissioning import additions, gateway_places, installing
from prewatt.server.commissioning.additions import add, opened, sealed
from prewatt.server.commissioning.apartments import Apartment, apartments_of
from prewatt.server.commissioning.list_lines import Does, plan
from prewatt.server.commissioning.typed_units import LikelyRange, likely_ranges, names_of, typed_apartments
from prewatt.server.estate.models import Tenancy, Unit
from prewatt.server.metering.models import Gateway, Meter
from prewatt.server.notices.contacts import kept
from prewatt.server.notices.models import Recipient
from prewatt.tables.problems import TableError
from prewatt.tables.problems import TableError as Refused
from tests.building import ZONE

HEAD = "unit;meter;tenant\nFlat 1;m1;Anna\nFlat 2;m2;Ben\nFlat 3;m3;\n"


def listed(text):
    return apartments_of(text.encode(), "EUR", ZONE, needed=("unit",)).apartments


def done(property_, text):
    """What each line of a list would do."""
    return [line.does for line in plan(property_, listed(text)).lines]


# -- typed ------------------------------------------------------------------------------------------------------------------


@given(
    st.sampled_from(["", "Flat ", "A", "Wohnung "]),
    st.integers(1, 900),
    st.integers(1, 60),
    st.sampled_from(["", "室"]),
)
def test_a_range_is_all_units_from_its_first_to_its_last(before, first, more, behind):
    names = [f"{before}{number}{behind}" for number in range(first, first + more + 1)]
    for last in (f"{first + more}{behind}", names[-1]):
        assert names_of(f"{before}{first}-{last}") == names


@given(st.text(st.characters(exclude_categories=["Nd", "Cs", "No", "Nl"]), max_size=20))
def test_a_name_without_numbers_is_itself(name):
    assert names_of(name) == [name]


@pytest.mark.parametrize(
    "name", ["1-101", "12-3", "3-1204", "101", "House 5-5", "A-B", "1-1 left", "A1-B9", "A" * 120 + "1-3"]
)
def test_names_with_a_dash_in_them_stay_names(name):
    assert names_of(name) == [name]


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("101-103", ["101", "102", "103"]),
        ("101–102, 201\n301、302", ["101", "102", "201", "301", "302"]),
        ("01-03", ["01", "02", "03"]),
        ("A 1 to A 3", ["A 1", "A 2", "A 3"]),
        ("101室至103室", ["101室", "102室", "103室"]),
        ("Wohnung;Mieter\nEG;Anna\nOG;Bert\n", ["EG", "OG"]),
    ],
)
def test_units_are_typed_as_people_write_them(text, units):
    assert [each.unit for each in typed_apartments(text, "EUR", ZONE).apartments] == units


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("110-105", "105-110"),
        ("Flat 9 - Flat 7", "Flat 7-9"),
        ("101-5", "101-105"),
        ("110-5", "110-115"),
        ("12-3", "12-13"),
        ("103室至101室", "101-103室"),
    ],
)
def test_a_name_that_looks_like_a_range_that_runs_backwards_is_asked_about_with_the_range_as_it_is_written(
    typed, meant
):
    assert names_of(typed) == [typed]
    assert likely_ranges(f"201-203\n{typed}, 1-101", "EUR") == [LikelyRange(typed, meant)]


@pytest.mark.parametrize(
    ("typed", "longest"),
    [
        ("101-99999", "101-2100"),
        ("101-2101", "101-2100"),
        ("Flat 1-99999", "Flat 1-99"),
        ("001-99999室", "001-2000室"),
    ],
)
def test_a_range_that_is_too_long_is_asked_about_with_the_longest_possible_one(typed, longest):
    assert names_of(typed) == [typed]
    assert likely_ranges(typed, "EUR") == [LikelyRange(typed, longest, is_too_long=True)]
    assert len(names_of(longest)) > 1 and likely_ranges(longest, "EUR") == []


@pytest.mark.parametrize(
    "typed",
    [
        "101-103",
        "101-2100",
        "1-101",
        "3-1204",
        "1-2501",
        "12-2501",
        "House 5-5",
        "A-B",
        "110-A",
        "110-105; m1",
        "unit;tenant\n110-105;",
    ],
)
def test_a_range_a_certain_name_and_a_flat_with_its_meter_are_not_asked_about(typed):
    assert likely_ranges(typed, "EUR") == []


def test_a_typed_line_has_a_unit_a_meter_and_a_tenant():
    typed = typed_apartments("101; 00123456; Jürgen Groß\n102\t00123457\n103;;王芳\n", "EUR", ZONE).apartments
    assert [(each.unit, each.meter, each.tenant) for each in typed] == [
        ("101", "00123456", "Jürgen Groß"),
        ("102", "00123457", ""),
        ("103", "", "王芳"),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "101;m1;Anna;x\n102;1E+12;;y\n101",
            "(?s)line 1: has more.*line 2: has more.*line 2, meter: '1E.12'.*line 3, unit: 101 is",
        ),
        ("101\n101", "line 2, unit: 101 is in line 1 already"),
        ("101;m1;Anna;x", "line 1: has more than three parts. Type only: flat; meter; tenant"),
        ("1001-3000\n3001-3002", "more than 2000 units"),
        ("", "has no rows"),
        ("101;;\n102;1E+12;", "line 2, meter: '1E.12'"),
    ],
)
def test_what_is_typed_wrong_is_named_by_its_line(text, says):
    with pytest.raises(TableError, match=says):
        typed_apartments(text, "EUR", ZONE)


# -- what a list would do ---------------------------------------------------------------------------------------------------


@pytest.mark.database
def test_the_list_by_which_a_building_was_set_up_does_nothing_the_second_time(building):
    assert done(building.property, HEAD) == [Does.NOTHING] * 3
    before = [list(model.objects.values()) for model in (Unit, Meter, Tenancy, Gateway)]
    added = add(building.property, listed(HEAD))
    assert (added.new, added.changed) == (0, 0)
    assert [list(model.objects.values()) for model in (Unit, Meter, Tenancy, Gateway)] == before


@pytest.mark.database
def test_more_flats_are_added_and_what_differs_is_changed(building, clock):
    text = (
        "unit;meter;tenant;area;fuse;phone;parts\nFlat 1;m1;Anna;52,5;11000;0151 23456789;Stairs A\n"
        "Flat 2;m2;Ben;;;;\nFlat 3;m3;Cleo;;;;\nFlat 4;m4;Dan;40;;;\nFlat 5;;;;;;\n"
    )
    planned = plan(building.property, listed(text))
    assert [line.does for line in planned.lines] == ["changes", "nothing", "changes", "adds", "adds"]
    assert [(each.column, each.before, each.after) for each in planned.lines[0].changes] == [
        ("area", "0", "52.5"),
        ("parts", "", "Stairs A"),
        ("fuse", "15000", "11000"),
        ("phone", "", "+4915123456789"),
    ]
    assert (planned.adds, planned.changes, planned.without_meter, planned.gateways) == (2, 2, 1, {})
    add(building.property, listed(text))
    flats = {unit.name: unit for unit in Unit.objects.all()}
    assert (str(flats["Flat 1"].area), flats["Flat 1"].meter.power_highest) == ("52.50", 11_000)
    assert kept(Recipient.objects.get(tenancy__tenant="Anna")).phone == "+4915123456789"
    # Who moves into a flat whose meter runs is told to the meter.
    last = flats["Flat 3"].meter.credit_log.order_by("-number")[0]
    assert isinstance(decode_command(bytes(last.body)).order, ChangeTenancy)
    assert flats["Flat 4"].meter.gateway.name == "g1" and flats["Flat 4"].tenancies.get().tenant == "Dan"
    assert not hasattr(flats["Flat 5"], "meter")
    assert done(building.property, text) == [Does.NOTHING] * 5
    # What the list leaves empty stays.
    add(building.property, listed("unit;tenant;email\nFlat 1;Anna;anna@example.org\n"))
    both = kept(Recipient.objects.get(tenancy__tenant="Anna"))
    assert (both.phone, both.email) == ("+4915123456789", "anna@example.org")
    # The meter of a flat that had none comes later.
    assert done(building.property, "unit;meter\nFlat 5;m5\n") == [Does.CHANGES]
    add(building.property, listed("unit;meter\nFlat 5;m5\n"))
    assert Meter.objects.get(name="m5").unit.name == "Flat 5"


@pytest.mark.database
def test_a_list_whose_rows_have_slipped_moves_nobody_and_exchanges_no_meter(building):
    planned = plan(building.property, listed("unit;meter;tenant\nFlat 1;m1;Ben\nFlat 2;m7;\nFlat 3;m3;\n"))
    assert [line.does for line in planned.lines] == ["left", "left", "nothing"]
    assert [line.why for line in planned.lines[:2]] == [
        "Anna lives there. Record the move on the unit's page.",
        "Meter m2 is installed there. If it was exchanged, record the exchange on the unit's page.",
    ]
    assert not planned.does_something


@pytest.mark.database
@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "unit;meter;tenant\nFlat 9;m1;\n",
            "line 2, unit Flat 9, meter m1: meter m1 is installed at Linden 5 Flat 1 already",
        ),
        ("unit;meter;tenant\nFlat 3;M1;\n", None),
        ("unit;meter;gateway\nFlat 9;m9;Gate Way\n", "line 2, unit Flat 9, meter m9: gateway name 'Gate Way'"),
        ("unit;meter\nFlat 9;a/b\n", "line 2, unit Flat 9, meter a/b: Name: a/b is not a serial number"),
        ("unit;area\n" + "F" * 51 + ";1\n", "Name: Ensure this value has at most 50 characters"),
        ("unit;parts\nFlat 9;" + "P" * 51 + "\n", "the name of a part has at most 50 characters"),
        ("unit;role;meter\n;main;m1\n", "meter m1 is installed at Linden 5 Flat 1 already"),
    ],
)
def test_what_a_list_cannot_do_is_named_by_its_line_before_anything_is_done(building, text, says):
    if says is None:
        assert done(building.property, text) == [Does.LEFT]
        return
    before = Unit.objects.count(), Meter.objects.count(), Gateway.objects.count()
    with pytest.raises(Refused, match=says):
        plan(building.property, listed(text))
    with pytest.raises(Refused, match=says):
        add(building.property, listed(text))
    assert (Unit.objects.count(), Meter.objects.count(), Gateway.objects.count()) == before


@pytest.mark.database
def test_meters_go_to_the_gateway_with_room_and_then_to_a_new_one(building, monkeypatch):
    for module in (gateway_places, installing):
        monkeypatch.setattr(module, "MAX_METERS", 4)
    more = "unit;meter;gateway\n" + "".join(f"N{number};n{number};\n" for number in range(3)) + "N9;n9;cellar\n"
    assert plan(building.property, listed(more)).gateways == {"cellar": 1, "gateway-1": 2}
    add(building.property, listed(more))
    assert {box.name: box.meters.count() for box in Gateway.objects.all()} == {"g1": 4, "gateway-1": 2, "cellar": 1}
    with pytest.raises(Refused, match="gateway g1 would have 5 meters, but a gateway can have 4 at most"):
        add(building.property, listed("unit;meter;gateway\nN10;n10;g1\n"))


@pytest.mark.database
def test_a_long_list_that_ends_in_the_middle_is_finished_by_the_same_list(building, monkeypatch):
    monkeypatch.setattr(additions, "PART", 2)
    rows = listed("unit;meter;tenant;gateway\nA1;a1;Kim;\nA2;a2;;\nA3;a3;Lea;roof\nA4;a4;;\nA5;;;roof\n")
    stored = additions.add
    parts = iter([stored])

    def killed(*part, **given):
        return next(parts)(*part, **given)

    monkeypatch.setattr(additions, "add", killed)
    with pytest.raises(StopIteration):
        additions.add_in_parts(building.property, rows)
    assert sorted(Unit.objects.filter(name__startswith="A").values_list("name", flat=True)) == ["A1", "A2"]
    monkeypatch.setattr(additions, "add", stored)
    assert additions.add_in_parts(building.property, rows).new == 3
    assert additions.add_in_parts(building.property, rows).new == 0
    assert [line.does for line in plan(building.property, rows).lines] == [Does.NOTHING] * 5
    assert Meter.objects.get(name="a3").gateway.name == "roof" and Tenancy.objects.get(tenant="Lea").unit.name == "A3"


def test_a_list_that_a_page_carries_comes_back_whole_and_only_from_us():
    rows = listed("unit;meter;tenant;area;parts;phone;gateway\n王;00123;Groß;1,5;A;0151 23456789;g\n")
    assert (
        opened(sealed(rows))
        == rows
        == [Apartment("王", "00123", "Groß", area="1.5", parts=("A",), gateway="g", contact=rows[0].contact)]
    )
    assert opened(sealed(rows))[0].given == rows[0].given
    with pytest.raises(ValueError, match="Choose the list again"):
        opened(sealed(rows)[:-1])


# -- nothing becomes two ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second"),
    [("WE 01", "WE01"), ("Whg. 3", "Whg 3"), ("0101", "101"), ("Top 03", "top3"), ("A\u00a01", "A1")],
)
def test_a_flat_that_is_twice_in_a_list_in_another_spelling_is_refused(first, second):
    with pytest.raises(
        TableError, match=r"line 3, unit: .* is the same as .* in line 2, but for zeros, blanks or dots"
    ):
        listed(f"unit\n{first}\n{second}\n")


@pytest.mark.parametrize("names", ["1.1\n11", "1 01\n101", "A-1\nA1", "1A\n1B", "EG\nEG 1"])
def test_flats_that_are_called_a_little_alike_are_two(names):
    assert len(listed(f"unit\n{names}\n")) == 2


@pytest.mark.database
@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("FLAT1;;", "FLAT1 is there already as Flat 1"),
        ("Flat 01;;", "Flat 01 is there already as Flat 1"),
        ("Flat 9;M01;", "M01 is there already as m1"),
        ("Flat 1;m 1;Anna", "m 1 is there already as m1"),
    ],
)
def test_a_list_that_is_corrected_and_loaded_again_makes_no_twins(building, line, says):
    with pytest.raises(Refused, match=says):
        plan(building.property, listed(f"unit;meter;tenant\n{line}\n"))


@pytest.mark.database
def test_flats_that_a_list_lacks_are_named_if_it_names_most(building, log_in):
    text = "unit\nFlat 1\nFlat 2\nFlat III\n"
    assert plan(building.property, listed(text)).unnamed == ("Flat 3",)
    assert plan(building.property, listed("unit\nFlat 7\nFlat 8\n")).unnamed == ()
    page = log_in("manager").post(f"/properties/{building.property.pk}/units/add/", {"typed": text})
    assert "This flat is there and not in the list; it stays: Flat 3." in " ".join(page.content.decode().split())

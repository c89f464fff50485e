"""What a page and a command say of a list of flats before it is stored: nothing of it is dropped without a word."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from typer.testing import CliRunner

from prewatt.cli import app
from prewatt.server.commissioning.additions import add
from prewatt.server.commissioning.apartments import LeftOut, apartments_of
from prewatt.server.commissioning.list_lines import Does, plan
from prewatt.server.estate.models import Property, Unit
from prewatt.server.notices.contact import Contact
from prewatt.server.notices.contacts import keep_contact
from prewatt.server.notices.recipients import recipient_of
from tests.building import ZONE
from tests.server.commissioning.test_begin_pages import said

EXPORT = (
    "Mieterliste;;;;;;\nWohnung;Zähler;;Mieter;Kaution;Fläche;Handy\nTop 7;00123456;alt;Anna Berg;1500,00;65,5;0151 23456789\n"
    ";;;;1500,00;65,5;\nSumme;;;;1500,00;;\n"
)


def test_columns_that_are_not_read_and_lines_that_are_no_flat_are_named():
    flats = apartments_of(EXPORT.encode(), "EUR", ZONE)
    assert [each.unit for each in flats.apartments] == ["Top 7"]
    assert flats.unused == ("column 3, which has no name", "Kaution")
    assert flats.left_out == (LeftOut(4, "1500,00 65,5"), LeftOut(5, "Summe 1500,00"))
    assert [(each.label, each.title) for each in flats.used] == [
        ("Wohnung", "Unit"),
        ("Zähler", "Meter"),
        ("Mieter", "Tenant"),
        ("Fläche", "Floor area, m²"),
        ("Handy", "Phone"),
    ]


def test_a_column_that_is_empty_is_not_worth_a_word():
    assert apartments_of(b"unit;deposit;meter;tenant\nF;;m1;\n", "EUR", ZONE).unused == ()


@pytest.mark.parametrize(
    "row",
    [
        "Summe;;2 Mieter;110",
        ";;Razem;110",
        "合计;;2人;110",
        "Gesamtfläche;;;110",
        "3 Units;;;110",
        "Anzahl: 2;;;",
        "Total général;;;110",
    ],
)
def test_a_line_that_is_a_sum_is_no_flat_wherever_its_word_stands(row):
    flats = apartments_of(f"unit;meter;tenant;area\n1;a1;Anna;50\n2;a2;Ben;60\n{row}\n".encode(), "EUR", ZONE)
    assert [each.unit for each in flats.apartments] == ["1", "2"] and [each.line for each in flats.left_out] == [4]


@pytest.mark.parametrize("row", ["Sumner 3;;;40", "Total;m3;;40", "Gesamthaus;;Cem;40"])
def test_a_flat_whose_name_is_like_a_sum_but_has_a_meter_or_a_tenant_is_a_flat(row):
    flats = apartments_of(f"unit;meter;tenant;area\n1;a1;Anna;50\n{row}\n".encode(), "EUR", ZONE, needed=("unit",))
    assert len(flats.apartments) == 2 and not flats.left_out


@pytest.mark.database
def test_the_page_shows_what_would_be_stored_and_what_would_not(building, log_in):
    file = SimpleUploadedFile("liste.csv", EXPORT.encode())
    text = said(log_in("manager").post(f"/properties/{building.property.pk}/units/add/", {"file": file}))
    assert "not used: column 3, which has no name; Kaution." in text
    assert "line 4: 1500,00 65,5" in text and "line 5: Summe" in text
    assert "“Fläche” is: Floor area, m²" in text
    for value in ("Floor area, m²: 65.5", "Phone: +4915123456789"):
        assert value in text
    assert not Unit.objects.filter(name="Top 7").exists()


@pytest.mark.database
def test_a_new_flat_and_a_new_meter_show_each_of_their_values(building):
    text = (
        "unit;meter;role;area;persons;parts;fuse;e-mail;language;tenant\n"
        "Flat 9;m9;;65,5;2;Stairs A;11000;zoe@example.org;de;Zoe\nFlat 10;;;;;;;;;\n;m8;common;;;Stairs A;;;;\n"
    )
    rows = apartments_of(text.encode(), "EUR", ZONE, needed=("unit",)).apartments
    lines = plan(building.property, rows).lines
    assert [[f"{each.title}: {each.after}" for each in line.changes] for line in lines] == [
        [
            "Floor area, m²: 65.5",
            "People: 2",
            "Parts of the building: Stairs A",
            "Main fuse, W: 11000",
            "E-mail: zoe@example.org",
            "Language: de",
        ],
        [],
        ["Parts of the building: Stairs A"],
    ]
    add(building.property, rows)
    assert {line.does for line in plan(building.property, rows).lines} == {Does.NOTHING}


@pytest.mark.database
def test_a_contact_that_the_tenant_has_changed_stays_and_the_list_is_told_so(building):
    tenancy = building.property.units.get(name="Flat 1").tenancies.get()
    keep_contact(tenancy, Contact(email="own@example.org"))
    recipient = recipient_of(tenancy)
    recipient.changed_at = 1
    recipient.save()
    rows = apartments_of(b"unit;tenant;email\nFlat 1;Anna;old@example.org\n", "EUR", ZONE, needed=("unit",)).apartments
    line = plan(building.property, rows).lines[0]
    assert line.does is Does.NOTHING and "changed their contacts themselves" in line.why


@pytest.mark.django_db
def test_the_command_names_what_of_a_list_is_not_stored(clock, tmp_path):
    path = tmp_path / "liste.csv"
    path.write_text(EXPORT, encoding="utf-8")
    given = ["--organisation", "L", "--name", "Elm", "--zone", ZONE, "--currency", "EUR", "--price", "0.32"]
    result = CliRunner().invoke(app, ["setup", "--apartments", str(path), *given])
    assert result.exit_code == 0, result.output
    assert "not used: column 3, which has no name; Kaution." in result.output
    assert "Line 5 is no flat and is left out: Summe 1500,00" in result.output
    assert Property.objects.get(name="Elm").units.get().name == "Top 7"

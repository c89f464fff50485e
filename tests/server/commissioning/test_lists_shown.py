"""What a page and a command say of a list of flats before it is stored: nothing of it is dropped without a word."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.translation import override
from typer.testing import CliRunner

from prewatt.cli import app
from prewatt.server.commissioning.additions import add
from prewatt.server.commissioning.apartments import LeftOut, apartments_of
from prewatt.server.commissioning.list_columns import NAMES, ROLES
from prewatt.server.commissioning.list_lines import Does, plan
from prewatt.server.estate.models import Property, Unit
from prewatt.server.notices.contact import Contact
from prewatt.server.notices.contacts import keep_contact
from prewatt.server.notices.recipients import recipient_of
from prewatt.tables.problems import TableError
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
def test_a_floor_area_is_shown_as_the_language_of_the_page_writes_it(building, log_in):
    file = SimpleUploadedFile("flats.csv", b"unit;area;tenant\nFlat 1;71,5;Anna\nTop 7;48,25;v1.5\n")
    page = f"/properties/{building.property.pk}/units/add/"
    text = said(log_in("manager").post(page, {"file": file}, HTTP_ACCEPT_LANGUAGE="de"))
    assert "0 → 71,5" in text and "48,25" in text and "v1.5" in text


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


@pytest.mark.parametrize(
    ("row", "said_of_it"),
    [
        ("Treppenhaus;90;", "line 3, Unit: 'Treppenhaus' sounds like a meter of common use"),
        ("7;90;公共", "line 3, tenant: '公共' sounds like a meter of common use"),
        ("Hauptzähler;90;", "line 3, Unit: 'Hauptzähler' sounds like the meter of the whole building"),
    ],
)
def test_the_light_of_the_stairs_becomes_no_flat_without_a_question(row, said_of_it):
    with pytest.raises(TableError, match=re.escape(said_of_it)):
        apartments_of(f"Unit;meter;tenant\n1;a1;Anna\n{row}\n".encode(), "EUR", ZONE)
    # As it asks for, either way.
    for given in (f"{row};unit", ";90;;common"):
        last = apartments_of(f"Unit;meter;tenant;role\n1;a1;Anna;\n{given}\n".encode(), "EUR", ZONE).apartments[-1]
        assert last.role == given.rpartition(";")[2]


@pytest.mark.parametrize("language", ["en", "de", "zh-hans"])
def test_the_words_that_a_refused_list_asks_for_are_those_that_it_is_read_by(language):
    with override(language), pytest.raises(TableError) as refused:
        apartments_of(b"unit;meter;tenant\nLift;1;\n", "EUR", ZONE)
    said_of_it = str(refused.value).casefold()
    assert any(name in said_of_it for name in NAMES["role"])
    assert all(any(word and word in said_of_it for word in ROLES[role]) for role in ("unit", "common"))


def test_a_role_that_has_no_flat_is_named_as_the_list_names_it():
    with pytest.raises(TableError, match="role 'Allgemein' can't have a unit"):
        apartments_of("Wohnung;Zähler;Mieter;Rolle\nTreppe;1;;Allgemein\n".encode(), "EUR", ZONE)


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


@pytest.mark.parametrize(
    ("head", "zone"),
    [
        ("Flat No.;KPLC Meter No;Tenant;Persons;Mobile No", "Africa/Nairobi"),
        ("WE-Nr.;Zähler-Nr. Strom;Mieter;Pers.;Handy", "Europe/Berlin"),
        ("Logement;N° compteur;Locataire;Nb occupants;Tél.", "Europe/Paris"),
        ("APPARTEMENT;NUMERO DE COMPTEUR;LOCATAIRE;NOMBRE DE PERSONNES;TELEPHONE", "Europe/Paris"),
        ("Vivienda;Contador;Inquilino;Nº de personas;Móvil", "Europe/Madrid"),
        ("Apto;Nº do medidor;Morador;Pessoas;Celular", "America/Sao_Paulo"),
        ("Interno;Contatore;Inquilino;Persone;Cellulare", "Europe/Rome"),
        ("Woning;Meternummer;Huurder;Aantal personen;Mobiel", "Europe/Amsterdam"),
        ("Nr lokalu;Nr licznika;Najemca;Liczba osób;Nr telefonu", "Europe/Warsaw"),
        ("Číslo bytu;Elektroměr;Nájemník;Počet osob;Mobil", "Europe/Prague"),
        ("Daire No;Sayaç No;Kiracı;Kişi sayısı;Cep telefonu", "Europe/Istanbul"),
        ("Квартира №;Счётчик;Жилец;Проживающих;Телефон", "Europe/Moscow"),
        ("Lägenhet;Elmätare;Hyresgäst;Antal personer;Mobilnummer", "Europe/Stockholm"),
        ("फ्लैट;मीटर;किरायेदार;Persons;मोबाइल", "Asia/Kolkata"),
        ("房号;电表号;租客姓名;人数;手机号", "Asia/Shanghai"),
    ],
)
def test_columns_have_the_names_that_an_office_of_each_country_gives_them(head, zone):
    flats = apartments_of(f"{head}\n1;00123;Kim;2;\n".encode(), "", zone)
    assert not flats.unused and len(flats.used) == 5
    (flat,) = flats.apartments
    assert (flat.unit, flat.meter, flat.tenant, flat.occupants) == ("1", "00123", "Kim", "2")


@pytest.mark.parametrize(
    ("head", "cells", "name"),
    [
        ("First name;Last name", "Anna;Berg", "Anna Berg"),
        ("Name;Vorname", "Berg;Anna", "Anna Berg"),
        ("Mieter;Vorname", "Anna Berg;Anna", "Anna Berg"),
        ("Prénom;Nom", "Zoé;Dupont", "Zoé Dupont"),
        ("Vorname;Nachname", ";Leerstand", ""),
        ("Nachname;x", "Berg;", "Berg"),
    ],
)
def test_a_name_in_two_columns_is_one_name(head, cells, name):
    flats = apartments_of(f"unit;meter;{head}\n1;a1;{cells}\n".encode(), "EUR", ZONE)
    assert [each.tenant for each in flats.apartments] == [name] and not flats.unused


def test_two_columns_of_one_meaning_are_both_named():
    text = "Unit;Meter;Resident;Name;First name;Last name\n1;a1;t0001;Smith John;John;Smith\n"
    flats = apartments_of(text.encode(), "USD", "America/New_York")
    assert [each.tenant for each in flats.apartments] == ["t0001"]
    assert flats.unused == ("Name", "First name", "Last name")
    assert [(each.label, each.used.label, each.used.title) for each in flats.rivals] == [("Name", "Resident", "Tenant")]


def test_of_two_numbers_of_a_tenant_the_mobile_one_is_taken():
    text = "Wohnung;Zähler;Mieter;Telefon;Mobil\n1;a1;Anna;030 1234567;0151 23456789\n"
    flats = apartments_of(text.encode(), "EUR", ZONE)
    assert flats.apartments[0].contact.phone == "+4915123456789" and flats.rivals[0].label == "Telefon"


@pytest.mark.parametrize("role", ["common", "Allgemein", "PARTIES COMMUNES", "Común", "wspólne", "公摊"])
def test_a_role_is_known_in_the_languages_of_the_columns(role):
    flats = apartments_of(f"unit;meter;tenant;role\n;m1;;{role}\n".encode(), "EUR", ZONE)
    assert flats.apartments[0].role == "common"


@pytest.mark.django_db
def test_the_command_says_who_is_dark_before_it_says_how_to_start_the_gateway(clock, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("unit,meter,tenant\n1,m1,Anna\n2,m2,Ben\n3,m3,\n", encoding="utf-8")
    given = ["--organisation", "L", "--name", "Elm", "--zone", ZONE, "--currency", "EUR", "--price", "0.32"]
    printed = CliRunner().invoke(app, ["setup", "--apartments", str(path), *given]).output
    before, _command, _after = printed.partition("prewatt edge enrol")
    assert "Take care: 2 flats have no credit yet." in before

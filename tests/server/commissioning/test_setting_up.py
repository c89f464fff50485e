"""Setting a building up: by the command's list, and on the set-up pages."""

import json

import openpyxl
import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError

from prewatt.kernel.entries import ChangeSettings, ChangeTenancy, SetTariff, Settings, decode_command, genesis
from prewatt.kernel.supply import FriendlyHours, PowerLimit, Window
from prewatt.kernel.tariff import flat_tariff
from prewatt.kernel.tariff_document import tariff_to_document
from prewatt.kernel.units import NANO
from prewatt.server.accounts.invitations import invitation_of
from prewatt.server.commissioning import gateway_places
from prewatt.server.commissioning import installing as services
from prewatt.server.commissioning.setup import Apartment, SetupError, read_apartments
from prewatt.server.estate.models import Organisation, Property, Tenancy, Unit
from prewatt.server.metering.models import Gateway, Meter
from prewatt.server.tariffs.models import Tariff, TariffVersion
from prewatt.server.tariffs.versions import schedule
from prewatt.server.vending.models import Command
from tests.building import FLAT, PASSWORD, PRICE, set_up

pytestmark = pytest.mark.database


def orders(meter):
    return [
        decode_command(bytes(row.body)).order for row in Command.objects.filter(meter__name=meter).order_by("number")
    ]


def test_a_building_is_set_up_with_its_settings_and_tariff_on_the_way_to_each_meter(building, clock):
    meter = Meter.objects.get(name="m2")
    assert (bytes(meter.head), meter.seq) == (genesis("m2"), 0)
    assert orders("m2") == [
        ChangeSettings(Settings(low_credit_energy=10_000, zone="Europe/Berlin")),
        SetTariff(clock.now(), FLAT),
    ]
    assert [login[0] for login in building.logins] == ["manager", "flat1", "flat2"]
    assert Tenancy.objects.count() == 2


def test_without_a_password_given_the_manager_has_one_and_each_tenant_an_invitation(db, clock):
    made = set_up(clock, password="")
    ((name, password, _whose),) = made.logins
    assert get_user_model().objects.get(username=name).check_password(password)
    doors = [invitation_of(code).tenancy.unit.name for code, _whose in made.invitations]
    assert doors == ["Flat 1", "Flat 2"] and not get_user_model().objects.filter(username__startswith="flat").exists()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"zone": "Europe/Nowhere"}, "zone: .*Europe/Nowhere"),
        ({"currency": "euro"}, "currency"),
        ({"currency": "CHF"}, "The tariff's currency is EUR, but the building's is CHF"),
        ({"gateway": "Gate Way"}, "gateway name 'Gate Way'"),
        ({"name": ""}, "name: This field cannot be blank"),
        ({"apartments": [Apartment("F", "m/1", "A")]}, "unit F, meter m/1: Name: m/1 is not"),
        ({"apartments": [Apartment("F", "m", "A"), Apartment("G", "m", "B")]}, "unit G, meter m: Name: Meter with this Name"),
        ({"apartments": [Apartment("F", "m", "A"), Apartment("F", "n", "B")]}, "unit F, meter n: .*already exists"),
        ({"apartments": [Apartment("F", f"m{number}", "") for number in range(2)]}, "unit F"),
        ({"low_credit": "-1"}, "low_credit"),
    ],
)  # fmt: skip
def test_what_cannot_be_set_up_is_named_and_nothing_is_left(db, clock, changes, says):
    with pytest.raises(SetupError, match=says):
        set_up(clock, **changes)
    for model in (Organisation, Property, Unit, Meter, Gateway, Tariff, Command, get_user_model()):
        assert not model.objects.exists()


def test_more_meters_than_a_gateway_can_have_are_divided_over_several(db, clock):
    made = set_up(clock, apartments=[Apartment(str(number), f"m{number}", "") for number in range(251)], gateway="")
    assert sorted(made.codes) == ["gateway-1", "gateway-2"]
    assert {box.name: box.meters.count() for box in Gateway.objects.all()} == {"gateway-1": 250, "gateway-2": 1}


def test_more_meters_hang_at_several_gateways_that_the_list_names(db, clock, monkeypatch):
    for module in (gateway_places, services):
        monkeypatch.setattr(module, "MAX_METERS", 3)
    many = [Apartment(str(number), f"m{number}", "", gateway="" if number < 3 else "g2") for number in range(5)]
    made = set_up(clock, apartments=many)
    assert sorted(made.codes) == ["g1", "g2"]
    assert len(set(made.codes.values())) == 2
    assert {box.name: box.meters.count() for box in Gateway.objects.all()} == {"g1": 3, "g2": 2}
    with pytest.raises(SetupError, match="g4 would have 4 meters"):
        set_up(
            clock,
            name="Elm",
            apartments=[Apartment(f"F{number}", f"x{number}", "", gateway="g4") for number in range(4)],
        )
    for gateway, named in (("g3", "g2"), ("g2", "")):
        with pytest.raises(SetupError, match="there is a gateway g2 already"):
            set_up(clock, name="Elm", gateway=gateway, apartments=[Apartment("F", "x1", "", gateway=named)])
    again = set_up(clock, name="Elm", gateway="", apartments=[Apartment("F", "x1", "")])
    assert list(again.codes) == ["gateway-1"]


def test_all_that_is_wrong_with_apartments_is_said_at_once(db, clock):
    with pytest.raises(SetupError, match=r"(?s)unit F, meter m/1: .*\nunit G, meter m2: Floor area"):
        set_up(
            clock,
            apartments=[Apartment("F", "m/1", "A"), Apartment("G", "m2", "B", area="-1"), Apartment("H", "m3", "")],
        )


def listed(tmp_path, content, hint=""):
    path = tmp_path / "apartments.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_apartments(path, hint).apartments


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("unit,tenant\nF,A\n", "line 1: the column 'meter' is missing"),
        ("unit,meter,tenant\nF,,A\n", "line 2, meter: is empty"),
        ("unit,meter,tenant\n,m1,A\n", "line 2, unit: is empty"),
        ("unit,meter,tenant\n", "has no rows"),
        ("unit,meter,tenant\nTotal,,\n", "has no rows"),
        ("unit,meter,tenant,role\n,m,,roof\n", "line 2, role: 'roof' is not a known role. Known roles: unit, common, main"),
        ("unit,meter,tenant,role\nF,m,,main\n", "line 2, role: a meter with the role 'main' can't have a unit"),
        ("unit,meter,tenant,fuse\nF,m,,16 A\n", "line 2, fuse: '16 A' is a current. Write the power in W"),
        ("unit,meter,tenant,fuse (A)\nF,m,,100\n", r"line 1, fuse \(A\): must be in W"),
        ("unit,meter,tenant,area (tatami)\nF,m,,6\n", r"line 1, area \(tatami\): must be in m²"),
        ("unit,meter,tenant,area\nF,m,,large\n", "line 2, area: 'large' is not an area"),
        ("unit,meter,tenant,occupants\nF,m,,1.5\n", "line 2, occupants: '1.5' is not a number of people"),
        ("unit,meter,tenant\nF,1.23457E+11,\n", "line 2, meter: '1.23457E.11'.*digits may be lost"),
        ("unit,meter,tenant\nF,123456.0,\n", "line 2, meter: '123456.0'.*is 123456"),
        ("Wohnung;Zähler-Nr.;Mieter\nF;00123456;\nG;123457;\n", "line 3, Zähler-Nr.: '123457' has fewer digits.*8"),
        ("unit,meter,tenant\nF,m1,\nG,m1,\nF,m2,\n", "(?s)line 3, meter: m1 is in line 2 already.*line 4, unit: F is in line 2"),
        ("unit,meter,tenant\n101室,m1,\n１０１室,m2,\n", "line 3, unit: 101室 is in line 2 already"),
        ("unit,meter,tenant\nFlat 1,m1,\nflat 1,M1,\n", "(?s)line 3, meter: M1 is in line 2.*line 3, unit: flat 1 is in line 2"),
        ("unit,meter,tenant\nF,m1," + "A" * 101 + "\n", "line 2, tenant: a name has at most 100 characters"),
        ("unit,meter,tenant\nF,m1,Frei\n", "line 2, tenant: 'Frei' may be a name"),
        ("unit,meter,tenant\nF,m1,#REF!\n", "line 2, tenant: #REF!"),
        ("unit,meter,tenant\n02. Jan,m1,\n", "line 2, unit: '02. Jan'"),
        ("unit,meter,tenant\nF,m1,Anna, Ben\n", "line 2: has 4 cells"),
        ("unit,meter,tenant\nF,m1,\"Anna\nG,m2,Ben\n", "line 2: a quotation mark"),
        ("", "is empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "old Excel"),
        ("unit,meter,tenant\nF,m1,Jäger\n".encode("mac-roman"), "UTF-8"),
    ],
)  # fmt: skip
def test_a_list_of_apartments_that_cannot_be_read_is_named_by_its_line_and_column(tmp_path, text, says):
    with pytest.raises(SetupError, match=says) as caught:
        listed(tmp_path, text)
    assert "apartments.csv" in str(caught.value)


def test_a_list_is_told_all_that_is_wrong_with_it(tmp_path):
    with pytest.raises(SetupError) as caught:
        listed(tmp_path, "unit,meter,tenant,area\n,m1,A,1\nF,1E+12,A,1\nG,m3,x,two\n")
    assert [line.split(":")[0].strip() for line in str(caught.value).splitlines()[1:]] == [
        "line 2, unit",
        "line 3, meter",
        "line 4, tenant",
        "line 4, area",
    ]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("unit;meter;tenant\nFlat 1;m1;Anna\nFlat 2;m2;vacant\n", "utf-8"),
        ("\ufeffUnit, Meter , TENANT\r\nFlat 1, m1, Anna\r\n\r\nFlat 2, m2, -\r\n", "utf-8"),
        ("Linden 5;;\nStand: 1.10.2026;;\n;;\nWohnung;Zähler-Nr.;Mieter;Notiz\nFlat 1;m1;Anna;\nFlat 2;m2;Leerstand;ab 1.11.\nSumme;;\n",
         "cp1252"),
        ("房号\t电表号\t租客姓名\nFlat 1\tm1\tAnna\nFlat 2\tm2\t空置\n合计\t\t\n", "gb18030"),
        ("房号\t电表号\t租客姓名\nFlat 1\tm1\tAnna\nFlat 2\tm2\t无\n", "utf-16"),
        ("阳光公寓 电表登记,,\n单元/房号,电表号（智能）,租客\nFlat 1,m1,Anna\nFlat 2,m2,\n", "utf-8"),
        ('"Apartment","Meter no.","Tenant name",,\n"Flat 1","m1","Anna",,\n="Flat 2",="m2",(vacant),,\n', "utf-8"),
    ],
)  # fmt: skip
def test_a_list_as_landlords_have_it(tmp_path, text, encoding):
    assert listed(tmp_path, text.encode(encoding)) == [Apartment("Flat 1", "m1", "Anna"), Apartment("Flat 2", "m2", "")]


def test_a_list_in_a_workbook_keeps_its_serials(tmp_path):
    book = openpyxl.Workbook()
    for row in (
        ["Linden 5"], [], ["Wohnung", "Zählernummer", "Mieter", "Fläche", "Personen", "Sicherung", "Gateway"],
        [101, 12345678, "Anna", 52.5, 2, 11000, "g7"], ["102", "00123456", "leer"], ["103", 123458, None, 60], [None, None, None, 112.5],
    ):  # fmt: skip
        book.active.append(row)
    book.active["B6"].number_format = "00000000"
    path = tmp_path / "apartments.xlsx"
    book.save(path)
    assert read_apartments(path).apartments == [
        Apartment("101", "12345678", "Anna", area="52.5", occupants="2", fuse="11000", gateway="g7"),
        Apartment("102", "00123456", ""),
        Apartment("103", "00123458", "", area="60"),
    ]
    book.active["B6"].number_format = "General"
    book.save(path)
    with pytest.raises(SetupError, match="line 6, Zählernummer: '123458' has fewer digits"):
        read_apartments(path)


def test_areas_are_read_as_the_list_writes_numbers(tmp_path):
    text = "unit;meter;tenant;Fläche (m²);role\n1;m1;;1.052,50;\n2;m2;;52,5 m²;Wohnung\n;m3;;;Allgemein\n"
    assert [(each.area, each.role) for each in listed(tmp_path, text)] == [
        ("1052.5", "unit"),
        ("52.5", "unit"),
        ("0", "common"),
    ]


def test_a_list_of_apartments_is_read_with_its_spaces_and_signs(tmp_path):
    path = tmp_path / "apartments.csv"
    path.write_text("\ufeffunit,meter,tenant\n Flat 1 , m1 , Łukasz \nFlat 2,m2,\n", encoding="utf-8")
    assert read_apartments(path).apartments == [Apartment("Flat 1", "m1", "Łukasz"), Apartment("Flat 2", "m2", "")]


def test_parts_areas_and_other_meters_are_read_and_set_up(clock, db, tmp_path):
    path = tmp_path / "apartments.csv"
    path.write_text(
        "unit,meter,tenant,role,area,occupants,parts,fuse\nFlat 1,m1,Ann,,52.5,3,Stairs A;Ground floor,11000\n"
        ",m8,,common,,,Stairs A,\n,m9,,main,,,,250000\n"
    )
    made = set_up(clock, apartments=read_apartments(path).apartments)
    unit = made.property.units.get()
    assert (float(unit.area), unit.occupants, unit.tenancies.get().occupants) == (52.5, 3, 3)
    assert [part.name for part in unit.parts.all()] == ["Ground floor", "Stairs A"]
    meters = {meter.name: (meter.role, str(meter.part or "")) for meter in Meter.objects.all()}
    assert meters == {"m1": ("unit", ""), "m8": ("common", "Linden 5 Stairs A"), "m9": ("main", "")}
    # What is no unit's has no tariff, so its switch is left alone.
    assert [type(order) for order in orders("m8")] == [ChangeSettings]
    # But each meter knows what can flow through it, as the gateway believes no more.
    fuses = [orders(name)[0].settings.power_highest for name in ("m1", "m8", "m9")]
    assert fuses == [11_000, 100_000, 250_000]
    with pytest.raises(SetupError, match="fuse '16 A' is not a power in W"):
        set_up(clock, name="Elm", gateway="g2", apartments=[Apartment("Flat 1", "m7", "", fuse="16 A")])
    with pytest.raises(SetupError, match="unit Flat 1, meter m1: Floor area"):
        set_up(clock, name="Elm", gateway="g7", apartments=[Apartment("Flat 1", "m1", "", area="large")])


# -- the set-up pages ----------------------------------------------------------------------------------------------------


@pytest.fixture
def operator(client, building):
    get_user_model().objects.create_superuser("operator", password=PASSWORD)
    assert client.login(username="operator", password=PASSWORD)
    return client


ROOMS = [
    "estate/organisation", "estate/property", "estate/unit", "estate/tenancy", "metering/gateway", "metering/meter",
    "estate/part", "metering/alarm", "metering/refusal", "tariffs/tariff", "tariffs/tariffversion",
]  # fmt: skip


@pytest.mark.parametrize("room", ROOMS)
def test_every_set_up_page_opens(operator, room):
    assert operator.get(f"/admin/{room}/").status_code == 200
    assert operator.get(f"/admin/{room}/add/").status_code in (200, 403)


def test_an_object_of_each_kind_can_be_opened(operator, building):
    models = [Property, Tenancy, Meter, Gateway, Tariff, TariffVersion]
    for model in models:
        room = f"{model._meta.app_label}/{model._meta.model_name}"
        assert operator.get(f"/admin/{room}/{model.objects.first().pk}/change/").status_code == 200


def added(operator, room, **fields):
    return operator.post(f"/admin/{room}/add/", fields)


def test_a_meter_added_by_hand_gets_its_journal_its_settings_and_its_tariff(operator, building):
    unit = Unit.objects.create(property=building.property, name="Attic")
    gateway = Gateway.objects.get()
    assert (
        added(
            operator,
            "metering/meter",
            name="m9",
            role="unit",
            unit=unit.pk,
            gateway=gateway.pk,
            driver="recorded",
            power_highest="9000",
        ).status_code
        == 302
    )
    assert bytes(Meter.objects.get(name="m9").head) == genesis("m9")
    assert len(orders("m9")) == 2
    assert orders("m9")[0].settings.power_highest == 9000


def test_a_tenancy_is_typed_on_the_propertys_wall_clock(operator):
    unit = Unit.objects.get(name="Flat 3")
    fields = {"unit": unit.pk, "tenant": "Cleo", "begins_0": "2025-10-01", "begins_1": "12:00:00", "occupants": 2}
    assert added(operator, "estate/tenancy", **fields).status_code == 302
    made = Tenancy.objects.get(tenant="Cleo")
    assert made.begins == 1_759_312_800 * 10**6
    assert "2025-10-01 12:00:00" in operator.get("/admin/estate/tenancy/").content.decode()
    assert (made.occupants, orders("m3")[-1]) == (2, ChangeTenancy(made.begins))
    assert "2025-10-01 12:00:00" in operator.get(f"/admin/estate/tenancy/{made.pk}/change/").content.decode()


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"begins_0": "soon"}, "Enter a valid date"),
        ({"begins_0": "", "begins_1": ""}, "This field is required"),
        ({"unit": ""}, "This field is required"),
        ({"begins_0": "2020-09-01"}, "must be less than a year before or after today"),
        ({"unit": "Flat 1"}, "overlaps"),
    ],
)
def test_a_tenancy_that_cannot_be_is_refused_by_its_field(operator, fields, says):
    unit = (
        Unit.objects.get(name=fields.pop("unit", "Flat 3") or "Flat 3").pk
        if fields.get("unit") != ""
        else fields.pop("unit")
    )
    given = {"unit": unit, "tenant": "Cleo", "begins_0": "2025-10-01", "begins_1": "12:00:00", "occupants": 1, **fields}
    answer = added(operator, "estate/tenancy", **given)
    assert answer.status_code == 200
    assert says in answer.content.decode()
    assert not Tenancy.objects.filter(tenant="Cleo").exists()


def test_changed_settings_travel_to_every_meter_of_the_property(operator, building):
    where = building.property
    fields = {"organisation": where.organisation_id, "name": where.name, "zone": where.zone, "currency": where.currency}
    answer = operator.post(
        f"/admin/estate/property/{where.pk}/change/",
        {
            **fields,
            "low_credit": "7.50",
            "low_credit_kwh": "3.5",
            "clearance": "1",
            "loss_alarm": "10",
            "emergency_credit": "5",
            "emergency_repayment": "50",
            "friendly_hours": "daily 20:00-07:00",
            "friendly_days": "2025-12-24",
            "friendly_debt": "9",
            "power_limit": "06-22 5000, 22-06 3000",
            "overload_delay": "10",
            "reclose_after": "60",
            "recloses": "3",
            "forbidden_step": "1800",
            "tamper_locks": "on",
            "doubtful_readings": "3",
            "foreign_hours": "24",
            "back_grace": "5",
            "emergency_code_amount": "5",
            "emergency_code_number": "1",
            "emergency_code_days": "7",
        },
    )
    assert answer.status_code == 302
    where.refresh_from_db()
    assert (where.back_grace, where.back_cuts_off) == (5, False)
    hours = tuple(5000 if 6 <= hour < 22 else 3000 for hour in range(24))
    for meter in ("m1", "m2", "m3"):
        assert orders(meter)[-1] == ChangeSettings(
            Settings(
                low_credit=7_500_000_000,
                low_credit_energy=3500,
                clearance=NANO,
                emergency_credit=5 * NANO,
                emergency_repayment=50,
                zone="Europe/Berlin",
                friendly=FriendlyHours((Window(tuple(range(8)), 1200, 420),), ("2025-12-24",), 9 * NANO),
                power=PowerLimit(hours, step=1800),
                tamper_locks=True,
                doubtful_readings=3,
                foreign_for=24 * 3600,
            )
        )


def test_a_tariff_is_scheduled_on_the_page_and_travels(operator, building):
    dearer = flat_tariff("dearer", "EUR", "Europe/Berlin", 2 * PRICE)
    owner = building.property.organisation
    document = json.dumps(tariff_to_document(dearer))
    assert added(operator, "tariffs/tariff", organisation=owner.pk, name="dearer", document=document).status_code == 302
    made = Tariff.objects.get(name="dearer")
    fields = {
        "property": building.property.pk,
        "tariff": made.pk,
        "effective_at_0": "2025-11-01",
        "effective_at_1": "00:00:00",
    }
    assert added(operator, "tariffs/tariffversion", **fields).status_code == 302
    assert orders("m1")[-1] == SetTariff(1_761_951_600 * 10**6, dearer)
    answer = operator.post(
        f"/admin/tariffs/tariff/{made.pk}/change/",
        {"organisation": owner.pk, "name": "dearer", "document": json.dumps(tariff_to_document(FLAT))},
    )
    assert "This tariff is in use" in answer.content.decode()


@pytest.mark.parametrize("document", ["{", "[]", "7", '{"rates": {}}', '"text"', "null"])
def test_a_document_that_is_no_tariff_is_refused_on_the_page(operator, building, document):
    owner = building.property.organisation
    answer = added(operator, "tariffs/tariff", organisation=owner.pk, name="x", document=document)
    assert answer.status_code == 200
    assert not Tariff.objects.filter(name="x").exists()


@pytest.mark.parametrize(("currency", "zone"), [("CHF", "Europe/Berlin"), ("EUR", "Europe/Paris")])
def test_a_tariff_of_another_currency_or_zone_is_not_scheduled(building, clock, currency, zone):
    foreign = flat_tariff("foreign", currency, zone, PRICE)
    owner = building.property.organisation
    made = Tariff.objects.create(organisation=owner, name="foreign", document=tariff_to_document(foreign))
    before = Command.objects.count()
    with pytest.raises(ValidationError, match="The tariff's"):
        schedule(building.property, made, clock.now())
    assert (Command.objects.count(), TariffVersion.objects.count()) == (before, 1)


def test_set_up_lists_names_as_people_count_them(building, admin_client):
    from prewatt.server.estate.models import Unit

    for name in ("Flat 10", "Flat 20"):
        Unit.objects.create(property=building.property, name=name)
    counted = ["Flat 1", "Flat 2", "Flat 3", "Flat 10", "Flat 20"]
    page = admin_client.get("/admin/estate/unit/")
    assert [each.name for each in page.context["cl"].result_list] == counted
    page = admin_client.get("/admin/estate/unit/?o=-1")
    assert [each.name for each in page.context["cl"].result_list] == counted[::-1]
    form = admin_client.get("/admin/metering/meter/add/").context["adminform"].form
    assert [str(label).split(" ", 2)[-1] for _pk, label in form["unit"].field.widget.choices][1:] == counted
    for room in (
        "metering/meter",
        "metering/gateway",
        "estate/tenancy",
        "tariffs/tariffversion",
        "estate/organisation",
    ):
        assert admin_client.get(f"/admin/{room}/").status_code == 200

"""What is entered on the page, through the API and from a file is the same; what is refused is refused alike."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from prewatt.cli import app
from prewatt.server.api.models import Token
from prewatt.server.console.tariffs.forms import document_of, fields_of
from prewatt.server.estate.models import Property
from prewatt.server.tariffs.models import Tariff, TariffVersion
from prewatt.server.tariffs.reading import examples, read_document
from prewatt.sim.story import PACKAGED
from tests.building import PASSWORD

ROOT = Path(__file__).parents[2]
DATA = PACKAGED / "apartments.csv.gz"


@pytest.fixture
def manager(client, building):
    assert client.login(username="manager", password=PASSWORD)
    return client


@pytest.fixture
def program(client, building):
    from django.contrib.auth import get_user_model

    token = Token.make(get_user_model().objects.get(username="manager"), "test")
    headers = {"Authorization": f"Bearer {token}"}

    def call(method, path, body=None):
        if method == "get":
            return client.get(f"/api/v1/{path}", headers=headers)
        return client.post(f"/api/v1/{path}", json.dumps(body), content_type="application/json", headers=headers)

    return call


def posted(fields):
    """The fields of the editor as a browser sends them."""
    sent = {name: value for name, value in fields.items() if isinstance(value, str)}
    for row in ("rate", "profile"):
        for line in fields[f"{row}s"]:
            for name, value in line.items():
                sent.setdefault(f"{row}_{name}", []).append(value)
    return sent


def here(document):
    """An example as a tariff of the building in Berlin."""
    return {**document, "zone": "Europe/Berlin", "currency": "EUR"}


@pytest.mark.parametrize("name", examples())
def test_each_tariff_is_the_same_from_the_page_the_api_and_a_file(name, manager, program, building, tmp_path):
    document = here(examples()[name])
    wanted, pk = read_document(document), building.property.pk
    answer = manager.post(f"/properties/{pk}/tariffs/new/", {**posted(fields_of(document)), "keep": ""})
    assert answer.status_code == 302
    typed = Tariff.objects.get(name=wanted.name).kernel()
    assert typed.rates == wanted.rates

    # A page names a profile by its days.
    def nameless(tariff):
        return [(s.name, s.month, s.day, s.upto, [(d.days, d.switches) for d in s.day_types]) for s in tariff.seasons]

    assert nameless(typed) == nameless(wanted)
    assert (typed.tiers, typed.special_days) == (wanted.tiers, wanted.special_days)
    answer = program(
        "post",
        f"properties/{pk}/tariffs",
        {"tariff": {**document, "name": "from the API"}, "effective": "2025-11-01T00:00:00+01:00"},
    )
    assert answer.status_code == 201
    assert Tariff.objects.get(name="from the API").kernel().seasons == wanted.seasons
    path = tmp_path / "tariff.json"
    path.write_text(json.dumps({**document, "name": "from a file"}))
    result = CliRunner().invoke(app, ["tariff", "schedule", str(path), "--from", "2025-12-01T00:00"])
    assert result.exit_code == 0, result.output
    assert Tariff.objects.get(name="from a file").kernel().seasons == wanted.seasons
    assert TariffVersion.objects.count() == 3
    assert manager.get(f"/properties/{pk}/tariffs/").status_code == 200


BASE = {
    "name": "t", "rates": {"day": "0.3", "night": "0.2"},
    "seasons": [{"name": "year", "from": "01-01", "day_types": [
        {"name": "all", "days": ["weekday", "weekend", "special"], "switches": [["00:00", "night"], ["06:00", "day"]]}]}],
}  # fmt: skip


def with_days(days):
    document = json.loads(json.dumps(BASE))
    document["seasons"][0]["day_types"][0]["days"] = days
    return document


WRONG = {
    "a hole": (with_days(["weekday", "weekend"]), "no profile for the day 'special'"),
    "an overlap": (with_days(["weekday", "weekend", "special", "mon"]), "more than one profile for the day 'mon'"),
    "a negative price": ({**BASE, "rates": {"day": "-0.3", "night": "0.2"}}, "rates.day"),
    "an absurd price": ({**BASE, "rates": {"day": "3000", "night": "0.2"}}, "rates.day"),
    "an unknown rate": ({**BASE, "rates": {"day": "0.3"}}, "there is no rate 'night'"),
    "tiers that go back": ({**BASE, "tiers": {"per": "month", "up_to_kwh": ["600", "500"]}}, "tiers.up_to_kwh"),
    "a negative standing charge": ({**BASE, "standing_charge_per_day": "-1"}, "standing_charge_per_day"),
    "an absurd fee": ({**BASE, "service_fee_per_kwh": "1001"}, "service_fee_per_kwh"),
    "an absurd tax": ({**BASE, "tax": {"name": "VAT", "percent": "190", "included": False}}, "tax.percent"),
    "no name": ({**BASE, "name": ""}, "name"),
    "an unknown country": ({**BASE, "holidays": {"country": "XX"}}, "holidays.country"),
    "over the cap": ({**BASE, "rates": {"day": "0.51", "night": "0.2"}}, "over the property's cap of 0.50"),
}


IN_EDITOR = {
    "rates.day": "Rate “day”: ", "tiers.up_to_kwh": "Tiers, up to, kWh: ", "tax.percent": "Tax, %: ", "name": "Name: ",
    "standing_charge_per_day": "Standing charge a day: ", "service_fee_per_kwh": "Service fee per kWh: ",
    "holidays.country": "Public holidays: country: ",
}  # fmt: skip
"""The editor's fields have names of their own."""


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_refused_in_the_same_words(wrong, manager, program, building, tmp_path):
    document, says = WRONG[wrong]
    Property.objects.update(price_cap="0.5")
    pk = building.property.pk
    before = TariffVersion.objects.count()
    page = manager.post(f"/properties/{pk}/tariffs/new/", {**posted(fields_of(document)), "keep": ""}, follow=True)
    if wrong == "over the cap":
        made = Tariff.objects.get(name="t")
        page = manager.post(
            f"/properties/{pk}/tariffs/schedule/", {"tariff": made.pk, "effective": "2025-11-01T00:00"}, follow=True
        )
        document = {**document, "name": "another"}
    api = program("post", f"properties/{pk}/tariffs", {"tariff": document, "effective": "2025-11-01T00:00:00Z"})
    path = tmp_path / "tariff.json"
    path.write_text(json.dumps(document))
    command = CliRunner().invoke(app, ["tariff", "schedule", str(path), "--from", "2025-11-01T00:00"])
    assert (page.status_code, api.status_code, command.exit_code) == (200, 400, 2)
    text = re.sub(r"&#x27;", "'", page.content.decode())
    assert IN_EDITOR.get(says, says) in text
    assert says in " ".join(f"{each['field']}: {each['message']}" for each in api.json()["errors"])
    assert says in command.output.replace("\n", " ")
    assert TariffVersion.objects.count() == before
    assert not Tariff.objects.filter(name="another").exists()


def test_a_cap_is_set_on_the_page_but_not_under_what_holds(manager, building):
    path = f"/properties/{building.property.pk}/price-cap/"
    for text, says in (
        ("0.19", "0.20 for &#x27;flat&#x27; EUR per kWh"), ("-1", "price_cap"), ("lots", "price_cap"), ("9" * 30, "price_cap"),
    ):  # fmt: skip
        page = manager.post(path, {"price_cap": text}, follow=True).content.decode()
        assert says in page
        assert Property.objects.get().price_cap is None
    assert "0.2 EUR/kWh" in manager.post(path, {"price_cap": "0.2"}, follow=True).content.decode()
    assert (
        manager.post(path, {"price_cap": "", "purchase_tariff": Tariff.objects.get().pk}, follow=True).status_code
        == 200
    )
    assert Property.objects.get().purchase_tariff == Tariff.objects.get()
    assert manager.post(path, {"purchase_tariff": "999"}, follow=True).status_code == 200


def test_the_same_name_for_two_rates_is_refused_on_the_page(manager, building):
    fields = fields_of(BASE)
    fields["rates"].append({"name": "day", "price": "0.9"})
    page = manager.post(f"/properties/{building.property.pk}/tariffs/new/", {**posted(fields), "keep": ""})
    assert "is named twice" in page.content.decode()


@pytest.mark.parametrize("name", examples())
def test_the_editor_gives_back_what_it_was_filled_with(name):
    document = examples()[name]
    again = read_document(
        {**document_of(fields_of(document)), "zone": document["zone"], "currency": document["currency"]}
    )
    assert again.rates == read_document(document).rates


def test_every_published_tariff_rates_the_recorded_homes_as_independent_lines_do(tmp_path):
    files = [str(path) for path in sorted((ROOT / "src/prewatt/server/tariffs/examples").glob("ontario*.json"))]
    shanghai = str(ROOT / "src/prewatt/server/tariffs/examples/shanghai-residential.json")
    (lines,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/landlord/compare.md").read_text(), re.DOTALL)
    checker = tmp_path / "check.py"
    checker.write_text(lines)
    for chosen in (files, [shanghai]):
        out = tmp_path / "out.json"
        result = CliRunner().invoke(app, ["tariff", "compare", *chosen, "--data", str(DATA), "--json", str(out)])
        assert result.exit_code == 0, result.output
        done = subprocess.run(
            [sys.executable, checker, out, DATA, *chosen], capture_output=True, text=True, check=False
        )
        assert "every line and total is right" in done.stdout, done.stderr


# -- pages and API of shared costs, statements, moves --------------------------------------------------------------------


def test_an_api_key_sees_its_own_organisations_alone(program, client, building, clock):
    from tests.building import set_up
    from tests.server.web.test_pages import _flat

    other = set_up(
        clock, organisation="Other", name="Elm 1", gateway="g2", manager="rival", apartments=[_flat("A", "x1")]
    )
    assert [each["name"] for each in program("get", "properties").json()] == ["Linden 5"]
    for path in ("tariffs", "shared-costs", "tenancies", "losses?first=2025-10-01&last=2025-10-01"):
        assert program("get", f"properties/{other.property.pk}/{path}").status_code == 404
    theirs = other.property.units.get().tenancies.get()
    assert program("get", f"tenancies/{theirs.pk}/statement?first=2025-10-01&last=2025-10-31").status_code == 404
    assert client.get("/api/v1/properties").status_code == 401
    assert client.get("/api/v1/properties", headers={"Authorization": "Bearer wrong"}).status_code == 401


@pytest.fixture
def lived(building, clock):
    """Two days of three flats and a common meter, and a main one that measures a tenth more."""
    from prewatt.headend.store import Store
    from prewatt.kernel.units import HOUR
    from prewatt.server.commissioning.installing import install
    from prewatt.server.metering.models import Gateway, Meter
    from prewatt.wire.topics import SHARDS
    from tests.gateway import Edge, at

    for name, role in (("stairs", Meter.Role.COMMON), ("main", Meter.Role.MAIN)):
        install(None, Gateway.objects.get(), name, role=role)
    clock.at = at(2025, 10, 7)
    edge, store = Edge(building.code, clock), Store(range(SHARDS))
    for meter in edge.accounts:
        edge.read(meter, 500)
        edge.obey(meter)
    used = {"m1": 300, "m2": 100, "m3": 50, "stairs": 50}
    edge.live(store, at(2025, 10, 9), {**used, "main": 550}, HOUR)
    return edge


def test_a_shared_cost_is_made_previewed_booked_and_given_back_on_the_page(manager, lived, building):
    from prewatt.server.allocation.models import Run, SharedCost
    from prewatt.server.metering.models import Meter

    pk = building.property.pk
    fields = {
        "name": "Stairs",
        "vacancy": "landlord",
        "schedule": "none",
        "meters": [Meter.objects.get(name="stairs").pk],
    }
    percents = {"equal": "50", "area": "0", "occupants": "0", "consumption": "60", "fixed": "0"}
    wrong = manager.post(f"/properties/{pk}/shared-costs/", {**fields, **percents})
    assert "sum to 110" in wrong.content.decode()
    made = manager.post(f"/properties/{pk}/shared-costs/", {**fields, **percents, "consumption": "50"})
    assert made.status_code == 302
    cost = SharedCost.objects.get()
    days = {"first": "2025-10-07", "last": "2025-10-07"}
    page = manager.post(f"/shared-costs/{cost.pk}/run/", days)
    assert "Nothing is booked yet" in page.content.decode()
    assert not Run.objects.exists()
    assert manager.post(f"/shared-costs/{cost.pk}/run/", {**days, "book": ""}).status_code == 302
    run = Run.objects.get()
    assert sum(share.amount for share in run.shares.all()) == run.cost == 24 * 50 * 200_000
    again = manager.post(f"/shared-costs/{cost.pk}/run/", {**days, "book": ""}, follow=True)
    assert "charged already" in again.content.decode()
    assert manager.get(f"/properties/{pk}/shared-costs/").status_code == 200
    anna = run.shares.get(unit__name="Flat 1").tenancy
    assert manager.login(username="flat1", password=PASSWORD)
    assert "Stairs" in manager.get("/me/").content.decode()
    mine = manager.get(f"/tenancies/{anna.pk}/shares/{run.shares.get(tenancy=anna).pk}/").content.decode()
    assert "1.200" in mine and "7.200" in mine and "Ben" not in mine and "Flat 2" not in mine
    assert manager.get(f"/tenancies/{run.shares.get(unit__name='Flat 2').tenancy_id}/statement/").status_code == 404
    assert manager.post(f"/runs/{run.pk}/reverse/").status_code == 404
    assert manager.login(username="manager", password=PASSWORD)
    assert manager.post(f"/runs/{run.pk}/reverse/").status_code == 302
    run.refresh_from_db()
    assert run.reversed_at


SEEN = {"first": "From", "last": "Until", "amount": "Amount"}
NONSENSE = [
    ({"first": "", "last": "2025-10-07"}, "first"),
    ({"first": "2025-10-08", "last": "2025-10-07"}, "last"),
    ({"first": "0001-01-01", "last": "2025-10-07"}, "first"),
    ({"first": "0001-01-01", "last": "0001-01-02"}, "first"),
    ({"first": "9999-12-31", "last": "9999-12-31"}, "first"),
    ({"first": "2025-10-07", "last": "2025-10-07", "amount": "lots"}, "amount"),
    ({"first": "2025-10-07", "last": "2025-10-07", "amount": "-5"}, "amount"),
]


@pytest.mark.parametrize(("given", "field"), NONSENSE)
def test_nonsense_for_a_run_is_named_by_its_field(manager, program, lived, building, given, field):
    from prewatt.server.allocation.models import Run, SharedCost

    cost = SharedCost.objects.create(property=building.property, name="Garden")
    page = manager.post(f"/shared-costs/{cost.pk}/run/", {**given, "book": ""}, follow=True)
    assert f"{SEEN[field]}:" in page.content.decode()
    body = {"first": given["first"] or "x", "last": given["last"], "bill": given.get("amount", "5"), "book": True}
    assert program("post", f"shared-costs/{cost.pk}/runs", body).status_code in (400, 422)
    command = CliRunner().invoke(
        app, ["shared-cost", "run", "Garden", "--from", given["first"], "--until", given["last"],
              "--bill", given.get("amount", "5"), "--book"],
    )  # fmt: skip
    assert command.exit_code == 2
    assert not Run.objects.exists()


def test_the_balance_shows_what_no_meter_accounts_for(manager, program, lived, building, clock):
    from prewatt.server.metering.balance import balance, raise_alarms
    from prewatt.server.metering.models import Alarm
    from tests.gateway import at

    pk = building.property.pk
    spans = balance(building.property, at(2025, 10, 7), at(2025, 10, 9), 3600 * 10**6)
    assert {(span.main, span.units, span.common, span.unaccounted) for span in spans} == {(550, 450, 50, 50)}
    page = manager.get(f"/properties/{pk}/losses/?day=2025-10-07").content.decode()
    assert "2.400" in page and "9.09" in page
    for day in ("nonsense", "0001-01-01", "9999-12-31"):
        assert manager.get(f"/properties/{pk}/losses/?day={day}").status_code == 200
    rows = program("get", f"properties/{pk}/losses?first=2025-10-07&last=2025-10-07").json()
    assert sum(float(row["unaccounted_kwh"]) for row in rows) == pytest.approx(1.2)
    assert program("get", f"properties/{pk}/losses?first=2025-10-07&last=2025-12-07").status_code == 400
    result = CliRunner().invoke(app, ["building", "losses"])
    assert "9.09" in result.output
    clock.at = at(2025, 11, 2)
    assert raise_alarms() == []
    Property.objects.update(loss_alarm=9)
    assert "2.400 kWh (9.09 %) of Linden 5 are not accounted for" in raise_alarms()[0]
    assert raise_alarms() == []
    assert Alarm.objects.get().meter.name == "main"


def test_without_a_main_meter_the_page_says_so(manager, building):
    assert "no main meter" in manager.get(f"/properties/{building.property.pk}/losses/").content.decode()
    assert CliRunner().invoke(app, ["building", "losses"]).exit_code == 2


def test_a_statement_on_the_page_as_json_csv_and_pdf(manager, program, lived, tmp_path):
    from prewatt.server.estate.models import Tenancy

    anna = Tenancy.objects.get(tenant="Anna")
    path = f"/tenancies/{anna.pk}/statement/?first=2025-10-07&last=2025-10-08"
    assert manager.login(username="flat1", password=PASSWORD)
    page = manager.get(path).content.decode()
    assert "14.400" in page and "-2.88" in page
    found = manager.get(f"{path}&format=json").json()
    assert found == program("get", f"tenancies/{anna.pk}/statement?first=2025-10-07&last=2025-10-08").json()
    assert (found["kwh"], found["closing"]) == ("14.400", "-2.880000000")
    assert manager.get(f"{path}&format=csv").content.startswith(b"\xef\xbb\xbfsection,text")
    pdf = manager.get(f"{path}&format=pdf")
    assert pdf.content.startswith(b"%PDF-")
    for query in (
        "first=x&last=y",
        "month=2025-13",
        "first=2025-10-08&last=2025-10-07",
        "first=0001-01-01&last=2025-10-07",
    ):
        assert manager.get(f"/tenancies/{anna.pk}/statement/?{query}", follow=True).status_code == 200
    out = tmp_path / "s.csv"
    result = CliRunner().invoke(
        app,
        [
            "tenant",
            "statement",
            "Flat 1",
            "--from",
            "2025-10-07",
            "--until",
            "2025-10-08",
            "--format",
            "csv",
            "--out",
            str(out),
        ],
    )
    assert result.exit_code == 0 and "electricity" in out.read_text()


def test_moves_on_the_page_and_the_next_tenant_sees_nothing_of_before(manager, lived, clock):
    from prewatt.server.estate.models import Tenancy, Unit

    unit = Unit.objects.get(name="Flat 1")
    anna = unit.tenancies.get()
    assert (
        "Moves out at:"
        in manager.post(f"/tenancies/{anna.pk}/move-out/", {"ends": "soon"}, follow=True).content.decode()
    )
    assert manager.post(f"/tenancies/{anna.pk}/move-out/", {"ends": "2025-10-08T00:00"}).status_code == 302
    for given, field in (
        ({"tenant": "Zoe", "begins": ""}, "begins"), ({"tenant": "", "begins": "2025-10-08T12:00"}, "tenant"),
        ({"tenant": "Zoe", "begins": "2025-10-07T12:00"}, "overlaps"),
        ({"tenant": "Zoe", "begins": "2025-10-08T12:00", "deposit": "x"}, "deposit"),
        ({"tenant": "Zoe", "begins": "2025-10-08T12:00", "occupants": "x"}, "occupants"),
    ):  # fmt: skip
        assert field in manager.post(f"/units/{unit.pk}/move-in/", given, follow=True).content.decode()
    assert unit.tenancies.count() == 1
    page = manager.post(
        f"/units/{unit.pk}/move-in/", {"tenant": "Zoe", "begins": "2025-10-08T12:00", "deposit": "50"}, follow=True
    )
    login, password = re.search(r"Login: (\S+), password: (\S+) ", page.content.decode()).groups()
    # Before the settlement the meter holds both balances; she sees her own.
    zoe_sees = type(manager)()
    assert zoe_sees.login(username=login, password=password)
    page = zoe_sees.get("/me/").content.decode()
    assert "-0.72" in page and "Anna" not in page
    assert "settled" in manager.post(f"/tenancies/{anna.pk}/settle/", follow=True).content.decode()
    assert manager.login(username=login, password=password)
    mine = manager.get("/me/").content.decode()
    # The meter has not been told yet: still her own.
    assert "Zoe" in mine and "Anna" not in mine and "-0.72" in mine
    zoe = Tenancy.objects.get(tenant="Zoe")
    document = manager.get(f"/tenancies/{zoe.pk}/statement/?first=2025-10-01&last=2025-10-31&format=json").json()
    assert (document["kwh"], document["opening"]) == ("3.600", "0.000000000")
    assert manager.get(f"/tenancies/{anna.pk}/statement/").status_code == 404
    # Who has moved out still sees the own statement, and nothing of the meter.
    assert manager.login(username="flat1", password=PASSWORD)
    assert manager.get("/me/").headers["Location"] == f"/tenancies/{anna.pk}/statement/"
    assert manager.get(f"/tenancies/{anna.pk}/statement/").status_code == 200


def test_what_if_on_the_page_the_api_and_the_command(manager, program, lived, building, tmp_path):
    cheaper = {"name": "cheaper", "rates": {"flat": "0.1"}}
    path = tmp_path / "cheaper.json"
    path.write_text(json.dumps(cheaper))
    pk = building.property.pk
    manager.post(f"/properties/{pk}/tariffs/new/", {**posted(fields_of(cheaper)), "keep": ""})
    page = manager.get(
        f"/properties/{pk}/tariffs/compare/?tariff={Tariff.objects.get(name='cheaper').pk}"
    ).content.decode()
    assert "-1.44" in page
    found = program("post", f"properties/{pk}/compare", {"tariffs": [cheaper]}).json()
    assert found["tariffs"][1]["homes"]["Flat 1"]["difference"] == "-1.440000000"
    assert program("post", f"properties/{pk}/compare", {"tariffs": [cheaper] * 6}).status_code == 400
    result = CliRunner().invoke(app, ["tariff", "compare", str(path)])
    assert "-1.44" in result.output, result.output


def test_prices_corrections_and_tokens_by_command(manager, program, lived, building, tmp_path, clock):
    from prewatt.server.tariffs.models import Correction

    prices = tmp_path / "agile.csv"
    prices.write_text("from,price\n2025-10-09T12:00Z,21.5\n2025-10-09T12:30Z,8.25\n")
    run = CliRunner().invoke
    assert run(app, ["tariff", "prices", str(prices), "--hundredths"]).exit_code == 0
    assert (
        program(
            "post", f"properties/{building.property.pk}/prices", {"prices": [["2025-10-10T12:00Z", "0.1"]]}
        ).status_code
        == 201
    )
    bad = program(
        "post", f"properties/{building.property.pk}/prices", {"prices": [["2025-10-10T12:00Z", "-"], ["soon", "cheap"]]}
    )
    assert [each["message"].split(":")[0] for each in bad.json()["errors"]] == ["line 2, from", "line 2, price"]
    twice = '{"prices": [], "base": "a", "base": "b"}'
    bad = manager.post(f"/api/v1/properties/{building.property.pk}/prices", twice, content_type="application/json")
    assert "the name 'base' is there twice" in bad.json()["errors"][0]["message"]
    path = tmp_path / "right.json"
    path.write_text(json.dumps({"name": "right", "rates": {"flat": "0.1"}}))
    done = run(
        app, ["tariff", "correct", str(path), "--from", "2025-10-07", "--until", "2025-10-08", "--reason", "typo"]
    )
    assert done.exit_code == 0, done.output
    assert Correction.objects.get().reason == "typo"
    assert len(run(app, ["staff", "api-token", "manager"]).output.strip()) == 43
    assert run(app, ["staff", "api-token", "nobody"]).exit_code == 2
    assert run(app, ["tariff", "check", str(path)]).exit_code == 0
    assert "--property" in run(app, ["building", "losses", "--property", "Nowhere"]).output


def test_who_has_not_moved_in_yet_sees_nothing_of_the_meter(manager, lived, clock):
    from django.contrib.auth import get_user_model

    from prewatt.kernel.units import DAY
    from prewatt.server.estate.models import Unit
    from prewatt.server.tenancies.moving import move_in, move_out

    unit = Unit.objects.get(name="Flat 1")
    move_out(unit.tenancies.get(), clock.now() + DAY)
    user = get_user_model().objects.create_user("zoe", password=PASSWORD)
    move_in(unit, "Zoe", clock.now() + 2 * DAY, user=user)
    assert manager.login(username="zoe", password=PASSWORD)
    page = manager.get("/me/").content.decode()
    assert "Your page begins with your move-in" in page and "kWh" not in page

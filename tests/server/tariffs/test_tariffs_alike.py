"""A tariff that is entered on the page, through the API or from a file is the same; what is wrong is refused in the same words."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from prewatt.cli import app
from prewatt.server.console.tariffs.forms import document_of, fields_of
from prewatt.server.estate.models import Property
from prewatt.server.tariffs.models import Correction, Tariff, TariffVersion
from prewatt.server.tariffs.reading import examples, read_document
from prewatt.sim.story import PACKAGED
from tests.server.tariffs.editor import posted

ROOT = Path(__file__).parents[3]
DATA = PACKAGED / "apartments.csv.gz"


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
    "no profile for the day 'special'": "No line applies on the day “special”",
    "more than one profile for the day 'mon'": "Two lines apply on the day “mon”",
    "there is no rate 'night'": "There is no rate “night” among the rates above",
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
    assert "is listed twice" in page.content.decode()


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
    prices = tmp_path / "agile.csv"
    prices.write_text("from,price\n2025-10-09T12:00Z,21.5\n2025-10-09T12:30Z,8.25\n")
    run = CliRunner().invoke
    assert run(app, ["tariff", "prices", str(prices), "--hundredths"]).exit_code == 0
    prices.write_text("from;price (EUR/MWh)\n2025-10-09T12:00Z;1.234\n2025-10-09T12:30Z;2.500\n")
    unclear = run(app, ["tariff", "prices", str(prices)])
    assert "--decimal" in unclear.output and unclear.exit_code != 0
    assert run(app, ["tariff", "prices", str(prices), "--decimal", ","]).exit_code == 0
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
    for body in (
        {"prices": [["2025-10-10T12:00Z", "0.1"]], "currency": "SEK"},
        {"prices": [["2025-10-10T12:00Z", "0.1 SEK"]]},
    ):
        bad = program("post", f"properties/{building.property.pk}/prices", body)
        assert "in SEK, but the currency here is EUR" in bad.json()["errors"][0]["message"]
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
    assert len(run(app, ["staff", "api-key", "manager"]).output.strip()) == 51
    assert run(app, ["staff", "api-key", "nobody"]).exit_code == 2
    assert run(app, ["tariff", "check", str(path)]).exit_code == 0
    assert "--property" in run(app, ["building", "losses", "--property", "Nowhere"]).output

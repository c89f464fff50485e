"""A price that electricity costs nowhere is asked about before it holds, wherever a person types it."""

import re
from html import unescape

import pytest
from typer.testing import CliRunner

from prewatt.cli import app
from prewatt.server.console.tariffs.forms import fields_of
from prewatt.server.estate.models import Property
from tests.building import ZONE
from tests.server.commissioning.test_begin_pages import said
from tests.server.tariffs.editor import posted
from tests.server.tariffs.test_tariff_editor import HOURS

pytestmark = pytest.mark.django_db
QUESTION = "32.00 EUR per kWh: is that right? 10 kWh would cost 320.00 EUR. Electricity hardly costs that anywhere."


def latest(home):
    return home.tariff_versions.order_by("-pk")[0].tariff.kernel().rates[0].prices


def test_a_price_in_cents_is_asked_about_and_holds_only_after_a_yes(building, log_in):
    home, manager = building.property, log_in("manager")
    page, before = f"/properties/{home.pk}/price/", home.tariff_versions.count()
    asked = said(manager.post(page, {"price": "32"}))
    assert QUESTION in asked and "Perhaps you mean 0.32 EUR per kWh." in asked
    # The yes is to this price and to no other.
    assert "is that right?" in said(manager.post(page, {"price": "33", "sure": "price 32000000"}))
    assert home.tariff_versions.count() == before
    manager.post(page, {"price": "32", "sure": "price 32000000"})
    assert latest(home) == (32_000_000,)
    manager.post(page, {"price": "0,32"})
    assert latest(home) == (320_000,)


def test_the_editor_asks_about_a_rate_in_cents_and_carries_all_that_was_typed(building, log_in):
    home, manager = building.property, log_in("manager")
    page, before = f"/properties/{home.pk}/tariffs/new/", home.tariff_versions.count()
    document = {**HOURS, "rates": {"day": "40", "night": "0.1"}}
    asked = manager.post(page, {**posted(fields_of(document)), "keep": "", "hold": "now"})
    assert "40.00 EUR per kWh: is that right?" in said(asked) and home.tariff_versions.count() == before
    yes = {}
    for name, value in re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', asked.content.decode()):
        yes.setdefault(name, []).append(unescape(value))
    manager.post(page, yes)
    assert home.tariff_versions.count() == before + 1
    assert latest(home) == (40_000_000,)


def test_the_command_names_the_price_that_was_probably_meant(clock, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("unit,meter,tenant\n101,1,Anna\n", encoding="utf-8")

    def set_up(price):
        given = ["--organisation", "L", "--name", "Elm", "--zone", ZONE, "--currency", "VND", "--price", price]
        return CliRunner().invoke(app, ["setup", "--apartments", str(path), *given])

    refused = set_up("3.500")
    assert refused.exit_code == 2 and "Perhaps you mean 3500.00" in " ".join(refused.output.split())
    assert not Property.objects.exists()
    assert set_up("3500").exit_code == 0

"""The order and the colours of a building's rates are the same wherever they are shown."""

import re
from datetime import date

from prewatt.kernel.tariff import Dated, Rate, RateCalendar, Season, Switch, Tariff, Version, all_year, flat_tariff
from prewatt.kernel.tariff import DayType as Days
from prewatt.kernel.units import DAY, HOUR
from prewatt.server.estate.models import Tenancy
from prewatt.server.metering.models import Meter
from prewatt.server.statements.statement import statement
from prewatt.server.tariffs.rate_order import rate_order
from prewatt.server.tariffs.versions import keep, schedule
from prewatt.server.web.charts import Period, chart_of
from prewatt.server.web.rate_colours import colour_of
from tests.building import PASSWORD, ZONE, set_up
from tests.gateway import Edge, at

PEAKS = Season(
    "year", 1, 1, (Days("all", tuple(range(8)), (Switch(0, "valley"), Switch(480, "peak"), Switch(1200, "flat"))),)
)
RATES = (Rate("flat", (300_000,)), Rate("peak", (500_000,)), Rate("valley", (200_000,)))
BEGIN = at(2025, 10, 1)
SWATCH = re.compile(r'class="swatch (rate\d)"[^>]*></i>(?:<b>)?(\w+)')
PART = re.compile(r'class="(rate\d)"\s+title="(?:[\d:]+ )?(\w+)[,"]')


def held(begin, *prices, dated=None):
    rates = tuple(Rate(name, (price,)) for name, price in prices)
    tariff = Tariff("t", "EUR", ZONE, rates, (all_year(rates[0].name),), dated=dated)
    return Version(begin, RateCalendar(tariff))


def test_the_rates_in_force_come_first_by_price_then_those_of_other_tariffs():
    versions = (
        held(0, ("old", 100_000), ("day", 400_000)),
        held(DAY, ("day", 500_000), ("night", 300_000)),
        held(2 * DAY, ("super", 900_000), ("night", 300_000)),
    )
    assert rate_order(versions, DAY) == ["night", "day", "super", "old"]
    assert rate_order(versions, 2 * DAY) == ["night", "super", "day", "old"]
    assert rate_order(versions[1:], 0) == ["night", "super", "day"], "nothing is in force yet"


def test_dated_prices_come_after_the_rates_of_their_tariff():
    assert rate_order((held(0, ("day", 400_000), dated=Dated("spot", 0, HOUR, (1,))),), DAY) == ["day", "spot"]


def test_what_no_tariff_priced_has_a_colour_of_its_own():
    assert [colour_of(name, ["night", "day"]) for name in ("day", "night", "")] == ["rate1", "rate0", "no-rate"]


def test_a_rate_has_the_same_colour_on_each_page_and_in_a_month_in_which_cheaper_ones_were_not_used(
    db, clock, store, client
):
    clock.at = BEGIN
    made = set_up(clock, tariff=Tariff("peaks", "EUR", ZONE, RATES, (PEAKS,)))
    edge = Edge(made.code, clock)
    for meter in edge.accounts:
        edge.obey(meter)
        edge.read(meter, 0)
    # Nothing is used at night, until the last two hours.
    edge.live(store, BEGIN + 8 * HOUR, {"m1": 0}, HOUR)
    edge.live(store, BEGIN + 22 * HOUR, {"m1": 400}, HOUR)
    tenancy = Tenancy.objects.get(tenant="Anna")
    colours = {"valley": "rate0", "flat": "rate1", "peak": "rate2"}
    assert client.login(username="flat1", password=PASSWORD)
    page = client.get("/me/use/").content.decode()
    shown = {(name, colour) for colour, name in (*SWATCH.findall(page), *PART.findall(page))}
    assert shown == set(colours.items())
    # Chart, month by price, and today's list: each in the order of the building's rates.
    assert [name for _colour, name in SWATCH.findall(page)][:4] == ["flat", "peak", "flat", "peak"]
    assert [line.text for line in statement(tenancy, BEGIN, clock.at).section("electricity")] == ["flat", "peak"]
    client.logout()
    assert client.login(username="manager", password=PASSWORD)
    page = client.get(f"/properties/{tenancy.unit.property_id}/tariffs/").content.decode()
    assert [name for _colour, name in SWATCH.findall(page)] == list(colours)
    assert {(name, colour) for colour, name in PART.findall(page)} == set(colours.items())


def test_rates_of_a_tariff_that_has_ended_keep_a_colour_although_the_meter_has_forgotten_them(db, clock, store):
    clock.at = BEGIN
    made = set_up(clock, tariff=Tariff("peaks", "EUR", ZONE, RATES, (PEAKS,)))
    edge = Edge(made.code, clock)
    edge.obey("m1")
    edge.read("m1", 0)
    edge.live(store, BEGIN + 22 * HOUR, {"m1": 400}, HOUR)
    home = made.property
    tariff = keep(home.organisation, flat_tariff("plain", "EUR", ZONE, 300_000, "plain"))
    schedule(home, tariff, clock.at)
    edge.obey("m1")
    edge.live(store, BEGIN + 30 * HOUR, {"m1": 400}, HOUR)
    chart = chart_of(Meter.objects.get(name="m1"), Period.MONTH, date(2025, 10, 1), clock.at)
    assert chart.rates == chart.order == ["plain", "valley", "flat", "peak"]

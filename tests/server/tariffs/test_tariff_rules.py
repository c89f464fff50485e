"""Prices from files, holidays, and the resale guard."""

import pytest
from django.core.exceptions import ValidationError

from prewatt.kernel.tariff import TariffError
from prewatt.kernel.units import DAY, HOUR, MINUTE, parse_instant
from prewatt.server.console.tariffs.words import in_editor
from prewatt.server.core.holidays import public_holidays
from prewatt.server.estate.models import Property
from prewatt.server.tariffs.models import TariffVersion
from prewatt.server.tariffs.prices import read_prices
from prewatt.server.tariffs.reading import examples, read_document, read_file
from prewatt.server.tariffs.resale import check_resale
from prewatt.server.tariffs.versions import keep, schedule, schedule_prices
from tests.building import PRICE
from tests.server.commissioning.test_setting_up import orders

NOW = parse_instant("2025-10-06T12:00:00Z")


def test_half_hourly_prices_are_read_in_any_order_and_split_at_a_gap():
    lines = ["valid_from,valid_to,value_inc_vat\n"]
    lines += [f"2025-03-01T{hour:02}:{half}:00Z,,0.{hour + 10}\n" for hour in (3, 1, 0, 2) for half in ("30", "00")]
    lines.append("2025-03-02T00:00:00+01:00,,0.5\n")
    first, second = read_prices(lines)
    assert (first.begin, first.step, len(first.prices)) == (parse_instant("2025-03-01T00:00:00Z"), 30 * MINUTE, 8)
    assert first.prices[:3] == (100_000, 100_000, 110_000)
    assert (second.begin, second.prices) == (parse_instant("2025-03-01T23:00:00Z"), (500_000,))


def test_prices_in_hundredths_are_scaled_exactly():
    assert read_prices(["from,price\n", "2025-03-01T00:00Z,18.345\n"], scale="0.01")[0].prices == (183_450,)
    with pytest.raises(TariffError, match=r"line 2, price.*4 decimals"):
        read_prices(["from,price\n", "2025-03-01T00:00Z,18.34501\n"], scale="0.01")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("from,cost\n", "column 'price' is missing"),
        ("from,price\n", "no prices"),
        ("from,price\nsoon,0.1\n", "line 2, from"),
        ("from,price\n2025-03-01 00:00,0.1\n", "line 2, from.*offset"),
        ("from,price\n2025-03-01T00:00Z,cheap\n", "line 2, price"),
        ("from,price\n2025-03-01T00:00Z,0.1\n2025-03-01T01:00+01:00,0.2\n", "line 3, from.*already"),
        ("from,price\n2025-03-01T00:00:00Z,0.1\n2025-03-01T00:00:07Z,0.2\n", "7 s apart"),
        ("from,price\n2025-03-01T00:00:00Z,0.1\n2026-03-01T00:00:00Z,0.2\n", "apart"),
    ],
)
def test_prices_that_cannot_be_are_refused_by_line_and_field(text, says):
    with pytest.raises(TariffError, match=says):
        read_prices(text.splitlines(keepends=True))


def test_holidays_by_country_and_region():
    assert "2025-10-13" in public_holidays({"country": "CA", "region": "ON", "years": [2025, 2025]})
    berlin = public_holidays({"country": "DE", "region": "BE"})
    assert "2025-03-08" in berlin
    assert "2025-03-08" not in public_holidays({"country": "DE", "region": "BY"})


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({}, "holidays.country"),
        ({"country": "XX"}, "holidays.country: 'XX'"),
        ({"country": "CA", "region": "Bavaria"}, "holidays.region.*known: AB"),
        ({"country": "CA", "years": [2030, 2020]}, "holidays.years"),
        ({"country": "CA", "years": "2024"}, "holidays.years"),
        ({"country": "CA", "state": "ON"}, "holidays.state: there is no such field"),
        ("CA", "holidays.country"),
    ],
)
def test_holidays_that_are_not_known_are_refused_by_their_field(asked, says):
    with pytest.raises(TariffError, match=says):
        public_holidays(asked)


@pytest.mark.parametrize("name", examples())
def test_the_examples_are_tariffs_and_name_their_source(name):
    document = examples()[name]
    assert read_document(document).name == document["name"]
    assert document["source"]


def test_a_file_that_is_no_tariff_is_named(tmp_path):
    path = tmp_path / "tariff.json"
    for text, says in (
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "not a JSON object"),
        ('{"rates": 1}', "rates"),
    ):
        path.write_text(text)
        with pytest.raises(TariffError, match=says) as caught:
            read_file(path)
        assert str(path) in str(caught.value)
    with pytest.raises(TariffError, match="can't be read"):
        read_file(tmp_path / "none.json")


# -- the resale guard ----------------------------------------------------------------------------------------------------

BASE = {"name": "t", "currency": "EUR", "zone": "Europe/Berlin", "rates": {"flat": "0.30"}}


def test_a_price_over_the_cap_is_refused_with_the_sum():
    tariff = read_document(
        {**BASE, "service_fee_per_kwh": "0.03", "tax": {"name": "VAT", "percent": "19", "included": False}}
    )
    check_resale(tariff, NOW, 392_700, None)
    with pytest.raises(TariffError) as caught:
        check_resale(tariff, NOW, 392_699, None)
    assert str(caught.value) == (
        "rates.flat: 0.30 for 'flat' + 0.03 service fee + 0.0627 VAT (19 %) = 0.3927 EUR per kWh at 2025-10-06 14:00 "
        "is over the property's cap of 0.392699"
    )


def test_a_price_that_is_over_the_cap_at_some_hour_of_the_year_alone():
    peak = read_document({**examples()["ontario-time-of-use"]})
    check_resale(peak, NOW, 182_000, None)
    with pytest.raises(
        TariffError, match=r"rates.on-peak: 0.182 for 'on-peak' CAD per kWh at 2025-10-0\d 11:00 is over"
    ):
        check_resale(peak, NOW, 181_999, None)


def test_only_the_purchase_price_of_the_same_instant_may_be_passed_on():
    bought = read_document(examples()["ontario-time-of-use"])
    check_resale(bought, NOW, None, bought)
    with pytest.raises(TariffError, match=r"is over the purchase price of 0.087"):
        check_resale(read_document({**BASE, "rates": {"flat": "0.10"}, "currency": "CAD"}), NOW, None, bought)
    tiered = read_document(examples()["ontario-tiered"])
    check_resale(tiered, NOW, None, tiered)
    flat = read_document({**BASE, "rates": {"flat": "0.11"}})
    with pytest.raises(TariffError, match=r"is over the purchase price of 0.103"):
        check_resale(flat, NOW, None, tiered)


def test_a_dated_price_over_the_cap_is_found_however_late_it_comes():
    dated = {"from": "2028-01-01T00:00:00Z", "prices": ["0.1", "0.9"]}
    with pytest.raises(TariffError, match=r"rates.dynamic: 0.90 for 'dynamic' EUR per kWh at 2028-01-01 01:30"):
        check_resale(read_document({**BASE, "dated_prices": dated}), NOW, 800_000, None)


# -- versions ------------------------------------------------------------------------------------------------------------


@pytest.mark.database
def test_a_property_with_a_cap_refuses_what_is_over_it(building, clock):
    where = building.property
    Property.objects.filter(pk=where.pk).update(price_cap="0.25")
    where.refresh_from_db()
    made = keep(where.organisation, read_document(BASE))
    with pytest.raises(ValidationError, match=r"is over the property's cap of 0.25") as caught:
        schedule(where, made, clock.now() + DAY)
    assert list(caught.value.error_dict) == ["tariff"]
    assert TariffVersion.objects.count() == 1


@pytest.mark.database
def test_a_tariff_that_no_command_can_hold_is_refused(building, clock):
    names = ["n" * 62 + f"{number:02}" for number in range(32)]
    switches = [[f"{minute // 4:02}:{minute % 4 * 15:02}", names[minute % 32]] for minute in range(96)]
    days = [[day] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "special")]
    types = [{"name": str(number), "days": day, "switches": switches} for number, day in enumerate(days)]
    seasons = [{"name": str(month), "from": f"{month:02}-01", "day_types": types} for month in range(1, 13)]
    long = read_document({**BASE, "rates": dict.fromkeys(names, "0.1"), "seasons": seasons})
    with pytest.raises(ValidationError, match="too long to be sent"):
        schedule(building.property, keep(building.property.organisation, long), clock.now() + DAY)


@pytest.mark.database
def test_dated_prices_travel_ahead_on_top_of_a_tariff(building, clock):
    where = building.property
    base = where.tariff_versions.get().tariff
    hour = clock.now() // HOUR * HOUR + 2 * HOUR
    from prewatt.kernel.tariff import Dated

    past, ahead = Dated("dynamic", hour - DAY, HOUR, (1, 2)), Dated("dynamic", hour, HOUR, (300_000, 100_000))
    (version,) = schedule_prices(where, base, [past, ahead])
    assert (version.effective_at, orders("m1")[-1].tariff.dated) == (hour, ahead)
    assert orders("m1")[-1].tariff.rates[0].prices == (PRICE,)
    with pytest.raises(ValidationError, match="past"):
        schedule_prices(where, base, [past])


@pytest.mark.database
def test_a_new_meter_is_told_what_holds_now_and_later_and_nothing_of_the_past(building, clock):
    from prewatt.server.commissioning.installing import install
    from prewatt.server.estate.models import Unit
    from prewatt.server.metering.models import Gateway

    where = building.property
    for day, price in ((1, "0.3"), (2, "0.4"), (9, "0.5"), (9, "0.6")):
        schedule(
            where,
            keep(where.organisation, read_document({**BASE, "name": price, "rates": {"flat": price}})),
            clock.now() + day * DAY,
        )
    clock.at += 3 * DAY
    install(Unit.objects.create(property=where, name="Attic"), Gateway.objects.get(), "m9")
    assert [order.tariff.name for order in orders("m9")[1:]] == ["0.4", "0.6"]


def season(name, begins, at="00:00"):
    return {
        "name": name,
        "from": begins,
        "day_types": [{"name": "weekday", "days": ["weekday"], "switches": [[at, "on"]]}],
    }


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rates": {"": "0.1"}}, "Rates, line 1: Nothing is typed here yet."),
        ({"rates": {"x" * 65: "0.1"}}, "Rate “xxx"),
        ({"rates": {}}, "Rates: Nothing is typed here yet."),
        ({"rates": {"on": "cheap"}}, "Rate “on”: “cheap” is not a number such as 0.32."),
        ({"seasons": [season("winter", "13-01")]}, "Season “winter”: There is no day 13-01: write month and day"),
        (
            {"seasons": [season("winter", "soon")]},
            "Season “winter”, from: “soon” is not a month and day such as 11-01.",
        ),
        (
            {"seasons": [season("winter", "01-01", at="7")]},
            "Season “winter”, line “weekday”, Times: “7” is not a time such as 07:00.",
        ),
        ({"colour": "red"}, "colour: there is no such field"),
    ],
)
def test_the_editor_names_what_people_see(changed, said):
    document = {"name": "t", "zone": "Europe/Berlin", "currency": "EUR", "rates": {"on": "0.1"}} | changed
    with pytest.raises(TariffError) as caught:
        read_document(document)
    fields = {"rates": [{"name": name, "price": price} for name, price in document["rates"].items()]}
    (told,) = in_editor(caught.value, fields, document)
    assert told.whole.startswith(said)

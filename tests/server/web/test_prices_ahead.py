"""What tenants see of prices: when it gets cheaper, the strips of two days, the month by price, and what shifting would have saved."""

from django.utils.translation import override

from prewatt.kernel.calendar import zone
from prewatt.kernel.tariff import (
    Dated,
    DayType,
    Period,
    Rate,
    Season,
    Switch,
    Tariff,
    Tax,
    Tiers,
    all_year,
    flat_tariff,
)
from prewatt.kernel.units import DAY, HOUR
from prewatt.server.core.rate_names import shown_rate
from prewatt.server.estate.models import Tenancy
from prewatt.server.metering.models import Meter
from prewatt.server.statements.by_price import Shift, by_price
from prewatt.server.statements.statement import statement
from prewatt.server.web.figures import tenancy_panel
from prewatt.server.web.prices import price_outlook
from tests.building import PASSWORD, ZONE, set_up
from tests.gateway import Edge, at
from tests.kernel.test_ahead import holding

NIGHTS = Season(
    "year", 1, 1, (DayType("all", tuple(range(8)), (Switch(0, "night"), Switch(360, "day"), Switch(1320, "night"))),)
)
RATES = (Rate("day", (520_000,)), Rate("night", (310_000,)))
BERLIN = zone(ZONE)
BEGIN = at(2025, 10, 1)
EDGES = []


def meter_of(tenancy):
    return Meter.objects.filter(unit=tenancy.unit_id).first()


def plain(**fields):
    return Tariff(**{"name": "nights", "currency": "EUR", "zone": ZONE, "rates": RATES, "seasons": (NIGHTS,), **fields})


def lived(clock, store, tariff, begin=BEGIN, days=3, used=400, step=HOUR):
    """Some days of the same use each hour, from an instant; Anna's tenancy."""
    clock.at = begin
    made = set_up(clock, tariff=tariff)
    edge = Edge(made.code, clock)
    for meter in edge.accounts:
        edge.obey(meter)
        edge.read(meter, 0)
    edge.live(store, begin + days * DAY, {"m1": used}, step)
    EDGES.append(edge)
    return Tenancy.objects.get(tenant="Anna")


def test_a_tenant_sees_the_next_price_the_strips_the_month_by_price_and_what_shifting_would_have_saved(
    db, clock, store, client
):
    tenancy = lived(clock, store, plain())
    clock.at += 12 * HOUR
    found = by_price(tenancy, clock.at, meter_of(tenancy))
    assert [(each.text, each.price, each.energy, each.amount) for each in found.lines] == [
        ("night", 310_000, 3 * 8 * 400, 3 * 8 * 400 * 310_000),
        ("day", 520_000, 3 * 16 * 400, 3 * 16 * 400 * 520_000),
    ]
    # A tenth of each day's 6.4 kWh.
    assert found.shift == Shift(3 * 640, 3 * 640 * 210_000, "day", "night")
    assert not found.tiered and not found.more
    assert client.login(username="flat1", password=PASSWORD)
    page = client.get("/me/").content.decode()
    assert "Cheaper from 22:00: 0.31 instead of 0.52 EUR/kWh" in page
    assert "price now 0.52 EUR/kWh (rate: day)" in page
    assert "day 19.2 kWh" in " ".join(page.split()) and "night 9.6 kWh" in " ".join(page.split())
    page = client.get("/me/use/").content.decode()
    assert (
        "tenth of your use at the price “day” had been at the price “night” on the same day (1.920 kWh in all)" in page
    )
    assert "<b>0.40 EUR</b>" in page
    assert page.count('class="strip"') == 2 and "06:00 – 22:00" in page
    assert "0.31 – 0.52" in page
    assert "0,31 – 0,52" in client.get("/me/use/", headers={"Accept-Language": "de"}).content.decode()


def test_a_flat_tariff_has_nothing_to_say_and_nothing_is_shown(db, clock, store, client):
    tenancy = lived(clock, store, flat_tariff("flat", "EUR", ZONE, 300_000), days=1)
    assert by_price(tenancy, clock.at, meter_of(tenancy)) is None
    assert tenancy_panel(tenancy, clock.at, meter_of(tenancy)).prices is None
    assert client.login(username="flat1", password=PASSWORD)
    page = client.get("/me/").content.decode() + client.get("/me/use/").content.decode()
    assert 'class="strip"' not in page and "by price" not in page and "heaper" not in page
    # The one price has a name, which nobody needs.
    assert "price now 0.30 EUR/kWh" in page and "(rate: " not in page


def test_the_word_that_nobody_chose_for_the_one_rate_is_read_in_the_reader_s_language(db, clock, store, client):
    # A landlord who reads Chinese made the price.
    tenancy = lived(clock, store, flat_tariff("flat", "EUR", ZONE, 300_000, "电费"), days=1)
    assert client.login(username="flat1", password=PASSWORD)
    for language, word in (("en", "electricity"), ("de", "Strom"), ("zh-hans", "电费")):
        page = client.get("/me/use/", headers={"Accept-Language": language}).content.decode()
        assert f'<li><i class="swatch rate0" data-rate></i>{word}</li>' in page
        with override(language):
            (line,) = statement(tenancy, tenancy.begins, clock.at).section("electricity")
        assert line.text == word
    assert shown_rate("Ökostrom") == "Ökostrom"


def test_what_shifting_saves_is_rated_with_tiers_fee_and_tax_and_tiers_are_said_not_to_be_shiftable(db, clock, store):
    rates = (Rate("day", (520_000, 620_000)), Rate("night", (310_000, 410_000)))
    tariff = plain(
        rates=rates, tiers=Tiers(Period.MONTH, (9_000,), by_rate=True), fee=10_000, tax=Tax("VAT", 190_000, False)
    )
    tenancy = lived(clock, store, tariff)
    found = by_price(tenancy, clock.at, meter_of(tenancy))
    assert found.tiered and found.more
    assert [(each.text, each.energy) for each in found.lines] == [
        ("night, tier 1", 9_000),
        ("night, tier 2", 600),
        ("day, tier 1", 9_000),
        ("day, tier 2", 10_200),
    ]
    moved = 3 * 640
    # All that is taken from the day was in its second tier; the night's first was as good as full.
    net = moved * 620_000 - moved * 410_000 + 0
    assert found.shift.energy == moved
    assert abs(found.shift.saved - net * 119 // 100) <= 1


def test_tiers_alone_are_not_shiftable(db, clock, store, client):
    tariff = Tariff(
        "tiers",
        "EUR",
        ZONE,
        (Rate("flat", (100_000, 200_000)),),
        (all_year("flat"),),
        tiers=Tiers(Period.MONTH, (5_000,)),
    )
    tenancy = lived(clock, store, tariff, days=1)
    found = by_price(tenancy, clock.at, meter_of(tenancy))
    assert [each.energy for each in found.lines] == [5_000, 24 * 400 - 5_000]
    assert found.shift is None and found.tiered
    assert client.login(username="flat1", password=PASSWORD)
    assert "not on when" in client.get("/me/use/").content.decode()


def test_a_tier_of_the_year_goes_on_from_the_months_before(db, clock, store):
    rates = (Rate("day", (520_000, 920_000)), Rate("night", (310_000, 310_000)))
    tariff = plain(rates=rates, tiers=Tiers(Period.YEAR, (4 * 16 * 400,), by_rate=True))
    tenancy = lived(clock, store, tariff, begin=at(2025, 9, 29), days=4)
    found = by_price(tenancy, clock.at, meter_of(tenancy))
    # Two days of September and two of October: those of October lie in the first tier to its end.
    assert found.shift.saved == 2 * 640 * (520_000 - 310_000)
    found = by_price(lived_on(tenancy, clock, store), clock.at, meter_of(tenancy))
    assert found.shift.energy == 3 * 640
    # The third day of October is the second tier's: what is moved is taken from there.
    assert found.shift.saved == 3 * 640 * (920_000 - 310_000)


def lived_on(tenancy, clock, store):
    edge = EDGES.pop()
    edge.live(store, clock.at + DAY, {"m1": 400}, HOUR)
    return tenancy


def test_prices_by_the_hour_are_shifted_within_the_day_and_the_cheapest_is_named(db, clock, store):
    begin = at(2025, 10, 1)
    prices = tuple(100_000 + 10_000 * (hour % 24) for hour in range(72))
    tenancy = lived(clock, store, plain(seasons=(all_year("day"),), dated=Dated("spot", begin, HOUR, prices)), days=1)
    clock.at += HOUR // 2
    found = by_price(tenancy, clock.at, meter_of(tenancy))
    assert [(each.text, each.price, each.energy) for each in found.lines] == [("spot", None, 24 * 400)]
    # A tenth of the hours from 12:00 at 0.22 to 23:00 at 0.33 goes to 00:00 at 0.10.
    saved = sum(40 * (10_000 * hour) for hour in range(12, 24))
    assert found.shift == Shift(12 * 40, saved, "", "")
    seen = tenancy_panel(tenancy, clock.at + 12 * HOUR, meter_of(tenancy)).prices
    assert seen.change == "More expensive from 13:00: 0.23 instead of 0.22 EUR/kWh"
    assert seen.best == "Cheapest: tomorrow 00:00 – 01:00, 0.10"
    assert [len(each.parts) for each in seen.days] == [24, 24] and seen.known is None
    # All of it is one rate: its colour says how dear each hour is.
    parts = seen.days[0].parts
    assert {each.colour for each in parts} == {""} and [parts[0].shade, parts[-1].shade] == [0, 100]


def test_strips_of_23_and_25_hours_and_marks_where_the_clock_shows_them():
    spring = price_outlook(holding((0, plain())), at(2026, 3, 29, 12), BERLIN, "EUR").days[0]
    assert [each.width for each in spring.parts] == ["21.73", "69.56", "8.69"]
    assert spring.marks == [("0.00", 0), ("21.73", 6), ("47.82", 12), ("73.91", 18), ("100.00", 24)]
    autumn = price_outlook(holding((0, plain())), at(2026, 10, 24, 12), BERLIN, "EUR").days[1]
    assert [each.width for each in autumn.parts] == ["28.00", "64.00", "8.00"] and autumn.now == ""
    assert [each.colour for each in autumn.parts] == ["rate0", "rate1", "rate0"]


def test_until_when_prices_by_the_hour_are_known_is_said():
    begin = at(2026, 3, 4)
    account = holding((0, plain(dated=Dated("spot", begin, HOUR, (100_000,) * 30))))
    assert price_outlook(account, begin + HOUR, BERLIN, "EUR").known == begin + 30 * HOUR


def test_a_change_is_said_with_its_day():
    flat = flat_tariff("flat", "EUR", ZONE, 300_000)
    dearer = flat_tariff("flat", "EUR", ZONE, 350_000)
    for ahead, said in ((2, "Friday 00:00"), (1, "tomorrow 00:00")):
        account = holding((0, flat), (at(2026, 3, 6), dearer))
        found = price_outlook(account, at(2026, 3, 6 - ahead, 12), BERLIN, "EUR")
        assert found.change == f"More expensive from {said}: 0.35 instead of 0.30 EUR/kWh"


def test_hours_before_the_first_tariff_held_are_no_cheap_ones():
    begun = at(2026, 3, 4, 10)
    assert (
        price_outlook(holding((begun, flat_tariff("flat", "EUR", ZONE, 320_000))), begun + HOUR, BERLIN, "EUR") is None
    )
    days = price_outlook(holding((begun, plain())), begun + HOUR, BERLIN, "EUR").days
    assert [each.price for each in days[0].parts] == [None, 520_000, 310_000]
    assert [each.colour for each in days[0].parts] == ["no-rate", "rate1", "rate0"]

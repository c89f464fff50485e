import json
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.kernel.calendar import DAY_KINDS
from prewatt.kernel.tariff import (
    RateCalendar,
    Tariff,
    TariffError,
    Version,
    flat_tariff,
    stretches,
)
from prewatt.kernel.tariff_document import tariff_from_document, tariff_to_document
from prewatt.kernel.units import DAY, HOUR, MINUTE, instant
from prewatt.server.tariffs.reading import examples
from tests.kernel.naive import naive_rate
from tests.strategies import instants, tariffs

ONTARIO = {name: value for name, value in examples()["ontario-time-of-use"].items() if name != "holidays"}
ONTARIO["special_days"] = []
for season in ONTARIO["seasons"]:
    season["day_types"][0]["days"], season["day_types"][1]["days"] = list(DAY_KINDS[:5]), list(DAY_KINDS[5:])


@given(tariffs(plain=True), instants)
def test_the_rate_is_the_one_the_wall_clock_names(tariff, at):
    assert RateCalendar(tariff).stretch(at).rate == naive_rate(tariff, at)


@given(tariffs(plain=True), instants, st.integers(0, 3 * DAY))
def test_stretches_tile_time_and_change_only_at_their_ends(tariff, begin, length):
    versions = [Version(0, RateCalendar(tariff))]
    at = begin
    for start, stretch in stretches(versions, begin, begin + length):
        assert start == at < stretch.end
        for inside in (start, (start + stretch.end) // 2, stretch.end - 1):
            assert stretch.rate == naive_rate(tariff, inside)
        at = stretch.end
    assert at >= begin + length


def test_the_clock_change_in_autumn_has_the_repeated_hour_twice():
    where = ZoneInfo("Europe/Berlin")
    document = {
        **tariff_to_document(flat_tariff("x", "EUR", "Europe/Berlin", 0)),
        "rates": {"night": "0.1", "early": "0.2"},
    }
    document["seasons"][0]["day_types"][0]["switches"] = [["00:00", "night"], ["02:30", "early"], ["04:00", "night"]]
    versions = [Version(0, RateCalendar(tariff_from_document(document)))]
    begin = instant(datetime(2024, 10, 27, 0, 0, tzinfo=where))
    found = [
        ((start - begin) // MINUTE, stretch.rate) for start, stretch in stretches(versions, begin, begin + 5 * HOUR)
    ]
    # 02:00 comes twice, so 02:30 does: half an hour of the early rate, then the night's again, then the early one's.
    assert found == [(0, "night"), (150, "early"), (180, "night"), (210, "early"), (300, "night")][: len(found)]


def test_ontario_as_published():
    tariff = tariff_from_document({**ONTARIO, "special_days": ["2024-07-01"]})
    calendar, where = RateCalendar(tariff), ZoneInfo("America/Toronto")

    def rate(*when):
        return calendar.stretch(instant(datetime(*when, tzinfo=where))).rate

    assert [rate(2024, 1, 15, hour) for hour in (6, 7, 11, 17, 19)] == [
        "off-peak",
        "on-peak",
        "mid-peak",
        "on-peak",
        "off-peak",
    ]
    assert [rate(2024, 7, 15, hour) for hour in (6, 7, 11, 17, 19)] == [
        "off-peak",
        "mid-peak",
        "on-peak",
        "mid-peak",
        "off-peak",
    ]
    assert rate(2024, 7, 13, 12) == rate(2024, 7, 1, 12) == "off-peak"
    assert (rate(2024, 4, 30, 12), rate(2024, 5, 1, 12), rate(2024, 10, 31, 12), rate(2024, 11, 1, 12)) == (
        "mid-peak",
        "on-peak",
        "on-peak",
        "mid-peak",
    )


@given(tariffs())
def test_a_tariff_reads_back_from_its_public_form_and_from_its_bytes(tariff):
    assert tariff_from_document(json.loads(json.dumps(tariff_to_document(tariff)))) == tariff
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(tariff), type=Tariff) == tariff


CHINESE = {
    "name": "yearly tiers", "currency": "CNY", "zone": "Asia/Shanghai",
    "tiers": {"per": "year", "up_to_kwh": ["3120", "4800"], "prices": ["0.52", "0.57", "0.82"]},
    "rates": {"peak": "0.03", "valley": "-0.20"},
    "seasons": [{"name": "year", "from": "01-01", "day_types": [{"name": "all", "days": ["weekday", "weekend", "special"],
                 "switches": [["00:00", "valley"], ["06:00", "peak"], ["22:00", "valley"]]}]}],
}  # fmt: skip


def test_the_chinese_form_has_a_peak_and_a_valley_adder_to_each_tiers_price():
    tariff = tariff_from_document(CHINESE)
    assert {rate.name: rate.prices for rate in tariff.rates} == {
        "peak": (550_000, 600_000, 850_000),
        "valley": (320_000, 370_000, 620_000),
    }
    with pytest.raises(TariffError, match=r"rates.valley: with -0.6 a tier's price is under 0"):
        tariff_from_document({**CHINESE, "rates": {"peak": "0", "valley": "-0.6"}})


def test_with_one_rate_the_calendar_can_be_left_out():
    short = {"name": "flat", "currency": "EUR", "zone": "Europe/Berlin", "rates": {"flat": "0.3"}}
    assert tariff_from_document(short) == flat_tariff("flat", "EUR", "Europe/Berlin", 300_000)
    with pytest.raises(TariffError, match="seasons: is missing"):
        tariff_from_document({**short, "rates": {"a": "0.3", "b": "0.2"}})


def _without(day):
    return [kind for kind in DAY_KINDS if kind != day]


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("currency",), "cad", "currency"),
        (("currency",), None, "currency"),
        (("zone",), "America/Nowhere", "zone"),
        (("rates",), {}, "rates"),
        (("rates", "off-peak"), "-0.1", "rates.off-peak"),
        (("rates", "off-peak"), "5000", "rates.off-peak"),
        (("rates", "off-peak"), "cheap", "rates.off-peak"),
        (("seasons",), [], "seasons"),
        (("seasons", 0, "from"), "13-01", "there is no day"),
        (("seasons", 0, "from"), "02-30", "there is no day"),
        (("seasons", 0, "from"), "November", "from"),
        (("seasons", 0, "from"), "05-01", "seasons: two"),
        (("seasons", 0, "day_types", 0, "days"), ["mon"], "no profile for the day 'tue'"),
        (("seasons", 0, "day_types", 0, "days"), _without("none"), "more than one profile for the day 'sat'"),
        (("seasons", 0, "day_types", 0, "days"), ["monday"], "days"),
        (("seasons", 0, "day_types", 0, "switches"), [["01:00", "off-peak"]], "first switch"),
        (("seasons", 0, "day_types", 0, "switches"), [["00:00", "off-peak"], ["00:00", "on-peak"]], "ascend"),
        (("seasons", 0, "day_types", 0, "switches"), [["00:00", "free"]], "no rate 'free'"),
        (("seasons", 0, "day_types", 0, "switches"), [["24:00", "off-peak"]], "switches"),
        (("seasons", 0, "day_types", 0, "switches"), "off-peak", "switches"),
        (("seasons", 0, "day_types", 0, "switches"), [["0²:00", "off-peak"]], "switches"),
        (("seasons", 0, "from"), "1²-01", "from"),
        (("special_days",), ["2024-13-01"], "special_days"),
        (("special_days",), "2024-12-25", "special_days"),
        (("pries",), "0.1", "pries: there is no such field"),
        (("seasons", 0, "colour"), "red", "seasons.winter.colour: there is no such field"),
        (("rates", "off-peak"), ["0.1", "0.2"], "rates.off-peak: 2 prices for 1 tiers"),
        (("rates", "off-peak"), True, "rates.off-peak"),
        (("tiers",), "many", "tiers"),
        (("tiers",), {"per": "week", "up_to_kwh": ["1"]}, "tiers.per"),
        (("tiers",), {"per": "month", "up_to_kwh": []}, "tiers.up_to_kwh"),
        (("tiers",), {"per": "month", "up_to_kwh": ["5", "5"]}, "tiers.up_to_kwh.*ascend"),
        (("tiers",), {"per": "month", "up_to_kwh": ["0"]}, "tiers.up_to_kwh.*not over 0"),
        (("tiers",), {"per": "month", "up_to_kwh": ["1.0001"]}, "tiers.up_to_kwh.*3 decimals"),
        (("tiers",), {"per": "month", "up_to_kwh": ["5"], "count": "some"}, "tiers.count"),
        (("tiers",), {"per": "month", "up_to_kwh": ["5"], "prices": ["1"]}, "tiers.prices: 1 prices for 2 tiers"),
        (("tiers",), {"per": "month", "up_to_kwh": ["5"], "prices": ["0.1", "-2"]}, "tiers.prices"),
        (("seasons", 0, "up_to_kwh"), ["600"], "seasons.winter.up_to_kwh"),
        (("standing_charge_per_day",), "-1", "standing_charge_per_day"),
        (("standing_charge_per_day",), "1000.01", "standing_charge_per_day"),
        (("service_fee_per_kwh",), "-0.01", "service_fee_per_kwh"),
        (("minimum_per_month",), "lots", "minimum_per_month"),
        (("minimum_per_month",), ["5"], "minimum_per_month"),
        (("tax",), 19, "tax: is not"),
        (("tax",), {"name": "VAT", "percent": "0", "included": True}, "tax.percent"),
        (("tax",), {"name": "VAT", "percent": "101", "included": True}, "tax.percent"),
        (("tax",), {"name": "VAT", "percent": "19", "included": "yes"}, "tax.included"),
        (("tax",), {"percent": "19", "included": True}, "tax.name"),
        (("dated_prices",), [], "dated_prices: is not"),
        (("dated_prices",), {"from": "2024-01-01", "prices": ["1"]}, "dated_prices.from"),
        (("dated_prices",), {"from": "2024-01-01T00:00:00Z", "prices": []}, "dated_prices.prices"),
        (("dated_prices",), {"from": "2024-01-01T00:00:00Z", "prices": ["-0.1"]}, "dated_prices.prices"),
        (("dated_prices",), {"from": "2024-01-01T00:00:00Z", "prices": ["1"], "minutes": 0}, "dated_prices.minutes"),
        (("dated_prices",), {"from": "2199-12-31T23:59:00Z", "prices": ["1", "1"]}, "dated_prices.*2200"),
        (("rates", "x" * 65), "0.1", "rates"),
    ],
)
def test_a_tariff_that_cannot_be_is_refused_by_the_fields_name(path, value, named):
    document = json.loads(json.dumps(ONTARIO))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(TariffError, match=named):
        tariff_from_document(document)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.data())
def test_a_tariff_with_anything_anywhere_is_refused_never_a_crash(data):
    document = json.loads(json.dumps(ONTARIO))
    place = document
    while True:
        keys = list(place) if isinstance(place, dict) else range(len(place))
        key = data.draw(st.sampled_from(list(keys)))
        if not isinstance(place[key], (dict, list)) or not place[key] or data.draw(st.booleans()):
            place[key] = data.draw(json_values)
            break
        place = place[key]
    try:
        tariff = tariff_from_document(document)
    except TariffError:
        return
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(tariff), type=Tariff) == tariff


@pytest.mark.parametrize(
    "nonsense", [{}, {"rates": 1}, {"rates": {"a": "1"}, "seasons": [1]}, {"rates": {"a": "1"}, "seasons": [{}]}]
)
def test_nonsense_is_no_tariff(nonsense):
    with pytest.raises(TariffError):
        tariff_from_document(nonsense)

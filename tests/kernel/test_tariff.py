import json
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.kernel.calendar import DAY_KINDS
from prewatt.kernel.tariff import (
    UNPRICED,
    RateCalendar,
    Tariff,
    TariffError,
    Version,
    flat_tariff,
    rate_interval,
    stretch_at,
    stretches,
    tariff_from_document,
    tariff_to_document,
)
from prewatt.kernel.units import DAY, HOUR, MINUTE, instant
from prewatt.sim.story import PACKAGED
from tests.strategies import instants, tariffs

ONTARIO = json.loads((PACKAGED / "ontario-tou-2023-11.json").read_text())


def naive_rate(tariff: Tariff, at: int) -> str:
    """The rate by looking at the wall clock alone, minute by minute, without the calendar's machinery."""
    wall = datetime.fromtimestamp(at // 10**6, UTC).astimezone(ZoneInfo(tariff.zone))
    begun = [season for season in tariff.seasons if (season.month, season.day) <= (wall.month, wall.day)]
    season = max(begun or tariff.seasons, key=lambda each: (each.month, each.day))
    kind = 7 if wall.date().isoformat() in tariff.special_days else wall.weekday()
    (day_type,) = [each for each in season.day_types if kind in each.days]
    return [switch.rate for switch in day_type.switches if switch.minute <= wall.hour * 60 + wall.minute][-1]


@given(tariffs(), instants)
def test_the_rate_is_the_one_the_wall_clock_names(tariff, at):
    assert RateCalendar(tariff).stretch(at).rate == naive_rate(tariff, at)


@given(tariffs(), instants, st.integers(0, 3 * DAY))
def test_stretches_tile_time_and_change_only_at_their_ends(tariff, begin, length):
    versions = [Version(0, RateCalendar(tariff))]
    at = begin
    for start, stretch in stretches(versions, begin, begin + length):
        assert start == at < stretch.end
        for inside in (start, (start + stretch.end) // 2, stretch.end - 1):
            assert stretch.rate == naive_rate(tariff, inside)
        at = stretch.end
    assert at >= begin + length


@st.composite
def series(draw):
    starts = sorted(draw(st.sets(instants, min_size=1, max_size=3)))
    return [Version(start, RateCalendar(draw(tariffs()))) for start in starts]


@given(series(), instants, st.integers(0, 40 * DAY), st.integers(0, 10**7))
def test_no_watt_hour_and_no_nano_is_lost(versions, begin, length, energy):
    rated = rate_interval(versions, begin, begin + length, energy)
    assert sum(rated.energy.values()) == energy
    assert all(used > 0 for used in rated.energy.values())
    prices = [rate.price for version in versions for rate in version.calendar.tariff.rates] + [0]
    assert min(prices) * energy <= rated.charge <= max(prices) * energy


@given(series(), instants, st.integers(1, 5 * DAY), st.integers(0, 10**6), st.data())
def test_cutting_an_interval_anywhere_gives_the_same_charge(versions, begin, length, energy, data):
    """Readings added between two readings, anywhere, and at each switch of the rate, as the agent reads."""
    end = begin + length
    whole = rate_interval(versions, begin, end, energy)
    cuts = data.draw(st.sets(st.integers(begin, end), max_size=6))
    switches = {start for start, _ in stretches(versions, begin, end)}
    instants_read = sorted(cuts | switches | {begin, end})
    register = {at: energy * (at - begin) // length for at in instants_read}
    parts = [
        rate_interval(versions, first, second, register[second] - register[first])
        for first, second in pairwise(instants_read)
    ]
    assert sum(part.charge for part in parts) == whole.charge
    by_rate: dict[str, int] = {}
    for part in parts:
        for rate, used in part.energy.items():
            by_rate[rate] = by_rate.get(rate, 0) + used
    assert by_rate == whole.energy


@given(
    st.integers(0, 2_000_000),
    instants,
    st.lists(st.tuples(st.integers(0, DAY), st.integers(0, 10**5)), min_size=1, max_size=20),
)
def test_at_one_price_any_readings_give_the_same_charge(price, begin, steps):
    versions = [Version(0, RateCalendar(flat_tariff("flat", "EUR", "Europe/Berlin", price)))]
    charge, at = 0, begin
    for length, used in steps:
        charge += rate_interval(versions, at, at + length, used).charge
        at += length
    assert (
        charge
        == price * sum(used for _, used in steps)
        == rate_interval(versions, begin, at, sum(used for _, used in steps)).charge
    )


def test_a_version_takes_effect_at_its_instant():
    noon = instant(datetime(2024, 6, 3, 12, tzinfo=UTC))
    versions = [
        Version(0, RateCalendar(flat_tariff("old", "EUR", "Europe/Berlin", 100))),
        Version(noon, RateCalendar(flat_tariff("new", "EUR", "Europe/Berlin", 300))),
    ]
    assert (stretch_at(versions, noon - 1).price, stretch_at(versions, noon).price) == (100, 300)
    assert rate_interval(versions, noon - HOUR, noon + HOUR, 1000).charge == 500 * 100 + 500 * 300


def test_before_any_tariff_energy_is_metered_and_not_charged():
    assert rate_interval([], 0, HOUR, 700) == ({UNPRICED: 700}, 0)


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

    assert [rate(2024, 1, 15, hour) for hour in (6, 7, 11, 17, 19)] == ["off", "on", "mid", "on", "off"]
    assert [rate(2024, 7, 15, hour) for hour in (6, 7, 11, 17, 19)] == ["off", "mid", "on", "mid", "off"]
    assert rate(2024, 7, 13, 12) == rate(2024, 7, 1, 12) == "off"
    assert (rate(2024, 4, 30, 12), rate(2024, 5, 1, 12), rate(2024, 10, 31, 12), rate(2024, 11, 1, 12)) == (
        "mid",
        "on",
        "on",
        "mid",
    )


@given(tariffs())
def test_a_tariff_reads_back_from_its_public_form_and_from_its_bytes(tariff):
    assert tariff_from_document(json.loads(json.dumps(tariff_to_document(tariff)))) == tariff
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(tariff), type=Tariff) == tariff


def _without(day):
    return [kind for kind in DAY_KINDS if kind != day]


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("currency",), "cad", "currency"),
        (("currency",), None, "currency"),
        (("zone",), "America/Nowhere", "zone"),
        (("rates",), {}, "rates"),
        (("rates", "off"), "-0.1", "rates.off"),
        (("rates", "off"), "5000", "rates.off"),
        (("rates", "off"), "cheap", "rates.off"),
        (("seasons",), [], "seasons"),
        (("seasons", 0, "from"), "13-01", "there is no day"),
        (("seasons", 0, "from"), "02-30", "there is no day"),
        (("seasons", 0, "from"), "November", "from"),
        (("seasons", 0, "from"), "05-01", "seasons: two"),
        (("seasons", 0, "day_types", 0, "days"), ["mon"], "no profile for the day 'tue'"),
        (("seasons", 0, "day_types", 0, "days"), _without("none"), "more than one profile for the day 'sat'"),
        (("seasons", 0, "day_types", 0, "days"), ["monday"], "days"),
        (("seasons", 0, "day_types", 0, "switches"), [["01:00", "off"]], "first switch"),
        (("seasons", 0, "day_types", 0, "switches"), [["00:00", "off"], ["00:00", "on"]], "ascend"),
        (("seasons", 0, "day_types", 0, "switches"), [["00:00", "free"]], "no rate 'free'"),
        (("seasons", 0, "day_types", 0, "switches"), [["24:00", "off"]], "switches"),
        (("seasons", 0, "day_types", 0, "switches"), "off", "switches"),
        (("seasons", 0, "day_types", 0, "switches"), [["0²:00", "off"]], "switches"),
        (("seasons", 0, "from"), "1²-01", "from"),
        (("special_days",), ["2024-13-01"], "special_days"),
        (("special_days",), "2024-12-25", "special_days"),
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

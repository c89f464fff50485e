"""The charts of what was used: their parts sum to the statement's figures to the unit, and what nobody knows is no zero."""

import json
import re
from datetime import date, timedelta
from html import unescape
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from prewatt.kernel.calendar import day_bounds, local_day, zone
from prewatt.kernel.span import Span
from prewatt.kernel.tariff import DayType, Rate, Season, Switch, Tariff
from prewatt.kernel.units import DAY, HOUR, MINUTE
from prewatt.server.estate.models import Tenancy
from prewatt.server.metering import usage
from prewatt.server.metering.models import DayUse, JournalEntry, Meter
from prewatt.server.metering.usage import use_by_day
from prewatt.server.metering.uses import Use
from prewatt.server.statements.statement import ADJUSTMENTS, SHARED, TOP_UPS, statement
from prewatt.server.web.charts import (
    Known,
    Period,
    State,
    chart_of,
    first_day_of,
    joined,
    next_period,
    parts_of,
    spans_of,
)
from tests.building import PASSWORD, set_up
from tests.gateway import Edge
from tests.gateway import at as wall
from tests.strategies import ZONES

BERLIN = ZoneInfo("Europe/Berlin")
TWO_RATES = Tariff(
    "night and day",
    "EUR",
    "Europe/Berlin",
    (Rate("day", (300_000,)), Rate("night", (100_000,))),
    (
        Season(
            "year",
            1,
            1,
            (DayType("all", tuple(range(8)), (Switch(0, "night"), Switch(7 * 60, "day"), Switch(22 * 60, "night"))),),
        ),
    ),
    standing=100 * 10**6,
)


# -- rules -------------------------------------------------------------------------------------------------------------------


@st.composite
def stories(draw):
    """A zone, a period, and uses around it: regular, rare, or with a silence, also where the clocks change."""
    place = zone(draw(st.sampled_from(ZONES)))
    period = draw(st.sampled_from(Period))
    day = draw(
        st.dates(date(2018, 1, 1), date(2024, 12, 28)) | st.sampled_from([date(2020, 3, 29), date(2020, 10, 25)])
    )
    first = first_day_of(period, day)
    begins = day_bounds(first, place)[0] - DAY
    step = {Period.DAY: 15 * MINUTE, Period.MONTH: 6 * HOUR, Period.YEAR: 5 * DAY}[period]
    lengths = draw(st.lists(st.integers(1, 3 * step), min_size=1, max_size=70))
    at, uses = begins, []
    for length in lengths:
        energy = draw(st.integers(0, 5000))
        uses.append(Use(at, at + length, energy=energy, charge=3 * energy + 1, rates={"day": [energy, 2 * energy]}))
        at += length
    return place, period, first, uses


@settings(max_examples=40, deadline=None)
@given(stories())
def test_parts_follow_each_other_and_sum_to_what_ended_in_the_period(story):
    place, period, first, uses = story
    spans = spans_of(period, first, place)
    whole = Span(day_bounds(first, place)[0], day_bounds(next_period(period, first), place)[0])
    assert (spans[0].begins, spans[-1].ends) == whole
    assert all(before.ends == after.begins for before, after in pairwise(spans))
    known = Known(uses[0].begins, None, uses[-1].ends, max(uses[-1].ends, whole.ends) + DAY)
    parts = parts_of(spans, uses, known)
    own = [each for each in uses if whole.begins < each.ends <= whole.ends]
    assert sum(each.energy for each in parts) == sum(each.energy for each in own)
    assert sum(each.charge for each in parts) == sum(each.charge for each in own)
    assert sum(each.rates.get("day", [0, 0])[1] + each.of_no_rate for each in parts) == sum(each.charge for each in own)
    for span, part in zip(spans, parts, strict=True):
        ended = any(span.begins < each.ends <= span.ends for each in own)
        assert (part.state in (State.KNOWN, State.PARTLY)) == (ended and span.ends > uses[0].begins)
        assert ended or part.energy == 0


def test_a_day_on_which_the_clocks_change_has_46_or_50_half_hours():
    assert [len(spans_of(Period.DAY, day, BERLIN)) for day in (date(2025, 3, 30), date(2025, 10, 26), date(2025, 7, 1))] == [
        46, 50, 48,
    ]  # fmt: skip


def test_what_was_not_read_is_unknown_and_what_comes_with_the_next_reading_says_so():
    days = spans_of(Period.MONTH, date(2025, 9, 1), BERLIN)
    uses = [Use(each.begins, each.ends, energy=9) for each in days[:10]]
    # Silent for five days; then one reading in the morning of the sixteenth, and nothing since.
    uses.append(Use(days[9].ends, days[15].begins + 9 * HOUR, energy=60))
    known = Known(days[2].begins, None, uses[-1].ends, days[20].begins + HOUR)
    states = [each.state for each in parts_of(days, uses, known)]
    assert states[:2] == [State.AHEAD] * 2 and states[2:10] == [State.KNOWN] * 8
    assert states[10:15] == [State.UNKNOWN] * 5 and states[15] == State.PARTLY
    assert states[16:21] == [State.UNKNOWN] * 5 and states[21:] == [State.AHEAD] * 9
    months = joined([Span(days[0].begins, days[-1].ends)], parts_of(days, uses, known))
    assert [(each.state, each.energy) for each in months] == [(State.PARTLY, 150)]


def test_the_part_that_runs_is_no_silence_while_the_reading_before_it_is_there():
    spans = spans_of(Period.DAY, date(2025, 9, 1), BERLIN)
    now = spans[20].begins + 10 * MINUTE

    def state(read_at):
        uses = [Use(each.begins, each.ends, energy=1) for each in spans[:20] if each.ends <= read_at]
        return parts_of(spans, uses, Known(0, None, read_at, now))[20].state

    assert state(spans[20].begins) is State.AHEAD
    assert state(spans[15].begins) is State.UNKNOWN


# -- of a meter --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def autumn(db, clock, store):
    """Four weeks of Anna's flat by night and day, over the hour that comes twice; hourly readings, none on two days."""
    clock.at = wall(2025, 10, 6)
    building = set_up(clock, tariff=TWO_RATES)
    edge = Edge(building.code, clock)
    for meter in edge.accounts:
        edge.obey(meter)
        edge.read(meter, 1000)
    for until, step in ((wall(2025, 10, 20), HOUR), (wall(2025, 10, 22, 9), 57 * HOUR), (wall(2025, 11, 3, 12), HOUR)):
        number = 0
        while clock.at < until:
            clock.at = min(clock.at + step, until)
            number += 1
            edge.read("m1", edge.accounts["m1"].register + 100 + 37 * (number % 7))
        edge.deliver(store)
    return Meter.objects.get(name="m1")


@pytest.fixture
def anna(autumn):
    return Tenancy.objects.get(tenant="Anna")


@pytest.fixture
def sees(anna):
    """A page that somebody sees who is logged in."""

    def sees(name, address, **headers):
        client = Client()
        assert client.login(username=name, password=PASSWORD)
        return client.get(address, headers=headers)

    return sees


def by_statement(tenancy, span):
    document = statement(tenancy, *span)
    charged = (TOP_UPS, SHARED, ADJUSTMENTS)
    cost = -sum(line.amount for line in document.lines if line.section not in charged and not line.included)
    return document.energy, cost


@pytest.mark.database
def test_day_month_and_year_are_what_the_statement_says_to_the_unit(autumn, anna, clock):
    place = zone("Europe/Berlin")
    for period, day in (
        *((Period.DAY, date(2025, 10, 24) + timedelta(days=number)) for number in range(4)),
        (Period.DAY, date(2025, 10, 22)),
        (Period.MONTH, date(2025, 10, 1)),
        (Period.MONTH, date(2025, 11, 1)),
        (Period.YEAR, date(2025, 1, 1)),
    ):
        chart = chart_of(autumn, period, day, clock.at, anna)
        span = Span(day_bounds(chart.first, place)[0], day_bounds(next_period(period, chart.first), place)[0])
        assert (chart.energy, chart.charge) == by_statement(anna, span), (period, day)
    assert chart.rates == ["night", "day"], "the cheapest first"
    assert all(each.of_no_rate > 0 for each in chart.parts if each.energy), "the standing charge is of no rate"


@pytest.mark.database
def test_each_part_of_a_month_is_the_statement_of_its_day_and_days_without_a_reading_are_unknown(autumn, anna, clock):
    chart = chart_of(autumn, Period.MONTH, date(2025, 10, 1), clock.at, anna)
    for part in chart.parts:
        assert (part.energy, part.charge) == by_statement(anna, part.span)
    states = {local_day(each.span.begins, BERLIN).day: each.state for each in chart.parts}
    assert states[20] == states[21] == State.UNKNOWN and states[22] == State.PARTLY
    assert states[5] == State.AHEAD and {states[19], states[23], states[26]} == {State.KNOWN}


@pytest.mark.database
def test_sums_that_are_kept_are_those_of_the_journal_and_grow_with_it(autumn, anna, clock, monkeypatch):
    span = date(2025, 10, 1), date(2025, 11, 30)
    monkeypatch.setattr(usage, "MANY", 10**9)
    fresh = use_by_day(autumn, *span)
    assert not DayUse.objects.exists()
    monkeypatch.setattr(usage, "MANY", 1)
    whole = autumn.seq
    for seq in (100, 101, 200, 377, whole):
        Meter.objects.filter(pk=autumn.pk).update(seq=seq)
        use_by_day(Meter.objects.get(pk=autumn.pk), *span)
    assert DayUse.objects.filter(meter=autumn).count() == len(fresh)
    entries = JournalEntry.objects.filter(meter=autumn)
    last = entries.filter(energy__isnull=False).latest("seq").seq
    assert max(DayUse.objects.values_list("seq", flat=True)) == last
    assert use_by_day(autumn, *span) == fresh
    # Another zone: the days are others, and are summed anew.
    autumn.property.__class__.objects.update(zone="Asia/Shanghai")
    moved = use_by_day(Meter.objects.get(pk=autumn.pk), *span)
    assert moved != fresh and sum(each.energy for each in moved.values()) == sum(each.energy for each in fresh.values())


@pytest.mark.database
def test_a_tenant_sees_nothing_of_who_lived_there_before(autumn, anna, clock):
    anna.begins = wall(2025, 10, 15, 12, 30)
    anna.save()
    for period in Period:
        chart = chart_of(autumn, period, date(2025, 10, 15), clock.at, anna)
        assert chart.energy == by_statement(anna, Span(chart.parts[0].span.begins, chart.parts[-1].span.ends))[0]
    own = chart_of(autumn, Period.MONTH, date(2025, 10, 1), clock.at, anna)
    everybody = chart_of(autumn, Period.MONTH, date(2025, 10, 1), clock.at)
    assert 0 < own.parts[14].energy < everybody.parts[14].energy and own.parts[13].state is State.AHEAD


# -- on pages ----------------------------------------------------------------------------------------------------------------


def drawn(answer):
    return json.loads(unescape(re.search(r'data-use="([^"]*)"', answer.content.decode())[1]))


@pytest.mark.database
def test_the_pages_draw_it_and_say_it_in_a_table_and_never_a_zero_for_what_nobody_knows(autumn, anna, sees):
    for page in (sees("manager", f"/units/{anna.unit_id}/?period=month&day=2025-10-01"),
                 sees("flat1", "/me/use/?period=month&day=2025-10-01")):  # fmt: skip
        data = drawn(page)
        assert data["states"][19:21] == ["unknown", "unknown"]
        assert [rate["name"] for rate in data["rates"]] == ["night", "day"]
        for rate in data["rates"]:
            assert rate["energy"][19] is None and rate["charge"][19] is None and rate["energy"][18] > 0
        text = " ".join(re.sub("<[^>]*>", " ", page.content.decode()).split())
        assert "Mon 20 Oct not known: the meter was not read – – –" in text
        assert "For some time the meter was not read." in text


@pytest.mark.database
def test_a_period_of_which_nothing_is_known_takes_no_place_beside_the_next_one(autumn, anna, sees):
    for month, is_beside in (("2025-10-01", False), ("2025-11-01", True)):
        page = " ".join(sees("flat1", f"/me/use/?period=month&day={month}").content.decode().split())
        assert ('data-before aria-pressed="true" hidden' not in page) == is_beside
        assert ('class="of-before" hidden' not in page) == is_beside


@pytest.mark.database
def test_another_period_comes_alone_and_without_a_script_as_a_page(autumn, anna, sees):
    query = "period=day&day=2025-10-26"
    part = sees("manager", f"/units/{anna.unit_id}/use/?{query}", **{"HX-Request": "true"})
    assert b"<html" not in part.content and len(drawn(part)["labels"]) == 25, "read hourly, it is shown by hours"
    answer = sees("manager", f"/units/{anna.unit_id}/use/?{query}")
    assert answer.status_code == 302 and answer.url == f"/units/{anna.unit_id}/?{query}"
    for nonsense in ("period=week", "day=x", "day=9999-12-31&period=year", "day=0001-01-01"):
        assert sees("manager", f"/units/{anna.unit_id}/?{nonsense}").status_code == 200
    assert sees("flat2", f"/units/{anna.unit_id}/use/").status_code == 404


@pytest.mark.database
def test_who_sees_no_money_is_drawn_none(autumn, anna, sees):
    from prewatt.server.accounts.memberships import Membership
    from prewatt.server.accounts.rights import Role

    Membership.objects.update(role=Role.SITE_STAFF)
    data = drawn(sees("manager", f"/units/{anna.unit_id}/"))
    assert "currency" not in data and "more" not in data and all("charge" not in each for each in data["rates"])


@pytest.mark.database
def test_today_is_a_dash_while_the_building_is_silent(autumn, anna, sees, clock):
    clock.at += 2 * DAY
    for page in (sees("flat1", "/me/"), sees("manager", f"/units/{anna.unit_id}/")):
        text = " ".join(re.sub("<[^>]*>", " ", page.content.decode()).split())
        assert "– today, not known yet" in text and "0.000 kWh today" not in text


@pytest.mark.database
def test_the_library_that_draws_is_there():
    """It comes in the wheel of the set-up's pages."""
    from django.contrib.staticfiles import finders

    assert finders.find("unfold/js/chart/chart.js")

"""What similar flats use: no flat can be worked out of it, and what nobody knows is no zero."""

from datetime import date, timedelta
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.kernel.units import DAY, HOUR
from prewatt.server.commissioning.setup import Apartment
from prewatt.server.estate.models import Property, Tenancy, Unit
from prewatt.server.metering.similar import (
    FIRST_DAYS,
    LEAST,
    Flat,
    Group,
    beside,
    groups,
    is_enough,
    rounded,
    span_of,
)
from prewatt.server.metering.similar_compared import similar_to
from prewatt.server.metering.similar_keeping import keep_similar_use
from prewatt.server.metering.usage import use_by_day
from prewatt.server.metering.usage_models import SimilarUse
from prewatt.server.web.home_figures import home_figures
from tests.building import set_up
from tests.gateway import Edge, at
from tests.recorded import recorded_once

FIRST = date(2025, 10, 1)
SPAN = 20
days = st.dictionaries(
    st.integers(0, SPAN - 1).map(lambda number: FIRST + timedelta(days=number)), st.integers(0, 60_000)
)


@st.composite
def buildings(draw, most=30):
    number = draw(st.integers(0, most))
    return [Flat(pk, draw(st.sampled_from((0, 25, 50, 51, 75, 120))), draw(days)) for pk in range(1, number + 1)]


def average(flat):
    return sum(flat.days.values()) * SPAN // len(flat.days)


@given(buildings())
def test_a_flat_is_in_one_group_at_most_and_no_group_has_fewer_than_six(flats):
    made = groups(flats, SPAN)
    named = [pk for each in made for pk in each.flats]
    assert len(named) == len(set(named))
    assert all(len(each.flats) >= LEAST for each in made)
    assert set(named) <= {each.pk for each in flats if is_enough(len(each.days), SPAN)}


@given(buildings())
def test_the_figure_is_about_the_middle_of_the_group_and_is_rounded(flats):
    by_pk = {each.pk: each for each in flats}
    for group in groups(flats, SPAN):
        middle = median(average(by_pk[pk]) for pk in group.flats)
        assert abs(group.energy - middle) <= max(500, middle / 20) + 1
        assert group.energy % 1000 == 0


@given(buildings(), st.data())
def test_whatever_one_flat_uses_the_figure_stays_within_what_the_others_say(flats, data):
    """So nobody who knows all others learns more of the last one than on which side of them it lies."""
    made = groups(flats, SPAN)
    if not made:
        return
    group = data.draw(st.sampled_from(made))
    pk = data.draw(st.sampled_from(group.flats))
    others = sorted(average(each) for each in flats if each.pk in group.flats and each.pk != pk)
    low, high = others[(len(others) - 1) // 2 - (len(others) % 2 == 0)], others[len(others) // 2 + (len(others) % 2)]
    used = data.draw(st.integers(0, 10**9))
    again = [each._replace(days=dict.fromkeys(each.days, used)) if each.pk == pk else each for each in flats]
    energy = next(each.energy for each in groups(again, SPAN) if pk in each.flats)
    assert rounded(low) - 1000 <= energy <= rounded(high) + 1000


@given(st.integers(0, 10**8), st.integers(0, 10**8))
def test_what_is_rounded_keeps_its_order_and_hides_a_twentieth(one, two):
    assert (rounded(one) <= rounded(two)) == (one <= two) or rounded(one) == rounded(two)
    assert abs(rounded(one) - one) <= max(500, one / 20)


def test_five_flats_say_nothing_and_a_sixth_does():
    known = {FIRST + timedelta(days=number): 10_000 for number in range(SPAN)}
    assert groups([Flat(pk, 50, known) for pk in range(LEAST - 1)], SPAN) == []
    assert groups([Flat(pk, 50, known) for pk in range(LEAST)], SPAN) == [Group((0, 1, 2, 3, 4, 5), 200_000)]


def test_sizes_are_groups_of_their_own_where_there_are_enough_and_are_put_together_where_not():
    known = {FIRST + timedelta(days=number): 10_000 for number in range(SPAN)}
    small, large = [Flat(pk, 25, known) for pk in range(6)], [Flat(pk, 130, known) for pk in range(10, 16)]
    assert [each.flats for each in groups([*large, *small], SPAN)] == [tuple(range(6)), tuple(range(10, 16))]
    assert [each.flats for each in groups([*large, *small[:3]], SPAN)] == [(0, 1, 2, *range(10, 16))]
    unsized = [Flat(pk, 0, known) for pk in range(20, 22)]
    assert [len(each.flats) for each in groups([*small, *unsized], SPAN)] == [8]


def test_a_day_that_nobody_knows_is_left_out_and_is_no_zero():
    known = {FIRST + timedelta(days=number): 10_000 for number in range(SPAN)}
    half = {day: use for day, use in known.items() if day.day > 6}
    flats = [Flat(pk, 50, known if pk % 2 else half) for pk in range(6)]
    assert [each.energy for each in groups(flats, SPAN)] == [200_000]
    assert beside(half, Group((1,), 200_000), SPAN) == (140_000, 150_000 - 10_000, 14)
    assert beside(dict(list(known.items())[: FIRST_DAYS - 1]), Group((1,), 200_000), SPAN) is None


def test_the_month_is_compared_once_it_has_five_whole_days_and_before_that_the_month_before():
    assert span_of(date(2025, 10, 14)) == (date(2025, 10, 1), date(2025, 10, 13))
    assert span_of(date(2025, 10, 6)) == (date(2025, 10, 1), date(2025, 10, 5))
    assert span_of(date(2025, 10, 5)) == (date(2025, 9, 1), date(2025, 9, 30))
    assert span_of(date(2025, 10, 1)) == (date(2025, 9, 1), date(2025, 9, 30))
    assert span_of(date(2025, 1, 3)) == (date(2024, 12, 1), date(2024, 12, 31))


# -- of a building -----------------------------------------------------------------------------------------------------------


@pytest.fixture
@recorded_once
def eight(db, clock, store):
    """Eight flats of which each uses more than the one before, from 1 to 10 October."""
    clock.at = at(2025, 10, 1)
    flats = [Apartment(f"Flat {number}", f"m{number}", f"Tenant {number}") for number in range(1, 9)]
    edge = Edge(set_up(clock, apartments=flats).code, clock)
    Tenancy.objects.update(begins=at(2025, 10, 1) - 1)
    for meter in edge.accounts:
        edge.read(meter, 500)
        edge.obey(meter)
    edge.live(store, at(2025, 10, 10) + 9 * HOUR, {f"m{number}": 1000 * number for number in range(1, 9)}, 6 * HOUR)
    return edge


def figure(clock, tenant="Tenant 2"):
    tenancy = Tenancy.objects.select_related("unit__property__organisation").get(tenant=tenant)
    return home_figures(tenancy, clock.at).similar


@pytest.mark.database
def test_a_tenant_sees_the_same_figure_as_the_others_beside_their_own_use(eight, clock):
    assert figure(clock) is None, "nothing is worked out by a look"
    assert [each.name for each in keep_similar_use(clock.at)] == ["Linden 5"]
    # Of nine whole days: 4 kWh a day for each flat more, the middle of eight at 18 a day.
    two, seven = figure(clock), figure(clock, "Tenant 7")
    assert (two.use.similar, seven.use.similar) == (160_000, 160_000)
    assert (two.use.own, seven.use.own, two.first, two.last) == (
        9 * 8_000,
        9 * 28_000,
        date(2025, 10, 1),
        date(2025, 10, 9),
    )
    assert keep_similar_use(clock.at) == [], "once a day is enough"
    assert [each.name for each in keep_similar_use(clock.at + DAY)] == ["Linden 5"]


@pytest.mark.database
def test_the_landlord_can_opt_a_building_out_and_it_is_gone_at_once(eight, clock, client):
    keep_similar_use(clock.at)
    assert figure(clock) is not None
    assert client.login(username="manager", password="correct horse")
    home = Property.objects.get()
    client.post(f"/properties/{home.pk}/", {"compares_flats": "no"})
    assert figure(clock) is None
    keep_similar_use(clock.at)
    assert not SimilarUse.objects.exists()
    client.post(f"/properties/{home.pk}/", {"compares_flats": "yes"})
    keep_similar_use(clock.at)
    assert figure(clock) is not None


@pytest.mark.database
def test_flats_where_nobody_lives_and_days_of_a_move_do_not_count(eight, clock):
    Tenancy.objects.filter(tenant__in=("Tenant 6", "Tenant 7", "Tenant 8")).update(ends=at(2025, 10, 3) + HOUR)
    keep_similar_use(clock.at)
    assert SimilarUse.objects.get().groups == [] and figure(clock) is None


@pytest.mark.database
def test_nothing_is_shown_of_weeks_ago_and_nothing_to_a_flat_of_another_group(eight, clock):
    keep_similar_use(clock.at)
    tenancy = Tenancy.objects.select_related("unit__property__organisation").get(tenant="Tenant 2")
    uses = use_by_day(tenancy.unit.meter, date(2025, 10, 1), date(2025, 10, 10))
    assert similar_to(tenancy, uses, clock.at) is not None
    assert similar_to(tenancy, uses, clock.at + 20 * DAY) is None
    tenancy.unit = Unit.objects.create(property=tenancy.unit.property, name="Attic")
    assert similar_to(tenancy, uses, clock.at) is None

"""What is recorded of a fixture is what it does: rows that are new, changed and gone, and the clock."""

import pytest

from prewatt.server.estate.models import Tenancy, Unit
from prewatt.server.notices.models import Recipient
from tests.building import NOON
from tests.recorded import recorded_once

pytestmark = pytest.mark.database
runs = []


def gone(tenant):
    Recipient.objects.filter(tenancy__tenant=tenant).delete()
    Tenancy.objects.filter(tenant=tenant).delete()


@recorded_once
def moved(building, clock):
    runs.append(clock.at)
    gone("Ben")
    Tenancy.objects.filter(tenant="Anna").update(tenant="Ann")
    Unit.objects.create(property=building.property, name="Attic")
    clock.at += 1
    return clock


def names():
    return sorted(Tenancy.objects.values_list("tenant", flat=True)), sorted(Unit.objects.values_list("name", flat=True))


@pytest.mark.parametrize("time", ["first", "second"])
def test_each_time_the_rows_and_the_clock_are_as_the_fixture_leaves_them(building, clock, time):
    assert moved(building=building, clock=clock) is clock
    assert names() == (["Ann"], ["Attic", "Flat 1", "Flat 2", "Flat 3"])
    assert clock.at == NOON + 1


def test_where_something_else_is_in_the_database_it_runs_anew(building, clock):
    moved(building=building, clock=clock)
    begun, clock.at = len(runs), NOON
    Unit.objects.filter(name="Attic").delete()
    gone("Ann")
    moved(building=building, clock=clock)
    assert len(runs) == begun + 1
    assert names() == ([], ["Attic", "Flat 1", "Flat 2", "Flat 3"])

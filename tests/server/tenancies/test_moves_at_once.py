"""Two people who record moves of one flat at the same moment: nobody lives there twice at a time."""

from itertools import pairwise

import pytest
from django.core.exceptions import ValidationError

from prewatt.server.estate.models import Tenancy
from prewatt.server.tenancies.moving import move_in, move_out
from prewatt.server.tenancies.put_right import Change, put_right
from tests.gateway import at
from tests.racing import at_once, before
from tests.settings import ON_POSTGRESQL

pytestmark = [pytest.mark.database, pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite has one writer")]
ENDS, LATER = at(2025, 10, 20), at(2025, 10, 30)


@pytest.fixture
def anna(transactional_db, building, clock):
    """Anna is to move out on the 20th."""
    tenancy = Tenancy.objects.select_related("unit__property__organisation").get(tenant="Anna")
    return move_out(tenancy, ENDS)


def postponed(anna, _by):
    return lambda: move_out(anna, LATER)


def corrected(anna, by):
    return lambda: put_right(anna, Change(ends=LATER), by, "leaves later")


def one_of(racers, anna):
    """One of them is done, the other one refused in words; the flat's tenancies follow one another."""
    refused = [each.error for each in racers if each.error is not None]
    assert len(refused) == 1 and isinstance(refused[0], ValidationError)
    lived = Tenancy.objects.filter(unit=anna.unit_id).order_by("begins")
    assert all(first.ends <= then.begins for first, then in pairwise(lived))


@pytest.mark.parametrize("change", [postponed, corrected])
def test_a_move_out_is_postponed_while_somebody_moves_in(anna, admin_user, change):
    one_of(at_once(change(anna, admin_user), lambda: move_in(anna.unit, "Zoe", ENDS)), anna)


@pytest.mark.parametrize("change", [postponed, corrected])
def test_a_move_in_is_refused_once_the_move_out_was_postponed(anna, admin_user, change):
    one_of(before(change(anna, admin_user), lambda: move_in(anna.unit, "Zoe", ENDS)), anna)
    assert Tenancy.objects.get(unit=anna.unit_id).ends == LATER


@pytest.mark.parametrize("change", [postponed, corrected])
def test_a_move_out_is_not_postponed_once_somebody_has_moved_in(anna, admin_user, change):
    one_of(before(lambda: move_in(anna.unit, "Zoe", ENDS), change(anna, admin_user)), anna)
    assert Tenancy.objects.get(pk=anna.pk).ends == ENDS

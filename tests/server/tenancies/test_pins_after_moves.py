"""A flat's PIN for the gateway's page goes with the tenant who knows it, and with nobody else."""

import pytest

from prewatt.kernel.units import HOUR, NANO
from prewatt.server.estate.models import Tenancy, Unit
from prewatt.server.tenancies.moving import move_in, move_out, settle_what_is_due
from prewatt.server.tenancies.put_right import Change, put_right
from prewatt.server.vending.pins import new_pin
from prewatt.wire.pins import pin_is
from tests.gateway import at
from tests.server.statements.test_statements import USED, anna, edge  # noqa: F401

pytestmark = pytest.mark.database


def made(edge, flat, by):  # noqa: F811
    """A new PIN of a flat; the gateway hears of it as soon as it can."""
    pin = new_pin(Unit.objects.get(pk=flat), by).pin
    edge.obey("m1")
    return pin


def opens(edge, pin):  # noqa: F811
    edge.obey("m1")
    return pin_is(edge.accounts["m1"].settings.pin, pin)


@pytest.fixture
def before(edge, anna, admin_user):  # noqa: F811
    """Anna's PIN. She has moved out on the 9th, and is not settled yet."""
    pin = made(edge, anna.unit_id, admin_user)
    move_out(anna, at(2025, 10, 9))
    return pin


def settled(edge, store):  # noqa: F811
    """Anna is settled on the 11th, when her meter has reported."""
    edge.live(store, at(2025, 10, 11), USED, HOUR)
    assert [each.tenant for each in settle_what_is_due()] == ["Anna"]


def zoes(edge, anna, by):  # noqa: F811
    """The PIN of Zoe, who has moved in after Anna and got it while nothing was heard of the building."""
    move_in(anna.unit, "Zoe", at(2025, 10, 9))
    edge.clock.at = at(2025, 10, 10)
    pin = new_pin(Unit.objects.get(pk=anna.unit_id), by).pin
    edge.clock.at = at(2025, 10, 9)
    return pin


def test_who_lives_there_keeps_their_pin_when_the_tenant_before_is_settled_late(edge, store, anna, before, admin_user):  # noqa: F811
    pin = zoes(edge, anna, admin_user)
    settled(edge, store)
    assert opens(edge, pin) and not opens(edge, before)


def test_who_lives_there_keeps_their_pin_when_the_tenant_before_is_settled_anew(edge, store, anna, before, admin_user):  # noqa: F811
    pin = zoes(edge, anna, admin_user)
    settled(edge, store)
    edge.clock.at = at(2025, 11, 20)
    put_right(Tenancy.objects.get(pk=anna.pk), Change(deposit=10 * NANO), admin_user, "forgotten")
    assert opens(edge, pin)


def test_the_pin_of_who_moved_out_opens_nothing_for_who_got_none_of_their_own(edge, store, anna, before):  # noqa: F811
    move_in(anna.unit, "Zoe", at(2025, 10, 9))
    settled(edge, store)
    assert not opens(edge, before) and Unit.objects.get(pk=anna.unit_id).pin_hash == ""


def test_a_pin_made_after_the_move_out_goes_too_if_nobody_lives_there(edge, store, anna, before, admin_user):  # noqa: F811
    edge.clock.at = at(2025, 10, 10)
    # The move-out may have been recorded late, and the PIN be Anna's.
    pin = new_pin(Unit.objects.get(pk=anna.unit_id), admin_user).pin
    edge.clock.at = at(2025, 10, 9)
    settled(edge, store)
    assert not opens(edge, pin)


def test_who_stays_after_all_and_moves_out_again_loses_the_new_pin(edge, store, anna, before, admin_user):  # noqa: F811
    settled(edge, store)
    put_right(Tenancy.objects.get(pk=anna.pk), Change(stays=True), admin_user, "stays")
    pin = made(edge, anna.unit_id, admin_user)
    move_out(Tenancy.objects.get(pk=anna.pk), at(2025, 10, 12))
    move_in(anna.unit, "Zoe", at(2025, 10, 12))
    edge.live(store, at(2025, 10, 13), USED, HOUR)
    assert [each.tenant for each in settle_what_is_due()] == ["Anna"]
    assert not opens(edge, pin)

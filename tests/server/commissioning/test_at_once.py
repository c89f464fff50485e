"""Two who click at the same moment, on a database that locks rows: what comes of it is what one after the other would have made."""

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError

from prewatt.kernel.entries import SetTariff, decode_command
from prewatt.kernel.tariff import flat_tariff
from prewatt.kernel.units import DAY, NANO
from prewatt.server.accounts.first_start import claim
from prewatt.server.commissioning.archiving import archive_unit
from prewatt.server.commissioning.installing import install
from prewatt.server.core.time import now
from prewatt.server.estate.models import Tenancy, Unit
from prewatt.server.metering.models import Gateway
from prewatt.server.payments.models import Handover, Receipt
from prewatt.server.payments.staff import record
from prewatt.server.payments.till import TillError, hand_over
from prewatt.server.tariffs.versions import keep, schedule
from prewatt.server.tenancies.moving import move_in
from prewatt.server.vending.models import Command, TopUp
from tests.racing import at_once, before
from tests.settings import ON_POSTGRESQL

pytestmark = [pytest.mark.database, pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite has one writer")]


@pytest.mark.parametrize("first", ["archived", "moved in"])
def test_nobody_moves_into_a_flat_while_it_is_archived(transactional_db, building, first):
    flat = Unit.objects.select_related("property").get(name="Flat 3")
    works = [lambda: archive_unit(flat), lambda: move_in(flat, "Zoe", now())]
    racers = before(*(works if first == "archived" else works[::-1]))
    assert [racer.error and type(racer.error) for racer in racers] == [None, ValidationError]
    flat.refresh_from_db()
    assert (flat.archived_at is not None) != Tenancy.objects.filter(unit=flat).exists()


def test_receipts_of_two_at_once_have_two_numbers_and_one_that_is_undone_leaves_no_gap(transactional_db, building):
    anna, ben = Tenancy.objects.filter(tenant__in=("Anna", "Ben")).order_by("tenant")
    staff = get_user_model().objects.get(username="manager")

    def broken():
        record(anna, 3 * NANO, "c3", staff)
        raise RuntimeError

    racers = at_once(lambda: record(anna, 5 * NANO, "c1", staff), lambda: record(ben, 5 * NANO, "c2", staff))
    assert [racer.error for racer in racers] == [None, None]
    before(broken, lambda: record(ben, 5 * NANO, "c4", staff))
    # A second click is the same payment.
    at_once(lambda: record(ben, 5 * NANO, "c5", staff), lambda: record(ben, 5 * NANO, "c5", staff))
    assert list(Receipt.objects.values_list("number", flat=True)) == [1, 2, 3, 4]
    assert TopUp.objects.count() == 4


@pytest.mark.parametrize("first", ["scheduled", "installed"])
def test_a_meter_that_is_installed_while_a_tariff_is_scheduled_gets_it(transactional_db, building, clock, first):
    where = building.property
    flat, gateway = Unit.objects.create(property=where, name="Flat 9"), Gateway.objects.get()
    tariff = keep(where.organisation, flat_tariff("dearer", where.currency, where.zone, 400_000))
    works = [lambda: schedule(where, tariff, clock.now() + DAY), lambda: install(flat, gateway, "m9")]
    racers = before(*(works if first == "scheduled" else works[::-1]))
    assert [racer.error for racer in racers] == [None, None]
    orders = [decode_command(bytes(each.body)).order for each in Command.objects.filter(meter__name="m9")]
    assert clock.now() + DAY in [each.effective for each in orders if isinstance(each, SetTariff)]


def test_cash_is_handed_over_once(transactional_db, building):
    anna, staff = Tenancy.objects.get(tenant="Anna"), get_user_model().objects.get(username="manager")
    owner = building.property.organisation
    record(anna, 20 * NANO, "c1", staff)
    racers = at_once(*2 * [lambda: hand_over(owner, staff, 5 * NANO, "", 0)])
    assert [racer.error for racer in racers] == [None, None] and Handover.objects.count() == 1
    racers = at_once(*2 * [lambda: hand_over(owner, staff, 15 * NANO, "")])
    assert {racer.error and type(racer.error) for racer in racers} == {None, TillError}


def test_a_server_is_claimed_by_one_of_two(transactional_db):
    racers = before(*(lambda name=name: claim(name, "vier bunte Dächer", name) for name in ("petra", "paul")))
    assert [racer.error and type(racer.error) for racer in racers] == [None, ValidationError]
    assert get_user_model().objects.get().username == "petra"

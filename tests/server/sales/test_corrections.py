"""Corrections of tenancies that are settled, and of a series with several versions: to the nano, whoever is owed the difference."""

import pytest
from django.core.exceptions import ValidationError

from prewatt.kernel.units import HOUR, NANO
from prewatt.server.billing.open_debts import debts_of
from prewatt.server.billing.owed import owed_to
from prewatt.server.estate.models import Organisation
from prewatt.server.ledger.books import Kind, account, balance, tenant_account, trial_balance
from prewatt.server.metering.models import JournalEntry, Meter
from prewatt.server.sales.corrections import correct, corrected_series
from prewatt.server.sales.wrong_readings import put_reading_right
from prewatt.server.tariffs.models import CorrectedCharge
from prewatt.server.tariffs.versions import schedule
from prewatt.server.tenancies.moving import move_out, settle
from prewatt.server.vending.models import Adjustment, Command
from prewatt.server.vending.refusals import GivingBackError
from tests.building import PRICE
from tests.gateway import at
from tests.racing import at_once
from tests.server.statements.test_statements import USED, anna, dearer, edge  # noqa: F401
from tests.settings import ON_POSTGRESQL

pytestmark = pytest.mark.database
DAY_OF_ANNA = 24 * USED["m1"]
"""Wh."""


@pytest.fixture
def settled(edge, store, anna):  # noqa: F811
    """Anna has moved out after three days and is settled; what she had left is owed to her, and her account is at zero."""
    edge.live(store, at(2025, 10, 9, 23), USED, HOUR)
    move_out(anna, at(2025, 10, 10))
    edge.obey("m1")
    edge.live(store, at(2025, 10, 10, 2), USED, HOUR)
    settle(anna)
    edge.obey("m1")
    edge.deliver(store)
    anna.refresh_from_db()
    assert anna.settled_at is not None
    assert balance(tenant_account(anna)) == 0
    return anna


def owed(tenancy):
    return sum(each.left for each in owed_to(tenancy))


def test_a_settled_tenant_who_paid_too_much_is_owed_the_difference_once(settled, store, edge):  # noqa: F811
    where, before = settled.unit.property, owed(settled)
    at_the_meter, orders = edge.accounts["m1"].balance, Command.objects.filter(meter__name="m1", kind="credit").count()
    correct(where, dearer(where, PRICE // 2), at(2025, 10, 8), at(2025, 10, 9), "wrong price list")
    assert owed(settled) == before + DAY_OF_ANNA * PRICE // 2
    assert balance(tenant_account(settled)) == 0
    assert balance(account(where.organisation, Kind.DEBTS)) == 0
    # The meter is the next tenant's: it gets none of it.
    edge.obey("m1")
    edge.deliver(store)
    assert Command.objects.filter(meter__name="m1", kind="credit").count() == orders
    assert edge.accounts["m1"].balance == at_the_meter
    assert sum(trial_balance(Organisation.objects.get()).values()) == 0


def test_a_settled_tenant_who_paid_too_little_owes_the_difference(settled):
    where, before = settled.unit.property, owed(settled)
    correct(where, dearer(where, PRICE * 3 // 2), at(2025, 10, 8), at(2025, 10, 9), "wrong price list")
    assert sum(each.left for each in debts_of(settled)) == DAY_OF_ANNA * PRICE // 2
    assert owed(settled) == before
    assert balance(tenant_account(settled)) == 0
    assert sum(trial_balance(Organisation.objects.get()).values()) == 0


def test_after_the_corrected_span_the_version_holds_that_would_have_held(edge, anna):  # noqa: F811
    """One version began before the span, one within it, one at its end."""
    where = anna.unit.property
    second, third, right = dearer(where, PRICE * 2), dearer(where, PRICE * 3), dearer(where, PRICE // 2)
    for tariff, day in ((second, 9), (third, 11)):
        schedule(where, tariff, at(2025, 10, day))
    series = corrected_series(where, right, at(2025, 10, 8), at(2025, 10, 10))
    later = [(each.effective, each.calendar.tariff.name) for each in series if each.effective >= at(2025, 10, 8)]
    assert later == [(at(2025, 10, 8), right.name), (at(2025, 10, 10), second.name), (at(2025, 10, 11), third.name)]
    series = corrected_series(where, right, at(2025, 10, 8), at(2025, 10, 11))
    later = [(each.effective, each.calendar.tariff.name) for each in series if each.effective >= at(2025, 10, 8)]
    assert later == [(at(2025, 10, 8), right.name), (at(2025, 10, 11), third.name)]


def test_of_two_versions_in_a_span_each_reading_is_charged_anew_at_the_right_price(edge, store, anna):  # noqa: F811
    where = anna.unit.property
    schedule(where, dearer(where, PRICE * 2), at(2025, 10, 9))
    edge.obey("m1")
    edge.live(store, at(2025, 10, 11), USED, HOUR)
    assert balance(tenant_account(anna)) == 20 * NANO - DAY_OF_ANNA * (2 * PRICE + 2 * 2 * PRICE)
    correct(where, dearer(where, PRICE // 2), at(2025, 10, 8), at(2025, 10, 10), "wrong price list")
    for meter in edge.accounts:
        edge.obey(meter)
    edge.deliver(store)
    right = 20 * NANO - DAY_OF_ANNA * (PRICE + 2 * (PRICE // 2) + 2 * PRICE)
    assert balance(tenant_account(anna)) == right
    assert edge.accounts["m1"].balance == right


@pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite has one writer")
def test_a_correction_that_is_sent_twice_at_once_is_booked_once(transactional_db, edge, store, anna):  # noqa: F811
    edge.live(store, at(2025, 10, 10), USED, HOUR)
    where, before = anna.unit.property, balance(tenant_account(anna))
    tariff = dearer(where, 2 * PRICE)
    racers = at_once(*2 * [lambda: correct(where, tariff, at(2025, 10, 8), at(2025, 10, 9), "wrong price")])
    assert {racer.error and type(racer.error) for racer in racers} == {None, ValidationError}
    (charge,) = CorrectedCharge.objects.filter(tenancy=anna)
    assert before - balance(tenant_account(anna)) == charge.rerated - charge.charged > 0


@pytest.fixture
def misread(edge, store, anna):  # noqa: F811
    """Anna's meter and the entry of one hour that is read with 3 kWh too much."""
    edge.live(store, at(2025, 10, 8, 12), USED, HOUR)
    edge.live(store, at(2025, 10, 8, 13), {**USED, "m1": USED["m1"] + 3000}, HOUR)
    edge.live(store, at(2025, 10, 10), USED, HOUR)
    meter = Meter.objects.get(name="m1")
    return meter, JournalEntry.objects.get(meter=meter, kind="reading", energy=USED["m1"] + 3000).seq


def test_a_reading_of_corrected_days_is_not_given_back_at_the_old_price(misread, anna, admin_user):  # noqa: F811
    where = anna.unit.property
    correct(where, dearer(where, 3 * PRICE), at(2025, 10, 8), at(2025, 10, 9), "wrong price list")
    with pytest.raises(GivingBackError, match=r"were corrected \(wrong price list\)"):
        put_reading_right(*misread, USED["m1"], admin_user, "false reading")


def test_days_of_a_reading_that_was_put_right_are_not_charged_anew(misread, anna, admin_user):  # noqa: F811
    where = anna.unit.property
    put_reading_right(*misread, USED["m1"], admin_user, "false reading")
    with pytest.raises(ValidationError, match="A wrong reading of meter m1 in these days was put right"):
        correct(where, dearer(where, 3 * PRICE), at(2025, 10, 8), at(2025, 10, 9), "wrong price list")
    # Of other days, and after the second person has declined, it goes.
    correct(where, dearer(where, 3 * PRICE), at(2025, 10, 9), at(2025, 10, 10), "wrong price list")
    Adjustment.objects.update(state=Adjustment.State.DECLINED)
    correct(where, dearer(where, 3 * PRICE), at(2025, 10, 8), at(2025, 10, 9), "wrong price list")

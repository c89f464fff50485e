"""The statement of a move-out says what is owed, to whom, and how it is paid; and of what time nothing was read."""

import pytest
from django.contrib.auth import get_user_model

from prewatt.kernel.units import DAY, HOUR, MINUTE, NANO
from prewatt.server.billing.open_debts import debts_of
from prewatt.server.estate.models import Tenancy
from prewatt.server.payments.staff import record
from prewatt.server.statements.settled import settlement_of
from prewatt.server.statements.statement import days, month, statement
from prewatt.server.tenancies.moving import move_out, settle
from prewatt.server.vending.models import Refund
from tests.server.web.test_unit_pages import text_of

pytestmark = pytest.mark.database


@pytest.fixture
def anna(lived):
    return Tenancy.objects.select_related("unit__property__organisation").get(tenant="Anna")


def page(client, tenancy):
    return text_of(client.get(f"/tenancies/{tenancy.pk}/statement/?month=2025-10"))


def test_what_is_left_is_owed_to_the_tenant_until_it_is_paid_back(manager, anna, clock):
    record(anna, 20 * NANO, "c1", get_user_model().objects.get(username="manager"))
    assert "Settlement of the move-out" not in page(manager, anna)
    move_out(anna, clock.at - 12 * HOUR)
    assert "The account is not closed yet." in page(manager, anna)
    settle(anna)
    refund = Refund.objects.get()
    shown = page(manager, anna)
    assert f"{refund.amount / NANO:.2f}" in shown and "are owed to Anna." in shown
    assert "Tell the landlord to which account." in shown and "still owes" not in shown
    Refund.objects.update(send_to="DE02 1203 0000 0000 2020 51")
    assert "It is sent to: DE02 1203 0000 0000 2020 51." in page(manager, anna)
    made = statement(anna, *days(anna, *month("2025-10")))
    assert (made.settlement.owed, made.settlement.left, made.closing) == (refund.amount, refund.amount, 0)
    Refund.objects.update(paid_at=clock.at)
    assert "All of it was paid back" in page(manager, anna)
    # A statement that ends before the move-out says nothing of it.
    assert settlement_of(anna, anna.ends - DAY, None, clock.at) is None


def test_what_is_missing_is_said_to_be_owed_by_the_tenant(manager, anna, clock):
    move_out(anna, clock.at - 12 * HOUR)
    settle(anna)
    (debt,) = debts_of(anna)
    shown = page(manager, anna)
    assert "Anna still owes" in shown and "are owed to Anna" not in shown
    assert statement(anna, *days(anna, *month("2025-10"))).settlement.debt == debt.left > 0


def test_use_after_the_last_reading_is_not_the_tenants_and_the_statement_says_so(manager, anna, clock):
    # It is recorded afterwards, for an instant between two readings.
    move_out(anna, clock.at - 12 * HOUR - 20 * MINUTE)
    settle(anna)
    made = statement(anna, *days(anna, *month("2025-10")))
    assert made.settlement.unread_since == made.last.at < anna.ends
    assert "What was used between is part of its next reading" in page(manager, anna)


def test_a_move_out_at_a_reading_leaves_nothing_unread(manager, anna, clock):
    move_out(anna, clock.at - 12 * HOUR)
    settle(anna)
    assert statement(anna, *days(anna, *month("2025-10"))).settlement.unread_since is None
    assert "part of its next reading" not in page(manager, anna)

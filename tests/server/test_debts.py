"""What tenants owe beside their meters: it comes to be once, and the books' account of debts is the sum of it."""

import pytest

from prewatt.kernel.units import HOUR, NANO
from prewatt.server.billing.debts import debts_of, open_debts, owe
from prewatt.server.billing.models import Debt
from prewatt.server.billing.tenancies import move_out, settle
from prewatt.server.ledger.books import Kind, account, balance, tenant_account, trial_balance
from prewatt.server.ledger.references import Of, Reference
from tests.gateway import at
from tests.server.test_statements import anna, edge  # noqa: F401

pytestmark = pytest.mark.database


@pytest.fixture
def owner(tenancy):
    return tenancy.unit.property.organisation


@pytest.fixture
def gone(edge, store, anna):  # noqa: F811
    """Anna has used 2 kWh an hour for a fortnight, left, and is settled: of 20.00 paid she has used 134.40."""
    move_out(anna, at(2025, 10, 21))
    edge.obey("m1")
    edge.live(store, at(2025, 10, 21), {"m1": 2000}, HOUR)
    settle(anna)
    return anna


OWED = (14 * 24 * 400 - 20_000) * NANO // 1000


def debts_are_the_books(owner):
    """The account of debts is the sum of what is open, and all sums to zero."""
    found = sum(each.left for each in open_debts(owner))
    assert -balance(account(owner, Kind.DEBTS)) == found
    assert sum(trial_balance(owner).values()) == 0
    return found


def test_what_a_settlement_leaves_is_owed_by_name(gone, owner):
    (debt,) = open_debts(owner)
    assert (debt.who, debt.amount, debt.left, debt.tenancy) == ("Anna", OWED, OWED, gone)
    assert debts_are_the_books(owner) == OWED
    assert balance(tenant_account(gone)) == 0


def test_a_debt_comes_to_be_once(tenancy, owner, clock):
    of = Reference(Of.ALARM, 1, "debt")
    first = owe(tenancy, 3 * NANO, of, "taken back", clock.at)
    assert owe(tenancy, 3 * NANO, of, "taken back", clock.at) == first == Debt.objects.get()
    assert first.reference == of
    assert (balance(tenant_account(tenancy)), debts_are_the_books(owner)) == (3 * NANO, 3 * NANO)
    assert list(debts_of(tenancy)) == [first]

"""The accounts of the books: each on a side of double entry, each called alike here and by its own name for an accountant."""

import pytest

from prewatt.kernel.charges import CHARGES
from prewatt.kernel.charges.interface import OTHER_REVENUE
from prewatt.server.ledger.beancount_names import NAMES, account_name
from prewatt.server.ledger.models import Account, AccountType

Kind = Account.Kind
SIDES = {
    "Assets": {"Bank", "Cash", "Clearing:M7", "DebtsOfTenants", "EmergencyCredit"},
    "Liabilities": {"Deposits", "EmergencyCredit", "RefundsPayable", "Tax", "TenantCredit:T3"},
    "Income": {"EnergySold", "MinimumCharges", "OtherCharges", "ServiceFees", "SharedCosts", "StandingCharges"},
    "Expenses": {"CreditGiven", "DebtsWrittenOff", "ProviderFees", "Vacancy"},
}


def an_account(kind):
    return Account(
        kind=kind, name="7" if kind == Kind.CLEARING else "", tenancy_id=3 if kind == Kind.TENANT_CREDIT else None
    )


@pytest.mark.parametrize("kind", Kind)
def test_a_kind_is_called_as_it_is_written_and_has_a_side(kind):
    assert kind.value == kind.name.lower().replace("_", "-")
    assert isinstance(kind.type, AccountType) and kind.label
    assert Kind(kind.value) is kind and kind == kind.value and f"{kind}" == kind.value
    assert len(kind.value) <= Account._meta.get_field("kind").max_length


def test_an_accountant_reads_the_same_names_whatever_the_kinds_are_called_here():
    names = {account_name(an_account(kind)) for kind in Kind}
    assert names == {f"{root}:{name}" for root, under in SIDES.items() for name in under}
    assert set(NAMES) == set(Kind)


def test_each_form_of_price_has_an_account_of_the_books():
    assert {OTHER_REVENUE, *(form.revenue for form in CHARGES)} < set(Kind.values)

"""Double entry: what goes out of one account goes into another, once, and for good."""

import pytest
from django.db import IntegrityError, transaction

from prewatt.kernel.units import NANO
from prewatt.server.estate.models import Organisation
from prewatt.server.ledger.books import (
    Charge,
    Kind,
    account,
    balance,
    book_charges,
    book_top_up,
    tenant_account,
    trial_balance,
)
from prewatt.server.ledger.models import Account, Transfer
from prewatt.server.metering.models import Meter

pytestmark = pytest.mark.database


@pytest.fixture
def meter(tenancy):
    return Meter.objects.select_related("unit__property__organisation").get(name="m1")


def test_all_accounts_sum_to_zero_whatever_is_booked(tenancy, meter):
    book_top_up(tenancy, 20 * NANO, 1, "c1")
    book_charges([Charge(meter, tenancy, 3 * NANO + 1, 2, 1, 4), Charge(meter, None, 5, 3, 5, 5)])
    books = {each.kind: amount for each, amount in trial_balance(Organisation.objects.get()).items()}
    assert sum(books.values()) == 0
    assert books == {
        Kind.MONEY_RECEIVED: -20 * NANO,
        Kind.TENANT_CREDIT: 17 * NANO - 1,
        Kind.ENERGY_REVENUE: 3 * NANO + 6,
        Kind.VACANCY: -5,
    }


def test_what_costs_nothing_is_not_booked(tenancy, meter):
    book_charges([Charge(meter, tenancy, 0, 2, 1, 4)])
    assert not Transfer.objects.exists()


def test_a_credit_id_is_booked_once(tenancy):
    book_top_up(tenancy, NANO, 1, "c1")
    with pytest.raises(IntegrityError), transaction.atomic():
        book_top_up(tenancy, NANO, 1, "c1")
    assert balance(tenant_account(tenancy)) == NANO


@pytest.mark.parametrize("change", ["update", "delete", "save"])
def test_the_database_itself_refuses_to_change_a_transfer(tenancy, change):
    row = book_top_up(tenancy, NANO, 1, "c1")
    with pytest.raises(IntegrityError, match="never changed or deleted"), transaction.atomic():
        if change == "update":
            Transfer.objects.update(amount=5)
        elif change == "delete":
            Transfer.objects.all().delete()
        else:
            row.amount = 5
            row.save()
    assert Transfer.objects.get().amount == NANO


@pytest.mark.parametrize("amount", [0, -1])
def test_an_amount_is_positive(tenancy, amount):
    with pytest.raises(IntegrityError), transaction.atomic():
        book_top_up(tenancy, amount, 1, "c1")


def test_a_transfer_has_two_accounts(tenancy):
    mine = tenant_account(tenancy)
    with pytest.raises(IntegrityError), transaction.atomic():
        Transfer.objects.create(debit_account=mine, credit_account=mine, amount=1, at=1)


def test_of_each_kind_an_organisation_has_one_account(tenancy):
    owner = Organisation.objects.get()
    assert account(owner, Kind.VACANCY) == account(owner, Kind.VACANCY)
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.create(organisation=owner, kind=Kind.VACANCY)
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.create(organisation=owner, kind=Kind.TENANT_CREDIT)

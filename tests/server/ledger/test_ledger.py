"""Double entry: what goes out of one account goes into another, once, and for good."""

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from prewatt.kernel.entries import Reading
from prewatt.kernel.sentences import sentence
from prewatt.kernel.tariff_document import tariff_from_document, tariff_to_document
from prewatt.kernel.units import BALANCE_MAX, DAY, HOUR, INT64_MAX, NANO
from prewatt.server.estate.models import Organisation, Tenancy
from prewatt.server.ledger.append_only import KEPT
from prewatt.server.ledger.books import (
    Charge,
    Kind,
    account,
    balance,
    book_charges,
    book_top_up,
    revenue,
    tenant_account,
    trial_balance,
)
from prewatt.server.ledger.models import Account, ClosedSum, Transfer
from prewatt.server.ledger.sums import close, close_books, sums, sums_at
from prewatt.server.ledger.trial_balance import trial_balance as at_instant
from prewatt.server.metering.models import Meter
from prewatt.server.sales.top_ups import top_up
from prewatt.server.tariffs.versions import keep, schedule
from prewatt.server.vending.account_settings import send_settings
from prewatt.server.vending.controls import take_emergency
from tests.building import FLAT
from tests.gateway import Edge

pytestmark = pytest.mark.database


@pytest.fixture
def meter(tenancy):
    return Meter.objects.select_related("unit__property__organisation").get(name="m1")


def test_all_accounts_sum_to_zero_whatever_is_booked(tenancy, meter):
    book_top_up(tenancy, 20 * NANO, 1, 1)
    book_charges(
        [
            Charge(meter, tenancy, {Kind.ENERGY_REVENUE: 3 * NANO + 1}, 2, 1, 4),
            Charge(meter, None, {Kind.ENERGY_REVENUE: 5}, 3, 5, 5),
        ]
    )
    books = {each.kind: amount for each, amount in trial_balance(Organisation.objects.get()).items()}
    assert sum(books.values()) == 0
    assert books == {
        Kind.CASH: -20 * NANO,
        Kind.TENANT_CREDIT: 17 * NANO - 1,
        Kind.ENERGY_REVENUE: 3 * NANO + 6,
        Kind.VACANCY: -5,
    }


def test_what_costs_nothing_is_not_booked(tenancy, meter):
    book_charges([Charge(meter, tenancy, {Kind.ENERGY_REVENUE: 0}, 2, 1, 4)])
    assert not Transfer.objects.exists()


def test_a_payment_is_booked_once(tenancy):
    book_top_up(tenancy, NANO, 1, 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        book_top_up(tenancy, NANO, 1, 1)
    assert balance(tenant_account(tenancy)) == NANO


@pytest.mark.parametrize("change", ["update", "delete", "save"])
def test_the_database_itself_refuses_to_change_a_transfer(tenancy, change):
    row = book_top_up(tenancy, NANO, 1, 1)
    with pytest.raises(IntegrityError, match="never changed or deleted"), transaction.atomic():
        if change == "update":
            Transfer.objects.update(amount=5)
        elif change == "delete":
            Transfer.objects.all().delete()
        else:
            row.amount = 5
            row.save()
    assert Transfer.objects.get().amount == NANO


def test_a_memo_can_become_the_number_of_an_erased_tenant_and_nothing_else_changes(tenancy):
    book_top_up(tenancy, NANO, 1, 1, memo=sentence("carried from %(unit)s", unit="Anna"))
    columns = {field.column for field in Transfer._meta.concrete_fields}
    assert columns - {"memo", "memo_parts"} == set(KEPT)
    for change in (
        {"memo": ""},
        {"memo": "Ben"},
        {"memo": "tenant 17 or so"},
        {"memo": "tenant 17", "amount": 5},
        {"memo": "tenant 17", "memo_parts": {"text": "Ben"}},
        {"memo_parts": {}},
        {"at": 2},
    ):
        with pytest.raises(IntegrityError, match="never changed or deleted"), transaction.atomic():
            Transfer.objects.update(**change)
    Transfer.objects.update(memo="tenant 17", memo_parts={})
    row = Transfer.objects.get()
    assert (row.memo, row.memo_parts, row.amount, row.at) == ("tenant 17", {}, NANO, 1)


@pytest.mark.parametrize("amount", [0, -1])
def test_an_amount_is_positive(tenancy, amount):
    with pytest.raises(IntegrityError), transaction.atomic():
        book_top_up(tenancy, amount, 1, 1)


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


@given(
    *(st.integers(0, 10**12) for _ in range(4)),
    st.integers(0, 10**11),
    st.integers(0, 10**6),
)
def test_a_charge_by_kind_sums_to_the_whole(energy, fee, standing, minimum, tax, ppm):
    whole = energy + fee + standing + minimum
    included = whole * ppm // (10**6 + ppm)
    reading = Reading(1, 1, 0, 0, (), whole + tax, 0, fee, standing, minimum, tax, included)
    parts = revenue(reading)
    assert sum(parts.values()) == whole + tax
    assert all(amount > 0 for amount in parts.values())
    assert parts.get(Kind.TAX, 0) == tax + included
    for kind, gross in ((Kind.ENERGY_REVENUE, energy), (Kind.STANDING_REVENUE, standing)):
        assert 0 <= gross - parts.get(kind, 0) - gross * included // max(whole, 1) <= 4


def test_revenue_is_booked_by_the_kind_of_charge(building, tenancy, store, clock):
    document = {
        **tariff_to_document(FLAT),
        "name": "with all",
        "standing_charge_per_day": "1",
        "service_fee_per_kwh": "0.02",
    }
    document["tax"] = {"name": "VAT", "percent": "19", "included": False}
    tariff = tariff_from_document(document)
    schedule(tenancy.unit.property, keep(tenancy.unit.property.organisation, tariff), clock.at + 1)
    Tenancy.objects.update(begins=clock.at - 1)
    edge = Edge(building.code, clock)
    top_up(tenancy, 20 * NANO, "c1")
    edge.live(store, clock.at + DAY, {"m1": 1000}, HOUR)
    books, owner = trial_balance(Organisation.objects.get()), Organisation.objects.get()
    assert sum(books.values()) == 0
    # The standing charge of three meters, of which one has used something.
    assert books[account(owner, Kind.STANDING_REVENUE)] == 3 * NANO
    assert books[account(owner, Kind.SERVICE_REVENUE)] == 23 * 20_000 * 1000
    assert books[account(owner, Kind.ENERGY_REVENUE)] == 23 * 200_000 * 1000
    assert books[account(owner, Kind.TAX)] == (3 * NANO + 23 * 220_000 * 1000) * 19 // 100
    assert books[tenant_account(tenancy)] == Meter.objects.get(name="m1").balance


def test_emergency_credit_is_in_the_books_from_taking_to_repayment(building, tenancy, store, clock):
    where = tenancy.unit.property
    where.emergency_credit = 5
    where.save()
    send_settings(where)
    Tenancy.objects.update(begins=clock.at - 1)
    edge = Edge(building.code, clock)
    owner = Organisation.objects.get()
    edge.live(store, clock.at + HOUR, {"m1": 0}, HOUR)
    take_emergency(Meter.objects.get(name="m1"), "anna")
    edge.live(store, clock.at + 2 * HOUR, {"m1": 1000}, HOUR)
    assert balance(account(owner, Kind.EMERGENCY)) == -5 * NANO
    assert balance(account(owner, Kind.EMERGENCY_LENT)) == 5 * NANO
    assert balance(tenant_account(tenancy)) == Meter.objects.get(name="m1").balance < 0
    top_up(tenancy, 20 * NANO, "c1")
    edge.live(store, clock.at + HOUR, {}, HOUR)
    assert balance(account(owner, Kind.EMERGENCY)) == balance(account(owner, Kind.EMERGENCY_LENT)) == 0
    assert sum(trial_balance(owner).values()) == 0


def test_what_is_summed_and_kept_is_what_is_booked(tenancy, meter):
    """Whenever the books are closed, and whoever books meanwhile."""
    owner = Organisation.objects.get()
    for number in range(7):
        book_top_up(tenancy, (number + 1) * NANO, number, number)
        if number % 3 == 1:
            close(2)
        if number == 5:
            close_books()
        book_charges([Charge(meter, tenancy, {Kind.ENERGY_REVENUE: 3, Kind.TAX: 1}, number, number, number)])
        found = trial_balance(owner)
        assert found == {each: plain_balance(each) for each in Account.objects.all()}
        assert sum(found.values()) == 0
        assert balance(tenant_account(tenancy)) == plain_balance(tenant_account(tenancy))
    assert close_books() > 0 == close_books()
    assert trial_balance(owner) == {each: plain_balance(each) for each in Account.objects.all()}
    assert dict(at_instant(owner, 2**62)) == trial_balance(owner)


def plain_balance(of):
    """An account's balance by all of its transfers."""
    into, out_of = Transfer.objects.filter(credit_account=of), Transfer.objects.filter(debit_account=of)
    return sum(each.amount for each in into) - sum(each.amount for each in out_of)


@pytest.mark.parametrize("work", [trial_balance, lambda owner: at_instant(owner, 2**62)])
def test_the_sums_are_of_one_instant(tenancy, meter, work, django_assert_num_queries):
    """Of two statements, what is booked between them would stand on one side only."""
    book_top_up(tenancy, NANO, 1, 1)
    owner = Organisation.objects.get()
    with django_assert_num_queries(2) as asked:
        work(owner)
    assert sum("ledger_transfer" in each["sql"] for each in asked.captured_queries) == 1


def test_of_closed_books_no_transfer_is_read_again(tenancy):
    """So they cost the same after a year as after a day."""
    book_top_up(tenancy, NANO, 1, 1)
    close_books()
    ClosedSum.objects.filter(account=tenant_account(tenancy)).update(nano=5, whole=0)
    assert balance(tenant_account(tenancy)) == 5


def test_sums_go_beyond_64_bits(tenancy):
    """In a currency of small units some hundred flats pay so much in a year. SQLite refuses to add it up in one number, and no
    column of a database holds it.
    """
    owner, paid, days = tenancy.unit.property.organisation, BALANCE_MAX - 2, range(1, 10)
    for day in days:
        book_top_up(tenancy, paid, day, day)
    all_ = [-9 * paid, 9 * paid]
    assert 9 * paid > INT64_MAX
    assert sorted(sums_at(owner, 6).values()) == [-5 * paid, 5 * paid]
    assert sorted(sums(owner).values()) == all_
    while close(most=4):
        assert sorted(sums(owner).values()) == all_
    assert balance(tenant_account(tenancy)) == 9 * paid and balance(account(owner, Kind.CASH)) == -9 * paid

"""What a bank took back of transfers that had come in, and transfers of ours that came back: one click each."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from prewatt.kernel.orders import Restore
from prewatt.kernel.units import HOUR, NANO
from prewatt.server.billing.debt_undoing import undo
from prewatt.server.billing.debts import DebtError, owe
from prewatt.server.billing.open_debts import debts_of
from prewatt.server.billing.owed import owed, pay_out
from prewatt.server.estate.models import Tenancy
from prewatt.server.ledger.books import Kind, account, balance, tenant_account, trial_balance
from prewatt.server.ledger.references import Of, Reference
from prewatt.server.payments.bank import book_line, reference, upload
from prewatt.server.payments.models import BankLine, TakenBack
from prewatt.server.payments.reconciliation import reconcile
from prewatt.server.payments.returned import book_came_back, book_returned, may_be_taken_back, may_have_come_back
from prewatt.server.payments.staff import record
from prewatt.server.payments.statements.errors import BankError
from prewatt.server.payments.undoing import reverse_top_up
from prewatt.server.tenancies.moving import move_out, settle
from prewatt.server.vending.models import Refund
from prewatt.server.vending.refusals import GivingBackError
from tests.comparing import assert_row
from tests.gateway import Edge
from tests.recorded import recorded_once
from tests.server.payments.test_taken_back import orders

pytestmark = pytest.mark.database
FIRST, LAST = date(2025, 10, 1), date(2025, 12, 31)


@pytest.fixture
@recorded_once
def edge(building, clock):
    return Edge(building.code, clock)


@pytest.fixture
def owner(tenancy):
    return tenancy.unit.property.organisation


@pytest.fixture
def credited(owner, tenancy, admin_user):
    """A transfer of 20 that came in and was credited."""
    text = f"date;amount;text;payer\n2025-10-06;20,00;{reference(tenancy)};ANNA BERG\n"
    (line,) = upload(owner, text.encode(), "EUR", admin_user).new
    book_line(line, tenancy, admin_user)
    line.refresh_from_db()
    return line


def returned(owner, tenancy, by, amount="-20,00", day="2025-10-20", payer="ANNA BERG"):
    text = f"date;amount;text;payer\n{day};{amount};Returned {reference(tenancy)};{payer}\n"
    upload(owner, text.encode(), "EUR", by)
    return BankLine.objects.filter(amount__lt=0).order_by("-pk").first()


def test_a_transfer_that_the_bank_took_back_is_booked_by_one_click(
    edge, store, owner, tenancy, credited, admin_user, log_in
):
    manager = log_in("manager")
    text = f"date;amount;text;payer\n2025-10-20;-20,00;Returned {reference(tenancy)};ANNA BERG\n"
    for _again in range(2):
        file = SimpleUploadedFile("s.csv", text.encode(), "text/csv")
        manager.post("/bank-lines/", {"statement": file, "organisation": owner.pk})
    line = BankLine.objects.get(amount__lt=0)
    page = manager.get("/bank-lines/").content.decode()
    assert "Book it" in page and "The tenant is told" in page
    assert [each.verdict for each in reconcile(owner, FIRST, LAST) if each.what == "return"] == ["at the bank"]
    for _again in range(2):
        manager.post("/bank-lines/book/", {"organisation": owner.pk, f"line-{line.pk}": "back"})
    edge.obey("m1")
    edge.deliver(store)
    assert edge.accounts["m1"].balance == balance(tenant_account(tenancy)) == 0
    assert balance(account(owner, Kind.BANK)) == 0
    assert {each.verdict for each in reconcile(owner, FIRST, LAST)} == {"matched"}
    # The supply goes on for the days of grace.
    assert any(isinstance(getattr(each, "action", None), Restore) for each in orders())
    assert "taken back" in manager.get("/bank-lines/").content.decode()
    assert sum(trial_balance(owner).values()) == 0
    with pytest.raises(GivingBackError, match="taken back"):
        reverse_top_up(credited.top_up, admin_user, "typed wrongly")


def test_what_the_bank_keeps_for_it_is_a_fee(owner, tenancy, credited, admin_user):
    line = returned(owner, tenancy, admin_user, "-23,50")
    row = book_returned(line, admin_user, credited.top_up)
    assert (row.amount, row.fee) == (20 * NANO, 3_500_000_000)
    assert -balance(account(owner, Kind.PROVIDER_FEES)) == 3_500_000_000 == balance(account(owner, Kind.BANK))
    assert balance(tenant_account(tenancy)) == 0


def test_the_same_payment_is_not_taken_back_twice(owner, tenancy, credited, admin_user):
    book_returned(returned(owner, tenancy, admin_user), admin_user)
    again = returned(owner, tenancy, admin_user, day="2025-10-29")
    if again.state == "open":
        with pytest.raises(BankError):
            book_returned(again, admin_user)
        with pytest.raises(BankError, match="already"):
            book_returned(again, admin_user, credited.top_up)
    assert balance(tenant_account(tenancy)) == 0
    assert TakenBack.objects.count() == 1


def test_a_transfer_that_staff_had_recorded_is_chosen(owner, tenancy, admin_user, log_in):
    made = record(tenancy, 20 * NANO, "c1", admin_user, "R-1", "transfer")
    line = returned(owner, tenancy, admin_user)
    assert line is not None
    with pytest.raises(BankError, match="choose"):
        book_returned(line, admin_user)
    assert list(may_be_taken_back(line)) == [made]
    manager = log_in("manager")
    assert f'value="back:{made.pk}"' in manager.get("/bank-lines/").content.decode()
    manager.post("/bank-lines/book/", {"organisation": owner.pk, f"line-{line.pk}": f"back:{made.pk}"})
    assert balance(tenant_account(tenancy)) == 0
    assert not may_be_taken_back(line).exists()


def test_what_was_not_credited_cancels_out(owner, tenancy, admin_user):
    text = f"date;amount;text;payer\n2025-10-06;20,00;{reference(tenancy)};ANNA BERG\n"
    (came,) = upload(owner, text.encode(), "EUR", admin_user).new
    line = returned(owner, tenancy, admin_user, day="2025-10-07") or pytest.fail("it was not kept")
    assert book_returned(line, admin_user) is None
    came.refresh_from_db()
    assert came.state == "aside"
    assert balance(account(owner, Kind.BANK)) == 0


def test_after_the_settlement_it_is_a_debt(edge, store, owner, tenancy, clock, credited, admin_user):
    edge.live(store, clock.at + 2 * HOUR, {"m1": 1_000, "m2": 1, "m3": 1}, HOUR)
    move_out(tenancy, clock.at + HOUR)
    edge.obey("m1")
    edge.live(store, clock.at + 2 * HOUR, {"m1": 1, "m2": 1, "m3": 1}, HOUR)
    settle(tenancy)
    left = Refund.objects.get()
    pay_out(left, admin_user)
    book_returned(returned(owner, tenancy, admin_user), admin_user)
    (debt,) = debts_of(tenancy)
    assert (debt.who, debt.left) == ("Anna", 20 * NANO)
    assert balance(tenant_account(tenancy)) == 0


def test_a_payment_of_ours_that_comes_back_is_owed_anew(
    edge, store, owner, tenancy, clock, credited, admin_user, log_in
):
    from prewatt.server.metering.models import Gateway
    from prewatt.server.sales.giving_back import refund

    Gateway.objects.update(is_online=True)
    made = pay_out(refund(tenancy, 7 * NANO, admin_user, "moves out"), admin_user, way="transfer")
    text = "date;amount;text;payer\n2025-10-12;7,00;Returned: account closed;ANNA BERG\n"
    (line,) = upload(owner, text.encode(), "EUR", admin_user).new
    ((sent,),) = may_have_come_back([line]).values()
    page = log_in("manager").get("/bank-lines/").content.decode()
    assert f'value="sent:{sent.pk}"' in page
    again = book_came_back(line, sent, admin_user)
    assert_row(again, left=7 * NANO, why="failed", tenancy=made.tenancy)
    assert [each.pk for each in owed(owner)] == [again.pk]
    assert balance(account(owner, Kind.REFUNDS)) == 7 * NANO
    assert balance(account(owner, Kind.BANK)) == -20 * NANO
    assert may_have_come_back([line]) == {}
    with pytest.raises(BankError):
        book_came_back(line, sent, admin_user)


def test_a_transfer_that_had_paid_a_debt_is_owed_again(owner, tenancy, clock, admin_user):
    clock.at += HOUR
    Tenancy.objects.filter(pk=tenancy.pk).update(ends=clock.at - 1, settled_at=clock.at - 1)
    tenancy.refresh_from_db()
    owe(tenancy, 20 * NANO, Reference(Of.SETTLEMENT, tenancy.pk, "debt"), "x", clock.at)
    before = balance(tenant_account(tenancy))
    text = f"date;amount;text;payer\n2025-10-06;20,00;{reference(tenancy)};ANNA BERG\n"
    (line,) = upload(owner, text.encode(), "EUR", admin_user).new
    paid = book_line(line, tenancy, admin_user)
    assert not debts_of(tenancy).exists()
    book_returned(returned(owner, tenancy, admin_user), admin_user)
    assert [each.left for each in debts_of(tenancy)] == [20 * NANO]
    assert balance(account(owner, Kind.DEBTS)) == -20 * NANO
    assert (balance(tenant_account(tenancy)), balance(account(owner, Kind.BANK))) == (before, 0)
    with pytest.raises(DebtError, match="took this payment back"):
        undo(paid, admin_user, "typed wrongly")


@pytest.mark.parametrize("wrong", ["cash", "undone"])
def test_a_payment_that_a_line_cannot_take_back_is_refused(owner, tenancy, admin_user, wrong):
    made = record(tenancy, 20 * NANO, "c1", admin_user, way="cash" if wrong == "cash" else "transfer")
    if wrong == "undone":
        reverse_top_up(made, admin_user, "wrong tenant")
    before = trial_balance(owner)
    line = returned(owner, tenancy, admin_user)
    with pytest.raises(BankError, match="can't be that payment"):
        book_returned(line, admin_user, made)
    assert trial_balance(owner) == before
    assert not TakenBack.objects.exists()

"""What tenants owe beside their meters: it comes to be once, and the books' account of debts is the sum of it."""

import json

import pytest
from django.utils.translation import override

from prewatt.kernel.sentences import sentence
from prewatt.kernel.units import HOUR, NANO
from prewatt.server.billing.debt_payments import in_words
from prewatt.server.billing.debt_set_off import set_off
from prewatt.server.billing.debts import DebtError, owe
from prewatt.server.billing.models import Debt
from prewatt.server.billing.open_debts import debts_of, open_debts
from prewatt.server.billing.owed import owe_back, pay_out
from prewatt.server.billing.write_offs import decide_write_off, write_off
from prewatt.server.ledger.books import Kind, account, balance, tenant_account, trial_balance
from prewatt.server.ledger.models import Transfer
from prewatt.server.ledger.references import Of, Reference
from prewatt.server.payments.bank import BankError, book_line, reference, same_as_recorded, upload
from prewatt.server.payments.books import clearing
from prewatt.server.payments.errors import PaymentError
from prewatt.server.payments.paying import confirm, credit_held
from prewatt.server.payments.providers.interface import PaymentReport, State
from prewatt.server.payments.staff import record, record_debt, undo_debt_payment
from prewatt.server.tenancies.moving import move_out, settle
from prewatt.server.vending.refusals import TopUpError
from tests.comparing import assert_row
from tests.gateway import at
from tests.server.payments.paying import start_payment
from tests.server.statements.test_statements import anna, edge  # noqa: F401

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
    assert_row(debt, who="Anna", amount=OWED, left=OWED, tenancy=gone)
    assert debts_are_the_books(owner) == OWED
    assert balance(tenant_account(gone)) == 0


def test_a_debt_comes_to_be_once(tenancy, owner, clock):
    of = Reference(Of.ALARM, 1, "debt")
    first = owe(tenancy, 3 * NANO, of, "taken back", clock.at)
    assert owe(tenancy, 3 * NANO, of, "taken back", clock.at) == first == Debt.objects.get()
    assert first.reference == of
    assert (balance(tenant_account(tenancy)), debts_are_the_books(owner)) == (3 * NANO, 3 * NANO)
    assert list(debts_of(tenancy)) == [first]


def test_a_debt_is_paid_in_parts_and_never_more_than_is_owed(gone, owner, admin_user):
    first = record(gone, 30 * NANO, "late-1", admin_user, "R-1", "transfer")
    assert debts_are_the_books(owner) == OWED - 30 * NANO
    assert record(gone, 30 * NANO, "late-1", admin_user, "R-1", "transfer") == first
    last = record(gone, 100 * NANO, "late-2", admin_user, "R-2")
    assert debts_are_the_books(owner) == 0
    rest = 130 * NANO - OWED
    assert (last.refund.who, last.refund.left, last.refund.why) == ("Anna", rest, "overpaid")
    assert "15.60 was more than that" in in_words(last)
    assert [balance(account(owner, kind)) for kind in (Kind.BANK, Kind.REFUNDS)] == [-30 * NANO, rest]
    # Asked again when nothing is owed any more, it is still the payment that it was.
    assert record(gone, 100 * NANO, "late-2", admin_user, "R-2") == last
    with pytest.raises(TopUpError, match="owes nothing"):
        record_debt(gone, NANO, "late-3", admin_user)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"payment_id": "first of Anna"}, "belongs to another"),
        ({"receipt": "R-1"}, "R-1 was recorded already"),
        ({"way": "barter"}, "cash or transfer"),
        ({"amount": 0}, "more than 0"),
        ({"amount": NANO // 1000}, "decimals"),
        ({"payment_id": "~mine"}, "must not begin with"),
    ],
)
def test_a_payment_that_cannot_be_changes_nothing(gone, owner, admin_user, changed, said):
    record(gone, 30 * NANO, "late-1", admin_user, "R-1")
    given = {"amount": NANO, "payment_id": "late-2", "receipt": "R-2", "way": "cash", **changed}
    with pytest.raises(TopUpError, match=said):
        record_debt(gone, given["amount"], given["payment_id"], admin_user, given["receipt"], given["way"])
    assert debts_are_the_books(owner) == OWED - 30 * NANO


def test_a_debt_is_written_off_by_a_second_person(gone, owner, admin_user, django_user_model):
    second = django_user_model.objects.create(username="second")
    (debt,) = open_debts(owner)
    made = write_off(debt, admin_user, "gone abroad")
    with pytest.raises(DebtError, match="already waiting for a second person"):
        write_off(debt, admin_user, "gone abroad")
    with pytest.raises(DebtError, match="second person has to agree"):
        decide_write_off(made, admin_user, agreed=True)
    # What is paid meanwhile is not written off.
    record(gone, 30 * NANO, "late", admin_user)
    assert decide_write_off(made, second, agreed=True).state == "done"
    assert debts_are_the_books(owner) == 0
    assert balance(account(owner, Kind.WRITTEN_OFF)) == 30 * NANO - OWED
    with pytest.raises(DebtError, match="decided already"):
        decide_write_off(made, second, agreed=True)


def test_what_is_owed_to_a_person_pays_what_the_person_owes(gone, owner, admin_user):
    source = account(owner, Kind.CASH)
    due = owe_back(gone, 50 * NANO, "deposit", source, Reference(Of.ALARM, 1, "x"), "found in a drawer")
    (debt,) = open_debts(owner)
    assert set_off(debt, due, admin_user) == 50 * NANO
    due.refresh_from_db()
    assert due.paid_at is not None and debts_are_the_books(owner) == OWED - 50 * NANO
    assert balance(account(owner, Kind.REFUNDS)) == 0
    with pytest.raises(DebtError, match="paid out already"):
        set_off(debt, due, admin_user)


def test_the_page_of_the_books_takes_payments_of_debts(gone, owner, log_in):
    manager = log_in("manager")
    (debt,) = open_debts(owner)
    page = manager.get("/books/").content.decode()
    assert f'action="/debts/{debt.pk}/pay/"' in page and "114.40" in page
    said = manager.post(f"/debts/{debt.pk}/pay/", {"amount": "14,40", "payment_id": "x", "way": "cash"}, follow=True)
    assert "100.00 is still owed" in said.content.decode()
    again = manager.post(f"/debts/{debt.pk}/write-off/", {"reason": "gone abroad", "amount": "500"}, follow=True)
    page = " ".join(again.content.decode().split())
    assert (
        'value="500" aria-invalid="true"' in page
        and '<em class="bad">Only 100.00 of this debt is still owed.</em>' in page
    )
    assert 'value="gone abroad"' in page
    again = manager.post(f"/debts/{debt.pk}/pay/", {"amount": "ten", "payment_id": "y", "receipt": "R-8"}, follow=True)
    page = again.content.decode()
    assert all(f'value="{each}"' in page for each in ("ten", "y", "R-8"))
    manager.post(f"/debts/{debt.pk}/write-off/", {"reason": "gone abroad"})
    assert "manager proposes to write off 100.00: gone abroad" in manager.get("/books/").content.decode()
    said = manager.post(f"/write-offs/{debt.write_offs.get().pk}/decide/", {"do": "agree"}, follow=True)
    assert "second person has to agree" in said.content.decode()
    assert debts_are_the_books(owner) == 100 * NANO
    for path in (f"/debts/{debt.pk}/pay/", f"/debts/{debt.pk}/write-off/"):
        assert log_in("flat2").post(path, {"amount": "1", "reason": "x"}).status_code == 404


def test_programs_see_and_pay_what_tenants_owe(gone, owner, client, django_user_model):
    client.force_login(django_user_model.objects.get(username="manager"))
    (debt,) = client.get("/api/v1/debts").json()
    assert (debt["who"], debt["left"]) == ("Anna", "114.400000000")

    def post(path, **given):
        return client.post(f"/api/v1{path}", json.dumps(given), content_type="application/json")

    for _ in range(2):
        done = post(f"/tenancies/{gone.pk}/debt-payments", amount="14.40", payment_id="p1")
        assert (done.status_code, done.json()["says"]) == (201, "The payment is booked. 100.00 is still owed.")
    assert (
        post(f"/tenancies/{gone.pk}/top-ups", amount="10", credit_id="p2").json()["debts"][0]["amount"]
        == "10.000000000"
    )
    for path, given in (
        (f"/tenancies/{gone.pk}/debt-payments", {"payment_id": "p3"}),
        (f"/debts/{debt['id']}/write-offs", {"reason": "x"}),
    ):
        assert post(path, amount="all", **given).json()["errors"][0]["field"] == "amount"
    made = post(f"/debts/{debt['id']}/write-offs", reason="gone abroad").json()
    assert (made["amount"], made["state"]) == ("90.000000000", "waiting")
    assert post(f"/write-offs/{made['id']}/decide", agreed=True).status_code == 400
    assert debts_are_the_books(owner) == 90 * NANO
    client.force_login(django_user_model.objects.get(username="flat2"))
    assert post(f"/debts/{debt['id']}/write-offs", reason="x").status_code == 404
    assert post(f"/write-offs/{made['id']}/decide", agreed=True).status_code == 404


def test_a_line_of_a_statement_pays_what_a_former_tenant_owes(gone, owner, admin_user):
    (line,) = upload(owner, f"date,amount,text\n2025-10-21,30.00,{reference(gone)}\n".encode(), "EUR", admin_user).new
    made = book_line(line, gone, admin_user)
    assert (made.amount, debts_are_the_books(owner)) == (30 * NANO, OWED - 30 * NANO)
    assert balance(account(owner, Kind.BANK)) == -30 * NANO
    line.refresh_from_db()
    assert line.state == "booked"
    with pytest.raises(BankError, match="already"):
        book_line(line, gone, admin_user)


def test_a_debt_that_staff_took_by_transfer_is_known_again_in_the_statement(gone, owner, admin_user):
    made = record(gone, 30 * NANO, "late-1", admin_user, "R-9", "transfer")
    (line,) = upload(owner, f"date,amount,text\n2025-10-21,30.00,{reference(gone)}\n".encode(), "EUR", admin_user).new
    with pytest.raises(BankError, match="whether the two are the same payment"):
        book_line(line, gone, admin_user)
    same_as_recorded(line, f"debt-{made.pk}", admin_user)
    line.refresh_from_db()
    assert (line.state, line.debt_payment) == ("booked", made)
    assert debts_are_the_books(owner) == OWED - 30 * NANO and balance(account(owner, Kind.BANK)) == -30 * NANO


def test_money_that_a_provider_holds_pays_what_a_former_tenant_owes(
    tenancy, merchants, providers, owner, clock, admin_user
):
    payment = start_payment(tenancy, merchants["wechat"])
    type(tenancy).objects.filter(pk=tenancy.pk).update(begins=clock.at - 1, ends=clock.at, settled_at=clock.at)
    tenancy.refresh_from_db()
    confirm(payment.merchant, PaymentReport(payment.payment_id, State.PAID, "t1", 2000, "CNY", clock.at), "callback")
    payment.refresh_from_db()
    assert payment.state == "held"
    owe(tenancy, 15 * NANO, Reference(Of.ALARM, 1, "debt"), "still owed", clock.at)
    made = credit_held(payment, tenancy, admin_user)
    payment.refresh_from_db()
    assert payment.state == "debt"
    assert debts_are_the_books(owner) == 0
    assert made.refund.left == 5 * NANO
    assert balance(account(owner, Kind.REFUNDS)) == 5 * NANO
    assert balance(clearing(merchants["wechat"])) == -20 * NANO
    with pytest.raises(PaymentError, match="does not wait for a decision"):
        credit_held(payment, tenancy, admin_user)


@pytest.mark.parametrize("paid", [3_340_000_000, 3_350_000_000])
def test_what_is_finer_than_the_currency_is_let_go(tenancy, owner, clock, admin_user, paid):
    owe(tenancy, 3_344_000_000, Reference(Of.ALARM, 1, "debt"), "taken back", clock.at)
    made = record_debt(tenancy, paid, "p1", admin_user)
    assert (made.refund, debts_are_the_books(owner)) == (None, 0)
    assert in_words(made) == "All that was owed is paid."
    assert balance(account(owner, Kind.CASH)) == -paid
    assert balance(account(owner, Kind.ADJUSTMENTS)) == paid - 3_344_000_000


def test_a_payment_of_a_debt_that_never_was_is_undone(gone, owner, admin_user, log_in):
    made = record(gone, 130 * NANO, "late-1", admin_user, "R-1")
    assert debts_are_the_books(owner) == 0
    undo_debt_payment(made, admin_user, "a slip: 13.00")
    assert debts_are_the_books(owner) == OWED
    assert [balance(account(owner, kind)) for kind in (Kind.CASH, Kind.REFUNDS)] == [-40 * NANO, 0]
    with pytest.raises(DebtError, match="undone already"):
        undo_debt_payment(made, admin_user, "again")
    with pytest.raises(TopUpError, match="was undone"):
        record(gone, 130 * NANO, "late-1", admin_user)
    again = record(gone, 13 * NANO, "late-2", admin_user, "R-1")
    assert debts_are_the_books(owner) == OWED - 13 * NANO
    manager = log_in("manager")
    assert f"/debt-payments/{again.pk}/undo/" in manager.get("/books/").content.decode()
    manager.post(f"/debt-payments/{again.pk}/undo/", {"reason": "another's"})
    assert debts_are_the_books(owner) == OWED
    assert log_in("flat2").post(f"/debt-payments/{again.pk}/undo/", {"reason": "x"}).status_code == 404


def test_what_was_paid_out_of_it_is_not_undone(gone, owner, admin_user):
    made = record(gone, 130 * NANO, "late-1", admin_user)
    pay_out(made.refund, admin_user)
    with pytest.raises(DebtError, match="paid out already"):
        undo_debt_payment(made, admin_user, "a slip")
    assert debts_are_the_books(owner) == 0


def test_an_undone_line_is_open_again_and_can_pay_the_debt_again(gone, owner, admin_user):
    (line,) = upload(owner, b"date,amount,text\n2025-10-21,30.00,x\n", "EUR", admin_user).new
    for _ in range(3):
        made = book_line(line, gone, admin_user)
        assert debts_are_the_books(owner) == OWED - 30 * NANO
        undo_debt_payment(made, admin_user, "another's")
        line.refresh_from_db()
        assert (line.state, line.debt_payment, debts_are_the_books(owner)) == ("open", None, OWED)


def test_the_oldest_debt_stands_first_and_falls_first_whenever_it_came_to_be_known(gone, owner, clock, admin_user):
    """On PostgreSQL rows with a sum come in any order but the one that is asked for."""
    later, earlier = (
        owe(gone, 3 * NANO, Reference(Of.ALARM, number, "debt"), "taken back", clock.at - ago * HOUR)
        for number, ago in ((1, 1_000), (2, 2_000))
    )
    settled = Debt.objects.get(memo__contains="still owed")
    assert list(debts_of(gone)) == list(open_debts(owner)) == [earlier, later, settled]
    record(gone, 4 * NANO, "d1", admin_user)
    assert [each.left for each in Debt.objects.filter(pk__in=(earlier.pk, later.pk)).order_by("since")] == [0, 2 * NANO]


def test_what_the_books_note_is_read_in_the_language_of_whoever_reads_it_and_what_was_typed_as_it_was(tenancy, clock):
    with override("de"):
        found = sentence("used after the move")
        owe(tenancy, NANO, Reference(Of.ALARM, 1, "debt"), sentence("still owed: %(memo)s", memo=found), clock.at)
        owe(tenancy, NANO, Reference(Of.ALARM, 2, "debt"), "Herd kaputt", clock.at)
    for language, said in (
        ("en", "still owed: used after the move"),
        ("de", "noch geschuldet: verbraucht nach dem Umzug"),
        ("zh-hans", "仍欠：迁移之后的用电"),
    ):
        with override(language):
            for rows in (Debt.objects.order_by("pk"), Transfer.objects.order_by("pk")):
                assert [each.memo_in_words for each in rows] == [said, "Herd kaputt"]
    assert Debt.objects.order_by("pk")[0].memo == "still owed: used after the move"

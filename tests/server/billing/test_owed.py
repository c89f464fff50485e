"""What the landlord owes to people: by name, paid out in parts, reminded of, never dropped."""

import json
import re
from datetime import date

import pytest
from django.contrib.auth import get_user_model

from prewatt.kernel.units import DAY, HOUR, NANO
from prewatt.server.billing.debt_payments import in_words
from prewatt.server.billing.owed import owe_back, owe_cleared, owed, pay_out, withdraw
from prewatt.server.estate.models import Organisation, Tenancy, Unit
from prewatt.server.ledger.books import Kind, account, balance, tenant_account, trial_balance
from prewatt.server.ledger.references import Of, Reference
from prewatt.server.notices.recipients import manager_of
from prewatt.server.notices.sending_accounts import keep_account
from prewatt.server.notices.watching import watch
from prewatt.server.payments.bank import book_line, reference, upload
from prewatt.server.payments.books import clearing
from prewatt.server.payments.errors import PaymentError
from prewatt.server.payments.models import Payment
from prewatt.server.payments.refunds import refundable_by_provider, send_back
from prewatt.server.payments.returned import book_returned
from prewatt.server.payments.staff import undo_debt_payment
from prewatt.server.sales.giving_back import refund
from prewatt.server.tenancies.moving import move_in, move_out, settle
from prewatt.server.vending.models import Refund
from prewatt.server.vending.refusals import GivingBackError
from tests.gateway import at
from tests.server.notices.test_notices import events, mail_account, told_by_mail
from tests.server.payments.paying import pay_and_call_back, start_payment
from tests.server.statements.test_statements import USED, anna, edge  # noqa: F401

pytestmark = pytest.mark.database


@pytest.fixture
def owner(tenancy):
    return tenancy.unit.property.organisation


@pytest.fixture
def gone(edge, store, anna):  # noqa: F811
    """Anna has left with credit; Cleo, in the third flat, with a deposit and a debt that it covers."""
    cleo = move_in(Unit.objects.get(name="Flat 3"), "Cleo", at(2025, 10, 7), deposit=50 * NANO)
    for tenancy in (anna, cleo):
        move_out(tenancy, at(2025, 10, 9))
    for meter in ("m1", "m3"):
        edge.obey(meter)
    edge.live(store, at(2025, 10, 10), USED, HOUR)
    for tenancy in (anna, cleo):
        settle(tenancy)
    return anna


LEFT = 20 * NANO - 48 * 321 * 200_000
DEPOSIT = 50 * NANO - 48 * 5 * 200_000


def owed_is_the_books(owner):
    """The account of refunds is the sum of what is left, and all sums to zero."""
    found = sum(each.left for each in owed(owner))
    assert balance(account(owner, Kind.REFUNDS)) == found
    assert sum(trial_balance(owner).values()) == 0
    return found


def test_credit_and_deposit_of_a_move_out_are_owed_by_name(gone, owner):
    found = [(each.who, each.why, each.left) for each in owed(owner)]
    assert found == [("Anna", "credit", LEFT), ("Cleo", "deposit", DEPOSIT)]
    # It stays hers by the name that she had then.
    Tenancy.objects.filter(pk=gone.pk).update(tenant="Anna Berg")
    assert owed(owner)[0].who == "Anna"
    assert owed_is_the_books(owner) == LEFT + DEPOSIT


def test_it_is_paid_out_in_parts_each_in_its_way(gone, owner, clock):
    due = owed(owner)[1]
    pay_out(due, "cashier", 30 * NANO, "transfer", date(2025, 10, 9), "SEPA 7")
    assert (due.left, owed_is_the_books(owner)) == (DEPOSIT - 30 * NANO, LEFT + DEPOSIT - 30 * NANO)
    done = pay_out(due, "cashier")
    assert done.paid_at == clock.at and owed_is_the_books(owner) == LEFT
    assert [(each.amount, each.way, each.day, each.number, each.by) for each in due.pay_outs.all()] == [
        (30 * NANO, "transfer", date(2025, 10, 9), "SEPA 7", "cashier"),
        (19_950_000_000, "cash", date(2025, 10, 10), "", "cashier"),
        (2_000_000, "rounding", date(2025, 10, 10), "", "cashier"),
    ]
    # What left the hands is what the accounts say: 50.00 came in with the deposit, 40.00 with payments.
    assert [balance(account(owner, kind)) for kind in (Kind.BANK, Kind.CASH)] == [30 * NANO, -70_050_000_000]
    with pytest.raises(GivingBackError, match="paid out already"):
        pay_out(due, "cashier")


def test_what_is_finer_than_the_currency_is_rounded_to_the_nearest(gone, owner):
    due = owed(owner)[0]
    assert due.left == 16_918_400_000
    pay_out(due, "cashier", 16_920_000_000, "transfer")
    assert owed_is_the_books(owner) == DEPOSIT and due.left == 0
    assert balance(account(owner, Kind.BANK)) == 16_920_000_000
    assert balance(account(owner, Kind.ADJUSTMENTS)) == -1_600_000


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"amount": 16_930_000_000}, "of this refund is left"),
        ({"amount": LEFT}, "more decimals than the currency"),
        ({"amount": 0}, "of this refund is left"),
        ({"way": "barter"}, "cash or transfer"),
        ({"day": date(2025, 10, 11)}, "in the future"),
        ({"number": "7\n8"}, "printable"),
    ],
)
def test_a_pay_out_that_cannot_be_changes_nothing(gone, owner, changed, said):
    with pytest.raises(GivingBackError, match=said):
        pay_out(owed(owner)[0], "cashier", **changed)
    assert owed_is_the_books(owner) == LEFT + DEPOSIT


def test_a_pay_out_whose_form_is_sent_twice_is_booked_once(gone, owner, log_in):
    manager, due = log_in("manager"), owed(owner)[1]
    paid = f"/refunds/{due.pk}/pay-out/"
    shown = manager.get("/books/").content.decode()
    (own,) = re.findall(rf'action="{paid}".*?name="pay_out_id" value="(\w+)"', shown, re.DOTALL)
    typed = {"amount": "7", "way": "cash", "day": "2025-10-09", "number": "", "pay_out_id": own}
    for _again in range(2):
        page = manager.post(paid, typed, follow=True).content.decode()
        assert "The payment is booked." in page
    assert due.left == DEPOSIT - 7 * NANO
    page = manager.post(paid, {**typed, "amount": "8"}, follow=True).content.decode()
    assert f"The id {own} belongs to another pay-out." in page
    # The form that stands there now is a new one: what was typed can be sent again.
    (new,) = re.findall(rf'action="{paid}".*?name="pay_out_id" value="(\w+)"', page, re.DOTALL)
    manager.post(paid, {**typed, "amount": "8", "pay_out_id": new})
    assert due.left == DEPOSIT - 15 * NANO and owed_is_the_books(owner) == LEFT + DEPOSIT - 15 * NANO


def test_a_known_pay_out_is_answered_with_what_is_there_and_another_under_its_id_is_refused(gone, owner):
    due, other = owed(owner)
    pay_out(due, "cashier", 3 * NANO, "transfer", number=" SEPA-1 ")
    pay_out(due, "cashier", 3 * NANO, "transfer", number="SEPA-1")
    assert due.left == LEFT - 3 * NANO
    for changed in ({"amount": 2 * NANO, "way": "transfer"}, {"amount": 3 * NANO, "way": "cash"}, {"way": "transfer"}):
        with pytest.raises(GivingBackError, match="SEPA-1 is the number of another pay-out of this refund"):
            pay_out(due, "cashier", **changed, number="SEPA-1")
    # Two parts with a note of the same words are two, if their ids say so; and of two refunds each has its own.
    pay_out(due, "cashier", 3 * NANO, "transfer", number="SEPA-1", pay_out_id="part 2")
    pay_out(other, "cashier", 3 * NANO, "transfer", number="SEPA-1")
    with pytest.raises(GivingBackError, match="The id part 2 belongs to another pay-out"):
        pay_out(due, "cashier", pay_out_id="part 2")
    with pytest.raises(GivingBackError, match="An id must have 1 to 40 printable characters"):
        pay_out(due, "cashier", NANO, pay_out_id="x" * 41)
    assert owed_is_the_books(owner) == LEFT + DEPOSIT - 9 * NANO
    # The last one too, which is paid to the nearest cent, and after which nothing is left.
    for last in (None, None, 10_920_000_000):
        assert pay_out(due, "cashier", last, pay_out_id="last").paid_at is not None
    assert owed_is_the_books(owner) == DEPOSIT - 3 * NANO


def test_what_is_not_owed_after_all_goes_back_to_where_it_came_from(gone, owner):
    due = owed(owner)[1]
    pay_out(due, "cashier", NANO)
    assert withdraw(due, account(owner, Kind.DEPOSITS), "put right", "manager") == DEPOSIT - NANO
    assert owed_is_the_books(owner) == LEFT
    assert balance(account(owner, Kind.DEPOSITS)) == DEPOSIT - NANO


def test_credit_that_was_cleared_at_the_meter_is_owed_to_who_held_it(edge, owner, tenancy, clock):  # noqa: F811
    meter = tenancy.unit.meter
    owe_cleared(meter, tenancy, 7 * NANO, clock.at, 9)
    owe_cleared(meter, None, 7 * NANO, clock.at, 10)
    assert [(each.who, each.why, each.left) for each in owed(owner)] == [("Anna", "cleared", 7 * NANO)]
    assert owed_is_the_books(owner) == 7 * NANO


def test_what_a_move_out_left_goes_back_by_the_provider_and_what_is_left_of_it_by_hand(
    tenancy, merchants, providers, client, owner, admin_user
):
    for number in (1, 2):
        pay_and_call_back(providers, client, start_payment(tenancy, merchants["wechat"], asked=f"a{number}"))
    due = owe_back(
        tenancy, 30 * NANO + 3_000_000, Refund.Why.CREDIT, account(owner, Kind.CASH), Reference(Of.ALARM, 1), "left"
    )
    deposit = owe_back(tenancy, NANO, Refund.Why.DEPOSIT, account(owner, Kind.CASH), Reference(Of.ALARM, 2), "left")
    assert (refundable_by_provider(due), refundable_by_provider(deposit)) == (40 * NANO, 0)
    with pytest.raises(PaymentError, match="pay it out by hand"):
        send_back(deposit, admin_user)
    pay_out(due, admin_user, 4 * NANO)
    before = balance(clearing(merchants["wechat"]))
    assert send_back(due, admin_user).paid_at is not None
    assert balance(clearing(merchants["wechat"])) == before + 26 * NANO
    assert [each.way for each in due.pay_outs.all()] == ["cash", "provider", "provider", "rounding"]
    assert owed_is_the_books(owner) == NANO
    assert Payment.objects.filter(refund_parts__sent_at__isnull=False).count() == 2


def test_the_office_is_reminded_and_what_is_unclaimed_stays_owed(gone, owner, internet, clock, log_in):
    keep_account(owner, "email", mail_account(internet))
    office = told_by_mail(manager_of(owner), "office@example.com")
    watch()
    assert "owed" not in events(office)
    Organisation.objects.update(refund_reminder=20)
    clock.at += 20 * DAY
    for _ in range(2):
        watch()
    assert events(office).count("owed") == 2
    assert "has waited 20 days" in log_in("manager").get("/books/").content.decode()
    clock.at += 345 * DAY
    watch()
    assert events(office).count("owed") == 4
    told = office.notices.filter(event="owed", key__startswith="unclaimed").first()
    assert "nobody has claimed it" in told.title
    page = log_in("manager").get("/books/").content.decode()
    assert page.count("unclaimed") == 2
    assert owed_is_the_books(owner) == LEFT + DEPOSIT


def test_the_page_names_whom_it_is_owed_to_and_takes_that_it_was_paid(gone, owner, log_in):
    manager, (due, _) = log_in("manager"), owed(owner)
    page = manager.get("/books/").content.decode()
    assert "Anna" in page and f'action="/refunds/{due.pk}/pay-out/"' in page and "16.92" in page
    manager.post(f"/refunds/{due.pk}/send-to/", {"send_to": "DE02 1203 0000 0000 2020 51"})
    assert "DE02 1203" in manager.get("/books/").content.decode()
    typed = {"amount": "10", "way": "transfer", "day": "2025-10-10", "number": "SEPA 7", "pay_out_id": "p1"}
    said = manager.post(f"/refunds/{due.pk}/pay-out/", typed, follow=True).content.decode()
    assert "6.92 is still owed" in said and "SEPA 7" in said
    for wrong, word in (("20", "is left to be paid out"), ("x", "amount")):
        assert (
            word
            in manager.post(
                f"/refunds/{due.pk}/pay-out/", {"amount": wrong, "pay_out_id": "p2"}, follow=True
            ).content.decode()
        )
    assert "not a day" in manager.post(f"/refunds/{due.pk}/pay-out/", {"day": "soon"}, follow=True).content.decode()
    for path in (f"/refunds/{due.pk}/pay-out/", f"/refunds/{due.pk}/send-to/"):
        assert log_in("flat2").post(path, {"amount": "1"}).status_code == 404
    assert due.left == LEFT - 10 * NANO


def test_a_refused_form_of_what_is_owed_stands_open_as_it_was_typed(gone, owner, log_in):
    manager, (due, _) = log_in("manager"), owed(owner)
    paid, to = f"/refunds/{due.pk}/pay-out/", f"/refunds/{due.pk}/send-to/"
    typed = {"amount": "2000", "way": "transfer", "day": "2025-10-09", "number": "SEPA 7", "pay_out_id": "p1"}
    for changed, field, said in (
        ({}, "amount", "Only 16.92 of this refund is left to be paid out."), ({"amount": "1.234,5,6"}, "amount", "is not a"),
        ({"amount": "1", "day": "2025-12-24"}, "day", "2025-12-24 is in the future: give the day on which it was paid."),
        ({"amount": "1", "number": "a\tb"}, "number", "at most 100 printable characters."),
    ):  # fmt: skip
        page = manager.post(paid, {**typed, **changed}, follow=True).content.decode()
        (form,) = re.findall(rf'<details class="post"[^>]* open>.*?action="{paid}".*?</form>', page, re.DOTALL)
        beside = re.search(
            rf'<input[^>]* name="{field}"[^>]*aria-invalid="true"[^>]*>\s*<em class="bad">([^<]*)<', form
        )
        assert beside is not None and said in beside[1]
        assert 'value="transfer" selected' in form and f'value="{(typed | changed)["amount"]}"' in form
    page = manager.post(to, {"send_to": "x" * 201}, follow=True).content.decode()
    assert re.search(r'value="x{201}" aria-invalid="true"', page)
    assert due.left == LEFT


def test_a_refund_that_was_decided_is_paid_out_as_before(edge, store, anna, owner, log_in):  # noqa: F811
    from prewatt.server.metering.models import Gateway

    Gateway.objects.update(is_online=True)
    made = refund(anna, 5 * NANO, "manager", "paid twice")
    assert (made.who, made.why) == ("Anna", "decided")
    log_in("manager").post(f"/refunds/{made.pk}/pay-out/", {"pay_out_id": "p1"})
    made.refresh_from_db()
    assert made.paid_at is not None and owed_is_the_books(owner) == 0


def test_programs_see_and_pay_what_is_owed(gone, owner, client):
    client.force_login(get_user_model().objects.get(username="manager"))
    (first, second) = client.get("/api/v1/refunds").json()
    assert (first["who"], first["why"], first["left"], second["who"]) == ("Anna", "credit", "16.918400000", "Cleo")

    def post(path, **given):
        return client.post(f"/api/v1{path}", json.dumps(given), content_type="application/json")

    done = post(f"/refunds/{first['id']}/pay-outs", amount="10", way="transfer", day="2025-10-10", number="7")
    assert (done.status_code, done.json()["left"]) == (201, "6.918400000")
    again = post(f"/refunds/{first['id']}/pay-outs", amount="10", way="transfer", day="2025-10-10", number="7")
    assert again.json() == done.json()
    for _again in range(2):
        part = post(f"/refunds/{first['id']}/pay-outs", amount="1", way="cash", pay_out_id="p-1")
        assert (part.status_code, part.json()["left"]) == (201, "5.918400000")
    assert post(f"/refunds/{first['id']}/pay-outs", amount="2", way="cash", pay_out_id="p-1").status_code == 409
    assert post(f"/refunds/{first['id']}/pay-outs", amount="10").status_code == 400
    assert post(f"/refunds/{first['id']}/pay-outs", amount="ten").json()["errors"][0]["field"] == "amount"
    assert post(f"/refunds/{first['id']}/send-to", send_to="DE02").json()["send_to"] == "DE02"
    client.force_login(get_user_model().objects.get(username="flat2"))
    assert client.get("/api/v1/refunds").status_code == client.get("/api/v1/debts").status_code == 404
    assert post(f"/refunds/{first['id']}/pay-outs").status_code == 404


def test_a_transfer_that_comes_after_all_was_settled_is_owed_back(gone, owner, log_in):
    before = balance(account(owner, Kind.REFUNDS))
    told = f"date,amount,text,payer\n2025-11-01,15.00,{reference(gone)},ANNA\n".encode()
    (line,) = upload(owner, told, "EUR", None).new
    manager = log_in("manager")
    page = manager.get("/bank-lines/").content.decode()
    assert f'value="tenancy:{gone.pk}" selected' in page
    manager.post("/bank-lines/book/", {f"line-{line.pk}": f"tenancy:{gone.pk}"})
    line.refresh_from_db()
    paid = line.debt_payment
    assert (paid.refund.who, paid.refund.left, paid.refund.why) == ("Anna", 15 * NANO, "overpaid")
    assert "15.00 is owed back" in in_words(paid)
    assert balance(account(owner, Kind.REFUNDS)) == before + 15 * NANO
    assert balance(account(owner, Kind.BANK)) == -15 * NANO and balance(tenant_account(gone)) == 0
    undo_debt_payment(paid, "office", "not hers")
    assert (balance(account(owner, Kind.REFUNDS)), balance(account(owner, Kind.BANK))) == (before, 0)
    line.refresh_from_db()
    assert line.state == "open" and sum(trial_balance(owner).values()) == 0


def test_what_came_late_and_the_bank_took_back_is_owed_no_more(gone, owner, admin_user):
    before = balance(account(owner, Kind.REFUNDS))
    head = "date,amount,text,payer\n"
    told = f"2025-11-01,15.00,{reference(gone)},ANNA\n2025-11-03,-15.00,returned {reference(gone)},ANNA\n"
    line, back = upload(owner, (head + told).encode(), "EUR", admin_user).new
    book_line(line, gone, admin_user)
    book_returned(back, admin_user, None)
    assert (balance(account(owner, Kind.REFUNDS)), balance(account(owner, Kind.BANK))) == (before, 0)
    assert sum(each.left for each in owed(owner)) == before and balance(account(owner, Kind.DEBTS)) == 0


def test_who_has_left_is_offered_by_reference_only(gone, owner, log_in):
    told = b"date,amount,text,payer\n2025-11-01,15.00,power,ANNA\n"
    upload(owner, told, "EUR", None)
    page = log_in("manager").get("/bank-lines/").content.decode()
    assert f'value="tenancy:{gone.pk}"' not in page and "ANNA" in page

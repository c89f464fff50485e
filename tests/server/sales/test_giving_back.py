"""Refunds, reversed payments, credit given freely; the books for others: trial balance, CSV, beancount."""

import csv
import io
import re
from datetime import date
from decimal import Decimal
from itertools import count

import pytest
from beancount import loader
from django.contrib.auth import get_user_model

from prewatt.kernel.limits import most_paid
from prewatt.kernel.orders import Restore
from prewatt.kernel.units import DAY, HOUR, NANO
from prewatt.server.accounts.memberships import put_member
from prewatt.server.accounts.rights import Role
from prewatt.server.billing.owed import owed, pay_out
from prewatt.server.core.time import now
from prewatt.server.estate.models import Organisation, Tenancy
from prewatt.server.ledger.beancount import to_beancount
from prewatt.server.ledger.books import Kind, account, balance, tenant_account
from prewatt.server.ledger.exports import to_csv
from prewatt.server.ledger.models import Transfer
from prewatt.server.ledger.rows import rows
from prewatt.server.ledger.trial_balance import trial_balance
from prewatt.server.metering.models import Gateway, Meter
from prewatt.server.payments.undoing import reverse_top_up
from prewatt.server.sales.giving_back import decide, give, put_right, refund, refundable
from prewatt.server.sales.top_ups import top_up
from prewatt.server.statements.statement import ADJUSTMENTS, statement
from prewatt.server.tenancies.moving import move_out, settle
from prewatt.server.vending.adjustments import missing
from prewatt.server.vending.controls import ControlError, control
from prewatt.server.vending.models import Adjustment, Command, Refund
from prewatt.server.vending.refusals import GivingBackError, TopUpError
from tests.building import PASSWORD
from tests.gateway import Edge
from tests.reading import fields_of
from tests.recorded import recorded_once

pytestmark = pytest.mark.database

ID = {"adjustment_id": "r1"}


@pytest.fixture
@recorded_once
def edge(building, tenancy, store, clock):
    """The building is online; Anna has paid 20 and used 2 (10 kWh)."""
    Tenancy.objects.update(begins=clock.at - 1)
    made = Edge(building.code, clock)
    Gateway.objects.update(is_online=True)
    top_up(tenancy, 20 * NANO, "c1")
    made.obey("m1")
    made.read("m1", 0)
    clock.at += HOUR
    made.read("m1", 10_000)
    made.deliver(store)
    return made


@pytest.fixture
def owner(building):
    return Organisation.objects.get()


@pytest.fixture
def manager(building):
    return get_user_model().objects.get(username="manager")


@pytest.fixture
def second(owner):
    user = get_user_model().objects.create(username="second")
    put_member(owner, user, Role.OWNER)
    return user


def everything_agrees(edge, store, tenancy):
    """The meter takes up what was sent; then books and meter hold the same, and the books sum to zero."""
    edge.obey("m1")
    edge.deliver(store)
    held = Meter.objects.get(name="m1").balance
    assert held == balance(tenant_account(tenancy)) == edge.accounts["m1"].balance
    assert sum(amount for _, amount in trial_balance(Organisation.objects.get(), edge.clock.at + DAY)) == 0
    return held


def test_a_part_is_refunded_and_then_all_that_is_left(edge, store, tenancy, owner):
    refund(tenancy, 5 * NANO, "manager", "paid twice")
    assert everything_agrees(edge, store, tenancy) == 13 * NANO
    rest = refund(tenancy, None, "manager", "moves abroad")
    assert rest.amount == 13 * NANO and everything_agrees(edge, store, tenancy) == 0
    assert balance(account(owner, Kind.REFUNDS)) == 18 * NANO
    for each in Refund.objects.all():
        pay_out(each, "cashier")
    assert balance(account(owner, Kind.REFUNDS)) == 0
    assert balance(account(owner, Kind.CASH)) == -2 * NANO
    with pytest.raises(GivingBackError, match="paid out already"):
        pay_out(rest, "cashier")


def test_a_statement_says_that_a_refund_is_one_beside_its_reason(edge, tenancy, owner):
    refund(tenancy, 5 * NANO, "manager", "paid twice")
    lines = [line for line in statement(tenancy, 0, now() + 1).lines if line.section == ADJUSTMENTS]
    assert [(line.text, line.amount) for line in lines] == [("Refund: paid twice", -5 * NANO)]


@pytest.mark.parametrize(
    ("amount", "said"), [(18 * NANO + 1, "18.00 is left"), (0, "18.00 is left"), (-NANO, "18.00 is left")]
)
def test_no_more_is_refunded_than_is_left(edge, store, tenancy, amount, said):
    before = Transfer.objects.count()
    with pytest.raises(GivingBackError, match=said):
        refund(tenancy, amount, "manager", "x")
    assert (Transfer.objects.count(), Refund.objects.count()) == (before, 0)


def test_while_the_building_is_offline_nothing_is_known_to_be_left(edge, tenancy):
    Gateway.objects.update(is_online=False)
    with pytest.raises(GivingBackError, match="offline"):
        refund(tenancy, NANO, "manager", "x")


def test_everything_needs_a_reason(edge, tenancy, manager):
    for work in (
        lambda: refund(tenancy, NANO, "manager", " "),
        lambda: give(tenancy, NANO, "a1", manager, ""),
        lambda: reverse_top_up(tenancy.top_ups.get(), "manager", ""),
    ):
        with pytest.raises(GivingBackError, match="Give the reason"):
            work()


@pytest.mark.parametrize("amount", [0, most_paid("EUR") + 1, -most_paid("EUR") - 1])
def test_no_more_is_given_or_taken_than_a_payment_may_be(edge, tenancy, manager, amount):
    with pytest.raises(GivingBackError, match=r"must not be 0, and must be at most 100,000\.00"):
        give(tenancy, amount, "a1", manager, "x")
    assert not Adjustment.objects.exists()


def test_a_payment_that_never_was_is_undone_once(edge, store, tenancy):
    made = top_up(tenancy, 10 * NANO, "typo")
    assert everything_agrees(edge, store, tenancy) == 28 * NANO
    reverse_top_up(made, "manager", "wrong flat")
    assert everything_agrees(edge, store, tenancy) == 18 * NANO
    with pytest.raises(GivingBackError, match="undone already"):
        reverse_top_up(made, "manager", "wrong flat")


def test_goodwill_up_to_the_limit_is_given_at_once_and_once(edge, store, tenancy, manager, owner):
    first = give(tenancy, 50 * NANO, "a1", manager, "the lift was out")
    assert first.state == Adjustment.State.DONE
    assert give(tenancy, 50 * NANO, "a1", manager, "the lift was out") == first
    with pytest.raises(GivingBackError, match="another adjustment"):
        give(tenancy, 49 * NANO, "a1", manager, "x")
    assert everything_agrees(edge, store, tenancy) == 68 * NANO
    assert balance(account(owner, Kind.ADJUSTMENTS)) == -50 * NANO
    give(tenancy, -3 * NANO, "a2", manager, "was too much")
    assert everything_agrees(edge, store, tenancy) == 65 * NANO


def test_over_the_limit_a_second_person_has_to_agree(edge, store, tenancy, manager, second):
    made = give(tenancy, 50 * NANO + 1, "a1", manager, "flood")
    assert made.state == Adjustment.State.WAITING and everything_agrees(edge, store, tenancy) == 18 * NANO
    with pytest.raises(GivingBackError, match="second person"):
        decide(made, manager, agreed=True)
    done = decide(made, second, agreed=True)
    assert (done.state, done.decided_by) == (Adjustment.State.DONE, second)
    assert everything_agrees(edge, store, tenancy) == 68 * NANO + 1
    with pytest.raises(GivingBackError, match="decided already"):
        decide(made, second, agreed=False)
    withdrawn = give(tenancy, 60 * NANO, "a2", manager, "flood")
    assert decide(withdrawn, manager, agreed=False).state == Adjustment.State.DECLINED
    assert everything_agrees(edge, store, tenancy) == 68 * NANO + 1


def given(tenancy, amount, name, by):
    return give(tenancy, amount, name, by, "x").state == Adjustment.State.DONE


def test_the_limit_holds_for_all_that_one_person_gives_in_thirty_days(edge, tenancy, manager, second, clock):
    ben = Tenancy.objects.select_related("unit__property__organisation").get(tenant="Ben")
    assert [given(tenancy, 10 * NANO, f"a{number}", manager) for number in range(6)] == [True] * 5 + [False]
    # Nor somewhere else, nor by somebody else there; what was taken is no room for more.
    assert not given(ben, 1, "b1", manager) and not given(tenancy, 1, "b2", second)
    assert given(tenancy, -50 * NANO, "t1", manager) and not given(tenancy, -1, "t2", manager)
    assert not given(tenancy, 1, "b3", manager)
    # What a second person agreed to does not count.
    decide(Adjustment.objects.get(adjustment_id="a5"), second, agreed=True)
    assert given(ben, 50 * NANO, "b4", second) and not given(ben, 1, "b5", second)
    clock.at += 30 * DAY
    assert given(ben, 50 * NANO, "b6", second) and given(tenancy, 50 * NANO, "b7", manager)


def test_restorations_of_an_amount_count_and_are_refused_beyond_it(edge, tenancy, manager, second, clock):
    meter, until = tenancy.unit.meter, clock.at + HOUR
    control(meter, Restore(20 * NANO, until), manager)
    assert given(tenancy, 30 * NANO, "a1", manager) and not given(tenancy, 1, "a2", manager)
    for by in (manager, second):
        with pytest.raises(ControlError, match=r"more than 50\.00, which is the most that one person may give alone"):
            control(meter, Restore(1), by)
    with pytest.raises(ControlError, match="alone"):
        control(Meter.objects.get(name="m3"), Restore(1), manager)
    # One that the meter refused has given nothing; for a time without an amount there is no limit.
    Command.objects.filter(kind="control").update(state="rejected")
    control(meter, Restore(20 * NANO), manager)
    control(meter, Restore(0, until), manager)


def test_a_settled_tenancy_is_closed_for_all_of_it(edge, tenancy, manager):
    made = tenancy.top_ups.get()
    Tenancy.objects.filter(pk=tenancy.pk).update(ends=edge.clock.at, settled_at=edge.clock.at)
    tenancy.refresh_from_db()
    for work in (
        lambda: refund(tenancy, NANO, "manager", "x"),
        lambda: give(tenancy, NANO, "a1", manager, "x"),
        lambda: reverse_top_up(made, "manager", "x"),
    ):
        with pytest.raises(GivingBackError, match="settled"):
            work()


def test_a_year_of_the_books_is_accepted_by_beancount_and_sums_to_zero_at_each_midnight(
    edge, store, tenancy, owner, manager, clock
):
    begin = clock.at
    for month in range(12):
        if month % 2 == 0:
            top_up(tenancy, 60 * NANO, f"month {month}")
        edge.live(store, begin + (month + 1) * 30 * DAY, {"m1": 4_001, "m3": 77}, DAY)
        if month == 5:
            pay_out(refund(tenancy, NANO // 3, 'the "manager"', 'back\\slash "quoted"\nline'), "cashier")
            give(tenancy, 5 * NANO, "gift", manager, "=HYPERLINK(1)")
    everything_agrees(edge, store, tenancy)
    end = clock.at + DAY
    journal = to_beancount(owner, rows(owner, date(2025, 1, 1), date(2027, 1, 1)))
    entries, errors, _ = loader.load_string(journal)
    assert errors == [] and len(entries) > 30
    for midnight in range(begin, end, DAY):
        assert sum(amount for _, amount in trial_balance(owner, midnight)) == 0
    # What beancount has of an account is what the ledger has.
    own = f"Liabilities:TenantCredit:T{tenancy.pk}"
    theirs = sum(
        posting.units.number
        for entry in entries
        for posting in getattr(entry, "postings", [])
        if posting.account == own
    )
    assert theirs == -Decimal(balance(tenant_account(tenancy))) / NANO
    table = list(csv.DictReader(io.StringIO(to_csv(rows(owner, date(2025, 1, 1), date(2027, 1, 1))))))
    assert (
        sum(Decimal(row["amount"]) for row in table if row["debit"] == own)
        - sum(Decimal(row["amount"]) for row in table if row["credit"] == own)
        == theirs
    )
    assert any(row["memo"] == "'=HYPERLINK(1)" for row in table), "a spreadsheet takes no formula from us"


def test_a_second_click_on_a_refund_makes_no_second_one(edge, tenancy, client):
    assert client.login(username="manager", password=PASSWORD)
    page, fields = f"/tenancies/{tenancy.pk}/give-back/", {"do": "refund", "reason": "moves", "adjustment_id": "r1"}
    for amount in ("3", "3", ""):
        client.post(page, {**fields, "amount": amount, "sure": "refund"})
    assert [each.amount for each in Refund.objects.all()] == [3 * NANO]
    said = client.post(page, {**fields, "amount": "4", "sure": "refund"}, follow=True).content.decode()
    assert "This id belongs to another refund" in said and Refund.objects.count() == 1
    client.post(page, {**fields, "amount": "3", "adjustment_id": "r2", "sure": "refund"})
    assert Refund.objects.count() == 2


def test_what_is_paid_between_the_question_and_the_yes_is_not_refunded(edge, tenancy, client):
    assert client.login(username="manager", password=PASSWORD)
    page, left = f"/tenancies/{tenancy.pk}/give-back/", refundable(tenancy)
    asked = client.post(page, {"do": "refund", "amount": "", "reason": "moves", "adjustment_id": "r1"}).content.decode()
    assert f"All credit that is left, {left / NANO:.2f} EUR, is taken off the meter" in asked
    top_up(tenancy, 50 * NANO, "meanwhile")
    client.post(page, fields_of(asked, "Yes, refund"))
    assert [each.amount for each in Refund.objects.all()] == [left]
    assert refundable(tenancy) == 50 * NANO


@pytest.mark.parametrize(
    ("path", "fields", "refusal"),
    [
        ("/tenancies/{0}/give-back/", {**ID, "do": "refund", "amount": "100", "reason": "x"}, "Only 18.00 is left"),
        ("/tenancies/{0}/give-back/", {**ID, "do": "refund", "amount": "", "reason": " "}, "Give the reason"),
        ("/tenancies/{0}/give-back/", {**ID, "do": "give", "amount": "5", "reason": " "}, "Give the reason"),
        (
            "/tenancies/{0}/give-back/",
            {**ID, "do": "give", "amount": "90000000", "reason": "x"},
            "must be at most 100,000.00",
        ),
        ("/tenancies/{0}/settle/", {}, "This tenancy has not ended yet"),
        ("/top-ups/{1}/undo/", {"reason": " "}, "Give the reason"),
    ],
)
def test_what_cannot_be_done_is_refused_before_it_is_asked_about(edge, tenancy, client, path, fields, refusal):
    assert client.login(username="manager", password=PASSWORD)
    before, of = Transfer.objects.count(), (tenancy.pk, tenancy.top_ups.get().pk)
    page = client.post(path.format(*of), fields, follow=True).content.decode()
    assert refusal in page and 'name="sure"' not in page
    assert (Transfer.objects.count(), Refund.objects.count()) == (before, 0)


def test_a_settled_account_is_refused_and_a_question_leaves_nothing_behind(edge, store, tenancy, client):
    assert client.login(username="manager", password=PASSWORD)
    commands = Command.objects.count()
    for do in ("refund", "give"):
        form = {"do": do, "amount": "2", "reason": "x", "adjustment_id": do}
        assert 'name="sure"' in client.post(f"/tenancies/{tenancy.pk}/give-back/", form).content.decode()
    assert (Refund.objects.count(), Adjustment.objects.count(), Command.objects.count()) == (0, 0, commands)
    Tenancy.objects.update(settled_at=edge.clock.at)
    for do in ("refund", "give"):
        form = {**ID, "do": do, "amount": "2", "reason": "x"}
        page = client.post(f"/tenancies/{tenancy.pk}/give-back/", form, follow=True).content.decode()
        assert "This tenancy is settled: its books are closed." in page and 'name="sure"' not in page


def test_the_pages_of_the_books(edge, tenancy, owner, second, client):
    assert client.login(username="manager", password=PASSWORD)
    page = f"/tenancies/{tenancy.pk}/give-back/"

    def say(path, **fields):
        return client.post(path, {"adjustment_id": f"r{next(numbers)}", **fields}, follow=True).content.decode()

    numbers = count(1)
    asked = say(page, do="refund", amount="3,50", reason="paid twice")
    assert "3.50 EUR are taken off" in asked and 'name="reason" value="paid twice"' in asked
    assert not Refund.objects.exists(), "it is asked about first"
    assert "The refund is booked" in say(page, do="refund", amount="3,50", reason="paid twice", sure="refund")
    assert "is left. Give back more than 0" in say(page, do="refund", amount="100", reason="x", sure="refund")
    assert "Give the reason" in say(page, do="refund", amount="1", reason="  ", sure="refund")
    assert "Amount: “lots” is not a number" in say(page, do="give", amount="lots", reason="x")
    assert "has to agree first, under Books" in say(
        page, do="give", amount="60", reason="flood", adjustment_id="a", sure="give"
    )
    assert "on its way" in say(page, do="give", amount="2", reason="flood", adjustment_id="b", sure="give")
    books = client.get("/books/").content.decode()
    for text in ("sums to zero", "3.50", "paid twice", "60.00 EUR", "flood", "Tenant&#x27;s credit (Anna"):
        assert text in books
    assert "Anna, Flat 1 Given freely 60.00 EUR flood manager, " in " ".join(re.sub("<[^>]*>", " ", books).split())
    waiting = Adjustment.objects.get(state="waiting")
    assert "second person has to agree" in say(f"/adjustments/{waiting.pk}/decide/", do="agree")
    assert "paid twice" not in say(f"/refunds/{Refund.objects.get().pk}/pay-out/", pay_out_id="p1")
    made = tenancy.top_ups.get()
    assert "Undo the payment of" in say(f"/top-ups/{made.pk}/undo/", reason="wrong flat")
    undo = {"reason": "wrong flat", "sure": "undo"}
    assert "undone by a counter-entry" in say(f"/top-ups/{made.pk}/undo/", **undo)
    assert "undone already" in say(f"/top-ups/{made.pk}/undo/", **undo)
    for form in ("csv", "beancount"):
        answer = client.get("/books/export/", {"first": "2025-10-01", "last": "2025-10-31", "form": form})
        # By it a spreadsheet knows UTF-8; beancount would stumble over it.
        assert answer.content.startswith(b"\xef\xbb\xbf") == (form == "csv")
        assert answer.status_code == 200 and b"wrong flat" in answer.content
    for first, last in (("", ""), ("2025-10-31", "2025-10-01"), ("0001-01-01", "9999-12-31"), ("x", "y")):
        assert client.get("/books/export/", {"first": first, "last": last}).status_code == 302
    client.force_login(second)
    assert "flood" not in say(f"/adjustments/{waiting.pk}/decide/", do="agree").split("Trial balance")[0]


def test_the_books_are_not_for_strangers(edge, tenancy, client):
    made = tenancy.top_ups.get()
    client.login(username="flat1", password=PASSWORD)
    before = Transfer.objects.count()
    assert client.get("/books/").status_code == 404
    assert client.get("/books/export/", {"first": "2025-10-01", "last": "2025-10-31"}).status_code == 404
    for path in (f"/tenancies/{tenancy.pk}/give-back/", f"/top-ups/{made.pk}/undo/"):
        assert client.post(path, {"do": "give", "amount": "1", "reason": "x"}).status_code == 404
    assert Transfer.objects.count() == before


@pytest.mark.parametrize("what", ["payment", "goodwill", "correction"])
def test_who_read_a_tenancy_before_it_was_settled_books_nothing_that_would_be_nobodys(
    edge, store, tenancy, admin_user, what
):
    read_before = Tenancy.objects.select_related("unit__property__organisation").get(pk=tenancy.pk)
    move_out(tenancy, edge.clock.at)
    settle(tenancy)
    done = {
        "payment": lambda: top_up(read_before, 5 * NANO, "x1", admin_user),
        "goodwill": lambda: give(read_before, 5 * NANO, "x1", admin_user, "sorry"),
        "correction": lambda: put_right(read_before, 5 * NANO, "x1", admin_user, "wrong price", second=False),
    }[what]
    if what == "correction":
        done()
        assert owed(tenancy.unit.property.organisation).filter(amount=5 * NANO).exists()
    else:
        with pytest.raises((TopUpError, GivingBackError), match=r"ended|settled"):
            done()
    assert balance(tenant_account(tenancy)) == 0
    assert missing(Meter.objects.get(name="m1")) == 0


def test_the_money_of_a_flat_shows_all_movements_what_waits_and_the_balance(edge, tenancy, manager, client):
    assert client.login(username="manager", password=PASSWORD)
    pay_out(refund(tenancy, 3 * NANO, "manager", "paid twice"), "cashier")
    give(tenancy, 2 * NANO, "b", manager, "flood")
    give(tenancy, 60 * NANO, "a", manager, "storm")
    html = client.get(f"/units/{tenancy.unit_id}/money/").content.decode()
    page = " ".join(re.sub("<[^>]*>", " ", html).split())
    assert "Balance 17.00 EUR of Anna" in page
    rows = page[page.rindex("All movements of money") :]
    for text in (
        "waits for a second person storm",
        "+60.00",
        "refund paid twice -3.00",
        "adjustment flood +2.00",
        "+20.00",
        "refund paid out: cash 3.00",
    ):
        assert text in rows, text


def test_who_has_proposed_can_withdraw_and_is_told_who_can_agree(edge, tenancy, manager, client):
    assert client.login(username="manager", password=PASSWORD)
    give(tenancy, 60 * NANO, "a", manager, "storm")
    page = client.get("/books/").content.decode()
    assert 'value="agree"' not in page and "Withdraw" in page
    assert "nobody else may agree yet" in page and "Invite somebody" in page
    second = get_user_model().objects.create(username="second")
    put_member(Organisation.objects.get(), second, Role.OWNER)
    assert "One of these people has to agree: second." in client.get("/books/").content.decode()
    client.force_login(second)
    page = client.get("/books/").content.decode()
    assert 'value="agree"' in page and "Withdraw" not in page
    client.login(username="manager", password=PASSWORD)
    client.post(f"/adjustments/{Adjustment.objects.get().pk}/decide/", {"do": "decline"})
    assert Adjustment.objects.get().state == Adjustment.State.DECLINED

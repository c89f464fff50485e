"""A payment that is at the meter and not in the books, and what its provider says of it."""

from datetime import timedelta

import pytest

from prewatt.kernel.entries import Command as Order
from prewatt.kernel.entries import GrantCredit
from prewatt.kernel.units import HOUR, MINUTE, NANO
from prewatt.server.estate.models import Organisation, Tenancy
from prewatt.server.ledger.books import Kind, balance, tenant_account, trial_balance
from prewatt.server.metering.models import Alarm
from prewatt.server.payments.models import Payment, SettlementFile, SettlementLine, Unexpected
from prewatt.server.payments.paying import confirm
from prewatt.server.payments.payment_request import PaymentRequest, start
from prewatt.server.payments.providers.interface import PAYMENT, PaymentReport, State
from prewatt.server.payments.reconciliation import reconcile
from prewatt.server.payments.settlement import book_what_was_missed, provider_day
from prewatt.server.sales.found import book_found
from prewatt.server.vending.models import Command
from prewatt.tokens import BaseDate, tid_at
from tests.gateway import Edge, take
from tests.recorded import recorded_once

pytestmark = pytest.mark.database
FORGOTTEN = "a" * 32


@pytest.fixture
@recorded_once
def edge(merchants, building, clock, store):
    made = Edge(building.code, clock)
    made.read("m1", 1000)
    made.obey("m1")
    take(store, made.upload("m1"))
    clock.at += HOUR
    return made


@pytest.fixture
def tenant(edge):
    return Tenancy.objects.get(tenant="Anna")


@pytest.fixture
def merchant(merchants):
    return merchants["alipay"]


def credited(edge, store, *orders, code=None):
    """The meter has the credit; the server learns of it from the journal."""
    account, first = edge.accounts["m1"], len(edge.bodies["m1"]) + 1
    if code is not None:
        edge.append("m1", account.by_code(edge.clock.now(), code, 7 * NANO, "page"))
    for order in orders:
        edge.append("m1", account.follow(edge.clock.now(), Order("m1", account.command + 1, 0, order)))
    take(store, edge.upload("m1", first))


def told(payment_id, at, amount=700):
    return PaymentReport(payment_id, State.PAID, f"trade of {payment_id}", amount, "CNY", at)


def agree(edge, tenant, merchant, lies):
    books = trial_balance(Organisation.objects.get())
    clearing = [amount for each, amount in books.items() if (each.kind, each.name) == (Kind.CLEARING, f"{merchant.pk}")]
    assert balance(tenant_account(tenant)) == edge.accounts["m1"].balance
    assert clearing == [-lies]
    assert sum(amount for each, amount in books.items() if each.kind == Kind.CASH) == 0
    assert sum(books.values()) == 0
    assert not Alarm.objects.filter(is_resolved=False).exists()
    assert not Command.objects.filter(meter__name="m1", state__in=("queued", "sent")).exists()


def asked(tenant, merchant):
    return start(PaymentRequest(tenant, merchant, "wap", 7 * NANO, "mine"))


def test_a_payment_that_was_asked_for_before_the_copy_is_linked(edge, store, tenant, merchant, clock):
    payment = asked(tenant, merchant)
    credited(edge, store, GrantCredit(payment.payment_id, 7 * NANO))
    confirm(merchant, told(payment.payment_id, clock.now() - MINUTE), "query")
    payment.refresh_from_db()
    assert (payment.state, payment.top_up.command.is_from_journal) == ("paid", True)
    agree(edge, tenant, merchant, 7 * NANO)


def test_a_payment_that_was_forgotten_with_its_asking_is_known_by_its_name(edge, store, tenant, merchant, clock):
    confirm(merchant, told(FORGOTTEN, clock.now()), "callback")
    assert Unexpected.objects.filter(is_resolved=False).count() == 1
    credited(edge, store, GrantCredit(FORGOTTEN, 7 * NANO))
    confirm(merchant, told(FORGOTTEN, clock.now()), "callback")
    assert Payment.objects.get(payment_id=FORGOTTEN).tenancy == tenant
    assert not Unexpected.objects.filter(is_resolved=False).exists()
    agree(edge, tenant, merchant, 7 * NANO)


def in_file(merchant, payment_id, at):
    day = provider_day(merchant, at)
    file = SettlementFile.objects.create(merchant=merchant, day=day, fetched_at=at)
    SettlementLine.objects.create(
        file=file,
        merchant=merchant,
        line_id=payment_id,
        kind=PAYMENT,
        payment_id=payment_id,
        provider_id="t",
        amount=7 * NANO,
        fee=0,
        currency="CNY",
        at=at,
    )
    return day


def test_a_provider_s_file_books_what_was_found(edge, store, tenant, merchant, clock):
    day = in_file(merchant, FORGOTTEN, clock.now())
    days = day - timedelta(days=1), day + timedelta(days=1)
    assert [each.verdict for each in reconcile(merchant.organisation, *days)] == ["not in the ledger"]
    credited(edge, store, GrantCredit(FORGOTTEN, 7 * NANO))
    verdicts = {each.what: (each.verdict, each.meter, each.grade) for each in reconcile(merchant.organisation, *days)}
    assert verdicts["payment"] == ("at the meter", 7 * NANO, "waits"), "nobody is told to give it back"
    assert [each.payment_id for each in book_what_was_missed()] == [FORGOTTEN]
    assert book_what_was_missed() == []
    agree(edge, tenant, merchant, 7 * NANO)
    assert [each.verdict for each in reconcile(merchant.organisation, *days)] == ["matched"]


def test_what_a_person_has_booked_in_cash_lies_with_the_provider_when_that_says_so(
    edge, store, tenant, merchant, clock
):
    credited(edge, store, GrantCredit(FORGOTTEN, 7 * NANO))
    book_found(Alarm.objects.get(kind="unbooked"), None)
    for _time in range(2):
        confirm(merchant, told(FORGOTTEN, clock.now()), "callback")
    assert Payment.objects.get(payment_id=FORGOTTEN).state == "paid"
    agree(edge, tenant, merchant, 7 * NANO)


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_payment_of_which_only_the_code_is_at_the_meter_is_credited_once(
    edge, store, tenant, merchant, clock, by_hand
):
    payment = asked(tenant, merchant)
    credited(edge, store, code=tid_at(BaseDate.D2014, clock.now()) + 1)
    if by_hand:
        book_found(Alarm.objects.get(kind="unbooked"), None)
    confirm(merchant, told(payment.payment_id, clock.now()), "query")
    payment.refresh_from_db()
    assert payment.state == "paid"
    first = len(edge.bodies["m1"]) + 1
    edge.obey("m1")
    take(store, edge.upload("m1", first))
    assert edge.accounts["m1"].balance == 7 * NANO
    agree(edge, tenant, merchant, 7 * NANO)


def test_a_later_payment_of_the_same_amount_is_another_one(edge, store, tenant, merchant, clock):
    credited(edge, store, code=tid_at(BaseDate.D2014, clock.now()))
    clock.at += HOUR
    payment = asked(tenant, merchant)
    confirm(merchant, told(payment.payment_id, clock.now()), "query")
    edge.obey("m1")
    assert edge.accounts["m1"].balance == 14 * NANO
    assert Alarm.objects.filter(kind="unbooked", is_resolved=False).exists()

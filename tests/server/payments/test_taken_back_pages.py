"""What people see and are told of payments that were taken back, and the forms about it."""

import re

import pytest

from prewatt.kernel.units import DAY, HOUR, NANO, SECOND
from prewatt.server.billing.debt_payments import pay
from prewatt.server.billing.open_debts import debts_of
from prewatt.server.estate.models import Organisation, Property, Tenancy
from prewatt.server.ledger.books import Kind, account, balance, tenant_account
from prewatt.server.metering.models import Gateway
from prewatt.server.payments.models import Payment, SettlementLine, TakenBack
from prewatt.server.payments.paying import confirm
from prewatt.server.payments.providers.interface import Cause, PaymentReport, State, Step, TakenBackReport
from prewatt.server.payments.settlement import fetch, provider_day
from prewatt.server.payments.taken_back import hear
from prewatt.server.payments.wrong_flat import move_payment
from prewatt.server.vending.refusals import GivingBackError
from tests.server.notices.test_notices import anna, edge, events, last, office, watch  # noqa: F401
from tests.server.payments.paying import start_payment


@pytest.fixture
def bought(tenancy, merchants, providers, clock):
    """A payment of 20 by card, known as paid."""
    payment = start_payment(tenancy, merchants["stripe"])
    trade = providers.pay(payment, clock.at // SECOND)
    confirm(
        payment.merchant,
        PaymentReport(payment.payment_id, State.PAID, trade.transaction, 2000, "CNY", clock.at),
        "callback",
    )
    payment.refresh_from_db()
    return payment


@pytest.fixture
def told(merchants, clock):
    def told(payment, step=Step.TAKEN, amount=2000, back_id="dp_1", cause=Cause.DISPUTE):
        given = TakenBackReport(
            back_id, cause, step, "", payment.provider_id, amount, "CNY", clock.at, reason="fraudulent"
        )
        return hear(payment.merchant, given, "callback")

    return told


def test_the_tenant_is_told_at_once_what_why_and_what_to_pay_by_when(edge, store, anna, tenancy, bought, told, clock):  # noqa: F811
    watch()
    clock.at += HOUR
    told(bought)
    watch()
    watch()
    assert events(anna).count("taken-back") == 1
    notice = anna.notices.get(event="taken-back")
    assert notice.title == "Your bank took back 20.00 CNY"
    assert "disputed" in notice.text and "20.00 CNY were taken off your credit" in notice.text
    # Three days from now, on the building's clock.
    assert "stays on until 2025-10-09 13:00: please pay 20.00 CNY by then" in notice.text
    clock.at += HOUR
    told(bought, Step.WON)
    watch()
    assert last(anna).title == "20.00 CNY came back to you"


def test_who_has_moved_out_is_told_too(edge, store, anna, tenancy, bought, told, clock):  # noqa: F811
    Tenancy.objects.filter(pk=tenancy.pk).update(ends=clock.at + 1, settled_at=clock.at + 1)
    clock.at += HOUR
    told(bought)
    watch()
    assert "You now owe 20.00 CNY" in anna.notices.get(event="taken-back").text


def test_the_office_is_told_of_what_it_has_to_see_to(edge, office, tenancy, bought, told):  # noqa: F811
    told(bought)
    watch()
    watch()
    assert events(office) == ["taken-back"]
    assert "Answer on the provider's pages" in last(office).text


def test_the_pages_say_what_was_taken_back_and_what_to_do(edge, store, tenancy, bought, told, log_in):  # noqa: F811
    told(bought)
    manager, tenant = log_in("manager"), log_in("flat1")
    page = manager.get("/payments/").content.decode()
    assert "Payments taken back that need your decision" in page and "fraudulent" in page
    for seen in (tenant.get("/", follow=True), manager.get(f"/units/{tenancy.unit_id}/money/")):
        text = seen.content.decode()
        assert "Your bank took back 20.00 CNY on 2025-10-06" in text
        assert "The power stays on until" in text
    statement = tenant.get(f"/tenancies/{tenancy.pk}/statement/").content.decode()
    assert "the payer disputes the payment" in statement
    row = TakenBack.objects.get()
    manager.post(f"/taken-back-payments/{row.pk}/decide/", {"do": "done"})
    page = manager.get("/payments/").content.decode()
    assert "Payments taken back that need your decision" not in page and "taken back from the tenant" in page


def test_what_only_a_person_can_know_is_said_on_the_page(tenancy, merchants, providers, bought, clock, log_in):
    owner = Organisation.objects.get()
    providers.stripe_row("adjustment", -300, clock.at // SECOND, description="correction of March")
    day = provider_day(merchants["stripe"], clock.at)
    clock.at += DAY
    fetch(merchants["stripe"], day)
    manager = log_in("manager")
    assert "correction of March" in manager.get("/payments/").content.decode()
    line = SettlementLine.objects.get(kind="adjustment")
    for _again in range(2):
        manager.post(f"/settlement-lines/{line.pk}/explain/", {"means": "cost"})
    assert -balance(account(owner, Kind.PROVIDER_FEES)) == 3 * NANO + 55 * NANO // 100
    assert "correction of March" not in manager.get("/payments/").content.decode()


def test_what_belongs_to_nothing_known_here_is_shown_once_a_file_has_it(
    tenancy, merchants, providers, bought, clock, log_in
):
    strange = {
        **providers.stripe_dispute(providers.trades[bought.payment_id], "dp_x", amount=700),
        "payment_intent": "pi_x",
    }
    given = TakenBackReport("dp_x", Cause.DISPUTE, Step.TAKEN, "", "pi_x", 700, "CNY", clock.at)
    row = hear(merchants["stripe"], given, "callback")
    manager = log_in("manager")
    # It may be another business's on the same account.
    assert "pi_x" not in manager.get("/payments/").content.decode()
    providers.stripe_row("adjustment", -700, clock.at // SECOND, strange)
    day = provider_day(merchants["stripe"], clock.at)
    clock.at += DAY
    fetch(merchants["stripe"], day)
    assert "pi_x" in manager.get("/payments/").content.decode()
    manager.post(f"/taken-back-payments/{row.pk}/decide/", {"do": "done"})
    page = manager.get("/payments/").content.decode()
    assert "Payments taken back that need your decision" not in page and "nothing to book" in page


def test_another_landlord_decides_nothing(building, bought, told, log_in):
    row = told(bought, amount=3000)
    assert row.state == "decide"
    other = log_in("flat2")
    assert other.post(f"/taken-back-payments/{row.pk}/decide/", {"do": "cost"}).status_code == 404
    row.refresh_from_db()
    assert row.state == "decide"


def test_the_rules_of_a_property_are_kept_and_nonsense_is_named(building, log_in):
    manager, where = log_in("manager"), Property.objects.get()
    manager.post(f"/properties/{where.pk}/taken-back-rules/", {"back_grace": "7"})
    where.refresh_from_db()
    assert (where.back_grace, where.back_cuts_off) == (7, False)
    said = manager.post(f"/properties/{where.pk}/taken-back-rules/", {"back_grace": "99"}, follow=True).content.decode()
    assert "Days of grace: " in said and 'value="99"' in said and 'aria-invalid="true"' in said
    assert re.search(r'<em class="bad">[^<]*30', said)
    assert 'value="7"' in manager.get(f"/properties/{where.pk}/supply/").content.decode()
    where.refresh_from_db()
    assert where.back_grace == 7


def test_a_payment_that_was_taken_back_does_not_move_to_another_flat(edge, store, bought, told, admin_user):  # noqa: F811
    Gateway.objects.update(is_online=True)
    told(bought, amount=500, back_id="re_1", cause=Cause.REFUND)
    ben = Tenancy.objects.select_related("unit__property__organisation").get(tenant="Ben")
    with pytest.raises(GivingBackError, match="taken back"):
        move_payment(bought.top_up, ben, admin_user, "typed wrongly")


def test_a_payment_that_moved_is_taken_back_where_it_went(edge, store, tenancy, bought, told, admin_user):  # noqa: F811
    ben = Tenancy.objects.select_related("unit__property__organisation").get(tenant="Ben")
    move_payment(bought.top_up, ben, admin_user, "typed wrongly")
    told(bought)
    assert balance(tenant_account(tenancy)) == balance(tenant_account(ben)) == 0


def test_what_had_paid_a_debt_is_owed_again(building, tenancy, merchants, clock, bought, told, admin_user):
    owner = tenancy.unit.property.organisation
    told(bought, Step.LOST)
    Tenancy.objects.filter(pk=tenancy.pk).update(ends=clock.at + 1, settled_at=clock.at + 1)
    tenancy.refresh_from_db()
    assert balance(tenant_account(tenancy)) == 0
    owes = Payment.objects.create(
        payment_id="d" * 32,
        asked="d",
        merchant=merchants["stripe"],
        tenancy=tenancy,
        amount=15 * NANO,
        currency="CNY",
        state="debt",
        made_at=clock.at,
        expires_at=clock.at,
        provider_id="pi_d",
        paid_at=clock.at,
    )
    from prewatt.server.billing.debts import owe
    from prewatt.server.ledger.references import Of, Reference
    from prewatt.server.payments.books import clearing

    owe(tenancy, 15 * NANO, Reference(Of.SETTLEMENT, tenancy.pk, "debt"), "x", clock.at)
    pay(tenancy, 15 * NANO, owes.payment_id, admin_user, clearing(merchants["stripe"]))
    before = balance(tenant_account(tenancy))
    told(owes, amount=1500, back_id="dp_2")
    (debt,) = debts_of(tenancy)
    assert (debt.left, balance(account(owner, Kind.DEBTS))) == (15 * NANO, -15 * NANO)
    assert balance(tenant_account(tenancy)) == before
    told(owes, Step.WON, amount=1500, back_id="dp_2")
    assert not debts_of(tenancy).exists()
    assert balance(account(owner, Kind.DEBTS)) == balance(account(owner, Kind.REFUNDS)) == 0

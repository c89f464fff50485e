"""Money that is reported as taken back before its payment, by name and as a sum; and what a person may decide of it: each amount is
taken once.
"""

import pytest

from prewatt.kernel.units import MINUTE, NANO
from prewatt.server.estate.models import Organisation, Property, Tenancy, Unit
from prewatt.server.ledger.books import Kind, account, balance, tenant_account, trial_balance
from prewatt.server.ledger.models import Transfer
from prewatt.server.payments.books import clearing
from prewatt.server.payments.errors import PaymentError
from prewatt.server.payments.models import TakenBack
from prewatt.server.payments.paying import confirm, credit_held
from prewatt.server.payments.providers.interface import Cause, PaymentReport, State, Step, TakenBackReport
from prewatt.server.payments.taken_back import decide, hear, hear_of_unknown
from tests.comparing import assert_row
from tests.server.payments.paying import call_back, start_payment, state_of

pytestmark = pytest.mark.database


@pytest.fixture
def payment(tenancy, merchants):
    """20 CNY that the provider has not reported as paid yet."""
    return start_payment(tenancy, merchants["wechat"])


def paid(payment, **more):
    return PaymentReport(payment.payment_id, State.PAID, "tx-1", 2000, "CNY", payment.made_at, **more)


def straight(tenancy, left):
    """The tenant has `left`, the provider keeps as much for us, and the books sum to zero."""
    merchant = tenancy.payments.get().merchant
    assert balance(tenant_account(tenancy)) == left
    assert balance(clearing(merchant)) == -left
    assert sum(trial_balance(Organisation.objects.get()).values()) == 0


@pytest.mark.parametrize(
    ("in_all", "state", "amount", "left"),
    [
        (500, "explained", 5 * NANO, 15 * NANO),  # the sum is the named refund
        (800, "booked", 3 * NANO, 12 * NANO),  # 3 more have no name yet
        (300, "explained", 3 * NANO, 15 * NANO),  # the sum is older than the named refund
    ],
)
def test_what_is_named_and_in_the_sum_is_taken_once(tenancy, payment, clock, in_all, state, amount, left):
    named = TakenBackReport("r-1", Cause.REFUND, Step.TAKEN, payment.payment_id, "tx-1", 500, "CNY", clock.at)
    hear_of_unknown(payment.merchant, paid(payment, refunded=in_all), "settlement")
    hear(payment.merchant, named, "callback")
    assert not Transfer.objects.exists()
    clock.at += MINUTE
    for _twice in range(2):
        confirm(payment.merchant, paid(payment), "callback")
    assert_row(TakenBack.objects.get(is_sum=False), state="booked", amount=5 * NANO, closed_at=clock.at)
    whole = TakenBack.objects.get(is_sum=True)
    assert_row(whole, state=state, amount=amount, closed_at=clock.at, payment=payment)
    assert (whole.booked_at is not None) == (state == "booked")
    straight(tenancy, left)


def test_of_nothing_that_is_known_here_no_tenant_bears_it(tenancy, payment, clock, admin_user):
    confirm(payment.merchant, paid(payment), "callback")
    strange = TakenBackReport("d-9", Cause.DISPUTE, Step.TAKEN, "", "tx-9", 700, "CNY", clock.at)
    row = hear(payment.merchant, strange, "callback")
    with pytest.raises(PaymentError, match="its payment was not credited"):
        decide(row, "tenant", admin_user)
    with pytest.raises(PaymentError, match="Choose “tenant” or “cost”"):
        decide(row, "both", admin_user)
    straight(tenancy, 20 * NANO)
    decide(row, "cost", admin_user)
    with pytest.raises(PaymentError, match="booked already"):
        decide(row, "cost", admin_user)
    assert balance(account(row.organisation, Kind.PROVIDER_FEES)) == -7 * NANO
    assert balance(tenant_account(tenancy)) == 20 * NANO
    assert balance(clearing(payment.merchant)) == -13 * NANO


def test_held_money_is_not_credited_where_another_currency_is_paid(tenancy, merchants, providers, client, admin_user):
    payment = start_payment(tenancy, merchants["wechat"])
    providers.pay(payment).amount = 1500
    call_back(client, payment.merchant, providers.callback(providers.trades[payment.payment_id]))
    payment.refresh_from_db()
    elsewhere = Property.objects.create(
        organisation=payment.merchant.organisation, name="Elm 1", zone="Europe/Berlin", currency="EUR"
    )
    other = Tenancy.objects.create(unit=Unit.objects.create(property=elsewhere, name="1"), tenant="Li", begins=1)
    with pytest.raises(PaymentError, match="takes payments in EUR only"):
        credit_held(payment, other, admin_user)
    assert state_of(payment) == "held"
    assert balance(tenant_account(other)) == 0
    assert balance(account(elsewhere.organisation, Kind.REFUNDS)) == 15 * NANO


def test_held_money_that_a_flat_without_a_meter_cannot_take_stays_owed(
    tenancy, merchants, providers, client, admin_user
):
    payment = start_payment(tenancy, merchants["wechat"])
    providers.pay(payment).amount = 1500
    call_back(client, payment.merchant, providers.callback(providers.trades[payment.payment_id]))
    payment.refresh_from_db()
    cellar = Unit.objects.create(property=tenancy.unit.property, name="Cellar")
    other = Tenancy.objects.create(unit=cellar, tenant="Li", begins=1)
    with pytest.raises(PaymentError):
        credit_held(payment, other, admin_user)
    assert state_of(payment) == "held"
    assert balance(tenant_account(other)) == 0
    assert balance(account(payment.merchant.organisation, Kind.REFUNDS)) == 15 * NANO

"""Callbacks that are rightly signed and say what cannot be: they are refused in words, and managers see that."""

import pytest

from prewatt.kernel.units import NANO
from prewatt.server.ledger.books import balance, tenant_account
from tests.server.payments.paying import call_back, each_provider, start_payment, state_of

pytestmark = pytest.mark.database


@each_provider
@pytest.mark.parametrize("amount", [10**30, -(10**30)])
def test_an_amount_that_cannot_be_is_refused_and_kept_for_the_manager(
    tenancy, merchants, providers, client, provider, amount
):
    payment = start_payment(tenancy, merchants[provider])
    trade = providers.pay(payment)
    right, trade.amount = trade.amount, amount
    answer = call_back(client, payment.merchant, providers.callback(trade))
    # Alipay has one status for all answers.
    assert answer.status_code == (200 if provider == "alipay" else 400)
    assert answer.content != b"success"
    merchant = merchants[provider]
    merchant.refresh_from_db()
    assert merchant.refused == 1
    assert "cannot be" in merchant.refusal
    assert state_of(payment) == "open"
    trade.amount = right
    assert call_back(client, payment.merchant, providers.callback(trade)).status_code == 200
    assert (state_of(payment), balance(tenant_account(tenancy))) == ("paid", 20 * NANO)

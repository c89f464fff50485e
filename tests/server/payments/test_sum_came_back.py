"""A sum that went back is booked before its refunds have names. What comes back of it then is given to the tenant, once."""

import pytest

from prewatt.kernel.units import NANO
from prewatt.server.ledger.books import account, balance, tenant_account, trial_balance
from prewatt.server.ledger.models import Account
from prewatt.server.payments.models import TakenBack
from tests.server.payments.paying import call_back
from tests.server.payments.test_taken_back import at_the_meter, bought, edge, owner  # noqa: F401

pytestmark = pytest.mark.database


def test_refunds_that_failed_come_back_out_of_the_sum_that_they_were_booked_with(
    edge, store, owner, tenancy, merchants, providers, client, bought  # noqa: F811
):  # fmt: skip
    payment, trade = bought("stripe")

    def says(event, about):
        told = providers.stripe_event(event, about)
        assert call_back(client, payment.merchant, told).status_code == 200

    trade.refunds.update(re_1=500, re_2=300)
    charge = {
        "id": f"ch_{trade.transaction[3:]}",
        "object": "charge",
        "amount": 2000,
        "amount_refunded": 800,
        "currency": "cny",
        "payment_intent": trade.transaction,
        "metadata": {},
        "created": trade.at,
    }
    says("charge.refunded", charge)
    for number in trade.refunds:
        says("refund.created", providers.stripe_refund(trade, number))
    whole = TakenBack.objects.get(is_sum=True)
    assert {row.back_id: row.within for row in TakenBack.objects.exclude(pk=whole.pk)} == {"re_1": whole, "re_2": whole}
    assert balance(tenant_account(tenancy)) == at_the_meter(edge, store) == 12 * NANO

    for number, left in (("re_1", 17 * NANO), ("re_2", 20 * NANO)):
        for _twice in range(2):
            says("refund.failed", providers.stripe_refund(trade, number, "failed"))
        assert balance(tenant_account(tenancy)) == at_the_meter(edge, store) == left
    whole.refresh_from_db()
    assert whole.returned == whole.amount == 8 * NANO
    assert balance(account(owner, Account.Kind.REFUNDS)) == 0
    assert sum(trial_balance(owner).values()) == 0

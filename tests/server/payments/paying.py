"""Paying at the providers that a local server plays."""

import pytest

from prewatt.kernel.units import NANO
from prewatt.server.payments.models import Payment
from prewatt.server.payments.payment_request import PaymentRequest, start
from tests.server.payments.players.server import METHODS

EACH = pytest.mark.parametrize("provider", METHODS)


def ask(tenancy, merchant, amount=20 * NANO, asked="a1", **more):
    tenancy.unit.property.refresh_from_db()
    return start(PaymentRequest(tenancy, merchant, METHODS[merchant.provider], amount, asked, **more))


def call(client, merchant, callback):
    """A provider calls back."""
    body, headers = callback
    kind = headers.pop("Content-Type")
    where = f"/pay/{merchant.provider}/{merchant.public_id}/"
    return client.post(where, body, content_type=kind, headers=headers)


def paid(providers, client, payment, **changes):
    """The payer pays, and the provider calls back."""
    trade = providers.pay(payment)
    answer = call(client, payment.merchant, providers.callback(trade, **changes))
    payment.refresh_from_db()
    return answer


def state(payment):
    return Payment.objects.get(pk=payment.pk).state

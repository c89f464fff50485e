"""Paying at the providers that a local server plays."""

import pytest

from prewatt.kernel.units import NANO
from prewatt.server.payments.models import Payment
from prewatt.server.payments.payment_request import PaymentRequest, start
from tests.server.payments.players.server import METHODS

each_provider = pytest.mark.parametrize("provider", METHODS)


def start_payment(tenancy, merchant, amount=20 * NANO, asked="a1", **more):
    """A tenant begins to pay, in the way that the tests take at the provider of the merchant account."""
    tenancy.unit.property.refresh_from_db()
    return start(PaymentRequest(tenancy, merchant, METHODS[merchant.provider], amount, asked, **more))


def call_back(client, merchant, callback):
    """A provider calls back: what the server answers. `callback`: (body, headers)."""
    body, headers = callback
    content_type = headers.pop("Content-Type")
    path = f"/callbacks/{merchant.provider}/{merchant.public_id}/"
    return client.post(path, body, content_type=content_type, headers=headers)


def pay_and_call_back(providers, client, payment, **changes):
    """The payer pays, and the provider calls back: what the server answers."""
    trade = providers.pay(payment)
    answer = call_back(client, payment.merchant, providers.callback(trade, **changes))
    payment.refresh_from_db()
    return answer


def state_of(payment):
    """The state of a payment as it is in the database now."""
    return Payment.objects.get(pk=payment.pk).state

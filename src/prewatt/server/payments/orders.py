"""This module states a payment in its provider's terms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from ...kernel.currencies import to_minor
from ...kernel.units import moment
from ..core.addresses import public
from .gift_models import Gift
from .models import Payment
from .providers.interface import Order


def order_of(payment: Payment) -> Order:
    """Return the order for a payment: with it the provider is asked to start the payment, to say how it stands, or to
    refund it.
    """
    merchant, property_ = payment.merchant, payment.tenancy.unit.property
    gift: Gift | None = getattr(payment, "gift", None)
    # Of a flat that others pay for the provider's page says no more than the link's page does.
    name = f"{property_.name} {payment.tenancy.unit.name}" if gift is None else gift.link.flat_name
    page = "tenant:pay:payment" if gift is None else "tenant:giving:payment"
    # The provider uses real time, also if the meters run on another clock.
    left = timedelta(microseconds=payment.expires_at - payment.made_at)
    begins = moment(payment.made_at) if not settings.CONFIG.shared_clock else datetime.now(UTC)
    return Order(
        payment_id=payment.payment_id,
        amount=to_minor(payment.amount, payment.currency),
        currency=payment.currency,
        subject=_("Electricity, %(unit)s") % {"unit": name},
        method=payment.method,
        expires=begins + left,
        notify_url=public(reverse("pay-callback", args=[merchant.provider, merchant.public_id])),
        return_url=public(reverse(page, args=[payment.payment_id])),
        reference=payment.reference,
        payer=payment.payer,
        payer_address=payment.payer_address,
        payer_app=payment.payer_app,
    )

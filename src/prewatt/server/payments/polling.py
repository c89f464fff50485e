"""Asking the providers about payments of which no callback has come."""

from __future__ import annotations

import logging
from collections import Counter

from django.utils.translation import gettext as _

from ...kernel.currencies import UnknownCurrency
from ...kernel.units import SECOND
from ..core.sealing import SealError
from ..core.time import now
from ..metering.apart import apart, meter_or_gateway_of
from .merchants import provider_of
from .models import Payment
from .orders import order_of
from .paying import confirm
from .providers.interface import ProviderError, State, Told

log = logging.getLogger("prewatt.payments")
LOOKS = (10, 20, 30, 60, 120, 300, 600)
"""Seconds between two questions to the provider, while no callback has come; then the last one again and again."""
PATIENCE = 2
"""Questions in one round that a provider may leave without an answer."""


def look(payment: Payment) -> Payment:
    """Ask the provider how a payment stands; past its time, let it be paid no more. ProviderError if it can't be asked."""
    provider, order = provider_of(payment.merchant), order_of(payment)
    told = provider.query(order)
    if told.state == State.OPEN and now() > payment.expires_at:
        provider.close(order)
        # It may have been paid between the two questions.
        told = provider.query(order)
        if told.state == State.OPEN:
            told = Told(payment.payment_id, State.CLOSED)
    if told.payment_id != payment.payment_id:
        raise ProviderError(_("The provider speaks of another payment."))
    try:
        confirm(payment.merchant, told, "query")
    except UnknownCurrency as error:
        raise ProviderError(str(error)) from None
    payment.refresh_from_db()
    return payment


def look_at_open_payments(most: int = 200) -> list[Payment]:
    """Ask about the payments of which no callback has come for a while; those that have come to be paid."""
    silent: Counter[int] = Counter()

    def ask(payment: Payment) -> Payment | None:
        if silent[payment.merchant_id] >= PATIENCE:
            # Its provider does not answer: those of others need not wait for it.
            return None
        wait = LOOKS[min(payment.looks + 1, len(LOOKS) - 1)]
        Payment.objects.filter(pk=payment.pk).update(looks=payment.looks + 1, next_look_at=now() + wait * SECOND)
        try:
            return look(payment)
        except (ProviderError, SealError) as error:
            silent[payment.merchant_id] += 1
            log.warning("payment %s: %s", payment, error)
            return None

    due = Payment.objects.filter(state=Payment.State.OPEN, next_look_at__lte=now()).order_by("next_look_at")
    rows = due.select_related("merchant__organisation", "tenancy__unit__property")[:most]
    looked = apart("payment", rows, ask, lambda payment: meter_or_gateway_of(payment.tenancy))
    return [each for each in looked if each is not None and each.state in (Payment.State.PAID, Payment.State.HELD)]

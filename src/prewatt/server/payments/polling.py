"""This module asks the providers about payments that no callback has reported."""

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
from .providers.interface import PaymentReport, ProviderError, State

log = logging.getLogger("prewatt.payments")
LOOKS = (10, 20, 30, 60, 120, 300, 600)
"""The seconds between two questions to the provider while no callback comes. The last value repeats."""
PATIENCE = 2
"""The number of questions in one round that may fail at a merchant account. After that it is asked no more in this round."""


def look(payment: Payment) -> Payment:
    """Ask the provider how a payment stands, and close it there if its time is over. Returns the payment as it is now.
    Raises ProviderError if the provider cannot be asked, SealError if the account's keys cannot be opened.
    """
    provider, order = provider_of(payment.merchant), order_of(payment)
    report = provider.query(order)
    if report.state == State.OPEN and now() > payment.expires_at:
        provider.close(order)
        # It may have been paid between the two questions.
        report = provider.query(order)
        if report.state == State.OPEN:
            report = PaymentReport(payment.payment_id, State.CLOSED)
    if report.payment_id != payment.payment_id:
        raise ProviderError(_("The provider's answer is about another payment. Look in the provider's own pages."))
    try:
        confirm(payment.merchant, report, "query")
    except UnknownCurrency as error:
        raise ProviderError(str(error)) from None
    payment.refresh_from_db()
    return payment


def look_if_due(payment: Payment) -> bool:
    """Ask the provider about an open payment if it is time to, for somebody who waits. Returns whether it was asked. If it
    can't answer now, it is asked again later.
    """
    at = now()
    due = Payment.objects.filter(pk=payment.pk, state=Payment.State.OPEN, next_look_at__lte=at)
    # Of many who wait for the same payment one asks.
    if not due.update(looks=payment.looks + 1, next_look_at=at + _wait(payment)):
        return False
    try:
        look(payment)
    except (ProviderError, SealError) as error:
        log.warning("payment %s: %s", payment, error)
    return True


def _wait(payment: Payment) -> int:
    """Return how long (µs) nobody asks again after the next question."""
    return LOOKS[min(payment.looks + 1, len(LOOKS) - 1)] * SECOND


def look_at_open_payments(most: int = 200) -> list[Payment]:
    """Ask about the open payments that are due, at most `most`. Returns those that are now paid or held."""
    silent: Counter[int] = Counter()

    def ask(payment: Payment) -> Payment | None:
        if silent[payment.merchant_id] >= PATIENCE:
            # Its provider does not answer, and payments at other providers must not wait for it.
            return None
        Payment.objects.filter(pk=payment.pk).update(looks=payment.looks + 1, next_look_at=now() + _wait(payment))
        try:
            return look(payment)
        except (ProviderError, SealError) as error:
            silent[payment.merchant_id] += 1
            log.warning("payment %s: %s", payment, error)
            return None

    due = Payment.objects.filter(state=Payment.State.OPEN, next_look_at__lte=now()).order_by("next_look_at")
    rows = due.select_related("merchant__organisation", "tenancy__unit__property", "gift__link")[:most]
    payments = apart("payment", rows, ask, lambda payment: meter_or_gateway_of(payment.tenancy))
    return [each for each in payments if each is not None and each.state in (Payment.State.PAID, Payment.State.HELD)]

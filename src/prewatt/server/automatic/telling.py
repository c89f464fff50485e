"""Tells the people of a flat that an automatic top-up failed, at once: they can still pay by hand."""

from __future__ import annotations

from django.utils.translation import override

from ...kernel.currencies import format_money
from ...kernel.sentences import Sentence
from ..core.sentences import say
from ..notices.events import Event
from ..notices.languages import language_of
from ..notices.pages import for_tenant
from ..notices.recipients import recipient_of
from ..notices.telling import tell
from .models import AutomaticPayment, AutomaticTopUp


def tell_failed(rule: AutomaticTopUp, automatic_payment: AutomaticPayment, why: Sentence) -> None:
    """Put the notice of a failed payment into the outbox, once."""
    tenancy, recipient = rule.tenancy, recipient_of(rule.tenancy)
    currency = tenancy.unit.property.currency
    with override(language_of(recipient.language).words.locale):
        words = say(why)
    context = {
        "unit": str(tenancy.unit),
        "currency": currency,
        "tenant": True,
        "amount": format_money(rule.amount, currency),
        "why": words,
        "is_paused": rule.state == rule.State.PAUSED,
        "link": for_tenant(Event.AUTOMATIC, tenancy),
    }
    tell(recipient, Event.AUTOMATIC, f"automatic {automatic_payment.pk}", context)

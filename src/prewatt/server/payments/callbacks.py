"""The address that payment providers call back. Anybody can call it with anything; only a message with the provider's
signature changes something.
"""

from __future__ import annotations

import logging

from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from ...kernel.currencies import UnknownCurrency, minor_unit
from ...kernel.units import BALANCE_MAX, INT64_MAX
from ..accounts.security_log import note
from ..accounts.throttles import failed, waits
from ..core.addresses import asker_counted
from ..core.sealing import SealError
from ..core.time import now
from .merchants import provider_of
from .models import Merchant
from .paying import confirm
from .providers.interface import AgreementReport, CallbackError, PaymentReport, Provider, TakenBackReport
from .signals import agreement_changed
from .taken_back import hear

log = logging.getLogger("prewatt.payments")
LONGEST = 64 * 1024
"""The most bytes of a callback. Providers send a few thousand."""


@csrf_exempt
@require_POST
def callback(request: HttpRequest, provider: str, public_id: str) -> HttpResponse:
    """Receive a provider's message about a merchant account. The answer is in the provider's own form: taken, refused,
    or "send it again" with status 503 if the database could not take it. 503 also if the account's keys cannot be opened,
    404 if the merchant account is unknown, 413 if the body is too long, 429 after many forged messages from one address.
    A message with a right signature is taken even then: behind a proxy that hides addresses, provider and forger have
    the same one.
    """
    merchant = Merchant.objects.select_related("organisation").filter(provider=provider, public_id=public_id).first()
    if merchant is None:
        if _is_one_of_many(request):
            return HttpResponse(status=429)
        raise Http404
    try:
        body = request.body
    except (UnreadablePostError, RequestDataTooBig):
        body = b""
    if len(body) > LONGEST:
        return HttpResponse(status=413)
    try:
        source = provider_of(merchant)
    except SealError as error:
        log.error("merchant account %s: %s", merchant, error)
        return HttpResponse(status=503)
    try:
        _take_up(merchant, source.read_callback(request.headers, body))
    except (CallbackError, UnknownCurrency) as error:
        reason = str(error)
        note("callback refused", request, merchant=merchant.pk)
        if _is_one_of_many(request):
            # Nothing is written for it: who sends without end fills neither the disk nor the time of the database.
            return _answer(source, body, False, reason, 429)
        Merchant.objects.filter(pk=merchant.pk).update(refused=F("refused") + 1, refusal=reason[:200], refused_at=now())
        return _answer(source, body, False, reason)
    except DatabaseError as error:
        # Nothing is booked in part: the provider sends the callback again.
        log.warning("merchant account %s: the database refused: %s", merchant, error)
        return _answer(source, body, False, "try again", 503)
    return _answer(source, body, True)


def _is_one_of_many(request: HttpRequest) -> bool:
    """Count a message that is refused, and return whether there were so many of its address that no more is written down."""
    address = asker_counted(request)
    if waits("callback", address):
        return True
    failed("callback", address)
    return False


def _take_up(merchant: Merchant, report: PaymentReport | TakenBackReport | AgreementReport | None) -> None:
    """Book what a callback reports. Raises CallbackError if its amount or its instant cannot be."""
    if isinstance(report, AgreementReport):
        agreement_changed.send(Merchant, merchant=merchant, report=report)
    elif isinstance(report, TakenBackReport):
        if not 0 < report.amount * minor_unit(report.currency) <= BALANCE_MAX:
            raise CallbackError(f"{report.back_id[:50]} takes back no amount that can be")
        hear(merchant, report, "callback")
    elif report is not None and not _can_be(report):
        raise CallbackError(f"{report.payment_id[:50]} is paid with an amount or at an instant that cannot be")
    elif report is not None and confirm(merchant, report, "callback") is None:
        log.warning("merchant account %s: a payment %s was never asked for", merchant, report.payment_id)


def _can_be(report: PaymentReport) -> bool:
    amounts = (report.amount, report.refunded or 0)
    unit = minor_unit(report.currency) if any(amounts) else 1
    return all(0 <= amount * unit <= BALANCE_MAX for amount in amounts) and 0 <= report.at <= INT64_MAX


def _answer(provider: Provider, body: bytes, taken: bool, why: str = "", status: int = 0) -> HttpResponse:
    answer = provider.answer_to(body, taken, why)
    return HttpResponse(answer.body, content_type=answer.content_type, status=status or answer.status)

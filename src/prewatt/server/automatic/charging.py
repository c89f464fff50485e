"""Payments by the rules that tenants have agreed to. The worker looks again and again. Each payment is stored before
the provider is asked for it, and asked for under the same name until its answer is known. So it is paid once, even if a
process ends in between.
"""

from __future__ import annotations

import logging
import uuid
from copy import copy
from datetime import date

from django.db import transaction
from django.db.models import F, Q, Sum, Value
from django.utils.translation import override

from ...kernel.calendar import local_day, zone
from ...kernel.sentences import Sentence, kept_sentence, sentence
from ...kernel.settings import is_paid_after
from ...kernel.units import DAY, SECOND
from ..accounts.tenants import is_tenant_of
from ..billing.on_the_way import on_the_way
from ..core.languages import ENGLISH
from ..core.sealing import SealError
from ..core.time import now
from ..estate.models import Tenancy
from ..estate.terms_in_force import holder_of
from ..metering.accounts import account_of
from ..metering.apart import apart, meter_or_gateway_of
from ..metering.locking import for_update
from ..metering.models import Gateway, Meter
from ..metering.outlook import days_left
from ..metering.seen import is_low, seen
from ..payments.errors import PaymentError
from ..payments.merchants import provider_of
from ..payments.models import Payment
from ..payments.orders import order_of
from ..payments.paying import confirm
from ..payments.payment_request import PaymentRequest, keep
from ..payments.polling import LOOKS
from ..payments.providers import PROVIDERS
from ..payments.providers.interface import Charged, PaymentReport, ProviderError, State
from ..payments.providers.methods import BY_AGREEMENT
from .agreeing import end, forget_if_due, look_if_due, terms_of_rule, token_of
from .models import AutomaticPayment, AutomaticTopUp
from .rule import MOST_FAILURES, Facts, Verdict, verdict
from .telling import tell_failed

log = logging.getLogger("prewatt.payments")
Of = AutomaticTopUp.State
_RULE = ("merchant__organisation", "tenancy__unit__property__organisation", "by")
_PAYMENT = (*(f"rule__{each}" for each in _RULE), "payment__merchant", "payment__tenancy__unit__property")


def charge_what_is_due() -> list[Payment]:
    """Look at all rules: those that nobody has agreed to yet, those whose end a provider must hear of, those that are over, those
    that are due, and payments whose answer is not known. Returns the payments that were made.
    """
    for rule in AutomaticTopUp.objects.filter(state=Of.ASKED, next_look_at__lte=now()).select_related(*_RULE):
        look_if_due(rule)
    for rule in AutomaticTopUp.objects.filter(state=Of.ENDED, next_look_at__lte=now()).select_related(*_RULE):
        forget_if_due(rule)
    apart("automatic top-up", _over(), _end, _owner)
    settled = apart("automatic payment", _to_try(), settle, _owner_of_payment)
    apart("automatic top-up", _candidates(), begin, _owner)
    settled += apart("automatic payment", _to_try(), settle, _owner_of_payment)
    return [each.payment for each in settled if each.payment.state == Payment.State.PAID]


def _owner(rule: AutomaticTopUp) -> Meter | Gateway | None:
    return meter_or_gateway_of(rule.tenancy)


def _owner_of_payment(automatic_payment: AutomaticPayment) -> Meter | Gateway | None:
    return meter_or_gateway_of(automatic_payment.rule.tenancy)


# -- what is over ----------------------------------------------------------------------------------------------------------


def _over() -> list[AutomaticTopUp]:
    """Return the rules of tenancies that have ended, of people who have no access any more, and of merchant accounts that take
    nothing any more.
    """
    rows = AutomaticTopUp.objects.exclude(state=Of.ENDED)
    lives = Q(tenancy__residents__user=F("by"))
    still = rows.filter(lives, Q(tenancy__ends__isnull=True) | Q(tenancy__ends__gt=now()), merchant__is_enabled=True)
    return list(rows.exclude(pk__in=still.values("pk")).select_related(*_RULE))


@transaction.atomic
def _end(rule: AutomaticTopUp) -> None:
    end(rule, _why_over(rule))


def _why_over(rule: AutomaticTopUp) -> Sentence:
    if not rule.merchant.is_enabled:
        return sentence("the landlord's account at the provider takes no payments any more")
    if is_tenant_of(rule.by, rule.tenancy):
        return sentence("the tenancy has ended")
    return sentence("the person who paid has no access to the flat any more")


# -- what is due -----------------------------------------------------------------------------------------------------------


def _candidates() -> list[AutomaticTopUp]:
    """Return the rules of flats whose credit may last less than agreed, by what is kept of them for the manager's first page.
    `begin` looks closely.
    """
    # A day more: what is kept may lag a little behind.
    soon = Q(tenancy__unit__place__lasts_until__lt=Value(now() + DAY) + F("under_days") * Value(DAY))
    unknown = Q(tenancy__unit__place__lasts_until__isnull=True)
    # Who sits in the dark uses nothing: a little credit then seems to last for long.
    dark = ~Q(tenancy__unit__place__why="")
    rows = AutomaticTopUp.objects.filter(soon | unknown | dark, state=Of.ACTIVE)
    return list(rows.select_related(*_RULE))


@transaction.atomic
def begin(rule: AutomaticTopUp) -> AutomaticPayment | None:
    """Store and return the payment that a rule asks for now; None if it asks for none. `settle` asks the provider."""
    tenancy = for_update(Tenancy.objects).select_related("unit__property__organisation").get(pk=rule.tenancy_id)
    rule.refresh_from_db(fields=("state", "failures"))
    if rule.state != Of.ACTIVE:
        return None
    at = now()
    facts = facts_of(rule, tenancy, at)
    if facts is None or verdict(terms_of_rule(rule), facts) != Verdict.DUE:
        return None
    request = PaymentRequest(tenancy, rule.merchant, BY_AGREEMENT, rule.amount, uuid.uuid4().hex, by=rule.by)
    try:
        payment = keep(request)
    except PaymentError as error:
        log.info("automatic top-up %d: %s", rule.pk, error)
        return None
    day = local_day(at, zone(tenancy.unit.property.zone))
    return AutomaticPayment.objects.create(rule=rule, day=day, payment=payment, next_try_at=at)


def facts_of(rule: AutomaticTopUp, tenancy: Tenancy, at: int) -> Facts | None:
    """Return how a flat stands at an instant; None if no automatic payment can depend on its credit: it has no meter
    that was read, the tenancy has not begun, the balance at the meter is an earlier tenant's, it pays after use, or
    nobody is cut off for want of credit.
    """
    property_ = tenancy.unit.property
    meter = Meter.objects.select_related("gateway").filter(unit=tenancy.unit_id).first()
    if meter is None or meter.read_at is None or tenancy.begins > at or holder_of(tenancy.unit_id, at) != tenancy.pk:
        return None
    account = account_of(meter)
    if is_paid_after(account.settings) or not account.settings.credit_limit_cuts:
        return None
    waiting = on_the_way([meter.pk]).get(meter.pk, 0)
    room = account.room(seen(meter).balance) + waiting
    today = local_day(at, zone(property_.zone))
    with_all = copy(account)
    with_all.balance = seen(meter).balance + waiting
    return Facts(
        room=room,
        days_left=days_left(meter, tenancy, room, at),
        is_low=not waiting and is_low(meter, property_, account, at),
        is_open=_has_open(tenancy, at),
        was_today=rule.payments.filter(day=today).exists(),
        in_month=_in_month(tenancy, today),
        is_cut=not with_all.supplied_by_credit(at),
    )


def _has_open(tenancy: Tenancy, at: int) -> bool:
    """Return whether a payment of a flat is not settled: one that a person has begun, as long as it can be made, or one of a
    rule.
    """
    rows = tenancy.payments.filter(state=Payment.State.OPEN)
    by_rule = AutomaticPayment.objects.filter(rule__tenancy=tenancy, next_try_at__isnull=False)
    return rows.filter(expires_at__gt=at).exists() or by_rule.exists()


def _in_month(tenancy: Tenancy, today: date) -> int:
    """Return what automatic top-ups have paid for a tenancy since the first of the month, nano: also by a rule before."""
    rows = AutomaticPayment.objects.filter(rule__tenancy=tenancy, day__gte=today.replace(day=1))
    paid = rows.exclude(payment__state=Payment.State.CLOSED)
    return int(paid.aggregate(sum=Sum("payment__amount"))["sum"] or 0)


# -- asking the provider -----------------------------------------------------------------------------------------------------


def _to_try() -> list[AutomaticPayment]:
    return list(AutomaticPayment.objects.filter(next_try_at__lte=now()).select_related(*_PAYMENT))


def settle(automatic_payment: AutomaticPayment) -> AutomaticPayment:
    """Ask the provider for a payment, and book what it says. When the payment is not open any more, its end is counted
    for the rule. Returns the same automatic payment.
    """
    at = now()
    wait = LOOKS[min(automatic_payment.tries, len(LOOKS) - 1)] * SECOND
    mine = AutomaticPayment.objects.filter(
        pk=automatic_payment.pk, tries=automatic_payment.tries, next_try_at__isnull=False
    )
    if not mine.update(tries=automatic_payment.tries + 1, next_try_at=at + wait):
        return automatic_payment
    payment = automatic_payment.payment
    payment.refresh_from_db()
    refusal = None
    if payment.state == Payment.State.OPEN and not payment.reference and at <= payment.expires_at:
        refusal = _ask(automatic_payment)
        payment.refresh_from_db()
    if payment.state != Payment.State.OPEN:
        _put_away(automatic_payment, refusal)
    return automatic_payment


def _ask(automatic_payment: AutomaticPayment) -> Sentence | None:
    """Ask the provider, and return why it refused; None if it did not, or could not be asked."""
    payment, rule = automatic_payment.payment, automatic_payment.rule
    # Others were asked for before this one, which takes time: somebody may have ended the rule meanwhile.
    rule.refresh_from_db(fields=("sealed",))
    if not rule.sealed:
        if automatic_payment.tries == 0:
            # It was ended before anything was asked for.
            confirm(payment.merchant, PaymentReport(payment.payment_id, State.CLOSED), "automatic")
        # Else the answer that was lost comes as a callback, or in the settlement file.
        return None
    try:
        with override(ENGLISH):
            # Whoever acts, the question stays the same, word by word.
            charged = provider_of(payment.merchant).charge(order_of(payment), token_of(rule))
    except (ProviderError, SealError) as error:
        log.warning("automatic payment %s: %s", payment, error)
        return None
    _take(automatic_payment, charged)
    if not charged.refusal:
        return None
    title = PROVIDERS[payment.merchant.provider].title
    return sentence("%(who)s refused: %(words)s", who=title, words=charged.refusal)


@transaction.atomic
def _take(automatic_payment: AutomaticPayment, charged: Charged) -> None:
    if charged.report.state != State.OPEN:
        confirm(automatic_payment.payment.merchant, charged.report, "automatic")
    if charged.reference:
        Payment.objects.filter(pk=automatic_payment.payment_id).update(reference=charged.reference)
    AutomaticPayment.objects.filter(pk=automatic_payment.pk).update(was_answered=True)


@transaction.atomic
def _put_away(automatic_payment: AutomaticPayment, refusal: Sentence | None) -> None:
    """Count how a payment has ended. After one that failed its people are told; after some, or if nobody knows how it ended, or its
    money has come and can't be credited, the rule pauses until a person says so.
    """
    rule = for_update(AutomaticTopUp.objects).select_related(*_RULE).get(pk=automatic_payment.rule_id)
    if not AutomaticPayment.objects.filter(pk=automatic_payment.pk, next_try_at__isnull=False).update(next_try_at=None):
        return
    automatic_payment.payment.refresh_from_db()
    automatic_payment.refresh_from_db(fields=("was_answered",))
    state = automatic_payment.payment.state
    if state not in (Payment.State.CLOSED, Payment.State.HELD):
        AutomaticTopUp.objects.filter(pk=rule.pk).update(failures=0)
    elif rule.state != Of.ENDED:
        rule.failures += 1
        # What was paid and lies somewhere would be paid once more tomorrow.
        is_paid_for_nothing = bool(automatic_payment.payment.provider_id)
        if rule.failures >= MOST_FAILURES or not automatic_payment.was_answered or is_paid_for_nothing:
            rule.state = Of.PAUSED
        _tell_of(rule, automatic_payment, refusal or _why_failed(automatic_payment))


def _tell_of(rule: AutomaticTopUp, automatic_payment: AutomaticPayment, why: Sentence) -> None:
    rule.give_reason(why)
    rule.save(update_fields=["failures", "state", "reason", "reason_parts"])
    tell_failed(rule, automatic_payment, why)


def pause_if_taken_back(payment: Payment, why: Sentence) -> None:
    """Pause the rule of an automatic payment that was taken back in full: otherwise it would be asked for again the
    next day, and taken back. A payment that is not automatic changes nothing.
    """
    automatic_payment = AutomaticPayment.objects.filter(payment=payment).select_related("payment").first()
    if automatic_payment is None:
        return
    rule = for_update(AutomaticTopUp.objects).select_related(*_RULE).get(pk=automatic_payment.rule_id)
    if rule.state == Of.ACTIVE:
        rule.state = Of.PAUSED
        _tell_of(rule, automatic_payment, why)


def _why_failed(automatic_payment: AutomaticPayment) -> Sentence:
    if automatic_payment.payment.reason:
        return kept_sentence(automatic_payment.payment.reason, automatic_payment.payment.reason_parts)
    if automatic_payment.was_answered:
        return sentence("the provider refused the payment")
    return sentence("the provider could not be reached for a day, so nobody knows whether it was paid")

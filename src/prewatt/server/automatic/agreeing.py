"""A tenant agrees to automatic top-ups at the provider, and ends them."""

from __future__ import annotations

import logging
import uuid
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from ...kernel.sentences import Sentence, sentence
from ...kernel.units import DAY, SECOND
from ..core.addresses import public
from ..core.credential_fields import seal, unseal
from ..core.sealing import SealError
from ..core.time import now
from ..estate.models import Tenancy
from ..estate.terms_in_force import terms_of
from ..metering.locking import for_update
from ..metering.models import Meter
from ..payments.merchants import provider_of
from ..payments.models import Merchant
from ..payments.polling import LOOKS
from ..payments.providers.interface import AgreementReport, ProviderError, Saving, Started
from ..payments.ways import merchants_for, saves
from ..vending.paid_amounts import check_amount
from ..vending.refusals import TopUpError
from .models import AutomaticTopUp
from .rule import Terms

log = logging.getLogger("prewatt.payments")
PURPOSE = "agreement to automatic payments"
"""The purpose for which a provider's token is sealed."""
LIFE = DAY
"""The time (µs) in which a payer can agree after they were asked. A question at Stripe lasts as long."""
FEWEST_DAYS, USUAL_DAYS, MOST_DAYS = 1, 3, 14
TOKEN = "token"

State = AutomaticTopUp.State


def merchants_that_save(tenancy: Tenancy) -> list[Merchant]:
    """Return the merchant accounts by which a tenancy can have automatic top-ups; none if it has no meter that reports,
    or pays after use.
    """
    terms = terms_of(tenancy.pk)
    if (terms is not None and terms.is_postpaid) or not Meter.objects.filter(unit=tenancy.unit_id).exists():
        return []
    return [each for each in merchants_for(tenancy) if saves(each)]


def chosen(merchants: list[Merchant], way: str) -> Merchant:
    """Return the merchant account with the number `way`, of those that a tenancy can have; the first one if `way` is
    empty. Raises ValidationError if there is no such account.
    """
    merchant = next((each for each in merchants if way in ("", str(each.pk))), None)
    if merchant is None:
        raise ValidationError({"way": _("Choose how to pay.")})
    return merchant


def current(tenancy: Tenancy) -> AutomaticTopUp | None:
    """Return the rule of a tenancy; None if there is none, or it has ended."""
    rows = tenancy.automatic_top_ups.exclude(state=State.ENDED).select_related("merchant__organisation", "by")
    rule: AutomaticTopUp | None = rows.first()
    return rule


def has_automatic(tenancy: Tenancy) -> bool:
    """Return whether a tenancy has automatic top-ups, or can have them."""
    return bool(merchants_that_save(tenancy)) or current(tenancy) is not None


def terms_of_rule(rule: AutomaticTopUp) -> Terms:
    """Return what a rule's tenant has agreed to."""
    return Terms(rule.amount, rule.under_days, rule.most_a_month)


def check(terms: Terms, currency: str) -> None:
    """Raise ValidationError, which names the field, if nobody can agree to these terms."""
    for amount, name in ((terms.amount, "amount"), (terms.most_a_month, "most_a_month")):
        try:
            check_amount(amount, currency)
        except TopUpError as error:
            raise ValidationError({name: str(error)}) from None
    if not FEWEST_DAYS <= terms.under_days <= MOST_DAYS:
        words = {"fewest": FEWEST_DAYS, "most": MOST_DAYS}
        raise ValidationError({"under_days": _("Choose %(fewest)d to %(most)d days.") % words})
    if terms.most_a_month < terms.amount:
        raise ValidationError({"most_a_month": _("The most in a month can't be less than one top-up.")})


def ask(tenancy: Tenancy, merchant: Merchant, terms: Terms, by: Any, app: str = "") -> Started:
    """Ask the payer to agree to a rule at the provider; return how they go on there. The same question, asked again by
    the same person, is the same rule. Another question ends one that was not agreed to. Raises ValidationError if a
    rule was agreed to already, ProviderError or SealError if the provider can't be asked.
    """
    rule = _keep(tenancy, merchant, terms, by)
    started = provider_of(rule.merchant).save(_saving(rule, app))
    rule.reference, rule.link = started.reference, started.link
    # The answer may be later than the end of the rule.
    asked = AutomaticTopUp.objects.filter(pk=rule.pk, state=State.ASKED)
    asked.update(reference=started.reference, link=started.link)
    return started


@transaction.atomic
def _keep(tenancy: Tenancy, merchant: Merchant, terms: Terms, by: Any) -> AutomaticTopUp:
    # The tenancy's row is the lock: of two who ask at once the second finds the first one's rule.
    for_update(Tenancy.objects).get(pk=tenancy.pk)
    known, at = current(tenancy), now()
    if known is not None and known.state != State.ASKED:
        raise ValidationError(_("There is an automatic top-up already. End it first, then start a new one."))
    if known is not None:
        is_same = (known.by_id, known.merchant_id, terms_of_rule(known)) == (by.pk, merchant.pk, terms)
        if is_same and at <= known.asked_at + LIFE:
            return known
        end(known)
    return AutomaticTopUp.objects.create(
        tenancy=tenancy,
        merchant=merchant,
        amount=terms.amount,
        under_days=terms.under_days,
        most_a_month=terms.most_a_month,
        saving_id=uuid.uuid4().hex,
        asked_at=at,
        next_look_at=at + LOOKS[0] * SECOND,
        by=by,
    )


def _saving(rule: AutomaticTopUp, app: str = "") -> Saving:
    unit, merchant = rule.tenancy.unit, rule.merchant
    return Saving(
        rule.saving_id,
        unit.property.currency,
        return_url=public(reverse("tenant:automatic:back", kwargs={"tenancy": rule.tenancy_id})),
        reference=rule.reference,
        notify_url=public(reverse("pay-callback", args=[merchant.provider, merchant.public_id])),
        name=unit.name,
        app=app,
    )


def look(rule: AutomaticTopUp) -> AutomaticTopUp:
    """Ask the provider whether the payer has agreed, and return the rule as it is now. The rule ends if there is no
    time left to agree. Raises ProviderError or SealError if the provider can't be asked.
    """
    saved = provider_of(rule.merchant).saved(_saving(rule))
    if saved is not None:
        # Of a page and the worker that look at once the first one counts; a rule that was ended meanwhile stays ended.
        asked = AutomaticTopUp.objects.filter(pk=rule.pk, state=State.ASKED)
        sealed = seal(PURPOSE, {TOKEN: saved.token})
        asked.update(state=State.ACTIVE, sealed=sealed, label=saved.label, agreed_at=now(), link="", next_look_at=None)
    elif now() > rule.asked_at + LIFE:
        end(rule, is_there=False)
    rule.refresh_from_db()
    return rule


def look_if_due(rule: AutomaticTopUp) -> None:
    """If it is time to, ask the provider about a rule that nobody has agreed to yet; if that fails, ask later."""
    at = now()
    wait = LOOKS[min(rule.looks + 1, len(LOOKS) - 1)] * SECOND
    due = AutomaticTopUp.objects.filter(pk=rule.pk, state=State.ASKED, next_look_at__lte=at)
    if due.update(looks=rule.looks + 1, next_look_at=at + wait):
        try:
            look(rule)
        except (ProviderError, SealError) as error:
            log.warning("automatic top-up %d: %s", rule.pk, error)


def token_of(rule: AutomaticTopUp) -> str:
    """Return the token with which a provider is asked for a payment. Raises SealError if it can't be opened."""
    return unseal(PURPOSE, bytes(rule.sealed))[TOKEN]


def hear(merchant: Merchant, report: AgreementReport) -> None:
    """Take up a provider's report that a payer has agreed, or has ended the agreement. If they agreed to a rule that
    had ended, the agreement is ended at the provider too.
    """
    rule = AutomaticTopUp.objects.filter(merchant=merchant, saving_id=report.saving_id).first()
    if rule is None:
        log.warning("merchant account %s: an agreement %s was never asked for", merchant, report.saving_id[:50])
    elif report.is_on and rule.state == State.ENDED:
        rule.to_forget, rule.next_look_at = seal(PURPOSE, {TOKEN: report.token}), now()
        rule.save(update_fields=["to_forget", "next_look_at"])
        transaction.on_commit(lambda: forget_if_due(rule))
    elif report.is_on:
        AutomaticTopUp.objects.filter(pk=rule.pk, state=State.ASKED).update(next_look_at=now())
    elif rule.state != State.ENDED:
        end(rule, sentence("the agreement was ended at the provider"), is_there=False)


@transaction.atomic
def end(rule: AutomaticTopUp, reason: Sentence | None = None, is_there: bool = True) -> None:
    """End a rule: nothing is paid by it any more, whatever the provider says. A payment that was asked for already may
    still come; it counts. `is_there`: the provider has an agreement, or may yet get one, and is told of the end.
    """
    # Another process may have heard meanwhile that the payer has agreed, or have ended it.
    rule.refresh_from_db(from_queryset=for_update(AutomaticTopUp.objects))
    if rule.state == State.ENDED:
        return
    rule.to_forget = bytes(rule.sealed) if is_there else b""
    rule.state, rule.ended_at, rule.sealed = State.ENDED, now(), b""
    rule.link, rule.looks, rule.next_look_at = "", 0, now() if is_there else None
    if reason is not None:
        rule.give_reason(reason)
    rule.save()
    if is_there:
        transaction.on_commit(lambda: forget_if_due(rule))


def forget_if_due(rule: AutomaticTopUp) -> None:
    """Tell the provider that a rule has ended, if it is time to. If that fails it is tried again for a day; nothing is
    paid by the rule either way. As long as a payer can still agree to the ended rule, the provider is asked whether
    they have.
    """
    at = now()
    wait = LOOKS[min(rule.looks, len(LOOKS) - 1)] * SECOND
    due = AutomaticTopUp.objects.filter(pk=rule.pk, state=State.ENDED, looks=rule.looks, next_look_at__lte=at)
    if not due.update(looks=rule.looks + 1, next_look_at=at + wait):
        return
    try:
        may_yet_agree = not _forget(rule) and at <= rule.asked_at + LIFE
    except (ProviderError, SealError) as error:
        log.warning("automatic top-up %d: the provider keeps what it was told: %s", rule.pk, error)
        may_yet_agree = at < (rule.ended_at or 0) + LIFE
    if not may_yet_agree:
        AutomaticTopUp.objects.filter(pk=rule.pk).update(to_forget=b"", next_look_at=None)


def _forget(rule: AutomaticTopUp) -> bool:
    """Let the provider forget what a payer has agreed to; return whether they have. Raises ProviderError or SealError."""
    provider = provider_of(rule.merchant)
    if rule.to_forget:
        provider.forget(unseal(PURPOSE, bytes(rule.to_forget))[TOKEN])
        return True
    saved = provider.saved(_saving(rule))
    if saved is None:
        return False
    provider.forget(saved.token)
    return True


def resume(rule: AutomaticTopUp) -> None:
    """Let a paused rule go on. Raises ValidationError if it is not paused."""
    paused = AutomaticTopUp.objects.filter(pk=rule.pk, state=State.PAUSED)
    if not paused.update(state=State.ACTIVE, failures=0, reason="", reason_parts={}):
        raise ValidationError(_("This automatic top-up is not paused."))

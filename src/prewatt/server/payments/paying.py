"""A top-up that a tenant pays by phone, exactly once: asked for, confirmed by the provider (whichever way that is learned),
credited in one transaction.
"""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from ...kernel.currencies import UnknownCurrency, format_money, minor_unit, to_minor
from ...kernel.units import MINUTE, SECOND, moment
from ..addresses import public
from ..apart import apart, meter_or_gateway_of
from ..billing.debts import DebtError, came_late, pay
from ..billing.models import DebtPayment
from ..estate.models import Tenancy
from ..ledger.books import Kind, account, book, booked
from ..ledger.models import Account, Transfer
from ..ledger.references import OWN, Of, Reference, is_typed
from ..locking import for_update, lock_meters, lock_organisation
from ..metering.models import Alarm, Meter, alarms_of
from ..sealing import SealError
from ..time import now
from ..vending.found import UNBOOKED, tenant_of
from ..vending.models import TopUp
from ..vending.top_ups import TopUpError, check_amount, check_open, top_up
from .locks import lock_payment
from .merchants import provider_of
from .models import Merchant, Payment, TakenBack, Unexpected
from .providers import PROVIDERS
from .providers.interface import Order, ProviderError, State, Told

log = logging.getLogger("prewatt.payments")
LIFE = 45 * MINUTE
"""How long a payment can be made after it was asked for."""
LOOKS = (10, 20, 30, 60, 120, 300, 600)
"""Seconds between two questions to the provider, while no callback has come; then the last one again and again."""
PATIENCE = 2
"""Questions in one round that a provider may leave without an answer."""


class PaymentError(ValueError):
    """A payment can't be started; the message, for people, says why. Nothing was changed."""


# -- starting -----------------------------------------------------------------------------------------------------------


def merchants_for(tenancy: Tenancy) -> list[Merchant]:
    """The merchant accounts that a tenancy's payments can go to."""
    where = tenancy.unit.property
    found = Merchant.objects.filter(organisation=where.organisation_id, enabled=True)
    return [each for each in found if _takes(each, where.currency)]


def _takes(merchant: Merchant, currency: str) -> bool:
    kind = PROVIDERS.get(merchant.provider)
    return kind is not None and (not kind.currencies or currency in kind.currencies)


def start(
    tenancy: Tenancy,
    merchant: Merchant,
    method: str,
    amount: int,
    asked: str,
    *,
    by: Any = None,
    payer: str = "",
    payer_address: str = "",
    currency: str = "",
) -> Payment:
    """Ask a provider for a payment of `amount` nano. `asked` names it: a second call with it is the same payment, taken up
    where the first one broke off. PaymentError if it can't be; ProviderError if the provider can't be reached.
    """
    made = _keep(tenancy, merchant, method, amount, asked, by, payer, payer_address, currency)
    if made.state == Payment.State.OPEN and not made.link and not made.params:
        started = provider_of(merchant).create(order_of(made))
        made.link, made.reference, made.params = started.link, started.reference, dict(started.params)
        made.save(update_fields=["link", "reference", "params"])
    return made


@transaction.atomic
def _keep(
    tenancy: Tenancy, merchant: Merchant, method: str, amount: int, asked: str, by: Any, payer: str, address: str,
    currency: str,
) -> Payment:  # fmt: skip
    where = tenancy.unit.property
    if not is_typed(asked):
        raise PaymentError(
            _("A payment's own name has 1 to 40 printable characters, and does not begin with %(sign)s.")
            % {"sign": OWN}
        )
    # The tenancy's row is the lock: of two who ask at once under one name, the second finds the first's payment.
    for_update(Tenancy.objects).get(pk=tenancy.pk)
    known = Payment.objects.filter(tenancy=tenancy, asked=asked).first()
    if known is not None:
        if (known.merchant_id, known.method, known.amount) != (merchant.pk, method, amount):
            raise PaymentError(_("%(name)s names another payment.") % {"name": asked})
        return known
    if currency and currency != where.currency:
        raise PaymentError(_("Payments here are in %(currency)s.") % {"currency": where.currency})
    if (
        merchant.organisation_id != where.organisation_id
        or not merchant.enabled
        or not _takes(merchant, where.currency)
    ):
        raise PaymentError(_("This can't be paid in that way here."))
    if method not in PROVIDERS[merchant.provider].methods:
        raise PaymentError(_("There is no such way to pay."))
    if method == "jsapi" and not payer:
        raise PaymentError(_("WeChat has to say who pays."))
    try:
        check_amount(amount, where.currency)
        check_open(tenancy)
    except TopUpError as error:
        raise PaymentError(str(error)) from None
    at = now()
    return Payment.objects.create(
        payment_id=uuid.uuid4().hex, asked=asked, merchant=merchant, tenancy=tenancy, amount=amount,
        currency=where.currency, method=method, payer=payer[:128], payer_address=address[:45], made=at,
        expires=at + LIFE, next_look=at + LOOKS[0] * SECOND, by=by,
    )  # fmt: skip


def order_of(payment: Payment) -> Order:
    """The payment in the provider's terms."""
    merchant, where = payment.merchant, payment.tenancy.unit.property
    # The provider's clock is the world's, whatever clock the meters run on.
    left = timedelta(microseconds=payment.expires - payment.made)
    begun = moment(payment.made) if not settings.CONFIG.shared_clock else datetime.now(UTC)
    return Order(
        payment_id=payment.payment_id,
        amount=to_minor(payment.amount, payment.currency),
        currency=payment.currency,
        subject=_("Electricity, %(unit)s") % {"unit": f"{where.name} {payment.tenancy.unit.name}"},
        method=payment.method,
        expires=begun + left,
        notify_url=public(reverse("pay-callback", args=[merchant.provider, merchant.public_id])),
        return_url=public(reverse("payment", args=[payment.payment_id])),
        reference=payment.reference,
        payer=payment.payer,
        payer_address=payment.payer_address,
    )


# -- being told ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def confirm(merchant: Merchant, told: Told, seen_by: str) -> Payment | None:
    """A provider says how a payment of one of its merchant accounts stands: credit it, once, or hold it for a person.

    What comes of it is one transaction: the payment, the ledger's transfer, the credit, and the command to the meter.
    None if there is no such payment of this merchant account.
    """
    lock_organisation(merchant.organisation_id)
    # Of what went back some providers know only the transaction that had paid it.
    named = {"payment_id": told.payment_id} if told.payment_id else {"provider_id": told.provider_id}
    payment = lock_payment(Payment.objects.filter(merchant=merchant, **named))
    if told.state in (State.PAID, State.REFUNDED):
        if payment is None:
            payment = _recovered(merchant, told)
        if payment is None:
            if told.gone:
                _went_back(merchant, told, seen_by)
            elif told.state == State.PAID:
                _unexpected(merchant, None, told, _("no payment of that name was asked for"))
        elif payment.provider_id:
            if payment.provider_id != told.provider_id and told.state == State.PAID:
                _unexpected(merchant, payment, told, _("paid a second time"))
        else:
            _take(payment, told, seen_by)
        if payment is not None and payment.provider_id == told.provider_id:
            _take_back(payment, told, seen_by)
    elif told.state == State.CLOSED and payment is not None and payment.state == Payment.State.OPEN:
        payment.state, payment.next_look = Payment.State.CLOSED, None
        payment.save(update_fields=["state", "next_look"])
    return payment


def _went_back(merchant: Merchant, told: Told, seen_by: str) -> None:
    from .taken_back import hear_of_unknown

    hear_of_unknown(merchant, told, seen_by)


def _take_back(payment: Payment, told: Told, seen_by: str) -> None:
    # Imported here: what is taken back is a room above this one.
    from .taken_back import hear_of_sum, take_up

    take_up(payment)
    if told.gone and told.currency == payment.currency:
        hear_of_sum(payment, told.gone * minor_unit(told.currency), now(), seen_by)


def found_at_meter(merchant: Merchant, payment_id: str) -> Alarm | None:
    """What a meter was credited under a payment's name that is not in the books: the server was put back from a copy."""
    rows = alarms_of(merchant.organisation).filter(kind=UNBOOKED, key=payment_id)
    return rows.first() if payment_id else None


def _recovered(merchant: Merchant, told: Told) -> Payment | None:
    """The payment that was asked for here, and forgotten with the server's last days, as its credit is at the meter."""
    found = found_at_meter(merchant, told.payment_id)
    tenancy = tenant_of(found) if found is not None else None
    if found is None:
        # A person may have booked it already.
        where = {"tenancy__unit__property__organisation": merchant.organisation_id, "command__found": True}
        known = TopUp.objects.filter(credit_id=told.payment_id, payment__isnull=True, **where).first()
        tenancy = known.tenancy if known is not None else None
    if tenancy is None:
        return None
    lock_meters(Meter.objects.filter(unit=tenancy.unit_id))
    Unexpected.objects.filter(merchant=merchant, provider_id=told.provider_id).update(settled=True)
    return Payment.objects.create(
        payment_id=told.payment_id, asked=told.payment_id, merchant=merchant, tenancy=tenancy,
        amount=told.amount * minor_unit(told.currency), currency=told.currency, made=told.at, expires=told.at,
    )  # fmt: skip


def _take(payment: Payment, told: Told, seen_by: str) -> None:
    other = Payment.objects.filter(merchant=payment.merchant_id, provider_id=told.provider_id).first()
    if other is not None:
        # One amount is not credited under two names.
        log.warning("payment %s: transaction %s has paid %s already", payment, told.provider_id, other)
        return
    payment.provider_id, payment.paid, payment.confirmed = told.provider_id, told.at, now()
    payment.seen_by, payment.next_look = seen_by, None
    amount = told.amount * minor_unit(told.currency)
    if told.currency != payment.currency:
        # The books can't hold it: it stays at the provider until a person has seen to it.
        _unexpected(payment.merchant, payment, told, f"paid in {told.currency}")
        payment.state, payment.reason = Payment.State.CLOSED, f"paid in {told.currency}"
    elif amount != payment.amount:
        why = _("paid %(amount)s %(currency)s, which is not what was asked for")
        paid = format_money(amount, told.currency)
        _hold(payment, amount, why % {"amount": paid, "currency": told.currency})
    elif told.state == State.REFUNDED or _gone_before(payment) >= amount:
        _hold(payment, amount, _("it was paid, and the provider says that it went back, wholly or in part"))
    else:
        try:
            with transaction.atomic():
                payment.top_up = credit(payment)
            payment.state = Payment.State.PAID
        except TopUpError as error:
            _hold(payment, amount, str(error))
    payment.save()


def _gone_before(payment: Payment) -> int:
    """What was heard of its being taken back before it was heard that it is paid, nano."""
    from .taken_back import waiting_for

    rows = waiting_for(payment)
    named = int(rows.filter(is_sum=False).aggregate(sum=Sum("amount"))["sum"] or 0)
    return max(named, int(rows.filter(is_sum=True).aggregate(most=Max("amount"))["most"] or 0))


def credit(payment: Payment) -> TopUp:
    """Credit a payment to its tenancy. TopUpError if that can't be."""
    return top_up(
        payment.tenancy,
        payment.amount,
        payment.payment_id,
        payment.by,
        str(payment.merchant),
        source=clearing(payment.merchant),
        paid=payment.paid,
    )


def clearing(merchant: Merchant) -> Account:
    """The ledger's account of what lies with a provider."""
    return account(merchant.organisation, Kind.CLEARING, f"{merchant.pk}")


def meter_of(payment: Payment) -> Meter | None:
    """Where a payment belongs, for bookings that touch no tenant's account."""
    return Meter.objects.filter(unit=payment.tenancy.unit_id).first()


def _hold(payment: Payment, amount: int, why: str) -> None:
    """The money is here and can't be credited: it is owed back, until a person has seen to it."""
    payment.state, payment.reason = Payment.State.HELD, why[:200]
    organisation = payment.merchant.organisation
    book(
        Transfer.Kind.UNCREDITED, clearing(payment.merchant), account(organisation, Kind.REFUNDS), amount, now(),
        Reference(Of.PAYMENT, payment.pk, "held"), payment.reason, meter_of(payment),
    )  # fmt: skip


def held_of(payment: Payment) -> Transfer:
    """The transfer by which a payment's money is held."""
    found = booked(Reference(Of.PAYMENT, payment.pk, "held"))
    assert found is not None
    return found


def held_left(payment: Payment) -> int:
    """What of a held payment its payer's bank has not taken back, nano."""
    # What came back after all is owed to its payer by name.
    gone = payment.taken_back.filter(TakenBack.FROM_HELD).aggregate(sum=Sum("amount"))["sum"] or 0
    return held_of(payment).amount - int(gone)


def _unexpected(merchant: Merchant, payment: Payment | None, told: Told, why: str) -> None:
    if payment is None and Payment.objects.filter(merchant=merchant, provider_id=told.provider_id).exists():
        return
    Unexpected.objects.get_or_create(
        merchant=merchant,
        provider_id=told.provider_id,
        defaults={
            "payment": payment, "amount": told.amount * minor_unit(told.currency), "currency": told.currency, "at": told.at,
            "reason": why,
        },
    )  # fmt: skip


# -- asking -------------------------------------------------------------------------------------------------------------


def look(payment: Payment) -> Payment:
    """Ask the provider how a payment stands; past its time, let it be paid no more. ProviderError if it can't be asked."""
    provider, order = provider_of(payment.merchant), order_of(payment)
    told = provider.query(order)
    if told.state == State.OPEN and now() > payment.expires:
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
        Payment.objects.filter(pk=payment.pk).update(looks=payment.looks + 1, next_look=now() + wait * SECOND)
        try:
            return look(payment)
        except (ProviderError, SealError) as error:
            silent[payment.merchant_id] += 1
            log.warning("payment %s: %s", payment, error)
            return None

    due = Payment.objects.filter(state=Payment.State.OPEN, next_look__lte=now()).order_by("next_look")
    rows = due.select_related("merchant__organisation", "tenancy__unit__property")[:most]
    looked = apart("payment", rows, ask, lambda payment: meter_or_gateway_of(payment.tenancy))
    return [each for each in looked if each is not None and each.state in (Payment.State.PAID, Payment.State.HELD)]


@transaction.atomic
def credit_held(payment: Payment, tenancy: Tenancy, by: Any) -> TopUp | DebtPayment:
    """A person gives held money to a tenancy; of who has moved out it pays what is owed, and the rest is owed back.
    PaymentError if it isn't held, or can't be credited there.
    """
    lock_organisation(payment.merchant.organisation_id)
    lock_meters(Meter.objects.filter(unit=tenancy.unit_id))
    locked = for_update(Payment.objects).select_related("merchant__organisation").get(pk=payment.pk)
    if locked.state != Payment.State.HELD:
        raise PaymentError(_("This payment is not held."))
    held = held_left(locked)
    if tenancy.unit.property.currency != locked.currency:
        raise PaymentError(_("Payments there are in %(currency)s.") % {"currency": tenancy.unit.property.currency})
    owed = account(locked.merchant.organisation, Kind.REFUNDS)
    if came_late(tenancy):
        try:
            paid = pay(tenancy, held, locked.payment_id, by, owed, late=True)
        except DebtError as error:
            raise PaymentError(str(error)) from None
        locked.state = Payment.State.DEBT
        locked.save(update_fields=["state"])
        return paid
    try:
        made = top_up(tenancy, held, locked.payment_id, by, str(locked.merchant), source=owed)
    except TopUpError as error:
        raise PaymentError(str(error)) from None
    locked.state, locked.top_up = Payment.State.PAID, made
    locked.save(update_fields=["state", "top_up"])
    return made

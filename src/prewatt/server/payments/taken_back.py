"""Money that a provider takes back. A callback, a question or the settlement file reports it, in any order and even
before the payment itself is known. It is stored once and booked once.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Sum
from django.utils.translation import gettext as _

from ...kernel.currencies import minor_unit
from ..billing.models import DebtPayment
from ..core.time import now
from ..metering.apart import apart, meter_or_gateway_of
from ..metering.locking import for_update, lock_organisation
from ..vending.models import TopUp
from .books import held_left
from .errors import PaymentError
from .locks import lock_payment
from .models import Merchant, Payment, RefundPart, TakenBack, Unexpected
from .providers.interface import PaymentReport, Step, TakenBackReport
from .refunds import PROVIDER, failed, held_number, held_sent, sent, taken_of
from .signals import went_back
from .taking import give_back, memo, pays_refund, take_as_cost, take_from_debtor, take_from_held, take_from_tenant

State = TakenBack.State


@transaction.atomic
def hear(merchant: Merchant, report: TakenBackReport, seen_by: str) -> TakenBack | None:
    """Take up a provider's report of money taken back: store it, and book it, once, as far as possible. Returns None if
    it is a refund that was sent from here. Raises UnknownCurrency if the report's currency is unknown.
    """
    lock_organisation(merchant.organisation_id)
    payment = _payment_of(merchant, report.payment_id, report.provider_id)
    rows = for_update(TakenBack.objects).select_related("merchant__organisation", "organisation")
    row = rows.filter(merchant=merchant, back_id=report.back_id[:255]).first()
    if row is None and _is_own(merchant, report, payment):
        return None
    if row is None:
        row = TakenBack.objects.create(
            organisation=merchant.organisation,
            merchant=merchant,
            back_id=report.back_id[:255],
            cause=report.cause.value,
            payment_name=report.payment_id[:64],
            provider_id=report.provider_id[:255],
            currency=report.currency,
            at=report.at,
            amount=report.amount * minor_unit(report.currency),
            heard_at=now(),
            seen_by=seen_by,
        )
    row.payment = row.payment or payment
    row.reason, row.fee = report.reason[:200] or row.reason, max(row.fee, report.fee * minor_unit(report.currency))
    _go_on(row, report.step, report.amount * minor_unit(report.currency))
    row.save()
    return row


def _payment_of(merchant: Merchant, payment_id: str, provider_id: str) -> Payment | None:
    """Return the payment, locked: by the transaction that paid it, else by its name if no other transaction paid it."""
    rows = Payment.objects.filter(merchant=merchant)
    paid = lock_payment(rows.filter(provider_id=provider_id)) if provider_id else None
    if paid is not None or not payment_id:
        return paid
    return lock_payment(rows.filter(payment_id=payment_id, provider_id__in=("", provider_id)))


def _is_own(merchant: Merchant, report: TakenBackReport, payment: Payment | None) -> bool:
    """Return whether it is a refund that was sent from here. Such a refund is booked when it is sent; if that stopped
    in the middle, it is booked now, and a refund that did not arrive is owed again.
    """
    part = RefundPart.objects.filter(number=report.back_id, payment__merchant=merchant).first()
    if part is not None:
        if report.step == Step.WON:
            failed(part, report.reason)
        else:
            sent(part, PROVIDER)
        return True
    if payment is None or report.back_id != held_number(payment):
        return False
    if payment.state == Payment.State.HELD and report.step != Step.WON:
        # The refund stopped after the provider had accepted it.
        held_sent(payment, PROVIDER)
    elif payment.state == Payment.State.HELD:
        # The refund did not arrive: the money is here again, and a person decides anew.
        payment.back_asked_at = None
        payment.save(update_fields=["back_asked_at"])
    return True


def _go_on(row: TakenBack, step: Step, amount: int) -> None:
    if step == Step.ASKED:
        row.state = State.ASKED if row.state == State.WAITING else row.state
    elif step == Step.WON:
        _returned(row, min(amount, row.amount))
    else:
        if row.state in (State.WAITING, State.ASKED):
            row.state = State.WAITING
            _take(row)
        if step == Step.LOST and row.closed_at is None and row.state != State.DECIDE:
            row.closed_at = now()


def _returned(row: TakenBack, amount: int) -> None:
    """Book that the money came back to us, also if nobody has reported before that it was taken."""
    if row.state in TakenBack.BOOKED:
        more = amount - row.returned
        if more > 0:
            give_back(row, more)
            row.returned = amount
    elif row.within is not None and row.within.state in TakenBack.BOOKED:
        more = min(amount - row.returned, row.within.amount - row.within.returned)
        if more > 0:
            give_back(row.within, more)
            TakenBack.objects.filter(pk=row.within.pk).update(returned=F("returned") + more)
            row.returned = amount
    else:
        row.state, row.returned = State.EXPLAINED, amount
    row.closed_at = row.closed_at or now()


def _take(row: TakenBack) -> None:
    """Book a waiting row if its payment is known and paid."""
    payment = row.payment
    if payment is None:
        _explain_unexpected(row)
    elif payment.provider_id:
        whole = _sum_around(row, payment)
        if whole is not None:
            row.within, row.state, row.closed_at = whole, State.EXPLAINED, now()
        else:
            _take_from(row, payment)


def _explain_unexpected(row: TakenBack) -> None:
    """Close a row if a payment that nobody here asked for went back to its payer."""
    unexpected = Unexpected.objects.filter(merchant=row.merchant, provider_id=row.provider_id).exclude(provider_id="")
    if unexpected.update(is_resolved=True):
        row.state, row.closed_at = State.EXPLAINED, now()


def _take_from(row: TakenBack, payment: Payment) -> None:
    """Book a row where the money of its payment lies: held, credited or used for debts. Where it is not whole any more,
    a person decides.
    """
    if row.currency != payment.currency:
        row.state = State.DECIDE
    elif payment.state == Payment.State.HELD and row.amount <= held_left(payment):
        take_from_held(row, payment)
    elif (
        payment.state == Payment.State.PAID and payment.top_up is not None and row.amount <= (left := left_of(payment))
    ):
        if not pays_refund(row, payment.top_up.tenancy):
            take_from_tenant(row, payment.top_up)
            if row.amount == left:
                went_back.send(TakenBack, payment=payment, why=memo(row))
    elif (paid := debt_payment(payment)) is not None and row.amount <= paid.amount - taken_of(payment):
        take_from_debtor(row, paid)
    else:
        row.state = State.DECIDE


def debt_payment(payment: Payment) -> DebtPayment | None:
    """Return the payment of debts that a payment was used for; None if it was not used for debts."""
    if payment.state != Payment.State.DEBT:
        return None
    rows = DebtPayment.objects.filter(organisation=payment.merchant.organisation_id, payment_id=payment.payment_id)
    return rows.first()


def left_of(payment: Payment) -> int:
    """Return how much of a payment's credit neither went back nor was taken back, nano."""
    if payment.top_up is None:
        return 0
    parts = (
        payment.refund_parts.filter(sent_at__isnull=False, has_failed=False).aggregate(sum=Sum("amount"))["sum"] or 0
    )
    rows = payment.taken_back.filter(state__in=TakenBack.BOOKED).exclude(TakenBack.FROM_HELD)
    taken = rows.aggregate(sum=Sum(F("amount") - F("returned")))["sum"] or 0
    return int(payment.top_up.amount) - int(parts) - int(taken)


def _sum_around(row: TakenBack, payment: Payment) -> TakenBack | None:
    """Return the booked sum that contains a row whose name is reported only now; None if there is none."""
    for each in payment.taken_back.filter(is_sum=True, state__in=TakenBack.BOOKED):
        named = int(each.parts.aggregate(sum=Sum("amount"))["sum"] or 0)
        if row.cause == each.cause and not row.is_sum and row.amount <= each.amount - named:
            return each
    return None


@transaction.atomic
def hear_of_sum(payment: Payment, refunded: int, at: int, seen_by: str) -> TakenBack | None:
    """Take up a provider's report that `refunded` nano of a payment, in all, were returned. The part that no message has
    named yet is booked without a name. Returns its row; None if no part is new.
    """
    known, back_id = _known_of(payment), f"{payment.payment_id}={refunded}"
    if (
        refunded <= known
        or payment.state == Payment.State.RETURNED
        or payment.taken_back.filter(back_id=back_id).exists()
    ):
        return None
    row = TakenBack.objects.create(
        organisation=payment.merchant.organisation,
        merchant=payment.merchant,
        back_id=back_id,
        is_sum=True,
        cause=TakenBack.Cause.REFUND,
        payment=payment,
        payment_name=payment.payment_id,
        provider_id=payment.provider_id,
        amount=refunded - known,
        currency=payment.currency,
        at=at,
        heard_at=now(),
        seen_by=seen_by,
    )
    _take(row)
    row.save()
    return row


def _known_of(payment: Payment) -> int:
    """Return how much of a payment is known to have gone back, by name or as a sum, nano; refunds that are just being
    sent count too.
    """
    sent = payment.refund_parts.filter(has_failed=False, error="").aggregate(sum=Sum("amount"))["sum"] or 0
    rows = payment.taken_back.filter(cause=TakenBack.Cause.REFUND, within__isnull=True)
    rows = rows.exclude(state=State.EXPLAINED).exclude(is_sum=True, state=State.WAITING)
    return int(rows.aggregate(sum=Sum(F("amount") - F("returned")))["sum"] or 0) + int(sent)


@transaction.atomic
def hear_of_unknown(merchant: Merchant, report: PaymentReport, seen_by: str) -> None:
    """Store how much went back of a transaction that is not known yet. It waits until the payment is known."""
    amount = (report.refunded or 0) * minor_unit(report.currency)
    TakenBack.objects.get_or_create(
        merchant=merchant,
        back_id=f"{report.provider_id}={report.refunded}"[:255],
        defaults={
            "organisation": merchant.organisation,
            "is_sum": True,
            "cause": TakenBack.Cause.REFUND,
            "payment_name": report.payment_id[:64],
            "provider_id": report.provider_id[:255],
            "amount": amount,
            "currency": report.currency,
            "at": report.at,
            "heard_at": now(),
            "seen_by": seen_by,
        },
    )


@transaction.atomic
def take_up(payment: Payment) -> None:
    """Book what was reported as taken back before the payment was known to be paid: first the named amounts, then the
    sums, less what is known by name.
    """
    rows = for_update(waiting_for(payment)).select_related("merchant__organisation", "organisation")
    for row in sorted(rows, key=lambda row: (row.is_sum, row.amount)):
        row.payment = payment
        left = row.amount - _known_of(payment) if row.is_sum else row.amount
        if left > 0:
            row.amount = left
            _take(row)
        else:
            row.state, row.closed_at = State.EXPLAINED, now()
        row.save()


def waiting_for(payment: Payment) -> Any:
    """Return the rows that were reported as taken back before their payment was known to be paid."""
    rows = TakenBack.objects.filter(merchant=payment.merchant_id, state=State.WAITING)
    by_name = rows.filter(payment_name=payment.payment_id)
    return by_name | rows.filter(provider_id=payment.provider_id) if payment.provider_id else by_name


def take_up_what_waits() -> list[Payment]:
    """Book waiting rows whose payment is paid by now; both were reported at the same moment. Returns the payments."""
    rows = TakenBack.objects.filter(state=State.WAITING, merchant=OuterRef("merchant"))
    waits = rows.filter(Q(payment_name=OuterRef("payment_id")) | Q(provider_id=OuterRef("provider_id")))
    payments = Payment.objects.filter(Exists(waits)).exclude(provider_id="").select_related("merchant__organisation")

    def book(payment: Payment) -> Payment:
        with transaction.atomic():
            lock_organisation(payment.merchant.organisation_id)
            locked = lock_payment(Payment.objects.filter(pk=payment.pk))
            assert locked is not None
            take_up(locked)
        return locked

    return apart("money taken back", payments, book, lambda payment: meter_or_gateway_of(payment.tenancy))


# -- decided by a person --------------------------------------------------------------------------------------------------


@transaction.atomic
def decide(row: TakenBack, do: str, by: Any) -> TakenBack:
    """Book a person's decision: the `tenant` bears it, it is a `cost` of the landlord, or nothing more is to be done
    (`done`). Raises PaymentError if that is not possible.
    """
    lock_organisation(row.organisation_id)
    if row.payment is not None:
        lock_payment(Payment.objects.filter(pk=row.payment.pk))
    locked: TakenBack = (
        for_update(TakenBack.objects)
        .select_related("payment__top_up__tenancy", "merchant__organisation", "organisation")
        .get(pk=row.pk)
    )
    is_open = locked.state in (State.DECIDE, State.WAITING)
    if do == "tenant":
        _check_open(is_open)
        take_from_tenant(locked, _credited(locked))
    elif do == "cost":
        _check_open(is_open)
        take_as_cost(locked)
    elif do != "done":
        raise PaymentError(_("Choose “tenant” or “cost” (who bears it), or “done” if nothing is to be booked."))
    elif is_open:
        locked.state = State.EXPLAINED
    locked.closed_at, locked.by = locked.closed_at or now(), by
    locked.save()
    return locked


def _check_open(is_open: bool) -> None:
    """Raise PaymentError if somebody has decided already who bears a row."""
    if not is_open:
        raise PaymentError(_("This money that was taken back is booked already. Load the page again."))


def _credited(row: TakenBack) -> TopUp:
    """Return the top-up that a tenant can bear a row by. Raises PaymentError if there is none, or if the building has had
    another currency since.
    """
    top_up = row.payment.top_up if row.payment is not None else None
    if top_up is None:
        raise PaymentError(
            _(
                "This money can't be taken from a tenant, because its payment was not credited to one. Choose “We bear "
                "the cost”."
            )
        )
    currency = top_up.tenancy.unit.property.currency
    if row.currency != currency:
        raise PaymentError(
            _(
                "This money can't be taken from a tenant, because it is in %(taken)s and the building's currency is now "
                "%(currency)s. Choose “We bear the cost”."
            )
            % {"taken": row.currency, "currency": currency}
        )
    return top_up

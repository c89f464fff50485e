"""The bookings for money that is taken back, and for money that comes back to us after all.

The money leaves the account where it lies, and at once the payer's credit: a debit reaches the meter by the same way as
a payment. If the tenancy is settled, its tenant owes the amount. All of it is part of the caller's transaction.
"""

from __future__ import annotations

from django.utils.translation import gettext_noop

from ...kernel.currencies import minor_unit
from ...kernel.orders import Restore
from ...kernel.sentences import Money, Sentence, sentence
from ...kernel.units import DAY
from ..billing.debt_set_off import set_off
from ..billing.debts import DebtError, owe
from ..billing.models import Debt, DebtPayment
from ..billing.owed import close_rounding, fall, locked, nearest, owe_back, owed_to
from ..billing.spreading import give_share_back
from ..core.time import now
from ..estate.low_steps import is_low
from ..estate.models import Tenancy
from ..ledger.books import Kind, account, balance, book, tenant_account
from ..ledger.models import Account, Transfer
from ..ledger.references import Of, Part, Reference
from ..metering.accounts import account_of
from ..metering.locking import for_update, lock_organisation
from ..metering.models import Meter
from ..vending.adjustments import adjust
from ..vending.controls import control
from ..vending.keypads import lock_keypads
from ..vending.models import PayOut, Refund, TopUp
from ..vending.restorations import restored_until
from .books import clearing, held_left, meter_of
from .models import Payment, TakenBack

BY = "prewatt"
"""The name in the books for what prewatt does by itself."""


def reference(row: TakenBack) -> Reference:
    """Return the reference of the transfer for a row."""
    return Reference(Of.TAKEN_BACK, row.pk)


def lies_in(row: TakenBack) -> Account:
    """Return the account that the money left."""
    if row.merchant is None:
        return account(row.organisation, Kind.BANK)
    return clearing(row.merchant)


def memo(row: TakenBack) -> Sentence:
    """Return the text that the tenant reads of it."""
    text = {
        TakenBack.Cause.REFUND: gettext_noop("%(amount)s went back to the payer"),
        TakenBack.Cause.DISPUTE: gettext_noop("%(amount)s were taken back, as the payer disputes the payment"),
        TakenBack.Cause.RETURN: gettext_noop("%(amount)s were taken back by the bank"),
    }[TakenBack.Cause(row.cause)]
    said = sentence(text, amount=Money(row.amount, row.currency))
    return sentence("%(what)s (%(why)s)", what=said, why=row.reason) if row.reason else said


# -- taken ----------------------------------------------------------------------------------------------------------------


def take_from_held(row: TakenBack, payment: Payment) -> None:
    """Book that money of a held payment was taken back: it is owed to its payer, and now that much less."""
    owed_by = account(row.organisation, Kind.REFUNDS)
    book(Transfer.Kind.REVERSAL, owed_by, lies_in(row), row.amount, now(), reference(row), memo(row), meter_of(payment))
    _done(row)
    row.save()
    if held_left(payment) == 0:
        payment.state = Payment.State.RETURNED
        payment.save(update_fields=["state"])


def pays_refund(row: TakenBack, tenancy: Tenancy) -> bool:
    """Return whether the row is a refund that was decided here and then made in the provider's own pages; if so, book
    it. The tenant has lost that credit already, and the refund is paid by it.
    """
    if row.cause != TakenBack.Cause.REFUND:
        return False
    fits = (
        each
        for each in owed_to(tenancy).exclude(why=Refund.Why.DEPOSIT)
        if nearest(each.left, minor_unit(row.currency)) == row.amount and not each.parts.exists()
    )
    open_refund = next(fits, None)
    if open_refund is None:
        return False
    refund, adjustments = locked(open_refund), account(row.organisation, Kind.ADJUSTMENTS)
    owed_by, meter = account(row.organisation, Kind.REFUNDS), Meter.objects.filter(unit=tenancy.unit_id).first()
    payout = fall(refund, min(row.amount, refund.left), PayOut.Way.PROVIDER, BY, number=row.back_id)
    book(
        Transfer.Kind.REFUND_PAID,
        owed_by,
        lies_in(row),
        payout.amount,
        now(),
        reference(row),
        refund.reason_as_given,
        meter,
    )
    if row.amount > payout.amount:
        rest, of = row.amount - payout.amount, reference(row).and_(Part.ROUNDING)
        book(Transfer.Kind.ADJUSTMENT, adjustments, lies_in(row), rest, now(), of, sentence("rounding"), meter)
    close_rounding(refund, BY)
    row.refund = refund
    _done(row)
    return True


def take_from_tenant(row: TakenBack, top_up: TopUp) -> None:
    """Take the amount off the tenant's credit and the meter. If the property's rules or a settlement keep some of it
    off the meter, that part is a debt.
    """
    # The lock keeps others from booking or sending meanwhile.
    lock_organisation(row.organisation_id)
    meter = (
        for_update(Meter.objects)
        .select_related("gateway__property__organisation")
        .filter(unit=top_up.tenancy.unit_id)
        .first()
    )
    lock_keypads([top_up.tenancy.unit_id])
    tenancy = _tenancy(top_up.tenancy_id)
    if tenancy.settled_at is None and row.amount >= top_up.amount:
        give_share_back(top_up, memo(row))
    left = balance(tenant_account(tenancy))
    row.top_up = top_up
    if tenancy.settled_at is not None:
        row.debited = 0
    elif tenancy.unit.property.back_cuts_off:
        row.debited = row.amount
    else:
        row.debited = min(row.amount, max(left, 0))
    at = _leave(row, tenancy)
    if row.debited and meter is not None:
        _begin_grace(row, tenancy, meter, left - row.debited)
        row.command = adjust(tenancy, -row.debited, reference(row), memo(row), at)
    _done(row)


def take_from_debtor(row: TakenBack, paid: DebtPayment) -> None:
    """Book that a payment of debts was taken back: the amount is owed again."""
    _leave(row, _tenancy(paid.tenancy_id))
    _done(row)


def _tenancy(pk: int) -> Tenancy:
    tenancy: Tenancy = Tenancy.objects.select_related("unit__property__organisation").get(pk=pk)
    return tenancy


def _leave(row: TakenBack, tenancy: Tenancy) -> int:
    """Move the money out of its account and off the tenant's account; what is not debited there is owed. Returns the
    instant of the transfers.
    """
    own, at, text = tenant_account(tenancy), now(), memo(row)
    book(Transfer.Kind.REVERSAL, own, lies_in(row), row.amount, at, reference(row), text)
    if row.amount > row.debited:
        _set_off(owe(tenancy, row.amount - row.debited, reference(row).and_(Part.DEBT), text, at), tenancy)
    return at


def _done(row: TakenBack) -> None:
    row.state, row.booked_at = TakenBack.State.BOOKED, now()
    if row.cause != TakenBack.Cause.DISPUTE:
        # The end of a dispute is still open.
        row.closed_at = row.booked_at


def _set_off(debt: Debt, tenancy: Tenancy) -> None:
    """Pay a new debt at once with what is owed to the same person. If that were paid out first, the debt would stay
    unpaid.
    """
    for refund in owed_to(tenancy):
        if debt.left == 0:
            return
        try:
            set_off(debt, refund, BY)
        except DebtError:
            # The provider is sending it just now.
            continue


def _begin_grace(row: TakenBack, tenancy: Tenancy, meter: Meter, left: int) -> None:
    """Send the grace before the debit, so that the switch does not move: the supply stays on for the days of grace. No
    grace begins if enough credit is surely left, or if the supply was cut off before.
    """
    property_ = tenancy.unit.property
    if not property_.back_grace or account_of(meter).supply.cut_off:
        return
    if left > 0 and not is_low(property_, left, account_of(meter).price(now())) and meter.gateway.is_online:
        return
    row.grace_until = now() + property_.back_grace * DAY
    if restored_until(meter) < row.grace_until:
        control(
            meter, Restore(until=row.grace_until), BY, sentence("days of grace: %(why)s", why=memo(row)), coded=False
        )


def take_as_cost(row: TakenBack) -> None:
    """Book the amount as a cost of the landlord."""
    fees = account(row.organisation, Kind.PROVIDER_FEES)
    meter = meter_of(row.payment) if row.payment is not None else None
    book(Transfer.Kind.FEE, fees, lies_in(row), row.amount, now(), reference(row), memo(row), meter)
    row.state, row.booked_at = TakenBack.State.COST, now()


# -- back to us -----------------------------------------------------------------------------------------------------------


def give_back(row: TakenBack, amount: int) -> None:
    """Book that `amount` nano of money taken back came back to us: it goes to the one from whom it was taken."""
    of, text, lies = (
        reference(row).and_(Part.BACK).numbered(row.returned),
        sentence("came back: %(what)s", what=memo(row)),
        lies_in(row),
    )
    named = reference(row).and_(Part.DEBT)
    debt = Debt.objects.filter(**named._asdict()).first()
    if row.state == TakenBack.State.COST:
        book(Transfer.Kind.FEE, lies, account(row.organisation, Kind.PROVIDER_FEES), amount, now(), of, text)
    elif row.refund is not None:
        owe_back(row.refund.tenancy, amount, Refund.Why.FAILED, lies, of, text, Transfer.Kind.REVERSAL)
    elif row.top_up is not None or debt is not None:
        whose = row.top_up or debt
        assert whose is not None
        _give_to_tenant(row, _tenancy(whose.tenancy_id), debt, amount, of, text)
    else:
        assert row.payment is not None
        owe_back(row.payment.tenancy, amount, Refund.Why.CAME_BACK, lies, of, text, Transfer.Kind.REVERSAL)


def _give_to_tenant(row: TakenBack, tenancy: Tenancy, debt: Debt | None, amount: int, of: Reference, text: str) -> None:
    """Pay the debt of this row first; the rest is credit again, or is owed to a tenant who has moved out."""
    own, at = tenant_account(tenancy), now()
    book(Transfer.Kind.REVERSAL, lies_in(row), own, amount, at, of, text)
    settled = tenancy.settled_at is not None
    owed = amount if settled else min(amount, debt.left) if debt is not None else 0
    if owed:
        refund = owe_back(tenancy, owed, Refund.Why.CAME_BACK, own, of.and_(Part.OWED), text)
        if debt is not None and debt.left:
            set_off(debt, refund, BY)
    if amount > owed:
        adjust(tenancy, amount - owed, of, text, at)

"""What a landlord gives back or gives freely, and takes back: refunds, reversed payments, goodwill, what was charged
wrongly. Each has a reason and a person, one set of transfers in the ledger, and one command to the meter, in one
transaction.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.units import BALANCE_MAX, NANO, parse_money, round_money
from ..estate.models import Tenancy
from ..ledger.books import Kind, account, balance, book, tenant_account
from ..ledger.models import Transfer
from ..metering.models import Meter
from ..time import now
from .adjustments import adjust
from .models import Adjustment, Refund, TopUp
from .top_ups import LARGEST, is_id


class GivingBackError(ValueError):
    """It can't be done; the message, for people, says why. Nothing was changed."""


def _who(by: Any) -> str:
    return by if isinstance(by, str) else str(by.get_username())


def _reason(text: str) -> str:
    if not text.strip():
        raise GivingBackError(_("Say why: it is shown to the tenant."))
    return text.strip()[:150]


def _lock(tenancy: Tenancy) -> Meter | None:
    """The meter's row is the lock: nothing is booked or sent for it meanwhile."""
    if tenancy.settled is not None:
        raise GivingBackError(_("This tenancy is settled: its books are closed."))
    return Meter.objects.select_for_update(of=("self",)).select_related("gateway").filter(unit=tenancy.unit_id).first()


# -- refunds ------------------------------------------------------------------------------------------------------------


def refundable(tenancy: Tenancy) -> int:
    """What is left of a tenant's credit, nano: at most so much can be given back."""
    return max(balance(tenant_account(tenancy)), 0)


@transaction.atomic
def refund(tenancy: Tenancy, amount: int | None, by: Any, reason: str) -> Refund:
    """Give back `amount` (nano; None: all that is left). GivingBackError if that much is not left, or not known to be."""
    meter = _lock(tenancy)
    if meter is not None and not meter.gateway.online:
        raise GivingBackError(_("The building is offline: what is left is not known until it is back."))
    left = refundable(tenancy)
    wanted = left if amount is None else amount
    if not 0 < wanted <= left:
        raise GivingBackError(_("%(left)s is left to be given back.") % {"left": round_money(left)})
    made = Refund.objects.create(tenancy=tenancy, amount=wanted, reason=_reason(reason), at=now(), by=_who(by))
    owed = account(tenancy.unit.property.organisation, Kind.REFUNDS)
    book(Transfer.Kind.REFUND, tenant_account(tenancy), owed, wanted, now(), f"refund {made.pk}", made.reason)
    adjust(tenancy, -wanted, f"refund {made.pk}", _("refund: %(why)s") % {"why": made.reason})
    return made


@transaction.atomic
def pay_out(made: Refund, by: Any, sent: int = 0) -> Refund:
    """The refund has left the landlord's hands, but for `sent` nano of it, which went another way. GivingBackError if it
    had before.
    """
    locked = Refund.objects.select_for_update(of=("self",)).select_related("tenancy__unit__property").get(pk=made.pk)
    if locked.paid is not None:
        raise GivingBackError(_("This refund is paid out already."))
    organisation = locked.tenancy.unit.property.organisation
    owed, received = account(organisation, Kind.REFUNDS), account(organisation, Kind.CASH)
    meter = Meter.objects.filter(unit=locked.tenancy.unit_id).first()
    name = f"refund {locked.pk} paid"
    if locked.amount > sent:
        book(Transfer.Kind.REFUND_PAID, owed, received, locked.amount - sent, now(), name, locked.reason, meter)
    locked.paid, locked.paid_by = now(), _who(by)
    locked.save(update_fields=["paid", "paid_by"])
    return locked


@transaction.atomic
def reverse_top_up(top_up: TopUp, by: Any, reason: str) -> Transfer:
    """Undo a payment that never was (a typing error, a returned transfer) by a counter-entry; the line of a bank statement
    that it came of can be booked again. GivingBackError if it is undone already, or if a payment provider has the money:
    then it is refunded.
    """
    from ..payments.bank import reopen

    why = _reason(reason)
    tenancy = Tenancy.objects.select_related("unit__property__organisation").get(pk=top_up.tenancy_id)
    _lock(tenancy)
    name = f"undo {top_up.pk}"
    if Transfer.objects.filter(credit_id=name).exists():
        raise GivingBackError(_("This payment is undone already."))
    received = Transfer.objects.select_related("debit_account").get(credit_id=top_up.credit_id).debit_account
    if received.kind == Kind.CLEARING:
        raise GivingBackError(_("This was paid at a payment provider: give it back as a refund."))
    memo = f"{why} ({_who(by)})"
    made = book(Transfer.Kind.REVERSAL, tenant_account(tenancy), received, top_up.amount, now(), name, memo)
    adjust(tenancy, -top_up.amount, name, _("payment undone: %(why)s") % {"why": why})
    reopen(top_up)
    return made


# -- credit given freely --------------------------------------------------------------------------------------------------


@transaction.atomic
def give(tenancy: Tenancy, amount: int, adjustment_id: str, by: Any, reason: str) -> Adjustment:
    """Give a tenant credit freely (`amount` nano), or take some (negative), once under an id. Over the organisation's
    limit it waits for a second person. GivingBackError if it can't be.
    """
    _lock(tenancy)
    if not 0 < abs(amount) <= LARGEST:
        raise GivingBackError(_("An amount is not 0, and at most %(most)s.") % {"most": LARGEST // NANO})
    return _propose(tenancy, amount, adjustment_id, by, reason, Adjustment.Kind.GIVEN)


@transaction.atomic
def put_right(
    tenancy: Tenancy, amount: int, adjustment_id: str, by: Any, reason: str, second: bool = True
) -> Adjustment:
    """Put right what was charged to a tenant for energy: too much (`amount` in nano, however large), or too little
    (negative), once under an id. A second person agrees to it: always, or (`second` False) over the organisation's limit.
    GivingBackError if it can't be.
    """
    Meter.objects.select_for_update(of=("self",)).filter(unit=tenancy.unit_id).first()
    if not 0 < abs(amount) <= BALANCE_MAX:
        raise GivingBackError(_("An amount is not 0, and no more than a meter can hold."))
    return _propose(tenancy, amount, adjustment_id, by, reason, Adjustment.Kind.CHARGED, second)


def _propose(
    tenancy: Tenancy, amount: int, adjustment_id: str, by: Any, reason: str, kind: Adjustment.Kind, second: bool = False
) -> Adjustment:
    known = Adjustment.objects.filter(adjustment_id=adjustment_id).first()
    if known is not None:
        if (known.tenancy_id, known.amount, known.kind) != (tenancy.pk, amount, kind):
            raise GivingBackError(_("This id belongs to another adjustment."))
        return known
    if not is_id(adjustment_id):
        raise GivingBackError(_("An id has 1 to 40 printable characters."))
    made = Adjustment.objects.create(
        tenancy=tenancy, adjustment_id=adjustment_id, kind=kind, amount=amount, reason=_reason(reason), at=now(), by=by
    )
    limit = parse_money(str(tenancy.unit.property.organisation.adjustment_limit))
    return made if second or abs(amount) > limit else _carry_out(made)


@transaction.atomic
def decide(made: Adjustment, by: Any, agreed: bool) -> Adjustment:
    """A second person agrees to an adjustment, or declines it. GivingBackError if it is the same person, or decided."""
    locked = (
        Adjustment.objects.select_for_update(of=("self",))
        .select_related("tenancy__unit__property__organisation")
        .get(pk=made.pk)
    )
    if locked.state != Adjustment.State.WAITING:
        raise GivingBackError(_("This is decided already."))
    if agreed and locked.by_id == by.pk:
        raise GivingBackError(_("A second person has to agree: whoever proposed it can only withdraw it."))
    locked.decided_by = by
    if agreed:
        if locked.kind == Adjustment.Kind.GIVEN:
            _lock(locked.tenancy)
        return _carry_out(locked)
    locked.state, locked.decided = Adjustment.State.DECLINED, now()
    locked.save(update_fields=["state", "decided", "decided_by"])
    return locked


def _carry_out(made: Adjustment) -> Adjustment:
    from ..billing.tenancies import close_remainder

    own, charged = tenant_account(made.tenancy), made.kind == Adjustment.Kind.CHARGED
    kind = Kind.ENERGY_REVENUE if charged else Kind.ADJUSTMENTS
    other = account(made.tenancy.unit.property.organisation, kind)
    debit, credit = (other, own) if made.amount > 0 else (own, other)
    name = f"adjustment {made.pk}"
    book(Transfer.Kind.ADJUSTMENT, debit, credit, abs(made.amount), now(), name, made.reason)
    adjust(made.tenancy, made.amount, name, made.reason)
    if charged and made.tenancy.settled is not None:
        close_remainder(made.tenancy, name, made.reason)
    made.state, made.decided = Adjustment.State.DONE, now()
    made.save(update_fields=["state", "decided", "decided_by"])
    return made

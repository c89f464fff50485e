"""What a landlord gives back or gives freely, and takes back: refunds, reversed payments, goodwill, what was charged
wrongly. Each has a reason and a person, one set of transfers in the ledger, and one command to the meter, in one
transaction.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.currencies import format_money
from ...kernel.units import BALANCE_MAX, NANO
from ..billing.remainders import close_remainder
from ..core.people import name_of
from ..core.time import now
from ..estate.models import Tenancy
from ..ledger.books import Kind, account, balance, book, tenant_account
from ..ledger.models import Transfer
from ..ledger.references import OWN, Of, Reference, is_typed
from ..metering.locking import for_update, lock_meters
from ..metering.models import Meter
from ..vending.adjustments import adjust
from ..vending.models import Adjustment, Refund
from ..vending.paid_amounts import LARGEST, as_it_is
from ..vending.refusals import GivingBackError
from ..vending.second_person import is_too_much, lock_books
from .differences import carry_out


def checked_reason(text: str) -> str:
    if not text.strip():
        raise GivingBackError(_("Say why: it is shown to the tenant."), "reason")
    return text.strip()[:150]


def lock_account(tenancy: Tenancy) -> Meter | None:
    """The meter's row is the lock: nothing is booked or sent for it meanwhile."""
    rows = for_update(Meter.objects).select_related("gateway")
    meter = rows.filter(unit=tenancy.unit_id).first()
    as_it_is(tenancy)
    if tenancy.settled_at is not None:
        raise GivingBackError(_("This tenancy is settled: its books are closed."))
    return meter


# -- refunds ------------------------------------------------------------------------------------------------------------


def refundable(tenancy: Tenancy) -> int:
    """What is left of a tenant's credit, nano: at most so much can be given back."""
    return max(balance(tenant_account(tenancy)), 0)


@transaction.atomic
def refund(tenancy: Tenancy, amount: int | None, by: Any, reason: str) -> Refund:
    """Give back `amount` (nano; None: all that is left). GivingBackError if that much is not left, or not known to be."""
    meter = lock_account(tenancy)
    if meter is not None and not meter.gateway.online:
        raise GivingBackError(_("The building is offline: what is left is not known until it is back."))
    left = refundable(tenancy)
    wanted = left if amount is None else amount
    if not 0 < wanted <= left:
        said = {"left": format_money(left, tenancy.unit.property.currency)}
        raise GivingBackError(_("%(left)s is left to be given back.") % said, "amount")
    made = Refund.objects.create(
        tenancy=tenancy, who=tenancy.tenant, amount=wanted, reason=checked_reason(reason), at=now(), by=name_of(by)
    )
    owed, of = account(tenancy.unit.property.organisation, Kind.REFUNDS), Reference(Of.REFUND, made.pk)
    book(Transfer.Kind.REFUND, tenant_account(tenancy), owed, wanted, made.at, of, made.reason)
    adjust(tenancy, -wanted, of, _("refund: %(why)s") % {"why": made.reason}, made.at)
    return made


# -- credit given freely --------------------------------------------------------------------------------------------------


@transaction.atomic
def give(tenancy: Tenancy, amount: int, adjustment_id: str, by: Any, reason: str) -> Adjustment:
    """Give a tenant credit freely (`amount` nano), or take some (negative), once under an id that whoever asks has given.
    Over what one person may give alone (`second_person`) it waits for a second one. GivingBackError if it can't be.
    """
    lock_books(tenancy.unit.property.organisation)
    lock_account(tenancy)
    if not 0 < abs(amount) <= LARGEST:
        raise GivingBackError(_("An amount is not 0, and at most %(most)s.") % {"most": LARGEST // NANO}, "amount")
    return _propose(tenancy, amount, adjustment_id, by, reason, Adjustment.Kind.GIVEN)


@transaction.atomic
def put_right(
    tenancy: Tenancy, amount: int, name: str | Reference, by: Any, reason: str, second: bool = True
) -> Adjustment:
    """Put right what was charged to a tenant for energy: too much (`amount` in nano, however large), or too little
    (negative), once under the id that whoever asks has given, or for what it is of. A second person agrees to it: always,
    or (`second` False) over what one may give alone. GivingBackError if it can't be.
    """
    lock_books(tenancy.unit.property.organisation)
    for_update(Meter.objects).filter(unit=tenancy.unit_id).first()
    as_it_is(tenancy)
    if not 0 < abs(amount) <= BALANCE_MAX:
        raise GivingBackError(_("An amount is not 0, and no more than a meter can hold."), "amount")
    return _propose(tenancy, amount, name, by, reason, Adjustment.Kind.CHARGED, second)


def propose_as_metered(tenancy: Tenancy, amount: int, of: Reference, by: Any, reason: str) -> Adjustment:
    """Take what a meter has (`amount` in nano, negative: has less) into the books, once for what it is of, when a second
    person agrees (`as_metered`). GivingBackError if it can't be.
    """
    lock_books(tenancy.unit.property.organisation)
    lock_account(tenancy)
    return _propose(tenancy, amount, of, by, reason, Adjustment.Kind.METERED, second=True)


def _propose(
    tenancy: Tenancy,
    amount: int,
    name: str | Reference,
    by: Any,
    reason: str,
    kind: Adjustment.Kind,
    second: bool = False,
) -> Adjustment:
    organisation = tenancy.unit.property.organisation
    if isinstance(name, Reference):
        named: dict[str, Any] = name._asdict()
        known = Adjustment.objects.filter(tenancy=tenancy, **named).exclude(state=Adjustment.State.DECLINED).first()
    elif is_typed(name):
        named = {"adjustment_id": name}
        known = Adjustment.objects.filter(organisation=organisation, adjustment_id=name).first()
    else:
        raise GivingBackError(
            _("An id must have 1 to 40 printable characters, and must not begin with %(sign)s.") % {"sign": OWN}
        )
    if known is not None:
        if (known.tenancy_id, known.amount, known.kind) != (tenancy.pk, amount, kind):
            raise GivingBackError(_("This id belongs to another adjustment."))
        return known
    made = Adjustment.objects.create(
        organisation=organisation, tenancy=tenancy, kind=kind, amount=amount, reason=checked_reason(reason), at=now(), by=by,
        **named,
    )  # fmt: skip
    meter = Meter.objects.filter(unit=tenancy.unit_id).first()
    return made if second or is_too_much(organisation, tenancy, meter, amount, by) else _carry_out(made)


@transaction.atomic
def decide(made: Adjustment, by: Any, agreed: bool) -> Adjustment:
    """A second person agrees to an adjustment, or declines it. GivingBackError if it is the same person, or decided."""
    lock_books(made.organisation)
    lock_meters(Meter.objects.filter(unit=made.tenancy.unit_id))
    locked = for_update(Adjustment.objects).select_related("tenancy__unit__property__organisation").get(pk=made.pk)
    if locked.state != Adjustment.State.WAITING:
        raise GivingBackError(_("This is decided already."))
    if agreed and locked.by_id == by.pk:
        raise GivingBackError(_("A second person has to agree. The person who proposed it can only withdraw it."))
    locked.decided_by = by
    if agreed:
        if locked.kind != Adjustment.Kind.CHARGED and locked.tenancy.settled_at is not None:
            raise GivingBackError(_("This tenancy is settled: its books are closed."))
        return _carry_out(locked)
    locked.state, locked.decided_at = Adjustment.State.DECLINED, now()
    locked.save(update_fields=["state", "decided_at", "decided_by"])
    return locked


def _carry_out(made: Adjustment) -> Adjustment:
    if made.kind == Adjustment.Kind.METERED:
        carry_out(made, name_of(made.decided_by))
        made.state, made.decided_at = Adjustment.State.DONE, now()
        made.save(update_fields=["state", "decided_at", "decided_by"])
        return made
    own, charged = tenant_account(made.tenancy), made.kind == Adjustment.Kind.CHARGED
    kind = Kind.ENERGY_REVENUE if charged else Kind.ADJUSTMENTS
    other = account(made.tenancy.unit.property.organisation, kind)
    debit, credit = (other, own) if made.amount > 0 else (own, other)
    of, at = Reference(Of.ADJUSTMENT, made.pk), now()
    book(Transfer.Kind.ADJUSTMENT, debit, credit, abs(made.amount), at, of, made.reason)
    made.command = adjust(made.tenancy, made.amount, of, made.reason, at, coded=True, by=made.by)
    if charged and made.tenancy.settled_at is not None:
        close_remainder(made.tenancy, of, made.reason)
    made.state, made.decided_at = Adjustment.State.DONE, at
    made.save(update_fields=["state", "decided_at", "decided_by", "command"])
    return made

"""Credit that a landlord gives back, gives freely or takes back: refunds, reversed payments, goodwill, wrong charges.
Each has a reason and a person, and makes its transfers and one command to the meter in one transaction.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.limits import most_paid
from ...kernel.sentences import sentence, stored_of
from ...kernel.units import BALANCE_MAX
from ..billing.remainders import close_remainder
from ..core import local_forms
from ..core.errors import label
from ..core.facts import amount_fact, check_same, text_fact
from ..core.people import name_of
from ..core.time import now
from ..estate.models import Tenancy
from ..ledger.books import Kind, account, balance, book, tenant_account
from ..ledger.models import Transfer
from ..ledger.references import Of, Reference
from ..metering.locking import for_update, lock_meters
from ..metering.models import Meter
from ..vending.adjustments import adjust
from ..vending.keypads import lock_keypads
from ..vending.models import Adjustment, KeypadEntry, Refund
from ..vending.paid_amounts import as_it_is, is_payable
from ..vending.refusals import GivingBackError, check_id
from ..vending.second_person import is_too_much, lock_books
from .differences import carry_out
from .keypad_left import carry_out_give_back, entry_of, give_back_reference, not_taken_back

ID = "adjustment_id"
"""What forms and the API call the caller's id of a refund or an adjustment."""


def checked_reason(text: str) -> str:
    """Return a reason without blanks around it, at most 150 characters. Raises GivingBackError if it is empty."""
    if not text.strip():
        raise GivingBackError(_("Give the reason. It is shown to the tenant."), "reason")
    return _as_kept(text)


def _as_kept(reason: str) -> str:
    return reason.strip()[:150]


def lock_account(tenancy: Tenancy) -> Meter | None:
    """Return the meter of a tenancy, locked, so that nothing is booked or sent for it meanwhile; None if it has none.
    Raises GivingBackError if the tenancy is settled.
    """
    rows = for_update(Meter.objects).select_related("gateway")
    meter = rows.filter(unit=tenancy.unit_id).first()
    lock_keypads([tenancy.unit_id])
    as_it_is(tenancy)
    if tenancy.settled_at is not None:
        raise GivingBackError(_("This tenancy is settled: its books are closed."))
    return meter


# -- refunds ------------------------------------------------------------------------------------------------------------


def refundable(tenancy: Tenancy) -> int:
    """Return the most that can be refunded: the tenant's credit, nano, and never below 0."""
    return max(balance(tenant_account(tenancy)), 0)


@transaction.atomic
def refund(
    tenancy: Tenancy, amount: int | None, by: Any, reason: str, refund_id: str | None = None, at_most: int | None = None
) -> Refund:
    """Refund `amount` nano to a tenant; None: all that is left, but no more than `at_most`, which is what was left when a person
    was asked. `refund_id`: the caller's name for it, so that a repeated call changes nothing. Raises GivingBackError if
    less is left, if the building is offline, so that nobody knows what is left, or if the id is of another refund.
    """
    meter = lock_account(tenancy)
    if refund_id is not None and (known := _known_refund(tenancy, refund_id, amount, reason)):
        return known
    if meter is not None and not meter.gateway.is_online:
        raise GivingBackError(
            _("The building is offline: how much credit is left is not known until it is online again.")
        )
    left = refundable(tenancy)
    amount_back = min(left, left if at_most is None else at_most) if amount is None else amount
    if not 0 < amount_back <= left:
        values = {"left": local_forms.money(left, tenancy.unit.property.currency)}
        raise GivingBackError(
            _("Only %(left)s is left. Give back more than 0, and at most what is left.") % values, "amount"
        )
    new_refund = Refund.objects.create(
        tenancy=tenancy,
        who=tenancy.tenant,
        amount=amount_back,
        reason=checked_reason(reason),
        at=now(),
        by=name_of(by),
        refund_id=refund_id,
    )
    refunds, of = account(tenancy.unit.property.organisation, Kind.REFUNDS), Reference(Of.REFUND, new_refund.pk)
    book(Transfer.Kind.REFUND, tenant_account(tenancy), refunds, amount_back, new_refund.at, of, new_refund.reason)
    adjust(tenancy, -amount_back, of, _("refund: %(why)s") % {"why": new_refund.reason}, new_refund.at)
    return new_refund


def _known_refund(tenancy: Tenancy, refund_id: str, amount: int | None, reason: str) -> Refund | None:
    """Return the refund that has this id already; None if there is none. Raises GivingBackError if the id is none, or its
    refund is of another amount or for another reason.
    """
    check_id(refund_id)
    known = Refund.objects.filter(tenancy=tenancy, refund_id=refund_id).first()
    if known is not None:
        given = known.amount if amount is None else amount
        facts = (
            amount_fact(known.amount, given, tenancy.unit.property.currency),
            text_fact(label("reason"), known.reason, _as_kept(reason)),
        )
        check_same(GivingBackError, _("This id belongs to another refund. Use a new id."), ID, facts)
    return known


# -- credit given freely --------------------------------------------------------------------------------------------------


@transaction.atomic
def give(tenancy: Tenancy, amount: int, adjustment_id: str, by: Any, reason: str) -> Adjustment:
    """Give a tenant `amount` nano of credit freely, or take some (negative). `adjustment_id`: the caller's name for it,
    so that a repeated call changes nothing. Above the limit of one person (`second_person`) it waits for a second one.
    Raises GivingBackError, which names the field.
    """
    lock_books(tenancy.unit.property.organisation)
    lock_account(tenancy)
    currency = tenancy.unit.property.currency
    if not is_payable(abs(amount), currency):
        most = local_forms.money(most_paid(currency), currency)
        raise GivingBackError(_("The amount must not be 0, and must be at most %(most)s.") % {"most": most}, "amount")
    return _propose(tenancy, amount, adjustment_id, by, reason, Adjustment.Kind.GIVEN)


@transaction.atomic
def put_right(
    tenancy: Tenancy, amount: int, name: str | Reference, by: Any, reason: str, second: bool = True
) -> Adjustment:
    """Correct a wrong charge for energy: give back what was too much (`amount` in nano), or charge what was too little
    (negative). `name`: the caller's id or the reference of its cause; a repeated call changes nothing. A second person
    agrees: always, or, with `second` False, above the limit of one person. Raises GivingBackError, which names the
    field.
    """
    lock_books(tenancy.unit.property.organisation)
    for_update(Meter.objects).filter(unit=tenancy.unit_id).first()
    as_it_is(tenancy)
    if not 0 < abs(amount) <= BALANCE_MAX:
        raise GivingBackError(_("The amount must not be 0, and must not be more than a meter can hold."), "amount")
    return _propose(tenancy, amount, name, by, reason, Adjustment.Kind.CHARGED, second)


@transaction.atomic
def give_code_back(entry: KeypadEntry, by: Any, reason: str) -> Adjustment:
    """Propose to give back a code that was never typed into its keypad meter: its price becomes the tenant's credit when
    a second person agrees, since nobody can know that it was not typed. Raises GivingBackError, which names the field.
    """
    tenancy = entry.tenancy
    lock_books(tenancy.unit.property.organisation)
    lock_account(tenancy)
    if entry.code is None or not_taken_back(entry) != entry.energy:
        raise GivingBackError(_("This code is given back already, or was settled at the move-out."))
    of, why = give_back_reference(entry), checked_reason(reason)
    text = sentence("code %(code)s was never used: %(why)s", code=entry.code, why=why)
    return _propose(tenancy, entry.charge, of, by, text, Adjustment.Kind.CHARGED, second=True)


def propose_as_metered(tenancy: Tenancy, amount: int, of: Reference, by: Any, reason: str) -> Adjustment:
    """Propose to take a meter's balance into the books: `amount` nano, negative if the meter has less. `of`: its cause;
    a repeated call changes nothing. It is booked when a second person agrees (`as_metered`). Raises GivingBackError if
    the tenancy is settled.
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
        key: dict[str, Any] = name._asdict()
        known = Adjustment.objects.filter(tenancy=tenancy, **key).exclude(state=Adjustment.State.DECLINED).first()
    else:
        check_id(name)
        key = {"adjustment_id": name}
        known = Adjustment.objects.filter(organisation=organisation, adjustment_id=name).first()
    if known is not None:
        _check_same(known, tenancy, amount, kind, reason)
        return known
    adjustment = Adjustment.objects.create(
        organisation=organisation,
        tenancy=tenancy,
        kind=kind,
        amount=amount,
        reason=checked_reason(reason),
        reason_parts=stored_of(reason),
        at=now(),
        by=by,
        **key,
    )
    meter = Meter.objects.filter(unit=tenancy.unit_id).first()
    currency = tenancy.unit.property.currency
    waits = second or is_too_much(organisation, tenancy, meter, amount, currency, by)
    return adjustment if waits else _carry_out(adjustment)


def _check_same(known: Adjustment, tenancy: Tenancy, amount: int, kind: Adjustment.Kind, reason: str) -> None:
    """Raise GivingBackError if a known adjustment is not the one that is asked for."""
    text = _("This id belongs to another adjustment. Use a new id.")
    if (known.tenancy_id, known.kind) != (tenancy.pk, kind):
        raise GivingBackError(text, ID, is_conflict=True)
    facts = [amount_fact(known.amount, amount, tenancy.unit.property.currency)]
    if known.adjustment_id:
        # Otherwise the reason is our own words, which may be of another language by now.
        facts.append(text_fact(label("reason"), known.reason, _as_kept(reason)))
    check_same(GivingBackError, text, ID, facts)


@transaction.atomic
def decide(adjustment: Adjustment, by: Any, agreed: bool) -> Adjustment:
    """Book an adjustment to which a second person agrees, or decline it. Raises GivingBackError if it is the same
    person, or it is decided already.
    """
    lock_books(adjustment.organisation)
    lock_meters(Meter.objects.filter(unit=adjustment.tenancy.unit_id))
    locked = (
        for_update(Adjustment.objects).select_related("tenancy__unit__property__organisation").get(pk=adjustment.pk)
    )
    if locked.state != Adjustment.State.WAITING:
        raise GivingBackError(_("This proposal is decided already."))
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


def _carry_out(adjustment: Adjustment) -> Adjustment:
    if adjustment.kind == Adjustment.Kind.METERED:
        carry_out(adjustment, name_of(adjustment.decided_by))
        adjustment.state, adjustment.decided_at = Adjustment.State.DONE, now()
        adjustment.save(update_fields=["state", "decided_at", "decided_by"])
        return adjustment
    if entry_of(adjustment) is not None:
        carry_out_give_back(adjustment, name_of(adjustment.decided_by))
        if adjustment.tenancy.settled_at is not None:
            close_remainder(adjustment.tenancy, Reference(Of.ADJUSTMENT, adjustment.pk), adjustment.reason_as_given)
        adjustment.state, adjustment.decided_at = Adjustment.State.DONE, now()
        adjustment.save(update_fields=["state", "decided_at", "decided_by"])
        return adjustment
    own, charged = tenant_account(adjustment.tenancy), adjustment.kind == Adjustment.Kind.CHARGED
    kind = Kind.ENERGY_REVENUE if charged else Kind.ADJUSTMENTS
    other = account(adjustment.tenancy.unit.property.organisation, kind)
    debit, credit = (other, own) if adjustment.amount > 0 else (own, other)
    of, at = Reference(Of.ADJUSTMENT, adjustment.pk), now()
    book(Transfer.Kind.ADJUSTMENT, debit, credit, abs(adjustment.amount), at, of, adjustment.reason_as_given)
    adjustment.command = adjust(
        adjustment.tenancy, adjustment.amount, of, adjustment.reason, at, coded=True, by=adjustment.by
    )
    if charged and adjustment.tenancy.settled_at is not None:
        close_remainder(adjustment.tenancy, of, adjustment.reason_as_given)
    adjustment.state, adjustment.decided_at = Adjustment.State.DONE, at
    adjustment.save(update_fields=["state", "decided_at", "decided_by", "command"])
    return adjustment

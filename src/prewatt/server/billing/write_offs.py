"""Debts are written off if a second person agrees."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ..core import local_forms
from ..core.people import name_of
from ..core.time import now
from ..ledger.books import Kind, account
from ..ledger.models import Transfer
from ..metering.locking import for_update
from .debt_parts import lower
from .debts import DebtError, lock_organisation_of
from .models import Debt, DebtPart, WriteOff


@transaction.atomic
def write_off(debt: Debt, by: Any, reason: str, amount: int | None = None) -> WriteOff:
    """Propose to write off `amount` nano of a debt (None: all of it); a second person must agree. Raises DebtError if
    it is more than is owed, or a proposal waits already.
    """
    lock_organisation_of(debt.tenancy)
    left = debt.left
    written = left if amount is None else amount
    if not reason.strip():
        raise DebtError(_("Say why."), "reason")
    if not 0 < written <= left:
        values = {"left": local_forms.money(left, debt.tenancy.unit.property.currency)}
        raise DebtError(_("Only %(left)s of this debt is still owed.") % values, "amount")
    if debt.write_offs.filter(state=WriteOff.State.WAITING).exists():
        raise DebtError(_("A proposal for this debt is already waiting for a second person."))
    return WriteOff.objects.create(debt=debt, amount=written, reason=reason.strip()[:200], at=now(), by=by)


@transaction.atomic
def decide_write_off(proposal: WriteOff, by: Any, agreed: bool) -> WriteOff:
    """Write off a debt to which a second person agrees, or decline. What was paid meanwhile is not written off. Raises
    DebtError if it is the same person, or it is decided already.
    """
    organisation = lock_organisation_of(proposal.debt.tenancy)
    row = for_update(WriteOff.objects).select_related("debt__tenancy__unit__property").get(pk=proposal.pk)
    if row.state != WriteOff.State.WAITING:
        raise DebtError(_("This proposal is decided already."))
    if agreed and row.by_id == by.pk:
        raise DebtError(_("A second person has to agree. The person who proposed it can only withdraw it."))
    part = min(row.amount, row.debt.left)
    row.state = WriteOff.State.DONE if agreed and part else WriteOff.State.DECLINED
    row.decided_at, row.decided_by = now(), by
    row.save(update_fields=["state", "decided_at", "decided_by"])
    if row.state == WriteOff.State.DONE:
        losses = account(organisation, Kind.WRITTEN_OFF)
        lower(row.debt, part, DebtPart.Why.WRITTEN_OFF, losses, Transfer.Kind.WRITTEN_OFF, name_of(by), write_off=row)
    return row

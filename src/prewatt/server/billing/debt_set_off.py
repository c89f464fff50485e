"""A debt is paid with a refund to the same person."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ..core.people import name_of
from ..ledger.books import Kind, account
from ..ledger.models import Transfer
from ..vending.models import PayOut, Refund
from ..vending.refusals import GivingBackError
from .debt_parts import lower
from .debts import DebtError, lock_organisation_of
from .models import Debt, DebtPart
from .owed import fall, locked


@transaction.atomic
def set_off(debt: Debt, refund: Refund, by: Any) -> int:
    """Pay a debt with a refund to the same person, as far as both go. Returns the amount, nano. Raises DebtError if the
    refund is another person's, a provider is sending it, or nothing is left.
    """
    organisation = lock_organisation_of(debt.tenancy)
    if refund.tenancy_id != debt.tenancy_id:
        raise DebtError(_("This refund is owed to another person. Choose a refund of the person who owes the debt."))
    try:
        locked_refund = locked(refund)
    except GivingBackError as error:
        raise DebtError(str(error), error.field) from None
    if locked_refund.parts.filter(sent_at__isnull=True, error="").exists():
        raise DebtError(_("The provider is still sending this refund. Wait for its result first."))
    part = min(debt.left, locked_refund.left)
    if not part:
        raise DebtError(_("This debt is paid already: there is nothing to set off."))
    fall(locked_refund, part, PayOut.Way.SET_OFF, name_of(by))
    refunds = account(organisation, Kind.REFUNDS)
    lower(debt, part, DebtPart.Why.SET_OFF, refunds, Transfer.Kind.DEBT_PAID, name_of(by))
    return part

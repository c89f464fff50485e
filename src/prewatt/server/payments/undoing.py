"""This module undoes a payment that never happened."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ..billing.spreading import give_share_back, lock_spread
from ..core.people import name_of
from ..core.time import now
from ..estate.models import Tenancy
from ..ledger.books import Kind, book, booked, tenant_account
from ..ledger.models import Transfer
from ..ledger.references import Of, Part, Reference
from ..sales.giving_back import checked_reason, lock_account
from ..vending.adjustments import adjust
from ..vending.models import TopUp
from ..vending.refusals import GivingBackError
from .bank import reopen


@transaction.atomic
def reverse_top_up(top_up: TopUp, by: Any, reason: str) -> Transfer:
    """Undo a payment that never happened (a typing error, a returned transfer) by a reversing transfer, which is
    returned. Its bank line can be booked again. Raises GivingBackError if it is undone or taken back already, or if a
    payment provider has the money: then it must be refunded.
    """
    why = checked_reason(reason)
    tenancy = Tenancy.objects.select_related("unit__property__organisation").get(pk=top_up.tenancy_id)
    lock_spread(tenancy)
    lock_account(tenancy)
    of = Reference(Of.TOP_UP, top_up.pk)
    if booked(of.and_(Part.UNDONE)):
        raise GivingBackError(_("This payment is undone already."))
    if top_up.taken_back.exists():
        raise GivingBackError(_("This payment was taken back by the bank already."))
    booking = booked(of.and_(Part.MOVED)) or booked(of)
    if booking is None:
        raise GivingBackError(_("This payment is not in the books, so there is nothing to undo."))
    source, at = booking.debit_account, now()
    if source.kind == Kind.CLEARING:
        raise GivingBackError(_("This was paid at a payment provider: give it back as a refund."))
    memo = f"{why} ({name_of(by)})"
    give_share_back(top_up, memo)
    of = of.and_(Part.UNDONE)
    transfer = book(Transfer.Kind.REVERSAL, tenant_account(tenancy), source, top_up.amount, at, of, memo)
    adjust(tenancy, -top_up.amount, of, _("payment undone: %(why)s") % {"why": why}, at)
    reopen(top_up)
    return transfer

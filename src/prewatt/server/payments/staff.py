"""Money that staff received: cash with a receipt, or a transfer they saw on the bank account."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ..estate.models import Organisation, Tenancy
from ..ledger.books import MONEY, account
from ..vending.models import TopUp
from ..vending.top_ups import TopUpError, check_typed, top_up
from .models import Payment


@transaction.atomic
def record(tenancy: Tenancy, amount: int, credit_id: str, by: Any, receipt: str = "", way: str = "cash") -> TopUp:
    """Credit `amount` nano that was received in cash or by transfer. Of one receipt number there is one payment in an
    organisation. TopUpError if it can't be.
    """
    if way not in MONEY:
        raise TopUpError(_("Money is received in cash or by transfer."))
    receipt = receipt.strip()
    if len(receipt) > 100 or not receipt.isprintable():
        raise TopUpError(_("A receipt number has at most 100 printable characters."))
    check_typed(credit_id)
    organisation = tenancy.unit.property.organisation
    # The organisation's row is the lock: of two with one receipt number, the second finds the first.
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    known = TopUp.objects.filter(organisation=organisation, receipt=receipt).exclude(credit_id=credit_id).first()
    if receipt and known is not None:
        raise TopUpError(
            _("Receipt %(number)s was recorded already, for %(who)s.") % {"number": receipt, "who": known.tenancy}
        )
    if Payment.objects.filter(merchant__organisation=organisation, payment_id=credit_id).exists():
        raise TopUpError(_("The id %(id)s is that of a payment at a provider.") % {"id": credit_id})
    made = top_up(tenancy, amount, credit_id, by, receipt, source=account(organisation, MONEY[way]))
    if receipt and not made.receipt:
        made.receipt = receipt
        made.save(update_fields=["receipt"])
    return made

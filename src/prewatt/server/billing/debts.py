"""What tenants owe beside what their meters hold: each debt has who and since when, and falls by parts.

The books' account of debts is at each moment the sum of what is left of all debts.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Coalesce

from ..estate.models import Organisation, Tenancy
from ..ledger.books import Kind, account, book, tenant_account
from ..ledger.models import Transfer
from ..ledger.references import Reference
from .models import Debt


class DebtError(ValueError):
    """It can't be done; the message, for people, says why. Nothing was changed."""


@transaction.atomic
def owe(tenancy: Tenancy, amount: int, reference: Reference, memo: str, at: int) -> Debt:
    """From an instant on the tenant owes `amount` nano beside the meter: the tenancy's account grows by as much, so that
    nothing goes to the meter for it. `reference` names the transfer; asked twice under one, it is one debt.
    """
    # The organisation's row is the lock: of two under one reference, the second finds the first's debt.
    Organisation.objects.select_for_update().get(pk=tenancy.unit.property.organisation_id)
    known = Debt.objects.filter(of=reference.of, number=reference.number, part=reference.part).first()
    if known is not None:
        return known
    debts = account(tenancy.unit.property.organisation, Kind.DEBTS)
    book(Transfer.Kind.DEBT, debts, tenant_account(tenancy), amount, at, reference, memo)
    return Debt.objects.create(
        tenancy=tenancy, who=tenancy.tenant, amount=amount, memo=memo[:200], since=at, **reference._asdict()
    )


def open_debts(organisation: Organisation) -> QuerySet[Debt]:
    """What is owed to an organisation still, the oldest first."""
    rows = Debt.objects.filter(tenancy__unit__property__organisation=organisation)
    return _still(rows).select_related("tenancy__unit__property__organisation")


def debts_of(tenancy: Tenancy) -> QuerySet[Debt]:
    """What a tenant owes still, the oldest first."""
    return _still(Debt.objects.filter(tenancy=tenancy))


def _still(rows: QuerySet[Debt]) -> QuerySet[Debt]:
    return rows.annotate(paid=Coalesce(Sum("parts__amount"), 0)).filter(paid__lt=F("amount"))

"""The debts that are still owed."""

from __future__ import annotations

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from ..core.time import now
from ..estate.models import Organisation, Tenancy
from .models import Debt


def open_debts(organisation: Organisation) -> QuerySet[Debt]:
    """Return the debts that are owed to an organisation, the oldest first."""
    rows = Debt.objects.filter(tenancy__unit__property__organisation=organisation)
    return _still(rows).select_related("tenancy__unit__property__organisation")


def creditable(rows: QuerySet[Tenancy]) -> QuerySet[Tenancy]:
    """Return those of some tenancies that money can be credited to: of tenants who live there or come, and of those who have
    moved out and still owe.
    """
    owing = _still(Debt.objects.filter(tenancy__in=rows.values("pk"))).values("tenancy")
    return rows.filter(Q(ends__isnull=True) | Q(ends__gt=now()) | Q(pk__in=owing))


def debts_of(tenancy: Tenancy) -> QuerySet[Debt]:
    """Return the debts that a tenant still owes, the oldest first."""
    return _still(Debt.objects.filter(tenancy=tenancy)).select_related("tenancy__unit__property__organisation")


def _still(rows: QuerySet[Debt]) -> QuerySet[Debt]:
    holds = Q(parts__payment__undone_at__isnull=True, parts__undone_at__isnull=True)
    summed = rows.annotate(paid=Coalesce(Sum("parts__amount", filter=holds), 0)).filter(paid__lt=F("amount"))
    # A query that sums leaves the model's own order out.
    return summed.order_by("since", "id")


def pays_debts(tenancy: Tenancy) -> bool:
    """Return whether money for a tenancy can only pay its debts: the tenancy has ended and owes something."""
    return tenancy.ends is not None and tenancy.ends <= now() and debts_of(tenancy).exists()


def came_late(tenancy: Tenancy) -> bool:
    """Return whether money for a tenancy can buy no energy any more: it has ended and owes something, or it is settled.
    The money then pays the debts, and the rest is owed back.
    """
    return pays_debts(tenancy) or Tenancy.objects.filter(pk=tenancy.pk, settled_at__isnull=False).exists()

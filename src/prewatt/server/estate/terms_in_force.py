"""Which terms of payment hold for a tenancy, and how far its account may go under zero."""

from __future__ import annotations

from .models import Tenancy
from .terms import Lowering, Terms


def terms_of(tenancy_pk: int) -> Terms | None:
    """Return the terms that hold for a tenancy; None: it pays before use, as from the start."""
    rows = Terms.objects.filter(tenancy=tenancy_pk, applied_at__isnull=False).select_related("tenancy__unit__property")
    return rows.order_by("-applied_at", "-pk").first()


def waiting_terms(tenancy_pk: int) -> Terms | None:
    """Return the terms that will hold later, or as soon as the building is online; None if there are none."""
    return Terms.objects.filter(tenancy=tenancy_pk, applied_at__isnull=True, ended_at__isnull=True).first()


def open_lowering(terms: Terms | None) -> Lowering | None:
    """Return the lowered limit of overdue bills that is still in force; None if there is none."""
    return terms.lowerings.filter(ended_at__isnull=True).first() if terms is not None else None


def holder_of(unit_pk: int, at: int) -> int | None:
    """Return the primary key of the tenancy to which the balance at a unit's meter belongs: the earliest that has begun
    and is not settled. None if there is none.
    """
    rows = Tenancy.objects.filter(unit=unit_pk, begins__lte=at, settled_at__isnull=True).order_by("begins")
    return rows.values_list("pk", flat=True).first()


def limit_at(unit_pk: int, at: int) -> tuple[int, bool] | None:
    """Return how far (nano) the account of a unit's meter may go under zero, and whether the supply ends there; None if
    electricity is paid before use, or nobody holds the account.
    """
    holder = holder_of(unit_pk, at)
    terms = terms_of(holder) if holder is not None else None
    if terms is None or not terms.is_postpaid:
        return None
    lowered = open_lowering(terms)
    return (int(lowered.limit), True) if lowered is not None else (int(terms.limit), bool(terms.limit_cuts))

"""Whose login is that of a tenant: the one place that says which tenancies a login belongs to."""

from __future__ import annotations

from typing import Any

from ..estate.models import Tenancy
from ..estate.tenancies import TenancyQuerySet


def tenancies_of_login(user: Any) -> TenancyQuerySet:
    """Return the tenancies that a login belongs to, also those that are over, with their units and properties. Somebody who
    is not logged in has none.
    """
    rows: TenancyQuerySet = Tenancy.objects.select_related("unit__property__organisation")
    return rows.filter(user=user.pk) if user.pk is not None else rows.none()


def is_tenant_of(user: Any, tenancy: Tenancy) -> bool:
    """Return whether a login is that of the tenant of a tenancy, also of one that is over."""
    return user.pk is not None and tenancy.user_id == user.pk

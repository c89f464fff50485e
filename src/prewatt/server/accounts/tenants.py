"""The one place that says which tenancies a login belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..estate.models import Tenancy
from ..estate.tenancies import TenancyQuerySet

if TYPE_CHECKING:
    from .keys import ApiKey


def tenancies_of_login(user: Any) -> TenancyQuerySet:
    """Return the tenancies that a login belongs to, also those that are over, with their units and properties. Somebody
    who is not logged in has none. A program that acts by a key has those that the key opens; a key for chosen rights
    opens none.
    """
    rows: TenancyQuerySet = Tenancy.objects.select_related("unit__property__organisation")
    key: ApiKey | None = getattr(user, "api_key", None)
    if user.pk is None or (key is not None and key.scope == key.Scope.CHOSEN):
        return rows.none()
    if key is not None and key.organisation_id is not None:
        rows = rows.filter(unit__property__organisation=key.organisation_id)
    return rows.filter(people=user.pk)


def is_tenant_of(user: Any, tenancy: Tenancy) -> bool:
    """Return whether a login belongs to a tenancy, also to one that is over."""
    return tenancies_of_login(user).filter(pk=tenancy.pk).exists()

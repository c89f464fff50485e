"""Where notices lead to."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from ..core.addresses import public
from ..core.time import now
from ..estate.models import Resident, Tenancy


def page_of_flat(tenancy: Tenancy, name: str = "tenant:home:tenancy", **given: Any) -> str:
    """Return the address of a page of a flat for its tenants. It names the flat only if somebody of it has another one too:
    without that it is shorter, and an SMS is paid by its length.
    """
    others = Resident.objects.filter(user__in=tenancy.people.values("pk")).exclude(tenancy=tenancy.pk)
    if others.filter(tenancy__in=Tenancy.objects.not_over(now()).values("pk")).exists():
        given["tenancy"] = tenancy.pk
    return public(reverse(name, kwargs=given))

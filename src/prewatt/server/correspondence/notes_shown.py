"""The manager's notes as the tenants' pages show them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..core.time import now
from ..estate.models import Tenancy
from ..notices.languages import ENGLISH
from .models import NoteTo

SHOWN = 10
"""The most notes that a tenant's page shows."""


@dataclass(frozen=True)
class Shown:
    """A note as its tenant reads it."""

    title: str
    text: str
    at: int
    is_urgent: bool
    new: bool


def notes_for(tenancies: Iterable[Tenancy], look: bool = False) -> list[Shown]:
    """Return the last notes to a tenant, in their language, the latest first. `look`: they are shown on the tenant's
    page now, and count as seen.
    """
    rows = list(
        NoteTo.objects.filter(tenancy__in=tenancies)
        .select_related("note", "tenancy__recipient")
        .order_by("-note__at", "-pk")[:SHOWN]
    )
    if look and (new := [each.pk for each in rows if each.seen_at is None]):
        NoteTo.objects.filter(pk__in=new, seen_at=None).update(seen_at=now())
    return [
        Shown(*each.note.words(_language(each.tenancy)), each.note.at, each.note.is_urgent, each.seen_at is None)
        for each in rows
    ]


def _language(tenancy: Tenancy) -> str:
    recipient = getattr(tenancy, "recipient", None)
    return str(recipient.language) if recipient is not None else ENGLISH

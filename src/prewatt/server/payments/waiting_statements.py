"""Statements that wait until a person has described their table."""

from __future__ import annotations

from typing import Any

from ..core.time import now
from ..estate.models import Organisation
from .models import WaitingStatement


def keep_waiting(organisation: Organisation, content: bytes, by: Any) -> None:
    """Store a file until its person has said what its columns are. An earlier waiting file of this
    person is deleted.
    """
    WaitingStatement.objects.update_or_create(
        organisation=organisation, by=by, defaults={"content": content, "at": now()}
    )


def waiting(organisation: Organisation, by: Any) -> bytes | None:
    """Return the file that waits for a person; None if there is none."""
    row = WaitingStatement.objects.filter(organisation=organisation, by=by).first()
    return bytes(row.content) if row else None


def forget_waiting(organisation: Organisation, by: Any) -> None:
    """Delete the file that waits for a person: it was read, or the person gave it up."""
    WaitingStatement.objects.filter(organisation=organisation, by=by).delete()

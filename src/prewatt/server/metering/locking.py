"""Rows are locked in one order, so that no two wait for each other: first the organisation's, then the property's, the
gateway's, the meters' by their numbers, then all else. Who comes to an earlier one by a later one (from a payment to its
organisation) reads the later one without a lock, takes the earlier lock, and then reads anew, under its own lock, what is
decided by.

What is locked is a row and not its key (`FOR NO KEY UPDATE`): rows that refer to it can be added meanwhile, or whoever adds one
would wait for it, out of order. SQLite has one writer: there nothing is locked.
"""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Manager, Model, QuerySet

from ..estate.models import Organisation
from .models import Meter

Row = TypeVar("Row", bound=Model)


def for_update(rows: Manager[Row] | QuerySet[Row], skip_locked: bool = False) -> QuerySet[Row]:
    """These rows, locked as they are read, until the transaction ends; `skip_locked`: without those that are locked."""
    return rows.select_for_update(of=("self",), no_key=True, skip_locked=skip_locked)


def lock_organisation(pk: int) -> Organisation:
    """An organisation, locked: whoever books money so that it has to agree with other bookings does it one at a time."""
    return for_update(Organisation.objects).get(pk=pk)


def lock_meters(rows: Manager[Meter] | QuerySet[Meter]) -> list[Meter]:
    """Meters, locked: nothing is booked or sent for them meanwhile."""
    return list(for_update(rows).order_by("pk"))

"""Rows are locked in one order, so that no two transactions wait for each other: first the organisation's, then the
property's, the gateway's, the meters' by their numbers, then all others.

A transaction may find an earlier row only through a later one, such as an organisation through a payment. It reads the
later row without a lock, and takes the earlier lock. Then it locks the later row, and reads again what it decides by.
What is locked is the row and not its key (`FOR NO KEY UPDATE`): rows that refer to it can be added meanwhile; otherwise
a transaction that adds one would wait for it, out of order. SQLite has one writer: there nothing is locked.
"""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Manager, Model, QuerySet

from ..estate.models import Organisation, Property
from .models import Meter

Row = TypeVar("Row", bound=Model)


def for_update(rows: Manager[Row] | QuerySet[Row], skip_locked: bool = False) -> QuerySet[Row]:
    """Return these rows, locked as they are read, until the transaction ends. `skip_locked`: leave out rows that are
    locked.
    """
    return rows.select_for_update(of=("self",), no_key=True, skip_locked=skip_locked)


def lock_organisation(pk: int) -> Organisation:
    """Lock and return an organisation, so that bookings of money that must agree are made one at a time."""
    return for_update(Organisation.objects).get(pk=pk)


def lock_property(pk: int) -> Property:
    """Lock and return a property, so that what holds for all of it, such as its tariffs and meters, is decided one at a time."""
    return for_update(Property.objects).get(pk=pk)


def lock_meters(rows: Manager[Meter] | QuerySet[Meter]) -> list[Meter]:
    """Lock and return meters: nothing is booked or sent for them meanwhile."""
    return list(for_update(rows).order_by("pk"))

"""Keeps true all that the first page shows. The worker does it; where no worker runs, whoever opens a page does it."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.db.models import F, QuerySet, Subquery

from ...kernel.units import MINUTE, SECOND
from ..core.time import system_now
from ..estate.models import Organisation, Property
from ..metering.models import Worker
from .models import Keeping, Summary
from .money import keep_money
from .places import keep_places
from .to_do import keep_to_do

log = logging.getLogger("prewatt.server")
FRESH = 15 * SECOND
"""A page looks at nothing itself if the worker has done so within this time (µs)."""
OFTEN, SLOWLY = 10 * SECOND, 10 * MINUTE
"""The times (µs) between two looks at what is to be done: at what is found quickly, and at what takes long."""
SHARE = 20
"""The worker rests this many times as long as its last look took, and so leaves most of a core to others."""
ENOUGH = 2000
"""The most places that the worker works out in one go."""


def summaries(properties: QuerySet[Property]) -> list[Summary]:
    """Return the summaries of properties. If the worker has not looked just now, what has changed is worked out first;
    if the database refuses that, the rows are returned as they were stored.
    """
    rows = _kept(properties)
    if rows and rows[0].kept_at is not None and abs(system_now() - rows[0].kept_at) < FRESH:
        return rows
    try:
        _keep({each.pk: each for each in properties})
    except (DatabaseError, InterfaceError) as error:
        log.warning("the first page shows what was kept: %s", error)
        return rows
    return _kept(properties)


def _kept(properties: QuerySet[Property]) -> list[Summary]:
    # Not the properties themselves, which have many columns: this is asked for with each page.
    read: dict[str, Any] = {
        "name": F("property__name"),
        "organisation": F("property__organisation"),
        "kept_at": Subquery(Keeping.objects.filter(pk=1).values("at")),
        "headend_at": Subquery(Worker.objects.order_by("-beat_at").values("beat_at")[:1]),
    }
    return list(Summary.objects.filter(property__in=properties).annotate(**read))


def _keep(rows: dict[int, Property]) -> None:
    keep_places(list(rows))
    keep_money(list(rows), None)
    keep_to_do(Organisation.objects.filter(pk__in={each.organisation_id for each in rows.values()}))


class Keeper:
    """The worker's part. It remembers until when it rests, by the system's clock (µs)."""

    def __init__(self) -> None:
        self._rest_until = self._said_at = self._quick_at = self._slow_at = 0

    def keep(self) -> None:
        """Work out what has changed in all properties. While the worker rests after the last time (`SHARE`), do nothing
        but give the sign of life.
        """
        began = system_now()
        if began >= self._rest_until:
            used = time.thread_time()
            is_done = self._look(began)
            # What is to be worked out for the first time is waited for.
            self._rest_until = began + int((time.thread_time() - used) * SHARE * SECOND) if is_done else began
        if began >= self._said_at + FRESH // 3:
            Keeping.objects.filter(pk=1).update(at=system_now())
            self._said_at = began

    def _look(self, began: int) -> bool:
        """Work out what has moved. Returns whether that is all."""
        everywhere: Collection[int] = list(Property.objects.values_list("pk", flat=True))
        is_done = keep_places(everywhere, ENOUGH)[1]
        if began < self._quick_at:
            return is_done
        keeping, _is_new = Keeping.objects.get_or_create(pk=1)
        slow = began >= self._slow_at
        keep_money(everywhere, keeping)
        keep_to_do(Organisation.objects.all(), slow)
        keeping.save(update_fields=["top_up", "debt_payment", "day"])
        self._quick_at = began + OFTEN
        self._slow_at = began + SLOWLY if slow else self._slow_at
        return is_done

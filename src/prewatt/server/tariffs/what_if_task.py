"""Comparing tariffs on the use of a year: at once, or for a large property as a task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError

from ...kernel.names import natural
from ...kernel.tariff import TariffError
from ...kernel.units import DAY
from ..core.time import now
from ..estate.models import Property
from ..metering.models import JournalEntry
from ..tasks.models import Task
from ..tasks.outcomes import Outcome, Progress, TaskError
from .homes import YEAR, what_if
from .last_month import last_month
from .models import Tariff
from .reading import read_document

WHAT_IF = "what-if"
MANY = 200_000
"""More readings than these are compared as a task. As many are a year of 24 homes by the hour, and take half a second."""


def is_large(property_: Property, days: int = YEAR // DAY) -> bool:
    """Return whether a property has more than `MANY` readings in its last `days`, so that a comparison is a task."""
    rows = JournalEntry.objects.filter(
        meter__unit__property=property_, register__isnull=False, at__gte=now() - days * DAY
    )
    return rows[: MANY + 1].count() > MANY


def compare_tariffs(task: Task, progress: Progress) -> Outcome:  # noqa: ARG001
    """Compare tariffs for the page. `given`: the numbers of the `property` and of the `tariffs`, or the `document` of one
    that is being made, whose last month is told. Raises TaskError if they cannot be compared.
    """
    property_ = Property.objects.get(pk=task.given["property"], organisation=task.organisation_id)
    if "document" in task.given:
        return Outcome(told_last_month(property_, task.given["document"]))
    others = Tariff.objects.in_bulk(task.given["tariffs"])
    try:
        return Outcome(compared(property_, [others[pk] for pk in task.given["tariffs"] if pk in others]))
    except (TariffError, ValidationError) as error:
        raise TaskError(" ".join(error.messages) if isinstance(error, ValidationError) else str(error)) from None


def told_last_month(property_: Property, document: dict[str, Any]) -> dict[str, Any]:
    """Return, for the editor, the `document` of a tariff that is being made, and what the last month would have cost under it
    (`month`), or why that can't be said (`refused`). Raises TaskError if the document is no tariff.
    """
    facts: dict[str, Any] = {"property": property_.pk, "document": document}
    try:
        tariff = read_document(document, zone=property_.zone, currency=property_.currency)
    except TariffError as error:
        raise TaskError(str(error)) from None
    try:
        return {**facts, "month": last_month(property_, tariff)}
    except TariffError as error:
        return {**facts, "month": {}, "refused": str(error)}


def compared(property_: Property, others: Sequence[Tariff]) -> dict[str, Any]:
    """Return how the last year's use of a property would have been charged by its present tariff and by others, as JSON
    values that the page shows. Raises TariffError or ValidationError if they cannot be compared.
    """
    comparison = what_if(property_, [each.kernel() for each in others])
    count = range(len(comparison.tariffs))
    hours = [comparison.by_hour(index) for index in count]
    most = max((cost for column in hours for _, cost in column), default=0) or 1
    return {
        "property": property_.pk,
        "begins": comparison.begins,
        "ends": comparison.ends,
        "tariffs": [
            {
                "name": tariff.name,
                "total": comparison.total(index),
                "more": comparison.total(index) - comparison.total(0),
                "rates": list(comparison.by_rate(index).items()),
            }
            for index, tariff in enumerate(comparison.tariffs)
        ],
        "homes": [
            {
                "name": home,
                "cells": [
                    (comparison.ratings[index][home].charge, comparison.difference(index, home)) for index in count
                ],
            }
            for home in sorted(comparison.ratings[0], key=natural)
        ],
        "hours": [
            {
                "hour": f"{hour:02}",
                "energy": hours[0][hour][0],
                "costs": [(hours[index][hour][1], 100 * hours[index][hour][1] // most, index) for index in count],
            }
            for hour in range(24)
        ],
    }

"""The books of many transfers, exported as a task."""

from __future__ import annotations

from datetime import date

from ...tables.export import as_file
from ..estate.models import Organisation
from ..tasks.models import Task
from ..tasks.outcomes import Outcome, Progress
from .beancount import to_beancount
from .exports import to_csv
from .models import Transfer
from .rows import rows

BOOKS = "books"
MANY = 10_000
"""The books of more transfers than this (about a second of work) are exported as a task."""
CSV, BEANCOUNT = "csv", "beancount"


def is_large(organisation: Organisation) -> bool:
    """Return whether the books have so many transfers that an export is a task."""
    return Transfer.objects.filter(debit_account__organisation=organisation)[: MANY + 1].count() > MANY


def exported(organisation: Organisation, first: date, last: date, form: str) -> Outcome:
    """Return the books of the days from `first` to `last` as a file: `csv` or `beancount`."""
    span = rows(organisation, first, last)
    name = f"books-{first}-{last}.{form}"
    if form == BEANCOUNT:
        return Outcome(content=to_beancount(organisation, span).encode(), type_="text/plain; charset=utf-8", name=name)
    return Outcome(content=as_file(to_csv(span)), type_="text/csv; charset=utf-8", name=name)


def export_books(task: Task, progress: Progress) -> Outcome:  # noqa: ARG001
    """Return the books as a file. `given`: the days `first` and `last`, and the `form`."""
    first, last = (date.fromisoformat(task.given[name]) for name in ("first", "last"))
    return exported(task.organisation, first, last, task.given["form"])

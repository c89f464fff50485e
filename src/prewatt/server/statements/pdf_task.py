"""A statement of many days as PDF, drawn as a task."""

from __future__ import annotations

from datetime import date, timedelta

from django.utils.translation import gettext as _

from ..tasks.models import Task
from ..tasks.outcomes import Outcome, Progress, TaskError
from .pdf import PdfError, to_pdf
from .statement import days, statement

PAPER = "statement-pdf"
LONG = timedelta(days=62)
"""The statement of more days than these is drawn as a task; that of a month takes a third of a second."""


def draw_statement(task: Task, progress: Progress) -> Outcome:  # noqa: ARG001
    """Return the statement of a tenancy as PDF. `given`: the days `first` and `last`. Raises TaskError if no PDF can be
    made here.
    """
    tenancy = task.tenancy
    if tenancy is None:
        raise TaskError(_("a statement needs a tenancy, and none was given"))
    first, last = (date.fromisoformat(task.given[name]) for name in ("first", "last"))
    try:
        content = to_pdf(statement(tenancy, *days(tenancy, first, last)))
    except PdfError as error:
        raise TaskError(str(error)) from None
    return Outcome(content=content, type_="application/pdf", name=f"statement-{tenancy.pk}-{first}-{last}.pdf")

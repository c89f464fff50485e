"""The statements of all flats of a property for some days: as one file to be printed, or sent by e-mail, as tasks."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date

from django.utils.translation import gettext as _

from ...kernel.calendar import zone
from ...kernel.names import natural
from ...kernel.span import Span
from ..estate.models import Property, Tenancy
from ..tasks.models import Task
from ..tasks.queueing import Outcome, Progress, TaskError
from .pdf import PdfError, to_one_pdf
from .statement import Statement, days, statement

PAPERS = "statements"
BUNDLE = 50
"""So many statements are one PDF; more flats are several of them, in a ZIP."""


def tenancies_in(property_: Property, first: date, last: date) -> list[Tenancy]:
    """Return the tenancies of a property that hold in some days, by the flats' names."""
    span = Span.of_days(first, last, zone(property_.zone))
    rows = Tenancy.objects.within(span.begins, span.ends).filter(unit__property=property_)
    related = rows.select_related("unit__property__organisation")
    return sorted(related, key=lambda each: (natural(each.unit.name), each.begins))


def span_of(task: Task) -> tuple[Property, date, date]:
    """Return what a task is asked for: `property`, and the days `first` and `last`."""
    property_ = Property.objects.select_related("organisation").get(pk=task.given["property"])
    first, last = (date.fromisoformat(task.given[name]) for name in ("first", "last"))
    return property_, first, last


def draw_statements(task: Task, progress: Progress) -> Outcome:
    """Return the statements of a property's flats as a file. Raises TaskError if nobody lived there, or no PDF can be made
    here.
    """
    property_, first, last = span_of(task)
    tenancies = tenancies_in(property_, first, last)
    if not tenancies:
        raise TaskError(_("Nobody lived there in these days."))
    name = f"statements-{first:%Y-%m}"
    try:
        bundles = list(_bundles(tenancies, first, last, progress))
    except PdfError as error:
        raise TaskError(str(error)) from None
    if len(bundles) == 1:
        return Outcome(content=bundles[0], type_="application/pdf", name=f"{name}.pdf")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for number, content in enumerate(bundles, 1):
            file.writestr(f"{name}-{number}.pdf", content)
    return Outcome(content=packed.getvalue(), type_="application/zip", name=f"{name}.zip")


def _bundles(tenancies: list[Tenancy], first: date, last: date, progress: Progress) -> Iterator[bytes]:
    bundle: list[Statement] = []
    for number, tenancy in enumerate(tenancies, 1):
        bundle.append(statement(tenancy, *days(tenancy, first, last)))
        progress(number, len(tenancies))
        if len(bundle) == BUNDLE or number == len(tenancies):
            yield to_one_pdf(bundle)
            bundle = []

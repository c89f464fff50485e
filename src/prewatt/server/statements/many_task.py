"""The statements for some days of all flats of a property, or of chosen ones, as tasks: one PDF to be printed, a PDF for
each, or e-mails (`notices.statements_task`).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ...kernel.calendar import zone
from ...kernel.names import natural
from ...kernel.span import Span
from ..estate.models import Property, Tenancy
from ..tasks.models import Task
from ..tasks.outcomes import Outcome, Progress, TaskError
from .pdf import PdfError, to_one_pdf
from .statement import Statement, days, statement

PAPERS = "statements"
BUNDLE = 50
"""The most statements in one PDF. More statements are several PDFs, in a ZIP."""
EACH = "each"
"""What a task is given as `files` if each statement is a PDF of its own, in a ZIP."""


def held_in(property_: Property, first: date, last: date) -> QuerySet[Tenancy]:
    """Return the tenancies of a property that hold in some days, in no order."""
    span = Span.of_days(first, last, zone(property_.zone))
    return Tenancy.objects.within(span.begins, span.ends).filter(unit__property=property_)


def tenancies_in(property_: Property, first: date, last: date) -> list[Tenancy]:
    """Return the tenancies of a property that hold in some days, by the flats' names."""
    related = held_in(property_, first, last).select_related("unit__property__organisation")
    return sorted(related, key=lambda each: (natural(each.unit.name), each.begins))


def span_of(task: Task) -> tuple[Property, date, date]:
    """Return what a task is asked for: `property`, and the days `first` and `last`."""
    property_ = Property.objects.select_related("organisation").get(pk=task.given["property"])
    first, last = (date.fromisoformat(task.given[name]) for name in ("first", "last"))
    return property_, first, last


def meant_by(task: Task) -> list[Tenancy]:
    """Return the tenancies whose statements a task is asked for, by the flats' names: those that held in its days, of the flats
    `units` alone if it names some, and of the tenancies `tenancies` alone if it names some.
    """
    units, tenancies = task.given.get("units"), task.given.get("tenancies")
    rows = tenancies_in(*span_of(task))
    return [each for each in rows if (not units or each.unit_id in units) and (not tenancies or each.pk in tenancies)]


def draw_statements(task: Task, progress: Progress) -> Outcome:
    """Return statements as a file. Raises TaskError if nobody lived there, or no PDF can be made here."""
    _property, first, last = span_of(task)
    tenancies = meant_by(task)
    if not tenancies:
        raise TaskError(_("Nobody lived there in these days."))
    name, is_each = f"statements-{first:%Y-%m}", task.given.get("files") == EACH
    try:
        bundles = list(_bundles(tenancies, first, last, 1 if is_each else BUNDLE, progress))
    except PdfError as error:
        raise TaskError(str(error)) from None
    if len(bundles) == 1 and not is_each:
        return Outcome(content=bundles[0], type_="application/pdf", name=f"{name}.pdf")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for number, content in enumerate(bundles, 1):
            file.writestr(_name(tenancies[number - 1], first) if is_each else f"{name}-{number}.pdf", content)
    return Outcome(content=packed.getvalue(), type_="application/zip", name=f"{name}.zip")


def _name(tenancy: Tenancy, first: date) -> str:
    """Return the name of the file of one statement, which no other has."""
    return re.sub(r"[^\w .-]", "_", f"{tenancy.unit.name} {first:%Y-%m} {tenancy.pk}.pdf")


def _bundles(tenancies: list[Tenancy], first: date, last: date, most: int, progress: Progress) -> Iterator[bytes]:
    """Yield PDFs of at most so many statements."""
    bundle: list[Statement] = []
    for number, tenancy in enumerate(tenancies, 1):
        bundle.append(statement(tenancy, *days(tenancy, first, last)))
        progress(number, len(tenancies))
        if len(bundle) == most or number == len(tenancies):
            yield to_one_pdf(bundle)
            bundle = []

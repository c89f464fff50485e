"""The statements of a month for many flats, as one file with a PDF for each."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ...kernel.calendar import zone
from ...kernel.span import Span
from ..accounts.rights import Right
from ..estate.models import Property, Tenancy
from ..statements.pdf import PdfError, to_pdf
from ..statements.statement import days, month, statement
from ..tasks.queueing import Outcome, Progress, TaskError
from .acts import Act, Planned
from .flats import Batch, CantBe, Flat


class Statements(Act):
    """Of each flat the statements of all who lived there in a month."""

    do = "statements"
    right = Right.SEE_MONEY

    def read(self, property_: Property, given: Mapping[str, str]) -> dict[str, Any]:  # noqa: ARG002
        """Return the month, such as 2025-10."""
        try:
            first, _last = month(given.get("month", ""))
        except ValueError as error:
            raise ValidationError({"month": str(error)}) from None
        return {"month": f"{first:%Y-%m}"}

    def plan(self, batch: Batch, flat: Flat, before: int) -> Planned:  # noqa: ARG002
        """Return whose statements are drawn."""
        tenancies = _lived(batch, flat)
        if not tenancies:
            raise CantBe(_("Nobody lived here in that month."))
        return Planned(_("A statement for %(who)s.") % {"who": ", ".join(each.tenant for each in tenancies)})

    def draw(self, batch: Batch, flats: Sequence[Flat], progress: Progress) -> Outcome:
        """Return the file. Raises TaskError if no PDF can be made here."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
            for number, flat in enumerate(flats):
                progress(number, len(flats))
                for tenancy in _lived(batch, flat):
                    name = re.sub(r"[^\w .-]", "_", f"{flat.unit.name} {batch.values['month']} {tenancy.pk}.pdf")
                    file.writestr(name, _pdf(batch, tenancy))
        name = f"statements-{batch.property_.pk}-{batch.values['month']}.zip"
        return Outcome(content=packed.getvalue(), type_="application/zip", name=name)


def _lived(batch: Batch, flat: Flat) -> list[Tenancy]:
    """Return the tenancies of a flat in the batch's month, the earliest first."""
    rows = Tenancy.objects.filter(unit=flat.unit).select_related("unit__property__organisation")
    span = Span.of_days(*month(batch.values["month"]), zone(batch.property_.zone))
    return list(rows.within(span.begins, span.ends))


def _pdf(batch: Batch, tenancy: Tenancy) -> bytes:
    first, last = month(batch.values["month"])
    try:
        return to_pdf(statement(tenancy, *days(tenancy, first, last)))
    except PdfError as error:
        raise TaskError(str(error)) from None

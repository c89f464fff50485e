"""What is printed for many flats: labels for the doors, invitations, and PINs. Codes and PINs are shown once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from ....kernel.calendar import zone
from ...accounts.invitations import invite_to_flat
from ...accounts.rights import Right
from ...batches.acts import Planned
from ...batches.batch_task import Preview
from ...batches.flats import Flat
from ...core.addresses import leads_here, public
from ...core.errors import Refused, for_people
from ...estate.models import Property
from ...payments.matching import reference
from ...vending.pins import NewPin, new_pin
from ...web.invitation_papers import flat_paper, language_of_paper, show_papers
from ...web.site_pages import flat_page, qr_of

MOST_PINS = 100
"""The most PINs that are made at once: each takes a twentieth of a second, while somebody waits."""


@dataclass(frozen=True)
class Label:
    """A label for a door: the flat, its building and landlord, where its electricity is paid, and the reference by which a
    transfer finds it.
    """

    flat: str
    building: str
    landlord: str
    reference: str
    page: str

    @property
    def qr(self) -> str:
        """The QR code of the page, as SVG."""
        return qr_of(self.page)


@dataclass(frozen=True)
class PinPaper:
    """The PIN of a flat, for its tenant alone. `page`: the address at which it is typed, empty if nobody has said where the
    building's page is. `language`: of the paper, as Django names it.
    """

    flat: str
    person: str
    pin: NewPin
    page: str
    language: str

    @property
    def qr(self) -> str:
        """The QR code of that page, as SVG."""
        return qr_of(self.page)


def show_labels(request: HttpRequest, property_: Property, flats: Sequence[Flat]) -> HttpResponse:
    """Answer with labels on sheets of A4, in three columns and eight rows."""
    page = public(reverse("tenant:home:tenancy"))
    labels = [
        Label(
            each.unit.name,
            property_.name,
            str(property_.organisation),
            reference(each.tenancy) if each.tenancy else "",
            page,
        )
        for each in flats
    ]
    context = {"labels": labels, "property": property_, "page": page, "is_here": leads_here(page)}
    return render(request, "console/batch/labels.html", context)


def lead_to_statements(request: HttpRequest, property_: Property, flats: Sequence[Flat]) -> HttpResponse:  # noqa: ARG001
    """Lead to the statements of the flats, where the month and the way are chosen."""
    query = urlencode([("unit", each.unit.pk) for each in flats])
    return redirect(f"{reverse('console:papers:statements', args=[property_.pk])}?{query}")


def plan_invitation(flat: Flat) -> Planned:
    """Return for whom a paper is made. Raises Refused if nobody lives there."""
    if flat.tenancy is None:
        raise Refused(_("Nobody lives here."))
    return Planned(
        _("A paper for %(who)s. An older paper that was not used is no longer valid.") % {"who": flat.tenancy.tenant}
    )


def show_invitations(request: HttpRequest, property_: Property, flats: Sequence[Flat]) -> HttpResponse:
    """Make an invitation to each flat, and show the papers, once."""
    tenancies = [each.tenancy for each in flats if each.tenancy is not None]
    papers = [flat_paper(each, invite_to_flat(each, request.user)) for each in tenancies]
    return show_papers(request, papers, zone(property_.zone))


def plan_pin(flat: Flat) -> Planned:
    """Return for whom a new PIN is made. Raises Refused if the flat has no page at a gateway."""
    if flat.meter is None:
        raise Refused(_("This flat has no meter."))
    return Planned(_("A new PIN. The old one no longer works."))


def show_pins(request: HttpRequest, property_: Property, flats: Sequence[Flat]) -> HttpResponse:
    """Make a PIN for each flat, and show the papers, once. No browser keeps the page."""
    if len(flats) > MOST_PINS:
        raise ValidationError(_("At most %(most)d PINs are made at once. Choose fewer flats.") % {"most": MOST_PINS})
    papers = [
        PinPaper(
            each.unit.name,
            each.tenancy.tenant if each.tenancy else "",
            new_pin(each.unit, request.user),
            flat_page(property_, each.meter),
            language_of_paper(each.tenancy),
        )
        for each in flats
    ]
    answer = render(request, "console/batch/pins.html", {"papers": papers, "property": property_})
    answer["Cache-Control"] = "no-store"
    return answer


@dataclass(frozen=True)
class Papers:
    """A kind of papers: the right that it needs, what it would change at a flat (`plan`), and what shows the papers.
    `plan` is None if they change nothing, so that nobody has to be asked.
    """

    right: Right
    plan: Callable[[Flat], Planned] | None
    show: Callable[[HttpRequest, Property, Sequence[Flat]], HttpResponse]


PAPERS: Mapping[str, Papers] = {
    "statements": Papers(Right.SEE_MONEY, None, lead_to_statements),
    "labels": Papers(Right.SEE, None, show_labels),
    "invitations": Papers(Right.TENANCIES, plan_invitation, show_invitations),
    "pins": Papers(Right.CODES, plan_pin, show_pins),
}


def preview_papers(plan: Callable[[Flat], Planned], flats: Iterable[Flat]) -> list[Preview]:
    """Return which flats get a paper, and why others don't."""
    rows: list[Any] = []
    for flat in flats:
        try:
            rows.append(Preview(flat, plan(flat)))
        except (Refused, ValidationError) as error:
            rows.append(Preview(flat, None, for_people(error)))
    return rows

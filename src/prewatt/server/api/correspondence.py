"""Notes to tenants and fault reports, over the API. A tenant reads and adds to their own; a manager reads and adds to
all of theirs.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from ninja import File, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import StrictBool, StrictInt

from ...kernel.units import exact_instant
from ..accounts.tenants import tenancies_of_login
from ..correspondence.models import Note, Report
from ..correspondence.note_addressees import living_in
from ..correspondence.notes import send_note
from ..correspondence.notes_reached import reached
from ..correspondence.notes_shown import notes_for
from ..correspondence.photos import encode
from ..correspondence.reports import add_entry, open_report
from ..estate.models import Organisation
from ..web.access import organisations, photo_to_see, properties, report_to_see, row_of, tenancy_to_see
from .writing import instant_text

router = Router()
SHOWN = 100
"""The most notes or reports of a list, the latest first."""


# -- notes ---------------------------------------------------------------------------------------------------------------


class NewWords(Schema):
    """Title and text of a note in another language."""

    title: str
    text: str


class NewNote(Schema):
    """`asked`: your own name for it, so that asking twice is one note. It is for the tenants who live in `units`, in
    `properties` (keys), or for `everybody`. `texts`: {language: {title, text}} for tenants who have chosen that
    language.
    """

    asked: str
    title: str
    text: str
    units: list[StrictInt] = []
    properties: list[StrictInt] = []
    everybody: StrictBool = False
    urgent: StrictBool = False
    texts: dict[str, NewWords] = {}


@router.post("/organisations/{pk}/notes", response={201: dict[str, Any]})
def send(request: HttpRequest, pk: int, given: NewNote) -> Any:
    """Send a note to tenants by the channels that each has chosen."""
    owner = row_of(request, Organisation.objects.all(), "pk", pk=pk)
    everywhere = list(owner.properties.values_list("pk", flat=True)) if given.everybody else given.properties
    to = living_in(owner, [] if given.everybody else given.units, everywhere)
    texts = {language: (each.title, each.text) for language, each in given.texts.items()}
    note = send_note(owner, given.asked, given.title, given.text, request.user, to, given.urgent, texts)
    return Status(201, _note(note))


@router.get("/notes")
def notes(request: HttpRequest) -> Any:
    """List a manager's notes, with the tenants whom each has reached; or a tenant's own notes, as they read them."""
    owners = organisations(request)
    if owners:
        return [_note(each) for each in Note.objects.filter(organisation__in=owners)[:SHOWN]]
    return [
        {"title": each.title, "text": each.text, "at": exact_instant(each.at), "urgent": each.is_urgent}
        for each in notes_for(tenancies_of_login(request.user))
    ]


def _note(each: Note) -> dict[str, Any]:
    return {
        "id": each.pk,
        "asked": each.asked,
        "title": each.title,
        "text": each.text,
        "urgent": each.is_urgent,
        "at": exact_instant(each.at),
        "by": each.by,
        "to": [
            {
                "tenancy": row.tenancy.pk,
                "unit": row.tenancy.unit.name,
                "seen": instant_text(row.seen),
                "muted": row.muted,
                "ways": [
                    {
                        "kind": way.channel.kind,
                        "state": way.state,
                        "sent": instant_text(way.sent_at),
                        "error": way.error,
                    }
                    for way in row.ways
                ],
            }
            for row in reached(each)
        ],
    }


# -- fault reports -------------------------------------------------------------------------------------------------------


class NewReport(Schema):
    """`asked`: your own name for it, so that asking twice is one report. `category`: danger, no-power, wiring, meter,
    payment or other.
    """

    asked: str
    category: str
    text: str


@router.post("/tenancies/{pk}/reports", response={201: dict[str, Any]})
def report(request: HttpRequest, pk: int, given: NewReport) -> Any:
    """Report a fault, as its tenant, or as the manager whom the tenant has called. Photos are added afterwards."""
    tenancy, manager = tenancy_to_see(request, pk)
    report_ = open_report(tenancy, given.asked, given.category, given.text, (), request.user, manager)
    return Status(201, _report(report_))


@router.get("/reports")
def reports(request: HttpRequest, open: bool = False) -> Any:  # noqa: A002
    """List a manager's reports, or a tenant's own. `open`: only those that are not done."""
    rows = Report.objects.filter(
        Q(tenancy__unit__property__in=properties(request)) | Q(tenancy__in=tenancies_of_login(request.user))
    )
    rows = rows.exclude(state=Report.State.DONE) if open else rows
    return [_report(each) for each in rows.select_related("tenancy__unit")[:SHOWN]]


@router.get("/reports/{pk}")
def one_report(request: HttpRequest, pk: int) -> Any:
    """Return a report, with who said and did what, and when."""
    return _report(report_to_see(request, pk)[0])


class NewEntry(Schema):
    """`asked`: your own name for it. `state`: open, work or done; left out, it stays as it is. A tenant can only set
    `done`.
    """

    asked: str
    text: str = ""
    state: str = ""


@router.post("/reports/{pk}/entries", response={201: dict[str, Any]})
def answer(request: HttpRequest, pk: int, given: NewEntry) -> Any:
    """Answer a report, add something, or say how it stands."""
    report_, manager = report_to_see(request, pk)
    add_entry(report_, given.asked, given.text, given.state, (), request.user, manager)
    return Status(201, _report(report_to_see(request, pk)[0]))


@router.post("/reports/{pk}/photos/{asked}", response={201: dict[str, Any]})
def add_photo(request: HttpRequest, pk: int, asked: str, photo: File[UploadedFile]) -> Any:
    """Add a photo, as the field `photo` of a form. `asked`: your own name for it."""
    report_, manager = report_to_see(request, pk)
    add_entry(report_, asked, "", "", encode([photo]), request.user, manager)
    return Status(201, _report(report_to_see(request, pk)[0]))


@router.get("/photos/{pk}")
def photo(request: HttpRequest, pk: int) -> HttpResponse:
    """Return a photo of a report: JPEG."""
    return photo_to_see(request, pk)


def _report(each: Report) -> dict[str, Any]:
    return {
        "id": each.pk,
        "asked": each.asked,
        "tenancy": each.tenancy_id,
        "unit": each.tenancy.unit.name,
        "category": each.category,
        "state": each.state,
        "made": exact_instant(each.made_at),
        "changed": exact_instant(each.changed_at),
        "closed": instant_text(each.closed_at),
        "entries": [
            {
                "at": exact_instant(entry.at),
                "by": entry.by,
                "side": "landlord" if entry.is_from_office else "tenant",
                "text": entry.text,
                "state": entry.state or None,
                "photos": [photo.pk for photo in entry.photos.all()],
            }
            for entry in each.entries.prefetch_related("photos")
        ],
    }

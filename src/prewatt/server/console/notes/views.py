"""The page of notes: a manager writes to tenants, and sees whom each note has reached."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from ....kernel.calendar import zone
from ....kernel.names import natural
from ...core.errors import Refused
from ...core.time import now
from ...correspondence.models import Note
from ...correspondence.note_addressees import living_in
from ...correspondence.notes import LONGEST_TEXT, LONGEST_TITLE, send_note
from ...correspondence.notes_reached import addressed, reach_of, reached
from ...estate.models import Organisation, Tenancy, Unit
from ...notices.languages import language_choices, languages
from ...vending.paid_amounts import new_credit_id
from ...web.access import owner_of, row_of
from ...web.flat_choice import chosen_flats, flat_choice, looking_further
from ...web.forms import key
from ...web.kept import kept, refuse
from ...web.paging import list_page

FEW = 10
"""The most addressees that are listed under a note. The note's own page lists all."""


@login_required
@require_http_methods(["GET", "POST"])
def notes(request: HttpRequest) -> HttpResponse:
    """Show the notes and whom each has reached; send a new one."""
    owner = owner_of(request)
    here = f"{reverse('console:notes:notes')}?organisation={owner.pk}"
    units = Unit.objects.in_use().filter(property__organisation=owner, tenancies__in=Tenancy.objects.living(now()))
    if request.method == "POST":
        further = looking_further(request, here)
        if further is not None:
            return further
        try:
            _send(request, owner, units)
        except (Refused, ValidationError) as error:
            refuse(request, error, labels={"units": _("To")})
        return redirect(here)
    again = kept(request, reverse("console:notes:notes"))
    values: Mapping[str, list[str]] = again["values"] if again else {}
    marked = _keys(request.GET.getlist("unit") or values.get("unit", []))
    page = list_page(request, owner.notes.all(), "notes")
    buildings = sorted(owner.properties.in_use(), key=lambda each: natural(each.name))
    reach = reach_of(list(page))
    context = {
        "owner": owner,
        "buildings": buildings,
        "choice": flat_choice(request, units, marked, several=len(buildings) > 1),
        "asked": new_credit_id(),
        "all": "on" in values.get("everybody", []),
        "whole": set(values.get("property", [])),
        "text": (values.get("text") or [""])[0],
        "languages": [(value, label, (values.get(f"text_{value}") or [""])[0]) for value, label in language_choices()],
        "longest_title": LONGEST_TITLE,
        "longest_text": LONGEST_TEXT,
        "page": page,
        "notes": [(each, reach[each.pk], reached(each, addressed(each)[:FEW])) for each in page],
        "few": FEW,
        "zone_info": zone(owner.home().zone),
    }
    return render(request, "console/notes/notes.html", context)


def _send(request: HttpRequest, owner: Organisation, units: QuerySet[Unit]) -> None:
    given = request.POST
    everybody = given.get("everybody") == "on"
    properties = [each.pk for each in owner.properties.all()] if everybody else _keys(given.getlist("property"))
    to = living_in(owner, [] if everybody else chosen_flats(request, units), properties)
    texts = {
        language: (given.get(f"title_{language}", ""), given.get(f"text_{language}", "")) for language in languages()
    }
    note = send_note(
        owner,
        given.get("asked", ""),
        given.get("title", ""),
        given.get("text", ""),
        request.user,
        to,
        urgent=given.get("urgent") == "on",
        texts=texts,
    )
    count = note.addressed.count()
    said = ngettext("The note goes to %(count)d flat.", "The note goes to %(count)d flats.", count)
    messages.success(request, said % {"count": count})


def _keys(chosen: list[str]) -> list[int]:
    return [key(each) for each in chosen]


@login_required
@require_GET
def note(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a note, and whom it has reached."""
    note_ = row_of(request, Note.objects.select_related("organisation"), "organisation", pk=pk)
    page = list_page(request, addressed(note_))
    context = {
        "owner": note_.organisation,
        "note": note_,
        "reach": reach_of([note_])[pk],
        "page": page,
        "rows": reached(note_, page),
        "zone_info": zone(note_.organisation.home().zone),
    }
    return render(request, "console/notes/note.html", context)

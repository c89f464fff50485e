"""The page of notes: a manager writes to tenants, and sees whom each note has reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from ....kernel.calendar import zone
from ....kernel.names import natural
from ...core.time import now
from ...correspondence.models import Note
from ...correspondence.notes import LONGEST_TEXT, LONGEST_TITLE, Reached, living_in, reached, send_note
from ...estate.models import Organisation, Property, Tenancy
from ...notices.languages import language_choices, languages
from ...vending.paid_amounts import new_credit_id
from ...web.access import owner_of
from ...web.forms import key
from ...web.kept import kept, refuse
from ...web.paging import list_page

"""The most notes that the page shows."""


@login_required
@require_http_methods(["GET", "POST"])
def notes(request: HttpRequest) -> HttpResponse:
    """Show the notes and whom each has reached; send a new one."""
    owner = owner_of(request)
    here = f"{reverse('console:notes:notes')}?organisation={owner.pk}"
    if request.method == "POST":
        try:
            _send(request, owner)
        except ValidationError as error:
            refuse(request, error, labels={"units": _("To")})
        return redirect(here)
    again = kept(request, reverse("console:notes:notes"))
    values: Mapping[str, list[str]] = again["values"] if again else {"unit": [request.GET.get("unit", "")]}
    chosen = set(values.get("unit", []))
    page = list_page(request, owner.notes.all())
    context = {
        "owner": owner,
        "buildings": _buildings(owner, chosen),
        "asked": new_credit_id(),
        "all": "on" in values.get("everybody", []),
        "whole": set(values.get("property", [])),
        "text": (values.get("text") or [""])[0],
        "languages": [(value, label, (values.get(f"text_{value}") or [""])[0]) for value, label in language_choices()],
        "longest_title": LONGEST_TITLE,
        "longest_text": LONGEST_TEXT,
        "page": page,
        "notes": [_told(each, reached(each)) for each in page],
        "where": zone(owner.home().zone),
    }
    return render(request, "console/notes/notes.html", context)


def _buildings(owner: Organisation, chosen: set[str]) -> list[tuple[Property, list[tuple[int, str, str, bool]], bool]]:
    """Return, by building, its flats where somebody lives (key, name, tenant, whether it is chosen), and whether one of
    them is chosen.
    """
    living = Prefetch("units__tenancies", Tenancy.objects.living(now()), to_attr="living")
    result = []
    for building in sorted(owner.properties.prefetch_related(living), key=lambda each: natural(each.name)):
        units: list[Any] = sorted(
            (each for each in building.units.all() if each.archived_at is None), key=lambda each: natural(each.name)
        )
        flats = []
        for unit in units:
            living_tenancy = next(iter(unit.living), None)
            if living_tenancy is not None:
                flats.append((unit.pk, unit.name, living_tenancy.tenant, str(unit.pk) in chosen))
        result.append((building, flats, any(each[3] for each in flats)))
    return result


def _send(request: HttpRequest, owner: Organisation) -> None:
    given = request.POST
    everybody = given.get("everybody") == "on"
    properties = [each.pk for each in owner.properties.all()] if everybody else _keys(given.getlist("property"))
    to = living_in(owner, [] if everybody else _keys(given.getlist("unit")), properties)
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


def _told(note: Note, rows: list[Reached]) -> dict[str, Any]:
    return {
        "note": note,
        "rows": rows,
        "seen": sum(1 for each in rows if each.seen is not None),
        "sent": sum(1 for each in rows if any(way.state == "sent" for way in each.ways)),
        "failed": sum(1 for each in rows if each.failed),
    }

"""Pages about how tenants are reached: what the landlord knows about each, and whom nothing reaches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ....kernel.calendar import zone
from ....tables.problems import TableError, whole
from ...commissioning.contact_list import ContactList, read_contact_list, sealed, take
from ...core.uploads import LARGEST_UPLOAD, choose_file, chosen_file, takes
from ...estate.models import Property, Tenancy
from ...notices.channels import CHANNELS
from ...notices.contact import NO_CONTACT, Contact, read_contact
from ...notices.contacts import KINDS, in_full, keep_contact, kept
from ...notices.languages import language_choices
from ...notices.models import Channel, Recipient, SendingAccount
from ...notices.unreached import tenancies_unreached, with_reasons
from ...web.access import property_of_manager, tenancy_of_manager
from ...web.kept import refuse
from ...web.paging import containing, looked_for, page_by_name


@dataclass(frozen=True)
class Way:
    """One way to reach somebody, as their manager may see it."""

    title: str
    address: str
    channel: Channel


@dataclass(frozen=True)
class ContactPanel:
    """How a tenant is reached, for their manager. `changed`: when the tenant last changed it. `cannot`: (name, title)
    of channels that are not set up.
    """

    tenancy: Tenancy
    contact: Contact
    ways: list[Way]
    changed: int | None
    cannot: list[tuple[str, str]]
    languages: list[tuple[str, str]]


def contact_panels(tenancies: Iterable[Tenancy]) -> list[ContactPanel]:
    """Return how each of some tenants of one landlord is reached."""
    panels = []
    for tenancy in tenancies:
        recipient = Recipient.objects.filter(tenancy=tenancy).first()
        ways = [
            Way(str(CHANNELS[each.kind].title), in_full(each), each)
            for each in (recipient.channels.all() if recipient else ())
            if each.kind in CHANNELS
        ]
        panels.append(
            ContactPanel(
                tenancy,
                kept(recipient) if recipient else NO_CONTACT,
                ways,
                recipient.changed_at if recipient else None,
                cannot_send(tenancy.unit.property),
                language_choices(),
            )
        )
    return panels


def cannot_send(property_: Property) -> list[tuple[str, str]]:
    """Return (name, title) of the channels whose addresses a landlord types, but which are not set up."""
    have = set(SendingAccount.objects.filter(organisation=property_.organisation_id).values_list("kind", flat=True))
    return [(kind, str(CHANNELS[kind].title)) for kind in KINDS.values() if kind not in have]


def typed_contact(request: HttpRequest, property_: Property) -> Contact:
    """Return the contact in a form. Raises ValidationError, which names each field that is wrong."""
    given: Any = request.POST
    return read_contact(property_, given.get("phone", ""), given.get("email", ""), given.get("language", ""))


@login_required
@require_POST
def contact(request: HttpRequest, pk: int) -> HttpResponse:
    """Store how a tenant is reached."""
    tenancy = tenancy_of_manager(request, pk)
    try:
        keep_contact(tenancy, typed_contact(request, tenancy.unit.property), over="over" in request.POST)
    except ValidationError as error:
        refuse(request, error)
    else:
        messages.success(
            request, _("The contacts are saved. The tenant sees them on their page, and can change them there.")
        )
    return redirect("console:units:people", pk=tenancy.unit_id)


@login_required
@require_GET
def not_reached(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the tenants of a property whom no notice reaches, and why."""
    property_ = property_of_manager(request, pk)
    rows = tenancies_unreached([property_]).filter(containing(looked_for(request), ("unit__name", "tenant")))
    page = page_by_name(request, rows, "unit__name", "begins")
    context = {
        "property": property_,
        "zone_info": zone(property_.zone),
        "page": page,
        "rows": with_reasons(list(page)),
        "cannot": cannot_send(property_),
    }
    return render(request, "console/contacts/not_reached.html", context)


@takes(LARGEST_UPLOAD)
@login_required
@require_http_methods(["GET", "POST"])
def contact_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a list with the contacts of many tenants. It shows what is wrong by line, or what would change; then one
    click stores it.
    """
    property_ = property_of_manager(request, pk)
    contacts: ContactList | None = None
    wrong: list[str] = []
    if request.method == "POST" and "take" in request.POST:
        try:
            _take(request, property_)
        except ValueError as error:
            wrong = [str(error)]
        else:
            return redirect("console:contacts:not_reached", pk=pk)
    elif request.method == "POST":
        try:
            contacts = _read_file(request, property_)
        except TableError as error:
            wrong = error.lines()
    context = {
        "property": property_,
        "contacts": contacts,
        "wrong": wrong,
        "cannot": cannot_send(property_),
        "take": sealed(each for each in (contacts.changes if contacts else ()) if not each.theirs),
    }
    return render(request, "console/contacts/contact_list.html", context, status=400 if wrong else 200)


def _take(request: HttpRequest, property_: Property) -> None:
    """Store the contacts that a person has looked through. Raises ValueError if they can't be stored."""
    done, theirs = take(property_, request.POST["take"])
    messages.success(request, _("Saved for %(count)d tenants.") % {"count": done})
    if theirs:
        names = ", ".join(str(each) for each in theirs)
        messages.warning(
            request,
            _("These tenants have changed their contacts themselves, so their contacts stay as they are: %(names)s.")
            % {"names": names},
        )


def _read_file(request: HttpRequest, property_: Property) -> ContactList:
    """Return what the uploaded list would change. Raises TableError if there is none, or it can't be read."""
    content = chosen_file(request, "file")
    if content is None:
        raise whole(choose_file())
    return read_contact_list(property_, content)

"""Tenancies, moving in, and how a tenant is reached, over the API."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from pydantic import StrictBool, StrictInt

from ...kernel.names import natural
from ...kernel.units import exact_instant
from ..accounts.invitations import invite_to_flat
from ..core.time import now
from ..estate.models import MOST_OCCUPANTS, Tenancy
from ..notices.contact import NO_CONTACT, Contact, read_contact
from ..notices.contacts import keep_contact, kept
from ..notices.models import Recipient
from ..notices.unreached import unreached
from ..tenancies.moving import move_in
from ..tenancies.staying import stays_after_move
from ..web.access import property_of_manager, tenancy_of_manager
from .reading import read_instant, read_money
from .writing import instant_text

router = Router()


@router.get("/properties/{pk}/tenancies")
def tenancies(request: HttpRequest, pk: int) -> Any:
    """List who lives, has lived or will live in which unit."""
    return [
        {
            "id": each.pk,
            "unit": each.unit.name,
            "tenant": each.tenant,
            "begins": exact_instant(each.begins),
            "ends": instant_text(each.ends),
        }
        for each in sorted(
            Tenancy.objects.filter(unit__property=property_of_manager(request, pk)).select_related("unit"),
            key=lambda each: (natural(each.unit.name), each.begins),
        )
    ]


class NewTenancy(Schema):
    """Who moves into a unit (by its name), from the instant `begins` on (left out: now). `deposit` as text. `phone` as
    it is dialled in the country of the building, or with its country code. `language`: a code such as en or zh.
    """

    unit: str
    tenant: str
    begins: str | None = None
    occupants: StrictInt = 1
    deposit: str = "0"
    phone: str = ""
    email: str = ""
    language: str = ""


@router.post("/properties/{pk}/tenancies", response={201: dict[str, Any]})
def add_tenancy(request: HttpRequest, pk: int, given: NewTenancy) -> Any:
    """Record a move-in. Only this answer shows the code of an invitation. With it the tenant gets in, at `/join/`. `says`: of a
    move-in in the past, what does not go to the tenant with its days.
    """
    property_ = property_of_manager(request, pk)
    unit = property_.units.filter(name=given.unit).select_related("property__organisation").first()
    if unit is None:
        raise ValidationError({"unit": _("This building has no unit of this name.")})
    if not 0 <= given.occupants <= MOST_OCCUPANTS:
        raise ValidationError({"occupants": _("Give a number from 0 to %(most)d.") % {"most": MOST_OCCUPANTS}})
    begins = now() if given.begins is None else read_instant("begins", given.begins)
    deposit = read_money("deposit", given.deposit)
    contact = read_contact(property_, given.phone, given.email, given.language)
    with transaction.atomic():
        tenancy = move_in(
            unit, given.tenant.strip(), begins, occupants=given.occupants, deposit=deposit, contact=contact
        )
        code = invite_to_flat(tenancy, request.user)
    document = {"id": tenancy.pk, "unit": unit.name, "tenant": tenancy.tenant, "begins": exact_instant(tenancy.begins)}
    return Status(201, {**document, "invitation": code, "says": stays_after_move(unit, begins)})


class NewContact(Schema):
    """What is left out stays as it is. An empty text removes what you typed, never what the tenant typed. `over`: also
    overwrite what the tenant has changed.
    """

    phone: str | None = None
    email: str | None = None
    language: str | None = None
    over: StrictBool = False


@router.get("/tenancies/{pk}/contact")
def contact(request: HttpRequest, pk: int) -> Any:
    """Return how a tenant is reached."""
    return _document(tenancy_of_manager(request, pk))


@router.post("/tenancies/{pk}/contact")
def change_contact(request: HttpRequest, pk: int, given: NewContact) -> Any:
    """Set how a tenant is reached."""
    tenancy = tenancy_of_manager(request, pk)
    before = _kept(tenancy)
    typed = {name: getattr(given, name) for name in ("phone", "email", "language")}
    texts = {name: getattr(before, name) if text is None else text for name, text in typed.items()}
    keep_contact(tenancy, read_contact(tenancy.unit.property, **texts), over=given.over)
    return _document(tenancy)


def _kept(tenancy: Tenancy) -> Contact:
    recipient = Recipient.objects.filter(tenancy=tenancy).first()
    return kept(recipient) if recipient is not None else NO_CONTACT


@router.get("/properties/{pk}/unreached-tenants")
def not_reached(request: HttpRequest, pk: int) -> Any:
    """List the tenants whom no notice reaches, and why."""
    return [
        {"tenancy": each.tenancy.pk, "unit": each.tenancy.unit.name, "tenant": each.tenancy.tenant, "why": each.why}
        for each in unreached([property_of_manager(request, pk)])
    ]


def _document(tenancy: Tenancy) -> dict[str, Any]:
    recipient = Recipient.objects.filter(tenancy=tenancy).first()
    contact_ = _kept(tenancy)
    changed = recipient.changed_at if recipient is not None else None
    return {
        "phone": contact_.phone,
        "email": contact_.email,
        "language": contact_.language,
        "changed_by_tenant": instant_text(changed),
    }

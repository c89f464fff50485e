"""Who lives where, moving in, and how a tenant is reached, over the API."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import StrictBool, StrictInt

from ...kernel.names import natural
from ...kernel.units import exact_instant, parse_instant, parse_money
from ..commissioning.setup import new_login
from ..core.time import now
from ..estate.models import MOST_OCCUPANTS, Tenancy
from ..notices.contacts import NO_CONTACT, Contact, keep_contact, kept, read_contact, unreached
from ..notices.models import Recipient
from ..tenancies.moving import move_in
from ..web.access import property_of_manager, tenancy_of_manager

router = Router()


@router.get("/properties/{pk}/tenancies")
def tenancies(request: HttpRequest, pk: int) -> Any:
    """Who lives and lived where."""
    return [
        {
            "id": each.pk,
            "unit": each.unit.name,
            "tenant": each.tenant,
            "begins": exact_instant(each.begins),
            "ends": None if each.ends is None else exact_instant(each.ends),
        }
        for each in sorted(
            Tenancy.objects.filter(unit__property=property_of_manager(request, pk)).select_related("unit"),
            key=lambda each: (natural(each.unit.name), each.begins),
        )
    ]


class NewTenancy(Schema):
    """Who moves into a unit (its name), from an instant on (left out: now). `deposit` as text; `phone` as it is typed in the
    country of the building, or with its country; `language`: a code such as en or zh.
    """

    unit: str
    tenant: str
    begins: str | None = None
    occupants: StrictInt = 1
    deposit: str = "0"
    phone: str = ""
    email: str = ""
    language: str = ""


def _read(field: str, text: str, read: Any) -> int:
    try:
        return int(read(text))
    except ValueError as error:
        raise ValidationError({field: str(error)}) from None


@router.post("/properties/{pk}/tenancies", response={201: dict[str, Any]})
def add_tenancy(request: HttpRequest, pk: int, given: NewTenancy) -> Any:
    """Somebody moves in: the login is told this once."""
    home = property_of_manager(request, pk)
    unit = home.units.filter(name=given.unit).select_related("property__organisation").first()
    if unit is None:
        raise ValidationError({"unit": "There is no such unit here."})
    if not 0 <= given.occupants <= MOST_OCCUPANTS:
        raise ValidationError({"occupants": f"From 0 to {MOST_OCCUPANTS}."})
    begins = now() if given.begins is None else _read("begins", given.begins, parse_instant)
    deposit = _read("deposit", given.deposit, parse_money)
    contact = read_contact(home, given.phone, given.email, given.language)
    with transaction.atomic():
        made = move_in(unit, given.tenant.strip(), begins, occupants=given.occupants, deposit=deposit, contact=contact)
        login, password = new_login(made)
    told = {"id": made.pk, "unit": unit.name, "tenant": made.tenant, "begins": exact_instant(made.begins)}
    return Status(201, {**told, "login": login, "password": password})


class NewContact(Schema):
    """What is left out stays as it is; an empty text takes away what you typed, never what the tenant did. `over`: also where
    the tenant has changed it by themselves.
    """

    phone: str | None = None
    email: str | None = None
    language: str | None = None
    over: StrictBool = False


@router.get("/tenancies/{pk}/contact")
def contact(request: HttpRequest, pk: int) -> Any:
    """How a tenant is reached."""
    return _document(tenancy_of_manager(request, pk))


@router.post("/tenancies/{pk}/contact")
def change_contact(request: HttpRequest, pk: int, given: NewContact) -> Any:
    """Say how a tenant is reached."""
    tenancy = tenancy_of_manager(request, pk)
    held = _kept(tenancy)
    typed = {name: getattr(given, name) for name in ("phone", "email", "language")}
    texts = {name: getattr(held, name) if text is None else text for name, text in typed.items()}
    keep_contact(tenancy, read_contact(tenancy.unit.property, **texts), over=given.over)
    return _document(tenancy)


def _kept(tenancy: Tenancy) -> Contact:
    recipient = Recipient.objects.filter(tenancy=tenancy).first()
    return kept(recipient) if recipient is not None else NO_CONTACT


@router.get("/properties/{pk}/unreached-tenants")
def not_reached(request: HttpRequest, pk: int) -> Any:
    """The tenants whom no notice reaches, and why."""
    return [
        {"tenancy": each.tenancy.pk, "unit": each.tenancy.unit.name, "tenant": each.tenancy.tenant, "why": each.why}
        for each in unreached([property_of_manager(request, pk)])
    ]


def _document(tenancy: Tenancy) -> dict[str, Any]:
    recipient = Recipient.objects.filter(tenancy=tenancy).first()
    held = _kept(tenancy)
    changed = recipient.changed_at if recipient is not None else None
    return {
        "phone": held.phone,
        "email": held.email,
        "language": held.language,
        "changed_by_tenant": None if changed is None else exact_instant(changed),
    }

"""The tenancies that a tenant's calls are about: their own, also those that are over."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from ....kernel.units import parse_money
from ...accounts.tenants import tenancies_of_login
from ...core.amounts import typed_money
from ...core.time import now
from ...estate.models import Tenancy
from ...vending.paid_amounts import new_credit_id


def own_tenancy(request: HttpRequest, pk: int) -> Tenancy:
    """Return a tenancy to somebody whose login belongs to it, also if it is over. Raises Http404 for anybody else."""
    tenancy = tenancies_of_login(request.user).filter(pk=pk).first()
    if tenancy is None:
        raise Http404
    return tenancy


def present_tenancy(request: HttpRequest, pk: int) -> Tenancy:
    """Return a tenancy that holds now to somebody whose login belongs to it. Raises Http404 if it is not theirs, and
    ValidationError if it does not hold.
    """
    tenancy = own_tenancy(request, pk)
    if tenancy.begins > now():
        raise ValidationError(_("You don't live there yet."))
    if not is_present(tenancy):
        raise ValidationError(_("You don't live there any more."))
    return tenancy


def is_present(tenancy: Tenancy) -> bool:
    """Return whether a tenancy holds now."""
    at = now()
    return tenancy.begins <= at and (tenancy.ends is None or tenancy.ends > at)


def asked_or_new(asked: str) -> str:
    """Return the name under which a program asks for something, or a new one if it gave none."""
    return asked or new_credit_id()


def typed_amount(text: str, field: str, tenancy: Tenancy) -> int:
    """Return an amount (nano) from text, written as in documents or as a person types it: 12,50; １２. Raises
    ValidationError, which names the field.
    """
    try:
        return parse_money(text)
    except ValueError:
        return typed_money(text, field, tenancy.unit.property.currency)

"""Who may see what: a manager the properties of their organisations, a tenant the own tenancies."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from ..billing.models import Debt, WriteOff
from ..estate.models import Organisation, Property, Tenancy, Unit
from ..vending.models import Refund

Row = TypeVar("Row", bound=Model)


def organisations(request: HttpRequest) -> list[Organisation]:
    """The organisations that this user manages; an operator all."""
    user: Any = request.user
    return list(Organisation.objects.all() if user.is_superuser else user.organisations.all())


def _managed(request: HttpRequest, rows: QuerySet[Row], pk: int, organisation: str) -> Row:
    """The row, if the organisation that it leads to is this manager's."""
    found: Row = get_object_or_404(rows, pk=pk, **{f"{organisation}__in": organisations(request)})
    return found


def property_of_manager(request: HttpRequest, pk: int) -> Property:
    """A property, for its manager. Http404 for anybody else."""
    return _managed(request, Property.objects.select_related("organisation"), pk, "organisation")


def unit_of_manager(request: HttpRequest, pk: int) -> Unit:
    """A unit, for its manager. Http404 for anybody else."""
    return _managed(request, Unit.objects.select_related("property__organisation"), pk, "property__organisation")


def tenancy_of_manager(request: HttpRequest, pk: int) -> Tenancy:
    """A tenancy, for its manager. Http404 for anybody else."""
    path = "unit__property__organisation"
    return _managed(request, Tenancy.objects.select_related(path), pk, path)


def refund_of_manager(request: HttpRequest, pk: int) -> Refund:
    """What is owed to somebody, for the manager who owes it. Http404 for anybody else."""
    rows = Refund.objects.select_related("tenancy__unit__property")
    return _managed(request, rows, pk, "tenancy__unit__property__organisation")


def debt_of_manager(request: HttpRequest, pk: int) -> Debt:
    """A debt, for the manager to whom it is owed. Http404 for anybody else."""
    path = "tenancy__unit__property__organisation"
    return _managed(request, Debt.objects.select_related(path), pk, path)


def write_off_of_manager(request: HttpRequest, pk: int) -> WriteOff:
    """A proposal to ask for a debt no more, for the manager to whom it is owed. Http404 for anybody else."""
    rows = WriteOff.objects.select_related("debt__tenancy__unit__property")
    return _managed(request, rows, pk, "debt__tenancy__unit__property__organisation")


def tenancy_to_see(request: HttpRequest, pk: int) -> tuple[Tenancy, bool]:
    """A tenancy, and whether its manager asks. Http404 for who is neither that nor the tenant."""
    tenancy = get_object_or_404(Tenancy.objects.select_related("unit__property__organisation"), pk=pk)
    manager = any(each.pk == tenancy.unit.property.organisation_id for each in organisations(request))
    user: Any = request.user
    if not manager and tenancy.user_id != user.pk:
        raise Http404
    return tenancy, manager

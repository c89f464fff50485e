"""What people take out of the lists, and bring back. The books keep all of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ...commissioning import archiving
from ...metering.models import Gateway, Meter
from ...tariffs.models import Tariff
from ...web.access import property_of_manager, row_at, row_of, unit_of_manager
from ...web.kept import say
from ..begin.steps import landlord_page

Row = TypeVar("Row", bound=Model)


def _done(request: HttpRequest, row: Row, archive: Callable[[Row], None], restore: Callable[[Row], None]) -> None:
    """Archive a row, or bring it back if the form says so, and say what came of it."""
    is_back = request.POST.get("do") == "restore"
    try:
        (restore if is_back else archive)(row)
    except ValidationError as error:
        say(request, error)
    else:
        said = _("%(name)s is back.") if is_back else _("%(name)s is archived. The books keep it.")
        messages.success(request, said % {"name": getattr(row, "name", row)})


@login_required
@require_POST
def archive_property(request: HttpRequest, pk: int) -> HttpResponse:
    """Archive a property with its flats and gateways, or bring it back."""
    property_ = property_of_manager(request, pk)
    _done(request, property_, archiving.archive_property, archiving.restore_property)
    return redirect("console:estate:building", pk=pk)


@login_required
@require_POST
def archive_unit(request: HttpRequest, pk: int) -> HttpResponse:
    """Archive a flat, or bring it back."""
    unit = unit_of_manager(request, pk)
    _done(request, unit, archiving.archive_unit, archiving.restore_unit)
    return redirect("console:estate:building", pk=unit.property_id)


@login_required
@require_POST
def archive_gateway(request: HttpRequest, pk: int) -> HttpResponse:
    """Archive a gateway, or bring it back."""
    gateway = row_at(request, Gateway.objects.select_related("property__organisation"), "property", pk=pk)
    _done(request, gateway, archiving.archive_gateway, archiving.restore_gateway)
    return redirect("console:estate:gateways", pk=gateway.property_id)


@login_required
@require_POST
def archive_meter(request: HttpRequest, pk: int) -> HttpResponse:
    """Archive a common or main meter, or bring it back."""
    rows = Meter.objects.filter(unit=None).select_related("gateway__property__organisation")
    meter = row_at(request, rows, "gateway__property", pk=pk)
    _done(request, meter, archiving.archive_meter, archiving.restore_meter)
    return redirect("console:estate:building", pk=meter.property.pk)


@login_required
@require_POST
def archive_tariff(request: HttpRequest, pk: int) -> HttpResponse:
    """Archive a tariff, or let people choose it again."""
    tariff = row_of(request, Tariff.objects.select_related("organisation"), "organisation", pk=pk)
    _done(request, tariff, archiving.archive_tariff, archiving.restore_tariff)
    return redirect(landlord_page(tariff.organisation))

"""Pages on which meters are added and changed that belong to no unit: of what is used in common, and of the whole building."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ...commissioning.additions import first_gateway
from ...commissioning.installing import InstallError, install
from ...estate.models import Property
from ...metering.locking import lock_meters
from ...metering.models import Meter
from ...vending.account_settings import send_settings_to
from ...web.access import property_of_manager, row_at
from .forms import MeterForm


@login_required
@require_http_methods(["GET", "POST"])
def add_meter(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a common or main meter."""
    property_ = property_of_manager(request, pk)
    if request.method == "POST":
        first_gateway(property_)
    form = MeterForm(property_, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            _install(property_, form)
        except (ValidationError, InstallError) as error:
            form.add_error("name", error.messages if isinstance(error, ValidationError) else str(error))  # type: ignore[arg-type]
        else:
            messages.success(request, _("%(name)s is added.") % {"name": form.cleaned_data["name"]})
            return redirect("console:estate:building", pk=pk)
    return _show(request, property_, form)


@transaction.atomic
def _install(property_: Property, form: MeterForm) -> None:
    typed = form.cleaned_data
    more = {"role": typed["role"], "power_highest": typed["power_highest"], "part": form.part_of(property_)}
    install(None, typed["gateway"], typed["name"], **more)


@login_required
@require_http_methods(["GET", "POST"])
def change_meter(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what a common or main meter is of."""
    rows = Meter.objects.filter(unit=None).select_related("gateway__property__organisation", "part")
    meter = row_at(request, rows, "gateway__property", pk=pk)
    property_ = meter.property
    form = MeterForm(property_, request.POST or None, instance=rows.get(pk=pk))
    if request.method == "POST" and form.is_valid():
        _store(property_, form, "power_highest" in form.changed_data)
        messages.success(request, _("%(name)s is saved.") % {"name": meter.hangs})
        return redirect("console:estate:building", pk=property_.pk)
    return _show(request, property_, form, meter)


@transaction.atomic
def _store(property_: Property, form: MeterForm, is_other_fuse: bool) -> None:
    lock_meters(Meter.objects.filter(pk=form.instance.pk))
    form.instance.part = form.part_of(property_)
    meter = form.save()
    if is_other_fuse:
        send_settings_to(meter)


def _show(request: HttpRequest, property_: Property, form: MeterForm, meter: Meter | None = None) -> HttpResponse:
    context = {"property": property_, "form": form, "meter": meter}
    return render(request, "console/estate/meter.html", context, status=400 if form.errors else 200)

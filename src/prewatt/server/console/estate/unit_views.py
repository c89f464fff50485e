"""Pages on which flats are added, typed or from a file, and changed."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from ....tables.problems import Problems, TableError, whole
from ....wire.messages import MAX_METERS
from ...commissioning.additions import Added, add_in_parts, opened, sealed
from ...commissioning.apartments import FlatList, apartments_of
from ...commissioning.gateway_places import Places
from ...commissioning.installing import InstallError, install
from ...commissioning.list_lines import Plan, plan
from ...commissioning.progress import Step
from ...commissioning.typed_units import MOST, NEEDED, LikelyRange, likely_ranges, typed_apartments
from ...core.uploads import LARGEST_UPLOAD, choose_file, chosen_file, takes
from ...estate.models import Part, Property, Unit
from ...metering.locking import lock_meters, lock_property
from ...metering.models import Gateway, Meter
from ...vending.account_settings import send_settings_to
from ...web.access import property_of_manager, unit_of_manager
from ..begin.steps import on_from, steps_above
from .forms import UnitForm


@takes(LARGEST_UPLOAD)
@login_required
@require_http_methods(["GET", "POST"])
def add_units(request: HttpRequest, pk: int) -> HttpResponse:
    """Take flats that were typed or stand in a file. What is wrong is shown by line and column, else what the list would do;
    one click more stores it.
    """
    property_ = property_of_manager(request, pk)
    planned: Plan | None = None
    flats = FlatList([])
    wrong: list[str] = []
    ranges: list[LikelyRange] = []
    try:
        if request.method == "POST" and "list" in request.POST:
            added = add_in_parts(property_, opened(request.POST["list"]))
            _say(request, added)
            return on_from(property_, Step.UNITS)
        if request.method == "POST":
            problems = Problems()
            flats = _read(request, property_, problems)
            planned = plan(property_, flats.apartments, problems=problems)
            ranges = likely_ranges(request.POST.get("typed", ""), property_.currency) if not request.FILES else []
    except TableError as error:
        wrong = error.lines()
    except (ValueError, InstallError) as error:
        wrong = [str(error)]
    context = {
        "property": property_,
        "steps": steps_above(property_, Step.UNITS),
        "typed": request.POST.get("typed", ""),
        "plan": planned,
        "flats": flats,
        "likely_ranges": ranges,
        "list": sealed(flats.apartments) if planned is not None and planned.does_something else "",
        "wrong": wrong,
        "most_meters": MAX_METERS,
    }
    return render(request, "console/estate/add_units.html", context, status=400 if wrong else 200)


def _read(request: HttpRequest, property_: Property, problems: Problems) -> FlatList:
    """Return the flats of the file that was chosen, else those that were typed, but for lines that are wrong: `problems` gathers
    those. Raises TableError if it is no list.
    """
    if "file" not in request.FILES:
        text = request.POST.get("typed", "")
        if not text.strip():
            raise whole(_("Type the flats, or choose a file."))
        return typed_apartments(text, property_.currency, property_.zone, problems)
    content = chosen_file(request, "file")
    if content is None:
        raise whole(choose_file())
    flats = apartments_of(content, property_.currency, property_.zone, NEEDED, problems)
    if len(flats.apartments) > MOST:
        raise whole(
            _("The list has %(count)d lines. At most %(most)d can be added at once: split the list.")
            % {"count": len(flats.apartments), "most": MOST}
        )
    return flats


def _say(request: HttpRequest, added: Added) -> None:
    """Say what a list has brought."""
    if added.new:
        text = ngettext("%(count)d flat or meter is added.", "%(count)d flats and meters are added.", added.new)
        messages.success(request, text % {"count": added.new})
    if added.changed:
        text = ngettext("%(count)d flat or meter is changed.", "%(count)d flats and meters are changed.", added.changed)
        messages.success(request, text % {"count": added.changed})
    if not added.new and not added.changed:
        messages.info(request, _("Everything in the list was there already."))


@login_required
@require_http_methods(["GET", "POST"])
def change_unit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a flat, and what is known of its meter."""
    unit = unit_of_manager(request, pk)
    form = UnitForm(request.POST or None, instance=Unit.objects.select_related("property").get(pk=pk))
    if request.method == "POST" and form.is_valid():
        try:
            _change(form)
        except (ValidationError, InstallError) as error:
            form.add_error("meter", error.messages if isinstance(error, ValidationError) else str(error))  # type: ignore[arg-type]
        else:
            messages.success(request, _("%(name)s is saved.") % {"name": form.instance.name})
            return redirect("console:estate:building", pk=unit.property_id)
    context = {"unit": unit, "property": unit.property, "form": form}
    return render(request, "console/estate/change_unit.html", context, status=400 if form.errors else 200)


@transaction.atomic
def _change(form: UnitForm) -> None:
    """Store a flat with its parts and its meter. Raises ValidationError and InstallError."""
    lock_property(form.instance.property_id)
    meters = lock_meters(Meter.objects.filter(unit=form.instance.pk))
    unit: Unit = form.save()
    unit.parts.set(
        [Part.objects.get_or_create(property=unit.property, name=name)[0] for name in form.cleaned_data["parts"]]
    )
    fuse, number = form.cleaned_data["fuse"], form.cleaned_data["meter"].strip()
    for meter in meters:
        if meter.power_highest != fuse:
            meter.power_highest = fuse
            meter.save(update_fields=["power_highest"])
            send_settings_to(meter)
    if number and not meters:
        name = Places(unit.property).any()
        gateway = unit.property.gateways.filter(name=name).first()
        if gateway is None:
            gateway = Gateway.objects.create(property=unit.property, name=name)
        install(unit, gateway, number, power_highest=fuse)

"""Pages of a property's tariffs: what holds, the editor, what-if."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ....kernel.calendar import DAY_KINDS, zone
from ....kernel.names import natural
from ....kernel.tariff import Tariff as KernelTariff
from ....kernel.tariff import TariffError
from ...core.amounts import NumberField, plain
from ...core.errors import for_people
from ...core.json_text import JsonError, read_json
from ...core.time import now
from ...estate.models import Property
from ...estate.wall_clock import wall_clock
from ...sales.corrections import correct
from ...tariffs.compare import MOST
from ...tariffs.homes import what_if as what_if_under
from ...tariffs.models import Tariff
from ...tariffs.prices import read_prices
from ...tariffs.reading import examples, read_document
from ...tariffs.versions import keep, price_notes, schedule, schedule_prices
from ...web.access import property_of_manager
from ...web.forms import key
from ...web.kept import refuse, say
from .forms import document_of, fields_of, typed
from .words import in_editor

LARGEST_FILE = 5_000_000


@login_required
@require_GET
def tariffs(request: HttpRequest, pk: int) -> HttpResponse:
    """What holds at a property, what is to come, what was corrected."""
    where = property_of_manager(request, pk)
    versions = [
        {
            "version": each,
            "tariff": each.tariff.kernel(),
            "weeks": week(each.tariff.kernel()),
            "begun": each.effective_at <= now(),
        }
        for each in where.tariff_versions.in_force(now())
    ]
    context = {
        "property": where,
        "where": zone(where.zone),
        "versions": versions,
        "known": _known(where),
        "cap": "" if where.price_cap is None else plain(where.price_cap),
        "corrections": where.corrections.select_related("tariff", "by").prefetch_related(
            "charges__tenancy", "charges__meter"
        ),
    }
    return render(request, "console/tariffs/tariffs.html", context)


def week(tariff: KernelTariff) -> list[dict[str, Any]]:
    """A picture of a tariff's days: for each season and kind of day, its stretches as parts of the day's width."""
    prices = sorted({rate.prices[0] for rate in tariff.rates})
    shade = {rate.name: prices.index(rate.prices[0]) * 100 // max(len(prices) - 1, 1) for rate in tariff.rates}
    rows = []
    for season in tariff.seasons:
        for day_type in season.day_types:
            ends = [*(switch.minute for switch in day_type.switches[1:]), 1440]
            parts = [
                {"rate": switch.rate, "width": f"{(end - switch.minute) / 14.4:.4f}", "shade": shade[switch.rate],
                 "wide": end - switch.minute >= 90,
                 "from": f"{switch.minute // 60:02}:{switch.minute % 60:02}"}
                for switch, end in zip(day_type.switches, ends, strict=True)
            ]  # fmt: skip
            days = [DAY_KINDS[kind] for kind in sorted(day_type.days)]
            rows.append({"season": season, "days": days, "parts": parts})
    return rows


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a tariff: typed into fields, or from a file. It starts from nothing, an example, or one that is known."""
    where = property_of_manager(request, pk)
    start = request.GET.get("start", "")
    begun = _start(where, start)
    if start and not begun:
        say(request, ValidationError({"start": _("There is no such choice.")}))
    fields = fields_of(begun)
    tariff = None
    if request.method == "POST":
        fields = typed(request.POST)
        try:
            document = _uploaded(request) if request.FILES.get("file") else document_of(fields)
            tariff = read_document(document, zone=where.zone, currency=where.currency)
            if "keep" in request.POST:
                made = keep(where.organisation, tariff)
                messages.success(
                    request, _("%(name)s is saved. Now choose when it takes effect.") % {"name": made.name}
                )
                return redirect("console:tariffs:tariffs", pk=pk)
        except (TariffError, ValidationError) as error:
            if isinstance(error, TariffError) and not request.FILES.get("file"):
                messages.error(request, in_editor(error))
            else:
                # Of a file, the place in it is told as it is documented.
                say(request, error)
    for rows, blank in (("rates", 2), ("profiles", 1)):
        fields[rows] = [*fields[rows], *([{}] * blank)]
    known = _known(where)
    context = {
        "property": where, "fields": fields, "examples": examples(), "known": known,
        "weeks": week(tariff) if tariff else [], "tariff": tariff,
    }  # fmt: skip
    return render(request, "console/tariffs/tariff_edit.html", context)


def _start(where: Property, start: str) -> dict[str, Any]:
    kind, _colon, name = start.partition(":")
    if kind == "example":
        return examples().get(name, {})
    found = Tariff.objects.filter(organisation=where.organisation, pk=key(name)).first()
    return {**found.document, "name": f"{found.name}, changed"} if found else {}


def _uploaded(request: HttpRequest) -> Any:
    file: Any = request.FILES["file"]
    if file.size > LARGEST_FILE:
        raise TariffError("file: is larger than 5 MB")
    try:
        return read_json(file.read())
    except JsonError as error:
        raise TariffError(f"file: {error}") from None


@login_required
@require_POST
def schedule_tariff(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a tariff hold from an instant on."""
    where = property_of_manager(request, pk)
    try:
        tariff = _chosen(where, request.POST.get("tariff", ""), "tariff")
        effective = wall_clock(request.POST.get("effective", ""), where, "effective")
        schedule(where, tariff, effective)
    except (ValidationError, TariffError) as error:
        refuse(request, error)
    else:
        messages.success(request, _("%(name)s is on its way to the meters.") % {"name": tariff.name})
    return redirect("console:tariffs:tariffs", pk=pk)


def _known(where: Property) -> list[Tariff]:
    return sorted(Tariff.objects.filter(organisation=where.organisation), key=lambda tariff: natural(tariff.name))


def _chosen(where: Property, pk: str, field: str) -> Tariff:
    found = Tariff.objects.filter(organisation=where.organisation, pk=key(pk)).first()
    if found is None:
        raise ValidationError({field: _("Choose a tariff.")})
    return found


class ResaleForm(forms.ModelForm):
    """What the law lets a property charge. What holds, or is to hold, must not be over it."""

    class Meta:
        model = Property
        fields = ("price_cap", "purchase_tariff")
        field_classes = {"price_cap": NumberField}

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        self.instance.price_cap, self.instance.purchase_tariff = values.get("price_cap"), values.get("purchase_tariff")
        for version in self.instance.tariff_versions.in_force(now()):
            version.property = self.instance
            try:
                version.check_resale()
            except (ValidationError, ValueError) as error:
                raise ValidationError({"price_cap": for_people(error)}) from None
        return values


@login_required
@require_POST
def set_resale(request: HttpRequest, pk: int) -> HttpResponse:
    """Set what the law lets this property charge."""
    where = property_of_manager(request, pk)
    form = ResaleForm(request.POST, instance=where)
    form.fields["purchase_tariff"].queryset = Tariff.objects.filter(organisation=where.organisation)  # type: ignore[attr-defined]
    if form.is_valid():
        form.save()
        messages.success(request, _("From now on, no tariff above this price can be scheduled."))
    else:
        refuse(request, ValidationError(form.errors.as_data()))  # type: ignore[arg-type]
    return redirect("console:tariffs:tariffs", pk=pk)


@login_required
@require_POST
def load_prices(request: HttpRequest, pk: int) -> HttpResponse:
    """Load dated prices from a table."""
    where = property_of_manager(request, pk)
    try:
        base = _chosen(where, request.POST.get("tariff", ""), "tariff")
        file: Any = request.FILES.get("file")
        if file is None or file.size > LARGEST_FILE:
            raise ValidationError({"file": _("Choose a file of at most 5 MB.")})
        scale = request.POST.get("scale", "")
        series = read_prices(file.read(), scale=scale, time_zone=zone(where.zone), hint=where.currency)
        made = schedule_prices(where, base, series)
    except (ValidationError, TariffError) as error:
        refuse(request, error)
    else:
        messages.success(request, _("%(count)d versions with dated prices are on their way.") % {"count": len(made)})
        for note in price_notes(where, series):
            messages.warning(request, note)
    return redirect("console:tariffs:tariffs", pk=pk)


@login_required
@require_POST
def correct_tariff(request: HttpRequest, pk: int) -> HttpResponse:
    """Reverse what a wrong tariff charged, and charge it anew."""
    where = property_of_manager(request, pk)
    try:
        tariff = _chosen(where, request.POST.get("tariff", ""), "tariff")
        begins, ends = (wall_clock(request.POST.get(name, ""), where, name) for name in ("begins", "ends"))
        made = correct(where, tariff, begins, ends, request.POST.get("reason", "").strip(), request.user)
    except (ValidationError, TariffError) as error:
        refuse(request, error)
    else:
        messages.success(request, _("%(count)d accounts are corrected.") % {"count": made.charges.count()})
    return redirect("console:tariffs:tariffs", pk=pk)


@login_required
@require_GET
def what_if(request: HttpRequest, pk: int) -> HttpResponse:
    """The last year, rated under other tariffs beside the present one."""
    where = property_of_manager(request, pk)
    known = _known(where)
    wanted = request.GET.getlist("tariff")
    chosen = [each for each in known if str(each.pk) in wanted]
    if set(wanted) - {str(each.pk) for each in known}:
        say(request, ValidationError({"tariff": _("There is no such choice.")}))
        chosen = []
    context: dict[str, Any] = {"property": where, "known": known, "chosen": chosen, "most": MOST}
    if chosen:
        try:
            context["found"] = _columns(what_if_under(where, [each.kernel() for each in chosen]))
        except (TariffError, ValidationError) as error:
            say(request, error)
    return render(request, "console/tariffs/compare.html", context)


def _columns(found: Any) -> dict[str, Any]:
    """The comparison for the page."""
    count = range(len(found.tariffs))
    hours = [found.by_hour(index) for index in count]
    most = max((cost for column in hours for _, cost in column), default=0) or 1
    return {
        "begins": found.begins,
        "ends": found.ends,
        "where": zone(found.tariffs[0].zone),
        "tariffs": [
            {"name": tariff.name, "total": found.total(index), "more": found.total(index) - found.total(0),
             "rates": found.by_rate(index).items()}
            for index, tariff in enumerate(found.tariffs)
        ],
        "homes": [
            {"name": home, "cells": [(found.ratings[index][home].charge, found.difference(index, home)) for index in count]}
            for home in sorted(found.ratings[0], key=natural)
        ],
        "hours": [
            {"hour": f"{hour:02}", "energy": hours[0][hour][0],
             "costs": [(hours[index][hour][1], 100 * hours[index][hour][1] // most, index) for index in count]}
            for hour in range(24)
        ],
    }  # fmt: skip

"""Pages of a property's tariffs: what applies, and the comparison. The editor is in `edit_views`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from ....kernel.calendar import DAY_KINDS, zone
from ....kernel.names import natural
from ....kernel.tariff import Tariff as KernelTariff
from ....kernel.tariff import TariffError
from ...accounts.rights import Right
from ...core import local_forms
from ...core.errors import for_people
from ...core.number_field import NumberField
from ...core.plain_numbers import in_field
from ...core.row_forms import RowForm
from ...core.time import now
from ...core.uploads import LARGEST_UPLOAD, choose_file, chosen_file, takes
from ...estate.models import Property
from ...estate.wall_clock import wall_clock
from ...sales.corrections import correct
from ...tariffs.compare import MOST
from ...tariffs.models import Tariff
from ...tariffs.price_units import has_hundredths
from ...tariffs.prices import read_prices
from ...tariffs.rate_order import rate_order
from ...tariffs.versions import price_notes, schedule, schedule_prices
from ...tariffs.what_if_task import WHAT_IF, compared, is_large
from ...tasks import asking
from ...tasks.models import Task
from ...web.access import property_of_manager
from ...web.forms import key
from ...web.kept import refuse, say
from ...web.tasks.own_tasks import facts_of


@login_required
@require_GET
def tariffs(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what applies at a property, what is to come, and what was corrected."""
    property_ = property_of_manager(request, pk)
    order = rate_order(property_.tariff_versions.series(), now())
    versions = [
        {
            "version": each,
            "tariff": each.tariff.kernel(),
            "weeks": week(each.tariff.kernel()),
            "begun": each.effective_at <= now(),
        }
        for each in property_.tariff_versions.in_force(now())
    ]
    context = {
        "property": property_,
        "zone_info": zone(property_.zone),
        "versions": versions,
        "order": order,
        "known": known_tariffs(property_),
        "has_hundredths": has_hundredths(property_.currency),
        "cap": "" if property_.price_cap is None else in_field(property_.price_cap),
        "corrections": property_.corrections.select_related("tariff", "by").prefetch_related(
            "charges__tenancy", "charges__meter"
        ),
    }
    return render(request, "console/tariffs/tariffs.html", context)


def week(tariff: KernelTariff) -> list[dict[str, Any]]:
    """Return a picture of a tariff's days: for each season and kind of day, its stretches as parts of the day's width."""
    rows = []
    for season in tariff.seasons:
        for day_type in season.day_types:
            ends = [*(switch.minute for switch in day_type.switches[1:]), 1440]
            parts = [
                {
                    "rate": switch.rate,
                    "width": f"{(end - switch.minute) / 14.4:.4f}",
                    "from": f"{switch.minute // 60:02}:{switch.minute % 60:02}",
                }
                for switch, end in zip(day_type.switches, ends, strict=True)
            ]
            # The name of the only season says nothing.
            name = season.name if len(tariff.seasons) > 1 else ""
            rows.append({"season": name, "days": _days_in_words(day_type.days), "parts": parts})
    return rows


def _days_in_words(kinds: Iterable[int]) -> list[str]:
    """Return the days of a line of a tariff, by their indices in `DAY_KINDS`: Mon, Tue, special days."""
    if len(set(kinds)) == len(DAY_KINDS):
        return [_("every day")]
    # 2024 began on a Monday.
    words = [*(local_forms.day(date(2024, 1, 1 + kind), "D") for kind in range(7)), _("special days")]
    return [words[kind] for kind in sorted(kinds)]


@login_required
@require_POST
def schedule_tariff(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a tariff apply from an instant on."""
    property_ = property_of_manager(request, pk)
    try:
        tariff = _chosen(property_, request.POST.get("tariff", ""), "tariff")
        effective = wall_clock(request.POST.get("effective", ""), property_, "effective")
        schedule(property_, tariff, effective)
    except (ValidationError, TariffError) as error:
        refuse(request, error)
    else:
        messages.success(request, _("%(name)s is on its way to the meters.") % {"name": tariff.name})
    return redirect("console:tariffs:tariffs", pk=pk)


def known_tariffs(property_: Property) -> list[Tariff]:
    """Return the tariffs of a property's landlord that are not archived, in the order of their names."""
    rows = Tariff.objects.in_use().filter(organisation=property_.organisation)
    return sorted(rows, key=lambda tariff: natural(tariff.name))


def _chosen(property_: Property, pk: str, field: str) -> Tariff:
    tariff = Tariff.objects.filter(organisation=property_.organisation, pk=key(pk)).first()
    if tariff is None:
        raise ValidationError({field: _("Choose a tariff.")})
    return tariff


class ResaleForm(RowForm):
    """The limits that the law sets for a property's tariffs. A tariff that applies, or is to come, must keep them."""

    class Meta:
        model = Property
        fields = ("price_cap", "purchase_tariff")
        field_classes = {"price_cap": NumberField}

    def clean(self) -> dict[str, Any]:
        """Return the values. Raises ValidationError if a tariff of the property is over the limits."""
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
    """Store the limits that the law sets for this property's tariffs."""
    property_ = property_of_manager(request, pk)
    form = ResaleForm(request.POST, instance=property_)
    form.fields["purchase_tariff"].queryset = Tariff.objects.in_use().filter(organisation=property_.organisation)  # type: ignore[attr-defined]
    if form.is_valid():
        form.save()
        messages.success(request, _("From now on, no tariff above this price can be scheduled."))
    else:
        refuse(request, ValidationError(form.errors.as_data()))  # type: ignore[arg-type]
    return redirect("console:tariffs:tariffs", pk=pk)


@takes(LARGEST_UPLOAD)
@login_required
@require_POST
def load_prices(request: HttpRequest, pk: int) -> HttpResponse:
    """Load prices by date from a table."""
    property_ = property_of_manager(request, pk)
    try:
        base = _chosen(property_, request.POST.get("tariff", ""), "tariff")
        content = chosen_file(request, "file")
        if content is None:
            raise ValidationError({"file": choose_file()})
        scale, decimal = (request.POST.get(name, "") for name in ("scale", "decimal"))
        series = read_prices(
            content, scale=scale, time_zone=zone(property_.zone), currency=property_.currency, decimal=decimal
        )
        versions = schedule_prices(property_, base, series)
    except (ValidationError, TariffError) as error:
        refuse(request, error)
    else:
        messages.success(request, _loaded(len(versions)))
        for note in price_notes(property_, series):
            messages.warning(request, note)
    return redirect("console:tariffs:tariffs", pk=pk)


def _loaded(count: int) -> str:
    """Return what came of a file of dated prices that made `count` versions of the tariff."""
    if not count:
        return _("These prices are known already: nothing has changed.")
    said = ngettext(
        "The dated prices are on their way to the meters.",
        "The dated prices are on their way to the meters, in %(count)d parts.",
        count,
    )
    return said % {"count": count}


@login_required
@require_POST
def correct_tariff(request: HttpRequest, pk: int) -> HttpResponse:
    """Reverse what a wrong tariff charged, and charge it by the right one."""
    property_ = property_of_manager(request, pk)
    try:
        tariff = _chosen(property_, request.POST.get("tariff", ""), "tariff")
        begins, ends = (wall_clock(request.POST.get(name, ""), property_, name) for name in ("begins", "ends"))
        correction = correct(property_, tariff, begins, ends, request.POST.get("reason", "").strip(), request.user)
    except (ValidationError, TariffError) as error:
        refuse(request, error)
    else:
        count = correction.charges.count()
        said = ngettext("%(count)d account is corrected.", "%(count)d accounts are corrected.", count)
        messages.success(request, said % {"count": count})
    return redirect("console:tariffs:tariffs", pk=pk)


@login_required
@require_GET
def what_if(request: HttpRequest, pk: int) -> HttpResponse:
    """Compare tariffs: rate the last year's use by others, next to the present one."""
    property_ = property_of_manager(request, pk)
    known = known_tariffs(property_)
    wanted = request.GET.getlist("tariff")
    chosen = [each for each in known if str(each.pk) in wanted]
    if set(wanted) - {str(each.pk) for each in known}:
        say(request, ValidationError({"tariff": _("There is no such choice.")}))
        chosen = []
    context: dict[str, Any] = {"property": property_, "known": known, "chosen": chosen, "most": MOST}
    context["zone_info"] = zone(property_.zone)
    facts = facts_of(request, WHAT_IF)
    try:
        if facts.get("property") == pk:
            context["comparison"] = facts
        elif chosen and is_large(property_):
            return redirect("web:tasks:task", pk=_compared_as_task(request, property_, chosen).pk)
        elif chosen:
            context["comparison"] = compared(property_, chosen)
    except (TariffError, ValidationError) as error:
        say(request, error)
    return render(request, "console/tariffs/compare.html", context)


def _compared_as_task(request: HttpRequest, property_: Property, chosen: list[Tariff]) -> Task:
    numbers = [each.pk for each in chosen]
    back = f"{reverse('console:tariffs:what_if', args=[property_.pk])}?{urlencode({'tariff': numbers}, doseq=True)}"
    given = {"property": property_.pk, "tariffs": numbers}
    return asking.ask(WHAT_IF, property_.organisation, request.user, back, given=given, right=Right.SEE_SETTINGS)

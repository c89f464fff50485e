"""Pages of a landlord and its properties: what there is, and adding and changing it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views.decorators.http import require_http_methods

from ....kernel.calendar import zone
from ....kernel.names import natural
from ....kernel.tariff import TariffError, flat_tariff
from ....kernel.units import short_price
from ...commissioning.progress import Step, property_in_hand
from ...commissioning.usual_places import usual_place
from ...core.errors import for_people
from ...core.local_forms import money_with_code
from ...core.rate_names import usual_rate
from ...core.time import now
from ...estate.models import Organisation, Property
from ...metering.models import Meter
from ...tariffs.versions import apply_now, keep
from ...web.access import owner_of, property_of_manager
from ...web.forms import one_of
from ...web.kept import say
from ...web.paging import containing, looked_for, page_by_name
from ...web.sure import Act, ask_whether
from ..begin.steps import landlord_page, on_from, page_of, step_links, steps_above
from ..tariffs.doubtful_price import question_about
from .forms import OrganisationForm, PriceForm, PropertyForm


def _by_name(rows: Any) -> list[Any]:
    return sorted(rows, key=lambda each: natural(each.name))


def _in_use(rows: Iterable[Any]) -> list[Any]:
    return [each for each in rows if each.archived_at is None]


def _archived(rows: Iterable[Any]) -> list[Any]:
    return [each for each in rows if each.archived_at is not None]


@login_required
@require_http_methods(["GET", "POST"])
def organisation(request: HttpRequest) -> HttpResponse:
    """Show a landlord with its properties and tariffs, and change it."""
    owner = owner_of(request)
    form = OrganisationForm(request.POST or None, instance=owner)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect(landlord_page(owner))
    all_ = _by_name(owner.properties.all())
    tariffs = _by_name(owner.tariffs.all())
    context = {
        "owner": Organisation.objects.get(pk=owner.pk),
        "form": form,
        "properties": _in_use(all_),
        "archived": _archived(all_),
        "tariffs": _in_use(tariffs),
        "archived_tariffs": _archived(tariffs),
    }
    return render(request, "console/estate/organisation.html", context, status=400 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def add_property(request: HttpRequest) -> HttpResponse:
    """Add a property, in the browser's time zone and its currency if nobody says otherwise."""
    owner = owner_of(request)
    languages = [name for name, _weight in parse_accept_lang_header(request.headers.get("Accept-Language", ""))]
    zone_name, currency = usual_place(languages)
    before = property_in_hand(owner)
    if before is not None:
        zone_name, currency = before.zone, before.currency
    form = PropertyForm(owner, request.POST or None, initial={"zone": zone_name, "currency": currency})
    if request.method == "POST" and form.is_valid():
        # With what the audit log says of it, or not at all.
        with transaction.atomic():
            property_ = form.save()
        messages.success(request, _("%(name)s is added. Now add its flats.") % {"name": property_.name})
        return on_from(property_, Step.PROPERTY)
    context = {
        "owner": owner,
        "form": form,
        "is_first": before is None,
        "steps": step_links(owner, None, Step.PROPERTY) if before is None else [],
        "is_chosen": request.method == "POST" or before is not None,
    }
    return render(request, "console/estate/add_property.html", context, status=400 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def building(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a property has: flats, meters, gateways; and change its name."""
    property_ = property_of_manager(request, pk)
    if request.method == "POST" and "compares_flats" in request.POST:
        return _compare(request, property_)
    form = PropertyForm(property_.organisation, request.POST or None, instance=Property.objects.get(pk=pk))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("console:estate:building", pk=pk)
    units = property_.units.prefetch_related("parts", "meter__gateway")
    called = containing(looked_for(request), ("name", "meter__name", "tenancies__tenant"))
    matching = units.in_use().filter(pk__in=property_.units.filter(called).values("pk")) if called else units.in_use()
    meters = _by_name(Meter.objects.filter(gateway__property=property_, unit=None).select_related("part", "gateway"))
    context = {
        "property": property_,
        "zone_info": zone(property_.zone),
        "form": form,
        "steps": steps_above(property_, Step.PROPERTY),
        "page": page_by_name(request, matching, "name"),
        "archived_units": page_by_name(request, units.exclude(archived_at=None), "name", field="archived"),
        "meters": _in_use(meters),
        "archived_meters": _archived(meters),
        "gateways": _by_name(property_.gateways.filter(is_revoked=False)),
        "costs": _by_name(property_.shared_costs.filter(ends=None)),
        "tariffs": [each.tariff for each in property_.tariff_versions.in_force(now())],
    }
    return render(request, "console/estate/property.html", context, status=400 if form.errors else 200)


def _compare(request: HttpRequest, property_: Property) -> HttpResponse:
    """Let tenants see the use of similar flats, or no more."""
    try:
        property_.compares_flats = one_of(request.POST, "compares_flats", ("yes", "no")) == "yes"
    except ValidationError as error:
        say(request, error)
    else:
        property_.save(update_fields=["compares_flats"])
        messages.success(request, _("Saved."))
    return redirect("console:estate:building", pk=property_.pk)


@login_required
@require_http_methods(["GET", "POST"])
def one_price(request: HttpRequest, pk: int) -> HttpResponse:
    """Let one price per kWh apply from now on. What is more than one price is made in the editor."""
    property_ = property_of_manager(request, pk)
    form = PriceForm(property_.currency, request.POST or None)
    if request.method == "POST" and form.is_valid():
        apply = partial(_let_apply, property_, form.cleaned_data["price"])
        try:
            question = _question(property_, form.cleaned_data["price"])
            asked = ask_whether(request, property_, question, apply) if question is not None else None
            if asked is not None:
                return asked
            apply()
        except (ValidationError, TariffError) as error:
            form.add_error("price", for_people(error))
        else:
            messages.success(request, _("The price is saved, and on its way to the meters."))
            return on_from(property_, Step.PRICE)
    context = {
        "property": property_,
        "form": form,
        "steps": steps_above(property_, Step.PRICE),
        "tariffs": [each.tariff for each in property_.tariff_versions.in_force(now())],
    }
    return render(request, "console/estate/one_price.html", context, status=400 if form.errors else 200)


def _question(property_: Property, price: int) -> Act | None:
    """Return what a person is asked before a price (micro) holds; None if it may be right."""
    if price == 0:
        return _giving_away(property_)
    return question_about([price], property_.currency, page_of(property_, Step.PRICE))


def _giving_away(property_: Property) -> Act:
    """Return what a person is asked before electricity is free."""
    price = money_with_code(0, property_.currency)
    return Act(
        "free",
        _("%(price)s per kWh: nobody pays for electricity. Is that right?") % {"price": price},
        (_("It applies from now on, day and night."),),
        _("Yes, it is free"),
        page_of(property_, Step.PRICE),
    )


@transaction.atomic
def _let_apply(property_: Property, price: int) -> None:
    """Let one price (micro) apply at a property from now on. Raises ValidationError and TariffError."""
    name = f"{short_price(price)} {property_.currency}, {property_.zone}"[:64]
    known = property_.organisation.tariffs.filter(name=name).first()
    # A price that was made before, perhaps in another language, keeps its own word: it is the same price.
    rate = known.kernel().rates[0].name if known else usual_rate()
    tariff = flat_tariff(name, property_.currency, property_.zone, price, rate)
    apply_now(property_, keep(property_.organisation, tariff))

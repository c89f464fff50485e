"""Who may see what: a manager the properties of their organisations, a tenant the own tenancies."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from ...kernel.names import natural
from ..billing.debts import open_debts
from ..billing.models import Bill, Debt, WriteOff
from ..core.time import now
from ..correspondence.models import Photo, Report
from ..estate.models import Organisation, Property, Tenancy, Unit
from ..metering.models import Alarm, Meter
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


def owner_of(request: HttpRequest) -> Organisation:
    """The organisation that is asked for; if none is, this user's first one. Http404 for who does not manage it."""
    mine = organisations(request)
    if not mine:
        raise Http404
    wanted = request.GET.get("organisation") or request.POST.get("organisation")
    found = next((each for each in mine if str(each.pk) == wanted), None) if wanted else mine[0]
    if found is None:
        raise Http404
    return found


def tenancies_of(owner: Organisation) -> list[Tenancy]:
    """Whom money can be credited to: those who live there, and those who have moved out and owe."""
    rows = Tenancy.objects.filter(unit__property__organisation=owner).select_related("unit__property__organisation")
    owing = set(open_debts(owner).values_list("tenancy", flat=True))
    found = [each for each in rows if each.ends is None or each.ends > now() or each.pk in owing]
    return sorted(found, key=lambda each: (natural(each.unit.property.name), natural(each.unit.name), each.begins))


def meter_of_manager(request: HttpRequest, pk: int) -> Meter:
    """A meter, for its manager. Http404 for anybody else."""
    found: Meter = get_object_or_404(
        Meter.objects.select_related("unit__property", "gateway__property__organisation"),
        pk=pk,
        gateway__property__organisation__in=organisations(request),
    )
    return found


def alarm_of_manager(request: HttpRequest, pk: int) -> Alarm:
    """An alarm of a meter or of a gateway, for its manager. Http404 for anybody else."""
    mine = organisations(request)
    alarms = Alarm.objects.filter(
        Q(meter__gateway__property__organisation__in=mine) | Q(gateway__property__organisation__in=mine)
    )
    related = ("meter__unit__property", "meter__gateway__property", "gateway__property")
    return get_object_or_404(alarms.select_related(*related), pk=pk)


def bill_to_see(request: HttpRequest, pk: int) -> tuple[Bill, bool]:
    """A bill, and whether its manager asks. Http404 for who is neither that nor the tenant."""
    found: Bill = get_object_or_404(Bill.objects.select_related("tenancy__unit__property__organisation"), pk=pk)
    manager = any(each.pk == found.organisation_id for each in organisations(request))
    user: Any = request.user
    if not manager and found.tenancy.user_id != user.pk:
        raise Http404
    return found, manager


def report_to_see(request: HttpRequest, pk: int) -> tuple[Report, bool]:
    """A report, and whether its manager asks. Http404 for who is neither that nor its tenant."""
    found = get_object_or_404(Report.objects.select_related("tenancy__unit__property__organisation"), pk=pk)
    _tenancy, manager = tenancy_to_see(request, found.tenancy_id)
    return found, manager


def lives_now(request: HttpRequest) -> Tenancy:
    """The tenancy that this user has now. Http404 if there is none."""
    user: Any = request.user
    at = now()
    for each in user.tenancies.select_related("unit__property__organisation").order_by("-begins"):
        if each.begins <= at and (each.ends is None or each.ends > at):
            found: Tenancy = each
            return found
    raise Http404


def page_of(meter: Meter) -> str:
    """Where a meter's own page is."""
    if meter.unit_id:
        return reverse("console:units:unit", args=[meter.unit_id])
    return reverse("console:alarms:alarms", args=[meter.property.pk])


def photo_to_see(request: HttpRequest, pk: int) -> HttpResponse:
    """A photo, for who may see its report: as a picture and nothing else. Http404 for anybody else."""
    found = get_object_or_404(Photo.objects.select_related("entry__report"), pk=pk)
    tenancy_to_see(request, found.entry.report.tenancy_id)
    return HttpResponse(
        bytes(found.content),
        content_type="image/jpeg",
        headers={
            "Content-Disposition": f'inline; filename="photo-{found.pk}.jpg"',
            "Cache-Control": "private, max-age=3600",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
        },
    )

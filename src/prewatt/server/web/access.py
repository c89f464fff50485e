"""Who may see what: a manager sees the properties of their organisations, a tenant sees their own tenancies.

Each function returns a row to a person who may see it, and raises Http404 for everybody else, so that nobody learns
what exists.
"""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from ...kernel.names import natural
from ..accounts.memberships import reach_of
from ..accounts.tenants import is_tenant_of, tenancies_of_login
from ..billing.debts import open_debts
from ..billing.models import Bill, Debt, WriteOff
from ..core.time import now
from ..correspondence.models import Photo, Report
from ..estate.models import Organisation, Property, Tenancy, Unit
from ..metering.models import Alarm, Meter
from ..vending.models import Refund

Row = TypeVar("Row", bound=Model)


def organisations(request: HttpRequest) -> list[Organisation]:
    """Return the organisations that this user manages. An operator manages all."""
    return list(reach_of(request.user).organisations())


def _managed(request: HttpRequest, rows: QuerySet[Row], pk: int, organisation: str) -> Row:
    """Return the row if this user manages the organisation that it leads to."""
    row: Row = get_object_or_404(rows, pk=pk, **{f"{organisation}__in": organisations(request)})
    return row


def property_of_manager(request: HttpRequest, pk: int) -> Property:
    """Return a property to its manager. Raises Http404 for anybody else."""
    return _managed(request, Property.objects.select_related("organisation"), pk, "organisation")


def unit_of_manager(request: HttpRequest, pk: int) -> Unit:
    """Return a unit to its manager. Raises Http404 for anybody else."""
    return _managed(request, Unit.objects.select_related("property__organisation"), pk, "property__organisation")


def tenancy_of_manager(request: HttpRequest, pk: int) -> Tenancy:
    """Return a tenancy to its manager. Raises Http404 for anybody else."""
    path = "unit__property__organisation"
    return _managed(request, Tenancy.objects.select_related(path), pk, path)


def refund_of_manager(request: HttpRequest, pk: int) -> Refund:
    """Return money that is owed to a tenant, to the manager who owes it. Raises Http404 for anybody else."""
    rows = Refund.objects.select_related("tenancy__unit__property")
    return _managed(request, rows, pk, "tenancy__unit__property__organisation")


def debt_of_manager(request: HttpRequest, pk: int) -> Debt:
    """Return a debt to the manager to whom it is owed. Raises Http404 for anybody else."""
    path = "tenancy__unit__property__organisation"
    return _managed(request, Debt.objects.select_related(path), pk, path)


def write_off_of_manager(request: HttpRequest, pk: int) -> WriteOff:
    """Return a proposal to write a debt off, to the manager to whom the debt is owed. Raises Http404 for anybody else."""
    rows = WriteOff.objects.select_related("debt__tenancy__unit__property")
    return _managed(request, rows, pk, "debt__tenancy__unit__property__organisation")


def tenancy_to_see(request: HttpRequest, pk: int) -> tuple[Tenancy, bool]:
    """Return a tenancy, and whether its manager asks. Raises Http404 for anybody but its manager and its tenant."""
    tenancy = get_object_or_404(Tenancy.objects.select_related("unit__property__organisation"), pk=pk)
    manager = any(each.pk == tenancy.unit.property.organisation_id for each in organisations(request))
    if not manager and not is_tenant_of(request.user, tenancy):
        raise Http404
    return tenancy, manager


def owner_of(request: HttpRequest) -> Organisation:
    """Return the organisation that the request names; this user's first one if it names none. Raises Http404 if the
    user does not manage it.
    """
    own = organisations(request)
    if not own:
        raise Http404
    wanted = request.GET.get("organisation") or request.POST.get("organisation")
    organisation = next((each for each in own if str(each.pk) == wanted), None) if wanted else own[0]
    if organisation is None:
        raise Http404
    return organisation


def tenancies_of(owner: Organisation) -> list[Tenancy]:
    """Return the tenancies that money can be credited to: of tenants who live there, and of those who have moved out
    and still owe.
    """
    rows = Tenancy.objects.filter(unit__property__organisation=owner).select_related("unit__property__organisation")
    owing = set(open_debts(owner).values_list("tenancy", flat=True))
    creditable = [each for each in rows if each.ends is None or each.ends > now() or each.pk in owing]
    return sorted(creditable, key=lambda each: (natural(each.unit.property.name), natural(each.unit.name), each.begins))


def meter_of_manager(request: HttpRequest, pk: int) -> Meter:
    """Return a meter to its manager. Raises Http404 for anybody else."""
    meter: Meter = get_object_or_404(
        Meter.objects.select_related("unit__property", "gateway__property__organisation"),
        pk=pk,
        gateway__property__organisation__in=organisations(request),
    )
    return meter


def alarm_of_manager(request: HttpRequest, pk: int) -> Alarm:
    """Return an alarm of a meter or a gateway to its manager. Raises Http404 for anybody else."""
    own = organisations(request)
    alarms = Alarm.objects.filter(
        Q(meter__gateway__property__organisation__in=own) | Q(gateway__property__organisation__in=own)
    )
    related = ("meter__unit__property", "meter__gateway__property", "gateway__property")
    return get_object_or_404(alarms.select_related(*related), pk=pk)


def bill_to_see(request: HttpRequest, pk: int) -> tuple[Bill, bool]:
    """Return a bill, and whether its manager asks. Raises Http404 for anybody but its manager and its tenant."""
    bill: Bill = get_object_or_404(Bill.objects.select_related("tenancy__unit__property__organisation"), pk=pk)
    manager = any(each.pk == bill.organisation_id for each in organisations(request))
    if not manager and not is_tenant_of(request.user, bill.tenancy):
        raise Http404
    return bill, manager


def report_to_see(request: HttpRequest, pk: int) -> tuple[Report, bool]:
    """Return a fault report, and whether its manager asks. Raises Http404 for anybody but its manager and its tenant."""
    report = get_object_or_404(Report.objects.select_related("tenancy__unit__property__organisation"), pk=pk)
    _tenancy, manager = tenancy_to_see(request, report.tenancy_id)
    return report, manager


def lives_now(request: HttpRequest) -> Tenancy:
    """Return the tenancy that this user has now. Raises Http404 if there is none."""
    tenancy = tenancies_of_login(request.user).living(now()).last()
    if tenancy is None:
        raise Http404
    return tenancy


def page_of(meter: Meter) -> str:
    """Return the path of the page that shows a meter."""
    if meter.unit_id:
        return reverse("console:units:unit", args=[meter.unit_id])
    return reverse("console:alarms:alarms", args=[meter.property.pk])


def photo_to_see(request: HttpRequest, pk: int) -> HttpResponse:
    """Return a photo to people who may see its report, as a picture and nothing else. Raises Http404 for anybody else."""
    photo = get_object_or_404(Photo.objects.select_related("entry__report"), pk=pk)
    tenancy_to_see(request, photo.entry.report.tenancy_id)
    return as_picture(bytes(photo.content), f"photo-{photo.pk}.jpg")


def as_picture(content: bytes, name: str) -> HttpResponse:
    """Return a JPEG so that a browser shows it as a picture and nothing else."""
    return HttpResponse(
        content,
        content_type="image/jpeg",
        headers={
            "Content-Disposition": f'inline; filename="{name}"',
            "Cache-Control": "private, max-age=3600",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
        },
    )

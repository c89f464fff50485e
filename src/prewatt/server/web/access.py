"""Who may see and do what to which row: somebody with a role in an organisation, by the right that the request needs
(`web/needs.py`), and a tenant, who sees their own tenancies.

Each function returns a row to a person who may see it. For people without a role there it raises Http404, so that nobody learns
what exists; for people whose role lacks the right, it raises NotAllowed, which says who can give it.
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from ..accounts.rights import Right
from ..accounts.tenants import is_tenant_of, tenancies_of_login
from ..billing.models import Bill, Debt, WriteOff
from ..billing.open_debts import creditable
from ..core.time import now
from ..correspondence.models import Photo, Report
from ..estate.models import Organisation, Property, Tenancy, Unit
from ..metering.models import Alarm, Meter
from ..vending.models import Refund, TokenMeter
from .gate import NotAllowed, asked, check_login, note_need, reach
from .needs import READING

Row = TypeVar("Row", bound=Model)

FLAT = "flat"
"""The cookie with the flat that somebody chose last: the number of a tenancy. The number alone gives no access."""


def _right(request: HttpRequest) -> Right | None:
    """Return the right that a request needs; None if it needs no more than a login."""
    right = asked(request)
    return right if isinstance(right, Right) else None


def properties(request: HttpRequest) -> QuerySet[Property]:
    """Return the properties at which this user has the right that the request needs."""
    return reach(request).properties(_right(request))


def organisations(request: HttpRequest) -> list[Organisation]:
    """Return the organisations for the whole of which this user has the right that the request needs."""
    return list(reach(request).organisations(_right(request)))


def landlords(request: HttpRequest) -> list[Organisation]:
    """Return the organisations of the properties at which this user has the right that the request needs."""
    return list(Organisation.objects.filter(pk__in=properties(request).values("organisation")))


def rights_at(request: HttpRequest, property_: Property) -> frozenset[Right]:
    """Return the rights of this user at a property. Pages show only links and buttons that these allow."""
    return reach(request).at(property_)


def require(request: HttpRequest, right: Right, property_: Property) -> None:
    """Raise NotAllowed if this user lacks one more right, which the request needs, at a property."""
    if right not in rights_at(request, property_):
        raise NotAllowed(right)


def chosen(request: Any, do: str) -> None:
    """Note which order (`do`) a call of the API carries, and check its right: some orders need another right than the address
    (`Need.do`). Raises Http404 or NotAllowed.
    """
    note_need(request, request.need, do)
    check_login(request)


def row_at(request: HttpRequest, rows: QuerySet[Row], path: str, **lookup: Any) -> Row:
    """Return the row, if this user has the right that the request needs at the property to which `path` leads. Raises
    NotAllowed if they have another role there, and Http404 otherwise.
    """
    row = rows.filter(**lookup, **{f"{path}__in": properties(request)}).first()
    if row is None:
        _refuse(request, rows.filter(**lookup, **{f"{path}__in": reach(request).properties()}).exists())
        raise Http404
    property_: Any = row
    for name in path.split("__") if path != "pk" else ():
        property_ = getattr(property_, name)
    _note_place(request, property_)
    return row


def row_of(request: HttpRequest, rows: QuerySet[Row], path: str, **lookup: Any) -> Row:
    """Return the row, if this user has the right that the request needs for the whole organisation to which `path` leads.
    Raises NotAllowed if they have another role in it, and Http404 otherwise.
    """
    row = rows.filter(**lookup, **{f"{path}__in": reach(request).organisations(_right(request))}).first()
    if row is None:
        _refuse(request, rows.filter(**lookup, **{f"{path}__in": reach(request).organisations()}).exists())
        raise Http404
    return row


def _refuse(request: HttpRequest, is_own: bool) -> None:
    """Say what is missing if the row is of an organisation in which this user has a role. Raises NotAllowed."""
    right = _right(request)
    if is_own and right is not None:
        raise NotAllowed(right, whole=right in reach(request).rights)


def _note_place(request: Any, property_: Property) -> None:
    """Note for the page which property it shows, and what the user may do there."""
    request.property_here = property_
    _note_rights(request, rights_at(request, property_))


def _note_rights(request: Any, rights: frozenset[Right]) -> None:
    """Note for the page what the user may do at the property that it shows."""
    request.rights_here = rights


def property_of_manager(request: HttpRequest, pk: int) -> Property:
    """Return a property to its manager. Raises Http404 for anybody else, and NotAllowed."""
    return row_at(request, Property.objects.select_related("organisation"), "pk", pk=pk)


def unit_of_manager(request: HttpRequest, pk: int, *related: str) -> Unit:
    """Return a unit to its manager, with its property and what else is `related`. Raises Http404 for anybody else, and
    NotAllowed.
    """
    return row_at(request, Unit.objects.select_related("property__organisation", *related), "property", pk=pk)


def tenancy_of_manager(request: HttpRequest, pk: int) -> Tenancy:
    """Return a tenancy to its manager. Raises Http404 for anybody else, and NotAllowed."""
    rows = Tenancy.objects.select_related("unit__property__organisation")
    return row_at(request, rows, "unit__property", pk=pk)


def refund_of_manager(request: HttpRequest, pk: int) -> Refund:
    """Return money that is owed to a tenant, to the manager who owes it. Raises Http404 for anybody else, and NotAllowed."""
    return row_at(request, Refund.objects.select_related("tenancy__unit__property"), "tenancy__unit__property", pk=pk)


def debt_of_manager(request: HttpRequest, pk: int) -> Debt:
    """Return a debt to the manager to whom it is owed. Raises Http404 for anybody else, and NotAllowed."""
    rows = Debt.objects.select_related("tenancy__unit__property__organisation")
    return row_at(request, rows, "tenancy__unit__property", pk=pk)


def write_off_of_manager(request: HttpRequest, pk: int) -> WriteOff:
    """Return a proposal to write a debt off, to the manager to whom the debt is owed. Raises Http404 for anybody else, and
    NotAllowed.
    """
    rows = WriteOff.objects.select_related("debt__tenancy__unit__property")
    return row_at(request, rows, "debt__tenancy__unit__property", pk=pk)


def tenancy_to_see(request: HttpRequest, pk: int) -> tuple[Tenancy, bool]:
    """Return a tenancy, and whether its manager asks. Raises Http404 for anybody but its manager and its tenant."""
    tenancy = get_object_or_404(Tenancy.objects.select_related("unit__property__organisation"), pk=pk)
    return tenancy, _is_manager(request, tenancy)


def _is_manager(request: HttpRequest, tenancy: Tenancy) -> bool:
    """Return whether somebody with the right that the request needs asks about a tenancy, or its tenant. Raises NotAllowed
    or Http404 if it is neither.
    """
    rights, right = rights_at(request, tenancy.unit.property), _right(request)
    _note_place(request, tenancy.unit.property)
    if right in rights:
        return True
    if is_tenant_of(request.user, tenancy):
        request.flat_here = tenancy  # type: ignore[attr-defined]
        return False
    _refuse(request, bool(rights))
    raise Http404


def owner_of(request: HttpRequest) -> Organisation:
    """Return the organisation that the request names; this user's first one if it names none. Raises Http404 if the user has no
    role in it, and NotAllowed if the role lacks the right.
    """
    own = organisations(request)
    wanted = request.GET.get("organisation") or request.POST.get("organisation")
    organisation = next((each for each in own if not wanted or str(each.pk) == wanted), None)
    if organisation is None:
        _refuse(request, any(not wanted or str(each.pk) == wanted for each in reach(request).organisations()))
        raise Http404
    _note_rights(request, reach(request).of(organisation))
    return organisation


def landlord_of(request: HttpRequest) -> Organisation:
    """Return the organisation that the request names; the first one if it names none. It is one of `landlords`; Http404 is raised
    if there is none.
    """
    wanted = request.GET.get("organisation")
    for each in landlords(request):
        if not wanted or str(each.pk) == wanted:
            return each
    raise Http404


def tenancies_of(owner: Organisation) -> QuerySet[Tenancy]:
    """Return the tenancies of an organisation that money can be credited to."""
    return creditable(Tenancy.objects.filter(unit__property__organisation=owner))


def meter_of_manager(request: HttpRequest, **lookup: Any) -> Meter:
    """Return a meter to its manager. Raises Http404 for anybody else, and NotAllowed."""
    rows = Meter.objects.select_related("unit__property", "gateway__property__organisation")
    return row_at(request, rows, "gateway__property", **lookup)


def alarm_of_manager(request: HttpRequest, pk: int) -> Alarm:
    """Return an alarm of a meter or a gateway to its manager. Raises Http404 for anybody else, and NotAllowed."""
    related = ("meter__unit__property", "meter__gateway__property", "gateway__property")
    alarms = Alarm.objects.select_related(*related)
    return row_at(request, alarms, "gateway__property" if _of_gateway(pk) else "meter__gateway__property", pk=pk)


def _of_gateway(pk: int) -> bool:
    """Return whether an alarm is of a gateway, and of none of its meters."""
    return Alarm.objects.filter(pk=pk, meter=None).exists()


def keypad_meters(request: HttpRequest) -> QuerySet[TokenMeter]:
    """Return the keypad meters of organisations or at units for which this user has the right that the request needs."""
    rows = TokenMeter.objects.filter(meter__isnull=True)
    return rows.filter(Q(organisation__in=organisations(request)) | Q(unit__property__in=properties(request)))


def keypad_meter_of_manager(request: HttpRequest, pk: int) -> TokenMeter:
    """Return a keypad meter to its manager. Raises Http404 for anybody else, and NotAllowed."""
    meter = keypad_meters(request).select_related("unit__property", "organisation").filter(pk=pk).first()
    if meter is None:
        all_ = reach(request)
        own = Q(organisation__in=all_.organisations()) | Q(unit__property__in=all_.properties())
        _refuse(request, TokenMeter.objects.filter(own, meter__isnull=True, pk=pk).exists())
        raise Http404
    place = meter.unit.property if meter.unit else None
    if place:
        _note_place(request, place)
    else:
        _note_rights(request, reach(request).of(meter.organisation))
    return meter


def bill_to_see(request: HttpRequest, pk: int) -> tuple[Bill, bool]:
    """Return a bill, and whether its manager asks. Raises Http404 for anybody but its manager and its tenant."""
    bill: Bill = get_object_or_404(Bill.objects.select_related("tenancy__unit__property__organisation"), pk=pk)
    return bill, _is_manager(request, bill.tenancy)


def report_to_see(request: HttpRequest, pk: int) -> tuple[Report, bool]:
    """Return a fault report, and whether its manager asks. Raises Http404 for anybody but its manager and its tenant."""
    report = get_object_or_404(Report.objects.select_related("tenancy__unit__property__organisation"), pk=pk)
    _tenancy, manager = tenancy_to_see(request, report.tenancy_id)
    return report, manager


def own_tenancies(request: Any) -> list[Tenancy]:
    """Return the tenancies of this user, also those that are over, the latest first. The database is asked once a request."""
    known: tuple[Any, list[Tenancy]] | None = getattr(request, "tenancies_of_login", None)
    if known is None or known[0] != request.user.pk:
        rows = tenancies_of_login(request.user).order_by("-begins", "-pk")
        known = request.tenancies_of_login = (request.user.pk, list(rows))
    return known[1]


def flats_now(request: Any) -> list[Tenancy]:
    """Return the tenancies that this user has now, the latest first: several if the user has several flats."""
    at = now()
    return [each for each in own_tenancies(request) if each.begins <= at and (each.ends is None or each.ends > at)]


def chosen_flat(request: HttpRequest) -> Tenancy | None:
    """Return the tenancy of a page whose address names none: the one that this user chose last in this browser, else the
    latest; None if the user lives nowhere now.
    """
    flats, last = flats_now(request), request.COOKIES.get(FLAT)
    return next((each for each in flats if str(each.pk) == last), flats[0] if flats else None)


def lives_now(request: HttpRequest, tenancy: int | None = None) -> Tenancy:
    """Return the tenancy that an address names (`tenancy`), if this user has it now; if it names none, the chosen one.
    Raises Http404 if there is none, and for a form that names none although the user has several flats.
    """
    if tenancy is not None:
        flat = next((each for each in flats_now(request) if each.pk == tenancy), None)
    else:
        flat = chosen_flat(request) if request.method in READING or len(flats_now(request)) < 2 else None
    if flat is None:
        raise Http404
    request.flat_here = flat  # type: ignore[attr-defined]
    return flat


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
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
        },
    )

"""Emergency codes, which are made in advance, over the API: they are made, listed with the most that can be lost, and
revoked.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from pydantic import StrictInt

from ...kernel.units import exact_instant, exact_money
from ..estate.models import Property
from ..metering.models import Meter
from ..vending.emergency_bounds import bounds
from ..vending.emergency_codes import make
from ..vending.emergency_revoking import revoke
from ..vending.emergency_states import at_risk, of_property, state
from ..vending.models import EmergencyCode
from ..web.access import property_of_manager, row_at
from .reading import read_money
from .writing import instant_text

router = Router()


@router.get("/properties/{pk}/emergency-codes")
def emergency_codes(request: HttpRequest, pk: int) -> Any:
    """List the codes of each flat: until when each is valid and when it was used; the most that can be lost; and what
    may be made.
    """
    property_ = property_of_manager(request, pk)
    risk, allowed = at_risk(property_), bounds(property_)
    return {
        "may_be_made": {"amount": exact_money(allowed.amount), "of_a_flat": allowed.number, "days": allowed.days},
        "lost_at_most": {
            "codes": risk.number,
            "amount": exact_money(risk.amount),
            "until": exact_instant(risk.until) if risk.number else None,
        },
        "codes": [_document(each) for each in of_property(property_)],
    }


class NewEmergencyCodes(Schema):
    """`units`: names of flats; left out, all flats. `amount`: what each code lends, as text. `days`: how many days each
    is valid.
    """

    amount: str
    days: StrictInt
    units: list[str] | None = None


@router.post("/properties/{pk}/emergency-codes", response={201: list[dict[str, Any]]})
def make_emergency_codes(request: HttpRequest, pk: int, given: NewEmergencyCodes) -> Any:
    """Make a code for each flat: all of them, or none."""
    property_ = property_of_manager(request, pk)
    amount = read_money("amount", given.amount)
    codes = make(property_, meters_of(property_, given.units), amount, given.days, request.user)
    return Status(201, [_document(each) for each in codes])


def meters_of(property_: Property, units: list[str] | None) -> list[Meter]:
    """Return the meters of flats by the flats' names; if `units` is None, those of all flats that take codes. Raises
    ValidationError, which names a flat that is not there.
    """
    rows = Meter.objects.filter(gateway__property=property_, unit__isnull=False).select_related("unit")
    if units is None:
        return list(rows.filter(token_meter__isnull=False))
    known = {meter.unit.name: meter for meter in rows if meter.unit is not None}
    for name in units:
        if name not in known:
            raise ValidationError({"units": _("%(name)r is not a flat with a meter here") % {"name": name}})
    return [known[name] for name in dict.fromkeys(units)]


@router.post("/properties/{pk}/emergency-codes/revoke")
def revoke_all(request: HttpRequest, pk: int) -> Any:
    """Revoke all codes that can still be used, because a phone or a sheet is lost. Each meter must hear of it."""
    rows = EmergencyCode.objects.filter(meter__gateway__property=property_of_manager(request, pk))
    return {"revoked": revoke(rows, request.user)}


@router.post("/emergency-codes/{pk}/revoke")
def revoke_one(request: HttpRequest, pk: int) -> Any:
    """Revoke a code. A code that is used, expired or revoked stays as it is."""
    rows = EmergencyCode.objects.select_related("code", "meter__unit", "ended")
    code = row_at(request, rows, "meter__gateway__property", pk=pk)
    revoke([code], request.user)
    return _document(rows.get(pk=pk))


def _document(each: EmergencyCode) -> dict[str, Any]:
    now_is = state(each)
    return {
        "id": each.pk,
        "unit": each.meter.unit.name if each.meter.unit else None,
        "meter": each.meter.hangs,
        "code": each.code.digits if now_is == "open" else None,
        "amount": exact_money(each.amount),
        "state": now_is,
        "made": exact_instant(each.made_at),
        "until": exact_instant(each.ends),
        "by": each.by,
        "used": instant_text(each.used_at),
        "revoked_by": each.revoked_by or None,
    }

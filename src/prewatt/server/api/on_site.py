"""The grants with which a person's phone works on site without a network, over the API: for the pages and for programs alike.

A phone makes its key itself and shows the public half. What it gets back is all that it needs offline.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from ...kernel.currencies import minor_digits
from ...kernel.units import exact_instant
from ...wire.on_site import SignedRevocations, encode
from ..core.time import now
from ..estate.models import Property
from ..metering.models import Meter, RevocationList, StaffGrant
from ..metering.phones import grants_for
from ..metering.revoking import holding, revoke
from ..web.gate import reach

router = Router()


class Phone(Schema):
    """`public_key`: the phone's Ed25519 key, 64 hexadecimal digits."""

    public_key: str


@router.get("/me/grants")
def my_grants(request: HttpRequest) -> Any:
    """List the grants of your phones that hold now, the latest first."""
    return [
        {
            "id": each.pk,
            "public_key": each.key,
            "property": each.property.name,
            "made_at": exact_instant(each.made_at),
            "ends": exact_instant(each.ends),
        }
        for each in holding().filter(user=_login(request)).select_related("property")
    ]


@router.post("/me/grants")
def renew_grants(request: HttpRequest, given: Phone) -> Any:
    """Get a grant for each property where you may switch, for the phone with this key, with the names of flats and
    meters there. Asking again returns the same grant until it is time to renew it. `grant` and `revocations` are what
    the phone shows a gateway, in base64.
    """
    user: Any = request.user
    phone = grants_for(user, reach(request), given.public_key)
    return {
        "login": user.get_username(),
        "at": exact_instant(now()),
        "has_more": phone.has_more,
        "grants": [_grant(each) for each in phone.grants],
    }


@router.post("/me/grants/revoke")
def revoke_grants(request: HttpRequest, given: Phone) -> Any:
    """Revoke the grants of one of your phones, because it is lost or not used any more. Gateways are told when they are
    reached.
    """
    mine = StaffGrant.objects.filter(user=_login(request), key=given.public_key.strip().lower())
    return {"revoked": revoke(mine, request.user)}


def _login(request: HttpRequest) -> int:
    user: Any = request.user
    return int(user.pk)


def _grant(row: StaffGrant) -> dict[str, Any]:
    property_ = row.property
    revoked = RevocationList.objects.filter(property=property_).first()
    carried = revoked and encode(SignedRevocations(bytes(revoked.body), bytes(revoked.signature)))
    return {
        "id": row.pk,
        "property": {"id": property_.pk, "name": property_.name},
        "currency": {"code": property_.currency, "decimals": minor_digits(property_.currency)},
        "ends": exact_instant(row.ends),
        "grant": row.text,
        "revocations": b64encode(carried).decode() if carried else None,
        "meters": _meters(property_),
    }


def _meters(property_: Property) -> list[dict[str, Any]]:
    """Return the meters of a property by what is written on doors: nothing of who lives there."""
    rows = Meter.objects.filter(gateway__property=property_, gateway__is_revoked=False, archived_at=None)
    return [
        {
            "meter": each.name,
            "name": each.unit.name if each.unit is not None else each.get_role_display(),
            "gateway": each.gateway.name,
        }
        for each in rows.select_related("unit", "gateway").order_by("unit__name", "name")
    ]

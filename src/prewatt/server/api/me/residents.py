"""Who else sees one's own flat, over the API."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from ninja import Router, Status

from ....kernel.units import exact_instant
from ...accounts.invitations import invitation_of, invite_to_flat
from ...core.addresses import public
from ...core.time import now
from ...estate.models import Resident
from ...tenancies.residents import check_may_end, end_access_by
from ...web.payers import shown_name
from ..once import once
from .own import own_tenancy, present_tenancy

router = Router()


@router.get("/me/tenancies/{pk}/residents")
def residents(request: HttpRequest, pk: int) -> Any:
    """List who sees the flat. `may_be_removed`: whether you may end their access."""
    tenancy = own_tenancy(request, pk)
    rows = list(tenancy.residents.select_related("user", "tenancy"))
    may_invite = not tenancy.has_ended(now())
    return {
        "residents": [
            {
                "id": each.pk,
                "name": shown_name(each.user),
                "is_me": each.user_id == request.user.pk,
                "since": exact_instant(each.since),
                "may_be_removed": _may_end(each, request.user),
            }
            for each in rows
        ],
        "may_invite": may_invite,
        "invitations_open": tenancy.invitations.still_open().filter(made_by=request.user.pk).count(),
    }


def _may_end(resident: Resident, by: Any) -> bool:
    try:
        check_may_end(resident, by)
    except ValidationError:
        return False
    return True


@router.post("/me/tenancies/{pk}/residents/invitations", response={201: dict[str, Any]})
def invite(request: HttpRequest, pk: int, asked: str = "") -> Any:
    """Invite one more person of the flat. Only this answer shows the code. `asked`: a name of your own, so that asking twice
    within ten minutes is one invitation.
    """
    tenancy = present_tenancy(request, pk)

    def new() -> dict[str, Any]:
        code = invite_to_flat(tenancy, request.user)
        invitation = invitation_of(code)
        assert invitation is not None
        link = public(reverse("sign_in:join:link", args=[code]))
        return {"code": code, "link": link, "ends_at": exact_instant(invitation.ends)}

    return once(request, asked, "", new)


@router.delete("/me/tenancies/{pk}/residents/{resident_pk}", response={204: None})
def end_access(request: HttpRequest, pk: int, resident_pk: int) -> Any:
    """End somebody's access to the flat, or your own."""
    tenancy = own_tenancy(request, pk)
    resident = get_object_or_404(tenancy.residents.select_related("user", "tenancy"), pk=resident_pk)
    end_access_by(resident, request.user)
    return Status(204, None)

"""The links by which others pay for one's own flat, over the API."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from ninja import Router, Schema, Status

from ....kernel.units import exact_instant, exact_money
from ...core.sealing import SealError
from ...payments.gifts import address_of
from ...payments.models import GiftLink
from ...tenancies.gift_links import DAYS, ListedLink, NewGiftLink, end_gift_link, listed, make_gift_link
from ..once import once
from .own import present_tenancy

router = Router()


class GiftLinkIn(Schema):
    """`flat_name`: the flat's name on the page; empty for the name of its unit. `shown_name`: the person whom the page
    names. `note`: whom the link is for. `days`: how long the link is valid: 30, 90 or 365. `asked`: a name of your own, so that
    asking twice within ten minutes is one link.
    """

    flat_name: str = ""
    shown_name: str = ""
    note: str = ""
    days: int = DAYS[-1]
    asked: str = ""


def _address(link: GiftLink) -> str | None:
    try:
        return address_of(link)
    except SealError:
        return None


def _document(each: ListedLink) -> dict[str, Any]:
    link = each.link
    own = {
        "link": _address(link),
        "flat_name": link.flat_name,
        "shown_name": link.shown_name,
        "note": link.note,
    }
    return {
        "id": link.pk,
        "is_mine": each.is_own,
        "may_be_ended": each.may_be_ended,
        "ends_at": exact_instant(link.ends),
        "paid": exact_money(each.paid),
        "payments": each.payments,
        **(own if each.is_own else dict.fromkeys(own)),
    }


@router.get("/me/tenancies/{pk}/gift-links")
def gift_links(request: HttpRequest, pk: int) -> Any:
    """List the links by which others can pay for the flat now. Another person's link has no address and no texts."""
    return {"gift_links": [_document(each) for each in listed(present_tenancy(request, pk), request.user)]}


@router.post("/me/tenancies/{pk}/gift-links", response={201: dict[str, Any]})
def make(request: HttpRequest, pk: int, given: GiftLinkIn) -> Any:
    """Make a link by which others can pay for the flat."""
    tenancy = present_tenancy(request, pk)

    def new() -> dict[str, Any]:
        asked_for = NewGiftLink(given.flat_name, given.shown_name, given.note, given.days)
        return _document(ListedLink(make_gift_link(tenancy, request.user, asked_for), True, True, 0, 0))

    return once(request, given.asked, given.model_dump_json(), new)


@router.delete("/me/tenancies/{pk}/gift-links/{link_pk}", response={204: None})
def end(request: HttpRequest, pk: int, link_pk: int) -> Any:
    """End a link: your own, or any of the flat if you are its main tenant."""
    link = present_tenancy(request, pk).gift_links.select_related("tenancy").filter(pk=link_pk).first()
    if link is None:
        raise Http404
    end_gift_link(link, request.user)
    return Status(204, None)

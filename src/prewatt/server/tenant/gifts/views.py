"""The pages of the links by which others pay for one's own flat: made, shown with a QR code, and ended."""

from __future__ import annotations

import segno
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from ....kernel.calendar import zone
from ...core.addresses import leads_here
from ...core.sealing import SealError
from ...estate.models import Tenancy
from ...payments.gift_models import LONGEST_NAME
from ...payments.gifts import address_of
from ...tenancies.gift_links import DAYS, NewGiftLink, end_gift_link, listed, make_gift_link, own_link
from ...web.access import lives_now
from ...web.kept import refuse, say


def _page(flat: Tenancy) -> str:
    return reverse("tenant:gifts:gift_links", args=[flat.pk])


@login_required
@require_GET
def gift_links(request: HttpRequest, tenancy: int | None = None) -> HttpResponse:
    """Show the links by which others can pay for one's own flat, and a form for a new one."""
    flat = lives_now(request, tenancy)
    context = {
        "tenancy": flat,
        "unit": flat.unit,
        "zone_info": zone(flat.unit.property.zone),
        "currency": flat.unit.property.currency,
        "links": listed(flat, request.user),
        "choices": [(days, ngettext("%(count)d day", "%(count)d days", days) % {"count": days}) for days in DAYS],
        "chosen": DAYS[-1],
        "longest": LONGEST_NAME,
    }
    return render(request, "tenant/gifts/gift_links.html", context)


@login_required
@require_POST
def make(request: HttpRequest, tenancy: int | None = None) -> HttpResponse:
    """Make a link, and show it."""
    flat, given = lives_now(request, tenancy), request.POST
    days = given.get("days", "")
    try:
        new = NewGiftLink(
            given.get("flat_name", ""),
            given.get("shown_name", ""),
            given.get("note", ""),
            next((each for each in DAYS if str(each) == days), 0),
        )
        link = make_gift_link(flat, request.user, new)
    except ValidationError as error:
        labels = {
            "note": _("For whom"),
            "flat_name": _("Name of the flat"),
            "shown_name": _("Your name"),
            "days": _("For how long"),
        }
        refuse(request, error, labels=labels)
        return redirect(_page(flat))
    return redirect("tenant:gifts:gift_link", tenancy=flat.pk, pk=link.pk)


@login_required
@require_GET
def gift_link(request: HttpRequest, pk: int, tenancy: int | None = None) -> HttpResponse:
    """Show a link that one has made: as a QR code to be shown or printed, and as an address to be sent."""
    flat = lives_now(request, tenancy)
    link = own_link(flat, request.user, pk)
    if link is None:
        raise Http404
    try:
        address = address_of(link)
    except SealError:
        # The database was put back at another server: the link is still good to whoever has it.
        messages.error(request, _("This link can't be shown any more. End it, and make a new one."))
        return redirect(_page(flat))
    context = {
        "link": link,
        "back": _page(flat),
        "landlord": flat.unit.property.organisation,
        "zone_info": zone(flat.unit.property.zone),
        "address": address,
        "is_here": leads_here(address),
        "qr": str(segno.make(address, error="m").svg_inline(scale=5, border=2)),
    }
    return render(request, "tenant/gifts/gift_link.html", context)


@login_required
@require_POST
def end(request: HttpRequest, pk: int, tenancy: int | None = None) -> HttpResponse:
    """End a link: nothing can be begun by it any more."""
    flat = lives_now(request, tenancy)
    link = flat.gift_links.select_related("tenancy").filter(pk=pk).first()
    if link is None:
        raise Http404
    try:
        end_gift_link(link, request.user)
    except ValidationError as error:
        say(request, error)
    else:
        messages.success(request, _("The link is ended. A payment that was begun with it before that still counts."))
    return redirect(_page(flat))

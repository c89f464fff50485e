"""What the page of a meter shows about the present, and that somebody looks at it.

An open page asks every two seconds. Mostly only the present has changed; then only that is sent, and nothing else is
worked out or asked from the database. For this the page holds a ticket. The ticket is valid for its own address and
session, and only until anything else on the page may have changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language, override

from ...kernel.calendar import zone
from ...kernel.units import SECOND
from ..core.time import now
from ..estate.models import Property, Unit
from ..metering.looks import Board, Present, look_at, read
from ..metering.models import Meter
from .figures import TenancyPanel
from .gate import shows_money
from .live import present_alone

TENANT_AGAIN, MANAGER_AGAIN = 120 * SECOND, 4 * SECOND
"""A page is worked out again after this time, µs, whatever has changed."""
board = Board()


class _Ticket(NamedTuple):
    """What is needed to show a meter's present to somebody who has its page. `version` is that of the page. The page is
    worked out again with every change of the version, and every `again` µs.
    """

    meter: int
    version: list[int | bool | str | None]
    again: int
    round: int
    currency: str
    zone: str
    language: str


def present_of(unit: Unit) -> Present | None:
    """Return the present of a unit's meter, because its page is asked for; None if the unit has no meter. Call it
    before the rest of the page is worked out, so that a change meanwhile is noticed afterwards.
    """
    pk = Meter.objects.filter(unit=unit).values_list("pk", flat=True).first()
    if pk is None:
        return None
    look_at([pk])
    return read([pk])[0].get(pk)


def shown(
    request: HttpRequest, present: Present | None, building: Property, again: int, panel: TenancyPanel | None
) -> str:
    """Return the HTML of the part of a page that shows a meter's present, with the ticket for the next look. `again`
    (µs): when the page is worked out again at the latest.
    """
    if present is None:
        return ""
    # Who sees no money is shown no balance: an amount without a currency is none.
    currency = building.currency if shows_money(request) else ""
    if panel is not None and not panel.figures.own:
        # What the meter says is another tenant's: a page like this is always worked out again.
        return _render(present._replace(balance=panel.figures.balance), "", currency, building.zone)
    language = get_language() or "en"
    ticket = _Ticket(present.meter, present.version, again, now() // again, currency, building.zone, language)
    return _render(present, signing.dumps(ticket, salt=_salt(request)), currency, building.zone)


def _render(present: Present, ticket: str, currency: str, zone_name: str) -> str:
    context = {"found": present, "ticket": ticket, "currency": currency, "where": zone(zone_name)}
    return render_to_string("web/meter/_now.html", context)


def _salt(request: HttpRequest) -> str:
    return f"prewatt.look {request.path} {request.COOKIES.get(settings.SESSION_COOKIE_NAME, '')}"


class LookOn:
    """Middleware for pages that ask again every two seconds. Who has a ticket of the page gets only the part that shows the
    present, without the work for the whole page.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        ticket = request.GET.get("look") if "HX-Request" in request.headers else None
        return (ticket and _look_on(request, ticket)) or self._get_response(request)


def _look_on(request: HttpRequest, text: str) -> HttpResponse | None:
    try:
        ticket = _Ticket(*signing.loads(text, salt=_salt(request)))
    except signing.BadSignature:
        return None
    present = board.present(ticket.meter)
    if present is None or present.version != ticket.version or now() // ticket.again != ticket.round:
        return None
    if request.GET.get("now") == str(present.heard):
        return HttpResponse(status=204)
    with override(ticket.language):
        return present_alone(_render(present, text, ticket.currency, ticket.zone))

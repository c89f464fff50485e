"""What the page of one meter shows of it as it is now, and that somebody looks at it.

An open page asks every two seconds, and mostly nothing but the present has changed: then that alone is sent, and nothing else
is worked out or asked of the database. The page holds a ticket for this, which is good for its own address and session, and
no longer than until anything else on the page may have changed.
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
from .live import present_alone

TENANT_AGAIN, MANAGER_AGAIN = 120 * SECOND, 4 * SECOND
"""After so long a page is worked out anew, whatever has changed."""
board = Board()


class _Ticket(NamedTuple):
    """What is needed to show a meter's present to who has its page. `version` as of the page, which is worked out anew with
    every change of it, and every `again` µs.
    """

    meter: int
    version: list[int | bool | None]
    again: int
    round: int
    currency: str
    zone: str
    language: str


def present_of(unit: Unit) -> Present | None:
    """The present of a unit's meter, whose page is asked for; None if it has none. To be asked before the rest of the page
    is worked out: what changes meanwhile is then seen to have changed.
    """
    pk = Meter.objects.filter(unit=unit).values_list("pk", flat=True).first()
    if pk is None:
        return None
    look_at([pk])
    return read([pk])[0].get(pk)


def shown(
    request: HttpRequest, found: Present | None, building: Property, again: int, panel: TenancyPanel | None
) -> str:
    """The part of a page that shows a meter's present, with the ticket to look on."""
    if found is None:
        return ""
    if panel is not None and not panel.figures.own:
        # What the meter says is another tenant's: a page like this is always worked out anew.
        return _render(found._replace(balance=panel.figures.balance), "", building.currency, building.zone)
    language = get_language() or "en"
    ticket = _Ticket(found.meter, found.version, again, now() // again, building.currency, building.zone, language)
    return _render(found, signing.dumps(ticket, salt=_salt(request)), building.currency, building.zone)


def _render(found: Present, ticket: str, currency: str, where: str) -> str:
    context = {"found": found, "ticket": ticket, "currency": currency, "where": zone(where)}
    return render_to_string("web/meter/_now.html", context)


def _salt(request: HttpRequest) -> str:
    return f"prewatt.look {request.path} {request.COOKIES.get(settings.SESSION_COOKIE_NAME, '')}"


class LookOn:
    """Middleware: the present for who has a ticket."""

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
    found = board.present(ticket.meter)
    if found is None or found.version != ticket.version or now() // ticket.again != ticket.round:
        return None
    if request.GET.get("now") == str(found.heard):
        return HttpResponse(status=204)
    with override(ticket.language):
        return present_alone(_render(found, text, ticket.currency, ticket.zone))

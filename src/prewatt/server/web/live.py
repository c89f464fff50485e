"""A page with a live part. When something that the page shows has changed, the browser is told by its stream, and asks for
that part once (`live.js`). The part is sent only if it has changed.

In the page of one meter, one part of it, the present, is newer than everything else. It comes by the stream itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import get_language

from ...kernel.units import SECOND
from ..core.time import system_now
from ..estate.models import Property, Unit
from ..metering.looks import Present
from ..metering.models import Meter
from .figures import MeterFigures
from .gate import reach, shows_money
from .kept_parts import KeptParts
from .watching import METER, STREAM, Shown, Ticket, Topic, presents, seal, state_of
from .watching import render as render_present

PLACE = "<!-- present -->"
"""The place of the present in the live part."""
OFTEN = 2
"""The least seconds between two questions of one page."""
SELDOM = 60
"""The least seconds between two questions of a page of very many units, which takes long to be worked out."""

_PARTS = KeptParts()


class Watched:
    """What a page watches, as it stood before the page was worked out. `again`: seconds after which the page is worked out
    again in any case. `often`: the least seconds between two times. `state`: how the topic stood, if the page knows it already.
    """

    def __init__(self, topic: Topic | None, again: int, often: int = OFTEN, state: str = "") -> None:
        self.topic, self.again, self.often, self.state = topic, again, often, state
        self.html = ""
        self.shown: Shown | None = None
        self.tenancy: int | None = None
        if topic is not None and topic[0] != METER and not state:
            self.state = state_of(topic)

    def stream(self, request: HttpRequest) -> str:
        """Return the address of the page's stream; empty if there is nothing to watch."""
        if self.topic is None:
            return ""
        ends = system_now() + self.again * SECOND
        user: Any = request.user
        ticket = Ticket(user.pk, self.topic, self.state, self.shown, ends, reach(request).mark, self.tenancy)
        return f"{STREAM}?ticket={seal(request, ticket)}"


class WatchedMeter(Watched):
    """The meter of a unit, which is read all the time while its page is open. `meter`: None if the unit has none;
    `meter_present`: its present, None if it is not known. `tenancy`: of a tenant's page, which is shown while they live there.
    """

    def __init__(self, unit: Unit, again: int, tenancy: int | None = None) -> None:
        known: Meter | None = getattr(unit, "meter", None)
        pk = known.pk if known is not None else None
        super().__init__(None if pk is None else (METER, (pk,)), again)
        self.tenancy = tenancy
        self._property: Property = unit.property
        self.meter_present: Present | None = None
        self.meter: Meter | None = None
        if pk is not None:
            self.meter_present = presents([pk]).get(pk)
            self.state = repr(self.meter_present.version) if self.meter_present else ""
            # Read after that, so that what moves meanwhile is shown again.
            self.meter = Meter.objects.select_related("gateway__property__organisation").get(pk=pk)
            self.meter.unit = unit

    def show(self, request: HttpRequest, figures: MeterFigures | None) -> None:
        """Work out the HTML of the present, for the person who asks. `figures`: what that person sees of the meter."""
        if self.meter_present is None:
            return
        present = self.meter_present
        # Who sees no money is shown no balance: an amount without a currency is none.
        currency = self._property.currency if shows_money(request) else ""
        shown = Shown(currency, self._property.zone, get_language() or "en")
        if figures is not None and not figures.own:
            # What the meter says is another tenant's.
            present = present._replace(balance=figures.balance)
        else:
            self.shown = shown
        self.html = render_present(present, shown)


def often_with(units: int) -> int:
    """Return the least seconds between two questions of a page that shows many units."""
    return min(max(OFTEN, units // 10), SELDOM)


def live_page(
    request: HttpRequest,
    page: str,
    part: str,
    context: dict[str, Any],
    watched: Watched,
    kept: tuple[Hashable, Callable[[], dict[str, Any]]] | None = None,
) -> HttpResponse:
    """Return the whole page. If htmx asks, return only its live part, or only a new ticket if the browser has that part
    already. The rest of the query (which rows, which page) is asked for again with the part. `kept`: a key of all that the
    part shows, and a function that gives what else it needs; it is called only if no part with an equal key is kept.
    """
    had = request.GET.get("seen")
    if had is not None:
        # Links of the part are the same whoever asks for it.
        given = request.GET.copy()
        del given["seen"]
        request.GET = given  # type: ignore[assignment]

    def html_of() -> str:
        return str(render_to_string(part, {**context, **(kept[1]() if kept else {}), "present": PLACE}, request))

    html = _PARTS.part((part, kept[0]), html_of) if kept else html_of()
    seen = hashlib.sha256(html.encode()).hexdigest()[:16]
    shown = {
        "live": html.replace(PLACE, watched.html),
        "seen": seen,
        "watched": watched,
        "stream": watched.stream(request),
        "query": request.GET.urlencode(),
    }
    if not request.htmx:  # type: ignore[attr-defined]
        return render(request, page, {**context, **shown})
    if had == seen:
        answer = render(request, "web/layout/_ticket.html", shown)
        answer["HX-Retarget"], answer["HX-Reswap"] = "#ticket", "outerHTML"
        return answer
    return render(request, "web/layout/live.html", shown)

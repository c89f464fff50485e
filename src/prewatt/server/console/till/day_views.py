"""The sum of a day at the counter, by the person who took the cash."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ....kernel.calendar import local_day, zone
from ....kernel.span import Span
from ...accounts.rights import Right
from ...core.amounts import typed_money
from ...core.spans import during
from ...core.time import now
from ...estate.models import Organisation
from ...estate.typed_days import typed_day
from ...payments.models import Handover, Receipt
from ...payments.receipts import papers_of
from ...payments.till import TillError, begun_at, hand_over, last_handover, received_by, till_of, tills
from ...web.access import landlord_of
from ...web.forms import key
from ...web.gate import reach
from ...web.kept import refuse, say

MOST = 200
"""The most receipts of a day that are listed."""


def _sees_all(request: HttpRequest, organisation: Organisation) -> bool:
    """Return whether a user sees the tills of others: whoever reads the books."""
    return Right.BOOKS in reach(request).of(organisation)


@login_required
@require_GET
def day(request: HttpRequest) -> HttpResponse:
    """Show the tills of a day: one's own or, for people who may read the books, all."""
    organisation = landlord_of(request)
    place = zone(organisation.home().zone)
    today = local_day(now(), place)
    shown = today
    if "day" in request.GET:
        try:
            shown = typed_day(request.GET["day"], "day")
        except ValidationError as error:
            say(request, error)
    span = Span.of_days(shown, shown, place)
    all_ = _sees_all(request, organisation)
    begun = begun_at(organisation, None if all_ else request.user)
    own, last = request.user.get_username(), last_handover(organisation, request.user)
    receipts = Receipt.objects.filter(during(span, "made_at"), organisation=organisation)
    if not all_:
        receipts = receipts.filter(received_by(request.user))
    papers = papers_of(receipts.order_by("-number")[:MOST])
    handovers = Handover.objects.filter(during(span), organisation=organisation).select_related("by")
    context = {
        "organisation": organisation,
        "owner": organisation,
        "currency": organisation.currency,
        "zone_info": place,
        "day": shown,
        "before": shown - timedelta(days=1) if begun is not None and shown > local_day(begun, place) else None,
        "after": shown + timedelta(days=1) if shown < today else None,
        "tills": [each for each in tills(organisation, span) if all_ or each.who == own],
        "last_handover": last.pk if last is not None else 0,
        "own": till_of(organisation, request.user, now() + 1),
        "papers": papers,
        "handovers": handovers if all_ else handovers.filter(by=request.user.pk),
    }
    return render(request, "console/till/day.html", context)


@login_required
@require_POST
def give_out(request: HttpRequest) -> HttpResponse:
    """Record that the user hands cash over out of their till. Sent twice, it is one handover."""
    organisation = landlord_of(request)
    try:
        amount = typed_money(request.POST.get("amount", ""), "amount", organisation.currency)
        after = key(request.POST["after"]) if "after" in request.POST else None
        hand_over(organisation, request.user, amount, request.POST.get("note", ""), after)
    except (ValidationError, TillError) as error:
        refuse(request, error)
    else:
        messages.success(request, _("Recorded: the cash is out of your till."))
    return redirect(f"{reverse('console:till:day')}?organisation={organisation.pk}")

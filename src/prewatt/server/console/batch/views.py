"""Many flats at once. They are chosen; what will happen to each is shown, and the person is asked once. Then it is done
as a task.

The page sends back what was shown, signed, so that exactly this is done, within an hour and only once.
"""

from __future__ import annotations

import secrets
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from ....kernel.calendar import zone
from ....kernel.names import natural
from ...accounts.rights import Right
from ...batches.batch_task import ACTS, BATCH, Preview, chosen, facts_so_far, given_of, preview
from ...batches.flats import MOST, Batch, Flat, flats_of
from ...core.errors import Refused
from ...core.local_forms import money_with_code
from ...estate.models import Property, Unit
from ...tariffs.models import Tariff
from ...tasks import asking
from ...tasks.models import Task
from ...vending.emergency_bounds import bounds
from ...web.access import properties, property_of_manager
from ...web.flat_choice import EVERY, FOUND, chosen_flats, flat_choice, looking_further
from ...web.forms import key, one_of
from ...web.kept import kept, refuse, say
from ...web.tasks.own_tasks import named_task
from .papers import PAPERS, preview_papers

SALT = "prewatt.batch"
LASTS = 3600
"""Seconds for which a preview can be confirmed."""


class Choice(NamedTuple):
    """An act as the page offers it."""

    do: str
    label: Any
    text: Any


CHOICES = (
    Choice("top-up", gettext_lazy("Top up"), gettext_lazy("the same amount to each, received in cash or by transfer")),
    Choice("note", gettext_lazy("Write a note"), gettext_lazy("to all who live there")),
    Choice("power-limit", gettext_lazy("Power limit"), gettext_lazy("of each meter")),
    Choice("tariff", gettext_lazy("Tariff"), gettext_lazy("for the whole building")),
    Choice("codes", gettext_lazy("Emergency codes"), gettext_lazy("to print, for a day without a network")),
    Choice("statements", gettext_lazy("Statements of a month"), gettext_lazy("as PDF, or by e-mail")),
    Choice("labels", gettext_lazy("Labels for the doors"), gettext_lazy("with a QR code that leads to paying")),
    Choice("invitations", gettext_lazy("Invitations"), gettext_lazy("papers with a code for the first log-in")),
    Choice("pins", gettext_lazy("PINs"), gettext_lazy("for the page in the building")),
)  # fmt: skip
LABELS = {
    "lends": gettext_lazy("Each code lends"), "days": gettext_lazy("Days"),
    "power_limit": gettext_lazy("Power limit, W"),
    "title": gettext_lazy("Title"), "text": gettext_lazy("Text"), "units": gettext_lazy("Flats"),
    "note": gettext_lazy("Beginning of the receipt numbers"), "effective_at": gettext_lazy("From"),
}  # fmt: skip


def _right_of(do: str) -> Right:
    return ACTS[do].right if do in ACTS else PAPERS[do].right


@login_required
@require_GET
def chosen_anywhere(request: HttpRequest) -> HttpResponse:
    """Lead to the property's page with the flats that were chosen on a page of several properties. If the flats are of
    several properties, ask with which to begin.
    """
    wanted = [key(each) for each in request.GET.getlist("unit")]
    units = Unit.objects.in_use().filter(pk__in=wanted, property__in=properties(request)).select_related("property")
    of_property: dict[Property, list[int]] = {}
    for unit in units:
        of_property.setdefault(unit.property, []).append(unit.pk)
    groups = [
        (property_, f"{reverse('console:batch:batch', args=[property_.pk])}?{_query(own)}", len(own))
        for property_, own in sorted(of_property.items(), key=lambda pair: natural(pair[0].name))
    ]
    if len(groups) == 1:
        return redirect(groups[0][1])
    return render(request, "console/batch/of_several.html", {"groups": groups})


def _query(units: list[int]) -> str:
    return "&".join(f"unit={pk}" for pk in units)


def _chosen(request: HttpRequest, units: list[int]) -> str:
    """Return the query of the page on which the flats that a post chooses are chosen still."""
    if EVERY in request.POST:
        return urlencode({EVERY: "on", "q": request.POST.get(FOUND, "")})
    return _query(units)


@login_required
@require_GET
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the flats of a property to choose among, what can be done to them, and what came of the last batch."""
    property_ = property_of_manager(request, pk)
    again = kept(request, reverse("console:batch:preview_batch", args=[pk]))
    values: dict[str, list[str]] = again["values"] if again else {}
    marked = [key(each) for each in request.GET.getlist("unit")]
    task = named_task(request, BATCH)
    facts = dict(task.facts) if task is not None else {}
    if task is not None and task.state == Task.State.FAILED:
        facts = facts_so_far(task)
    rights = request.rights_here  # type: ignore[attr-defined]
    choices = [each for each in CHOICES if _right_of(each.do) in rights]
    context = {
        "property": property_,
        "zone_info": zone(property_.zone),
        "choice": flat_choice(request, property_.units.in_use(), marked),
        "choices": choices,
        "do": (values.get("do") or [request.GET.get("do", choices[0].do)])[0],
        "known": sorted(
            Tariff.objects.in_use().filter(organisation=property_.organisation), key=lambda each: natural(each.name)
        ),
        "bounds": bounds(property_),
        "outcome": facts if facts.get("property") == pk else {},
    }
    return render(request, "console/batch/batch.html", context)


@login_required
@require_POST
def preview_batch(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what will happen to each chosen flat, and at which flats nothing can be done and why; and ask once. Papers
    that change nothing are shown at once.
    """
    property_ = property_of_manager(request, pk)
    page = reverse("console:batch:batch", args=[pk])
    further = looking_further(request, page)
    if further is not None:
        return further
    units = chosen_flats(request, property_.units.in_use())
    try:
        do = one_of(request.POST, "do", [each.do for each in CHOICES])
        if do in PAPERS and PAPERS[do].plan is None:
            return PAPERS[do].show(request, property_, _flats(property_, do, units))
        order = Batch(secrets.token_hex(10), do, property_, _typed(request, property_, do), request.user)
        rows = _rows(order, units)
    except (Refused, ValidationError) as error:
        refuse(request, error, labels=LABELS)
        return redirect(f"{page}?{_chosen(request, units)}")
    able = sum(each.planned is not None for each in rows)
    context = {
        "property": property_,
        "choice": _choice(do),
        "rows": rows,
        "able": able,
        "unable": len(rows) - able,
        "doubts": sum(bool(each.planned and each.planned.doubt) for each in rows),
        "sum": _sum(order, able),
        "signed": signing.dumps(given_of(order, rows), salt=_salt(request), compress=True),
        "back": f"{page}?do={do}&{_chosen(request, [each.flat.unit.pk for each in rows])}",
    }
    return render(request, "console/batch/preview.html", context)


def _choice(do: str) -> Choice:
    return next(each for each in CHOICES if each.do == do)


def _sum(order: Batch, flats: int) -> str:
    """Return what an order gives to so many flats together; empty if it gives no money."""
    if order.do not in ("top-up", "codes"):
        return ""
    return money_with_code(order.values["amount"] * flats, order.property_.currency)


def _salt(request: HttpRequest) -> str:
    """Return what makes a signature good for this login alone."""
    return f"{SALT}.{request.user.pk}"


def _typed(request: HttpRequest, property_: Property, do: str) -> dict[str, Any]:
    return ACTS[do].read(property_, request.POST) if do in ACTS else {}


def _flats(property_: Property, do: str, units: list[int]) -> list[Flat]:
    """Return these flats. Raises ValidationError if there are none, or too many."""
    flats = chosen(property_, ACTS[do], units) if do in ACTS else flats_of(property_, units)
    if not flats:
        raise ValidationError({"units": _("Choose at least one flat.")})
    if len(flats) > MOST:
        raise ValidationError({"units": _("Choose at most %(most)d flats at once.") % {"most": MOST}})
    return flats


def _rows(order: Batch, units: list[int]) -> list[Preview]:
    """Return what will happen to each of these flats. Raises ValidationError if there are none, or too many."""
    flats = _flats(order.property_, order.do, units)
    plan = PAPERS[order.do].plan if order.do in PAPERS else None
    return preview_papers(plan, flats) if plan is not None else preview(order, flats)


@login_required
@require_POST
def run_batch(request: HttpRequest, pk: int) -> HttpResponse:
    """Do what the preview has shown: print the papers, or ask for the task. Sent twice, it is one batch."""
    property_ = property_of_manager(request, pk)
    page = reverse("console:batch:batch", args=[pk])
    try:
        given = _signed(request, property_)
        if given["do"] in PAPERS:
            flats = flats_of(property_, [unit for unit, _tenancy in given["flats"]])
            return PAPERS[given["do"]].show(request, property_, flats)
        return redirect("web:tasks:task", pk=_task(request, property_, given, page).pk)
    except (Refused, ValidationError) as error:
        say(request, error)
        return redirect(page)


def _signed(request: HttpRequest, property_: Property) -> dict[str, Any]:
    """Return what the preview has signed. Raises ValidationError if it is too old, or not of this act and property."""
    try:
        given: dict[str, Any] = signing.loads(request.POST.get("signed", ""), salt=_salt(request), max_age=LASTS)
    except signing.BadSignature:
        given = {}
    if (given.get("property"), given.get("do")) != (property_.pk, request.POST.get("do")):
        raise ValidationError(_("This preview is more than an hour old, so nothing was done. Choose again."))
    return given


def _task(request: HttpRequest, property_: Property, given: dict[str, Any], page: str) -> Task:
    """Return the task of a batch: the one that there is, if the form was sent twice."""
    known = Task.objects.filter(organisation=property_.organisation, kind=BATCH, given__batch=given["batch"]).first()
    if known is not None:
        return known
    right = _right_of(given["do"])
    return asking.ask(BATCH, property_.organisation, request.user, page, given=given, right=right)

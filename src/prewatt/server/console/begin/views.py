"""The first start: who claims the server, and the steps to a first payment. Each step can be left and taken up again."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from ...accounts.first_start import claim, is_at_the_machine, is_claimed, is_code
from ...accounts.rights import Right
from ...accounts.security_log import note
from ...accounts.throttles import failed, waits
from ...commissioning.progress import Step, property_in_hand
from ...core.addresses import asker_counted
from ...core.errors import by_field
from ...core.time import now
from ...estate.models import Tenancy
from ...vending.models import TopUp
from ...web.access import property_of_manager
from ...web.gate import reach
from ...web.paging import containing, looked_for, page_by_name
from .steps import step_links, steps_above

MAY_CLAIM = "may claim"
"""What a session keeps of a browser that has shown the server's code."""


@never_cache
@require_http_methods(["GET", "POST"])
def begin(request: HttpRequest) -> HttpResponse:
    """Let the first owner in, who then sees how far everything is, and what is next."""
    if not is_claimed():
        return _claim(request)
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    return _show_steps(request)


@never_cache
@require_GET
def link(request: HttpRequest, code: str) -> HttpResponse:
    """Take the code of the address that `prewatt server` prints, and lead on to an address without it."""
    return redirect("console:begin:begin") if is_claimed() else _take_code(request, code)


def _take_code(request: HttpRequest, typed: str) -> HttpResponse:
    """Note that a browser has shown the server's code; tell anybody else what is wrong."""
    address = asker_counted(request)
    if is_code(typed):
        request.session[MAY_CLAIM] = True
        return redirect("console:begin:begin")
    seconds = waits("first start", address)
    if not seconds:
        failed("first start", address)
    said = (
        _("Too many wrong codes. Wait %(seconds)d seconds, then try again.") % {"seconds": seconds + 1}
        if seconds
        else _("This code is wrong. The right one was printed where the server was started, after “Begin at”.")
    )
    return render(request, "console/begin/code.html", {"wrong": said, "typed": typed}, status=429 if seconds else 400)


def _claim(request: HttpRequest) -> HttpResponse:
    """Ask who the owner is. Anywhere but at the server's own machine the code comes first."""
    if not (request.session.get(MAY_CLAIM) or is_at_the_machine(request)):
        if request.method == "POST" and "code" in request.POST:
            return _take_code(request, request.POST["code"])
        return render(request, "console/begin/code.html")
    wrong: dict[str, str] = {}
    given: Any = request.POST
    if request.method == "POST" and "organisation" in given:
        try:
            user = claim(
                given.get("name", "").strip(), given.get("password", ""), " ".join(given["organisation"].split())
            )
        except ValidationError as error:
            wrong = dict(reversed(by_field(error)))
        else:
            login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
            request.session.pop(MAY_CLAIM, None)
            note("server claimed", request)
            return redirect("console:estate:add_property")
    context = {"typed": given, "wrong": wrong, "refused": wrong.get("", "")}
    return render(request, "console/begin/claim.html", context, status=400 if wrong else 200)


def _show_steps(request: HttpRequest) -> HttpResponse:
    """Show how far everything is. Raises Http404 to who may not set anything up."""
    own = list(reach(request).organisations(Right.SETTINGS))
    wanted = request.GET.get("organisation")
    owner = next((each for each in own if not wanted or str(each.pk) == wanted), None)
    if owner is None:
        raise Http404
    property_ = property_in_hand(owner)
    links = step_links(owner, property_)
    context = {
        "owner": owner,
        "property": property_,
        "steps": links,
        "next": next((each for each in links if not each.is_done and each.page), None),
    }
    return render(request, "console/begin/begin.html", context)


@login_required
@require_GET
def first_payment(request: HttpRequest, pk: int) -> HttpResponse:
    """Show where a payment is recorded, flat by flat."""
    property_ = property_of_manager(request, pk)
    paid = Exists(TopUp.objects.filter(tenancy=OuterRef("pk")))
    living = Tenancy.objects.living(now()).filter(unit__property=property_).annotate(has_paid=paid)
    matching = living.filter(containing(looked_for(request), ("unit__name", "tenant")))
    page = page_by_name(request, matching.select_related("unit"), "unit__name")
    is_lived_in = bool(page.paginator.count) or living.exists()
    context = {
        "property": property_,
        "steps": steps_above(property_, Step.PAYMENT),
        "page": page,
        "is_lived_in": is_lived_in,
        "several": page.paginator.count > 1,
        "units": [] if is_lived_in else page_by_name(request, property_.units.in_use(), "name"),
    }
    return render(request, "console/begin/first_payment.html", context)

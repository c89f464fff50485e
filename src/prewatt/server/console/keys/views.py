"""The page of keys for programs: one's own and, for people who decide about roles, those of the others."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from ....kernel.calendar import zone
from ...accounts.keys import LONGEST_DAYS, USUAL_DAYS, ApiKey, end_apps, make_key, revoke
from ...accounts.memberships import reach_of
from ...accounts.rights import Right
from ...accounts.tenants import tenancies_of_login
from ...core.amounts import typed_whole
from ...core.time import now
from ...sign_in.left_open import end_invitations
from ...web.forms import key as number
from ...web.kept import refuse

NEW = "new key"
"""The name under which a session keeps a new key until it was shown."""
SHOWN = 100
MADE_HERE = (ApiKey.Scope.ALL, ApiKey.Scope.READ, ApiKey.Scope.CHOSEN)
"""The scopes that people can choose for a key here. Keys of other scopes are made by a log-in in an app."""


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def keys(request: HttpRequest) -> HttpResponse:
    """Show the keys; make one, and show it once."""
    if request.method == "POST":
        try:
            request.session[NEW] = _make(request)
        except ValidationError as error:
            refuse(request, error, labels={"days": _("Valid for days"), "scope": _("The program may")})
        return redirect("console:keys:keys")
    reach = reach_of(request.user)
    context = {
        "new": request.session.pop(NEW, ""),
        "own": ApiKey.objects.filter(user=request.user.pk).select_related("organisation")[:SHOWN],
        "others": _others(request).select_related("organisation", "user")[:SHOWN],
        "now": now(),
        "zone_info": _zone(request),
        "organisations": reach.organisations(),
        "scopes": [each for each in MADE_HERE if each != ApiKey.Scope.CHOSEN or reach.rights],
        "rights": [right for right in Right if right in reach.rights],
        "usual_days": USUAL_DAYS,
        "longest_days": LONGEST_DAYS,
    }
    return render(request, "console/keys/keys.html", context)


def _make(request: HttpRequest) -> str:
    """Return the text of a new key, as the form asks for it. Raises ValidationError."""
    given: Any = request.POST
    chosen = given.get("organisation", "")
    organisation = reach_of(request.user).organisations().filter(pk=number(chosen)).first() if chosen else None
    if chosen and organisation is None:
        raise ValidationError({"organisation": _("There is no such choice.")})
    return make_key(
        request.user,
        given.get("name", ""),
        organisation=organisation,
        scope=given.get("scope", ""),
        rights=given.getlist("rights") if given.get("scope") == ApiKey.Scope.CHOSEN else (),
        days=typed_whole(given.get("days", ""), "days", 1, LONGEST_DAYS),
    )


def _others(request: HttpRequest) -> QuerySet[ApiKey]:
    """Return the valid keys that open something of the organisations for which this person says who has which role."""
    owned = reach_of(request.user).organisations(Right.PEOPLE)
    opens = Q(organisation__in=owned) | Q(organisation=None, user__memberships__organisation__in=owned)
    return ApiKey.objects.valid().filter(opens).exclude(user=request.user.pk).distinct()


def _zone(request: HttpRequest) -> Any:
    """Return the time zone of this person's first building; UTC if there is none."""
    property_ = reach_of(request.user).properties().order_by("pk").first()
    tenancy = tenancies_of_login(request.user).last()
    if property_ is None and tenancy is not None:
        property_ = tenancy.unit.property
    return zone(property_.zone if property_ else "UTC")


@login_required
@require_POST
def revoke_key(request: HttpRequest, pk: int) -> HttpResponse:
    """End a key of one's own, or of somebody whose roles one decides."""
    key = get_object_or_404(ApiKey.objects.filter(Q(user=request.user.pk) | Q(pk__in=_others(request))), pk=pk)
    revoke(ApiKey.objects.filter(pk=key.pk))
    if key.user_id == request.user.pk and key.scope != ApiKey.Scope.READ:
        # By a key somebody is invited to a flat, and never to a role.
        end_invitations(key.user, roles=False)
    messages.success(request, _("%(name)s is revoked. It no longer works.") % {"name": key.name})
    return redirect("console:keys:keys")


@login_required
@require_POST
def revoke_all(request: HttpRequest) -> HttpResponse:
    """End all keys of one's own."""
    user: Any = request.user
    count = revoke(ApiKey.objects.valid().filter(user=user.pk))
    # Else the phone whose key has ended gets another one by itself.
    end_apps(user)
    end_invitations(user, roles=False)
    said = ngettext("%(count)d key is revoked.", "%(count)d keys are revoked.", count)
    messages.success(request, said % {"count": count})
    return redirect("console:keys:keys")

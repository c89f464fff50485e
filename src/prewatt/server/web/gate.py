"""The gate asks, before a page or a call begins, whether the login may do such a thing anywhere. It fails closed: an address for
which `web/needs.py` names no right is refused. `web/access.py` then says whether it may be done to this row.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from ..accounts.first_start import is_claimed
from ..accounts.memberships import Membership, Reach, reach_of
from ..accounts.rights import Right, Role, roles_with
from .needs import API, Need, Who, need_of

log = logging.getLogger("prewatt.server")


class NotAllowed(PermissionDenied):
    """A login has a role here, and the role lacks a right. `whole`: the role has the right, but only for single properties, and the
    request is about a whole organisation.
    """

    def __init__(self, right: Right, whole: bool = False) -> None:
        super().__init__(right.value)
        self.right, self.whole = right, whole

    def in_words(self, request: HttpRequest) -> str:
        """Return what is missing, and who can give it."""
        if self.whole:
            missing = _("This belongs to the whole organisation, and your role is for single buildings.")
        else:
            missing = _("Your role does not include the right to %(right)s. Roles that do: %(roles)s.") % {
                "right": self.right.label,
                "roles": ", ".join(str(role.label) for role in roles_with(self.right)),
            }
        owners = (
            Membership.objects.filter(
                organisation__in=reach(request).organisations(), role=Role.OWNER, properties=None, user__is_active=True
            )
            .order_by()
            .select_related("user")
        )
        names = ", ".join(sorted({each.user.get_full_name() or each.user.get_username() for each in owners}))
        given = _("An owner can change your role. Owners here: %(names)s.") % {"names": names} if names else ""
        return " ".join(filter(None, (missing, _("Nothing was changed."), given)))


class Gate:
    """Middleware: notes at a request which right it needs, and refuses the request if the login has that right nowhere."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on; `process_view` refuses what may not be done."""
        return self._get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        """Note what the request needs. Returns None, or the redirect to the login, or to the first start, for people who are not
        logged in. Raises Http404 or NotAllowed.
        """
        match = request.resolver_match
        need = need_of(match) if match is not None else None
        if need is None:
            log.error("%s names no right in web/needs.py: it is refused", request.path)
            raise Http404
        note_need(request, need, request.POST.get("do", "") if need.do else "")
        if request.user.is_authenticated:
            check_login(request)
        elif asked(request) is not Who.ANYBODY and not request.path.startswith((f"/{API}", "/admin/")):
            return redirect_to_login(request.get_full_path()) if is_claimed() else redirect("console:begin:begin")
        return None


def note_need(request: Any, need: Need, do: str = "") -> None:
    """Note at a request what it needs; `do`: the button or order that was chosen."""
    request.need, request.right = need, need.to(request.method, do)


def asked(request: Any) -> Right | Who:
    """Return what a request needs. Raises PermissionDenied if it did not come through the gate."""
    right: Right | Who | None = getattr(request, "right", None)
    if right is None:
        raise PermissionDenied
    return right


def reach(request: Any) -> Reach:
    """Return what the login of a request may do, and where. The database is asked once a request."""
    known: tuple[Any, Reach] | None = getattr(request, "reach_of_login", None)
    if known is None or known[0] != request.user.pk:
        known = request.reach_of_login = (request.user.pk, reach_of(request.user))
    return known[1]


def check_login(request: Any) -> None:
    """Refuse a request if its login has the right nowhere. Raises Http404 if the login has no role at all, so that it does not
    learn what there is; otherwise NotAllowed. Requests that are open to tenants too are checked where the row is.
    """
    right = asked(request)
    if right is Who.STAFF and not request.user.is_staff:
        raise Http404
    if isinstance(right, Who) or request.need.tenants:
        return
    rights = reach(request).rights
    if not rights:
        raise Http404
    if right not in rights:
        raise NotAllowed(right)


def rights(request: Any) -> dict[str, Any]:
    """Return the context of templates: `rights` of the login at the property that the page shows, or anywhere if it shows none,
    and `shows_money`. So pages do not show links and buttons that lead to a refusal.
    """
    return {"rights": SimpleLazyObject(lambda: _rights_of(request)), "shows_money": shows_money(request)}


def shows_money(request: Any) -> bool:
    """Return whether the page shows balances and charges. It is False only for a role without the right to see money at
    the property that the page shows; tenants see their own.
    """
    here: frozenset[Right] | None = getattr(request, "rights_here", None)
    return here is None or Right.SEE_MONEY in here


def _rights_of(request: Any) -> frozenset[Right]:
    if not hasattr(request, "user"):
        return frozenset()
    here: frozenset[Right] | None = getattr(request, "rights_here", None)
    return reach(request).rights if here is None else here

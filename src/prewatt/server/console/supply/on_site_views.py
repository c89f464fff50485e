"""What phones may do on site at a property, and how a phone's access is taken back."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from ....kernel.orders import BY_STAFF, GRANT_LONGEST, GRANT_RESTORE_LONGEST
from ....kernel.units import DAY, HOUR
from ....wire.on_site import READ_HEAD, SET_CLOCK
from ...core.amounts import typed_money, typed_whole
from ...estate.models import Property
from ...metering.models import Gateway, OnSiteRules, RevocationList, StaffGrant
from ...metering.phones import set_rules
from ...metering.revoking import revoke
from ...web.access import property_of_manager, row_at
from ...web.kept import refuse

SHOWN = 20
"""The most grants that the page shows, the latest first."""


@dataclass(frozen=True)
class GrantRow:
    """A grant as the page shows it: what it allows in words. `on_its_way`: the gateways that do not have the last
    revocations yet; `too_old`: those whose software knows no revocations.
    """

    grant: StaffGrant
    allows: str
    on_its_way: str
    too_old: str


def _say(request: HttpRequest, text: str) -> None:
    messages.success(request, text)


def grant_rows(property_: Property) -> list[GrantRow]:
    """Return the last grants of a property."""
    revoked = RevocationList.objects.filter(property=property_).first()
    gateways = list(
        Gateway.objects.filter(property=property_, is_revoked=False, public_key__isnull=False).order_by("name")
    )
    number = revoked.number if revoked is not None else 0
    waiting = ", ".join(each.name for each in gateways if 0 <= each.told_revocations < number)
    too_old = ", ".join(each.name for each in gateways if each.told_revocations < 0)
    return [
        GrantRow(each, ", ".join(map(in_words, each.actions.split())), waiting, too_old)
        for each in property_.staff_grants.select_related("user")[:SHOWN]
    ]


def in_words(action: str) -> str:
    """Return what a grant allows, in words."""
    others = {READ_HEAD: _("read the state of the gateway and its meters"), SET_CLOCK: _("set the gateway's clock")}
    return _(BY_STAFF[action].label) if action in BY_STAFF else others.get(action, action)


@login_required
@require_POST
def revoke_grant(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a grant back, with all others of the same phone at this property: older ones of it may hold, too."""
    grant = row_at(request, StaffGrant.objects.select_related("property"), "property", pk=pk)
    if revoke(StaffGrant.objects.filter(property=grant.property, key=grant.key), request.user):
        _say(request, _("The phone of %(holder)s has no access here any more.") % {"holder": grant.holder})
    return redirect("console:supply:supply", pk=grant.property_id)


@login_required
@require_POST
def on_site_rules(request: HttpRequest, pk: int) -> HttpResponse:
    """Set what phones of staff may do on site."""
    property_ = property_of_manager(request, pk)
    given = request.POST
    try:
        rules = OnSiteRules(
            property=property_,
            actions=" ".join(dict.fromkeys(given.getlist("phone_actions"))),
            days=typed_whole(given.get("days", ""), "days", 1, GRANT_LONGEST // DAY),
            restore_amount=typed_money(given.get("restore_amount") or "0", "restore_amount", property_.currency),
            restore_hours=typed_whole(
                given.get("restore_hours") or "0", "restore_hours", 0, GRANT_RESTORE_LONGEST // HOUR
            ),
            staff_restore="staff_restore" in given,
        )
        count = set_rules(rules, request.user)
    except ValidationError as error:
        refuse(request, error)
    else:
        _say(request, _("Saved."))
        if count:
            taken = ngettext(
                "%(count)d grant that allows more is revoked. Phones get a new one when they are online.",
                "%(count)d grants that allow more are revoked. Phones get new ones when they are online.",
                count,
            )
            _say(request, taken % {"count": count})
    return redirect("console:supply:supply", pk=pk)

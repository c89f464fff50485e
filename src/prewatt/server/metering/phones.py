"""Phones of people who may switch have a grant for each of their properties, so that they can work on site without a
network (`wire.on_site`). A phone asks for it whenever its owner is online. The property's rules (`OnSiteRules`) say
what the phone may do.
"""

from __future__ import annotations

from base64 import b64decode
from typing import Any, NamedTuple

import msgspec
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.currencies import magnitude
from ...kernel.orders import GIVES_CREDIT, GRANT_LONGEST
from ...kernel.units import DAY, HOUR
from ...wire.on_site import ALLOWED, Grant, SignedGrant, read_grant
from ..accounts.memberships import Reach
from ..accounts.rights import Right
from ..core.time import now
from ..estate.models import Property
from .grant_models import USUAL_RESTORE_AMOUNT
from .grants import GrantRequest, gateway_keys, make_grant, refused_restoring
from .models import OnSiteRules, StaffGrant
from .revoking import holding, revoke

MOST_PROPERTIES = 100
"""The most properties for which one phone has grants."""
MOST_GRANTS = 40
"""The most grants of one login for one property whose end is not reached, also those that were taken back: some phones, each
with some renewals.
"""
_signed = msgspec.msgpack.Decoder(SignedGrant)


class PhoneGrants(NamedTuple):
    """The grants of a phone, one for each property, and whether there were more properties than one phone has grants for."""

    grants: list[StaffGrant]
    has_more: bool


def rules_of(property_: Property) -> OnSiteRules:
    """Return what the grants of phones may allow at a property; the usual rules if nobody has set any."""
    stored = OnSiteRules.objects.filter(property=property_).first()
    return stored or OnSiteRules(
        property=property_, restore_amount=USUAL_RESTORE_AMOUNT * magnitude(property_.currency)
    )


def allowed(rules: OnSiteRules, rights: frozenset[Right]) -> tuple[str, ...]:
    """Return the actions that somebody with these rights may do on site."""
    if Right.SWITCH not in rights:
        return ()
    may_restore = rules.staff_restore or Right.GIVE_BACK in rights
    chosen = rules.actions.split()
    return tuple(name for name in ALLOWED if name in chosen and (name not in GIVES_CREDIT or may_restore))


@transaction.atomic
def set_rules(rules: OnSiteRules, by: Any) -> int:
    """Store what the grants of phones may allow at a property. If that is less than before, the grants that phones have
    are taken back, and each phone gets another one when it is online. Returns how many were taken back. Raises
    ValidationError, which names the wrong fields.
    """
    errors: dict[str, str] = {}
    if set(rules.actions.split()) - set(ALLOWED):
        errors["actions"] = _("Choose one or more of: %(known)s.") % {"known": ", ".join(ALLOWED)}
    if not 1 <= rules.days <= GRANT_LONGEST // DAY:
        errors["days"] = _("Type a number of days from 1 to %(most)d.") % {"most": GRANT_LONGEST // DAY}
    errors |= refused_restoring(
        "restore_amount", rules.restore_amount, rules.property.currency, "restore_hours", rules.restore_hours * HOUR
    )
    if errors:
        raise ValidationError(errors)
    before = rules_of(rules.property)
    rules.save()
    if not _allows_less(rules, before):
        return 0
    return revoke(holding().filter(property=rules.property).exclude(user=None), by)


def _allows_less(rules: OnSiteRules, before: OnSiteRules) -> bool:
    bounds = ("days", "restore_amount", "restore_hours", "staff_restore")
    return bool(set(before.actions.split()) - set(rules.actions.split())) or any(
        getattr(rules, name) < getattr(before, name) for name in bounds
    )


def opened(row: StaffGrant) -> Grant:
    """Return a grant's signed content, decoded."""
    return read_grant(_signed.decode(b64decode(row.text)))


def grants_for(user: Any, reach: Reach, key: str) -> PhoneGrants:
    """Return a grant for each property where a login may switch, for its phone whose public key is `key` (64
    hexadecimal digits). An earlier grant that holds for long enough, and says what a new one would say, is returned
    again. Raises ValidationError if it is no key, or if very many phones have asked.
    """
    places = list(
        reach.properties(Right.SWITCH)
        .filter(archived_at=None, gateways__public_key__isnull=False, gateways__is_revoked=False)
        .distinct()
        .order_by("name", "pk")[: MOST_PROPERTIES + 1]
    )
    grants = []
    for place in places[:MOST_PROPERTIES]:
        rules = rules_of(place)
        if actions := allowed(rules, reach.at(place)):
            grants.append(_grant_for(user, key.strip().lower(), rules, actions))
    return PhoneGrants(grants, len(places) > MOST_PROPERTIES)


def _grant_for(user: Any, key: str, rules: OnSiteRules, actions: tuple[str, ...]) -> StaffGrant:
    at, lasts = now(), rules.days * DAY
    request = GrantRequest(
        property=rules.property,
        holder=(user.get_full_name() or user.get_username())[:100],
        key=key,
        actions=actions,
        begins=at,
        ends=at + lasts,
        most_amount=rules.restore_amount,
        longest=rules.restore_hours * HOUR,
    )
    mine = StaffGrant.objects.filter(user=user.pk, property=rules.property, ends__gt=at)
    # For most of its time a phone has the same grant, however often it asks.
    recent = mine.filter(key=key, revoked_at=None, ends__gte=at + lasts - lasts // 4).first()
    if recent is not None and _says_the_same(opened(recent), request):
        return recent
    if mine.count() >= MOST_GRANTS:
        raise ValidationError(
            _("Too many of your phones have asked for access at %(property)s. Wait until the access of some has ended.")
            % {"property": rules.property}
        )
    return make_grant(request, user, user)


def _says_the_same(grant: Grant, request: GrantRequest) -> bool:
    return (
        (grant.holder, grant.actions, grant.most_amount, grant.longest)
        == (request.holder, tuple(request.actions), request.most_amount, request.longest)
    ) and grant.gateways == gateway_keys(request.property)

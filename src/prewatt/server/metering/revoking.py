"""Staff grants are taken back. For each property the server numbers and signs a list of those that hold no more, and
the head-end sends it to each gateway (`headend.revoking`).
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete

from ...wire.on_site import MAX_REVOKED, Revocations, sign_revocations
from ..accounts.memberships import Membership, reach_of
from ..accounts.rights import Right
from ..core.home_secrets import signing_key
from ..core.time import now
from .locking import for_update
from .models import RevocationList, StaffGrant


def holding() -> QuerySet[StaffGrant]:
    """Return the grants whose end is not reached and that nobody has taken back."""
    return StaffGrant.objects.filter(ends__gt=now(), revoked_at=None)


@transaction.atomic
def revoke(grants: QuerySet[StaffGrant], by: Any) -> int:
    """Take grants back. `by`: a user, or the name of one; empty if it follows from a role. Returns how many held until now."""
    places = sorted(set(grants.filter(pk__in=holding()).values_list("property", flat=True)))
    name = by if isinstance(by, str) else by.get_username()
    count = 0
    for place in places:
        # The list's row is what two who revoke wait for, and not the property's: a role that ends is locked before it.
        RevocationList.objects.get_or_create(property_id=place, defaults={"number": 0, "made_at": 0})
        before = for_update(RevocationList.objects).get(pk=place)
        rows = list(grants.filter(pk__in=holding(), property=place))
        for row in rows:
            row.revoked_at, row.revoked_by = now(), name
            row.save(update_fields=["revoked_at", "revoked_by"])
        count += len(rows)
        _renew(before)
    return count


def _renew(revocations: RevocationList) -> None:
    """Sign a list anew, whose row is locked. What has ended by itself is left out: a gateway that has the list knows by its
    instant that this is over.
    """
    at = now()
    revoked = StaffGrant.objects.filter(property=revocations.property_id, revoked_at__isnull=False, ends__gt=at)
    # Those that would hold longest come first: the list is bounded, and so is what one login can ask for (`phones`).
    ids = revoked.order_by("-ends", "-pk").values_list("pk", flat=True)[:MAX_REVOKED]
    # An instant: a database that was put back from a copy gives no number again that gateways know already.
    revocations.number, revocations.made_at = max(revocations.number + 1, at), at
    said = Revocations(revocations.property_id, revocations.number, at, tuple(str(each) for each in ids))
    signed = sign_revocations(signing_key(settings.CONFIG), said)
    revocations.body, revocations.signature = signed.body, signed.signature
    revocations.save()


def revoke_what_is_not_allowed(user: Any) -> int:
    """Take back the grants that a login has for properties where it may switch no more. Returns how many those were."""
    if not holding().filter(user=user.pk).exists():
        return 0
    allowed = reach_of(user).properties(Right.SWITCH)
    return revoke(StaffGrant.objects.filter(user=user.pk).exclude(property__in=allowed), "")


def revoke_what_nobody_may() -> int:
    """Take back the grants that any login may not have any more. A phone may have asked at the moment in which its
    owner's role ended, and a property may have gone to another landlord. Returns how many grants those were.
    """
    owners = get_user_model()._base_manager.filter(pk__in=holding().exclude(user=None).values("user"))
    return sum(revoke_what_is_not_allowed(each) for each in owners)


@transaction.atomic
def renew_lists_of_the_future() -> int:
    """Sign again the lists that were signed while the server's clock was ahead: gateways believe that each grant has
    ended until the instant of the list. Returns the number of lists.
    """
    rows = list(for_update(RevocationList.objects.filter(made_at__gt=now())).order_by("pk"))
    for each in rows:
        _renew(each)
    return len(rows)


def listen() -> None:
    """Have grants taken back as soon as their login loses the right to switch: its role changes or ends, or it is
    closed or deleted.
    """
    user_model = get_user_model()

    def of_member(instance: Membership, **_more: Any) -> None:
        revoke_what_is_not_allowed(user_model._base_manager.get(pk=instance.user_id))

    def of_properties(instance: Any, action: str, **_more: Any) -> None:
        if action.startswith("post_") and isinstance(instance, Membership):
            of_member(instance)

    def of_login(instance: Any, created: bool, **_more: Any) -> None:
        if not created:
            revoke_what_is_not_allowed(instance)

    def of_deleted(instance: Any, **_more: Any) -> None:
        revoke(StaffGrant.objects.filter(user=instance.pk), "")

    post_save.connect(of_member, Membership, weak=False, dispatch_uid="grants of a member")
    post_delete.connect(of_member, Membership, weak=False, dispatch_uid="grants of a former member")
    m2m_changed.connect(of_properties, Membership.properties.through, weak=False, dispatch_uid="grants by properties")
    post_save.connect(of_login, user_model, weak=False, dispatch_uid="grants of a login")
    pre_delete.connect(of_deleted, user_model, weak=False, dispatch_uid="grants of a deleted login")

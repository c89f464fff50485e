"""Invitations: a code on paper or in a link lets one person in, once, to a flat's page or to a role with a landlord.

The code has 80 bits, and only its hash is stored. Whoever types it or opens the link first sees what it is for. The
invitation is used only when they press the button.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.signals import pre_delete
from django.dispatch import receiver
from django.utils.translation import gettext as _

from ...kernel.units import DAY
from ..core.time import now
from ..estate.models import Organisation, Property, Resident, Tenancy
from .memberships import Membership, put_member, reach_of
from .rights import MEMBER_ROLES, Right
from .tenants import tenancies_of_login

DAYS = 14
"""For how many days an invitation is valid."""
MOST_PEOPLE = 10
"""The most logins of one flat."""
MOST_OPEN = 5
"""The most invitations of one person to a flat that are open at a time."""
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""What a code is made of, 5 bits each: no O and 0, no I and 1, which look alike on paper."""
LENGTH, GROUP = 16, 4
LONGEST_TYPED = 100
"""The most characters of a typed code that are looked at."""


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Queries for invitations."""

    def still_open(self) -> InvitationQuerySet:
        """Return the invitations that were neither used nor revoked, and have not ended."""
        return self.filter(used_at__isnull=True, revoked_at__isnull=True, ends__gt=now())


class Invitation(models.Model):
    """An invitation to a flat (`tenancy`), or to a `role` with a landlord (`organisation`) for some `properties`, or
    for all if there are none. Only the hash of its code is stored. Instants are µs since 1970.

    `again`: the login that is let in again, with a new password, because its person lost the old one. `made_by` is null
    if a command on the server's machine made it.
    """

    hash = models.CharField(max_length=64, unique=True)
    tenancy = models.ForeignKey(Tenancy, on_delete=models.CASCADE, null=True, related_name="invitations")
    again = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, null=True, related_name="invitations")
    role = models.CharField(max_length=20, blank=True)
    properties = models.ManyToManyField(Property, blank=True, related_name="+")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")
    made_at = models.BigIntegerField()
    ends = models.BigIntegerField()
    used_at = models.BigIntegerField(null=True)
    used_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    revoked_at = models.BigIntegerField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ("-made_at", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(tenancy__isnull=False, organisation__isnull=True)
                | models.Q(tenancy__isnull=True, organisation__isnull=False),
                name="invitation_to_one_door",
            ),
        )

    def __str__(self) -> str:
        return str(self.tenancy or self.organisation)


class InvitationError(Exception):
    """An invitation lets nobody in; the message, for people, says why, and what to do."""


# -- codes ----------------------------------------------------------------------------------------------------------------


def new_code() -> str:
    """Return a random code as it is printed: four groups of four letters."""
    return in_groups("".join(secrets.choice(LETTERS) for _each in range(LENGTH)))


def in_groups(letters: str) -> str:
    """Return the letters of a code as they are printed, with dashes between the groups."""
    return "-".join(letters[at : at + GROUP] for at in range(0, LENGTH, GROUP))


def letters_of(typed: str) -> str:
    """Return the letters of a code as somebody has typed it, with or without dashes, in large or small letters."""
    return "".join(sign for sign in typed[:LONGEST_TYPED].upper() if sign.isalnum())


def _hash(code: str) -> str:
    return hashlib.sha256(letters_of(code).encode()).hexdigest()


def invitation_of(code: str) -> Invitation | None:
    """Return the invitation with a code as somebody has typed it, also one that is over; None if there is none."""
    related = ("tenancy__unit__property__organisation", "organisation", "again", "made_by")
    return Invitation.objects.select_related(*related).filter(hash=_hash(code)).first()


# -- making ---------------------------------------------------------------------------------------------------------------


@transaction.atomic
def invite_to_flat(tenancy: Tenancy, by: Any) -> str:
    """Make an invitation to a flat. Returns its code, which can't be shown again. An invitation from the office revokes
    its earlier unused one, so that a lost paper lets nobody in. Raises ValidationError if the tenancy has ended, has
    too many people, or the tenant who invites has too many open invitations.
    """
    _check_room(tenancy)
    mine = tenancy.invitations.still_open().filter(again=None)
    if by is not None and tenancies_of_login(by).filter(pk=tenancy.pk).exists():
        if mine.filter(made_by=by).count() >= MOST_OPEN:
            raise ValidationError(_("There are too many open invitations. Revoke one first."))
    else:
        revoke(mine.exclude(made_by__in=tenancy.people.all()))
    return _make(by, tenancy=tenancy)


@transaction.atomic
def invite_again(resident: Resident, by: Any) -> str:
    """Make an invitation for a resident who can't log in any more: with it they choose a new password. Returns its
    code. Raises ValidationError if the tenancy has ended, or the login opens more than the flats of this landlord.
    """
    tenancy = resident.tenancy
    if tenancy.has_ended(now()):
        raise ValidationError(_("This tenancy has ended."))
    if _opens_more(resident.user, tenancy):
        raise ValidationError(
            _(
                "The login %(name)s opens more than this landlord's flats. Remove the login from this flat, and "
                "invite the person again."
            )
            % {"name": resident.user.get_username()}
        )
    revoke(tenancy.invitations.still_open().filter(again=resident.user))
    return _make(by, tenancy=tenancy, again=resident.user)


@transaction.atomic
def invite_to_role(organisation: Organisation, role: str, by: Any, properties: Iterable[Property] = ()) -> str:
    """Make an invitation to a role with a landlord, for some `properties`, or for all if none are given. Returns its
    code. Raises ValidationError if there is no such role, or a property is another landlord's.
    """
    chosen = list(properties)
    if role not in MEMBER_ROLES:
        raise ValidationError({"role": _("Choose a role.")})
    if any(each.organisation_id != organisation.pk for each in chosen):
        raise ValidationError({"properties": _("Choose buildings of this organisation.")})
    return _make(by, organisation=organisation, role=role, properties=chosen)


def _opens_more(user: Any, tenancy: Tenancy) -> bool:
    """Return whether a login opens more than the flats of a tenancy's landlord."""
    others = tenancies_of_login(user).exclude(unit__property__organisation=tenancy.unit.property.organisation)
    has_role = Membership.objects.filter(user=user.pk).exists()
    return bool(user.is_staff or user.is_superuser or has_role or others.exists())


def _check_room(tenancy: Tenancy) -> None:
    """Raise ValidationError if nobody can be invited to a flat."""
    if tenancy.has_ended(now()):
        raise ValidationError(_("This tenancy has ended."))
    if tenancy.residents.count() >= MOST_PEOPLE:
        raise ValidationError(_("%(most)d people have access already. Remove one first.") % {"most": MOST_PEOPLE})


def _make(by: Any, *, properties: Sequence[Property] = (), **door: Any) -> str:
    code, at = new_code(), now()
    invitation = Invitation.objects.create(hash=_hash(code), made_by=by, made_at=at, ends=at + DAYS * DAY, **door)
    invitation.properties.set(properties)
    return code


def to_join(user: Any) -> InvitationQuerySet:
    """Return the invitations that a login has made to what is its own: the flats in which it lives, and roles. Papers
    that it made for the tenants of other flats lie in their letter boxes by now, and are left out.
    """
    own = models.Q(organisation__isnull=False) | models.Q(tenancy__in=Tenancy.objects.filter(people=user.pk))
    return Invitation.objects.filter(own, made_by=user.pk, again=None)


@receiver(pre_delete, sender=Property)
def _end_invitations_for(instance: Property, **_more: Any) -> None:
    """Revoke what invites to a property that is deleted: without it the invitation would be to all properties."""
    revoke(Invitation.objects.filter(properties=instance))


def revoke(invitations: models.QuerySet[Invitation]) -> int:
    """Revoke those of the given invitations that are open. Returns how many there were."""
    return invitations.filter(used_at__isnull=True, revoked_at__isnull=True).update(revoked_at=now())


# -- using ----------------------------------------------------------------------------------------------------------------


def check_open(invitation: Invitation) -> None:
    """Raise InvitationError, in words, if an invitation lets nobody in any more."""
    if invitation.used_at is not None:
        raise InvitationError(_("This invitation was used already. Ask for a new one, or log in."))
    if invitation.revoked_at is not None or invitation.ends <= now() or not _maker_may(invitation):
        raise InvitationError(_("This invitation is not valid any more. Ask for a new one."))
    if invitation.tenancy is not None and invitation.tenancy.has_ended(now()):
        raise InvitationError(_("This tenancy has ended."))
    if invitation.again is not None and _may_not_again(invitation):
        raise InvitationError(_("This invitation is not valid any more. Ask for a new one."))


def _may_not_again(invitation: Invitation) -> bool:
    """Return whether a paper that gives a login a new password could not be made any more: since then the login got a role, or
    a flat of another landlord, or was taken away from this flat, or closed.
    """
    user, tenancy = invitation.again, invitation.tenancy
    assert user is not None and tenancy is not None
    return _opens_more(user, tenancy) or not tenancy.people.filter(pk=user.pk, is_active=True).exists()


def _maker_may(invitation: Invitation) -> bool:
    """Return whether the person who has made an invitation could still make it: who has left lets nobody in, nor themselves."""
    by = invitation.made_by
    if by is None:
        return True
    if not by.is_active:
        return False
    if invitation.organisation is not None:
        return Right.PEOPLE in reach_of(by).of(invitation.organisation)
    assert invitation.tenancy is not None
    if Right.TENANCIES in reach_of(by).at(invitation.tenancy.unit.property):
        return True
    return tenancies_of_login(by).filter(pk=invitation.tenancy.pk).exists()


@transaction.atomic
def use(invitation: Invitation, user: Any) -> None:
    """Let a login in by an invitation. If two people use it at once, only one gets in. Raises InvitationError if it
    lets nobody in, is for another login, or the login has access already; ValidationError if there is no room.
    """
    check_open(invitation)
    if invitation.again is not None and invitation.again != user:
        raise InvitationError(_("This invitation is for another login."))
    if invitation.organisation is not None:
        # First, because it locks the organisation's row: that comes before all others.
        _give_role(invitation, user)
    row = Invitation.objects.filter(pk=invitation.pk, used_at__isnull=True, revoked_at__isnull=True)
    if not row.update(used_at=now(), used_by=user):
        raise InvitationError(_("This invitation was used already. Ask for a new one, or log in."))
    if invitation.tenancy is not None and invitation.again is None:
        if invitation.tenancy.people.filter(pk=user.pk).exists():
            raise InvitationError(_("This login has access already."))
        _check_room(invitation.tenancy)
        invitation.tenancy.people.add(user)


def _give_role(invitation: Invitation, user: Any) -> None:
    assert invitation.organisation is not None
    if Membership.objects.filter(user=user, organisation=invitation.organisation).exists():
        raise InvitationError(_("This login has a role there already."))
    put_member(invitation.organisation, user, invitation.role, invitation.properties.all())

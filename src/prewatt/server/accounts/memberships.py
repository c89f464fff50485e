"""Who people are to an organisation: their role, and the properties for which they have it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.signals import pre_delete
from django.dispatch import receiver
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..estate.models import Organisation, Property
from .rights import MEMBER_ROLES, RIGHTS, Right, Role, roles_with

if TYPE_CHECKING:
    from .keys import ApiKey


class Membership(models.Model):
    """A login has a role in an organisation: for all its properties if `properties` is empty, otherwise for those alone."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=[(role.value, role.label) for role in MEMBER_ROLES])
    properties = models.ManyToManyField(
        Property, related_name="+", blank=True, help_text=gettext_lazy("Empty: all buildings.")
    )

    class Meta:
        ordering = ("organisation", "user__username")
        constraints = (models.UniqueConstraint(fields=("user", "organisation"), name="one_role_an_organisation"),)

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()}"


def members_with(right: Right, property_: Property) -> models.QuerySet[Membership]:
    """Return the memberships whose role has a right at a property, of logins that are open."""
    return Membership.objects.filter(
        models.Q(properties=None) | models.Q(properties=property_),
        organisation=property_.organisation_id,
        role__in=roles_with(right),
        user__is_active=True,
    ).distinct()


@dataclass(frozen=True)
class Grant:
    """What a membership allows. `properties`: the numbers of its properties; None: all of the organisation. `rights`:
    those of the role; fewer for a program's key.
    """

    organisation: int
    properties: frozenset[int] | None
    rights: frozenset[Right]

    def has(self, right: Right) -> bool:
        """Return whether the right is granted."""
        return right in self.rights


@dataclass(frozen=True)
class Reach:
    """All that a login may do, and where. An operator may do everything everywhere."""

    operator: bool
    grants: tuple[Grant, ...]

    @cached_property
    def mark(self) -> str:
        """A short text that changes as soon as the login may do other things, or elsewhere."""
        parts = [(each.organisation, sorted(each.properties or ()), sorted(each.rights)) for each in self.grants]
        return hashlib.sha256(repr((self.operator, parts)).encode()).hexdigest()[:16]

    @cached_property
    def rights(self) -> frozenset[Right]:
        """All rights that the login has, at least somewhere."""
        if self.operator:
            return RIGHTS[Role.OPERATOR]
        return frozenset().union(*(each.rights for each in self.grants))

    def at(self, property_: Property) -> frozenset[Right]:
        """Return what the login may do at a property; nothing if it has no role there."""
        return self.at_place(property_.pk, property_.organisation_id)

    def at_place(self, property_: int, organisation: int) -> frozenset[Right]:
        """Return the same as `at`, by the primary keys of the property and its organisation."""
        if self.operator:
            return RIGHTS[Role.OPERATOR]
        for each in self.grants:
            if each.organisation == organisation and (each.properties is None or property_ in each.properties):
                return each.rights
        return frozenset()

    def of(self, organisation: Organisation) -> frozenset[Right]:
        """Return what the login may do with what belongs to a whole organisation, such as its books; nothing if it has no role
        there, or one for single properties.
        """
        if self.operator:
            return RIGHTS[Role.OPERATOR]
        for each in self.grants:
            if each.organisation == organisation.pk and each.properties is None:
                return each.rights
        return frozenset()

    def properties(self, right: Right | None = None) -> models.QuerySet[Property]:
        """Return the properties at which the login has a right; if none is named, those at which it has a role."""
        if self.operator:
            return Property.objects.all()
        grants = [each for each in self.grants if right is None or each.has(right)]
        reached = models.Q(organisation__in=[each.organisation for each in grants if each.properties is None])
        for each in grants:
            if each.properties is not None:
                # A property that was given to another landlord takes nobody's role with it.
                reached |= models.Q(pk__in=each.properties, organisation=each.organisation)
        return Property.objects.filter(reached)

    def organisations(self, right: Right | None = None) -> models.QuerySet[Organisation]:
        """Return the organisations in which the login has a right for all properties. If no right is named, return all
        in which it has a role, also one for single properties.
        """
        if self.operator:
            return Organisation.objects.all()
        return Organisation.objects.filter(
            pk__in=[
                each.organisation
                for each in self.grants
                if right is None or (each.properties is None and each.has(right))
            ]
        )

    def within(self, key: ApiKey) -> Reach:
        """Return the part of this reach that a program's key opens."""
        allowed = key.allowed
        if not allowed:
            return Reach(False, ())
        if self.operator:
            if key.organisation_id is None and allowed == RIGHTS[Role.OPERATOR]:
                return self
            rows = Organisation.objects.values_list("pk", flat=True)
            grants = tuple(Grant(organisation, None, RIGHTS[Role.OPERATOR]) for organisation in rows)
        else:
            grants = self.grants
        return Reach(
            False,
            tuple(
                Grant(each.organisation, each.properties, each.rights & allowed)
                for each in grants
                if key.organisation_id in (None, each.organisation)
            ),
        )


def reach_of(user: Any) -> Reach:
    """Return what a login may do, and where. Somebody who is not logged in, or whose login is closed, may do nothing. A
    program that acts by a key (`keys.user_of`) may do what both the key and its owner may do now.
    """
    key: ApiKey | None = getattr(user, "api_key", None)
    reach = reaches_of([user])[user] if user.is_authenticated else Reach(False, ())
    return reach if key is None else reach.within(key)


def reaches_of(users: Collection[Any]) -> dict[Any, Reach]:
    """Return what each person may do, and where, asked for at once. One whose login is closed may do nothing."""
    reaches = {user: Reach(user.is_active and user.is_superuser, ()) for user in users}
    asked = {user.pk: user for user, reach in reaches.items() if user.is_active and not reach.operator}
    if not asked:
        return reaches
    properties_by_role: dict[tuple[int, int, str], set[int]] = {}
    # Each request asks this: an order, which would join two tables more, is made below.
    rows = Membership.objects.filter(user__in=asked).order_by()
    for user, organisation, role, property_ in rows.values_list("user", "organisation", "role", "properties"):
        known = properties_by_role.setdefault((user, organisation, role), set())
        known.update(() if property_ is None else (property_,))
    grants: dict[int, list[Grant]] = {}
    for (user, organisation, role), properties in sorted(properties_by_role.items()):
        grants.setdefault(user, []).append(Grant(organisation, frozenset(properties) or None, RIGHTS[Role(role)]))
    return reaches | {asked[user]: Reach(False, tuple(own)) for user, own in grants.items()}


# -- changes ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def put_member(organisation: Organisation, user: Any, role: str, properties: Iterable[Property] = ()) -> Membership:
    """Give a login a role in an organisation, or change the one that it has. Without `properties` it is for all. Raises
    ValidationError if there is no such role, a property is another organisation's, or it would leave the organisation
    without an owner.
    """
    chosen = list(properties)
    if role not in MEMBER_ROLES:
        raise ValidationError({"role": _("Choose a role.")})
    if any(each.organisation_id != organisation.pk for each in chosen):
        raise ValidationError({"properties": _("Choose buildings of this organisation.")})
    before = _locked(organisation).filter(user=user).first()
    if before is not None and (role != Role.OWNER or chosen):
        _check_owner_left(before)
    membership, _is_new = Membership.objects.update_or_create(
        user=user, organisation=organisation, defaults={"role": role}
    )
    membership.properties.set(chosen)
    return membership


@transaction.atomic
def remove_member(membership: Membership) -> None:
    """Take a login's role in an organisation away. Raises ValidationError if it is the last owner."""
    for each in _locked(membership.organisation).filter(pk=membership.pk):
        _check_owner_left(each)
        each.delete()


@receiver(pre_delete, sender=Property)
def _end_roles_for(instance: Property, **_more: Any) -> None:
    """Take away the roles that are for a property alone when it is deleted: without it they would be for all properties."""
    for membership in Membership.objects.filter(properties=instance):
        if not membership.properties.exclude(pk=instance.pk).exists():
            membership.delete()


def is_owner_of_all(membership: Membership) -> bool:
    """Return whether somebody is an owner for all properties, as each organisation needs one."""
    return membership.role == Role.OWNER and not membership.properties.exists()


def _locked(organisation: Organisation) -> models.QuerySet[Membership]:
    """Return the memberships of an organisation, whose row is locked: two who leave at once do not leave it without an owner."""
    # Written as it is, which locks it: the room that asks for locks lies above this one.
    Organisation.objects.filter(pk=organisation.pk).update(adjustment_limit=models.F("adjustment_limit"))
    return Membership.objects.filter(organisation=organisation)


def _check_owner_left(changed: Membership) -> None:
    """Refuse to change the last owner. Raises ValidationError."""
    others = Membership.objects.filter(organisation=changed.organisation_id, role=Role.OWNER, properties=None)
    if is_owner_of_all(changed) and not others.exclude(pk=changed.pk).filter(user__is_active=True).exists():
        raise ValidationError(
            _("This is the last owner of %(organisation)s. Make somebody else an owner first.")
            % {"organisation": changed.organisation}
        )

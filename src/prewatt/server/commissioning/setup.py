"""Sets up a building at once, from a list of its apartments to logins and the gateways' enrolment codes."""

from __future__ import annotations

import builtins
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import transaction

from ...kernel.tariff import Tariff as KernelTariff
from ...kernel.tariff import TariffError
from ...kernel.tariff_document import tariff_from_document, tariff_to_document
from ...tables.problems import TableError
from ..accounts.first_passwords import FirstPassword
from ..accounts.invitations import invite_to_flat
from ..accounts.memberships import put_member
from ..accounts.names import free_name
from ..accounts.rights import Role
from ..core.errors import in_words
from ..core.time import now
from ..estate.models import Organisation, Property, Tenancy
from ..estate.residents import Resident
from ..estate.usual_limits import fit_limits
from ..tariffs.models import Tariff
from ..tariffs.versions import schedule
from ..vending.models import TopUp
from . import additions
from .additions import Progress, add, add_in_parts, first_gateway, no_progress
from .apartments import Apartment, FlatList, SetupError, read_apartments
from .enrolment import new_code
from .installing import InstallError

__all__ = ["Apartment", "Building", "BuildingPlan", "FlatList", "SetupError", "read_apartments", "set_up_building"]


@dataclass(frozen=True)
class Building:
    """What was set up. `codes`: each gateway's one-time enrolment code. `logins`: (name, password, whose). `invitations` of
    tenants: (code, whose). All must be handed over, because only hashes are stored.
    """

    property: Property
    codes: dict[str, str]
    logins: list[tuple[str, str, str]]
    invitations: list[tuple[str, str]]

    @builtins.property
    def code(self) -> str:
        """The enrolment code of the only gateway, or of the first one."""
        return next(iter(self.codes.values()))


@dataclass(frozen=True, kw_only=True)
class BuildingPlan:
    """What to set up: for which organisation, which property with which tariff from now on, and its apartments.

    `gateway`: the name of the gateway for meters whose line names none; empty: any that is free. More meters than one gateway
    can have are divided over several. `manager`: the manager's login. `low_credit`:
    the steps of the reminder; the usual ones if empty. `password`: one for all logins; if empty, the
    manager has one of their own, and tenants have invitations.
    `pin`: one for the gateway's page, for all flats; if empty, flats have none yet. `driver`: the kind of the meters, as the gateway
    names it.
    """

    organisation: str
    name: str
    zone: str
    currency: str
    tariff: KernelTariff
    apartments: Sequence[Apartment]
    manager: str
    gateway: str = ""
    low_credit: str = ""
    password: str = ""
    pin: str = ""
    driver: str = "recorded"


def set_up_building(plan: BuildingPlan, progress: Progress = no_progress) -> Building:
    """Create the property with its organisation, tariff, gateways, units, meters, tenancies and logins. An organisation
    that exists is used. Raises SetupError if anything is wrong; then nothing is created.

    More flats than a part (`additions.PART`) are created a part after the other, so that nobody else waits for all of them. If
    it ends in the middle, the same plan goes on where it stood, as long as nothing has happened there yet; nothing is created
    twice, and what was never shown is made anew: invitations, codes, the manager's first password.
    """
    try:
        if len(plan.apartments) <= additions.PART:
            with transaction.atomic():
                property_, login = _begin(plan)
                added = add(property_, plan.apartments, usual=plan.gateway, pin=plan.pin, driver=plan.driver)
                return _handed_over(plan, property_, login, added.tenancies)
        with transaction.atomic():
            property_, login = _begin(plan, again=True)
        given = {"usual": plan.gateway, "pin": plan.pin, "driver": plan.driver}
        add_in_parts(property_, plan.apartments, **given, progress=progress)
        tenancies = Tenancy.objects.filter(unit__property=property_, residents=None).select_related("unit__property")
        return _handed_over(plan, property_, login, list(tenancies.order_by("unit", "pk")))
    except ValidationError as error:
        raise SetupError(in_words(error)) from None
    except TariffError as error:
        raise SetupError(f"tariff: {error}") from None
    except (TableError, InstallError) as error:
        raise SetupError(str(error)) from None


def _begin(plan: BuildingPlan, *, again: bool = False) -> tuple[Property, str]:
    """Create what a building has without its flats. Returns the property and the manager's password. `again`: one that was
    begun with this plan, and left, is used.
    """
    tariff_from_document(tariff_to_document(plan.tariff))
    owner = Organisation.objects.get_or_create(name=plan.organisation)[0]
    begun = _begun(owner, plan) if again else None
    if begun is not None:
        first_gateway(begun, plan.gateway)
        return begun, _login(plan.manager, plan.password, owner, again=True)
    property_ = _property(owner, plan)
    schedule(property_, _tariff(owner, plan.tariff), now())
    return property_, _login(plan.manager, plan.password, owner)


def _begun(owner: Organisation, plan: BuildingPlan) -> Property | None:
    """Return the property that was begun with a plan, and in which nothing has happened yet: it has no other flats, nobody has
    a login or has paid, and no gateway is enrolled. None if there is none.
    """
    known = Property.objects.filter(organisation=owner, name=plan.name, zone=plan.zone, currency=plan.currency).first()
    if known is None:
        return None
    others = known.units.exclude(name__in=[each.unit for each in plan.apartments])
    has_happened = (
        others.exists()
        or known.gateways.filter(public_key__isnull=False).exists()
        or (not plan.password and Resident.objects.filter(tenancy__unit__property=known).exists())
        or TopUp.objects.filter(tenancy__unit__property=known).exists()
    )
    return None if has_happened else known


def _handed_over(plan: BuildingPlan, property_: Property, login: str, tenancies: Sequence[Tenancy]) -> Building:
    """Make what is handed over and not shown again, for a property and for tenancies that have no login yet."""
    logins, invitations = [(plan.manager, login, plan.organisation)], []
    for first in range(0, len(tenancies), additions.PART):
        with transaction.atomic():
            part = tenancies[first : first + additions.PART]
            if plan.password:
                logins += _log_in(part, plan.password)
            else:
                invitations += [(invite_to_flat(each, None), _whose(each)) for each in part]
    with transaction.atomic():
        first_gateway(property_, plan.gateway)
        boxes = property_.gateways.filter(is_revoked=False).order_by("pk")
        return Building(property_, {box.name: new_code(box) for box in boxes}, logins, invitations)


def _property(owner: Organisation, plan: BuildingPlan) -> Property:
    property_ = Property(
        organisation=owner,
        name=plan.name,
        zone=plan.zone,
        currency=plan.currency,
        low_credit=plan.low_credit,
    )
    fit_limits(property_)
    property_.full_clean()
    property_.save()
    return property_


def _tariff(owner: Organisation, tariff: KernelTariff) -> Tariff:
    """Return the organisation's tariff with this name and content; create it if there is none."""
    document = tariff_to_document(tariff)
    same = Tariff.objects.filter(organisation=owner, name=tariff.name, document=document).first()
    if same is not None:
        return same
    row = Tariff(organisation=owner, name=tariff.name, document=document)
    row.full_clean()
    row.save()
    return row


def _log_in(tenancies: Sequence[Tenancy], password: str) -> list[tuple[str, str, str]]:
    """Create a login with the same password for each tenancy. Returns (name, password, whose)."""
    # A hash is made to be slow, so that of one password for all is made once.
    shared = make_password(password)
    logins = []
    for tenancy in tenancies:
        name = free_name(tenancy.unit.name)
        tenancy.people.add(get_user_model().objects.create(username=name, password=shared))
        logins.append((name, password, _whose(tenancy)))
    return logins


def _whose(tenancy: Tenancy) -> str:
    return f"{tenancy.tenant}, {tenancy.unit.name}"


def _new_password() -> str:
    return secrets.token_urlsafe(9)


def _login(manager: str, password: str, owner: Organisation, *, again: bool = False) -> str:
    """Give the manager a login, and return its password. `again`: one that was never used has a new password."""
    users = get_user_model().objects
    user = users.filter(username=manager).first()
    if user is not None:
        put_member(owner, user, Role.OWNER)
        if not (again and user.last_login is None and FirstPassword.objects.filter(user=user).exists()):
            return "(as before)"
        own = _new_password()
        users.filter(pk=user.pk).update(password=make_password(own))
        return own
    own = password or _new_password()
    user = users.create(username=manager, password=make_password(own))
    if not password:
        FirstPassword.objects.create(user=user)
    put_member(owner, user, Role.OWNER)
    return own

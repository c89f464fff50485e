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
from ..tariffs.models import Tariff
from ..tariffs.versions import schedule
from .additions import add, first_gateway
from .apartments import Apartment, SetupError, read_apartments
from .enrolment import new_code
from .installing import InstallError

__all__ = ["Apartment", "Building", "BuildingPlan", "SetupError", "read_apartments", "set_up_building"]


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


@transaction.atomic
def set_up_building(plan: BuildingPlan) -> Building:
    """Create the property with its organisation, tariff, gateways, units, meters, tenancies and logins. An organisation
    that exists is used. Raises SetupError if anything is wrong; then nothing is created.
    """
    try:
        tariff_from_document(tariff_to_document(plan.tariff))
        owner = Organisation.objects.get_or_create(name=plan.organisation)[0]
        property_ = _property(owner, plan)
        schedule(property_, _tariff(owner, plan.tariff), now())
        logins = [(plan.manager, _login(plan.manager, plan.password, owner), plan.organisation)]
        added = add(property_, plan.apartments, usual=plan.gateway, pin=plan.pin, driver=plan.driver)
        boxes, tenancies = added.gateways or [first_gateway(property_, plan.gateway)], added.tenancies
        invitations = []
        if plan.password:
            logins += _log_in(tenancies, plan.password)
        else:
            invitations = [(invite_to_flat(each, None), _whose(each)) for each in tenancies]
    except ValidationError as error:
        raise SetupError(in_words(error)) from None
    except TariffError as error:
        raise SetupError(f"tariff: {error}") from None
    except (TableError, InstallError) as error:
        raise SetupError(str(error)) from None
    return Building(property_, {box.name: new_code(box) for box in boxes}, logins, invitations)


def _property(owner: Organisation, plan: BuildingPlan) -> Property:
    property_ = Property(
        organisation=owner, name=plan.name, zone=plan.zone, currency=plan.currency, low_credit=plan.low_credit
    )
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


def _login(manager: str, password: str, owner: Organisation) -> str:
    users = get_user_model().objects
    user = users.filter(username=manager).first()
    own = ""
    if user is None:
        own = password or _new_password()
        user = users.create(username=manager, password=make_password(own))
        if not password:
            FirstPassword.objects.create(user=user)
    put_member(owner, user, Role.OWNER)
    return own or "(as before)"

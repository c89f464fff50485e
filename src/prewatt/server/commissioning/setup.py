"""Sets up a building at once, from a list of its apartments to logins and the gateways' enrolment codes."""

from __future__ import annotations

import builtins
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import transaction

from ...kernel.tariff import Tariff as KernelTariff
from ...kernel.tariff import TariffError
from ...kernel.tariff_document import tariff_from_document, tariff_to_document
from ...tables.problems import Problems, TableError
from ...wire.messages import MAX_METERS
from ...wire.pins import hash_pin
from ..accounts.first_passwords import FirstPassword
from ..accounts.invitations import invite_to_flat
from ..accounts.memberships import put_member
from ..accounts.names import free_name
from ..accounts.rights import Role
from ..core.errors import in_words
from ..core.time import now
from ..estate.models import Organisation, Part, Property, Tenancy, Unit
from ..metering.models import Gateway, Meter
from ..notices.contacts import keep_contact
from ..tariffs.models import Tariff
from ..tariffs.versions import schedule
from .apartments import Apartment, SetupError, read_apartments
from .enrolment import new_code
from .installing import InstallError, install

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

    `gateway`: the name of the gateway for meters whose line names none. `manager`: the manager's login. `low_credit`:
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
    gateway: str
    manager: str
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
        boxes = _gateways(property_, plan.gateway, plan.apartments)
        logins = [(plan.manager, _login(plan.manager, plan.password, owner), plan.organisation)]
        occupied = _place_all(property_, boxes, plan)
        tenancies = _move_in(occupied)
        invitations = []
        if plan.password:
            logins += _log_in(tenancies, plan.password)
        else:
            invitations = [(invite_to_flat(each, None), _whose(each)) for each in tenancies]
    except ValidationError as error:
        raise SetupError(in_words(error)) from None
    except TariffError as error:
        raise SetupError(f"tariff: {error}") from None
    except TableError as error:
        raise SetupError(str(error)) from None
    return Building(property_, {name: new_code(box) for name, box in boxes.items()}, logins, invitations)


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


def _place_all(property_: Property, boxes: Mapping[str, Gateway], plan: BuildingPlan) -> list[tuple[Unit, Apartment]]:
    """Create all units and meters. Returns the units that somebody lives in. A TableError names each that can't be
    created.
    """
    pin_hash = hash_pin(plan.pin, secrets.token_bytes(16)) if plan.pin else ""
    problems, occupied = Problems(), []
    for apartment in plan.apartments:
        try:
            unit = _place(property_, boxes[apartment.gateway or plan.gateway], apartment, pin_hash, plan.driver)
        except (ValidationError, InstallError) as error:
            problems.add(0, f"unit {apartment.unit}, meter {apartment.meter}", in_words(error))
            continue
        if unit is not None and apartment.tenant:
            occupied.append((unit, apartment))
    problems.check()
    return occupied


def _move_in(occupied: Sequence[tuple[Unit, Apartment]]) -> list[Tenancy]:
    """Begin the tenancies."""
    tenancies = []
    for unit, apartment in occupied:
        tenancy = Tenancy.objects.create(unit=unit, tenant=apartment.tenant, begins=now(), occupants=unit.occupants)
        if apartment.contact:
            keep_contact(tenancy, apartment.contact)
        tenancies.append(tenancy)
    return tenancies


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


def _gateways(where: Property, usual: str, apartments: Sequence[Apartment]) -> dict[str, Gateway]:
    """Create the gateways that the apartments name, and the `usual` one if some name none. Raises SetupError if one
    can't be created.
    """
    wanted = Counter(each.gateway or usual for each in apartments)
    for name, meters in wanted.items():
        if meters > MAX_METERS:
            raise SetupError(
                f"gateway {name} would have {meters} meters, but a gateway can have {MAX_METERS} at most. Add a column 'gateway' to "
                f"the list that names the gateway of each meter, such as {usual} for some and {usual}-2 for others"
            )
        if Gateway.objects.filter(name=name).exists():
            raise SetupError(
                f"there is a gateway {name} already. Choose another name with --gateway, or in the column 'gateway' of the list"
            )
    boxes = {name: Gateway(property=where, name=name, shard=0) for name in wanted or [usual]}
    for box in boxes.values():
        box.full_clean()
        box.save()
    return boxes


def _place(where: Property, box: Gateway, each: Apartment, pin_hash: str, driver: str) -> Unit | None:
    """Create a unit and its meter, or a meter without a unit."""
    parts = [Part.objects.get_or_create(property=where, name=name)[0] for name in each.parts]
    if each.role != Meter.Role.UNIT:
        install(None, box, each.meter, role=each.role, part=parts[0] if parts else None, driver=driver, **each.more())
        return None
    # As the database and the rules of the columns read it from text.
    unit = Unit(property=where, name=each.unit, area=each.area, occupants=each.occupants)  # type: ignore[misc]
    unit.pin_hash = pin_hash
    unit.full_clean()
    unit.save()
    unit.parts.set(parts)
    install(unit, box, each.meter, driver=driver, **each.more())
    return unit


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

"""Setting up a building in one go: from a list of its apartments to logins and the gateway's code."""

from __future__ import annotations

import csv
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import transaction

from ...kernel.tariff import Tariff as KernelTariff
from ...kernel.tariff import TariffError
from ...kernel.tariff_document import tariff_from_document, tariff_to_document
from ..metering.models import Gateway
from ..metering.services import InstallError, install, new_code
from ..tariffs.models import Tariff
from ..tariffs.versions import schedule
from ..time import now
from .models import Organisation, Property, Tenancy, Unit


class SetupError(ValueError):
    """What was given can't be set up; the message names what is wrong. Nothing was changed."""


@dataclass(frozen=True)
class Apartment:
    """A unit, its meter's serial number, and who lives there (empty: nobody)."""

    unit: str
    meter: str
    tenant: str


@dataclass(frozen=True)
class Building:
    """What was set up. `logins`: (name, password, whose), to be handed over; only hashes are kept."""

    property: Property
    gateway: str
    code: str
    logins: list[tuple[str, str, str]]


def read_apartments(path: Path) -> list[Apartment]:
    """A CSV file with the columns unit,meter,tenant. SetupError names the line that is wrong."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = {"unit", "meter", "tenant"} - set(reader.fieldnames or ())
            if missing:
                raise SetupError(f"{path}, line 1: the column {min(missing)!r} is missing (needed: unit,meter,tenant)")
            found = []
            for row in reader:
                unit, meter, tenant = ((row.get(name) or "").strip() for name in ("unit", "meter", "tenant"))
                if not unit or not meter:
                    raise SetupError(f"{path}, line {reader.line_num}: unit and meter can't be empty")
                found.append(Apartment(unit, meter, tenant))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SetupError(f"{path}: can't be read ({error})") from None
    if not found:
        raise SetupError(f"{path}: has no rows")
    return found


@transaction.atomic
def set_up_building(
    *,
    organisation: str,
    name: str,
    zone: str,
    currency: str,
    tariff: KernelTariff,
    apartments: Sequence[Apartment],
    gateway: str,
    manager: str,
    low_credit: str = "5",
    password: str = "",
) -> Building:
    """Make organisation (or add to it), property, tariff, gateway, units, meters, tenancies and logins. `password`:
    one for all logins, else a fresh one each. SetupError if anything is wrong.
    """
    try:
        tariff_from_document(tariff_to_document(tariff))
        owner = Organisation.objects.get_or_create(name=organisation)[0]
        where = Property(organisation=owner, name=name, zone=zone, currency=currency, low_credit=low_credit)
        where.full_clean()
        where.save()
        priced = Tariff(organisation=owner, name=tariff.name, document=tariff_to_document(tariff))
        known = Tariff.objects.filter(organisation=owner, name=tariff.name, document=priced.document).first()
        if known is None:
            priced.full_clean()
            priced.save()
        schedule(where, known or priced, now())
        box = Gateway(property=where, name=gateway, shard=0)
        box.full_clean()
        box.save()
        logins = [(manager, _login(manager, password, owner), organisation)]
        tenants = []
        for each in apartments:
            unit = Unit(property=where, name=each.unit)
            try:
                unit.full_clean()
                unit.save()
                install(unit, box, each.meter)
            except (ValidationError, InstallError) as error:
                raise SetupError(f"unit {each.unit}, meter {each.meter}: {_said(error)}") from None
            if each.tenant:
                tenants.append((unit, each.tenant))
        shared = make_password(password) if password else ""
        for unit, tenant in tenants:
            user_name = _free_name(unit)
            own = password or _new_password()
            user = get_user_model().objects.create(username=user_name, password=shared or make_password(own))
            Tenancy.objects.create(unit=unit, tenant=tenant, user=user, begins=now())
            logins.append((user_name, own, f"{tenant}, {unit.name}"))
    except ValidationError as error:
        raise SetupError(_said(error)) from None
    except TariffError as error:
        raise SetupError(f"tariff: {error}") from None
    return Building(where, gateway, new_code(box), logins)


def _said(error: ValidationError | InstallError) -> str:
    """What an error says, each field by its name."""
    if not isinstance(error, ValidationError):
        return str(error)
    if not hasattr(error, "error_dict"):
        return "; ".join(error.messages)
    fields = error.message_dict.items()
    return "; ".join(("" if name == "__all__" else f"{name}: ") + " ".join(texts) for name, texts in fields)


def _new_password() -> str:
    return secrets.token_urlsafe(9)


def _login(manager: str, password: str, owner: Organisation) -> str:
    users = get_user_model().objects
    user = users.filter(username=manager).first()
    own = ""
    if user is None:
        own = password or _new_password()
        user = users.create(username=manager, password=make_password(own))
    owner.managers.add(user)
    return own or "(as before)"


def _free_name(unit: Unit) -> str:
    base = "".join(sign for sign in unit.name.lower() if sign.isalnum()) or "unit"
    users = get_user_model().objects
    taken = users.filter(username__startswith=base).values_list("username", flat=True)
    number, name = 1, base
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    return name

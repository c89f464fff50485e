"""Setting up a building in one go: from a list of its apartments to logins and the gateway's code."""

from __future__ import annotations

import csv
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import transaction

from ...kernel.tariff import Tariff as KernelTariff
from ...kernel.tariff import TariffError
from ...kernel.tariff_document import tariff_from_document, tariff_to_document
from ...wire.pins import hash_pin
from ..errors import in_words
from ..metering.models import Gateway, Meter
from ..metering.services import InstallError, install, new_code
from ..tariffs.models import Tariff
from ..tariffs.versions import schedule
from ..time import now
from .models import Organisation, Part, Property, Tenancy, Unit


class SetupError(ValueError):
    """What was given can't be set up; the message names what is wrong. Nothing was changed."""


@dataclass(frozen=True)
class Apartment:
    """A unit, its meter's serial number, and who lives there (empty: nobody). `area` in m²; `parts`: names of the parts
    of the building it belongs to; `fuse` in W, empty: as usual. A meter of another `role` (common, main) has no unit, and at most one part.
    """

    unit: str
    meter: str
    tenant: str
    role: str = Meter.Role.UNIT
    area: str = "0"
    occupants: str = "1"
    parts: tuple[str, ...] = ()
    fuse: str = ""

    def more(self) -> dict[str, Any]:
        """What is said of its meter. SetupError if it can't be."""
        if not self.fuse:
            return {}
        if not self.fuse.isascii() or not self.fuse.isdigit() or len(self.fuse) > 9:
            raise SetupError(f"meter {self.meter}: fuse {self.fuse!r} is not a power in W such as 15000")
        return {"power_highest": int(self.fuse)}


@dataclass(frozen=True)
class Building:
    """What was set up. `logins`: (name, password, whose), to be handed over; only hashes are kept."""

    property: Property
    gateway: str
    code: str
    logins: list[tuple[str, str, str]]


def read_apartments(path: Path) -> list[Apartment]:
    """A CSV file with the columns unit,meter,tenant, and perhaps role,area,occupants,parts (several with a semicolon),fuse
    (W).
    SetupError names the line that is wrong.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = {"unit", "meter", "tenant"} - set(reader.fieldnames or ())
            if missing:
                raise SetupError(f"{path}, line 1: the column {min(missing)!r} is missing (needed: unit,meter,tenant)")
            found = []
            for row in reader:
                unit, meter, tenant = ((row.get(name) or "").strip() for name in ("unit", "meter", "tenant"))
                role, area, occupants, parts = (
                    (row.get(name) or "").strip() or default
                    for name, default in (("role", "unit"), ("area", "0"), ("occupants", "1"), ("parts", ""))
                )
                line = f"{path}, line {reader.line_num}"
                if role not in Meter.Role.values:
                    raise SetupError(f"{line}: role {role!r} is none of {', '.join(Meter.Role.values)}")
                if not meter or (role == Meter.Role.UNIT and not unit):
                    raise SetupError(f"{line}: unit and meter can't be empty")
                if role != Meter.Role.UNIT and (unit or tenant):
                    raise SetupError(f"{line}: a meter of the role {role!r} has no unit and no tenant")
                names = tuple(filter(None, (name.strip() for name in parts.split(";"))))
                fuse = (row.get("fuse") or "").strip()
                found.append(Apartment(unit, meter, tenant, role, area, occupants, names, fuse))
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
    pin: str = "",
) -> Building:
    """Make organisation (or add to it), property, tariff, gateway, units, meters, tenancies and logins. `password`:
    one for all logins, else a fresh one each. `pin`: one for the page of all flats, else each has none yet. SetupError if
    anything is wrong.
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
        pin_hash = hash_pin(pin, secrets.token_bytes(16)) if pin else ""
        for each in apartments:
            try:
                unit = _place(where, box, each, pin_hash)
            except (ValidationError, InstallError) as error:
                raise SetupError(f"unit {each.unit}, meter {each.meter}: {in_words(error)}") from None
            if unit is not None and each.tenant:
                tenants.append((unit, each.tenant))
        shared = make_password(password) if password else ""
        for unit, tenant in tenants:
            user_name = _free_name(unit)
            own = password or _new_password()
            user = get_user_model().objects.create(username=user_name, password=shared or make_password(own))
            Tenancy.objects.create(unit=unit, tenant=tenant, user=user, begins=now(), occupants=unit.occupants)
            logins.append((user_name, own, f"{tenant}, {unit.name}"))
    except ValidationError as error:
        raise SetupError(in_words(error)) from None
    except TariffError as error:
        raise SetupError(f"tariff: {error}") from None
    return Building(where, gateway, new_code(box), logins)


def _place(where: Property, box: Gateway, each: Apartment, pin_hash: str) -> Unit | None:
    """Make a unit and its meter, or a meter that is no unit's."""
    parts = [Part.objects.get_or_create(property=where, name=name)[0] for name in each.parts]
    if each.role != Meter.Role.UNIT:
        install(None, box, each.meter, role=each.role, part=parts[0] if parts else None, **each.more())
        return None
    # As the database and the rules of the columns read it from text.
    unit = Unit(property=where, name=each.unit, area=each.area, occupants=each.occupants)  # type: ignore[misc]
    unit.pin_hash = pin_hash
    unit.full_clean()
    unit.save()
    unit.parts.set(parts)
    install(unit, box, each.meter, **each.more())
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
    owner.managers.add(user)
    return own or "(as before)"


def new_login(tenancy: Tenancy) -> tuple[str, str]:
    """Make a login for a tenant: (name, password), of which only a hash is kept."""
    name, password = _free_name(tenancy.unit), _new_password()
    tenancy.user = get_user_model().objects.create(username=name, password=make_password(password))
    tenancy.save(update_fields=["user"])
    return name, password


def _free_name(unit: Unit) -> str:
    base = "".join(sign for sign in unit.name.lower() if sign.isalnum()) or "unit"
    users = get_user_model().objects
    taken = users.filter(username__startswith=base).values_list("username", flat=True)
    number, name = 1, base
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    return name

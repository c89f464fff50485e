"""Stores what a list of flats adds to a property, and what it changes there. The page and `prewatt setup` use the same
functions.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ...tables.problems import Problems, whole
from ...wire.pins import hash_pin
from ..core.errors import for_people
from ..core.time import now
from ..estate.models import Part, Property, Tenancy, Unit
from ..metering.locking import lock_meters, lock_property
from ..metering.models import Gateway, Meter
from ..notices.contact import Contact
from ..notices.contacts import keep_contact, kept
from ..notices.recipients import recipient_of
from ..tenancies.moving import move_in
from ..vending.account_settings import send_settings_to
from .apartments import Apartment
from .gateway_places import USUAL, Places
from .installing import InstallError, install
from .list_columns import CONTACT
from .list_lines import Does, Line, name_of, plan

SALT = "prewatt list of flats"
PART = 100
"""How many lines of a list from a page are stored at once."""
SHOWN_FOR = 24 * 3600
"""A list that was shown can be stored for this long, s."""


Progress = Callable[[int, int], None]
"""It is told how many flats are done, and how many there are."""


def no_progress(_done: int, _of: int) -> None:
    """Tell nobody how far the work is."""


@dataclass
class Added:
    """What a list has brought: how many flats and meters are new, how many were changed, who has moved in, and which
    gateways are new.
    """

    new: int = 0
    changed: int = 0
    tenancies: list[Tenancy] = field(default_factory=list)
    gateways: list[Gateway] = field(default_factory=list)


@transaction.atomic
def add(
    property_: Property, apartments: Sequence[Apartment], *, usual: str = "", pin: str = "", driver: str = "recorded"
) -> Added:
    """Store what a list says, all of it or nothing. `usual`: the name of the first new gateway; `pin`: the PIN for the
    gateway's page, for all new flats; `driver`: the kind of new meters, as their gateway names it. Raises TableError,
    which names each line that can't be stored.
    """
    if lock_property(property_.pk).archived_at is not None:
        raise whole(_("The whole building is archived. Bring the building back first."))
    planned = plan(property_, apartments, usual)
    added = Added(gateways=[_gateway(property_, name) for name in planned.gateways])
    boxes = {each.name: each for each in property_.gateways.filter(is_revoked=False)}
    _lock_meters(planned.lines)
    pin_hash = hash_pin(pin, secrets.token_bytes(16)) if pin else ""
    problems = Problems()
    for line in planned.lines:
        each = line.apartment
        try:
            if line.does is Does.ADDS:
                tenancy = _new(property_, boxes.get(line.gateway), each, pin_hash, driver)
                added.new += 1
            elif line.does is Does.CHANGES:
                tenancy = _changed(property_, boxes.get(line.gateway), line, driver)
                added.changed += 1
            else:
                continue
        except (ValidationError, InstallError) as error:
            problems.add(each.line, name_of(each), for_people(error))
            continue
        added.tenancies += [tenancy] if tenancy is not None else []
    problems.check()
    return added


def add_in_parts(
    property_: Property,
    apartments: Sequence[Apartment],
    *,
    usual: str = "",
    pin: str = "",
    driver: str = "recorded",
    progress: Progress = no_progress,
) -> Added:
    """Store what a list says, one part after the other, so that no payment has to wait for a long list. Each flat is
    stored whole or not at all; if it ends in the middle, the same list adds the rest. A TableError names each line that
    is wrong before anything is stored. For `usual`, `pin` and `driver` see `add`.
    """
    planned = plan(property_, apartments, usual)
    # Where each meter hangs is decided for the whole list.
    rows = [replace(line.apartment, gateway=line.gateway or line.apartment.gateway) for line in planned.lines]
    added = Added()
    for first in range(0, len(rows), PART):
        progress(first, len(rows))
        part = add(property_, rows[first : first + PART], usual=usual, pin=pin, driver=driver)
        added.new, added.changed = added.new + part.new, added.changed + part.changed
        added.tenancies += part.tenancies
        added.gateways += part.gateways
    return added


def _lock_meters(lines: Sequence[Line]) -> None:
    """Lock the meters of the lines that change something, before any unit is written."""
    changed = [line for line in lines if line.does is Does.CHANGES]
    units = [line.known for line in changed if line.apartment.unit]
    lock_meters(Meter.objects.filter(unit__in=units))
    lock_meters(Meter.objects.filter(pk__in=[line.known for line in changed if not line.apartment.unit]))


@transaction.atomic
def first_gateway(property_: Property, usual: str = "") -> Gateway:
    """Return the first gateway of a property, or a new one. Raises InstallError if that can't have its `usual` name."""
    known = property_.gateways.filter(is_revoked=False).order_by("pk").first()
    return known or _gateway(property_, Places(property_, usual).free_name())


@transaction.atomic
def add_gateway(property_: Property, name: str = "") -> Gateway:
    """Create a gateway of a property. If another landlord has one of this name, a number is put behind it; without a
    name, a free one is taken. Raises InstallError if this landlord has such a gateway, and ValidationError if it can't
    be a name.
    """
    own = Gateway.objects.filter(property__organisation=property_.organisation_id, name=name)
    if own.exists():
        raise InstallError(_("There is a gateway %(name)s already. Give this one another name.") % {"name": name})
    return _gateway(property_, Places(property_).free_name_like(name or USUAL))


def _gateway(property_: Property, name: str) -> Gateway:
    gateway = Gateway(property=property_, name=name, shard=0)
    gateway.full_clean()
    gateway.save()
    return gateway


def _parts(property_: Property, names: Sequence[str]) -> list[Part]:
    return [Part.objects.get_or_create(property=property_, name=name)[0] for name in names]


def _new(property_: Property, box: Gateway | None, each: Apartment, pin_hash: str, driver: str) -> Tenancy | None:
    """Create a unit with its meter and its tenancy, or a meter without a unit. Returns the tenancy."""
    parts = _parts(property_, each.parts)
    more: dict[str, Any] = {"driver": driver, **each.more()}
    if each.role != Meter.Role.UNIT:
        assert box is not None
        install(None, box, each.meter, role=each.role, part=parts[0] if parts else None, **more)
        return None
    # As the database and the rules of the columns read it from text.
    unit = Unit(property=property_, name=each.unit, area=each.area, occupants=each.occupants)  # type: ignore[misc]
    unit.pin_hash = pin_hash
    unit.full_clean()
    unit.save()
    unit.parts.set(parts)
    if box is not None:
        install(unit, box, each.meter, **more)
    if not each.tenant:
        return None
    tenancy = Tenancy.objects.create(unit=unit, tenant=each.tenant, begins=now(), occupants=unit.occupants)
    # Also without a contact: the usual language here is that of whoever brings the list.
    keep_contact(tenancy, each.contact)
    return tenancy


def _changed(property_: Property, box: Gateway | None, line: Line, driver: str) -> Tenancy | None:
    """Change a unit, or a meter without one, as a line says. Returns the tenancy that begins."""
    each, columns = line.apartment, {change.column: change.after for change in line.changes}
    if each.role != Meter.Role.UNIT:
        _change_meter(property_, line, columns)
        return None
    unit = property_.units.get(pk=line.known)
    unit.area = columns.get("area", unit.area)  # type: ignore[assignment]
    unit.occupants = columns.get("occupants", unit.occupants)  # type: ignore[assignment]
    unit.full_clean()
    unit.save(update_fields=["area", "occupants"])
    if "parts" in columns:
        unit.parts.set(_parts(property_, each.parts))
    if "meter" in columns and box is not None:
        install(unit, box, each.meter, driver=driver, **each.more())
    elif "fuse" in columns:
        _set_fuse(unit.meter, columns)
    if "tenant" in columns:
        return move_in(unit, each.tenant, now(), occupants=unit.occupants, contact=each.contact)
    if {*CONTACT} & columns.keys():
        _change_contact(unit.tenancies.not_over(now()).order_by("-begins")[0], each.contact)
    return None


def _change_meter(property_: Property, line: Line, columns: dict[str, str]) -> None:
    """Change a meter without a unit."""
    meter = Meter.objects.select_related("gateway__property").get(pk=line.known)
    if "parts" in columns:
        meter.part = _parts(property_, line.apartment.parts)[0]
    _set_fuse(meter, columns)


def _change_contact(tenancy: Tenancy, given: Contact) -> None:
    """Change how a tenant is reached. What the list leaves empty stays."""
    before = kept(recipient_of(tenancy))
    keep_contact(tenancy, Contact(**{name: getattr(given, name) or getattr(before, name) for name in CONTACT}))


def _set_fuse(meter: Meter, columns: dict[str, str]) -> None:
    if "fuse" in columns:
        meter.power_highest = int(columns["fuse"])
    meter.full_clean()
    # The head-end writes the rest of the row.
    meter.save(update_fields=["part", "power_highest"])
    if "fuse" in columns:
        send_settings_to(meter)


# -- what a page carries from the preview to the button ---------------------------------------------------------------------


def sealed(apartments: Sequence[Apartment]) -> str:
    """Return a list as a signed text that a page can carry back. Nobody else can make one."""
    rows = [
        [
            *(each.unit, each.meter, each.tenant, each.role, each.area, each.occupants, list(each.parts), each.fuse),
            *(each.gateway, each.contact.phone, each.contact.email, each.contact.language, each.line),
            sorted(each.given),
        ]
        for each in apartments
    ]
    return signing.dumps(rows, salt=SALT, compress=True)


def opened(text: str) -> list[Apartment]:
    """Return the list that a page has carried back. Raises ValueError, in words, if it is not from us or is too old."""
    try:
        rows = signing.loads(text, salt=SALT, max_age=SHOWN_FOR)
    except signing.BadSignature:
        raise ValueError(_("The preview is too old. Choose the list again.")) from None
    return [_apartment(*row) for row in rows]


def _apartment(*row: Any) -> Apartment:
    unit, meter, tenant, role, area, occupants, parts, fuse, gateway, phone, email, language, line, given = row
    contact = Contact(phone, email, language)
    return Apartment(
        unit, meter, tenant, role, area, occupants, tuple(parts), fuse, gateway, contact, line, frozenset(given)
    )

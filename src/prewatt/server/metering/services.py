"""Installing meters, and enrolling gateways."""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.account import Account
from ...kernel.calendar import local_day, zone
from ...kernel.entries import ChangeSettings, SetTariff, decode_command, genesis
from ...kernel.off_hours import OffHours
from ...kernel.settings import Settings
from ...kernel.supply import FriendlyHours, PowerLimit
from ...kernel.units import HOUR, SECOND, parse_kwh, parse_money
from ...wire.messages import MAX_METERS
from ...wire.signing import VerifyKey
from ..config import broker_password, signing_key
from ..estate.models import Property, Tenancy, Unit
from ..estate.terms import limit_at
from ..locking import for_update, lock_meters
from ..safety_rules import NONE, read_limits
from ..steps import energy_steps, money_steps
from ..supply_rules import holiday_dates, read_days, read_power, read_windows
from ..time import now
from .accounts import kept, stored_account
from .models import LARGE_FUSE, Gateway, Meter


class InstallError(ValueError):
    """The message, for people, says why. Nothing was changed."""


def account_settings(meter: Meter) -> ChangeSettings:
    """The order that carries a property's rules of credit and supply, and the meter's own, to it. A meter that belongs to
    no unit only measures: it has no rules of supply.
    """
    where = meter.property
    believed = Settings(
        zone=where.zone,
        power_highest=int(meter.power_highest),
        doubtful_readings=int(where.doubtful_readings),
        foreign_for=int(where.foreign_hours) * HOUR // SECOND,
    )
    if meter.unit is None:
        return ChangeSettings(believed)
    holidays = holiday_dates(where.friendly_holidays, local_day(now(), zone(where.zone)).year)
    days = sorted({*holidays, *read_days(where.friendly_days)})
    money, energy = money_steps(where), energy_steps(where)
    own_money, own_energy = _own_steps(meter.unit)
    # Emergency credit means nothing where it is paid after use.
    after = limit_at(meter.unit.pk, now())
    return ChangeSettings(
        msgspec.structs.replace(
            believed,
            low_credit=max(money, default=0),
            low_credit_energy=max(energy, default=0),
            clearance=parse_money(str(where.clearance)),
            emergency_credit=0 if after else parse_money(str(where.emergency_credit)),
            emergency_repayment=where.emergency_repayment,
            friendly=FriendlyHours(
                read_windows(where.friendly_hours), tuple(days), parse_money(str(where.friendly_debt))
            ),
            power=PowerLimit(
                read_power(meter.power_limit or where.power_limit),
                int(where.overload_delay),
                int(where.reclose_after),
                where.recloses,
                int(where.forbidden_step),
            ),
            tamper_locks=where.tamper_locks,
            pin=meter.unit.pin_hash,
            limits=read_limits(meter.limits or where.limits),
            off_hours=_off_hours(meter),
            alone=parse_kwh(str(where.alone_kwh)),
            alone_days=int(where.alone_days),
            low_steps=tuple(sorted({*money[1:], *own_money} - {*money[:1]})),
            low_energy_steps=tuple(sorted({*energy[1:], *own_energy} - {*energy[:1]})),
            credit_limit=after[0] if after else 0,
            credit_limit_cuts=after[1] if after else True,
        )
    )


def _off_hours(meter: Meter) -> OffHours:
    """A property's off hours, with what the meter has of its own."""
    where = meter.property
    if (meter.off_hours or where.off_hours).strip().lower() in ("", NONE):
        return OffHours()
    holidays = holiday_dates(where.off_holidays, local_day(now(), zone(where.zone)).year)
    watts = where.off_watts if meter.off_watts is None else meter.off_watts
    kwh = where.off_kwh if meter.off_kwh is None else meter.off_kwh
    return OffHours(
        read_windows(meter.off_hours or where.off_hours),
        tuple(sorted({*holidays, *read_days(where.off_days)})),
        int(watts or 0),
        parse_kwh(str(kwh or 0)),
    )


def _own_steps(unit: Unit) -> tuple[list[int], list[int]]:
    """The steps of the reminder that who lives there now has chosen: nano, Wh."""
    here = Tenancy.objects.living(now()).filter(unit=unit).select_related("recipient").first()
    mine = getattr(here, "recipient", None)
    return (mine.low_money, mine.low_energy) if mine else ([], [])


def send_settings_to(meter: Meter) -> None:
    """Send a meter its settings as they are now."""
    from ..vending.credit_log import issue

    issue(meter, account_settings(meter))


@transaction.atomic
def install(unit: Unit | None, gateway: Gateway, name: str, **more: Any) -> Meter:
    """Register a meter: of a unit, with the property's settings and tariffs on the way to it; or without a unit, one
    of another `role`. `more`: other columns, such as its fuse (`power_highest`).
    """
    if unit is not None and gateway.property_id != unit.property_id:
        raise InstallError(_("Gateway %(gateway)s is in another property.") % {"gateway": gateway})
    if gateway.meters.count() >= MAX_METERS:
        raise InstallError(
            _("Gateway %(gateway)s has %(most)d meters already.") % {"gateway": gateway, "most": MAX_METERS}
        )
    if unit is None:
        more = {"power_highest": LARGE_FUSE, **more}
    meter = Meter(unit=unit, gateway=gateway, name=name, **more)
    meter.full_clean()
    meter.save()
    prepare(meter)
    return meter


@transaction.atomic
def prepare(meter: Meter) -> None:
    """Begin the journal and the credit log of a new meter."""
    # Imported here: the credit log is a room above this one.
    from ..vending.codes import provision
    from ..vending.credit_log import issue

    Meter.objects.filter(pk=meter.pk).update(**kept(Account(), genesis(meter.name)))
    issue(meter, account_settings(meter))
    # A meter that belongs to no unit has no tariff: it measures, and its switch is left alone.
    if meter.unit is not None:
        provision(meter)
        for version in meter.property.tariff_versions.in_force(now()):
            issue(meter, SetTariff(version.effective, version.tariff.kernel()))


def refresh_settings() -> list[Meter]:
    """Send their settings to meters that have others: a new year's public holidays have come into sight, or somebody moved
    who had steps of the reminder of their own.
    """
    from ..apart import apart
    from ..vending.models import Command

    def refresh(meter: Meter) -> Meter | None:
        last = Command.objects.filter(meter=meter, kind="settings").order_by("-number").first()
        known = decode_command(bytes(last.body)) if last else None
        if getattr(known, "order", None) == account_settings(meter):
            return None
        send_settings_to(meter)
        return meter

    meters = Meter.objects.filter(unit__isnull=False)
    done = apart("settings", meters.select_related("unit", "gateway__property"), refresh, lambda meter: meter)
    return [meter for meter in done if meter is not None]


@transaction.atomic
def send_settings(where: Property) -> None:
    """Send a property's changed settings to all of its meters."""
    for meter in lock_meters(Meter.objects.filter(gateway__property=where).select_related("unit", "gateway__property")):
        send_settings_to(meter)


def new_code(gateway: Gateway) -> str:
    """A one-time code with which the gateway enrols. Replaces an unspent one."""
    code = secrets.token_hex(10)
    Gateway.objects.filter(pk=gateway.pk).update(code_hash=_hash(code))
    return code


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


@dataclass(frozen=True)
class Enrolment:
    """What a gateway needs to know: the answer to its code and its public key. For each meter its name, driver, flat, the
    key by which it reads codes, and, where it has a journal already, the account after its last entry.
    """

    gateway: str
    server_key: str
    broker_port: int
    broker_password: str
    property: str
    property_id: int
    meters: list[dict[str, Any]]


@transaction.atomic
def enrol(code: str, public_key: bytes) -> Enrolment:
    """Spend a code: from now on the gateway is who signs with `public_key`. InstallError if the code is unknown or
    spent, or the key is none.
    """
    from ..vending.leading_back import lead_back, meters_ahead

    gateway = for_update(Gateway.objects).filter(code_hash=_hash(code), revoked=False).first() if code else None
    if gateway is None:
        raise InstallError(_("This code is not known, or was used already. Make a new one for the gateway."))
    try:
        VerifyKey(public_key)
    except ValueError:
        raise InstallError(_("The public key is not one of Ed25519.")) from None
    if gateway.public_key is not None and bytes(gateway.public_key) != public_key:
        gateway.renewals += 1
    gateway.public_key, gateway.code_hash = public_key, ""
    # A new key begins to count its messages anew.
    gateway.epoch = gateway.number = 0
    gateway.save()
    for meter in meters_ahead(gateway):
        # What it goes on from is dated in the future: the new gateway is to go on from now.
        lead_back(meter)
    config = settings.CONFIG
    return Enrolment(
        gateway=gateway.name,
        server_key=signing_key(config).public().hex(),
        broker_port=config.mqtt.port,
        broker_password=broker_password(config, gateway.broker_secret()),
        property=gateway.property.name,
        property_id=gateway.property_id,
        meters=[_handed_over(meter) for meter in gateway.meters.select_related("unit")],
    )


def _handed_over(meter: Meter) -> dict[str, Any]:
    from ..vending.codes import held_key, provision

    if meter.unit is not None and not hasattr(meter, "token_meter"):
        # Installed before meters had keys.
        provision(meter)
    handed: dict[str, Any] = {"name": meter.name, "driver": meter.driver, "unit": meter.unit.name if meter.unit else ""}
    if key := held_key(meter):
        handed["token"] = key
    if meter.seq:
        # Another gateway had this meter: the new one goes on where the journal here ends. What can't be read is not handed
        # on: the gateway is given it over the broker, once it is replayed.
        with suppress(ValueError):
            account = stored_account(meter)
            handed["state"] = {"seq": meter.seq, "head": bytes(meter.head).hex(), "account": account.dump().hex()}
    return handed

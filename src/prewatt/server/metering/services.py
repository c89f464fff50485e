"""Installing meters, and enrolling gateways."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.account import Account
from ...kernel.entries import ChangeSettings, SetTariff, Settings, genesis
from ...kernel.units import parse_kwh, parse_money
from ...wire.messages import MAX_METERS
from ...wire.signing import VerifyKey
from ..config import broker_password, signing_key
from ..estate.models import Property, Unit
from ..time import now
from .models import Gateway, Meter


class InstallError(ValueError):
    """The message, for people, says why. Nothing was changed."""


def account_settings(where: Property) -> ChangeSettings:
    """The order that carries a property's settings to a meter."""
    return ChangeSettings(
        Settings(
            low_credit=parse_money(str(where.low_credit)),
            low_credit_energy=parse_kwh(str(where.low_credit_kwh)),
            clearance=parse_money(str(where.clearance)),
        )
    )


@transaction.atomic
def install(unit: Unit | None, gateway: Gateway, name: str, **more: Any) -> Meter:
    """Register a meter: of a unit, with the property's settings and tariffs on the way to it; or without a unit, one
    of another `role`.
    """
    if unit is not None and gateway.property_id != unit.property_id:
        raise InstallError(_("Gateway %(gateway)s is in another property.") % {"gateway": gateway})
    if gateway.meters.count() >= MAX_METERS:
        raise InstallError(
            _("Gateway %(gateway)s has %(most)d meters already.") % {"gateway": gateway, "most": MAX_METERS}
        )
    meter = Meter(unit=unit, gateway=gateway, name=name, **more)
    meter.full_clean()
    meter.save()
    prepare(meter)
    return meter


@transaction.atomic
def prepare(meter: Meter) -> None:
    """Begin the journal and the credit log of a new meter."""
    # Imported here: the credit log is a room above this one.
    from ..vending.credit_log import issue

    Meter.objects.filter(pk=meter.pk).update(head=genesis(meter.name), account=Account().dump())
    # A meter that belongs to no unit has no tariff: it measures, and its switch is left alone.
    if meter.unit is not None:
        issue(meter, account_settings(meter.property))
        for version in meter.property.tariff_versions.in_force(now()):
            issue(meter, SetTariff(version.effective, version.tariff.kernel()))


@transaction.atomic
def send_settings(where: Property) -> None:
    """Send a property's changed settings to all of its meters."""
    from ..vending.credit_log import issue

    for meter in Meter.objects.filter(unit__property=where):
        issue(meter, account_settings(where))


def new_code(gateway: Gateway) -> str:
    """A one-time code with which the gateway enrols. Replaces an unspent one."""
    code = secrets.token_hex(10)
    Gateway.objects.filter(pk=gateway.pk).update(code_hash=_hash(code))
    return code


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


@dataclass(frozen=True)
class Enrolment:
    """What a gateway needs to know: the answer to its code and its public key."""

    gateway: str
    server_key: str
    broker_port: int
    broker_password: str
    meters: list[dict[str, str]]


@transaction.atomic
def enrol(code: str, public_key: bytes) -> Enrolment:
    """Spend a code: from now on the gateway is who signs with `public_key`. InstallError if the code is unknown or
    spent, or the key is none.
    """
    gateway = Gateway.objects.select_for_update().filter(code_hash=_hash(code), revoked=False).first() if code else None
    if gateway is None:
        raise InstallError(_("This code is not known, or was used already. Make a new one for the gateway."))
    try:
        VerifyKey(public_key)
    except ValueError:
        raise InstallError(_("The public key is not one of Ed25519.")) from None
    gateway.public_key, gateway.code_hash = public_key, ""
    # A new key begins to count its messages anew.
    gateway.epoch = gateway.number = 0
    gateway.save()
    config = settings.CONFIG
    return Enrolment(
        gateway=gateway.name,
        server_key=signing_key(config).public().hex(),
        broker_port=config.mqtt.port,
        broker_password=broker_password(config, gateway.name),
        meters=[{"name": meter.name, "driver": meter.driver} for meter in gateway.meters.all()],
    )

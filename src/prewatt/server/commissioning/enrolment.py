"""Enrols a gateway: it sends its enrolment code once, and gets what it needs to know."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from ...kernel.sentences import sentence
from ...wire.enrolling import EnrolCall, code_id, code_secret
from ...wire.signing import VerifyKey
from ..core import local_forms
from ..core.broker_tls import trust_of_gateways
from ..core.home_secrets import broker_password, signing_key
from ..core.sealing import sealer
from ..core.time import now
from ..metering.accounts import stored_account
from ..metering.alarms import raise_alarm
from ..metering.locking import for_update
from ..metering.models import Gateway, Meter
from ..sales.leading_back import lead_back, meters_ahead
from ..vending.meter_keys import held_key
from ..vending.meter_numbers import provision
from .installing import InstallError

CODE_LASTS = timedelta(hours=24)
PURPOSE = "enrolment code"
"""What the secret of a code is sealed for in the database."""
KEY_CHANGED = "gateway-key"
"""The kind of the alarm that tells managers that another machine has taken a gateway's place."""


def new_code(gateway: Gateway) -> str:
    """Return a new one-time enrolment code of a gateway, which holds for a day. It replaces a code that was not used."""
    code = secrets.token_hex(10)
    Gateway.objects.filter(pk=gateway.pk).update(
        code_id=code_id(code),
        code_secret=sealer(PURPOSE).seal(code_secret(code)),
        code_ends=timezone.now() + CODE_LASTS,
    )
    return code


def until_when(gateway: Gateway) -> str:
    """Return, in words, until when a code holds that the gateway gets now."""
    ends = (timezone.now() + CODE_LASTS).astimezone(ZoneInfo(gateway.property.zone))
    return _("The code is valid for 24 hours, until %(end)s.") % {
        "end": local_forms.moment(ends.replace(tzinfo=None), "j M, H:i")
    }


@dataclass(frozen=True)
class Enrolment:
    """What a gateway gets once it has proved that it knows its enrolment code. Each of `meters` has its name, driver and unit,
    the key by which the meter reads codes (`token`), and, if it has a journal already, the account after its last entry
    (`state`). `units`: those of the property that have no meter yet. `broker_tls`, `broker_ca`,
    `broker_any_name`: what the gateway believes of the broker's certificate (`broker_tls.Trust`).
    """

    gateway: str
    server_key: str
    broker_port: int
    broker_password: str
    property: str
    property_id: int
    meters: list[dict[str, Any]]
    units: list[str]
    broker_tls: bool
    broker_ca: str
    broker_any_name: bool


@transaction.atomic
def enrol(call: EnrolCall) -> tuple[Enrolment, bytes]:
    """Use up an enrolment code. From now on messages of the gateway are those signed with the call's key. Returns what
    the gateway gets, and the secret of the code, with which that is sealed. Raises InstallError if the code is unknown,
    used or a day old, the call does not prove that its sender knows it, or the key is not an Ed25519 key.
    """
    gateway = for_update(Gateway.objects).filter(code_id=call.code_id, is_revoked=False).first()
    secret = sealer(PURPOSE).open(bytes(gateway.code_secret)) if gateway and gateway.code_secret else b""
    # A call that was altered on its way is as good as none: the code stays good for the gateway.
    if gateway is None or not call.proven(secret):
        raise InstallError(
            _(
                "This code is unknown, or was used already. Make a new one: on the server's pages open the building, then "
                "Flats and gateways, then the gateway. Or type at the server: prewatt gateway code NAME."
            )
        )
    if gateway.code_ends is None or gateway.code_ends <= timezone.now():
        raise InstallError(
            _(
                "This code is more than 24 hours old. Make a new one on the server's page %(page)s. Or type at the server: "
                "prewatt gateway code %(name)s."
            )
            % {"page": reverse("console:estate:gateways", args=[gateway.property_id]), "name": gateway.name}
        )
    public_key = bytes.fromhex(call.public_key)
    try:
        VerifyKey(public_key)
    except ValueError:
        raise InstallError(_("The public key is not an Ed25519 key.")) from None
    if gateway.public_key is not None and bytes(gateway.public_key) != public_key:
        gateway.renewals += 1
        _tell_of_new_key(gateway)
    gateway.public_key = public_key
    gateway.code_id, gateway.code_secret, gateway.code_ends = "", None, None
    # A new key begins to count its messages again.
    gateway.epoch = gateway.number = 0
    gateway.save()
    # What the gateway before said of its journals is not true of the new one, which goes on where those here end.
    gateway.meters.update(told_seq=F("seq"), told_command=F("taken"))
    for meter in meters_ahead(gateway):
        # What it goes on from is dated in the future: the new gateway is to go on from now.
        lead_back(meter)
    return _enrolment(gateway), secret


def _enrolment(gateway: Gateway) -> Enrolment:
    config = settings.CONFIG
    trust = trust_of_gateways(config)
    return Enrolment(
        gateway=gateway.name,
        server_key=signing_key(config).public().hex(),
        broker_port=config.mqtt.port,
        broker_password=broker_password(config, gateway.broker_secret()),
        property=gateway.property.name,
        property_id=gateway.property_id,
        meters=[handed_over(meter) for meter in gateway.meters.select_related("unit")],
        units=units_without_meter(gateway),
        broker_tls=trust.tls,
        broker_ca=trust.ca,
        broker_any_name=trust.any_name,
    )


def _tell_of_new_key(gateway: Gateway) -> None:
    text = sentence(
        "Gateway %(gateway)s was enrolled again, with another key. The machine that was enrolled before gets nothing "
        "any more. If none of your people did this, make a new code and enrol the right machine.",
        gateway=gateway.name,
    )
    raise_alarm(KEY_CHANGED, text, now(), gateway=gateway, key=str(gateway.renewals))


def units_without_meter(gateway: Gateway) -> list[str]:
    """Return the names of the units of a gateway's property that have no meter yet."""
    return list(gateway.property.units.in_use().filter(meter__isnull=True).values_list("name", flat=True))


def handed_over(meter: Meter) -> dict[str, Any]:
    """Return what a gateway gets to know of a meter, as `Enrolment.meters` says."""
    if meter.unit is not None and not hasattr(meter, "token_meter"):
        # Installed before meters had keys.
        provision(meter)
    handed: dict[str, Any] = {"name": meter.name, "driver": meter.driver, "unit": meter.unit.name if meter.unit else ""}
    handed["serial"] = meter.hangs
    if key := held_key(meter):
        handed["token"] = key
    if meter.seq:
        # Another gateway had this meter: the new one goes on where the journal here ends. What can't be read is not handed
        # on: the gateway is given it over the broker, once it is replayed.
        with suppress(ValueError):
            account = stored_account(meter)
            handed["state"] = {"seq": meter.seq, "head": bytes(meter.head).hex(), "account": account.dump().hex()}
    return handed

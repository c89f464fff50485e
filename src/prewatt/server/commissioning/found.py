"""Meters that a gateway has found at units where the server knows of none. A manager confirms each of them.

The alarm of the kind `meter-found` asks for that. Its data: `unit` (its key), `serial`, `model`, `register` (Wh).
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.sentences import Energy, sentence
from ...wire.commissioning import CLOCKS_DIFFER, MOST_FOUND, Answered, Asked, Envelope, FoundAt
from ...wire.commissioning_call import CallError, check
from ...wire.signing import VerifyKey
from ..core.time import now
from ..estate.models import Unit
from ..metering.alarms import raise_alarm, settle
from ..metering.locking import for_update, lock_property
from ..metering.models import Alarm, Gateway, Meter
from .enrolment import handed_over, units_without_meter
from .installing import InstallError, install

FOUND = "meter-found"
"""The kind of the alarm."""
DRIVER = "bus"
"""The kind of meter that gateways find."""


@transaction.atomic
def answer(asked: Asked, envelope: Envelope) -> Answered:
    """Take up what a gateway has found, and return what it has to know. Raises CallError if the gateway is not enrolled
    or has not signed the call, or if its clock and the server's differ too much.
    """
    gateway = Gateway.objects.select_related("property").filter(name=asked.gateway, is_revoked=False).first()
    if gateway is None or gateway.public_key is None:
        raise CallError(_("This gateway is not enrolled here."))
    check(VerifyKey(bytes(gateway.public_key)), envelope)
    if abs(asked.at - now()) > CLOCKS_DIFFER:
        raise CallError(
            _("The gateway's clock and the server's differ by more than a quarter of an hour. Set them first.")
        )
    for each in asked.found:
        _note(gateway, each)
    meters = [handed_over(meter) for meter in gateway.meters.select_related("unit", "gateway__property")]
    return Answered(gateway.name, asked.at, meters, units_without_meter(gateway))


def _note(gateway: Gateway, meter: FoundAt) -> None:
    unit = Unit.objects.filter(property=gateway.property, name=meter.unit, meter__isnull=True).first()
    mine = Alarm.objects.filter(kind=FOUND, gateway=gateway, is_resolved=False)
    # A gateway that somebody has taken over can fill nobody's list.
    if unit is None or (mine.count() >= MOST_FOUND and not mine.filter(key=meter.serial[:64]).exists()):
        return
    text = sentence(
        "The gateway has found meter %(serial)s (%(model)s) at %(unit)s. The meter shows %(kwh)s kWh. This server "
        "knows no meter at that unit.",
        serial=meter.serial,
        model=meter.model,
        unit=unit.name,
        kwh=Energy(meter.register),
    )
    data: dict[str, Any] = {"unit": unit.pk, "serial": meter.serial, "model": meter.model, "register": meter.register}
    raise_alarm(FOUND, text, now(), gateway=gateway, key=meter.serial[:64], data=data)


@transaction.atomic
def confirm(alarm: Alarm, by: str) -> Meter:
    """Register the meter that a gateway has found, and settle its alarm. Raises ValidationError and InstallError if that is
    not possible any more.
    """
    if alarm.gateway is not None:
        lock_property(alarm.gateway.property_id)
    gateway = for_update(Gateway.objects).filter(pk=alarm.gateway_id or 0).first()
    mine = Alarm.objects.filter(pk=alarm.pk, kind=FOUND, is_resolved=False).first()
    if mine is None or gateway is None:
        raise InstallError(_("Somebody has answered this alarm already."))
    unit = Unit.objects.filter(pk=mine.data["unit"]).first()
    if unit is None:
        raise InstallError(_("The unit does not exist any more."))
    if Meter.objects.filter(unit=unit).exists():
        raise ValidationError(
            _("This unit has a meter by now. If that meter was exchanged, record the exchange on the unit's page.")
        )
    meter = install(unit, gateway, mine.data["serial"], driver=DRIVER)
    settle(mine, by)
    return meter

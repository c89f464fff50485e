"""The settings of a meter's account. They are computed from the property's rules and the meter's own, and sent to the
meter.
"""

from __future__ import annotations

import msgspec
from django.db import transaction

from ...kernel.calendar import local_day, zone
from ...kernel.entries import ChangeSettings, decode_command
from ...kernel.off_hours import OffHours
from ...kernel.settings import Settings
from ...kernel.supply import FriendlyHours, PowerLimit
from ...kernel.units import HOUR, SECOND, parse_kwh, parse_money
from ..core.time import now
from ..estate.low_steps import energy_steps, money_steps
from ..estate.models import Property, Tenancy, Unit
from ..estate.power_by_hour import read_power
from ..estate.safety_rules import NONE, read_limits
from ..estate.supply_days import holiday_dates, read_days
from ..estate.supply_windows import read_windows
from ..estate.terms_in_force import limit_at
from ..metering.apart import apart
from ..metering.locking import lock_meters
from ..metering.models import Meter
from .credit_log import issue
from .models import Command

_WITH_RULES = Meter.objects.select_related("unit", "gateway__property")


def account_settings(meter: Meter) -> ChangeSettings:
    """Return the order with a property's rules of credit and supply, and the meter's own rules. A meter without a unit
    only measures, so it has no rules of supply.
    """
    property_ = meter.property
    base = Settings(
        zone=property_.zone,
        power_highest=int(meter.power_highest),
        doubtful_readings=int(property_.doubtful_readings),
        foreign_for=int(property_.foreign_hours) * HOUR // SECOND,
    )
    if meter.unit is None:
        return ChangeSettings(base)
    holidays = holiday_dates(property_.friendly_holidays, local_day(now(), zone(property_.zone)).year)
    days = sorted({*holidays, *read_days(property_.friendly_days)})
    money, energy = money_steps(property_), energy_steps(property_)
    own_money, own_energy = _own_steps(meter.unit)
    # Emergency credit has no meaning if the tenant pays after use.
    after = limit_at(meter.unit.pk, now())
    return ChangeSettings(
        msgspec.structs.replace(
            base,
            low_credit=max(money, default=0),
            low_credit_energy=max(energy, default=0),
            clearance=parse_money(str(property_.clearance)),
            emergency_credit=0 if after else parse_money(str(property_.emergency_credit)),
            emergency_repayment=property_.emergency_repayment,
            friendly=FriendlyHours(
                read_windows(property_.friendly_hours), tuple(days), parse_money(str(property_.friendly_debt))
            ),
            power=PowerLimit(
                read_power(meter.power_limit or property_.power_limit),
                int(property_.overload_delay),
                int(property_.reclose_after),
                property_.recloses,
                int(property_.forbidden_step),
            ),
            tamper_locks=property_.tamper_locks,
            pin=meter.unit.pin_hash,
            limits=read_limits(meter.limits or property_.limits),
            off_hours=_off_hours(meter),
            alone=parse_kwh(str(property_.alone_kwh)),
            alone_days=int(property_.alone_days),
            low_steps=tuple(sorted({*money[1:], *own_money} - {*money[:1]})),
            low_energy_steps=tuple(sorted({*energy[1:], *own_energy} - {*energy[:1]})),
            credit_limit=after[0] if after else 0,
            credit_limit_cuts=after[1] if after else True,
        )
    )


def _off_hours(meter: Meter) -> OffHours:
    """Return the off hours of a property, with the meter's own values in their place."""
    property_ = meter.property
    if (meter.off_hours or property_.off_hours).strip().lower() in ("", NONE):
        return OffHours()
    holidays = holiday_dates(property_.off_holidays, local_day(now(), zone(property_.zone)).year)
    watts = property_.off_watts if meter.off_watts is None else meter.off_watts
    kwh = property_.off_kwh if meter.off_kwh is None else meter.off_kwh
    return OffHours(
        read_windows(meter.off_hours or property_.off_hours),
        tuple(sorted({*holidays, *read_days(property_.off_days)})),
        int(watts or 0),
        parse_kwh(str(kwh or 0)),
    )


def _own_steps(unit: Unit) -> tuple[list[int], list[int]]:
    """Return the reminder steps of the present tenant: nano, Wh."""
    tenancy = Tenancy.objects.living(now()).filter(unit=unit).select_related("recipient").first()
    recipient = getattr(tenancy, "recipient", None)
    return (recipient.low_money, recipient.low_energy) if recipient else ([], [])


def pin_sent_by(meter: Meter, at: int) -> str | None:
    """Return the hash of the PIN that a meter's flat had at an instant, as it was sent; empty if it had none, None if
    nothing was sent until then.
    """
    sent = (
        Command.objects.filter(meter=meter, kind="settings", issued_at__lte=at)
        .order_by("-issued_at", "-number")
        .first()
    )
    order = getattr(decode_command(bytes(sent.body)), "order", None) if sent else None
    return order.settings.pin if isinstance(order, ChangeSettings) else None


@transaction.atomic
def send_settings_to(meter: Meter) -> None:
    """Send a meter its settings as they are stored now, whatever somebody has read of them before."""
    for present in lock_meters(_WITH_RULES.filter(pk=meter.pk)):
        issue(present, account_settings(present))


def refresh_settings() -> list[Meter]:
    """Send settings to the meters whose settings have changed: public holidays of a new year are known now, or a tenant
    with reminder steps has moved. Returns these meters.
    """

    def refresh(meter: Meter) -> Meter | None:
        """Send a meter its settings if they differ from the last ones sent. Returns the meter; None if
        they are equal.
        """
        last = Command.objects.filter(meter=meter, kind="settings").order_by("-number").first()
        last_order = decode_command(bytes(last.body)) if last else None
        if getattr(last_order, "order", None) == account_settings(meter):
            return None
        send_settings_to(meter)
        return meter

    meters = Meter.objects.filter(unit__isnull=False)
    refreshed = apart("settings", meters.select_related("unit", "gateway__property"), refresh, lambda meter: meter)
    return [meter for meter in refreshed if meter is not None]


@transaction.atomic
def send_settings(property_: Property) -> None:
    """Send a property's changed settings to all of its meters."""
    for meter in lock_meters(_WITH_RULES.filter(gateway__property=property_)):
        issue(meter, account_settings(meter))

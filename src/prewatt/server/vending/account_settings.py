"""The settings of a meter's account: worked out of the property's rules and the meter's own, and sent."""

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
from ..estate.safety_rules import NONE, read_limits
from ..estate.supply_rules import holiday_dates, read_days, read_power, read_windows
from ..estate.terms_in_force import limit_at
from ..metering.apart import apart
from ..metering.locking import lock_meters
from ..metering.models import Meter
from .credit_log import issue
from .models import Command


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
    issue(meter, account_settings(meter))


def refresh_settings() -> list[Meter]:
    """Send their settings to meters that have others: a new year's public holidays have come into sight, or somebody moved
    who had steps of the reminder of their own.
    """

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

"""What pages say of limits of safety and of off hours: why it is off, what to do, what is measured."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ...kernel.account import Account
from ...kernel.calendar import local, zone
from ...kernel.quantities import UNITS, Quantity, can_be, shown
from ...kernel.safety import KINDS
from ...kernel.units import exact_kwh
from ..estate.safety_rules import in_words, not_told, read_limits
from ..metering.accounts import account_of
from ..metering.models import Meter


def _clock(account: Account, at: int) -> str:
    return f"{local(at, zone(account.settings.zone)):%H:%M}"


def why_unsafe(account: Account, now: int) -> str:
    """Why it is off, where a limit has tripped that is waited for to be right again, or these are off hours."""
    if account.supply.unsafe:
        words = "; ".join(_(KINDS[each].words) for each in account.supply.unsafe)
        return _("%(what)s. The power returns by itself when this has been normal for a while") % {"what": words}
    hours, at = account.settings.off_hours, _clock(account, account.off_until(now))
    if hours.watts or hours.energy:
        return _("the allowance for these off hours is used up. The power returns by itself at %(at)s") % {"at": at}
    return _("these are off hours. The power returns by itself at %(at)s") % {"at": at}


def advice(account: Account) -> str:
    """What to do about what has tripped; empty if nothing has."""
    supply = account.supply
    if account.closed is not False:
        return ""
    return next((_(KINDS[each].advice) for each in (*supply.locks, *supply.unsafe) if each in KINDS), "")


def tonight(account: Account, now: int) -> str:
    """What the off hours of this moment allow; empty where there are none, or nothing is on."""
    hours, until = account.settings.off_hours, account.waived_until(now)
    if account.closed is False:
        return ""
    if until:
        text = _("These are off hours, but the manager has switched on until %(at)s.")
        return text % {"at": _clock(account, until)}
    night, left = account.night(now), account.night_left(now)
    if night is None:
        return ""
    allowed = [_("at most %(watts)d W at a time") % {"watts": hours.watts}] if hours.watts else []
    if left is not None:
        energy = {"left": exact_kwh(left), "most": exact_kwh(hours.energy)}
        allowed.append(_("%(left)s of %(most)s kWh are left") % energy)
    return _("Off hours until %(at)s: %(allowed)s.") % {
        "at": _clock(account, night.until),
        "allowed": ", ".join(allowed),
    }


def check_now(text: str, meters: Iterable[Meter]) -> None:
    """ValidationError if a limit of a text would switch meters off at once by what comes from the grid: somebody slipped a digit."""
    limits = [each for each in read_limits(text) if each.trip and KINDS[each.code].outside]
    for meter in meters:
        told = {Quantity(name): value for name, value in meter.told_quantities.items() if name in UNITS}
        for limit in limits:
            found = limit.worst(told, None)
            if found is not None and limit.is_passed(found[0]):
                said = _("%(unit)s measures %(value)s now: “%(limit)s” would switch it off at once.")
                where = meter.unit.name if meter.unit else meter
                raise ValidationError(
                    said % {"unit": where, "value": shown(found[1], found[0]), "limit": in_words(limit)}
                )


@dataclass(frozen=True)
class Measured:
    """What a meter measures beside its register, in words, as it was told at an instant; the limits that hold for it, as lines;
    those of which it measures nothing, so that nobody looks after them.
    """

    at: int | None
    values: list[tuple[str, str]]
    limits: list[str]
    unkept: list[str]


def measured(meter: Meter) -> Measured | None:
    """What there is to show of a meter's limits; None where it has none."""
    limits = [each for each in account_of(meter).settings.limits if each.code in KINDS]
    if not limits:
        return None
    values = [
        (_(UNITS[each].words), shown(each, meter.told_quantities[each]))
        for each in Quantity
        if each in meter.told_quantities and can_be(each, meter.told_quantities[each])
    ]
    unkept = [in_words(each) for each in not_told(limits, meter.told_quantities)] if meter.told_at is not None else []
    return Measured(meter.told_at, values, [in_words(each) for each in limits], unkept)

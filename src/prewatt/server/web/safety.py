"""What pages say about safety limits and off hours: why the power is off, what to do, what is measured."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ...kernel.account import Account
from ...kernel.calendar import local, zone
from ...kernel.quantities import UNITS, Quantity, can_be, shown
from ...kernel.safety import KINDS
from ..core import local_forms
from ..estate.safety_rules import in_words, not_told, read_limits
from ..metering.accounts import account_of
from ..metering.models import Meter


def _clock(account: Account, at: int) -> str:
    return f"{local(at, zone(account.settings.zone)):%H:%M}"


def why_unsafe(account: Account, now: int) -> str:
    """Return why the power is off, if a limit has tripped and must be right again first, or if these are off hours."""
    if account.supply.unsafe:
        words = "; ".join(_(KINDS[each].words) for each in account.supply.unsafe)
        return _("%(what)s. The power returns by itself when this has been normal for a while") % {"what": words}
    hours, at = account.settings.off_hours, _clock(account, account.off_until(now))
    if hours.watts or hours.energy:
        return _("the allowance for these off hours is used up. The power returns by itself at %(at)s") % {"at": at}
    return _("these are off hours. The power returns by itself at %(at)s") % {"at": at}


def advice(account: Account) -> str:
    """Return what to do about a limit that has tripped; empty if none has."""
    supply = account.supply
    if account.closed is not False:
        return ""
    return next((_(KINDS[each].advice) for each in (*supply.locks, *supply.unsafe) if each in KINDS), "")


def tonight(account: Account, now: int) -> str:
    """Return what the present off hours allow; empty if there are none, or the power is off."""
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
        energy = {"left": local_forms.kwh(left), "most": local_forms.kwh(hours.energy)}
        allowed.append(_("%(left)s of %(most)s kWh are left") % energy)
    return _("Off hours until %(at)s: %(allowed)s.") % {
        "at": _clock(account, night.until),
        "allowed": ", ".join(allowed),
    }


def check_now(text: str, meters: Iterable[Meter]) -> None:
    """Raise ValidationError if a limit of a text would switch a meter off at once because of the present voltage or
    frequency of the grid. Then somebody has mistyped a digit.
    """
    limits = [each for each in read_limits(text) if each.trip and KINDS[each.code].outside]
    for meter in meters:
        quantities = {Quantity(name): value for name, value in meter.told_quantities.items() if name in UNITS}
        for limit in limits:
            worst = limit.worst(quantities, None)
            if worst is not None and limit.is_passed(worst[0]):
                said = _("%(unit)s measures %(value)s now: “%(limit)s” would switch it off at once.")
                name_ = meter.unit.name if meter.unit else meter
                raise ValidationError(
                    said % {"unit": name_, "value": shown(worst[1], worst[0]), "limit": in_words(limit)}
                )


@dataclass(frozen=True)
class Measured:
    """What a meter measures beside its register, in words, as it reported at the instant `at`. `limits` are the limits
    that apply to it, as lines; `unkept` are those whose quantity it does not measure, so that nobody watches them.
    """

    at: int | None
    values: list[tuple[str, str]]
    limits: list[str]
    unkept: list[str]


def measured(meter: Meter) -> Measured | None:
    """Return what there is to show about a meter's limits; None if it has none."""
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

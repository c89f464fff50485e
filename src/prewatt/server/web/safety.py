"""What pages say about safety limits: what is measured, and what a limit would do now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ...kernel.quantities import UNITS, Quantity, can_be, shown
from ...kernel.safety import KINDS
from ..estate.safety_rules import in_words, not_told, read_limits
from ..metering.accounts import account_of
from ..metering.models import Meter


def check_now(text: str, meters: Iterable[Meter]) -> None:
    """Raise ValidationError if a limit in a text would switch one of the meters off at once, because of the voltage or
    frequency that it measures now. Then somebody has mistyped a digit.
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

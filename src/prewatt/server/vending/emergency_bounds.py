"""The limits of a property for emergency codes."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from ...kernel.limits import most_lent
from ...kernel.units import parse_money
from ..core import local_forms
from ..core.errors import Refused
from ..estate.models import Property
from ..estate.supply_rules import MOST_CODE_DAYS


class EmergencyError(Refused):
    """A code cannot be made or revoked; the message, for people, says why. Nothing was changed."""


@dataclass(frozen=True)
class Bounds:
    """The limits of a property: the amount of one code (nano), the number of codes of a flat that hold at the same
    time, and the days for which a code holds.
    """

    amount: int
    number: int
    days: int


def bounds(property_: Property) -> Bounds:
    """Return the limits of a property."""
    return Bounds(
        parse_money(str(property_.emergency_code_amount)),
        int(property_.emergency_code_number),
        int(property_.emergency_code_days),
    )


def check_terms(property_: Property, amount: int, days: int) -> None:
    """Raise EmergencyError, which names the field, if the property's rules allow no code of an amount (nano) for so many
    days.
    """
    allowed = bounds(property_)
    if not 0 < amount <= min(allowed.amount, most_lent(property_.currency)):
        most = local_forms.money(allowed.amount, property_.currency)
        raise EmergencyError(_("A code must lend more than 0, and at most %(most)s.") % {"most": most}, "amount")
    if not 0 < days <= min(allowed.days, MOST_CODE_DAYS):
        raise EmergencyError(_("A code must be valid for 1 to %(most)d days.") % {"most": allowed.days}, "days")

"""The landlord's supply of a vacant flat: on for a viewing or for work, until an instant and up to a power. What is used is
the landlord's, as all energy is that is used while nobody lives there.

It consists of two usual orders: a power limit, and a restoration with the same end.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.orders import Close, LimitPower, Restore
from ..core.time import now
from ..estate.models import Unit
from ..metering.accounts import account_of
from ..metering.models import Meter
from .controls import ControlError, control
from .models import Command


@transaction.atomic
def supply_vacant(unit: Unit, until: int, watts: int, by: Any, reason: str) -> Command:
    """Switch a vacant flat on until the instant `until`, with at most `watts` W (0: what the rules allow). It ends at the
    latest when the next tenant moves in, if that is known. Returns the order that brings the power. Raises ControlError if no meter hangs
    there, somebody lives there, a lock keeps the switch open, or the end is not possible; then nothing is ordered.
    """
    meter: Meter | None = getattr(unit, "meter", None)
    if meter is None:
        raise ControlError(_("This unit has no meter yet."))
    tenancy = unit.tenancies.not_over(now()).first()
    if tenancy is not None and tenancy.begins <= now():
        raise ControlError(
            _("This flat is not vacant: %(who)s lives here. Give an order for a flat with a tenant.")
            % {"who": tenancy.tenant}
        )
    ends = until if tenancy is None else min(until, tenancy.begins)
    supply = account_of(meter).supply
    if supply.locks:
        raise ControlError(_("A lock keeps the switch open. When its cause is corrected, unlock the meter first."))
    if supply.opened:
        # Without credit the switch stays open until the restoration comes.
        control(meter, Close(), by, reason)
    if watts:
        # Before the power comes, so that it is never without the limit.
        control(meter, LimitPower(watts, ends), by, reason)
    return control(meter, Restore(until=ends), by, reason)


def end_limit(meter: Meter, begins: int) -> None:
    """End a power limit that holds until some instant when a tenant moves in at the instant `begins`, if the meter would
    keep it longer: the limit was for a vacant flat. The supply itself is not cut short, so that nobody who has just
    moved in sits in the dark.
    """
    supply = account_of(meter).supply
    if supply.limit and supply.limit_until > begins:
        order = LimitPower(supply.limit, begins) if begins > now() else LimitPower(0)
        control(meter, order, "prewatt", _("a tenant moves in"), coded=False)

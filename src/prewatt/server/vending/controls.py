"""The orders that people give to a meter: for its switch, its power limit, emergency credit. Each is one command, with
the person and the reason.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.entries import Control, decode_command
from ...kernel.limits import is_lendable, most_lent
from ...kernel.orders import (
    RESTORE_LONGEST,
    Action,
    Restore,
    TakeEmergency,
)
from ...kernel.units import DAY
from ..core import local_forms
from ..core.time import now
from ..estate.models import Tenancy
from ..estate.occupancy import holder_at
from ..metering.locking import for_update
from ..metering.models import Meter
from .credit_log import issue
from .models import OPEN, Command
from .order_codes import issue_with_code
from .second_person import is_too_much, limit_of, lock_books


class ControlError(ValueError):
    """The order cannot be given; the message, for people, says why. Nothing was changed."""


def check_bounds(action: Action, currency: str) -> None:
    """Raise ControlError if no meter could do an order: a restoration without an end and an amount, or beyond what is allowed
    in a currency.
    """
    if not isinstance(action, Restore):
        return
    if not action.is_bounded:
        raise ControlError(_("Give an end, an amount, or both."))
    at = now()
    if action.has_ended(at) or action.until > at + RESTORE_LONGEST:
        raise ControlError(
            _("A restoration must end in the future, within %(days)d days from now.") % {"days": RESTORE_LONGEST // DAY}
        )
    if not is_lendable(action.amount, currency):
        most = local_forms.money(most_lent(currency), currency)
        raise ControlError(_("A restoration must be of more than 0, and at most %(most)s.") % {"most": most})


@transaction.atomic
def control(meter: Meter, action: Action, by: Any, reason: str = "", coded: bool = True) -> Command:
    """Give a meter an order in a person's name. If possible, the order also gets a code; with `coded` False it gets
    none, because nobody would type it. Raises ControlError if the order is not possible, or lends more than one person
    may give alone (`second_person`).
    """
    check_bounds(action, meter.property.currency)
    if isinstance(action, Restore) and action.amount:
        _check_alone(meter, action.amount, by)
    who = by if isinstance(by, str) else by.get_username()
    if not coded:
        return issue(meter, Control(action, who[:200], reason[:200]))
    return issue_with_code(meter, action, who[:200], reason[:200], by)


def _check_alone(meter: Meter, amount: int, by: Any) -> None:
    organisation, currency, at = meter.property.organisation, meter.property.currency, now()
    lock_books(organisation)
    tenancies = Tenancy.objects.filter(unit=meter.unit_id) if meter.unit_id else ()
    tenancy = holder_at(tenancies, at)
    if is_too_much(organisation, tenancy, meter, amount, currency, by):
        text = _(
            "Together with what was given in the last 30 days this is more than %(limit)s, which is the most "
            "that one person may give alone. Restore for a time without an amount, or give credit freely: then a "
            "second person must agree."
        )
        raise ControlError(text % {"limit": local_forms.money(limit_of(organisation, currency), currency)})


@transaction.atomic
def take_emergency(meter: Meter, by: str) -> Command:
    """Order the emergency credit for a tenant. A repeated call returns the same order."""
    for_update(Meter.objects).get(pk=meter.pk)
    for command in Command.objects.filter(meter=meter, state__in=OPEN, kind="control"):
        order = getattr(decode_command(bytes(command.body)), "order", None)
        if isinstance(order, Control) and isinstance(order.action, TakeEmergency):
            return command
    return control(meter, TakeEmergency(), by)

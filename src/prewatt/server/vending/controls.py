"""The orders that people give to a meter: for its switch, its power limit, emergency credit. Each is one command, with
the person and the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.entries import Control, decode_command
from ...kernel.orders import (
    BY_MANAGER,
    RESTORE_LARGEST,
    RESTORE_LONGEST,
    Action,
    Restore,
    TakeEmergency,
    make_order,
    needs,
)
from ...kernel.supply import WATTS_MAX
from ...kernel.units import BALANCE_MAX, DAY, NANO
from ..core import local_forms
from ..core.time import now
from ..estate.models import Tenancy
from ..estate.occupancy import holder_at
from ..metering.accounts import account_of
from ..metering.locking import for_update
from ..metering.models import Meter
from .credit_log import issue
from .models import OPEN, Command
from .order_codes import in_words, issue_with_code, why_no_code
from .second_person import is_too_much, limit_of, lock_books


class ControlError(ValueError):
    """The order cannot be given; the message, for people, says why. Nothing was changed."""


def check_bounds(action: Action) -> None:
    """Raise ControlError if an order is one that can't be, at any meter."""
    if not isinstance(action, Restore):
        return
    if not action.amount and not action.until:
        raise ControlError(_("Give an end, an amount, or both."))
    if action.until and not now() < action.until <= now() + RESTORE_LONGEST:
        raise ControlError(
            _("A restoration must end in the future, within %(days)d days from now.") % {"days": RESTORE_LONGEST // DAY}
        )
    if not 0 <= action.amount <= RESTORE_LARGEST:
        raise ControlError(
            _("A restoration must be of more than 0, and at most %(most)s.") % {"most": RESTORE_LARGEST // NANO}
        )


@transaction.atomic
def control(meter: Meter, action: Action, by: Any, reason: str = "", coded: bool = True) -> Command:
    """Give a meter an order in a person's name. If possible, the order also gets a code; with `coded` False it gets
    none, because nobody would type it. Raises ControlError if the order is not possible, or lends more than one person
    may give alone (`second_person`).
    """
    check_bounds(action)
    if isinstance(action, Restore) and action.amount:
        _check_alone(meter, action.amount, by)
    who = by if isinstance(by, str) else by.get_username()
    if not coded:
        return issue(meter, Control(action, who[:200], reason[:200]))
    return issue_with_code(meter, action, who[:200], reason[:200], by)


def _check_alone(meter: Meter, amount: int, by: Any) -> None:
    organisation, at = meter.property.organisation, now()
    lock_books(organisation)
    tenancies = Tenancy.objects.filter(unit=meter.unit_id) if meter.unit_id else ()
    tenancy = holder_at(tenancies, at)
    if is_too_much(organisation, tenancy, meter, amount, by):
        text = _(
            "Together with what was given in the last 30 days this is more than %(limit)s, which is the most "
            "that one person may give alone. Restore for a time without an amount, or give credit freely: then a "
            "second person must agree."
        )
        raise ControlError(text % {"limit": local_forms.money(limit_of(organisation), meter.property.currency)})


def restored_until(meter: Meter) -> int:
    """Return the instant until which a meter is, or soon will be, supplied whatever its credit is; 0 if it is not."""
    supply = account_of(meter).supply
    until = supply.grace_until if supply.grace == BALANCE_MAX else 0
    for body in Command.objects.filter(meter=meter, state__in=OPEN, kind="control").values_list("body", flat=True):
        order = getattr(decode_command(bytes(body)), "order", None)
        if isinstance(order, Control) and isinstance(order.action, Restore) and not order.action.amount:
            until = max(until, order.action.until)
    return until


def read_action(
    do: str, *, override: bool = False, watts: int | None = None, amount: int = 0, until: int = 0
) -> Action:
    """Return the action that a form, a command or a program names, with its values: `watts` in W, `amount` in nano,
    `until` an instant in µs. Raises ControlError if there is no such action.
    """
    kind = BY_MANAGER.get(do)
    if kind is None:
        raise ControlError(
            _("%(do)s is no order: choose one of %(known)s.") % {"do": repr(do), "known": ", ".join(BY_MANAGER)}
        )
    if needs(kind, "watts") and (watts is None or not 0 <= watts <= WATTS_MAX):
        raise ControlError(
            _("Give the limit in W, from 0 (for the limit of the rules) to %(most)d.") % {"most": WATTS_MAX}
        )
    return make_order(kind, override=override, watts=watts or 0, amount=amount, until=until)


@dataclass(frozen=True)
class Ordered:
    """An order and its real state. `what`: the order in words; `by` and `reason`: who gave it, and why; `until`: the
    instant at which a restoration or a limit ends, 0 for none.
    """

    command: Command
    name: str
    what: str
    by: str
    reason: str
    until: int = 0

    @property
    def code(self) -> str:
        """Return the code, in groups of digits, until the journal shows that the meter has done the order; empty if it
        has none.
        """
        waits = self.command.state in OPEN and self.command.coded_seq is None
        return str(self.command.code) if waits and hasattr(self.command, "code") else ""

    @property
    def no_code(self) -> str:
        """Return why a waiting order has no code; empty if it has one, or does not wait any more."""
        return why_no_code(self.command) if self.command.state in OPEN else ""

    @property
    def step(self) -> str:
        """Return the state: `asked` (it waits for the network), `sent`, `done` (by the network or the code) or
        `refused`.
        """
        if self.command.coded_seq is not None:
            return "done"
        return {
            Command.State.QUEUED: "asked",
            Command.State.SENT: "sent",
            Command.State.APPLIED: "done",
            Command.State.REJECTED: "refused",
        }[Command.State(self.command.state)]


def ordered(meter: Meter, most: int = 8) -> list[Ordered]:
    """Return the last orders to a meter, the latest first, at most `most`."""
    rows = Command.objects.filter(meter=meter, kind="control").select_related("code").order_by("-number")
    return [each for each in map(as_ordered, rows[:most]) if each is not None]


def as_ordered(command: Command) -> Ordered | None:
    """Return a command of the credit log as an order of a person; None if it is no such order."""
    order = getattr(decode_command(bytes(command.body)), "order", None)
    if not isinstance(order, Control):
        return None
    action = order.action
    until = getattr(action, "until", 0)
    return Ordered(command, action.name, in_words(order), order.by, order.reason, until)


@transaction.atomic
def take_emergency(meter: Meter, by: str) -> Command:
    """Order the emergency credit for a tenant. A repeated call returns the same order."""
    for_update(Meter.objects).get(pk=meter.pk)
    for command in Command.objects.filter(meter=meter, state__in=OPEN, kind="control"):
        order = getattr(decode_command(bytes(command.body)), "order", None)
        if isinstance(order, Control) and isinstance(order.action, TakeEmergency):
            return command
    return control(meter, TakeEmergency(), by)

"""The code of an order. It is made with the order and shown until the journal shows that the meter has done it. It
carries the same order that waits for the network (`wire.order_codes`), so whichever arrives first counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from ...kernel.entries import Control, GrantCredit, decode_command
from ...kernel.orders import Action, Restore
from ...tokens import BaseDate, NotCarried, NumberError, grouped, tid_at
from ...wire.order_codes import order_token
from ..core.time import now
from ..metering.locking import for_update
from ..metering.models import Meter
from .code_steps import in_steps
from .codes import codable, vend
from .credit_log import issue
from .models import OPEN, Code, Command, TokenMeter
from .refusals import VendError
from .token_identifiers import next_tid


def issue_with_code(meter: Meter, action: Action, who: str, reason: str, by: Any = None) -> Command:
    """Add an order to the meter's credit log in the name of `who`, with its code if one can carry it. Returns the
    command.
    """
    # The meter's row is locked before the one of its codes, as by payments.
    locked = for_update(Meter.objects).get(pk=meter.pk)
    carried, code = code_of(locked, action, by)
    command = issue(locked, Control(carried, who, reason, code.tid if code else None))
    if code:
        Code.objects.filter(pk=code.pk).update(command=command)
    return command


def code_of(meter: Meter, action: Action, by: Any = None) -> tuple[Action, Code | None]:
    """Return the order as its code carries it, and the code; the unchanged order and None if no code can carry it."""
    token_meter = TokenMeter.objects.filter(meter=meter).select_related("group").first()
    if token_meter is None:
        return action, None
    base, currency = BaseDate(token_meter.group.base), meter.property.currency
    try:
        # Tried before an identifier is spent on it.
        order_token(action, base, tid_at(base, now()), currency)
        carried, token = order_token(action, base, next_tid(token_meter), currency)
    except (NotCarried, NumberError, VendError):
        return action, None
    amount = carried.amount if isinstance(carried, Restore) else 0
    return carried, vend(token_meter, token, Code.Kind.ORDER, by, amount, carried.name)


def why_no_code(command: Command) -> str:
    """Return why an order of the credit log has no code, for people; empty if it has one."""
    order = getattr(decode_command(bytes(command.body)), "order", None)
    if hasattr(command, "code") or not isinstance(order, Control | GrantCredit):
        return ""
    if order.tid is not None:
        return _("The code of this order was shown once.")
    token_meter = TokenMeter.objects.filter(meter=command.meter_id).select_related("group").first()
    if token_meter is None:
        return _("No code: this meter takes no codes.")
    base = BaseDate(token_meter.group.base)
    try:
        if isinstance(order, Control):
            order_token(order.action, base, tid_at(base, command.issued_at), command.meter.property.currency)
        elif not codable(order.amount):
            return _("No code: the amount is too small for a code.")
    except NotCarried as refused:
        return {
            "action": _("No code: this order waits for the network."),
            "amount": _(
                "No code: a code carries an amount in steps of %(alone)s; with an end, in steps of %(fine)s up to %(upto)s, "
                "and of %(coarse)s above. Order such an amount to get a code."
            )
            % in_steps(command.meter.property.currency),
            "end": _(
                "No code: with an amount, a code carries an end in whole hours up to two days, or in whole days. To "
                "get a code, order such an end, or only an amount, or only an end."
            ),
        }[refused.reason]
    except NumberError:
        pass
    return _("No code: the base date of the meter's key has no minutes left. Change the meter's key.")


@dataclass(frozen=True)
class Waiting:
    """A code that can be typed: its meter, what it does (`what`), and when it was made (`at`)."""

    code: Code
    meter: Meter
    what: str
    at: int

    def __str__(self) -> str:
        return grouped(self.code.digits)


def waiting_codes(meter: Meter, tenants: bool = False) -> list[Waiting]:
    """Return the codes of orders and of given credit that a meter has not taken up yet, the latest first. Codes of
    payments are shown with the payments. `tenants`: only codes that give the tenant credit or power.
    """
    rows = Code.objects.filter(
        command__meter=meter, command__state__in=OPEN, command__coded_seq__isnull=True, command__top_up__isnull=True
    )
    codes = []
    for code in rows.select_related("command").order_by("-at", "-pk"):
        assert code.command is not None
        order = getattr(decode_command(bytes(code.command.body)), "order", None)
        what = in_words(order)
        if what and not (tenants and isinstance(order, Control) and not order.action.brings_power):
            codes.append(Waiting(code, meter, what, code.at))
    return codes


def in_words(order: object) -> str:
    """Return what an order does, or the credit that it gives; empty for any other command."""
    if isinstance(order, GrantCredit):
        return _("credit: %(why)s") % {"why": order.reason}
    if not isinstance(order, Control):
        return ""
    return order.action.words(_)

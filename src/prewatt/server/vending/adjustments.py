"""Credit that is given or taken off at a meter without a payment: shared costs, corrections, settlements."""

from __future__ import annotations

from typing import Any

from ...kernel.entries import Debit, GrantCredit, decode_command
from ...kernel.naming import id_of
from ..estate.models import Tenancy
from ..ledger.books import balance, tenant_account
from ..ledger.references import Reference, at_meter
from ..metering.accounts import stored_account
from ..metering.locking import for_update
from ..metering.models import Meter
from .codes import credit_code
from .credit_log import issue
from .models import OPEN, Code, Command
from .unbooked import carried


def adjust(
    tenancy: Tenancy, amount: int, of: Reference, reason: str, at: int, coded: bool = False, by: Any = None
) -> Command | None:
    """Send an `amount` (nano; negative to take it off) that was booked at the instant `at` to the tenancy's meter.
    `of`: its reference in the books. `coded`: credit also gets a code, which a person sees; `by`: the user for whom the
    code is made.

    Returns the command. None if nothing needs to be sent: no amount, no meter, or a settled tenancy, whose money the
    meter does not hold any more.
    """
    meter = Meter.objects.filter(unit=tenancy.unit_id).first()
    if meter is None or amount == 0 or tenancy.settled_at is not None:
        return None
    if known := carried(meter, amount, reason):
        return known
    if coded and amount > 0:
        return _send_with_code(meter, amount, at_meter(of, at), reason, by)
    return _send(meter, amount, at_meter(of, at), reason)


def _send_with_code(meter: Meter, amount: int, name: str, reason: str, by: Any) -> Command:
    credit = credit_code(meter, amount, by)
    tid, coded, code = credit or (None, 0, None)
    command = issue(meter, GrantCredit(name, amount, reason[:200], tid, coded))
    if code is not None:
        Code.objects.filter(pk=code.pk).update(command=command)
    return command


def _send(meter: Meter, amount: int, name: str, reason: str) -> Command:
    if amount > 0:
        return issue(meter, GrantCredit(name, amount, reason[:200]))
    return issue(meter, Debit(name, -amount, reason[:200]))


def level(meter: Meter, of: Reference, reason: str, at: int) -> Command | None:
    """Send the difference between a meter and the books of its unit's unsettled tenancies. It takes off the money of a
    settled tenancy, and gives back what was used while nobody lived there. Returns the command; None if there is no
    difference.
    """
    # The meter's row is the lock: nothing is booked or sent for it meanwhile.
    row = for_update(Meter.objects).get(pk=meter.pk)
    difference = missing(row)
    return _send(row, difference, at_meter(of, at), reason) if difference else None


def missing(row: Meter) -> int:
    """Return what the books of a unit's unsettled tenancies have and the meter does not have, with everything that is
    on its way to it, nano. It is negative if the meter has more.
    """
    account = stored_account(row)
    holds = account.balance
    for body in Command.objects.filter(meter=row, state__in=OPEN).values_list("body", flat=True):
        order = getattr(decode_command(bytes(body)), "order", None)
        if id_of(order) in account.credit_ids:
            # It was ordered again, and is there.
            continue
        if isinstance(order, GrantCredit):
            # What its code has brought is in the balance already.
            holds += order.amount - account.coded.get(-1 if order.tid is None else order.tid, 0)
        elif isinstance(order, Debit):
            holds -= order.amount
    owed = sum(
        balance(tenant_account(tenancy))
        for tenancy in Tenancy.objects.filter(unit=row.unit_id, settled_at__isnull=True).select_related(
            "unit__property__organisation"
        )
    )
    return owed - holds

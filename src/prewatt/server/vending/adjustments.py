"""What is taken off or given back at a meter beside payments: shared costs, corrections, settlements."""

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
    """Carry an `amount` (nano; negative: to be taken off) that was booked at an instant to the tenancy's meter. `coded`: what is
    given has a code too, which somebody is shown; `by` makes it.

    None if there is nothing to carry: no amount, no meter, or the tenancy is settled, so that the meter holds none of
    its money any more.
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
    vended = credit_code(meter, amount, by)
    tid, carries, code = vended or (None, 0, None)
    command = issue(meter, GrantCredit(name, amount, reason[:200], tid, carries))
    if code is not None:
        Code.objects.filter(pk=code.pk).update(command=command)
    return command


def _send(meter: Meter, amount: int, name: str, reason: str) -> Command:
    if amount > 0:
        return issue(meter, GrantCredit(name, amount, reason[:200]))
    return issue(meter, Debit(name, -amount, reason[:200]))


def level(meter: Meter, of: Reference, reason: str, at: int) -> Command | None:
    """Bring a meter to what its unit's unsettled tenancies have in the books at an instant: a settled one's money is taken
    off, and what was used while nobody lived there is given back.
    """
    # The meter's row is the lock: nothing is booked or sent for it meanwhile.
    row = for_update(Meter.objects).get(pk=meter.pk)
    owed = missing(row)
    return _send(row, owed, at_meter(of, at), reason) if owed else None


def missing(row: Meter) -> int:
    """What its unit's unsettled tenancies have in the books and a meter lacks, with all that is on its way to it (nano;
    negative: it has more).
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

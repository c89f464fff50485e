"""What comes of a tenancy's account when it has ended: what is owed to the tenant, or by the tenant, and how it is paid."""

from __future__ import annotations

from dataclasses import dataclass

from ..billing.debts import debts_of
from ..estate.models import Tenancy
from ..vending.models import Refund

AT_THE_END = (Refund.Why.CREDIT, Refund.Why.DEPOSIT)


@dataclass(frozen=True)
class Settlement:
    """What is owed after a move-out, nano. `owed`: to the tenant by the settlement, of which `left` is not paid back yet; `send_to`:
    where it is to be sent, empty if nobody has said; `paid_at`: when all of it was paid back. `debt`: what the tenant still owes.
    `is_settled`: the account is closed; before that nobody can say. `unread_since`: the last reading before the end, if it is not
    of the very end: what was used between them belongs to the reading after it, and is not charged to this tenant.
    """

    is_settled: bool
    owed: int = 0
    left: int = 0
    send_to: str = ""
    paid_at: int | None = None
    debt: int = 0
    unread_since: int | None = None


def settlement_of(tenancy: Tenancy, ends: int, last_read_at: int | None, at: int) -> Settlement | None:
    """Return what came of a tenancy's account by the instant `at`, for a statement up to `ends` whose last reading is
    `last_read_at`; None if the tenancy has not ended in its time.
    """
    if tenancy.ends is None or tenancy.ends > min(ends, at):
        return None
    unread = last_read_at if last_read_at is not None and last_read_at < tenancy.ends else None
    if tenancy.settled_at is None:
        return Settlement(False, unread_since=unread)
    refunds = list(Refund.objects.filter(tenancy=tenancy, why__in=AT_THE_END).order_by("at", "pk"))
    open_ones = [each for each in refunds if each.paid_at is None]
    return Settlement(
        True,
        owed=sum(each.amount for each in refunds),
        left=sum(each.left for each in open_ones),
        send_to=next((each.send_to for each in open_ones if each.send_to), ""),
        paid_at=None if open_ones else max((each.paid_at or 0 for each in refunds), default=None),
        debt=sum(each.left for each in debts_of(tenancy)),
        unread_since=unread,
    )

"""What comes of a tenancy's account when it has ended: what is owed to the tenant, or by the tenant, and how it is paid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..billing.open_debts import debts_of
from ..estate.models import Tenancy
from ..vending.models import Refund

AT_THE_END = (Refund.Why.CREDIT, Refund.Why.DEPOSIT)


@dataclass(frozen=True)
class Settlement:
    """What is owed after a move-out, nano. `owed`: to the tenant by the settlement, of which `left` is not paid back yet; `send_to`:
    where the money is to be sent, empty if nobody has said; `paid_at`: when all of it was paid back. `debt`: what the tenant still owes.
    `is_settled`: whether the account is closed; before that the amounts are 0, because they are not known. `unread_since`: the
    instant of the last reading, if it was before the end. The energy used from then to the end is not charged to this tenant.
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
    `last_read_at`; None if the tenancy has not ended by `ends` and by `at`.
    """
    if tenancy.ends is None or tenancy.ends > min(ends, at):
        return None
    unread = _unread_since(last_read_at, tenancy.ends)
    if tenancy.settled_at is None:
        return Settlement(False, unread_since=unread)
    refunds = list(Refund.objects.filter(tenancy=tenancy, why__in=AT_THE_END).order_by("at", "pk"))
    open_ones = [each for each in refunds if each.paid_at is None]
    return Settlement(
        True,
        owed=sum(each.amount for each in refunds),
        left=sum(each.left for each in open_ones),
        send_to=_send_to(open_ones),
        paid_at=_paid_at(refunds),
        debt=sum(each.left for each in debts_of(tenancy)),
        unread_since=unread,
    )


def _unread_since(last_read_at: int | None, ends: int) -> int | None:
    """Return the last reading if it is of before the end; None if it is of the very end, or there is none."""
    return last_read_at if last_read_at is not None and last_read_at < ends else None


def _send_to(refunds: Iterable[Refund]) -> str:
    """Return where the first of some refunds is to be sent of which somebody has said it; empty if nobody has."""
    return next((each.send_to for each in refunds if each.send_to), "")


def _paid_at(refunds: Sequence[Refund]) -> int | None:
    """Return when the last refund was paid back; None while one is not, or if there are none."""
    paid = [each.paid_at for each in refunds if each.paid_at is not None]
    return max(paid, default=None) if len(paid) == len(refunds) else None

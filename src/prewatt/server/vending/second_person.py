"""The amount that one person may give or take without a second person: the organisation's limit for the last 30 days,
in one tenancy and by one person. All ways of giving and taking count together (docs/landlord/alarms.md lists them). What a
second person agreed to does not count; taken credit makes no room for given credit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import F, Q, QuerySet, Sum

from ...kernel.entries import Control, EntryError, decode_command
from ...kernel.orders import Restore
from ...kernel.units import DAY, parse_money
from ..core.time import now
from ..estate.models import Organisation, Tenancy
from ..metering.locking import lock_organisation
from ..metering.models import Meter
from .models import Adjustment, Command, EmergencyCode, PayOut

SPAN = 30 * DAY
"""The time over which the limit counts, µs."""


def limit_of(organisation: Organisation) -> int:
    """Return how much one person may give or take alone, nano."""
    return parse_money(str(organisation.adjustment_limit))


def lock_books(organisation: Organisation) -> None:
    """Lock the organisation, so that of two people who give at once the second sees what the first gave. The caller
    holds the transaction.
    """
    lock_organisation(organisation.pk)


def is_too_much(organisation: Organisation, tenancy: Tenancy | None, meter: Meter | None, amount: int, by: Any) -> bool:
    """Return whether `amount` (nano; negative if taken) is more than `by` may give or take alone, together with what
    was given before: in the tenancy or at its meter by anybody, and by this person anywhere in the organisation.
    """
    who = by if isinstance(by, str) else str(by.get_username())
    same = Q(amount__gt=0) if amount > 0 else Q(amount__lt=0)
    rows = Adjustment.objects.filter(
        same,
        organisation=organisation,
        state=Adjustment.State.DONE,
        decided_by__isnull=True,
        decided_at__gt=now() - SPAN,
    )
    here, mine = _sum(rows.filter(tenancy=tenancy)) if tenancy else 0, _sum(rows.filter(by__username=who))
    if amount > 0:
        restored = list(_restorations(organisation))
        paid_out = list(_paid_out_alone(organisation))
        here += _of_place(restored, meter) + _of_place(paid_out, tenancy)
        mine += _of_person(restored, who) + _of_person(paid_out, who)
    return max(here, mine) + abs(amount) > limit_of(organisation)


def _of_place(given: Iterable[tuple[int, str, int]], place: Meter | Tenancy | None) -> int:
    """Return the sum of what was given (place, person, nano) at a meter or in a tenancy; 0 without one."""
    return sum(amount for pk, _person, amount in given if place is not None and pk == place.pk)


def _of_person(given: Iterable[tuple[int, str, int]], who: str) -> int:
    return sum(amount for _place, person, amount in given if person == who)


def _sum(rows: QuerySet[Adjustment]) -> int:
    return abs(int(rows.aggregate(sum=Sum("amount"))["sum"] or 0))


def _paid_out_alone(organisation: Organisation) -> Iterator[tuple[int, str, int]]:
    """Yield (tenancy, person, nano) of what was paid out by hand, wherever the person wanted, of refunds that the same person
    had decided. What goes back by a provider goes to the payer.
    """
    rows = PayOut.objects.filter(
        refund__tenancy__unit__property__organisation=organisation,
        way__in=(PayOut.Way.CASH, PayOut.Way.TRANSFER),
        at__gt=now() - SPAN,
        by=F("refund__by"),
    )
    yield from rows.values_list("refund__tenancy", "by", "amount")


def _restorations(organisation: Organisation) -> Iterator[tuple[int, str, int]]:
    """Yield (meter, person, nano) of each restoration of an amount that was not refused, and of each emergency code
    that was used or can still be used.
    """
    at = now()
    codes = EmergencyCode.objects.filter(meter__gateway__property__organisation=organisation)
    can_be = Q(used_at__isnull=True, ends__gt=at) & ~Q(revoked_at__isnull=False, ended__state=Command.State.APPLIED)
    yield from codes.filter(Q(used_at__gt=at - SPAN) | can_be).values_list("meter", "by", "amount")
    rows = Command.objects.filter(
        meter__gateway__property__organisation=organisation, kind="control", issued_at__gt=now() - SPAN
    ).exclude(state=Command.State.REJECTED)
    for meter, body in rows.values_list("meter", "body").iterator():
        try:
            order = getattr(decode_command(bytes(body)), "order", None)
        except EntryError:
            # The head-end repairs this command; it must not stop others.
            continue
        if isinstance(order, Control) and isinstance(order.action, Restore):
            yield meter, order.by, order.action.amount

"""The amount that one person may give or take without a second person: the organisation's limit for the last 30 days,
in one tenancy and by one person. All ways of giving and taking count together (docs/landlord/alarms.md lists them). What a
second person agreed to does not count; taken credit makes no room for given credit.

The limit is in the currency of the organisation's first property. In another one it is as many times as much as that
currency's `magnitude` is larger, and so do amounts in several currencies count together: 10,000 dong as one euro.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from django.db.models import F, Q

from ...kernel.currencies import LARGEST_MAGNITUDE, magnitude
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


class _Given(NamedTuple):
    """What was given: where (the key of a meter or a tenancy), by whom, and its weight (`_weight`)."""

    place: int
    person: str
    weight: int


def _weight(amount: int, currency: str) -> int:
    """Return what an amount (nano) counts beside amounts in other currencies: the same for 1 euro, 100 yen and 10,000 dong."""
    return amount * (LARGEST_MAGNITUDE // magnitude(currency))


def limit_of(organisation: Organisation, currency: str) -> int:
    """Return how much one person may give or take alone in a currency, nano."""
    limit, home = parse_money(str(organisation.adjustment_limit)), organisation.home().currency
    return limit * magnitude(currency) // magnitude(home)


def lock_books(organisation: Organisation) -> None:
    """Lock the organisation, so that of two people who give at once the second sees what the first gave. The caller
    holds the transaction.
    """
    lock_organisation(organisation.pk)


def is_too_much(
    organisation: Organisation, tenancy: Tenancy | None, meter: Meter | None, amount: int, currency: str, by: Any
) -> bool:
    """Return whether `amount` (nano of `currency`; negative if taken) is more than `by` may give or take alone, together with
    what was given before: in the tenancy or at its meter by anybody, and by this person anywhere in the organisation.
    """
    who = by if isinstance(by, str) else str(by.get_username())
    at_tenancies = list(_adjusted(organisation, Q(amount__gt=0) if amount > 0 else Q(amount__lt=0)))
    at_meters: list[_Given] = []
    if amount > 0:
        at_tenancies += _paid_out_alone(organisation)
        at_meters += _restorations(organisation)
    here = _of_place(at_tenancies, tenancy) + _of_place(at_meters, meter)
    mine = sum(each.weight for each in at_tenancies + at_meters if each.person == who)
    return max(here, mine) + _weight(abs(amount), currency) > _weight(limit_of(organisation, currency), currency)


def _of_place(given: Iterable[_Given], place: Meter | Tenancy | None) -> int:
    """Return the sum of what was given at a meter or in a tenancy; 0 without one."""
    return sum(each.weight for each in given if place is not None and each.place == place.pk)


def _adjusted(organisation: Organisation, same: Q) -> Iterator[_Given]:
    """Yield what adjustments of the `same` sign have given or taken to which nobody else agreed, by their tenancies."""
    rows = Adjustment.objects.filter(
        same,
        organisation=organisation,
        state=Adjustment.State.DONE,
        decided_by__isnull=True,
        decided_at__gt=now() - SPAN,
    )
    for tenancy, who, amount, currency in rows.values_list(
        "tenancy", "by__username", "amount", "tenancy__unit__property__currency"
    ):
        yield _Given(tenancy, who, _weight(abs(amount), currency))


def _paid_out_alone(organisation: Organisation) -> Iterator[_Given]:
    """Yield what was paid out by hand, wherever the person wanted, of refunds that the same person had decided, by their
    tenancies. What goes back by a provider goes to the payer.
    """
    rows = PayOut.objects.filter(
        refund__tenancy__unit__property__organisation=organisation,
        way__in=(PayOut.Way.CASH, PayOut.Way.TRANSFER),
        at__gt=now() - SPAN,
        by=F("refund__by"),
    )
    for tenancy, who, amount, currency in rows.values_list(
        "refund__tenancy", "by", "amount", "refund__tenancy__unit__property__currency"
    ):
        yield _Given(tenancy, who, _weight(amount, currency))


def _restorations(organisation: Organisation) -> Iterator[_Given]:
    """Yield each restoration of an amount that was not refused, and each emergency code that was used or can still be used, by
    their meters.
    """
    at = now()
    codes = EmergencyCode.objects.filter(meter__gateway__property__organisation=organisation)
    can_be = Q(used_at__isnull=True, ends__gt=at) & ~Q(revoked_at__isnull=False, ended__state=Command.State.APPLIED)
    for meter, who, amount, currency in codes.filter(Q(used_at__gt=at - SPAN) | can_be).values_list(
        "meter", "by", "amount", "meter__gateway__property__currency"
    ):
        yield _Given(meter, who, _weight(amount, currency))
    rows = Command.objects.filter(
        meter__gateway__property__organisation=organisation, kind="control", issued_at__gt=now() - SPAN
    ).exclude(state=Command.State.REJECTED)
    for meter, body, currency in rows.values_list("meter", "body", "meter__gateway__property__currency").iterator():
        try:
            order = getattr(decode_command(bytes(body)), "order", None)
        except EntryError:
            # The head-end repairs this command; it must not stop others.
            continue
        if isinstance(order, Control) and isinstance(order.action, Restore):
            yield _Given(meter, order.by, _weight(order.action.amount, currency))

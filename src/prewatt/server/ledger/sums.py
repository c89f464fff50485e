"""What accounts come to, in one statement and so of one instant, and at the same cost after a year as after a day.

Transfers are never changed: those up to a number are summed once and kept, account by account; what came since is summed
when it is asked for.
"""

from __future__ import annotations

from django.db import connection, transaction
from django.db.models import Max, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from ..estate.models import Organisation
from .models import Account, ClosedSum, Closing, Transfer

PART = 20_000
"""Transfers that are summed and kept in one transaction: so many, that nobody waits for it."""


def sums(organisation: Organisation) -> dict[int, int]:
    """Credits less debits (nano) of each account, by its key, with all that is booked now. They sum to zero."""
    kept = ClosedSum.objects.filter(account__organisation=organisation).values_list("account", "amount")
    return _summed(kept, _since().filter(debit_account__organisation=organisation))


def sums_at(organisation: Organisation, at: int) -> dict[int, int]:
    """As `sums`, with all that stands before an instant: at a midnight, with the days before it."""
    return _summed(None, Transfer.objects.filter(at__lt=at, debit_account__organisation=organisation))


def balance(of: Account) -> int:
    """Credits less debits (nano): what is owed to the other side of a liability account."""
    kept = ClosedSum.objects.filter(account=of).values_list("account", "amount")
    return _summed(kept, _since().filter(credit_account=of), _since().filter(debit_account=of)).get(of.pk, 0)


def _since() -> QuerySet[Transfer]:
    """The transfers of which no sum is kept."""
    return Transfer.objects.filter(pk__gt=Coalesce(Subquery(Closing.objects.values("last")), 0))


def _summed(
    kept: QuerySet[ClosedSum, tuple[int, int]] | None,
    into: QuerySet[Transfer],
    out_of: QuerySet[Transfer] | None = None,
) -> dict[int, int]:
    """One statement is one snapshot: of two, what is booked between them stands on one side only."""
    credited = into.order_by().values_list("credit_account").annotate(sum=Sum("amount"))
    debited = (into if out_of is None else out_of).order_by().values_list("debit_account").annotate(sum=-Sum("amount"))
    parts = [credited, debited] if kept is None else [credited, debited, kept.order_by()]
    found: dict[int, int] = {}
    for account, amount in parts[0].union(*parts[1:], all=True):
        found[account] = found.get(account, 0) + int(amount)
    return found


def close(most: int = PART) -> int:
    """Sum the next transfers, at most so many, and keep the sums. How many they were."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            # Whoever has a number already and is not seen yet is waited for: none is left out for ever.
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE ledger_transfer IN SHARE MODE")
        closing = Closing.objects.get_or_create(pk=1)[0]
        numbers = Transfer.objects.filter(pk__gt=closing.last).order_by("pk").values("pk")[:most]
        last = numbers.aggregate(last=Max("pk"))["last"]
        if last is None:
            return 0
        summed = Transfer.objects.filter(pk__gt=closing.last, pk__lte=last)
        found = _summed(None, summed)
        rows = ClosedSum.objects.in_bulk(found, field_name="account_id")
        fresh = [ClosedSum(account_id=account, amount=found[account]) for account in found if account not in rows]
        for account, row in rows.items():
            row.amount += found[account]
        ClosedSum.objects.bulk_create(fresh)
        ClosedSum.objects.bulk_update(rows.values(), ["amount"], batch_size=400)
        closing.last = last
        closing.save(update_fields=["last"])
        return summed.count()


def close_books() -> int:
    """Sum and keep all that is booked. How many transfers were new."""
    done = 0
    while part := close():
        done += part
    return done

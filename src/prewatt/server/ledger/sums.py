"""The balances of accounts. One SQL statement computes them, so that they belong to one instant, and they cost the same
after a year as after a day.

Transfers never change. Those up to a number are summed once and stored by account; the later ones are summed when they
are asked for.
"""

from __future__ import annotations

from django.db import connection, transaction
from django.db.models import F, Max, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from ...kernel.units import NANO
from ..estate.models import Organisation
from .models import Account, ClosedSum, Closing, Transfer

PART = 20_000
"""The number of transfers that one transaction sums and stores. It is small enough that nobody waits for it."""


def sums(organisation: Organisation) -> dict[int, int]:
    """Return credits less debits of each account, nano by primary key, of all transfers. They sum to zero."""
    kept = ClosedSum.objects.filter(account__organisation=organisation)
    return _summed(kept, _since().filter(debit_account__organisation=organisation))


def sums_at(organisation: Organisation, at: int) -> dict[int, int]:
    """Return what `sums` returns, but of the transfers before an instant: at a midnight, of the days before it."""
    return _summed(None, Transfer.objects.filter(at__lt=at, debit_account__organisation=organisation))


def balance(of: Account) -> int:
    """Return credits less debits of an account, nano. For a liability account this is what is owed."""
    kept = ClosedSum.objects.filter(account=of)
    return _summed(kept, _since().filter(credit_account=of), _since().filter(debit_account=of)).get(of.pk, 0)


def _since() -> QuerySet[Transfer]:
    """Return the transfers after the closing."""
    return Transfer.objects.filter(pk__gt=Coalesce(Subquery(Closing.objects.values("last")), 0))


def _summed(
    kept: QuerySet[ClosedSum] | None,
    into: QuerySet[Transfer],
    out_of: QuerySet[Transfer] | None = None,
) -> dict[int, int]:
    """Return the sums by account in one SQL statement, which is one snapshot. In two statements, a transfer booked
    between them would count on one side only.
    """
    debiting = into if out_of is None else out_of
    # Whole units and the rest beside them, as SQLite's sum ends with 64 bits.
    whole, rest = Sum(F("amount") / NANO), Sum(F("amount") % NANO)
    credited = into.order_by().values_list("credit_account").annotate(whole=whole, rest=rest)
    debited = debiting.order_by().values_list("debit_account").annotate(whole=-whole, rest=-rest)
    closed = [] if kept is None else [kept.order_by().values_list("account", "whole", "nano")]
    balances: dict[int, int] = {}
    for account, units, nano in credited.union(debited, *closed, all=True):
        balances[account] = balances.get(account, 0) + int(units) * NANO + int(nano)
    return balances


def close(most: int = PART) -> int:
    """Sum the next transfers, at most `most`, and store the sums. Returns how many there were."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            # Wait for transfers that have a number and are not committed yet, so that none is left out for ever.
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE ledger_transfer IN SHARE MODE")
        closing = Closing.objects.get_or_create(pk=1)[0]
        numbers = Transfer.objects.filter(pk__gt=closing.last).order_by("pk").values("pk")[:most]
        last = numbers.aggregate(last=Max("pk"))["last"]
        if last is None:
            return 0
        next_transfers = Transfer.objects.filter(pk__gt=closing.last, pk__lte=last)
        new_sums = _summed(None, next_transfers)
        rows = ClosedSum.objects.in_bulk(new_sums, field_name="account_id")
        fresh = [ClosedSum(account_id=account, nano=0) for account in new_sums if account not in rows]
        for row in (*rows.values(), *fresh):
            more, row.nano = divmod(row.nano + new_sums[row.account_id], NANO)
            row.whole += more
        ClosedSum.objects.bulk_create(fresh)
        ClosedSum.objects.bulk_update(rows.values(), ["whole", "nano"], batch_size=400)
        closing.last = last
        closing.save(update_fields=["last"])
        return next_transfers.count()


def close_books() -> int:
    """Sum and store all transfers. Returns how many were new."""
    done = 0
    while part := close():
        done += part
    return done

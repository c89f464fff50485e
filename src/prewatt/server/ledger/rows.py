"""The rows of the books by day, for other programs. Charges are summed by local day and account."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from ...kernel.calendar import local_day, zone
from ...kernel.currencies import NO_CURRENCY
from ...kernel.span import Span
from ..core.spans import during
from ..estate.models import Organisation, Property
from .models import Account, Transfer


@dataclass(frozen=True)
class Row:
    """One line of the books: `amount` (nano) from the account `debit` to the account `credit`, on a local day."""

    day: date
    kind: str
    debit: Account
    credit: Account
    amount: int
    currency: str
    number: str
    memo: str


def rows(organisation: Organisation, first: date, last: date) -> Iterator[Row]:
    """Yield the books of the days from `first` to `last` (both included). A transfer counts on the day of its property,
    as on the tenants' statements; a transfer without a property on the day of the organisation's first property.
    """
    homes = list(Property.objects.filter(organisation=organisation).order_by("pk"))
    home = homes[0] if homes else Property(zone="UTC", currency=NO_CURRENCY)
    widest = _widest(first, last, {each.zone for each in (home, *homes)})
    transfers = (
        Transfer.objects.filter(during(widest), debit_account__organisation=organisation)
        .select_related(
            "debit_account__tenancy__unit__property",
            "credit_account__tenancy__unit__property",
            "meter__gateway__property",
        )
        .order_by("at", "pk")
    )
    charges: dict[tuple[date, int, int], Row] = {}
    for each in transfers.iterator(2000):
        property_ = _property_of(each) or home
        day = local_day(each.at, zone(property_.zone))
        if not first <= day <= last:
            continue
        row = _row(each, day, property_.currency)
        if each.kind != Transfer.Kind.CHARGE:
            yield row
            continue
        key = (day, each.debit_account_id, each.credit_account_id)
        before = charges.get(key)
        charges[key] = row if before is None else replace(row, amount=before.amount + row.amount)
    yield from (charges[key] for key in sorted(charges))


def _widest(first: date, last: date, zones: Iterable[str]) -> Span:
    """Return the span that has the days from `first` to `last` of all these time zones."""
    spans = [Span.of_days(first, last, zone(name)) for name in zones]
    return Span(min(each.begins for each in spans), max(each.ends for each in spans))


def _row(transfer: Transfer, day: date, currency: str) -> Row:
    return Row(
        day,
        transfer.kind,
        transfer.debit_account,
        transfer.credit_account,
        transfer.amount,
        currency,
        str(transfer.reference or ""),
        transfer.memo_in_words,
    )


def _property_of(transfer: Transfer) -> Property | None:
    for account in (transfer.debit_account, transfer.credit_account):
        if account.tenancy is not None:
            return account.tenancy.unit.property
    return transfer.meter.property if transfer.meter is not None else None

"""The books for other programs: a trial balance at an instant, and all transfers as CSV or as a journal for beancount
(`bean-check` accepts it). Amounts are exact, with nine decimals; charges are summed by local day and account.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from ...kernel.calendar import local_day, zone
from ...kernel.currencies import NO_CURRENCY
from ...kernel.span import Span
from ...kernel.units import exact_money
from ...tables import export as tables
from ..core.spans import during
from ..estate.models import Organisation, Property
from .models import Account, AccountType, Transfer
from .sums import sums_at

Kind = Account.Kind
ROOTS = {
    AccountType.ASSET: "Assets",
    AccountType.LIABILITY: "Liabilities",
    AccountType.INCOME: "Income",
    AccountType.EXPENSE: "Expenses",
}
"""The root accounts of beancount, by the type of an account."""
NAMES = {
    Kind.TENANT_CREDIT: "TenantCredit",
    Kind.CASH: "Cash",
    Kind.BANK: "Bank",
    Kind.CLEARING: "Clearing",
    Kind.PROVIDER_FEES: "ProviderFees",
    Kind.ENERGY_REVENUE: "EnergySold",
    Kind.SERVICE_REVENUE: "ServiceFees",
    Kind.STANDING_REVENUE: "StandingCharges",
    Kind.MINIMUM_REVENUE: "MinimumCharges",
    Kind.OTHER_REVENUE: "OtherCharges",
    Kind.TAX: "Tax",
    Kind.VACANCY: "Vacancy",
    Kind.SHARED_COSTS: "SharedCosts",
    Kind.DEPOSITS: "Deposits",
    Kind.REFUNDS: "RefundsPayable",
    Kind.DEBTS: "DebtsOfTenants",
    Kind.WRITTEN_OFF: "DebtsWrittenOff",
    Kind.ADJUSTMENTS: "CreditGiven",
    Kind.EMERGENCY: "EmergencyCredit",
    Kind.EMERGENCY_LENT: "EmergencyCredit",
}
"""The name of an account below its root, as an accountant reads it."""
ACCOUNTS = {kind.value: f"{ROOTS[kind.type]}:{name}" for kind, name in NAMES.items()}
"""The beancount name of an account, by its kind."""


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


def trial_balance(organisation: Organisation, at: int) -> list[tuple[Account, int]]:
    """Return pairs of (account, credits less debits in nano) for every account, with all transfers before an instant.
    At the midnight that ends a day, that day is included. The amounts sum to zero.
    """
    sums = sums_at(organisation, at)
    accounts = Account.objects.filter(organisation=organisation).select_related("tenancy__unit__property")
    return [(each, sums.get(each.pk, 0)) for each in accounts.order_by("kind", "pk")]


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


def account_name(account: Account) -> str:
    """Return the beancount name of an account."""
    whole = ACCOUNTS[account.kind]
    if account.name:
        return f"{whole}:M{account.name}"
    return f"{whole}:T{account.tenancy_id}" if account.tenancy_id else whole


def to_csv(rows: Iterable[Row]) -> str:
    """Return the books as CSV for a spreadsheet."""
    return tables.to_csv(
        [
            ("day", "kind", "debit", "credit", "amount", "currency", "number", "memo"),
            *(
                (
                    row.day,
                    row.kind,
                    account_name(row.debit),
                    account_name(row.credit),
                    exact_money(row.amount),
                    row.currency,
                    row.number,
                    row.memo,
                )
                for row in sorted(rows, key=lambda each: each.day)
            ),
        ]
    )


def to_beancount(organisation: Organisation, rows: Iterable[Row]) -> str:
    """Return the books as a journal for beancount."""
    ordered = sorted(rows, key=lambda each: each.day)
    opened: dict[str, date] = {}
    for row in ordered:
        for account in (row.debit, row.credit):
            opened.setdefault(account_name(account), row.day)
    lines = [f'option "title" {_quoted(organisation.name)}', ""]
    lines += [f"{day} open {name}" for name, day in sorted(opened.items())]
    for row in ordered:
        amount = exact_money(row.amount)
        lines += [
            "",
            f"{row.day} * {_quoted(row.kind)} {_quoted(' '.join(filter(None, (row.number, row.memo))))}",
            f"  {account_name(row.debit)}  {amount} {row.currency}",
            f"  {account_name(row.credit)}  -{amount} {row.currency}",
        ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    clean = "".join(sign if sign.isprintable() else " " for sign in text)
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'

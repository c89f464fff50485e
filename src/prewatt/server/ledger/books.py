"""This module books transfers; nothing else creates them. Amounts are in nano, instants in µs since 1970."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from django.db.models import Sum

from ...kernel.charges import CHARGES
from ...kernel.sentences import sentence, stored_of
from ..estate.models import Organisation, Tenancy
from ..metering.models import Meter
from .models import Account, Transfer
from .references import Of, Part, Reference
from .sums import balance as balance
from .sums import sums

Kind = Account.Kind
_KINDS = {str(kind.value): kind for kind in Kind}
MONEY = {"cash": Kind.CASH, "transfer": Kind.BANK}
"""The account of money that staff receive or pay out, by the way in which it moves."""


def account(organisation: Organisation, kind: Account.Kind, name: str = "") -> Account:
    """Return an organisation's account of a kind other than a tenant's credit. It is opened the first time. `name`: the
    merchant account's primary key, for the money at a provider.
    """
    return Account.objects.get_or_create(organisation=organisation, kind=kind, name=name, tenancy=None)[0]


def tenant_account(tenancy: Tenancy) -> Account:
    """Return the account of a tenancy's credit: what the organisation owes the tenant in energy. It is opened the first
    time.
    """
    organisation = tenancy.unit.property.organisation
    return Account.objects.get_or_create(
        tenancy=tenancy, defaults={"organisation": organisation, "kind": Kind.TENANT_CREDIT}
    )[0]


def book_top_up(
    tenancy: Tenancy, amount: int, at: int, number: int, source: Account | None = None, memo: str = ""
) -> Transfer:
    """Book the money of top-up `number`, received in the account `source` (None: cash), as credit of the tenant.
    Returns the transfer. Raises IntegrityError if it is booked already.
    """
    debit = source or account(tenancy.unit.property.organisation, Kind.CASH)
    reference = Reference(Of.TOP_UP, number)
    return book(Transfer.Kind.TOP_UP, debit, tenant_account(tenancy), amount, at, reference, memo)


def book(  # noqa: PLR0913 (they are the columns of a transfer, and this is the only place where one comes to be)
    kind: Transfer.Kind,
    debit: Account,
    credit: Account,
    amount: int,
    at: int,
    reference: Reference,
    memo: str = "",
    meter: Meter | None = None,
    deposit_of: Tenancy | None = None,
) -> Transfer:
    """Book one transfer of `amount` nano from the account `debit` to the account `credit`. `reference`: the transfer's
    own name in the books. `meter`: the meter that it belongs to if neither account is a tenant's; `deposit_of`: the
    tenancy whose deposit it moves.

    Returns the transfer. Raises IntegrityError if the reference is booked already, or the amount is not over 0.
    """
    return Transfer.objects.create(
        kind=kind,
        debit_account=debit,
        credit_account=credit,
        amount=amount,
        at=at,
        memo=memo[:200],
        memo_parts=stored_of(memo),
        meter=meter,
        tenancy=deposit_of,
        **reference._asdict(),
    )


def booked(reference: Reference) -> Transfer | None:
    """Return the transfer of a reference; None if it is not booked."""
    return Transfer.objects.select_related("debit_account").filter(**reference._asdict()).first()


def holder_account(organisation: Organisation, tenancy: Tenancy | None) -> Account:
    """Return the account that bears a charge: the tenant's, or, if nobody lived there, the landlord's
    vacancy account.
    """
    return tenant_account(tenancy) if tenancy else account(organisation, Kind.VACANCY)


class Charged(Protocol):
    """The amounts of a reading, nano. `kernel.entries.Reading` and `kernel.rating.Rated` have this form."""

    @property
    def charge(self) -> int:
        """Return the whole charge, nano."""

    @property
    def charges(self) -> tuple[tuple[str, int], ...]:
        """Return the parts that have no field of their own (`kernel.charges`)."""

    @property
    def tax(self) -> int:
        """Return the part that is tax added to the prices, nano."""

    @property
    def tax_included(self) -> int:
        """Return the tax that the prices include, nano."""


def revenue(charged: Charged) -> dict[Account.Kind, int]:
    """Return the parts of a charge by kind of account, nano; they sum to the whole. Tax that the prices include is
    taken out of each part in proportion; the rounding difference is taken out of the largest part.
    """
    beside = [(form.revenue, form.of(charged)) for form in CHARGES]
    parts = Counter({Kind.ENERGY_REVENUE: charged.charge - charged.tax - sum(amount for _kind, amount in beside)})
    for kind, amount in beside:
        parts[_KINDS[kind]] += amount
    whole, included = sum(parts.values()), charged.tax_included
    if included and whole:
        taxes = {kind: part * included // whole for kind, part in parts.items()}
        taxes[max(parts, key=parts.__getitem__)] += included - sum(taxes.values())
        parts = Counter({kind: part - taxes[kind] for kind, part in parts.items()})
    return {kind: part for kind, part in {**parts, Kind.TAX: charged.tax + included}.items() if part}


class Charge(NamedTuple):
    """The charge of a meter's readings, which are its journal entries from `first_seq` to `last_seq`. The `tenancy`
    pays it; None: nobody lived there. `parts`: nano by the kind of revenue account. It is booked at the instant `at`.
    """

    meter: Meter
    tenancy: Tenancy | None
    parts: Mapping[Account.Kind, int]
    at: int
    first_seq: int
    last_seq: int


def book_charges(charges: Iterable[Charge]) -> None:
    """Book energy that was sold: out of the tenant's credit, or at the landlord's cost if nobody lived there."""
    charged = [charge for charge in charges if any(charge.parts.values())]
    payers = _payers({charge.tenancy.pk: charge.tenancy for charge in charged if charge.tenancy})
    shared: dict[tuple[int, Account.Kind], Account] = {}

    def shared_account(charge: Charge, kind: Account.Kind) -> Account:
        organisation = charge.meter.property.organisation
        if (organisation.pk, kind) not in shared:
            shared[organisation.pk, kind] = account(organisation, kind)
        return shared[organisation.pk, kind]

    Transfer.objects.bulk_create(
        Transfer(
            kind=Transfer.Kind.CHARGE,
            debit_account=payers[charge.tenancy.pk] if charge.tenancy else shared_account(charge, Kind.VACANCY),
            credit_account=shared_account(charge, kind),
            amount=amount,
            at=charge.at,
            meter=charge.meter,
            first_seq=charge.first_seq,
            last_seq=charge.last_seq,
        )
        for charge in charged
        for kind, amount in charge.parts.items()
        if amount > 0
    )


def _payers(tenancies: Mapping[int, Tenancy]) -> dict[int | None, Account]:
    """Return the accounts of tenants, by the primary keys of their tenancies."""
    accounts = {each.tenancy_id: each for each in Account.objects.filter(tenancy__in=tenancies)}
    return accounts | {pk: tenant_account(tenancy) for pk, tenancy in tenancies.items() if pk not in accounts}


def book_emergency(meter: Meter, at: int, seq: int, lent: int) -> None:
    """Book a change of a meter's emergency credit: since journal entry `seq`, `lent` nano are lent. Only the difference
    from the books is booked. It moves no money; what the tenant used of it is in the tenant's credit.
    """
    rows = Transfer.objects.filter(meter=meter, kind=Transfer.Kind.EMERGENCY)
    given = rows.filter(debit_account__kind=Kind.EMERGENCY).aggregate(sum=Sum("amount"))["sum"] or 0
    back = rows.filter(credit_account__kind=Kind.EMERGENCY).aggregate(sum=Sum("amount"))["sum"] or 0
    more = lent - int(given - back)
    if more:
        organisation = meter.property.organisation
        own, held = account(organisation, Kind.EMERGENCY), account(organisation, Kind.EMERGENCY_LENT)
        debit, credit = (own, held) if more > 0 else (held, own)
        book(
            Transfer.Kind.EMERGENCY,
            debit,
            credit,
            abs(more),
            at,
            Reference(Of.EMERGENCY, meter.pk).numbered(seq),
            sentence("emergency credit, meter %(meter)s", meter=meter.name),
            meter,
        )


def book_restored(meter: Meter, at: int, seq: int, lent: int, memo: str) -> None:
    """Book a loan of the landlord at a meter, by journal entry `seq`. `lent`: the amount (nano) that is lent; 0 if the
    whole loan is repaid. It moves no money: what the tenant used of the loan is in the tenant's credit.
    """
    organisation = meter.property.organisation
    own, held = account(organisation, Kind.EMERGENCY), account(organisation, Kind.EMERGENCY_LENT)
    of = Reference(Of.EMERGENCY, meter.pk).numbered(seq).and_(Part.RESTORED)
    if lent:
        book(Transfer.Kind.RESTORED, own, held, lent, at, of, memo, meter)
        return
    rows = Transfer.objects.filter(of=of.of, number=of.number, kind=Transfer.Kind.RESTORED)
    given = rows.filter(debit_account=own).aggregate(sum=Sum("amount"))["sum"] or 0
    back = rows.filter(credit_account=own).aggregate(sum=Sum("amount"))["sum"] or 0
    if given > back:
        book(Transfer.Kind.RESTORED, held, own, int(given - back), at, of, memo, meter)


def deposit_held(tenancy: Tenancy) -> int:
    """Return how much of a tenancy's deposit is still held, nano."""
    rows = Transfer.objects.filter(tenancy=tenancy)
    into = rows.filter(credit_account__kind=Kind.DEPOSITS).aggregate(sum=Sum("amount"))["sum"] or 0
    out_of = rows.filter(debit_account__kind=Kind.DEPOSITS).aggregate(sum=Sum("amount"))["sum"] or 0
    return int(into) - int(out_of)


def trial_balance(organisation: Organisation) -> dict[Account, int]:
    """Return the present balance of every account, nano, in the order of their kinds. They sum to zero."""
    balances = sums(organisation)
    accounts = Account.objects.filter(organisation=organisation).select_related("tenancy__unit__property")
    # An account that was opened since the sums were taken has nothing in them.
    return {each: balances.get(each.pk, 0) for each in accounts.order_by("kind", "pk")}

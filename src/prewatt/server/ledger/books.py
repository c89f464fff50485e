"""Booking: the only way in which transfers come to be. Amounts in nano."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from django.db.models import Sum

from ..estate.models import Organisation, Tenancy
from ..metering.models import Meter
from .models import Account, Transfer
from .references import Of, Part, Reference
from .sums import balance as balance
from .sums import sums

Kind = Account.Kind
MONEY = {"cash": Kind.CASH, "transfer": Kind.BANK}
"""How money comes in and goes out by hand, and the account it is in."""


def account(organisation: Organisation, kind: Account.Kind, name: str = "") -> Account:
    """An organisation's account of a kind other than a tenant's credit; opened when first asked for."""
    return Account.objects.get_or_create(organisation=organisation, kind=kind, name=name, tenancy=None)[0]


def tenant_account(tenancy: Tenancy) -> Account:
    """A tenancy's credit: what the organisation owes the tenant in energy."""
    organisation = tenancy.unit.property.organisation
    return Account.objects.get_or_create(
        tenancy=tenancy, defaults={"organisation": organisation, "kind": Kind.TENANT_CREDIT}
    )[0]


def book_top_up(
    tenancy: Tenancy, amount: int, at: int, number: int, source: Account | None = None, memo: str = ""
) -> Transfer:
    """The money of top-up `number` was received, in `source` (None: in cash): the tenant's credit grows by it.
    IntegrityError if it is booked already.
    """
    received = source or account(tenancy.unit.property.organisation, Kind.CASH)
    of = Reference(Of.TOP_UP, number)
    return book(Transfer.Kind.TOP_UP, received, tenant_account(tenancy), amount, at, of, memo)


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
    """One transfer under a reference of its own. `meter` says where it belongs if neither account is a tenant's,
    `deposit_of` whose deposit is moved.

    IntegrityError if the reference is booked already, or the amount is not over 0."""
    return Transfer.objects.create(
        kind=kind,
        debit_account=debit,
        credit_account=credit,
        amount=amount,
        at=at,
        memo=memo[:200],
        meter=meter,
        tenancy=deposit_of,
        **reference._asdict(),
    )


def booked(reference: Reference) -> Transfer | None:
    """The transfer of a reference; None if it is not booked."""
    return Transfer.objects.select_related("debit_account").filter(**reference._asdict()).first()


def holder_account(organisation: Organisation, tenancy: Tenancy | None) -> Account:
    """The account of whoever a charge falls to: the tenant, or the landlord where nobody lived."""
    return tenant_account(tenancy) if tenancy else account(organisation, Kind.VACANCY)


class Charged(Protocol):
    """What a reading came to, in nano: `kernel.entries.Reading` and `kernel.rating.Rated` are such."""

    @property
    def charge(self) -> int: ...
    @property
    def fee(self) -> int: ...
    @property
    def standing(self) -> int: ...
    @property
    def minimum(self) -> int: ...
    @property
    def tax(self) -> int: ...
    @property
    def tax_included(self) -> int: ...


def revenue(charged: Charged) -> dict[Account.Kind, int]:
    """A charge by kind, nano; the parts sum to the whole. A tax that prices include is taken out of each part in
    proportion, its last nano out of the largest.
    """
    energy = charged.charge - charged.fee - charged.standing - charged.minimum - charged.tax
    parts = {
        Kind.ENERGY_REVENUE: energy,
        Kind.SERVICE_REVENUE: charged.fee,
        Kind.STANDING_REVENUE: charged.standing,
        Kind.MINIMUM_REVENUE: charged.minimum,
    }
    whole, included = sum(parts.values()), charged.tax_included
    if included and whole:
        taxes = {kind: part * included // whole for kind, part in parts.items()}
        taxes[max(parts, key=parts.__getitem__)] += included - sum(taxes.values())
        parts = {kind: part - taxes[kind] for kind, part in parts.items()}
    return {kind: part for kind, part in {**parts, Kind.TAX: charged.tax + included}.items() if part}


class Charge(NamedTuple):
    """What readings of a meter, its journal entries from `first_seq` to `last_seq`, charged to whoever lived there (None: nobody):
    nano by the kind of revenue, booked at the instant `at`.
    """

    meter: Meter
    tenancy: Tenancy | None
    parts: Mapping[Account.Kind, int]
    at: int
    first_seq: int
    last_seq: int


def book_charges(charges: Iterable[Charge]) -> None:
    """Energy was sold: out of the tenant's credit, or at the landlord's own cost while nobody lived there."""
    wanted = [charge for charge in charges if any(charge.parts.values())]
    tenancies = {charge.tenancy.pk: charge.tenancy for charge in wanted if charge.tenancy}
    payers = {each.tenancy_id: each for each in Account.objects.filter(tenancy__in=tenancies)}
    payers |= {pk: tenant_account(tenancy) for pk, tenancy in tenancies.items() if pk not in payers}
    shared: dict[tuple[int, Account.Kind], Account] = {}

    def of(charge: Charge, kind: Account.Kind) -> Account:
        organisation = charge.meter.property.organisation
        if (organisation.pk, kind) not in shared:
            shared[organisation.pk, kind] = account(organisation, kind)
        return shared[organisation.pk, kind]

    Transfer.objects.bulk_create(
        Transfer(
            kind=Transfer.Kind.CHARGE,
            debit_account=payers[charge.tenancy.pk] if charge.tenancy else of(charge, Kind.VACANCY),
            credit_account=of(charge, kind),
            amount=amount,
            at=charge.at,
            meter=charge.meter,
            first_seq=charge.first_seq,
            last_seq=charge.last_seq,
        )
        for charge in wanted
        for kind, amount in charge.parts.items()
        if amount > 0
    )


def book_emergency(meter: Meter, at: int, seq: int, lent: int) -> None:
    """Journal entry `seq` shows that of a meter's emergency credit `lent` nano are out now: what that differs from what
    the books say is booked. It moves no money: what the tenant used of it is in the tenant's credit.
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
            Transfer.Kind.EMERGENCY, debit, credit, abs(more), at, Reference(Of.EMERGENCY, meter.pk).numbered(seq),
            f"emergency credit, meter {meter.name}", meter,
        )  # fmt: skip


def book_restored(meter: Meter, at: int, seq: int, lent: int, memo: str) -> None:
    """Journal entry `seq` shows that the landlord lends `lent` nano at a meter, or (0) that all that was lent is repaid. It
    moves no money: what the tenant used of it is in the tenant's credit.
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
    """What of a tenancy's deposit (nano) is held still."""
    rows = Transfer.objects.filter(tenancy=tenancy)
    into = rows.filter(credit_account__kind=Kind.DEPOSITS).aggregate(sum=Sum("amount"))["sum"] or 0
    out_of = rows.filter(debit_account__kind=Kind.DEPOSITS).aggregate(sum=Sum("amount"))["sum"] or 0
    return int(into) - int(out_of)


def trial_balance(organisation: Organisation) -> dict[Account, int]:
    """Every account's balance, of one instant, by kind. They sum to zero."""
    found = sums(organisation)
    accounts = Account.objects.filter(organisation=organisation).select_related("tenancy__unit__property")
    # An account that was opened since the sums were taken has nothing in them.
    return {each: found.get(each.pk, 0) for each in accounts.order_by("kind", "pk")}

"""Booking: the only way in which transfers come to be. Amounts in nano."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import Sum

from ..estate.models import Organisation, Tenancy
from ..metering.models import Meter
from .models import Account, Transfer

Kind = Account.Kind


def account(organisation: Organisation, kind: Account.Kind) -> Account:
    """An organisation's account of a kind other than a tenant's credit; opened when first asked for."""
    return Account.objects.get_or_create(organisation=organisation, kind=kind, tenancy=None)[0]


def tenant_account(tenancy: Tenancy) -> Account:
    """A tenancy's credit: what the organisation owes the tenant in energy."""
    organisation = tenancy.unit.property.organisation
    return Account.objects.get_or_create(
        tenancy=tenancy, defaults={"organisation": organisation, "kind": Kind.TENANT_CREDIT}
    )[0]


def book_top_up(tenancy: Tenancy, amount: int, at: int, credit_id: str) -> Transfer:
    """Money was received: the tenant's credit grows by it. IntegrityError if the credit id is booked already."""
    received = account(tenancy.unit.property.organisation, Kind.MONEY_RECEIVED)
    return book(Transfer.Kind.TOP_UP, received, tenant_account(tenancy), amount, at, credit_id)


def book(
    kind: Transfer.Kind,
    debit: Account,
    credit: Account,
    amount: int,
    at: int,
    credit_id: str,
    memo: str = "",
    meter: Meter | None = None,
) -> Transfer:
    """One transfer under an id of its own. `meter` says where it belongs if neither account is a tenant's.

    IntegrityError if the id is booked already, or the amount is not over 0."""
    return Transfer.objects.create(
        kind=kind,
        debit_account=debit,
        credit_account=credit,
        amount=amount,
        at=at,
        credit_id=credit_id,
        memo=memo[:200],
        meter=meter,
    )


def holder_account(organisation: Organisation, tenancy: Tenancy | None) -> Account:
    """The account of whoever a charge falls to: the tenant, or the landlord where nobody lived."""
    return tenant_account(tenancy) if tenancy else account(organisation, Kind.VACANCY)


class Charge(NamedTuple):
    """What the journal entries `first_seq` to `last_seq` of a meter charged, to whoever lived there (None: nobody)."""

    meter: Meter
    tenancy: Tenancy | None
    amount: int
    at: int
    first_seq: int
    last_seq: int


def book_charges(charges: Iterable[Charge]) -> None:
    """Energy was sold: out of the tenant's credit, or at the landlord's own cost while nobody lived there."""
    wanted = [charge for charge in charges if charge.amount > 0]
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
            credit_account=of(charge, Kind.ENERGY_REVENUE),
            amount=charge.amount,
            at=charge.at,
            meter=charge.meter,
            first_seq=charge.first_seq,
            last_seq=charge.last_seq,
        )
        for charge in wanted
    )


def book_cleared(meter: Meter, tenancy: Tenancy | None, amount: int, at: int, seq: int) -> Transfer:
    """A meter's credit was cleared by journal entry `seq`: it is owed back to who held it."""
    organisation = meter.property.organisation
    return book(
        Transfer.Kind.SETTLEMENT,
        holder_account(organisation, tenancy),
        account(organisation, Kind.REFUNDS),
        amount,
        at,
        f"cleared-{meter.pk}-{seq}",
        f"credit cleared at meter {meter.name}",
    )


def balance(of: Account) -> int:
    """Credits less debits: what is owed to the other side of a liability account."""
    into = Transfer.objects.filter(credit_account=of).aggregate(sum=Sum("amount"))["sum"] or 0
    out_of = Transfer.objects.filter(debit_account=of).aggregate(sum=Sum("amount"))["sum"] or 0
    return int(into) - int(out_of)


def trial_balance(organisation: Organisation) -> dict[Account, int]:
    """Every account's balance. They sum to zero."""
    return {
        each: balance(each)
        for each in Account.objects.filter(organisation=organisation).select_related("tenancy__unit__property")
    }

"""Debts: what tenants owe in addition to what their meters hold. Each debt has a person and a date, and falls by parts.

The ledger's account of debts is at any moment the sum of what is left of all debts.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from ...kernel.sentences import stored_of
from ..core.errors import Refused
from ..core.people import name_of
from ..estate.models import Organisation, Tenancy
from ..ledger.books import Kind, account, book, tenant_account
from ..ledger.models import Transfer
from ..ledger.references import Reference
from ..metering.locking import lock_organisation
from .debt_parts import lower
from .models import Debt, DebtPart


class DebtError(Refused):
    """A request about a debt cannot be done; the message, for people, says why. Nothing was changed."""


def lock_organisation_of(tenancy: Tenancy) -> Organisation:
    """Lock and return a tenancy's organisation. So of two calls under one name, the second finds the first's result."""
    return lock_organisation(tenancy.unit.property.organisation_id)


@transaction.atomic
def owe(tenancy: Tenancy, amount: int, reference: Reference, memo: str, at: int) -> Debt:
    """Make a debt of `amount` nano from the instant `at`. The tenancy's account grows by the same amount, so that
    nothing is sent to the meter for it. `reference`: names its transfer; a repeated call with the same reference
    returns the same debt.
    """
    organisation = lock_organisation_of(tenancy)
    known = Debt.objects.filter(**reference._asdict()).first()
    if known is not None:
        return known
    book(Transfer.Kind.DEBT, account(organisation, Kind.DEBTS), tenant_account(tenancy), amount, at, reference, memo)
    return Debt.objects.create(
        tenancy=tenancy,
        who=tenancy.tenant,
        amount=amount,
        memo=memo[:200],
        memo_parts=stored_of(memo),
        since=at,
        **reference._asdict(),
    )


@transaction.atomic
def withdraw(debt: Debt, by: Any) -> int:
    """Cancel what is left of a debt, because it is not owed after all: the tenancy's account falls by as much. Returns
    the amount, nano.
    """
    lock_organisation_of(debt.tenancy)
    left = debt.left
    if left:
        own = tenant_account(debt.tenancy)
        lower(debt, left, DebtPart.Why.WITHDRAWN, own, Transfer.Kind.DEBT, name_of(by))
    return left

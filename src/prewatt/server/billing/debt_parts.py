"""A debt falls by parts, each of which is one transfer."""

from __future__ import annotations

from typing import Any

from ..core.time import now
from ..ledger.books import Kind, account, book, tenant_account
from ..ledger.models import Account, Transfer
from ..ledger.references import Of, Part, Reference
from .models import Debt, DebtPart
from .owed import meter_of


def lower(
    debt: Debt,
    amount: int,
    why: DebtPart.Why,
    source: Account,
    kind: Transfer.Kind,
    by: str,
    memo: str = "",
    **more: Any,
) -> DebtPart:
    """Reduce a debt by a part, which is one transfer out of the account `source`. The caller has locked the
    organisation's row. Returns the part.
    """
    part = DebtPart.objects.create(debt=debt, amount=amount, why=why, at=now(), by=by[:150], **more)
    debts, of = account(source.organisation, Kind.DEBTS), Reference(Of.DEBT_PART, part.pk)
    book(kind, source, debts, amount, part.at, of, memo or debt.memo_as_given, meter_of(debt.tenancy))
    return part


def raise_again(part: DebtPart, memo: str) -> int:
    """Undo a part that was taken out of the tenancy's account: it goes back there, and is owed again. The caller has
    locked the organisation's row. Returns the instant of the transfer.
    """
    at, own = now(), tenant_account(part.debt.tenancy)
    debts, of = account(own.organisation, Kind.DEBTS), Reference(Of.DEBT_PART, part.pk).and_(Part.UNDONE)
    book(Transfer.Kind.REVERSAL, debts, own, part.amount, at, of, memo)
    part.undone_at = at
    part.save(update_fields=["undone_at"])
    return at

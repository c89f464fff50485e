"""What is left on, or missing from, the account of a tenancy that was settled."""

from __future__ import annotations

from ...kernel.sentences import sentence
from ..core.time import now
from ..estate.models import Tenancy
from ..ledger.books import Kind, account, balance, book, deposit_held, tenant_account
from ..ledger.models import Transfer
from ..ledger.references import Part, Reference
from ..vending.models import Refund
from .debts import owe
from .owed import owe_back


def close_remainder(tenancy: Tenancy, of: Reference, memo: str) -> None:
    """Bring a settled tenancy's account to zero. What is left is refunded; what is missing is a debt, less the deposit.
    `of`: the reference of the booking that left it.
    """
    organisation, own = tenancy.unit.property.organisation, tenant_account(tenancy)
    left = balance(own)
    if left > 0:
        owe_back(tenancy, left, Refund.Why.CREDIT, own, of.and_(Part.REFUND), memo)
    if left < 0:
        covered = min(-left, deposit_held(tenancy))
        if covered:
            held = account(organisation, Kind.DEPOSITS)
            book(
                Transfer.Kind.SETTLEMENT,
                held,
                own,
                covered,
                now(),
                of.and_(Part.DEPOSIT),
                sentence("taken from the deposit"),
                deposit_of=tenancy,
            )
        if -left > covered:
            owe(tenancy, -left - covered, of.and_(Part.DEBT), sentence("still owed: %(memo)s", memo=memo), now())

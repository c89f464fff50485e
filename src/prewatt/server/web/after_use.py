"""What the pages of a tenant and a unit show if electricity is paid after use."""

from __future__ import annotations

from dataclasses import dataclass

from ..estate.models import Tenancy
from ..estate.terms import Lowering, Terms
from ..estate.terms_in_force import open_lowering, terms_of, waiting_terms
from ..ledger.books import balance, tenant_account
from ..statements.bills import Standing, standings
from ..statements.overdue import follows_at
from ..statements.terms import in_words

SHOWN = 12


@dataclass(frozen=True)
class After:
    """The state of a tenancy that pays after use, or has done so. `terms` are the terms of payment in words; `to_come`
    and `to_come_words` are terms that will hold later.

    `owed` (nano) is how far the account is under zero; `open` is the part of it on unpaid bills, and `overdue` the part
    on overdue ones. `due` is the instant at which the first unpaid bill is due. `cut`: why and since when the supply
    has ended by the rule; `follows`: when it will end if nothing is paid. `limit` (nano): where the supply ends.
    """

    terms: list[str]
    to_come: Terms | None
    to_come_words: list[str]
    bills: list[Standing]
    owed: int
    open: int
    overdue: int
    due: int | None
    cut: Lowering | None
    follows: int | None
    limit: int | None


def after_use(tenancy: Tenancy) -> After | None:
    """Return the state of a tenancy that pays after use or has bills; None for one that has always paid before use."""
    terms, waits, bills = terms_of(tenancy.pk), waiting_terms(tenancy.pk), standings(tenancy)
    if not _has_come_to(terms, waits, bills):
        return None
    currency = tenancy.unit.property.currency
    unpaid = [each for each in bills if each.left]
    return After(
        terms=in_words(terms, currency),
        to_come=waits,
        to_come_words=in_words(waits, currency) if waits is not None else [],
        bills=bills[:SHOWN],
        owed=max(-balance(tenant_account(tenancy)), 0),
        open=sum(each.left for each in unpaid),
        overdue=sum(each.left for each in unpaid if each.state == "overdue"),
        due=min((int(each.bill.due_at) for each in unpaid), default=None),
        cut=open_lowering(terms),
        follows=_follows(terms, unpaid),
        limit=terms.cuts_at if terms is not None else None,
    )


def _has_come_to(terms: Terms | None, to_come: Terms | None, bills: list[Standing]) -> bool:
    """Return whether a tenancy pays after use, will, or has bills of a time when it did."""
    return (terms is not None and terms.is_postpaid) or to_come is not None or bool(bills)


def _follows(terms: Terms | None, unpaid: list[Standing]) -> int | None:
    """Return when the supply ends by the rule if none of these bills is paid; None if it does not."""
    if terms is None or not terms.is_postpaid or terms.overdue != Terms.Overdue.CUT:
        return None
    return min((at for each in unpaid if (at := follows_at(terms, each.bill)) is not None), default=None)

"""What the pages of a tenant and a unit show where electricity is paid after use."""

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
    """What is shown of a tenancy that pays after use, or did: its `terms` in words, those `to_come`, its bills. `owed` (nano): what
    the account is under zero by; `open`: what of it stands on bills that are not paid, `overdue` of that. `cut`: why the supply has
    ended by the rule, and since when; `follows`: when it will, if nothing is paid.
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
    """How a tenancy stands that pays after use or has bills; None for one that always paid before."""
    terms, waits, bills = terms_of(tenancy.pk), waiting_terms(tenancy.pk), standings(tenancy)
    if (terms is None or not terms.postpaid) and waits is None and not bills:
        return None
    currency = tenancy.unit.property.currency
    unpaid = [each for each in bills if each.left]
    follows = [at for each in unpaid if terms is not None and (at := follows_at(terms, each.bill)) is not None]
    rule = terms is not None and terms.postpaid and terms.overdue == Terms.Overdue.CUT
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
        follows=min(follows, default=None) if rule else None,
        limit=terms.cuts_at if terms is not None else None,
    )

"""The till of each person who takes cash: what was in it when the day began, what came in, what went out, and what is in it.

A till follows from the cash account of the books: each transfer there belongs to the person who took or paid it, or to `NOBODY`.
Handovers are not in the books (`Handover`). So all tills together are the books' cash less what was handed over.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import BigIntegerField, Case, CharField, F, Min, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from ...kernel.span import Span
from ..billing.models import DebtPayment
from ..core.spans import during
from ..core.time import now
from ..estate.models import Organisation
from ..ledger.books import Kind, account
from ..ledger.models import Transfer
from ..ledger.references import Of
from ..metering.locking import lock_organisation
from ..vending.models import PayOut, TopUp
from .models import Handover, Receipt

NOBODY = ""
"""The name of the till for cash that no person took: deposits, and payments that were found in a journal."""


class TillError(ValueError):
    """Cash can't be handed over; the message, for people, says why."""


@dataclass(frozen=True)
class Till:
    """The till of a person (`who`: their login) in a span, amounts in nano. `opening`: what was in the till when the span
    began; `taken`, `paid_out`, `handed_over`: what came in and went out in the span.
    """

    who: str
    name: str
    opening: int
    taken: int
    paid_out: int
    handed_over: int

    @property
    def closing(self) -> int:
        """Return what is in the till at the end of the span, nano."""
        return self.opening + self.taken - self.paid_out - self.handed_over


def tills(organisation: Organisation, span: Span) -> list[Till]:
    """Return the tills of an organisation in a span, by name, that of `NOBODY` last. Tills that had no cash are left out."""
    cash = account(organisation, Kind.CASH)
    moved = _moved(cash.pk)
    before, within = Span(0, span.begins), during(span)
    came = _by_person(moved.filter(within, debit_account=cash), F("amount"))
    went = _by_person(moved.filter(within, credit_account=cash), F("amount"))
    held = _by_person(moved.filter(during(before)), _signed(cash.pk))
    over = Handover.objects.filter(organisation=organisation)
    given_before, given = _handed(over.filter(during(before))), _handed(over.filter(within))
    names = _names({*came, *went, *held, *given_before, *given})
    rows = [
        Till(
            who,
            name,
            held.get(who, 0) - given_before.get(who, 0),
            came.get(who, 0),
            went.get(who, 0),
            given.get(who, 0),
        )
        for who, name in names.items()
    ]
    shown = [each for each in rows if each.opening or each.taken or each.paid_out or each.handed_over]
    return sorted(shown, key=lambda each: (each.who == NOBODY, each.name))


def begun_at(organisation: Organisation, by: Any = None) -> int | None:
    """Return the instant of the first cash, receipt or handover of an organisation; None if there is none. `by`: only those of
    this person.
    """
    rows = [
        (_moved(account(organisation, Kind.CASH).pk), "at"),
        (Receipt.objects.filter(organisation=organisation), "made_at"),
        (Handover.objects.filter(organisation=organisation), "at"),
    ]
    if by is not None:
        own = (Q(who=by.get_username()), received_by(by), Q(by=by.pk))
        rows = [(each.filter(mine), field) for (each, field), mine in zip(rows, own, strict=True)]
    instants = [each.aggregate(first=Min(field))["first"] for each, field in rows]
    return min((at for at in instants if at is not None), default=None)


def received_by(by: Any) -> Q:
    """Return the condition for the receipts of payments that a person received."""
    return Q(top_up__by=by.pk) | Q(debt_payment__by=by.pk)


def _moved(cash: int) -> Any:
    """Return the transfers of the account of cash, each with the login `who` of the person who took or paid it."""

    def person(rows: Any, field: str) -> Subquery:
        return Subquery(rows.filter(pk=OuterRef("number")).values(field)[:1], output_field=CharField())

    who = Case(
        When(of=Of.TOP_UP, then=person(TopUp.objects.order_by(), "by__username")),
        When(of=Of.DEBT_PAYMENT, then=person(DebtPayment.objects.order_by(), "by__username")),
        When(of=Of.PAID_OUT, then=person(PayOut.objects.order_by(), "by")),
        default=Value(NOBODY),
        output_field=CharField(),
    )
    rows = Transfer.objects.filter(Q(debit_account=cash) | Q(credit_account=cash))
    return rows.annotate(who=Coalesce(who, Value(NOBODY))).order_by()


def _signed(cash: int) -> Case:
    return Case(When(debit_account=cash, then=F("amount")), default=-F("amount"), output_field=BigIntegerField())


def _by_person(rows: Any, amount: Any) -> dict[str, int]:
    return {who: int(sum_) for who, sum_ in rows.values_list("who").annotate(sum=Sum(amount))}


def _handed(rows: QuerySet[Handover]) -> dict[str, int]:
    sums = rows.order_by().values_list("by__username").annotate(sum=Sum("amount"))
    return {who: int(sum_) for who, sum_ in sums}


def _names(logins: Iterable[str]) -> dict[str, str]:
    """Return the names of people by their logins; a login that is gone stands for itself."""
    logins = set(logins)
    known = {each.get_username(): each.get_full_name() for each in get_user_model().objects.filter(username__in=logins)}
    return {who: known.get(who) or who or _("person not recorded") for who in logins}


def till_of(organisation: Organisation, by: Any, at: int) -> int:
    """Return what is in a person's till at an instant, nano."""
    own = [each.closing for each in tills(organisation, Span(at, at)) if each.who == by.get_username()]
    return own[0] if own else 0


def last_handover(organisation: Organisation, by: Any) -> Handover | None:
    """Return a person's last handover; None if they have handed nothing over yet."""
    return Handover.objects.filter(organisation=organisation, by=by.pk).order_by("-pk").first()


@transaction.atomic
def hand_over(organisation: Organisation, by: Any, amount: int, note: str, after: int | None = None) -> Handover:
    """Record that a person gives `amount` nano out of their till. `after`: the primary key of their last handover when the
    form was shown (0: none), so that a form that is sent twice is one handover; None: each call is a new one. Raises
    TillError if the amount is not more than 0, or more than is in the till.
    """
    lock_organisation(organisation.pk)
    last, note = last_handover(organisation, by), note.strip()[:100]
    is_newer = last is not None and after is not None and last.pk > after
    if last is not None and is_newer and (last.amount, last.note) == (amount, note):
        return last
    if amount <= 0:
        raise TillError(_("Enter an amount of more than 0."))
    at = now()
    # What was booked at this very instant counts.
    if amount > till_of(organisation, by, at + 1):
        raise TillError(_("There is less than this amount in your till."))
    return Handover.objects.create(organisation=organisation, by=by, amount=amount, at=at, note=note)

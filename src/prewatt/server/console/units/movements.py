"""All movements of a tenancy's money, as the unit's page shows them. Amounts in nano, instants in µs since 1970."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from ...estate.models import Tenancy
from ...ledger.books import tenant_account
from ...ledger.models import Account, Transfer
from ...ledger.sums import balance
from ...vending.models import Adjustment, PayOut

MOST = 50
"""The most movements that are shown."""
USE = (Transfer.Kind.CHARGE, Transfer.Kind.KEYPAD)
"""What was charged for use, which the statements show day by day."""


@dataclass(frozen=True)
class Movement:
    """A movement at the instant `at`. `amount`: by how much the balance changes. What is paid out of a refund does not change it:
    the refund did when it was booked. `what` and `memo`: in words. `waits`: it is only proposed, and changes the balance when a
    second person agrees.
    """

    at: int
    amount: int
    what: str
    memo: str
    waits: bool = False
    is_paid_out: bool = False


@dataclass(frozen=True)
class Movements:
    """The balance of a tenancy's account, and its movements, the latest first; `has_more`: there are older ones."""

    tenancy: Tenancy
    balance: int
    latest: list[Movement]
    has_more: bool


def movements_of(tenancy: Tenancy) -> Movements:
    """Return the movements of a tenancy's money, without the charges for use. What waits stands first."""
    account = tenant_account(tenancy)
    waiting = tenancy.adjustments.filter(state=Adjustment.State.WAITING)
    proposed = [
        Movement(each.at, each.amount, _("waits for a second person"), each.reason_in_words, waits=True)
        for each in waiting
    ]
    booked = [*_transfers(account), *_pay_outs(tenancy)]
    booked.sort(key=lambda each: each.at, reverse=True)
    return Movements(tenancy, balance(account), [*proposed, *booked[:MOST]], len(booked) > MOST)


def _transfers(account: Account) -> list[Movement]:
    rows = Transfer.objects.filter(Q(debit_account=account) | Q(credit_account=account)).exclude(kind__in=USE)
    return [
        Movement(
            each.at,
            each.amount if each.credit_account_id == account.pk else -each.amount,
            each.get_kind_display(),
            # The memo of a payment is its id.
            "" if each.kind == Transfer.Kind.TOP_UP else each.memo_in_words,
        )
        for each in rows.order_by("-at", "-pk")[: MOST + 1]
    ]


def _pay_outs(tenancy: Tenancy) -> list[Movement]:
    rows = PayOut.objects.filter(refund__tenancy=tenancy).order_by("-at", "-pk")[: MOST + 1]
    paid = _("refund paid out: %(way)s")
    return [
        Movement(each.at, each.amount, paid % {"way": each.get_way_display()}, each.number, is_paid_out=True)
        for each in rows
    ]

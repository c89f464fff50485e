"""How a tenant can pay: online where the landlord takes that, and always by a transfer or at the landlord's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

from ...kernel.currencies import format_money, magnitude, minor_digits
from ...kernel.units import NANO
from ..core.amounts import typed_money
from ..estate.models import Tenancy
from ..ledger.books import balance, tenant_account
from ..payments.bank import reference
from ..payments.models import Payment
from ..payments.providers.methods import BY_AGREEMENT
from ..payments.ways import Way, saves, ways_in_browser
from ..vending.paid_amounts import check_amount, new_credit_id

AMOUNTS = {0: (20, 50, 100, 200), 2: (20, 50, 100, 200), 3: (5, 10, 20, 50), 4: (1, 2, 5, 10)}
"""The amounts that are offered by one tap in a currency of magnitude 1, in its units, by the number of its decimals."""
SHOWN = 3
"""The most unfinished payments that are shown."""


@dataclass(frozen=True)
class HowToPay:
    """What a tenant reads of how to pay. `ways`: the ways online, the one used last first; none if the landlord takes no such
    payments, or none works in this browser. `amounts`: offered by one tap, in units of the currency. `reference`: for a
    transfer. `account`, `words`: the lines of the landlord's bank account and of their words on how to pay; empty if there are
    none. `open`: payments that were begun and can still be made. `asked`: the id of the next payment: a form that is sent twice
    is one payment. `preset`: the amount that the form has at first, and the form is open then; empty if there is none.
    """

    currency: str
    ways: list[Way]
    amounts: Sequence[int]
    reference: str
    account: list[str]
    words: list[str]
    open: list[Payment]
    asked: str
    preset: str = ""

    @property
    def by_itself(self) -> bool:
        """Whether one of the `ways` can take automatic payments after the tenant has agreed once."""
        return any(saves(each.merchant) for each in self.ways)


def how_to_pay(tenancy: Tenancy, at: int, user: Any, user_agent: str, has_open: bool = True) -> HowToPay:
    """Return how the tenant of a tenancy can pay, at the instant `at`, in the browser with `user_agent`. `has_open`: whether
    payments that were begun are looked for.
    """
    property_ = tenancy.unit.property
    ways = ways_in_browser(tenancy, user_agent)
    if len(ways) > 1:
        used = tenancy.payments.filter(by=user.pk).order_by("-made_at").values_list("merchant", "method").first()
        ways.sort(key=lambda each: (each.merchant.pk, each.name) != used)
    # What somebody else has begun by a gift link is theirs to finish, and what pays by itself finishes by itself.
    begun = tenancy.payments.filter(state=Payment.State.OPEN, expires_at__gt=at, gift=None).exclude(method=BY_AGREEMENT)
    return HowToPay(
        property_.currency,
        ways,
        offered_amounts(property_.currency),
        reference(tenancy),
        _lines(property_.organisation.bank_account),
        _lines(property_.organisation.how_to_pay),
        list(begun.select_related("merchant")[:SHOWN]) if has_open else [],
        new_credit_id(),
    )


def offered_amounts(currency: str) -> Sequence[int]:
    """Return the amounts that are offered by one tap, in units of a currency."""
    return [each * magnitude(currency) for each in AMOUNTS[minor_digits(currency)]]


def preset(tenancy: Tenancy, asked: str) -> str:
    """Return, as text, the amount for the form of a tenant whom a notice has led there: the one in the address (`asked`), if it
    can be paid. Otherwise what was paid last, or the least that is offered, but not less than what is owed.
    """
    currency = tenancy.unit.property.currency
    try:
        amount = typed_money(asked, "pay", currency)
        check_amount(amount, currency)
    except ValidationError:
        last = tenancy.top_ups.order_by("-pk").values_list("amount", flat=True).first()
        amount = last or offered_amounts(currency)[0] * NANO
        owed = -balance(tenant_account(tenancy))
        if owed > 0:
            step = offered_amounts(currency)[0] * NANO
            amount = max(amount, -(-owed // step) * step)
    return format_money(amount, currency)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]

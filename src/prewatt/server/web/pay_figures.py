"""How a tenant can pay: online where the landlord takes that, and always by a transfer or at the landlord's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

from ...kernel.currencies import format_money, minor_digits
from ...kernel.units import NANO
from ..core.amounts import typed_money
from ..estate.models import Tenancy
from ..ledger.books import balance, tenant_account
from ..payments.bank import reference
from ..payments.models import Payment
from ..payments.providers.methods import BY_AGREEMENT
from ..payments.ways import Way, saves, ways_in_browser
from ..vending.paid_amounts import check_amount, new_credit_id

AMOUNTS = {0: (1000, 2000, 5000, 10000), 2: (20, 50, 100, 200), 3: (5, 10, 20, 50), 4: (1, 2, 5, 10)}
"""What is offered by one tap, by the number of a currency's decimals, in its units."""
SHOWN = 3
"""The most unfinished payments that are shown."""


@dataclass(frozen=True)
class HowToPay:
    """What a tenant reads of how to pay. `ways`: online, the one used last first; none if the landlord takes no such payments,
    or none works in this browser. `amounts`: offered by one tap, in units of the currency. `reference`: of a transfer.
    `account`, `words`: the landlord's, a line each, empty if they wrote none. `open`: payments that were begun and can still
    be made. `asked`: the name of the next one, so that it is one payment if it is sent twice. `preset`: the amount that stands
    in the form already, which is open then; empty if there is none.
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
        """Whether a landlord's account takes payments that a tenant has agreed to once."""
        return any(saves(each.merchant) for each in self.ways)


def how_to_pay(tenancy: Tenancy, at: int, user: Any, user_agent: str, has_open: bool = True) -> HowToPay:
    """Return how the tenant of a tenancy can pay, at the instant `at`, in the browser with a user agent. `has_open`: whether
    there may be payments that were begun.
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
    return AMOUNTS[minor_digits(currency)]


def preset(tenancy: Tenancy, asked: str) -> str:
    """Return the amount that stands in the form of somebody whom a notice has led there: the one that the address asks for
    (`asked`), or else what was paid last, or the least that is offered; at least so much that nothing is owed after it.
    """
    currency = tenancy.unit.property.currency
    try:
        amount = typed_money(asked, "pay", currency)
        check_amount(amount, currency)
    except ValidationError:
        last = tenancy.top_ups.order_by("-pk").values_list("amount", flat=True).first()
        amount = last or AMOUNTS[minor_digits(currency)][0] * NANO
        owed = -balance(tenant_account(tenancy))
        if owed > 0:
            step = AMOUNTS[minor_digits(currency)][0] * NANO
            amount = max(amount, -(-owed // step) * step)
    return format_money(amount, currency)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]

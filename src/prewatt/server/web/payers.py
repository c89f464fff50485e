"""Who paid how much of a flat's credit, month by month, as the people of the flat see it.

People who have access now are shown by the name that they chose. People who pay without a login, or whose access has ended, are
"others". Payments that staff recorded, in cash or from the bank, are "recorded": the server does not know who paid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from ...kernel.calendar import local_day, zone
from ..estate.models import Tenancy
from ..ledger.models import Transfer
from ..ledger.references import Of, Part

OTHERS, RECORDED = "others", "recorded"


@dataclass(frozen=True)
class PaidShare:
    """What one person paid in a month, nano. `user`: the number of the login; None for others, and for what the landlord recorded."""

    user: int | None
    name: str
    amount: int


@dataclass(frozen=True)
class PaidMonth:
    """A month (its first day) in which something was paid, and who paid it, the most first."""

    month: date
    shares: list[PaidShare]

    @property
    def amount(self) -> int:
        """What was paid in all, nano."""
        return sum(each.amount for each in self.shares)


def shown_name(user: Any) -> str:
    """Return the name by which the others of a flat see a user: the chosen one, else that of the login."""
    return str(user.get_full_name() or user.get_username())


def paid_by_month(tenancy: Tenancy) -> list[PaidMonth]:
    """Return who paid how much of a tenancy's top-ups, the latest month first. What was undone, moved to another flat or taken
    back by a bank is not in it.
    """
    place = zone(tenancy.unit.property.zone)
    people = {each.user_id: shown_name(each.user) for each in tenancy.residents.select_related("user")}
    rows = tenancy.top_ups.filter(moved_to=None, taken_back=None)
    undone = set(
        Transfer.objects.filter(of=Of.TOP_UP, part=Part.UNDONE, number__in=rows.values("pk")).values_list(
            "number", flat=True
        )
    )
    months: dict[date, dict[int | str, int]] = {}
    for pk, paid_at, amount, by, payment, payer in rows.values_list(
        "pk", "paid_at", "amount", "by", "payment", "payment__by"
    ):
        if pk in undone:
            continue
        sums = months.setdefault(local_day(paid_at, place).replace(day=1), {})
        who = _who(people, by, payment, payer)
        sums[who] = sums.get(who, 0) + amount
    return [PaidMonth(month, _shares(months[month], people)) for month in sorted(months, reverse=True)]


def _who(people: Mapping[int, str], by: int | None, payment: int | None, payer: int | None) -> int | str:
    person = by if payment is None else payer
    if person is not None and person in people:
        return person
    return RECORDED if payment is None and by is not None else OTHERS


def _shares(sums: Mapping[int | str, int], people: Mapping[int, str]) -> list[PaidShare]:
    words = {OTHERS: _("others"), RECORDED: _("recorded by the landlord")}
    shares = [
        PaidShare(who, people[who], amount) if isinstance(who, int) else PaidShare(None, words[who], amount)
        for who, amount in sums.items()
    ]
    return sorted(shares, key=lambda each: (-each.amount, each.name))

"""The orders that a manager can give, as the page of a unit offers them: each with what it does and the fields that it has."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from ....kernel.orders import BY_MANAGER, needs
from ...accounts.rights import Right


@dataclass(frozen=True)
class OrderChoice:
    """An order, with the fields that it has. `effect`, `darkens`: see `kernel.orders.Order`."""

    name: str
    label: str
    effect: str
    darkens: bool
    watts: bool
    hours: bool
    amount: bool
    override: bool


def order_choices(rights: frozenset[Right]) -> list[OrderChoice]:
    """Return the orders that somebody with these rights can give, in the kernel's order."""
    return [
        OrderChoice(
            name,
            _(kind.label),
            _(kind.effect),
            kind.darkens,
            watts=needs(kind, "watts"),
            hours=needs(kind, "until"),
            amount=needs(kind, "amount"),
            override=needs(kind, "override"),
        )
        for name, kind in BY_MANAGER.items()
        if not kind.gives_credit or Right.GIVE_BACK in rights
    ]

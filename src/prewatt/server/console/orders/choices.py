"""The orders that a manager can give, as the page of a unit offers them: each with what it does and the fields that it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ....kernel.orders import BY_MANAGER, needs
from ...accounts.rights import Right

MONEY = ("restore",)
"""Orders that lend money, for which the right to switch is not enough."""
SAYS: Mapping[str, str | Promise] = {
    "open": _("The power goes off, and stays off until somebody switches it on again, whatever is paid."),
    "close": _("The power comes back if there is credit. What the meter had tripped for is forgotten."),
    "hold": _("The power goes off and nothing brings it back, no payment and no code, until the hold is ended."),
    "release": _("The power comes back if there is credit and no other lock."),
    "limit": _("Above this power the meter cuts off, and comes back by itself. 0 W: what the rules say holds again."),
    "restore": _("The power is on without credit, for some hours or an amount. What is used is owed by the flat."),
    "emergency": _("The tenant gets the emergency credit of the rules, and repays it from the next payments."),
    "clear-tamper": _("The meter supplies again though it was tampered with. Have a look at it first."),
    "unlock-codes": _("The meter takes codes again after too many wrong ones."),
}
"""What each order does, in people's words."""


@dataclass(frozen=True)
class OrderChoice:
    """An order, with the fields that it has. `says`: what will happen. `darkens`: see `kernel.orders.Order`."""

    name: str
    label: str
    says: str
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
            _now(kind.label),
            str(SAYS.get(name, "")),
            kind.darkens,
            watts=needs(kind, "watts"),
            hours=needs(kind, "until"),
            amount=needs(kind, "amount"),
            override=needs(kind, "override"),
        )
        for name, kind in BY_MANAGER.items()
        if name not in MONEY or Right.GIVE_BACK in rights
    ]

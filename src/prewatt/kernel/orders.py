"""What people may order a meter to do. Each order is one class, and this file is the only place that lists them.

The page of a flat, the API, the command line, the gateway and the phone of staff all read this file. To add an order,
write its class below and name it in `Action`: the class says who may give it, what it is called, when it is refused,
and what it changes in a meter's account. Two kinds of orders need a second place: one that a 20-digit token can carry
(`wire.order_codes`), and one that changes something at the gateway beside the account (`edge.code_entry`, `obey`).

`Open`, `Close`, `Hold` and `Release` follow the disconnect control of DLMS/COSEM (Blue Book, class 70): its methods
`remote_disconnect` (1) and `remote_reconnect` (2), and a `control_state` (attribute 3) that waits for a person
(`ready_for_reconnection`). `LimitPower` follows the limiter (class 71, `threshold_active`, attribute 3); `TakeEmergency`
follows `invoke_credit` of an emergency credit (class 112, method 3).
"""

# ruff: noqa: ARG002 (each order is asked alike, and most need only a part of what is said)

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, ClassVar, cast, get_args

import msgspec
from msgspec import Meta, Struct

from .fields import Instant, Natural
from .pins import made_at
from .supply import LOCKS, Watts
from .texts import gettext_noop as _
from .units import BALANCE_MAX, DAY, INSTANT_MAX, Nano

if TYPE_CHECKING:
    from .state import State

SWITCH, LIMIT, TIME = "switch", "limit", "time"
"""What an order may settle as a whole (`Order.settles`): the load switch, the power limit, the time of a restoration."""


RESTORE_LONGEST = 31 * DAY
"""The longest time (µs) of a restoration."""
GRANT_LONGEST, GRANT_RESTORE_LONGEST = 92 * DAY, 7 * DAY
"""The longest time (µs) for which a grant to staff holds: a phone gets lost, so what it may do ends by itself. The
longest time (µs) of a restoration by a grant.
"""


class Order(Struct, frozen=True, tag_field="do"):
    """What all orders have. The tag is the order's name: in journals, in the API, on the command line and in grants.

    `label`: the order as it is chosen from a list; `effect`: what will happen, as managers and staff read it before
    they give the order; `done`: the order as the gateway's page tells it afterwards; all English, to be translated.
    `by_manager`: managers give it, by page, API and command line. `by_staff`: a grant can allow it to staff on site.
    `brings_power`: the tenant is shown the token that carries it. `darkens`: it takes the power away at once, so that a
    page asks the person once more. `gives_credit`: it supplies without credit, so that a page asks once more, too, and
    the right to switch is not enough. `ends_off_hours`: it ends the off hours in which it is given. `settles`: what it
    settles as a whole (`SWITCH`, `LIMIT`, `TIME`), so that of several such orders the last one given holds; empty if
    nothing.
    """

    label: ClassVar[str]
    effect: ClassVar[str] = ""
    done: ClassVar[str]
    by_manager: ClassVar[bool] = False
    by_staff: ClassVar[bool] = False
    brings_power: ClassVar[bool] = False
    darkens: ClassVar[bool] = False
    gives_credit: ClassVar[bool] = False
    ends_off_hours: ClassVar[bool] = False
    settles: ClassVar[str] = ""

    @property
    def name(self) -> str:
        """Return the order's name, such as `close`."""
        return str(self.__struct_config__.tag)

    @property
    def lends(self) -> bool:
        """Return whether the order lends an amount. An amount is lent once, however often the order arrives."""
        return False

    def words(self, translate: Callable[[str], str]) -> str:
        """Return what this order does, for people, in the language of `translate`."""
        return translate(self.label)

    def objection(self, account: State, at: Instant, now: Instant) -> str:
        """Return why the order cannot be done on an account, in English, for people; empty if it can be done.

        `at`: the instant of its entry; `now`: the time. They differ where the journal is ahead of the time.
        """
        return ""

    def balance_after(self, balance: Nano) -> Nano:
        """Return the balance (nano) after the order, from the balance before it."""
        return balance

    def apply(self, account: State) -> None:
        """Change an account as the order says. Called once, when its entry is applied."""


class Open(Order, frozen=True, tag="open"):
    """Open the load switch. It stays open until a `Close`."""

    label = _("switch off")
    effect = _("The power goes off, and stays off until somebody switches it on again, whatever is paid.")
    done = _("Switched off")
    by_manager = by_staff = darkens = True
    settles = SWITCH

    def apply(self, account: State) -> None:
        """Open the switch."""
        account.change(opened=True)


class Close(Order, frozen=True, tag="close", omit_defaults=True):
    """Let the supply return; in off hours, until they end. It is refused if a lock (of `kernel.supply.LOCKS`) holds,
    unless `override` says that the person knows the lock and has removed its cause.
    """

    label = _("switch on")
    effect = _("The power comes back if there is credit. The reason why the meter had tripped is cleared.")
    done = _("Switched on")
    by_manager = by_staff = brings_power = ends_off_hours = True
    settles = SWITCH

    override: bool = False

    def objection(self, account: State, at: Instant, now: Instant) -> str:
        """Object if a lock holds, or if there is no credit to supply on."""
        supply = account.supply
        if supply.locks and not self.override:
            locks = "; ".join(LOCKS[lock] for lock in supply.locks)
            return f"locked: {locks}. Close with override if that is known and put right"
        if not (supply.opened or supply.locks or account.supplied_by_credit(at)):
            return "the credit is used up: record a payment, or restore for a time or an amount"
        return ""

    def apply(self, account: State) -> None:
        """Clear all that kept the switch open, except the lack of credit."""
        account.change(opened=False, locks=(), trips=0, tripped=False, unsafe=())


class Hold(Order, frozen=True, tag="hold"):
    """Keep the load switch open for work or safety, until a `Release`."""

    label = _("hold off, for work or safety")
    effect = _("The power goes off and nothing brings it back, no payment and no code, until the hold is ended.")
    done = _("Held off for work or safety")
    by_manager = by_staff = darkens = True
    settles = SWITCH

    def apply(self, account: State) -> None:
        """Lock the switch open."""
        account.change(locks=tuple(sorted({*account.supply.locks, "hold"})))


class Release(Order, frozen=True, tag="release"):
    """End a hold."""

    label = _("end the hold")
    effect = _("The power comes back if there is credit and no other lock.")
    done = _("Hold released")
    by_manager = by_staff = brings_power = True
    settles = SWITCH

    def objection(self, account: State, at: Instant, now: Instant) -> str:
        """Object if there is no hold."""
        return "" if "hold" in account.supply.locks else "the switch is not held open"

    def apply(self, account: State) -> None:
        """Remove the hold; other locks stay."""
        account.change(locks=tuple(lock for lock in account.supply.locks if lock != "hold"))


class LimitPower(Order, frozen=True, tag="limit", omit_defaults=True):
    """Limit the power to `watts` (0: to what the settings say) until an instant (0: until another order)."""

    label = _("limit the power")
    effect = _(
        "Above this power the meter switches off, and comes back by itself. With 0 W the limit of the rules applies "
        "again."
    )
    done = _("Power limit set")
    by_manager = by_staff = True
    settles = LIMIT

    watts: Watts
    until: Instant = 0

    def words(self, translate: Callable[[str], str]) -> str:
        """Return the limit in W, or say that the limit has ended."""
        if not self.watts:
            return translate(_("end the power limit"))
        return translate(_("limit the power to %(watts)d W")) % {"watts": self.watts}

    def apply(self, account: State) -> None:
        """Set the limit."""
        account.change(limit=self.watts, limit_until=self.until)


class Restore(Order, frozen=True, tag="restore", omit_defaults=True):
    """The landlord lends: supply until the instant `until`, or until `amount` (nano) more is used, whichever comes
    first. One of the two may be 0, which is no bound. The order also ends the off hours in which it is given.
    """

    label = _("restore for a time or an amount")
    effect = _("The power is on without credit, for some hours or an amount. What is used is owed by the flat.")
    done = _("Emergency credit of the landlord")
    by_manager = by_staff = brings_power = gives_credit = ends_off_hours = True
    settles = TIME

    amount: Natural = 0
    until: Instant = 0

    @property
    def lends(self) -> bool:
        """Return whether the restoration is bounded by an amount."""
        return self.amount > 0

    @property
    def is_bounded(self) -> bool:
        """Return whether the restoration has an end, an amount, or both."""
        return bool(self.amount or self.until)

    def has_ended(self, now: Instant) -> bool:
        """Return whether the restoration has an end that has passed."""
        return bool(self.until) and self.until <= now

    def words(self, translate: Callable[[str], str]) -> str:
        """Return what the order does, without its bounds: they are shown beside it."""
        return translate(_("restore the supply"))

    def objection(self, account: State, at: Instant, now: Instant) -> str:
        """Object if the restoration has no bound, or if its end has passed."""
        if not self.is_bounded:
            return "a restoration is bounded by an amount, or by an instant"
        if self.has_ended(now):
            return "the restoration would end in the past"
        return ""

    def apply(self, account: State) -> None:
        """Lend the amount, counted from the present balance, so that a debt from friendly hours does not use it up."""
        debt = max(-account.balance, 0)
        grace = self.amount + debt if self.amount else BALANCE_MAX
        account.change(grace=grace, grace_until=self.until or INSTANT_MAX)


class TakeEmergency(Order, frozen=True, tag="emergency"):
    """The tenant takes the emergency credit, or the manager gives it."""

    label = _("give the emergency credit")
    effect = _("The tenant gets the emergency credit of the rules, and repays it from the next payments.")
    done = _("Emergency credit taken")
    by_manager = brings_power = True

    def words(self, translate: Callable[[str], str]) -> str:
        """Return what the order does, whoever gave it."""
        return translate(_("emergency credit"))

    def objection(self, account: State, at: Instant, now: Instant) -> str:
        """Object if there is no emergency credit, if it is taken already, or if it is not needed yet."""
        if not account.settings.emergency_credit:
            return "there is no emergency credit here"
        if account.supply.emergency_taken:
            return "the emergency credit is taken already: it comes back when the balance is over zero again"
        if account.balance > 0 and not account.is_low():
            return "the credit is neither low nor used up"
        return ""

    def apply(self, account: State) -> None:
        """Lend the emergency credit of the settings, counted from the present balance."""
        debt = max(-account.balance, 0)
        account.change(emergency=account.settings.emergency_credit + debt, emergency_taken=True)


class ClearTamper(Order, frozen=True, tag="clear-tamper"):
    """Clear the record that the meter was tampered with."""

    label = _("end the lock for tampering")
    effect = _("The meter supplies again though it was tampered with. Have a look at it first.")
    done = _("Tampering cleared")
    by_manager = by_staff = brings_power = True

    def apply(self, account: State) -> None:
        """Remove the lock for tampering."""
        account.change(locks=tuple(lock for lock in account.supply.locks if lock != "tamper"))


class UnlockCodes(Order, frozen=True, tag="unlock-codes"):
    """Accept codes again after too many wrong ones. The gateway counts these (`edge.lockout`); the account does not
    change.
    """

    label = _("let codes be typed again (after wrong ones)")
    effect = _("The meter takes codes again after too many wrong ones.")
    done = _("Codes unlocked")
    by_manager = by_staff = True


class ClearCredit(Order, frozen=True, tag="clear-credit"):
    """Take all credit off; it is owed back to the tenant. Only a token can give this order."""

    label = _("clear the credit")
    done = _("Credit cleared, to be paid back")

    def balance_after(self, balance: Nano) -> Nano:
        """Return zero, or the debt unchanged."""
        return min(balance, 0)

    def apply(self, account: State) -> None:
        """Take the credit off; a debt stays."""
        account.debited += max(account.balance, 0)


class SetPin(Order, frozen=True, tag="set-pin"):
    """Set another PIN for the flat's page at the gateway. `kept`: the salted hash of the PIN (`wire.pins`). The server
    gives this order with each PIN that it makes.
    """

    label = _("new PIN")
    done = _("New PIN")

    kept: Annotated[str, Meta(max_length=200)]

    def objection(self, account: State, at: Instant, now: Instant) -> str:
        """Object if a PIN that was made later is here already."""
        return "a newer PIN was made" if made_at(self.kept) < made_at(account.settings.pin) else ""

    def apply(self, account: State) -> None:
        """Store the new PIN."""
        account.settings = msgspec.structs.replace(account.settings, pin=self.kept)


Action = (
    Open
    | Close
    | Hold
    | Release
    | LimitPower
    | Restore
    | TakeEmergency
    | ClearTamper
    | UnlockCodes
    | ClearCredit
    | SetPin
)
"""All orders. Lists that people choose from are in this sequence."""

ORDERS: dict[str, type[Action]] = {str(kind.__struct_config__.tag): kind for kind in get_args(Action)}
"""Each order by its name."""
BY_MANAGER = {name: kind for name, kind in ORDERS.items() if kind.by_manager}
"""What managers order: by page, API and command line."""
GIVES_CREDIT = tuple(name for name, kind in ORDERS.items() if kind.gives_credit)
"""The orders that supply without credit: whoever gives one needs the right to give credit, too."""
BY_STAFF = {name: kind for name, kind in ORDERS.items() if kind.by_staff}
"""What a grant can allow staff to order on site."""


def needs(kind: type[Action], detail: str) -> bool:
    """Return whether an order has a detail: `override`, `watts` (W), `amount` (nano), or `until` (an instant, µs)."""
    return detail in kind.__struct_fields__


def make_order(
    kind: type[Action], *, override: bool = False, watts: int = 0, amount: Nano = 0, until: Instant = 0
) -> Action:
    """Return an order of a kind, with those of the details that this kind has: see `needs`. The values are not checked."""
    details = {"override": override, "watts": watts, "amount": amount, "until": until}
    own = {name: value for name, value in details.items() if needs(kind, name)}
    return cast(Callable[..., Action], kind)(**own)

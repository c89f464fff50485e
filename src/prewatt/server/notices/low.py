"""How much is left of a tenant's credit: the steps of the reminder, and the notice that it is used up.

The amount is measured; if the meter has not been read for a while, it is estimated from the usual use. For a tenant who
pays after use, what is left is what may be used until the limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ...kernel.calendar import zone
from ...kernel.currencies import format_money
from ...kernel.low import Step
from ...kernel.units import HOUR, rough_kwh
from ..estate.low_steps import day_steps, energy_steps, money_steps
from ..estate.models import Tenancy
from ..metering.accounts import account_of
from ..metering.models import Meter
from ..metering.outlook import days_left, spent_since
from .events import Event
from .models import Notice, Recipient
from .pages import CODE, for_tenant
from .telling import cross, is_crossed, overtake, wall

SILENT = HOUR
"""The balance of a meter that was not read for this long is estimated, µs."""


class Credit:
    """What is left at one tenant's meter at the instant `at`. `held` (nano) is at the meter, by its last reading or by
    estimate (`reckoned`); `waiting` (nano) is on its way there. `tell` puts a notice into the outbox.
    """

    def __init__(
        self,
        recipient: Recipient,
        tenancy: Tenancy,
        meter: Meter,
        waiting: int,
        at: int,
        tell: Callable[..., Notice | None],
    ) -> None:
        self.recipient, self.tenancy, self.meter, self.waiting, self.at, self._tell = (
            recipient,
            tenancy,
            meter,
            waiting,
            at,
            tell,
        )
        self.property = tenancy.unit.property
        spent = None if meter.read_at is None or at - meter.read_at < SILENT else spent_since(meter, tenancy, at)
        self.reckoned = spent is not None
        self.held = meter.balance - (spent or 0)
        self.account = account_of(meter)

    def look(self, code: Callable[[], str]) -> None:
        """Tell the tenant what is new about the credit. `code` returns a code that brings what waits; empty if there is
        none.
        """
        if self.meter.read_at is None:
            return
        self._used_up(code)
        self._low(self.held + self.waiting, code)

    def _context(self, nano: int) -> dict[str, Any]:
        limit = self.account.settings.credit_limit
        since = wall(int(self.meter.read_at or 0), zone(self.property.zone)) if self.reckoned else ""
        return {
            "balance": format_money(nano, self.property.currency),
            "reckoned": self.reckoned,
            "since": since,
            "limit": format_money(limit, self.property.currency) if limit else "",
        }

    def _used_up(self, code: Callable[[], str]) -> None:
        recipient, held, settings = self.recipient, self.held, self.account.settings
        left = self.account.room(held)
        if left > 0 and is_crossed(recipient, "exhausted"):
            overtake(recipient, Event.EXHAUSTED)
        ends = left <= 0 and settings.credit_limit_cuts
        number = cross(recipient, "exhausted", ends, not ends, self.reckoned)
        # Where nothing was ever paid nothing is used up.
        if number and (self.account.credited or settings.credit_limit):
            waiting = format_money(self.waiting, self.property.currency) if self.waiting else ""
            to_type = code() if waiting else ""
            self._tell(
                Event.EXHAUSTED,
                f"exhausted {number}",
                link=for_tenant(Event.EXHAUSTED, self.tenancy, CODE if to_type else ""),
                waiting=waiting,
                code=to_type,
                **self._context(held),
            )

    def _low(self, left: int, code: Callable[[], str]) -> None:
        recipient, settings = self.recipient, self.account.settings
        room = self.account.room(left)
        if room <= 0 or not (settings.credit_limit or settings.credit_limit_cuts):
            # What is used up is no longer low; after it all begins again, as at the meter.
            self._step_back({})
            return
        price = self.account.price(self.at)
        days = days_left(self.meter, self.tenancy, self.account.room(self.meter.balance + self.waiting), self.at)
        reached = self._steps_of_credit(left, price) | self._steps_of_days(days)
        self._step_back(reached)
        crossed = [
            f"{name} {number}"
            for name, (under, above) in reached.items()
            if (number := cross(recipient, name, under, above, self.reckoned))
        ]
        if crossed:
            # Several at once are one notice.
            energy = rough_kwh(room // price) if price > 0 else None
            to_type, values = code() if self.waiting else "", self._context(room)
            link = for_tenant(Event.LOW, self.tenancy, CODE if to_type else "")
            self._tell(Event.LOW, f"low {crossed[-1]}", link=link, days=days, energy=energy, code=to_type, **values)
        elif not recipient.crossings.filter(step__startswith="low_", is_raised=True).exists():
            overtake(recipient, Event.LOW)

    def _steps_of_credit(self, left: int, price: int) -> dict[str, tuple[bool, bool]]:
        """Return for each step of money or energy whether the credit is under it, and whether it is well above."""
        room = self.account.room(left)
        return {
            f"low_{'energy' if step.of_energy else 'money'}:{step.amount}": (
                step.is_over(room, price),
                self.account.may_be_told_again(step, self.at, left),
            )
            for step in self._steps()
        }

    def _steps_of_days(self, days: int | None) -> dict[str, tuple[bool, bool]]:
        """Return for each number of days whether the credit lasts no longer, and whether it lasts well longer. Where it
        is not known how long it lasts (None), all stays as it was said last.
        """
        numbers = sorted({*day_steps(self.property), *self.recipient.low_days}, reverse=True)
        return {
            f"low_days:{number}": (False, False) if days is None else (days <= number, days > number + 1)
            for number in numbers
        }

    def _steps(self) -> list[Step]:
        """Return the landlord's steps and the tenant's own, the highest first."""
        money = {*money_steps(self.property), *self.recipient.low_money}
        energy = {*energy_steps(self.property), *self.recipient.low_energy}
        return [Step(False, each) for each in sorted(money, reverse=True)] + [
            Step(True, each) for each in sorted(energy, reverse=True)
        ]

    def _step_back(self, kept: Iterable[str]) -> None:
        """Mark all steps but the `kept` ones as not crossed: they exist no longer, or mean nothing now."""
        raised = self.recipient.crossings.filter(step__startswith="low_", is_raised=True)
        raised.exclude(step__in=list(kept)).update(is_raised=False, is_reckoned=False)

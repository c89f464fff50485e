"""The figures that the pages show, worked out from the database. Energy is in Wh, money in nano, instants in µs since
1970.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from ...kernel.account import Account
from ...kernel.calendar import local_day, next_month, zone
from ...kernel.dark_facts import Facts
from ...kernel.dark_words import tonight
from ...kernel.orders import TakeEmergency
from ...kernel.span import closing_day
from ...kernel.switching import SwitchProgress
from ...kernel.tariff import UNPRICED
from ...kernel.why_dark import Why, why_dark
from ..billing.models import Spread
from ..billing.on_the_way import on_the_way
from ..billing.spreading import open_spreads
from ..core.rate_names import shown_rate
from ..core.sentences import say
from ..estate.models import Property, Tenancy
from ..ledger.books import balance, tenant_account
from ..metering.accounts import account_of
from ..metering.looks import Present
from ..metering.models import Alarm, Meter
from ..metering.outlook import by_day, days_left
from ..metering.power_facts import facts_of_meter, moneyless, not_own
from ..metering.seen import is_low, seen
from ..payments.shown import ShownBack, shown_to
from ..vending.models import OPEN, Command, TopUp
from .after_use import After, after_use
from .dark import Explained, explained
from .inventory import Inventory, inventory_of
from .prices import PriceOutlook, price_outlook
from .state_in_words import state_label, switching_label

SHOWN = 8
"""The number of last payments that a manager sees of a flat."""


@dataclass(frozen=True)
class MeterFigures:
    """The latest known state of a meter: by its journal, or by what the meter itself has reported if that is later.

    `waiting`: paid, and not yet shown as applied by the journal. `facts`: what is known of why it is dark. `tonight`: what the
    present off hours allow. `own`: the meter's balance is the one of the person who sees it. `switching`: how far the last
    order to the switch is, None if its gateway does not say.
    """

    meter: Meter
    zone_info: ZoneInfo
    currency: str
    balance: int
    closed: bool | None
    register: int | None
    read_at: int | None
    online: bool
    since: int | None
    waiting: int
    low: bool
    alarms: int
    facts: Facts
    tonight: str = ""
    own: bool = True
    switching: SwitchProgress | None = None

    @property
    def state(self) -> str:
        """The state as a word of the style sheet (`states.css`): `off`; `soon`, if it is on and its credit is low; `ok`; `silent`, if the
        switch was ordered on and was not seen on; or `unknown`.
        """
        if self.closed is None:
            return "unknown"
        if self.closed and self.switching not in (None, SwitchProgress.VERIFIED):
            return "silent"
        return ("soon" if self.low else "ok") if self.closed else "off"

    @cached_property
    def why(self) -> Why:
        """Whether the power is on, why it is not, and what to do: for the tenant."""
        return why_dark(self.facts)

    @cached_property
    def explained(self) -> Explained:
        """What `why` says, in the language of the page."""
        return explained(self.why, self.facts)

    @property
    def sentence(self) -> str:
        """Whether the power is on and, if it is not, why: for the tenant."""
        return say(self.why.text)

    @property
    def without_money(self) -> MeterFigures:
        """These figures for a person who may see no money: no sentence names an amount. `balance` and `waiting` stay, and must
        not be shown.
        """
        return replace(self, facts=moneyless(self.facts))

    @property
    def lent(self) -> int:
        """What is left of lent credit, nano."""
        return self.facts.lent

    @property
    def state_label(self) -> str:
        """The state in words, for a table."""
        return state_label(self)

    @property
    def switching_label(self) -> str:
        """What hinders the switch, for a table; empty if nothing does."""
        return switching_label(self)

    @property
    def vacant_sentence(self) -> str:
        """Whether the power is on and, if it is not, why, in a flat where nobody lives: for the manager."""
        return say(why_dark(msgspec.structs.replace(self.facts, is_vacant=True)).text)


@dataclass(frozen=True)
class Day:
    """The use of a local day. `known`: whether the meter was read on this day or later; if not, the use is not known."""

    day: date
    energy: int
    charge: int
    known: bool


@dataclass(frozen=True)
class TenancyPanel:
    """What the manager sees of a tenancy's flat."""

    tenancy: Tenancy
    figures: MeterFigures
    today: Day
    days: list[Day]
    month_energy: int
    month_charge: int
    top_ups: list[TopUp]
    rate: str
    price: int
    emergency: int
    days_left: int | None
    taken_back: list[ShownBack]
    spreads: list[Spread]
    after: After | None
    prices: PriceOutlook | None
    inventory: Inventory

    @property
    def code(self) -> str:
        """The code of the last payment that has not reached the meter; empty if there is none."""
        return self.figures.facts.code


def beside_meter(inventory: Inventory, payments: Iterable[TopUp], code: str, after: After | None) -> dict[str, Any]:
    """Return what is known of why it is dark and does not come from the meter, as fields of `Facts`. `payments` have not reached the
    meter yet; `code` is the open code of the last of them.
    """
    return {
        "paid_at": min((each.paid_at for each in payments), default=0),
        "code": code,
        "takes_codes": inventory.takes_codes,
        "silent_since": inventory.silent_since,
        "is_overdue": bool(after and after.cut),
    }


def figures_by(
    meter: Meter, property_: Property, waiting: int, alarms: int, at: int, beside: Mapping[str, Any] | None = None
) -> MeterFigures:
    """Return the state of a meter. `waiting`: what is on its way to it, nano; `alarms`: the number of its open alarms; `beside`: what
    `beside_meter` returns.
    """
    account, latest = account_of(meter), seen(meter)
    left, allowed, is_low_ = latest.balance, tonight(account, at), is_low(meter, property_, account, at)
    facts = facts_of_meter(meter, property_, account, latest, at)
    return MeterFigures(
        meter=meter,
        zone_info=zone(property_.zone),
        currency=property_.currency,
        balance=left,
        closed=latest.closed,
        register=meter.register,
        read_at=meter.read_at,
        online=meter.gateway.is_online,
        since=meter.gateway.since,
        waiting=waiting,
        low=is_low_,
        alarms=alarms,
        facts=msgspec.structs.replace(facts, paid=waiting, is_low=is_low_, **(beside or {})),
        tonight=say(allowed) if allowed else "",
        switching=latest.switching,
    )


def _alarms(meters: Sequence[int]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for meter in Alarm.objects.filter(meter__in=meters, is_resolved=False).values_list("meter_id", flat=True):
        counts[meter] = counts.get(meter, 0) + 1
    return counts


def _days(meter: Meter, tenancy: Tenancy, today: date, zone_: ZoneInfo) -> list[Day]:
    """Return the use by local day, from the first to the last day of the month."""
    first = today.replace(day=1)
    days = [first + timedelta(days=number) for number in range((next_month(first) - first).days)]
    used = by_day(meter, tenancy, days, zone_)
    read = None if meter.read_at is None else closing_day(meter.read_at, zone_)
    return [
        Day(day, energy, charge, read is not None and read >= day)
        for day, (energy, charge) in zip(days, used, strict=True)
    ]


def of_tenancy(figures: MeterFigures, tenancy: Tenancy, inventory: Inventory) -> MeterFigures:
    """Return the state of a meter as the tenant of a tenancy sees it. While the meter has another tenant's balance,
    the balance of this one is taken from the books.
    """
    if not _holds_another_balance(figures.meter, inventory):
        return figures
    left = balance(tenant_account(tenancy)) - figures.waiting
    return replace(figures, balance=left, own=False, facts=not_own(figures.facts))


def _holds_another_balance(meter: Meter, inventory: Inventory) -> bool:
    """Return whether the balance at the meter is not this tenant's: a tenant before is not settled, or the meter does
    not know of the settlement yet.
    """
    if not inventory.before or inventory.unsettled_before or not inventory.commands:
        return inventory.unsettled_before
    under_way = Command.objects.filter(meter=meter, state__in=OPEN, kind__in=("credit", "debit"), top_up__isnull=True)
    return under_way.exists()


def shown_balance(figures: MeterFigures, present: Present | None) -> tuple[int, int | None]:
    """Return the balance that a page shows (nano), and its instant: the one that the meter reports at this moment, or else that
    of its last reading. None for the instant if the meter was never read.
    """
    if present is None or not present.live or present.cause or not figures.own or figures.read_at is None:
        return figures.balance, figures.read_at
    return present.balance, max(present.at, figures.read_at)


def meter_figures(meter: Meter, at: int) -> MeterFigures:
    """Return the state of a meter at the instant `at`, without regard to who lives there."""
    waiting, alarms = on_the_way([meter.pk]), _alarms([meter.pk])
    return figures_by(meter, meter.property, waiting.get(meter.pk, 0), alarms.get(meter.pk, 0), at)


def waiting_of(meter: Meter, inventory: Inventory) -> int:
    """Return what is paid, and not yet shown as applied by a meter's journal (nano)."""
    return on_the_way([meter.pk]).get(meter.pk, 0) if inventory.commands else 0


def after_of(tenancy: Tenancy, inventory: Inventory) -> After | None:
    """Return the state of a tenancy that pays after use, or did so; None for one that has always paid before use."""
    return after_use(tenancy) if inventory.terms or inventory.bills else None


def rate_name(account: Account, at: int) -> str:
    """Return the name of the rate at an instant; empty before any tariff."""
    rate = account.stretch(at).rate
    return "" if rate == UNPRICED else shown_rate(rate)


def emergency_now(account: Account, at: int) -> int:
    """Return what a meter lends now by one tap (nano); 0 if it lends nothing."""
    return 0 if account.objection(at, TakeEmergency()) else account.settings.emergency_credit


def _first_code(payments: Iterable[TopUp]) -> str:
    """Return the first code of some payments; empty if none has one."""
    return next((str(each.code) for each in payments if each.code), "")


def _is_on_the_way(payment: TopUp) -> bool:
    command = payment.command
    return command is not None and command.reached_at is None and command.state in OPEN


def tenancy_panel(
    tenancy: Tenancy, at: int, meter: Meter | None, present: Present | None = None
) -> TenancyPanel | None:
    """Return what the manager sees of a tenancy's flat; None if the unit has no meter (`meter`). `present`: what that meter
    reports at this moment.
    """
    if meter is None:
        return None
    zone_ = zone(tenancy.unit.property.zone)
    inventory = inventory_of(tenancy, meter, at)
    waiting = waiting_of(meter, inventory)
    after = after_of(tenancy, inventory)
    top_ups = list(
        tenancy.top_ups.select_related("command__code", "given_receipt").prefetch_related("debt_parts")[:SHOWN]
    )
    open_ = [each for each in top_ups if _is_on_the_way(each)]
    beside = beside_meter(inventory, open_, _first_code(open_), after)
    figures = figures_by(meter, meter.property, waiting, inventory.alarms, at, beside)
    figures = of_tenancy(figures, tenancy, inventory)
    today = local_day(at, zone_)
    days = _days(meter, tenancy, today, zone_)
    account = account_of(meter)
    left, since = shown_balance(figures, present)
    return TenancyPanel(
        tenancy=tenancy,
        figures=figures,
        today=days[today.day - 1],
        days=days,
        month_energy=sum(day.energy for day in days),
        month_charge=sum(day.charge for day in days),
        top_ups=top_ups,
        rate=rate_name(account, at),
        price=account.price(at),
        emergency=emergency_now(account, at),
        days_left=days_left(meter, tenancy, account.room(left), at, since)
        if account.settings.credit_limit_cuts
        else None,
        taken_back=shown_to(tenancy, zone_, at) if inventory.taken_back else [],
        spreads=open_spreads(tenancy) if inventory.spreads else [],
        after=after,
        prices=price_outlook(account, at, zone_, tenancy.unit.property.currency),
        inventory=inventory,
    )

"""The figures that the pages show, worked out from the database. Energy is in Wh, money in nano, instants in µs since
1970.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from ...kernel.account import Account
from ...kernel.calendar import local_day, next_month, zone
from ...kernel.off_hours import OFF_HOURS
from ...kernel.orders import TakeEmergency
from ...kernel.settings import is_paid_after
from ...kernel.span import closing_day
from ...kernel.state import EXHAUSTED
from ...kernel.supply import LOCKS
from ...kernel.switching import SwitchProgress
from ...kernel.tariff import UNPRICED
from ..billing.models import Spread
from ..billing.on_the_way import on_the_way
from ..billing.spreading import open_spreads
from ..estate.models import Property, Tenancy
from ..ledger.books import balance, tenant_account
from ..metering.accounts import account_of
from ..metering.models import Alarm, Meter
from ..metering.outlook import by_day, days_left
from ..metering.seen import is_low, seen
from ..payments.shown import ShownBack, shown_to
from ..vending.models import OPEN, Command, TopUp
from .after_use import After, after_use
from .inventory import Inventory, inventory_of
from .prices import PriceOutlook, price_outlook
from .safety import advice, tonight, why_unsafe
from .state_in_words import state_in_words, state_label, switching_label, vacant_in_words


@dataclass(frozen=True)
class MeterFigures:
    """The state of a meter by the latest that is known: its journal here, or what the meter reported itself if that is
    later.

    `waiting`: paid, and not yet shown as applied by the journal. `lock`: what keeps the switch open whatever the credit
    is. `why`: what keeps it open; `exhausted` if the credit is used up. `lent`: what is left of lent credit. `advice`:
    what to do about a limit that has tripped. `tonight`: what the present off hours allow. `off_hours`: it is off only
    because of off hours. `own`: the balance at the meter belongs to the person who sees it. `pays_after`: electricity
    is paid after use; `room` is then what may be used until the limit. `switching`: how far the last order to the switch is,
    None if its gateway does not say.
    """

    meter: Meter
    where: ZoneInfo
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
    lock: str = ""
    why: str = ""
    lent: int = 0
    advice: str = ""
    tonight: str = ""
    off_hours: bool = False
    own: bool = True
    pays_after: bool = False
    room: int = 0
    switching: SwitchProgress | None = None

    @property
    def state(self) -> str:
        """One word of the design's (`states.css`): `off`; `soon`, if it is on and its credit is low; `ok`; `silent`, if it was told
        to be on and has not been seen so; or `unknown`.
        """
        if self.closed is None:
            return "unknown"
        if self.closed and self.switching not in (None, SwitchProgress.VERIFIED):
            return "silent"
        return ("soon" if self.low else "ok") if self.closed else "off"

    @property
    def sentence(self) -> str:
        """Whether the power is on and, if it is not, why: for the tenant."""
        return state_in_words(self)

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
        """The same where nobody lives: for the manager."""
        return vacant_in_words(self)


@dataclass(frozen=True)
class Day:
    """The use of a local day. `known`: the meter was read in it, or later; before that nobody knows what was used."""

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
        for each in self.top_ups:
            command = each.command
            if command is not None and command.reached_at is None and command.state in OPEN and each.code is not None:
                return str(each.code)
        return ""


def _why(account: Account, now: int) -> str:
    if account.supply.locks:
        return "; ".join(_(LOCKS[each]) for each in account.supply.locks)
    if account.supply.opened:
        return _("switched off by the manager")
    if account.supply.unsafe or account.off_until(now):
        return why_unsafe(account, now)
    if account.supply.tripped:
        return _("too much power was drawn. The supply returns by itself")
    if account.settings.credit_limit and account.why_open(now) == EXHAUSTED:
        return _("you have reached the limit of what you may owe. The power returns by itself after a payment")
    return account.why_open(now)


def figures_by(meter: Meter, property_: Property, waiting: int, alarms: int, at: int) -> MeterFigures:
    """Return the state of a meter of which is known what is on its way (`waiting`, nano), and how many alarms are open."""
    account, latest = account_of(meter), seen(meter)
    left = latest.balance
    return MeterFigures(
        meter=meter,
        where=zone(property_.zone),
        currency=property_.currency,
        balance=left,
        closed=latest.closed,
        register=meter.register,
        read_at=meter.read_at,
        online=meter.gateway.online,
        since=meter.gateway.since,
        waiting=waiting,
        low=is_low(meter, property_, account, at),
        alarms=alarms,
        lock=", ".join(account.supply.locks),
        why=_why(account, at),
        lent=max(left + account.lent(at), 0) if account.room(left) <= 0 else 0,
        advice=advice(account),
        tonight=tonight(account, at),
        off_hours=account.closed is False and account.why_open(at) == OFF_HOURS,
        pays_after=is_paid_after(account.settings),
        room=max(account.room(left), 0),
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
    """Return the state of a meter as a tenancy's tenant sees it: with their own balance, while the meter has another's."""
    if not _holds_another_balance(figures.meter, inventory):
        return figures
    return replace(figures, balance=balance(tenant_account(tenancy)) - figures.waiting, own=False)


def _holds_another_balance(meter: Meter, inventory: Inventory) -> bool:
    """Return whether the balance at the meter is not this tenant's: a tenant before is not settled, or the meter does
    not know of the settlement yet.
    """
    if not inventory.before or inventory.unsettled_before or not inventory.commands:
        return inventory.unsettled_before
    under_way = Command.objects.filter(meter=meter, state__in=OPEN, kind__in=("credit", "debit"), top_up__isnull=True)
    return under_way.exists()


def meter_figures(meter: Meter, at: int) -> MeterFigures:
    """Return the state of a meter, whoever lives there."""
    waiting, alarms = on_the_way([meter.pk]), _alarms([meter.pk])
    return figures_by(meter, meter.property, waiting.get(meter.pk, 0), alarms.get(meter.pk, 0), at)


def tenancy_panel(tenancy: Tenancy, at: int, meter: Meter | None) -> TenancyPanel | None:
    """Return what the manager sees of a tenancy's flat; None if the unit has no meter (`meter`)."""
    if meter is None:
        return None
    zone_ = zone(tenancy.unit.property.zone)
    inventory = inventory_of(tenancy, meter, at)
    waiting = on_the_way([meter.pk]).get(meter.pk, 0) if inventory.commands else 0
    figures = of_tenancy(figures_by(meter, meter.property, waiting, inventory.alarms, at), tenancy, inventory)
    today = local_day(at, zone_)
    days = _days(meter, tenancy, today, zone_)
    account = account_of(meter)
    stretch = account.stretch(at)
    return TenancyPanel(
        tenancy=tenancy,
        figures=figures,
        today=days[today.day - 1],
        days=days,
        month_energy=sum(day.energy for day in days),
        month_charge=sum(day.charge for day in days),
        top_ups=list(
            tenancy.top_ups.select_related("command__code", "given_receipt").prefetch_related("debt_parts")[:8]
        ),
        rate="" if stretch.rate == UNPRICED else stretch.rate,
        price=account.price(at),
        emergency=0 if account.objection(at, TakeEmergency()) else account.settings.emergency_credit,
        days_left=days_left(meter, tenancy, account.room(figures.balance), at)
        if account.settings.credit_limit_cuts
        else None,
        taken_back=shown_to(tenancy, zone_, at) if inventory.taken_back else [],
        spreads=open_spreads(tenancy) if inventory.spreads else [],
        after=after_use(tenancy) if inventory.terms or inventory.bills else None,
        prices=price_outlook(account, at, zone_, tenancy.unit.property.currency),
        inventory=inventory,
    )

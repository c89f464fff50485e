"""What a tenant wants to know of their flat at one look: the page, its JSON and the API ask here.

Energy in Wh, money in nano, instants in µs since 1970. Most flats lack many of the things that can be shown. These are read only
if one query (`inventory_of`) says that there are some: a flat with years of history costs the same few queries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from ...kernel.calendar import local_day, zone
from ...kernel.forecast import days_until
from ...kernel.span import closing_day
from ..billing.spreading import open_spreads
from ..core.rate_names import shown_rate
from ..estate.models import Tenancy
from ..metering.accounts import account_of
from ..metering.looks import Present, read
from ..metering.models import Meter
from ..metering.outlook import lasts_until
from ..metering.similar_compared import Compared, similar_to
from ..metering.usage import use_by_day
from ..metering.uses import Use
from ..payments.shown import ShownBack, shown_to
from ..tariffs.rate_order import in_order, rate_order
from ..vending.models import OPEN, TopUp
from ..vending.order_codes import waiting_codes
from .after_use import After
from .figures import (
    MeterFigures,
    after_of,
    beside_meter,
    emergency_now,
    figures_by,
    of_tenancy,
    rate_name,
    shown_balance,
    waiting_of,
)
from .inventory import Inventory, inventory_of
from .prices import PriceOutlook, price_outlook

BACK = timedelta(days=28)
"""The time before the last reading whose use says how many days are left."""


@dataclass(frozen=True)
class Used:
    """What was used in some days. `is_known`: the readings of these days are there; without them, 0 does not mean that nothing was used."""

    energy: int
    charge: int
    is_known: bool = True


@dataclass(frozen=True)
class RateUse:
    """What was used at a rate in the month so far. `charge`: without fees and taxes that are added."""

    rate: str
    energy: int
    charge: int


@dataclass(frozen=True)
class OpenCode:
    """A code that has not been typed yet, and would count now. `what`: what it does, in words; empty for a payment's, which
    brings `amount` (nano).
    """

    digits: str
    at: int
    amount: int = 0
    what: str = ""


@dataclass(frozen=True)
class HomeFigures:
    """What a tenant sees first. `present`: what the meter reported last, with its power; None if it never did.
    `days_left`: None if that can't be said, or the supply does not end with the credit. `month_before`: the use
    of the month before, up to the same day; None if the tenancy began after its first day, or nothing of it is known.
    `codes`: what can be typed at the meter now. `price`: of the next kWh with fee and tax, micro. `emergency`: what the meter
    lends now by one tap, nano; 0 for nothing.
    """

    tenancy: Tenancy
    figures: MeterFigures
    present: Present | None
    days_left: int | None
    today: Used
    month: Used
    month_before: Used | None
    rates: list[RateUse]
    similar: Compared | None
    rate: str
    price: int
    prices: PriceOutlook | None
    emergency: int
    codes: list[OpenCode]
    taken_back: list[ShownBack]
    has_spreads: bool
    after: After | None
    inventory: Inventory

    @property
    def code(self) -> str:
        """The code of the last payment that has not reached the meter; empty if there is none."""
        return next((each.digits for each in self.codes if not each.what), "")

    @property
    def open_codes(self) -> list[OpenCode]:
        """The codes to type now: those of orders and, while the building has no network, those of payments. The code of the last
        payment is left out, because it stands with the balance.
        """
        payments = [] if self.figures.online else [each for each in self.codes if not each.what][1:]
        return [*payments, *(each for each in self.codes if each.what)]

    @property
    def is_live(self) -> bool:
        """Whether the meter reports its present at this moment."""
        return self.present is not None and self.present.live and not self.present.cause

    @property
    def power(self) -> int | None:
        """The power that is drawn now, W; None if it is not known."""
        return self.present.power if self.present is not None and self.is_live else None


def home_figures(tenancy: Tenancy, at: int) -> HomeFigures | None:
    """Return what the tenant of a tenancy sees first, at the instant `at`; None if the flat has no meter that reports, or only
    a keypad meter.
    """
    meter = Meter.objects.select_related("gateway__property__organisation").filter(unit=tenancy.unit_id).first()
    if meter is None:
        return None
    return figures_of(tenancy, at, meter, read([meter.pk])[0].get(meter.pk))


def figures_of(tenancy: Tenancy, at: int, meter: Meter, present: Present | None) -> HomeFigures:
    """Return what the tenant of a tenancy sees first, from its `meter` and that meter's `present`, which were read already."""
    property_, inventory = tenancy.unit.property, inventory_of(tenancy, meter, at)
    place, account = zone(property_.zone), account_of(meter)
    waiting = waiting_of(meter, inventory)
    after = after_of(tenancy, inventory)
    payments = _on_the_way(tenancy, meter) if inventory.commands else []
    codes = _codes(payments, meter, inventory)
    beside = beside_meter(inventory, payments, codes[0].digits if codes and not codes[0].what else "", after)
    figures = of_tenancy(figures_by(meter, property_, waiting, 0, at, beside), tenancy, inventory)
    left, since = shown_balance(figures, present)
    today = local_day(at, place)
    read_day = None if meter.read_at is None else closing_day(meter.read_at, place)
    before = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    first = min(before, (read_day or today) - BACK)
    uses = use_by_day(meter, first, today, tenancy.begins, tenancy.ends)
    return HomeFigures(
        tenancy=tenancy,
        figures=figures,
        present=present,
        days_left=_days_left(tenancy, figures, uses, account.room(left), since, at)
        if account.settings.credit_limit_cuts
        else None,
        today=_used(uses, today, today, read_day is not None and read_day >= today),
        month=_used(uses, today.replace(day=1), today, meter.read_at is not None),
        month_before=_month_before(tenancy, uses, before, today),
        rates=_rates(uses, today, rate_order(account.versions, at)),
        similar=similar_to(tenancy, uses, at),
        rate=rate_name(account, at),
        price=account.price(at),
        prices=price_outlook(account, at, place, property_.currency),
        emergency=emergency_now(account, at),
        codes=codes,
        taken_back=shown_to(tenancy, place, at) if inventory.taken_back else [],
        has_spreads=bool(inventory.spreads and open_spreads(tenancy)),
        after=after,
        inventory=inventory,
    )


def _days_left(
    tenancy: Tenancy, figures: MeterFigures, uses: Mapping[date, Use], room: int, since: int | None, at: int
) -> int | None:
    if figures.read_at is None:
        return None
    cost = {day: use.charge for day, use in uses.items()}
    lasts = lasts_until(figures.read_at, tenancy.begins, figures.zone_info, room, cost, since)
    return None if lasts is None else days_until(lasts, at)


def _used(uses: Mapping[date, Use], first: date, last: date, is_known: bool = True) -> Used:
    own = [use for day, use in uses.items() if first <= day <= last]
    return Used(sum(each.energy for each in own), sum(each.charge for each in own), is_known)


def _month_before(tenancy: Tenancy, uses: Mapping[date, Use], first: date, today: date) -> Used | None:
    """Return the month before, from its first day up to the same day of the month, at most to its end."""
    end = today.replace(day=1) - timedelta(days=1)
    last = min(first + timedelta(days=today.day - 1), end)
    if local_day(tenancy.begins, zone(tenancy.unit.property.zone)) > first:
        return None
    used = _used(uses, first, last)
    return used if any(first <= day <= last for day in uses) else None


def _rates(uses: Mapping[date, Use], today: date, order: Sequence[str]) -> list[RateUse]:
    """Return the month so far by rate, in the order of the property's rates; before them, what no tariff has a price for."""
    sums: dict[str, list[int]] = {}
    for day, use in uses.items():
        if day >= today.replace(day=1):
            for rate, (energy, cost) in use.rates.items():
                known = sums.setdefault(rate, [0, 0])
                known[0] += energy
                known[1] += cost
    return [RateUse(shown_rate(rate), *sums[rate]) for rate in in_order(sums, order) if sums[rate][0]]


def _on_the_way(tenancy: Tenancy, meter: Meter) -> list[TopUp]:
    """Return the payments that are not at the meter yet, the latest first."""
    rows = tenancy.top_ups.filter(command__meter=meter, command__state__in=OPEN, command__coded_seq=None)
    return list(rows.select_related("command__code"))


def _codes(payments: list[TopUp], meter: Meter, inventory: Inventory) -> list[OpenCode]:
    """Return the codes that can be typed now: of payments, the latest first, then those that lend credit or give power."""
    carried = [(each.code, each.amount) for each in payments]
    codes = [OpenCode(str(code), code.at, amount) for code, amount in carried if code is not None]
    if inventory.codes:
        codes += [OpenCode(str(each), each.at, what=each.what) for each in waiting_codes(meter, tenants=True)]
    return codes

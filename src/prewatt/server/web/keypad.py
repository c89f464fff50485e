"""What the pages show of the account of a flat with a keypad meter. Energy in Wh, money in nano, instants in µs since
1970.
"""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from ...kernel.buying import price_of
from ...kernel.calendar import zone
from ..estate.models import Tenancy
from ..ledger.books import balance, tenant_account
from ..payments.shown import ShownBack, shown_to
from ..sales.keypad_entries import days_not_charged, versions_of
from ..sales.keypad_left import found_at_move_in
from ..statements.keypad import sold_code
from ..statements.keypad_figures import SoldCode
from ..vending.keypad_models import KeypadReading
from ..vending.keypad_readings import most_left, readings, sold
from ..vending.keypads import keypad_of
from ..vending.models import KeypadEntry, TokenMeter, TopUp

MOST = 12
"""The most codes and payments that a page shows."""
KWH = 1_000


@dataclass(frozen=True)
class KeypadPanel:
    """The account of a tenancy with a keypad meter. `credit`: what no code carries yet, less the days that have ended
    and are not charged yet; below zero, what the next payment pays first. `price`: of the next kWh with fee and tax,
    micro per kWh; None if no tariff is in force, or it costs nothing. `left`: the most energy (Wh) that can be left, by
    the last reading and what was sold since; None if what was left was never typed. `energy_at_move_in`: what was
    left at the move-in and is not charged.
    """

    tenancy: Tenancy
    meter: TokenMeter
    zone_info: ZoneInfo
    currency: str
    credit: int
    price: int | None
    codes: list[SoldCode]
    top_ups: list[TopUp]
    taken_back: list[ShownBack]
    last: KeypadReading | None
    left: int | None
    energy_at_move_in: int

    @property
    def code(self) -> SoldCode | None:
        """Return the last code that was made and not given back; None if there is none."""
        return next((each for each in self.codes if not each.is_back), None)

    @property
    def owed(self) -> int:
        """Return what the next payment pays first, nano."""
        return max(-self.credit, 0)


def keypad_panel(tenancy: Tenancy, at: int) -> KeypadPanel | None:
    """Return the account of a tenancy's keypad meter at an instant; None if the flat has none. Nothing is charged by
    looking.
    """
    token_meter = keypad_of(tenancy.unit_id)
    if token_meter is None:
        return None
    days = days_not_charged(tenancy, token_meter, at)
    charge = price_of(versions_of(tenancy), at, KWH, days.counters).charge
    last, most = readings(token_meter).defer("photo").last(), most_left(token_meter)
    entries = tenancy.keypad_entries.filter(kind=KeypadEntry.Kind.SOLD).order_by("-number")
    property_ = tenancy.unit.property
    return KeypadPanel(
        tenancy=tenancy,
        meter=token_meter,
        zone_info=zone(property_.zone),
        currency=property_.currency,
        credit=balance(tenant_account(tenancy)) - days.charge,
        price=-(-charge // KWH) if charge else None,
        codes=[sold_code(each) for each in entries.select_related("code")[:MOST]],
        top_ups=list(tenancy.top_ups.select_related("entry__code").prefetch_related("debt_parts")[:MOST]),
        taken_back=shown_to(tenancy, zone(property_.zone), at),
        last=last,
        left=None if most is None or last is None else most + sold(token_meter, last.at),
        energy_at_move_in=found_at_move_in(tenancy, token_meter),
    )

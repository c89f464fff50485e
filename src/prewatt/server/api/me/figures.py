"""The figures of a tenant's home as the API writes them. Here alone it is said where they come from."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from ....kernel.ahead import next_change
from ....kernel.calendar import local_day, zone
from ....kernel.currencies import MINOR_DIGITS
from ....kernel.state import EXHAUSTED
from ....kernel.tariff import UNPRICED
from ....kernel.units import exact_instant, exact_kwh, exact_money, exact_price
from ...core import local_forms
from ...estate.models import Tenancy, Unit
from ...ledger.books import balance, tenant_account
from ...metering.accounts import account_of
from ...metering.models import Meter
from ...payments.matching import reference
from ...vending.models import OPEN
from ...vending.order_codes import waiting_codes
from ...web.charts import Period, State, chart_of
from ...web.figures import TenancyPanel, tenancy_panel
from ...web.keypad import KeypadPanel, keypad_panel
from ...web.live import WatchedMeter
from .own import instant_text, is_present, money_text

AGAIN = 0


def home(tenancy: Tenancy, at: int) -> dict[str, Any]:
    """Return what the home of a tenancy shows at an instant. What the meter shows before the move-in and after the move-out is
    somebody else's: then only the account is in it.
    """
    property_ = tenancy.unit.property
    values = {
        "id": tenancy.pk,
        "unit": tenancy.unit.name,
        "property": property_.name,
        "landlord": property_.organisation.name,
        "is_present": is_present(tenancy),
        "currency": {
            "code": property_.currency,
            "sign": local_forms.sign(property_.currency),
            "decimals": MINOR_DIGITS.get(property_.currency, 2),
        },
        "at": exact_instant(at),
        "transfer": transfer(tenancy),
        "gateway_page": None,
        **_NOTHING,
    }
    if not is_present(tenancy):
        return values | _not_there(tenancy, at)
    watched = WatchedMeter(tenancy.unit, AGAIN)
    panel = tenancy_panel(tenancy, at, watched.meter)
    if panel is None or watched.meter is None:
        return values | _by_codes(tenancy, keypad_panel(tenancy, at))
    return values | _metered(tenancy, panel, watched, at)


_NOTHING: dict[str, Any] = dict.fromkeys(
    ("seen_at", "is_online", "days_left", "power_w", "is_on", "lent", "emergency", "today", "month", "price", "waiting")
) | {"codes": []}


def transfer(tenancy: Tenancy) -> dict[str, Any]:
    """Return how a transfer of money is made that is found to be this tenant's."""
    name = reference(tenancy)
    words = _(
        "Pay the manager in cash, or by a transfer with the reference %(reference)s. You get the credit as soon as the manager "
        "records your payment."
    )
    return {"reference": name, "words": words % {"reference": name}}


def _not_there(tenancy: Tenancy, at: int) -> dict[str, Any]:
    """Return the account of somebody who does not live there yet, or any more."""
    left = tenancy.begins <= at
    text = _("You don't live there any more.") if left else _("You don't live there yet.")
    return {
        "balance": exact_money(balance(tenant_account(tenancy))),
        "state": "unknown",
        "why": {"cause": "moved-out" if left else "not-moved-in", "title": text, "text": text, "what_to_do": []},
    }


def _by_codes(tenancy: Tenancy, panel: KeypadPanel | None) -> dict[str, Any]:
    """Return the account of a flat whose meter takes codes alone, or that has none."""
    credit = panel.credit if panel is not None else balance(tenant_account(tenancy))
    codes = [each for each in panel.codes if not each.is_back][:1] if panel is not None else []
    title = _("not known yet")
    text = (
        _("Nobody hears from this meter: look at its display.")
        if panel is not None
        else _("This flat has no meter yet.")
    )
    return {
        "balance": exact_money(credit),
        "state": "unknown",
        "why": {"cause": "", "title": title, "text": text, "what_to_do": []},
        "codes": [
            {
                "digits": each.text.replace(" ", ""),
                "amount": money_text(each.charge),
                "made_at": exact_instant(each.at),
                "order": None,
            }
            for each in codes
        ],
    }


def _metered(tenancy: Tenancy, panel: TenancyPanel, watched: WatchedMeter, at: int) -> dict[str, Any]:
    figures, present = panel.figures, watched.meter_present
    assert watched.meter is not None
    live = present is not None and present.live and figures.own
    return {
        "seen_at": instant_text(figures.read_at),
        "is_online": figures.online,
        "balance": exact_money(present.balance if live and present is not None else figures.balance),
        "days_left": panel.days_left,
        "power_w": present.power if live and present is not None else None,
        "is_on": figures.closed,
        "state": _look(panel),
        "why": _why(panel),
        "lent": money_text(figures.lent) if figures.lent else None,
        "waiting": money_text(figures.waiting) if figures.waiting else None,
        "emergency": {"offered": True, "amount": exact_money(panel.emergency)} if panel.emergency else None,
        "today": {"kwh": exact_kwh(panel.today.energy), "money": exact_money(panel.today.charge)},
        "month": _month(tenancy, panel, watched.meter, at),
        "price": _price(panel, watched.meter, at),
        "codes": _codes(panel, watched.meter),
    }


def _look(panel: TenancyPanel) -> str:
    """Return how the state is shown, by the signs of the pages (`docs/developer/look.md`)."""
    figures = panel.figures
    if figures.state == "on":
        return "ok" if figures.online else "silent"
    return {"low": "soon", "unseen": "doubtful"}.get(figures.state, figures.state)


def _why(panel: TenancyPanel) -> dict[str, Any]:
    """Return whether the power is on, why, and what to do."""
    figures = panel.figures
    exhausted = figures.why == EXHAUSTED
    todo = [figures.advice if figures.state == "off" else "", figures.tonight]
    if figures.state == "off" and exhausted and panel.code:
        todo.append(_("Type the open code at the meter, or at the page in the building."))
    elif figures.state == "low" or (figures.state == "off" and exhausted):
        todo.append(_("Top up."))
    cause = ("exhausted" if exhausted else "ordered") if figures.state == "off" else figures.state
    return {
        "cause": cause if figures.online else f"offline-{cause}",
        "title": figures.state_label,
        "text": figures.sentence,
        "what_to_do": [each for each in todo if each],
    }


def _month(tenancy: Tenancy, panel: TenancyPanel, meter: Meter, at: int) -> dict[str, Any]:
    """Return the month up to now, beside as much of the last month."""
    chart = chart_of(meter, Period.MONTH, local_day(at, zone(meter.property.zone)), at, tenancy)
    reached = max((number for number, each in enumerate(chart.parts, 1) if each.state is not State.AHEAD), default=0)
    before = [each for each in chart.before[:reached] if each.state in (State.KNOWN, State.PARTLY)]
    beside = {
        "kwh": exact_kwh(sum(each.energy for each in before)),
        "money": exact_money(sum(each.charge for each in before)),
    }
    return {
        "kwh": exact_kwh(panel.month_energy),
        "money": exact_money(panel.month_charge),
        "beside_last": beside if before else None,
    }


def _price(panel: TenancyPanel, meter: Meter, at: int) -> dict[str, Any] | None:
    if not panel.rate:
        return None
    change = next_change(account_of(meter), at)
    later = change[1] if change is not None else None
    return {
        "now": exact_price(panel.price),
        "unit": "kWh",
        "name": panel.rate,
        "next": {"from": exact_instant(later.begin), "price": exact_price(later.price), "name": _rate(later.rate)}
        if later is not None
        else None,
        "words": panel.prices.change if panel.prices is not None else "",
    }


def _rate(name: str) -> str:
    return "" if name == UNPRICED else name


def _codes(panel: TenancyPanel, meter: Meter) -> list[dict[str, Any]]:
    """Return the codes that can be typed: of payments that are on their way, then of orders that help the tenant."""
    paid = [
        {
            "digits": each.code.digits,
            "amount": exact_money(each.amount),
            "made_at": exact_instant(each.code.at),
            "order": None,
        }
        for each in panel.top_ups
        if each.command is not None
        and each.command.reached_at is None
        and each.command.state in OPEN
        and each.code is not None
    ]
    ordered = [
        {"digits": each.code.digits, "amount": None, "made_at": exact_instant(each.at), "order": each.what}
        for each in waiting_codes(meter, tenants=True)
    ]
    return [*paid, *ordered]


def meter_of(unit: Unit) -> Meter | None:
    """Return the meter of a flat; None if it has none."""
    return Meter.objects.filter(unit=unit).select_related("gateway__property__organisation", "unit").first()

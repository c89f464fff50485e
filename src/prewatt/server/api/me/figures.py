"""The figures of a tenant's home (`web.home_figures`) as the API writes them."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from ....kernel.ahead import next_change
from ....kernel.currencies import minor_digits
from ....kernel.tariff import UNPRICED
from ....kernel.units import exact_instant, exact_kwh, exact_money, exact_price
from ...core import local_forms
from ...core.addresses import public
from ...core.rate_names import shown_rate
from ...estate.models import Tenancy, Unit
from ...ledger.books import balance, tenant_account
from ...metering.accounts import account_of
from ...metering.looks import Present
from ...metering.models import Meter
from ...payments.matching import reference
from ...web.dark import explained
from ...web.figures import MeterFigures
from ...web.home_figures import HomeFigures, OpenCode, Used, home_figures
from ...web.keypad import KeypadPanel, keypad_panel
from ..writing import instant_text, money_text
from .own import is_present


def home(tenancy: Tenancy, at: int) -> dict[str, Any]:
    """Return what the home of a tenancy shows at an instant. Before the move-in and after the move-out the meter shows
    what is somebody else's: then only the account is in it.
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
            "decimals": minor_digits(property_.currency),
        },
        "at": exact_instant(at),
        "transfer": transfer(tenancy),
        "gateway_page": None,
        **_NOTHING,
    }
    if not is_present(tenancy):
        return values | _not_there(tenancy, at)
    flat = home_figures(tenancy, at)
    if flat is None:
        return values | _by_codes(tenancy, keypad_panel(tenancy, at))
    return values | _metered(flat, at)


_NOTHING: dict[str, Any] = dict.fromkeys(
    ("seen_at", "is_online", "days_left", "power_w", "is_on", "lent", "emergency", "today", "month", "price", "waiting")
) | {"codes": []}


def transfer(tenancy: Tenancy) -> dict[str, Any]:
    """Return how to transfer money so that it is found to be this tenant's: a reference, and words for people."""
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
        "why": {
            "cause": "moved-out" if left else "not-moved-in",
            "title": text,
            "text": text,
            "what_to_do": [],
            "off_hours": "",
        },
    }


def _by_codes(tenancy: Tenancy, panel: KeypadPanel | None) -> dict[str, Any]:
    """Return the account of a flat whose meter takes codes alone, or that has none."""
    credit = panel.credit if panel is not None else balance(tenant_account(tenancy))
    codes = [each for each in panel.codes if not each.is_back][:1] if panel is not None else []
    title = _("not known yet")
    text = (
        _("This meter sends no data. Look at its display.") if panel is not None else _("This flat has no meter yet.")
    )
    return {
        "balance": exact_money(credit),
        "state": "unknown",
        "why": {"cause": "", "title": title, "text": text, "what_to_do": [], "off_hours": ""},
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


def _metered(flat: HomeFigures, at: int) -> dict[str, Any]:
    figures = flat.figures
    present = _heard_now(flat)
    return {
        "seen_at": instant_text(figures.read_at),
        "is_online": figures.online,
        "balance": exact_money(present.balance if present is not None else figures.balance),
        "days_left": flat.days_left,
        "power_w": present.power if present is not None else None,
        "is_on": figures.closed,
        "state": _look(figures),
        "why": _why(flat),
        "lent": money_text(figures.lent) if figures.lent else None,
        "waiting": money_text(figures.waiting) if figures.waiting else None,
        "emergency": {"offered": True, "amount": exact_money(flat.emergency)} if flat.emergency else None,
        "today": _used(flat.today),
        "month": {
            **_used(flat.month),
            "beside_last": _used(flat.month_before) if flat.month_before is not None else None,
        },
        "price": _price(flat, at),
        "codes": [_code(each) for each in flat.codes],
    }


def _heard_now(flat: HomeFigures) -> Present | None:
    """Return what the meter reports at this moment; None if it does not, or has another tenant's balance."""
    present = flat.present
    return present if present is not None and present.live and flat.figures.own else None


def _look(figures: MeterFigures) -> str:
    """Return how the state is shown, by the signs of the pages (`docs/developer/look.md`). What is not of now has the ring."""
    return "silent" if figures.state == "ok" and figures.facts.is_unheard else figures.state


def _why(flat: HomeFigures) -> dict[str, Any]:
    """Return whether the power is on, why it is not, and what to do, the most useful first."""
    home_page = public(reverse("tenant:home:tenancy", args=[flat.tenancy.pk]))
    said = explained(flat.figures.why, flat.figures.facts, home_page)
    return {
        "cause": said.cause,
        "title": said.title,
        "text": said.text,
        "what_to_do": [{"do": each.do, "text": each.text, "link": each.link or None} for each in said.steps],
        "off_hours": flat.figures.tonight,
    }


def _used(used: Used) -> dict[str, Any]:
    return {"kwh": exact_kwh(used.energy), "money": exact_money(used.charge)}


def _price(flat: HomeFigures, at: int) -> dict[str, Any] | None:
    if not flat.rate:
        return None
    change = next_change(account_of(flat.figures.meter), at)
    later = change[1] if change is not None else None
    return {
        "now": exact_price(flat.price),
        "unit": "kWh",
        "name": flat.rate,
        "next": {"from": exact_instant(later.begin), "price": exact_price(later.price), "name": _rate(later.rate)}
        if later is not None
        else None,
        "words": flat.prices.change if flat.prices is not None else "",
    }


def _rate(name: str) -> str:
    return "" if name == UNPRICED else shown_rate(name)


def _code(code: OpenCode) -> dict[str, Any]:
    return {
        "digits": code.digits.replace(" ", ""),
        "amount": None if code.what else exact_money(code.amount),
        "made_at": exact_instant(code.at),
        "order": code.what or None,
    }


def meter_of(unit: Unit) -> Meter | None:
    """Return the meter of a flat; None if it has none."""
    return Meter.objects.filter(unit=unit).select_related("gateway__property__organisation", "unit").first()

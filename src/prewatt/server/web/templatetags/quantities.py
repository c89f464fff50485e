"""Template filters that print exact quantities for people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils.translation import gettext

from ....kernel.calendar import local
from ....kernel.charges import CHARGES
from ....kernel.charges.interface import PerKwh
from ....kernel.currencies import format_money
from ....kernel.tariff import Tariff
from ...allocation.models import BASES, Share
from ...core import local_forms
from ...statements.bills import Standing
from ...statements.statement import ADJUSTMENTS, ELECTRICITY, SECTIONS, SHARED, STANDING, TAX, TOP_UPS, Line, Statement

register = template.Library()


@register.filter
def money(nano: int | None, currency: str) -> str:
    """Return an amount (nano) as it is paid in its currency: 12.50 (EUR), 0.125 (KWD), 1000 (JPY). Every amount needs a
    currency.
    """
    return "–" if nano is None else local_forms.money(nano, currency)


@register.filter
def typed_amount(nano: int, currency: str) -> str:
    """Return an amount (nano) as somebody types it into a form, in any language: 12.50."""
    return format_money(nano, currency)


@register.filter
def money_with_code(nano: int | None, currency: str) -> str:
    """Return an amount (nano) with its currency, as the language writes it: 12.50 EUR, 12,50 €."""
    return "–" if nano is None else local_forms.money_with_code(nano, currency)


@register.filter
def sign(currency: str) -> str:
    """Return what stands for a currency behind an amount, as the language writes it: EUR, €, 元."""
    return local_forms.sign(currency)


@register.filter
def kwh(wh: int | None) -> str:
    """Return energy (Wh) in kWh: 1.234."""
    return "–" if wh is None else local_forms.kwh(wh)


@register.filter
def tenths(wh: int) -> str:
    """Return energy (Wh) in kWh as it is read at one look: 1.2."""
    return local_forms.tenths_kwh(wh)


@register.filter
def price(micro: int) -> str:
    """Return a price (micro) without zeros at the end that say nothing: 0.182."""
    return local_forms.price(micro)


def _wall(at: int | None, zone_info: ZoneInfo, form: str) -> str:
    # Without its zone: Django would turn an aware datetime to the server's zone.
    return "–" if at is None else local_forms.moment(local(at, zone_info).replace(tzinfo=None), form)


@register.filter
def dated(day: date | None, form: str) -> str:
    """Return a day as the language writes it; `form` is how English does: `j F Y`."""
    return "–" if day is None else local_forms.day(day, form)


@register.filter
def when(at: int | None, zone_info: ZoneInfo) -> str:
    """Return an instant on the property's wall clock: 6 Oct, 13:30."""
    return _wall(at, zone_info, "j M, H:i")


@register.filter
def seconds(at: int | None, zone_info: ZoneInfo) -> str:
    """Return an instant of today on the property's wall clock, with seconds: 13:30:05."""
    return _wall(at, zone_info, "H:i:s")


@register.filter
def clock(at: int | None, zone_info: ZoneInfo) -> str:
    """Return the time of day of an instant on the property's wall clock: 13:30."""
    return _wall(at, zone_info, "H:i")


@register.filter
def day_of(at: int | None, zone_info: ZoneInfo) -> str:
    """Return the local day of an instant: 6 Oct 2013."""
    return _wall(at, zone_info, "j M Y")


@register.filter
def last_day_of(at: int, zone_info: ZoneInfo) -> str:
    """Return the last local day of a span that ends at an instant."""
    return _wall(at - 1, zone_info, "j M Y")


@register.filter
def when_in_full(at: int, zone_info: ZoneInfo) -> str:
    """Return an instant with its weekday: Sunday 6 October 2013, 13:30."""
    return _wall(at, zone_info, "l j F Y, H:i")


@register.filter
def month(at: int, zone_info: ZoneInfo) -> str:
    """Return the local month of an instant: October 2013."""
    return _wall(at, zone_info, "F Y")


@register.filter
def amount(nano: int, currency: str) -> str:
    """Return an exact amount (nano), with as many decimals as it needs, and at least those of its currency."""
    return local_forms.exact_amount(nano, currency)


@register.filter
def threshold(wh: int) -> str:
    """Return energy (Wh) in kWh without zeros at the end: 3120."""
    return local_forms.short_kwh(wh)


@register.filter
def signed(nano: int, currency: str) -> str:
    """Return an amount as `money` does, with a plus if it is over 0: +2.34."""
    return local_forms.signed_money(nano, currency)


@register.filter
def charges_in_words(tariff: Tariff) -> list[str]:
    """Return what a tariff charges beside the energy: service fee 0.01/kWh."""
    return [
        gettext(form.fact) % {"amount": price(each) if isinstance(form, PerKwh) else amount(each, tariff.currency)}
        for form in CHARGES
        if (each := form.of(tariff))
    ]


@register.filter
def percent(ppm: int) -> str:
    """Return parts per million in percent: 19."""
    return local_forms.percent(ppm)


_TONES = {"sent": "good", "done": "good", "failed": "bad", "open": "warn"}


@register.filter
def tone(state: str) -> str:
    """Return the colour of a state's chip, as a class of the style sheet: `good`, `bad`, `warn` or `quiet`."""
    return _TONES.get(state, "quiet")


@register.filter
def words(text: str) -> list[str]:
    """Return the words of a text."""
    return text.split()


@register.filter
def item(values: Mapping[str, Any], key: str) -> Any:
    """Return a value by its key."""
    return values[key]


@register.simple_tag
def rounded(document: Statement, nano: int) -> str:
    """Return an amount of a statement, rounded to the minor unit of its currency."""
    return local_forms.number(document.rounded(nano))


@register.simple_tag
def later(document: Statement, standing: Standing) -> int:
    """Return the amount (nano) of a bill's span that was booked after the bill was made; over 0 if more is owed."""
    return -document.closing - int(standing.bill.owed)


@register.filter
def by_section(document: Statement) -> list[tuple[str, list[Line]]]:
    """Return pairs of a heading and a statement's lines under it."""
    names = {
        TOP_UPS: gettext("Top-ups"),
        ELECTRICITY: gettext("Electricity"),
        STANDING: gettext("Standing charges"),
        TAX: gettext("Taxes"),
        SHARED: gettext("Shared costs"),
        ADJUSTMENTS: gettext("Adjustments"),
    }
    return [(names[section], lines) for section in SECTIONS if (lines := document.section(section))]


@register.filter
def derived(share: Share, currency: str) -> str:
    """Return in a line how a share was calculated: of 48.20 CAD: 50 % by equal shares (15 of 360), 50 % by …"""
    run = share.run
    everybody = list(run.shares.values_list("weights", flat=True))
    parts = [
        gettext("%(percent)s %% by %(basis)s (%(own)s of %(all)s)")
        % {
            "percent": local_forms.number(str(part)),
            "basis": BASES[basis],
            "own": local_forms.number(share.weights[basis]),
            "all": local_forms.number(f"{sum(Decimal(weights[basis]) for weights in everybody):f}"),
        }
        for basis, part in run.rule.items()
    ]
    energy = "" if run.energy is None else f", {local_forms.kwh(run.energy)} kWh"
    of = gettext("of %(cost)s %(currency)s in all") % {"cost": amount(run.cost, currency), "currency": sign(currency)}
    return f"{of}{energy}: {', '.join(parts)}"

"""Printing exact quantities for people."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils.formats import date_format
from django.utils.translation import gettext

from ....kernel.calendar import local
from ....kernel.currencies import format_exact, format_money, format_signed
from ....kernel.units import exact_kwh, exact_percent, short_price
from ...allocation.models import BASES, Share
from ...statements.bills import Standing
from ...statements.statement import ADJUSTMENTS, ELECTRICITY, SECTIONS, SHARED, STANDING, TAX, TOP_UPS, Line, Statement

register = template.Library()


@register.filter
def money(nano: int | None, currency: str) -> str:
    """An amount as it is paid in its currency: 12.50 (EUR), 0.125 (KWD), 1000 (JPY). No amount is printed without one."""
    return "–" if nano is None else format_money(nano, currency)


@register.filter
def kwh(wh: int | None) -> str:
    """1.234"""
    return "–" if wh is None else exact_kwh(wh)


@register.filter
def price(micro: int) -> str:
    """0.182, without the zeros at the end that a price doesn't need."""
    return short_price(micro)


def _wall(at: int | None, where: ZoneInfo, form: str) -> str:
    # Without its zone: Django would turn an aware datetime to the server's zone.
    return "–" if at is None else date_format(local(at, where).replace(tzinfo=None), form)


@register.filter
def when(at: int | None, where: ZoneInfo) -> str:
    """An instant on the property's wall clock: 6 Oct, 13:30"""
    return _wall(at, where, "j M, H:i")


@register.filter
def seconds(at: int | None, where: ZoneInfo) -> str:
    """An instant of today on the property's wall clock: 13:30:05"""
    return _wall(at, where, "H:i:s")


@register.filter
def clock(at: int | None, where: ZoneInfo) -> str:
    """An instant's hour on the property's wall clock: 13:30"""
    return _wall(at, where, "H:i")


@register.filter
def day_of(at: int | None, where: ZoneInfo) -> str:
    """The local day of an instant: 6 Oct 2013"""
    return _wall(at, where, "j M Y")


@register.filter
def last_day_of(at: int, where: ZoneInfo) -> str:
    """The last local day of a span that ends at an instant."""
    return _wall(at - 1, where, "j M Y")


@register.filter
def when_in_full(at: int, where: ZoneInfo) -> str:
    """Sunday 6 October 2013, 13:30"""
    return _wall(at, where, "l j F Y, H:i")


@register.filter
def month(at: int, where: ZoneInfo) -> str:
    """October 2013"""
    return _wall(at, where, "F Y")


@register.filter
def amount(nano: int, currency: str) -> str:
    """An exact amount, with as many decimals as it needs, and at least those of its currency."""
    return format_exact(nano, currency)


@register.filter
def threshold(wh: int) -> str:
    """3120 kWh, without the zeros at the end."""
    return exact_kwh(wh).rstrip("0").rstrip(".")


@register.filter
def signed(nano: int, currency: str) -> str:
    """As `money`, with a plus where it is one: +2.34"""
    return format_signed(nano, currency)


@register.filter
def percent(ppm: int) -> str:
    """19"""
    return exact_percent(ppm)


@register.filter
def words(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


@register.filter
def item(found: Mapping[str, Any], key: str) -> Any:
    """A value by its key."""
    return found[key]


@register.simple_tag
def rounded(made: Statement, nano: int) -> str:
    """An amount of a statement, rounded to its currency's minor unit."""
    return made.rounded(nano)


@register.simple_tag
def later(made: Statement, stands: Standing) -> int:
    """What of a bill's span was booked after the bill was made, nano; over 0 if more is owed."""
    return -made.closing - int(stands.bill.owed)


@register.filter
def by_section(made: Statement) -> list[tuple[str, list[Line]]]:
    """A statement's lines under their headings."""
    names = {
        TOP_UPS: gettext("Top-ups"),
        ELECTRICITY: gettext("Electricity"),
        STANDING: gettext("Standing charges"),
        TAX: gettext("Taxes"),
        SHARED: gettext("Shared costs"),
        ADJUSTMENTS: gettext("Adjustments"),
    }
    return [(names[section], lines) for section in SECTIONS if (lines := made.section(section))]


@register.filter
def derived(share: Share, currency: str) -> str:
    """How a share came about, in a line: of 48.20 CAD: 50 % by equal shares (15 of 360), 50 % by ..."""
    run = share.run
    everybody = list(run.shares.values_list("weights", flat=True))
    parts = [
        gettext("%(percent)s %% by %(basis)s (%(own)s of %(all)s)")
        % {
            "percent": part, "basis": BASES[basis], "own": share.weights[basis],
            "all": f"{sum(Decimal(weights[basis]) for weights in everybody):f}",
        }
        for basis, part in run.rule.items()
    ]  # fmt: skip
    energy = "" if run.energy is None else f", {exact_kwh(run.energy)} kWh"
    of = gettext("of %(cost)s %(currency)s in all") % {"cost": amount(run.cost, currency), "currency": currency}
    return f"{of}{energy}: {', '.join(parts)}"

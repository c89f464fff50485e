"""Printing exact quantities for people."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django import template
from django.utils.formats import date_format

from ....kernel.calendar import local
from ....kernel.units import exact_kwh, exact_price, round_money

register = template.Library()


@register.filter
def money(nano: int | None) -> str:
    """12.50"""
    return "–" if nano is None else round_money(nano)


@register.filter
def kwh(wh: int | None) -> str:
    """1.234"""
    return "–" if wh is None else exact_kwh(wh)


@register.filter
def price(micro: int) -> str:
    """0.182, without the zeros at the end that a price doesn't need."""
    whole, _, decimals = exact_price(micro).partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def _wall(at: int | None, where: ZoneInfo, form: str) -> str:
    # Without its zone: Django would turn an aware datetime to the server's zone.
    return "–" if at is None else date_format(local(at, where).replace(tzinfo=None), form)


@register.filter
def when(at: int | None, where: ZoneInfo) -> str:
    """An instant on the property's wall clock: 6 Oct, 13:30"""
    return _wall(at, where, "j M, H:i")


@register.filter
def when_in_full(at: int, where: ZoneInfo) -> str:
    """Sunday 6 October 2013, 13:30"""
    return _wall(at, where, "l j F Y, H:i")


@register.filter
def month(at: int, where: ZoneInfo) -> str:
    """October 2013"""
    return _wall(at, where, "F Y")

"""Template filters of the rates of a tariff: their order and their colours."""

from __future__ import annotations

from collections.abc import Sequence

from django import template

from ....kernel.tariff import Rate, Tariff
from ...tariffs import rate_order
from ..rate_colours import colour_of

register = template.Library()


@register.filter
def cheapest_first(tariff: Tariff) -> list[Rate]:
    """Return the rates of a tariff, the cheapest first."""
    return rate_order.cheapest_first(tariff)


@register.filter
def rate_colour(rate: str, order: Sequence[str]) -> str:
    """Return the class of a rate's colour, by its place in the order of the property's rates."""
    return colour_of(rate, order)

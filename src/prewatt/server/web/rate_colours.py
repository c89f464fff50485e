"""The colour of a rate, which is the same on every chart, strip and list of a building: its class in `charts.css`."""

from __future__ import annotations

from collections.abc import Sequence

COLOURS = 6
"""How many colours `charts.css` has; the rates after these begin with the first one again."""


def colour_of(rate: str, order: Sequence[str]) -> str:
    """Return the class of a rate's colour by its place in the order of the property's rates; `no-rate` for what has no place
    there, such as energy that was used before any tariff.
    """
    return f"rate{order.index(rate) % COLOURS}" if rate in order else "no-rate"

"""What people must know of a planned series of dated prices, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from ...kernel.calendar import local, zone
from ...kernel.tariff import Dated, RateCalendar, Tariff
from ...kernel.units import HOUR, MINUTE
from ..core import local_forms
from .dated import in_force
from .prices import Series
from .steps import gaps

SHOWN = 10
"""The most gaps that are named one by one."""


def notes(planned: Mapping[int, Tariff], series: Sequence[Dated], now: int, zone_name: str) -> list[str]:
    """Return sentences about a planned series for people: its gaps and its end, with the tariff in force there, and
    prices below zero. `zone_name`: the name of the property's time zone.
    """
    ahead = [(begin, end) for begin, end in gaps(series) if end > now]
    sentences = []
    for begin, end in ahead[:SHOWN]:
        values = {"begin": _wall(begin, zone_name), "end": _wall(end, zone_name), "long": _long(end - begin)}
        sentences.append(
            _("There is no price from %(begin)s until %(end)s (%(long)s): %(holds)s.")
            % {**values, "holds": _holds(planned, begin)}
        )
    if len(ahead) > SHOWN:
        sentences.append(_("There are %(count)d more gaps.") % {"count": len(ahead) - SHOWN})
    below = series.below_zero if isinstance(series, Series) else 0
    if below:
        sentences.append(_("Prices below zero, which are taken as 0: %(count)d.") % {"count": below})
    end = series[-1].end
    sentences.append(
        _("The last price ends at %(end)s: %(holds)s.") % {"end": _wall(end, zone_name), "holds": _holds(planned, end)}
    )
    return sentences


def _holds(planned: Mapping[int, Tariff], at: int) -> str:
    """Return the tariff that the plan has in force at an instant, in words."""
    tariff = in_force(sorted(planned.items()), at)
    if tariff is None:
        return _("what applied before applies there too")
    stretch = RateCalendar(tariff).stretch(at)
    values = {
        "rate": stretch.rate,
        "price": local_forms.price(stretch.prices[0]),
        "currency": local_forms.sign(tariff.currency),
    }
    if tariff.dated is not None and stretch.rate == tariff.dated.name and tariff.dated.begin <= at < tariff.dated.end:
        return _("the prices that were loaded before apply from then, first %(price)s %(currency)s") % values
    return _("the tariff's other prices apply from then, first %(rate)s at %(price)s %(currency)s") % values


def _wall(at: int, zone_name: str) -> str:
    return local_forms.moment(local(at, zone(zone_name)).replace(tzinfo=None), "j M Y, H:i")


def _long(span: int) -> str:
    hours, minutes = span // HOUR, span % HOUR // MINUTE
    return " ".join(filter(None, (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "")))

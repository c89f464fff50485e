"""What dated prices do to a property's coming tariffs, and what people are to know of it. Rules without a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from msgspec.structs import replace

from ...kernel.calendar import local, zone
from ...kernel.rating import gross
from ...kernel.tariff import Dated, RateCalendar, Tariff
from ...kernel.units import HOUR, MINUTE, short_price
from .prices import Series
from .steps import gaps

FAR = 10
"""A usual price so many times over the tariff's dearest is in another unit."""
NEAR = 50
"""So is a file whose dearest price is so many times under the tariff's cheapest."""
SHOWN = 10
"""So many gaps are told one by one."""


def plan(coming: Mapping[int, Tariff], base: Tariff, series: Sequence[Dated], now: int) -> dict[int, Tariff]:
    """What is to hold, by instant, so that the series holds on top of `base` from `now` on. `coming`: what holds and will, by
    the instant it takes effect.

    Prices that an earlier series has for the same time are replaced; those before, in gaps and after stay. A tariff that
    begins meanwhile is what the prices stand on from then on.
    """
    found: dict[int, Tariff] = {}
    first = max(series[0].begin, now)
    plain = [(at, tariff) for at, tariff in sorted(coming.items()) if tariff.dated is None and at > first]
    for dated in series:
        begin = max(dated.begin, now)
        if dated.end <= now:
            continue
        root = replace(next((tariff for at, tariff in reversed(plain) if at <= begin), base), dated=None)
        found[begin] = replace(root, dated=dated)
        for at, tariff in sorted(coming.items()):
            if begin < at < dated.end:
                root = replace(tariff, dated=None) if tariff.dated is None else root
                found[at] = replace(root, dated=dated)
        before = [tariff for at, tariff in sorted(coming.items()) if at <= dated.end]
        left = before[-1].dated if before else None
        if left is not None and left.end > dated.end:
            found[dated.end] = before[-1]
    return found


def check_scale(base: Tariff, series: Sequence[Dated]) -> None:
    """ValidationError, with what a kWh would cost, if the prices are in another unit than the tariff under them."""
    known = [price for rate in base.rates for price in rate.prices if price]
    prices = [price for dated in series for price in dated.prices]
    if not known or not any(prices):
        return
    usual, dearest = int(median(prices)), max(prices)
    if usual > FAR * max(known):
        said = _(
            "A kWh would usually cost %(price)s; under %(base)s it costs %(known)s. Are these prices in cents or pence, or per MWh?"
        )
    elif dearest * NEAR < min(known):
        usual = dearest
        said = _(
            "A kWh would cost %(price)s at most; under %(base)s it costs %(known)s. Are these prices in whole units, and per kWh?"
        )
    else:
        return
    how = _("Say their unit with the file, or in the column's name: price (ct/kWh), price (EUR/MWh).")
    between = sorted({gross(min(known), base), gross(max(known), base)})
    told = {
        "price": f"{short_price(gross(usual, base))} {base.currency}",
        "base": base.name,
        "known": " – ".join(short_price(each) for each in between),
    }
    raise ValidationError({"prices": f"{said % told} {how}"})


def notes(planned: Mapping[int, Tariff], series: Sequence[Dated], now: int, where: str) -> list[str]:
    """What people are to know of a series that was planned: its gaps and its end, with what holds there; prices below zero.
    `where`: the property's zone.
    """
    ahead = [(begin, end) for begin, end in gaps(series) if end > now]
    found = []
    for begin, end in ahead[:SHOWN]:
        told = {"begin": _wall(begin, where), "end": _wall(end, where), "long": _long(end - begin)}
        found.append(
            _("There is no price from %(begin)s until %(end)s (%(long)s): %(holds)s.")
            % {**told, "holds": _holds(planned, begin)}
        )
    if len(ahead) > SHOWN:
        found.append(_("There are %(count)d more gaps.") % {"count": len(ahead) - SHOWN})
    below = series.below_zero if isinstance(series, Series) else 0
    if below:
        found.append(_("Prices below zero, which are taken as 0: %(count)d.") % {"count": below})
    end = series[-1].end
    found.append(
        _("The last price ends at %(end)s: %(holds)s.") % {"end": _wall(end, where), "holds": _holds(planned, end)}
    )
    return found


def _holds(planned: Mapping[int, Tariff], at: int) -> str:
    """What holds at an instant of the plan, in words."""
    begun = [tariff for effective, tariff in sorted(planned.items()) if effective <= at]
    if not begun:
        return _("what held before holds there")
    tariff = begun[-1]
    stretch = RateCalendar(tariff).stretch(at)
    told = {"rate": stretch.rate, "price": short_price(stretch.prices[0]), "currency": tariff.currency}
    if tariff.dated is not None and stretch.rate == tariff.dated.name and tariff.dated.begin <= at < tariff.dated.end:
        return _("the prices that were loaded before hold from there, first %(price)s %(currency)s") % told
    return _("the tariff under them holds from there, first %(rate)s at %(price)s %(currency)s") % told


def _wall(at: int, where: str) -> str:
    return f"{local(at, zone(where)):%Y-%m-%d %H:%M}"


def _long(span: int) -> str:
    hours, minutes = span // HOUR, span % HOUR // MINUTE
    return " ".join(filter(None, (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "")))

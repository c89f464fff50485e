"""Dated prices on top of a property's tariffs: which tariff is in force when, and what people must know of it. These
rules use no database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from msgspec.structs import replace

from ...kernel.calendar import local, zone
from ...kernel.rating import gross
from ...kernel.tariff import Dated, RateCalendar, Tariff
from ...kernel.units import HOUR, MINUTE
from ..core import local_forms
from .prices import Series
from .steps import gaps

FAR = 10
"""If the usual price is more than this many times the tariff's dearest, it is in another unit."""
NEAR = 50
"""If the tariff's cheapest price is more than this many times the dearest price of a file, the file is
in another unit.
"""
SHOWN = 10
"""The most gaps that are named one by one."""


def plan(coming: Mapping[int, Tariff], base: Tariff, series: Sequence[Dated], now: int) -> dict[int, Tariff]:
    """Return the tariffs to put in force, by instant, so that the series holds on top of `base` from `now`. `coming`:
    the tariffs that are in force now or later, by the instant of their beginning.

    The new prices replace those of an earlier series for the same time; earlier, later and gap prices stay. A tariff
    that begins meanwhile becomes the base from then on.
    """
    planned: dict[int, Tariff] = {}
    in_order = sorted(coming.items())
    first = max(series[0].begin, now)
    plain = [(at, tariff) for at, tariff in in_order if tariff.dated is None and at > first]
    for dated in series:
        if dated.end <= now:
            continue
        begin = max(dated.begin, now)
        root = replace(_in_force(plain, begin) or base, dated=None)
        planned |= _over(root, dated, begin, in_order)
        left = _in_force(in_order, dated.end)
        if left is not None and left.dated is not None and left.dated.end > dated.end:
            planned[dated.end] = left
    return planned


def _in_force(tariffs: Iterable[tuple[int, Tariff]], at: int) -> Tariff | None:
    """Return the last of these tariffs, in their order, that has begun at an instant; None if none has."""
    return next(reversed([tariff for effective, tariff in tariffs if effective <= at]), None)


def _over(root: Tariff, dated: Dated, begin: int, coming: Iterable[tuple[int, Tariff]]) -> dict[int, Tariff]:
    """Return the tariffs by which dated prices hold from `begin` to their end, by instant: over `root`, and then over
    each tariff that comes in between.
    """
    planned = {begin: replace(root, dated=dated)}
    for at, tariff in coming:
        if begin < at < dated.end:
            root = replace(tariff, dated=None) if tariff.dated is None else root
            planned[at] = replace(root, dated=dated)
    return planned


def check_scale(base: Tariff, series: Sequence[Dated]) -> None:
    """Raise ValidationError, with the price of a kWh, if the prices are in another unit than the tariff below them."""
    known = [price for rate in base.rates for price in rate.prices if price]
    prices = [price for dated in series for price in dated.prices]
    if not known or not any(prices):
        return
    usual, dearest = int(median(prices)), max(prices)
    if usual > FAR * max(known):
        text = _(
            "A kWh would usually cost %(price)s; with %(base)s it costs %(known)s. Are these prices in cents or "
            "pence, or per MWh?"
        )
        raise _other_unit(text, usual, base, known)
    if dearest * NEAR < min(known):
        text = _(
            "A kWh would cost at most %(price)s; with %(base)s it costs %(known)s. Are these prices in whole "
            "units, and per kWh?"
        )
        raise _other_unit(text, dearest, base, known)


def _other_unit(text: str, price: int, base: Tariff, known: Sequence[int]) -> ValidationError:
    how = _("Choose their unit with the file, or write it into the column's name: price (ct/kWh), price (EUR/MWh).")
    between = sorted({gross(min(known), base), gross(max(known), base)})
    values = {
        "price": f"{local_forms.price(gross(price, base))} {base.currency}",
        "base": base.name,
        "known": " – ".join(local_forms.price(each) for each in between),
    }
    return ValidationError({"prices": f"{text % values} {how}"})


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
    tariff = _in_force(sorted(planned.items()), at)
    if tariff is None:
        return _("what held before holds there")
    stretch = RateCalendar(tariff).stretch(at)
    values = {
        "rate": stretch.rate,
        "price": local_forms.price(stretch.prices[0]),
        "currency": local_forms.sign(tariff.currency),
    }
    if tariff.dated is not None and stretch.rate == tariff.dated.name and tariff.dated.begin <= at < tariff.dated.end:
        return _("the prices that were loaded before hold from there, first %(price)s %(currency)s") % values
    return _("the tariff under them holds from there, first %(rate)s at %(price)s %(currency)s") % values


def _wall(at: int, zone_name: str) -> str:
    return f"{local(at, zone(zone_name)):%Y-%m-%d %H:%M}"


def _long(span: int) -> str:
    hours, minutes = span // HOUR, span % HOUR // MINUTE
    return " ".join(filter(None, (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "")))

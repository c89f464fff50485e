"""What pages show about the prices ahead: when electricity gets cheaper or dearer next, and the prices of today and
tomorrow as strips.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from ...kernel.account import Account
from ...kernel.ahead import Ahead, next_change, prices_ahead
from ...kernel.calendar import day_bounds, local, local_day
from ...kernel.tariff import version_at
from ...kernel.units import MINUTE, instant
from ..core import local_forms
from ..core.rate_names import shown_rate
from ..tariffs.rate_order import rate_order
from .rate_colours import colour_of

MARKS = (0, 6, 12, 18, 24)
"""The hours that are written under a strip."""
STEP = 15 * MINUTE


@dataclass(frozen=True)
class Part:
    """A part of a day with one price. `width` is in percent of the day, as CSS takes it. `colour`: the class of its rate's
    colour; empty for a dated price, whose rate has many prices. `shade`: of these, 0 for the cheapest of all that are shown and
    100 for the dearest. `price` is None before the first tariff applied, when nothing was charged.
    """

    begin: int
    end: int
    rate: str
    price: int | None
    width: str
    colour: str
    shade: int


@dataclass(frozen=True)
class DayStrip:
    """The prices of a local day. `marks`: pairs of a position in percent and its hour. `now`: the position of the
    present; empty on another day.
    """

    day: date
    title: str
    parts: list[Part]
    marks: list[tuple[str, int]]
    now: str


@dataclass(frozen=True)
class PriceOutlook:
    """The prices ahead. `change`: when it gets cheaper or dearer, in words. `best`: when it is cheapest, in words; empty if that
    is now or comes next. `days`: today and tomorrow; empty if everything costs the same. `known`: the instant until which
    dated prices are known, if it is within these days; otherwise None.
    """

    change: str
    best: str
    days: list[DayStrip]
    known: int | None


@dataclass(frozen=True)
class _Colours:
    """By what the parts of strips are coloured. `order`: of the property's rates; `dated`: the names of those with dated prices.
    `first`: the instant of the first tariff; `low`, `high`: the prices between which those of dated prices lie.
    """

    order: list[str]
    dated: frozenset[str]
    first: int
    low: int
    high: int

    def part(self, each: Ahead, width: str) -> Part:
        """Return a part of a strip."""
        is_priced = each.begin >= self.first
        is_dated = is_priced and each.rate in self.dated
        return Part(
            each.begin,
            each.end,
            shown_rate(each.rate),
            each.price if is_priced else None,
            width,
            "" if is_dated else colour_of(each.rate, self.order),
            100 * (each.price - self.low) // (self.high - self.low) if is_dated and self.high > self.low else 0,
        )


def _colours(account: Account, days: Iterable[Iterable[Ahead]], first: int, at: int) -> _Colours:
    tariffs = [each.calendar.tariff for each in account.versions]
    dated = frozenset(each.dated.name for each in tariffs if each.dated is not None)
    prices = [each.price for parts in days for each in parts if each.begin >= first and each.rate in dated]
    order = rate_order(account.versions, at)
    return _Colours(order, dated, first, min(prices, default=0), max(prices, default=0))


def price_outlook(account: Account, at: int, zone_info: ZoneInfo, currency: str) -> PriceOutlook | None:
    """Return what can be said about the prices ahead; None if the price never changes."""
    today = local_day(at, zone_info)
    bounds = [(day, *day_bounds(day, zone_info)) for day in (today, today + timedelta(days=1))]
    parts_by_day = [(day, begin, end, prices_ahead(account, begin, end)) for day, begin, end in bounds]
    # A day that began without a tariff was not cheaper until there was one.
    first = account.versions[0].effective if account.versions else bounds[-1][-1]
    parts_of_days = [parts for _day, _begin, _end, parts in parts_by_day]
    change = next_change(account, at)
    differ = len({each.price for parts in parts_of_days for each in parts if each.begin >= first}) > 1
    if change is None and not differ:
        return None
    titles = (_("today"), _("tomorrow"))
    colours = _colours(account, parts_of_days, first, at)
    days = [
        _strip(day, title, parts, (begin, end), at, zone_info, colours)
        for (day, begin, end, parts), title in zip(parts_by_day, titles, strict=True)
    ]
    ahead = prices_ahead(account, at, bounds[-1][-1])
    change_words = "" if change is None else _change_in_words(*change, at, zone_info, currency)
    return PriceOutlook(
        change_words, _best(ahead, change, at, zone_info), days if differ else [], _known(account, at, bounds[-1][-1])
    )


def _strip(
    day: date,
    title: str,
    parts: list[Ahead],
    bounds: tuple[int, int],
    at: int,
    zone_info: ZoneInfo,
    colours: _Colours,
) -> DayStrip:
    begin, end = bounds

    def percent(part: int) -> str:
        hundredths = 10_000 * part // (end - begin)
        return f"{hundredths // 100}.{hundredths % 100:02}"

    marks = [(percent(_at_hour(day, hour, zone_info) - begin), hour) for hour in MARKS]
    return DayStrip(
        day,
        title,
        [colours.part(each, percent(each.end - each.begin)) for each in parts],
        # It moves in steps: a page that is looked at is not sent again each second.
        marks,
        percent((at - begin) // STEP * STEP) if begin <= at < end else "",
    )


def _at_hour(day: date, hour: int, zone_info: ZoneInfo) -> int:
    """Return the instant at which the clock of a day shows an hour."""
    return instant(datetime.combine(day + timedelta(days=hour // 24), time(hour % 24), zone_info))


def _change_in_words(present: int, change: Ahead, at: int, zone_info: ZoneInfo, currency: str) -> str:
    values = {
        "at": _moment(change.begin, at, zone_info),
        "price": local_forms.price(change.price),
        "present": local_forms.price(present),
        "currency": local_forms.sign(currency),
    }
    if change.price < present:
        return _("Cheaper from %(at)s: %(price)s instead of %(present)s %(currency)s/kWh") % values
    return _("More expensive from %(at)s: %(price)s instead of %(present)s %(currency)s/kWh") % values


def _best(ahead: list[Ahead], change: tuple[int, Ahead] | None, at: int, zone_info: ZoneInfo) -> str:
    """Return when it is cheapest until the end of tomorrow; empty if that is now, or comes next anyway."""
    best = min(ahead, key=lambda each: each.price)
    if change is None or best.price >= min(change[0], change[1].price):
        return ""
    return _("Cheapest: %(begin)s – %(end)s, %(price)s") % {
        "begin": _moment(best.begin, at, zone_info),
        "end": f"{local(best.end, zone_info):%H:%M}",
        "price": local_forms.price(best.price),
    }


def _moment(then: int, at: int, zone_info: ZoneInfo) -> str:
    """Return an instant ahead as people say it: 22:00, tomorrow 07:00, Monday 07:00, 1 Feb 00:00."""
    days = (local_day(then, zone_info) - local_day(at, zone_info)).days
    wall = local(then, zone_info).replace(tzinfo=None)
    clock = f"{wall:%H:%M}"
    if days == 0:
        return clock
    if days == 1:
        return _("tomorrow %(clock)s") % {"clock": clock}
    return f"{local_forms.day(wall.date(), 'l' if days < 7 else 'j M')} {clock}"


def _known(account: Account, at: int, end: int) -> int | None:
    """Return when the hourly prices end, if that is before `end`, otherwise None."""
    version = version_at(account.versions, end - 1)
    dated = version.calendar.tariff.dated if version else None
    return dated.end if dated is not None and dated.begin <= at < dated.end < end else None

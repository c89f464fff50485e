"""The chart of a meter's use as pages show it: the period that the address asks for, the words, the table, and the numbers that
`static/web/charts.js` draws.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from ...kernel.calendar import local, local_day, zone
from ...kernel.currencies import minor_digits
from ...kernel.tariff import UNPRICED
from ..core import local_forms
from ..core.rate_names import shown_rate
from ..estate.models import Tenancy
from ..estate.typed_days import typed_day
from ..metering.models import Meter
from .charts import Chart, Part, Period, State, chart_of, next_period, period_before
from .gate import shows_money
from .rate_colours import colour_of

EARLIEST, LATEST = 2000, 2190
"""The first and the last year of which a chart is shown."""


@dataclass(frozen=True)
class Choice:
    """A link of the chart: to another period, or to the one before or after. `query`: the query of its address."""

    label: str
    query: str
    here: bool = False


@dataclass(frozen=True)
class Row:
    """A row of the chart's table. `note`: what is not known of it, in words."""

    title: str
    part: Part
    before: Part | None
    note: str


@dataclass(frozen=True)
class ShownRate:
    """A rate of the legend: its name for people, and the class of its colour."""

    name: str
    colour: str


@dataclass(frozen=True)
class UseChart:
    """What the template of the chart shows. `page` and `address`: the addresses of the page with the chart, and of the chart
    alone. `data`: the numbers to be drawn, as JSON. `title_before`: the title of the period before; `energy_before` (Wh) and
    `charge_before` (nano): its sums, up to as many parts as have begun in this period.
    """

    chart: Chart
    page: str
    address: str
    query: str
    title: str
    title_before: str
    periods: list[Choice]
    earlier: Choice | None
    later: Choice | None
    rows: list[Row]
    rates: list[ShownRate]
    has_more: bool
    energy_before: int
    charge_before: int
    unknown: int
    currency: str
    data: str


def use_chart(
    request: HttpRequest, meter: Meter, at: int, page: str, address: str, tenancy: Tenancy | None = None
) -> UseChart:
    """Return the chart that a request asks for by `period` (a month if it names none) and `day` (today), at the instant `at`; if
    these can't be read, that of the present month. `tenancy`: show only its time and use.
    """
    today = local_day(at, zone(meter.property.zone))
    period, day = _asked(request, today)
    chart = chart_of(meter, period, day, at, tenancy)
    currency = meter.property.currency if shows_money(request) else ""
    later = next_period(period, chart.first)
    # Of the period before as much as has been of this one.
    reached = _reached(chart)
    labels = [_label(period, each, chart) for each in chart.parts]
    rows = list(_rows(chart))
    return UseChart(
        chart=chart,
        page=page,
        address=address,
        query=_query(period, chart.first),
        title=_title(period, chart.first),
        title_before=_title(period, period_before(period, chart.first)),
        periods=[
            Choice(name, _query(each, _day_in(period, chart.first, today)), each is period)
            for each, name in (
                (Period.DAY, pgettext("a period", "Day")),
                (Period.MONTH, pgettext("a period", "Month")),
                (Period.YEAR, pgettext("a period", "Year")),
            )
        ],
        earlier=_choice(period, period_before(period, chart.first)) if chart.has_earlier else None,
        later=_choice(period, later) if later <= today else None,
        rows=rows,
        rates=[ShownRate(_rate(each), colour_of(each, chart.order)) for each in chart.rates],
        has_more=any(each.of_no_rate for each in chart.parts),
        energy_before=sum(each.energy for each in chart.before[:reached]),
        charge_before=sum(each.charge for each in chart.before[:reached]),
        unknown=sum(each.state is State.UNKNOWN for each in chart.parts),
        currency=currency,
        data=json.dumps(_data(chart, labels, rows, currency), ensure_ascii=False),
    )


def _reached(chart: Chart) -> int:
    """Return how many parts of a period have begun."""
    return max((number for number, each in enumerate(chart.parts, 1) if each.state is not State.AHEAD), default=0)


def _asked(request: HttpRequest, today: date) -> tuple[Period, date]:
    try:
        period = Period(request.GET.get("period", Period.MONTH))
        day = typed_day(request.GET["day"], "day") if "day" in request.GET else today
    except (ValueError, ValidationError):
        return Period.MONTH, today
    return (period, day) if EARLIEST <= day.year <= LATEST else (period, today)


def _query(period: Period, day: date) -> str:
    return urlencode({"period": period, "day": day.isoformat()})


def _choice(period: Period, first: date) -> Choice:
    return Choice(_title(period, first), _query(period, first))


def _day_in(shown: Period, first: date, today: date) -> date:
    """Return the day to which another period leads: today if it is in what is shown, so that nobody has to look for it."""
    if first <= today < next_period(shown, first):
        return today
    return first


def _title(period: Period, first: date) -> str:
    return local_forms.day(first, {Period.DAY: "l j F Y", Period.MONTH: "F Y", Period.YEAR: "Y"}[period])


def _label(period: Period, part: Part, chart: Chart) -> str:
    """Return what stands under a bar."""
    begins = local(part.span.begins, chart.place)
    if period is Period.DAY:
        return f"{begins:%H:%M}"
    return f"{begins.day}" if period is Period.MONTH else local_forms.day(begins.date(), "M")


def _title_of(part: Part, chart: Chart) -> str:
    """Return what a bar is of, in full."""
    begins, ends = local(part.span.begins, chart.place), local(part.span.ends, chart.place)
    if chart.period is Period.DAY:
        return f"{begins:%H:%M} – {ends:%H:%M}"
    return local_forms.day(begins.date(), "D j M" if chart.period is Period.MONTH else "F Y")


def _rows(chart: Chart) -> Iterator[Row]:
    for number, part in enumerate(chart.parts):
        before = chart.before[number] if number < len(chart.before) else None
        yield Row(_title_of(part, chart), part, before, _note(part))


def _note(part: Part) -> str:
    if part.state is State.UNKNOWN:
        return _("not known: the meter was not read")
    return _("partly estimated, or from another time") if part.state is State.PARTLY else ""


def _rate(name: str) -> str:
    return _("before any tariff") if name == UNPRICED else shown_rate(name)


def _data(chart: Chart, labels: list[str], rows: list[Row], currency: str) -> dict[str, Any]:
    """Return the numbers to be drawn: Wh and nano by rate, null where nothing is known."""
    data: dict[str, Any] = {
        "labels": labels,
        "titles": [each.title for each in rows],
        "notes": [each.note for each in rows],
        "states": [each.part.state for each in rows],
        "rates": [{"name": _rate(rate), "energy": _of_rate(chart.parts, rate, 0)} for rate in chart.rates],
        "before": {"energy": [each.energy if each.state != State.AHEAD else None for each in chart.before]},
    }
    if currency:
        _add_charges(data, chart, currency)
    return data


def _add_charges(data: dict[str, Any], chart: Chart, currency: str) -> None:
    """Add to the numbers to be drawn what the energy cost."""
    for rate, shown in zip(chart.rates, data["rates"], strict=True):
        shown["charge"] = _of_rate(chart.parts, rate, 1)
    data["more"] = [each.of_no_rate for each in chart.parts]
    data["before"]["charge"] = [each.charge if each.state != State.AHEAD else None for each in chart.before]
    data |= {"currency": currency, "digits": minor_digits(currency)}


def _of_rate(parts: list[Part], rate: str, which: int) -> list[int | None]:
    """Return the energy (`which` 0) or the charge (1) at a rate of each part, None where nothing is known."""
    return [each.rates.get(rate, (0, 0))[which] if each.is_known else None for each in parts]

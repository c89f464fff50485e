"""The chart of what a meter used: a day by half-hours, a month by days, a year by months; by rate, in kWh and in money, beside
the period before.

What nobody knows is no zero. A part of the chart in which no reading ended is unknown; one whose energy was worked out, or was
used in an earlier part too, says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from ...kernel.calendar import day_bounds, next_month, zone
from ...kernel.span import Span
from ...kernel.tariff import UNPRICED
from ...kernel.units import HOUR, MINUTE
from ..estate.models import Tenancy
from ..metering.accounts import account_of
from ..metering.intervals import use_between
from ..metering.models import Meter
from ..metering.usage import use_by_day
from ..metering.uses import Interval, Use
from ..tariffs.rate_order import in_order, rate_order

HALF_HOUR = 30 * MINUTE
SLACK = 2 * HOUR
"""How far from the bounds of a day its first and last reading may lie, so that all of the day is known, µs."""


class Period(StrEnum):
    """How much time a chart shows."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class State(StrEnum):
    """How much is known of a part of a chart. `PARTLY`: some of it was worked out, or is of an earlier part, or is missing;
    `UNKNOWN`: the meter was not read in that time; `AHEAD`: that time is to come, still runs, or is not this tenancy's.
    """

    KNOWN = "known"
    PARTLY = "partly"
    UNKNOWN = "unknown"
    AHEAD = "ahead"


@dataclass
class Part:
    """A bar of a chart: its span, what was used (Wh) and what it cost (nano). `rates`: [Wh, nano of energy], by the rate's name."""

    span: Span
    state: State = State.AHEAD
    energy: int = 0
    charge: int = 0
    rates: dict[str, list[int]] = field(default_factory=dict)

    @property
    def is_known(self) -> bool:
        """Whether the figures of the part are known, at least some of them."""
        return self.state in (State.KNOWN, State.PARTLY)

    def take(self, use: Use | Part) -> None:
        """Add a use, or another part, to this part."""
        self.energy += use.energy
        self.charge += use.charge
        for rate, (energy, cost) in use.rates.items():
            sums = self.rates.setdefault(rate, [0, 0])
            sums[0] += energy
            sums[1] += cost

    @property
    def of_no_rate(self) -> int:
        """The part of the charge that is not the price of energy, nano."""
        return self.charge - sum(cost for _energy, cost in self.rates.values())


@dataclass(frozen=True)
class Known:
    """The time of which something can be known: from the instant `begins` (of the tenancy or the first reading) to `ends`, None
    if it is open. `read_at`: the instant of the last reading, None if there is none; `now`: the present.
    """

    begins: int
    ends: int | None
    read_at: int | None
    now: int

    @property
    def until(self) -> int:
        """The present, or `ends` if that is earlier."""
        return self.now if self.ends is None else min(self.now, self.ends)


# -- rules ---------------------------------------------------------------------------------------------------------------


def first_day_of(period: Period, day: date) -> date:
    """Return the first day of the period in which a day lies."""
    if period is Period.YEAR:
        return day.replace(month=1, day=1)
    return day.replace(day=1) if period is Period.MONTH else day


def next_period(period: Period, first: date) -> date:
    """Return the first day of the next period."""
    if period is Period.YEAR:
        return first.replace(year=first.year + 1)
    return next_month(first) if period is Period.MONTH else first + timedelta(days=1)


def period_before(period: Period, first: date) -> date:
    """Return the first day of the period before."""
    return first_day_of(period, first - timedelta(days=1))


def spans_of(period: Period, first: date, place: ZoneInfo, step: int = HALF_HOUR) -> list[Span]:
    """Return the spans of a period's parts, which follow each other without a gap: half-hours (or another `step`, µs), days
    or months. A day on which the clocks change has 46 or 50 half-hours.
    """
    if period is Period.YEAR:
        return [Span.of_month(first.replace(month=month), place) for month in range(1, 13)]
    if period is Period.MONTH:
        days = [first + timedelta(days=number) for number in range((next_month(first) - first).days)]
        return [Span(*day_bounds(day, place)) for day in days]
    begins, ends = day_bounds(first, place)
    return [Span(at, min(at + step, ends)) for at in range(begins, ends, step)]


def step_of(intervals: Sequence[Interval]) -> int:
    """Return how fine a day is shown, µs: half-hours, or hours if the meter is read less often."""
    lengths = sorted(each.ends - each.begins for each in intervals if each.begins is not None)
    return HALF_HOUR if not lengths or lengths[len(lengths) // 2] <= HALF_HOUR else HOUR


def parts_of(spans: Sequence[Span], uses: Iterable[Use], known: Known) -> list[Part]:
    """Return the parts of a chart, whose spans follow each other. Each of the uses belongs to the one part in which it
    ends, so that the parts sum to what the statement says of the period.
    """
    parts = [Part(span) for span in spans]
    held: list[list[Use]] = [[] for _ in parts]
    number = 0
    for use in sorted(uses, key=lambda each: each.ends):
        while number < len(spans) and use.ends > spans[number].ends:
            number += 1
        if number < len(spans) and use.ends > spans[number].begins:
            held[number].append(use)
            parts[number].take(use)
    for part, own in zip(parts, held, strict=True):
        part.state = _state(part.span, own, known)
    return parts


def _state(span: Span, uses: Sequence[Use], known: Known) -> State:
    """Return how much is known of a span in which consecutive uses ended."""
    within = span.within(known.begins, known.until)
    if within.ends <= within.begins or known.read_at is None:
        return State.AHEAD
    # A reading comes a little after the part begins or before it ends.
    slack = min(span.ends - span.begins, SLACK)
    if not uses:
        # The part that runs has not been read yet: that is no silence if the reading before it is there.
        runs = span.ends > known.now and known.read_at >= span.begins - slack
        return State.AHEAD if runs else State.UNKNOWN
    return State.PARTLY if _is_partly(uses, within, slack, is_over=span.ends <= known.now) else State.KNOWN


def _is_partly(uses: Sequence[Use], within: Span, slack: int, is_over: bool) -> bool:
    """Return whether uses are in part of an earlier time, are reckoned, or end before a span that `is_over` does."""
    first, last = uses[0], uses[-1]
    is_of_earlier = first.begins is not None and first.begins < within.begins - slack
    is_missing = is_over and last.ends < within.ends - slack
    return is_of_earlier or is_missing or any(each.reckoned for each in uses)


def joined(spans: Sequence[Span], parts: Sequence[Part]) -> list[Part]:
    """Return one part for each of the longer `spans`: the sum of the `parts` that begin in it, such as a month of its days."""
    longer = [Part(span) for span in spans]
    for each in longer:
        own = [part for part in parts if each.span.begins <= part.span.begins < each.span.ends]
        for part in own:
            each.take(part)
        states = {part.state for part in own} - {State.AHEAD}
        each.state = State.AHEAD if not states else states.pop() if len(states) == 1 else State.PARTLY
    return longer


# -- of a meter ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Chart:
    """A chart of what a meter used. `before`: the parts of the period before, in the same order. `rates`: the names of the
    rates, in the `order` of the property's rates. `has_earlier`: something was known before this period.
    """

    period: Period
    first: date
    place: ZoneInfo
    parts: list[Part]
    before: list[Part]
    rates: list[str]
    order: list[str]
    has_earlier: bool

    @property
    def energy(self) -> int:
        """What was used in all, Wh."""
        return sum(each.energy for each in self.parts)

    @property
    def charge(self) -> int:
        """What was charged in all, nano."""
        return sum(each.charge for each in self.parts)

    @property
    def is_known(self) -> bool:
        """Whether something of it is known."""
        return any(each.is_known for each in self.parts)

    @property
    def is_known_before(self) -> bool:
        """Whether something of the period before is known."""
        return any(each.is_known for each in self.before)


def chart_of(meter: Meter, period: Period, day: date, at: int, tenancy: Tenancy | None = None) -> Chart:
    """Return the chart of the period in which a local day lies, at the instant `at`. `tenancy`: show only its time and use."""
    place = zone(meter.property.zone)
    first = first_day_of(period, day)
    known = _known(meter, at, tenancy)
    earlier = period_before(period, first)
    # Both periods are read at once. Hours are few, and their steps are found for each day alone.
    last = next_period(period, first) - timedelta(days=1)
    uses = {} if period is Period.DAY else use_by_day(meter, earlier, last, known.begins, known.ends)
    parts, before = (_parts(meter, period, each, place, known, uses) for each in (first, earlier))
    has_earlier = 0 < known.begins < Span.of_days(first, last, place).begins
    used = {rate for part in (*parts, *before) for rate in part.rates}
    order = _order(meter, used, at)
    return Chart(period, first, place, parts, before, in_order(used, order), order, has_earlier)


def _known(meter: Meter, at: int, tenancy: Tenancy | None) -> Known:
    first = meter.entries.filter(register__isnull=False).order_by("seq").values_list("at", flat=True).first()
    begins = first or 0
    if tenancy is not None:
        return Known(max(begins, tenancy.begins), tenancy.ends, meter.read_at, at)
    return Known(begins, None, meter.read_at, at)


def _parts(
    meter: Meter, period: Period, first: date, place: ZoneInfo, known: Known, by_day: Mapping[date, Use]
) -> list[Part]:
    if period is Period.DAY:
        span = Span(*day_bounds(first, place)).within(known.begins, known.ends)
        intervals = use_between(meter, span) if span.ends > span.begins else []
        spans = spans_of(period, first, place, step_of(intervals))
        return parts_of(spans, map(_use, intervals), known)
    end = next_period(period, first)
    uses = [use for day, use in by_day.items() if first <= day < end]
    if period is Period.MONTH:
        return parts_of(spans_of(period, first, place), uses, known)
    months = [first.replace(month=number) for number in range(1, 13)]
    days = [span for month in months for span in spans_of(Period.MONTH, month, place)]
    return joined(spans_of(period, first, place), parts_of(days, uses, known))


def _use(interval: Interval) -> Use:
    use = Use(interval.begins, interval.ends)
    use.add(interval)
    return use


def _order(meter: Meter, used: set[str], at: int) -> list[str]:
    """Return the order of the property's rates. The meter's account has no tariffs that ended: all are read only if one of
    their rates was used.
    """
    order = rate_order(account_of(meter).versions, at)
    if used <= {*order, UNPRICED}:
        return order
    return rate_order(meter.property.tariff_versions.series(), at)

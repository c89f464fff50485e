"""Dated prices from a table: of a dynamic tariff or an exchange, in CSV or a workbook.

The columns are `from` (an instant), `price` (per kWh) and perhaps `to`, under the names that exchanges, traders and
people use, with the rows in any order. Without `to`, a price holds for its step (`steps`), so that a file may have
several steps and gaps.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import zip_longest
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from ...amounts import SIGNS
from ...kernel.limits import highest_price
from ...kernel.tariff import Dated, TariffError
from ...kernel.units import DAY, INSTANT_MAX, MICRO, MINUTE, instant
from ...tables.cells import CellError, number_of, order_of_days, text_of
from ...tables.clocks import Clock, clock_of
from ...tables.columns import all_names, find, is_one_of, unit_of
from ...tables.moments import instants_of, moment_of
from ...tables.problems import Problems, TableError, shown, whole
from ...tables.rows import Cell, Row
from ...tables.sheet import read
from ...tables.spans import span_of
from ...tables.words import sums_up
from .price_columns import INSTEAD, NAMES
from .price_hours import with_counted_hours
from .price_numbers import numbers_of
from .price_units import PriceUnit, money_in, price_unit
from .steps import Slip, parts, steps

SCALES = {"1": 0, "0.01": 2, "0.001": 3}
"""The units of a price that can be chosen, as a factor to one per kWh, and by how many powers of ten they are smaller: 0.01 for
cents or pence, 0.001 for prices per MWh and for thousandths, such as fils.
"""
NO_PRICE = ("", "-", "–", "n/e", "n/a", "na", "null", "none", "nan")
"""The texts that stand for a missing price."""
MOST_OFFSETS = 3
"""The most offsets from UTC in a file: none, of winter and of summer. A file with more has 00:00-01:00 for two times."""
_EXPONENT = re.compile(r"[+-]?\d*\.?\d+e-\d{1,2}", re.IGNORECASE)


_AROUND = re.compile(r"(?P<before>[^\d+\-.,(]*)(?P<number>.*\d[)\-.,]*)(?P<behind>.*)", re.DOTALL)
"""A number in a cell with what may stand beside it: £0.21, 85.31 EUR/MWh."""


class Series(list[Dated]):
    """The prices of a file, in parts that a tariff can hold. `below_zero`: the number of prices below zero, which count
    as 0.
    """

    below_zero = 0


@dataclass(frozen=True)
class _Seen:
    """A row with a price (micro per kWh). `moment`: the written instant; `meant`: the instants that this wall clock can
    mean; `until`: the end (µs), None if the row has none.
    """

    line: int
    moment: datetime
    meant: list[datetime]
    price: int
    until: int | None


def read_prices(
    source: bytes | Iterable[str],
    name: str = "dynamic",
    scale: str = "",
    time_zone: ZoneInfo | None = None,
    currency: str = "",
    decimal: str = "",
) -> Series:
    """Return the prices of a table. `scale`: a key of `SCALES`; empty for the unit in the column's name (ct/kWh,
    EUR/MWh), else 1. `time_zone`: of instants without an offset; None refuses those. `currency`: the
    property's; prices in another one are refused. Empty takes any. `decimal`: the sign before the decimals; empty for the one
    that the file tells.

    Raises TariffError, which names all wrong lines with their columns.
    """
    content = source if isinstance(source, bytes) else "".join(source).encode()
    try:
        rows = list(read(content, all_names(NAMES), currency))
        return _Reading(rows, scale, time_zone, currency, decimal).series(name)
    except TableError as error:
        raise TariffError(str(error)) from None


def prices_of(rows: Sequence[Row], currency: str) -> Series:
    """Return the prices per kWh of a table's rows, as `read_prices` does, with an offset at each instant. Raises TableError."""
    return _Reading(rows, "", None, currency, "").series("dynamic")


class _Reading:
    """This class reads the rows one by one, and collects what is wrong with them."""

    def __init__(
        self, rows: Sequence[Row], scale: str, time_zone: ZoneInfo | None, currency: str, decimal: str
    ) -> None:
        self._problems, self._time_zone, self._currency = Problems(), time_zone, currency
        if decimal and decimal not in SIGNS:
            raise whole(_("%(found)r is no sign before decimals, such as . or ,") % {"found": shown(decimal)})
        self._header = find(rows, NAMES, ("from", "price"), INSTEAD)
        self._cells = list(self._cells_of(rows))
        self._clocks = {name: self._clock_of(name) for name in ("from", "to") if name in self._header.labels}
        self._unit = self._named_unit()
        self._shift = self._checked_shift(scale)
        prices = (text_of(cells["price"]) for _line, cells in self._cells)
        self._numbers = numbers_of(prices, decimal, self._shift, currency)
        self._order = order_of_days(text_of(cells.get("day") or cells["from"]) for _line, cells in self._cells)
        self._is_end = is_one_of(self._header.labels["from"], NAMES["to"])
        clock = self._clocks["from"]
        if clock and (counted := with_counted_hours(self._cells, clock.zone, self._order)):
            # The hour that is counted as the first one begins at midnight, also where the column is called Hour ending.
            self._cells, self._is_end = counted, False
        self._midnights: set[bool] = set()
        self._below_zero = 0

    def _named_unit(self) -> PriceUnit:
        """Return the unit that the price column's name says, else that of a column of units. Notes one of another currency, also
        where a column of currencies says it.
        """
        unit = price_unit(unit_of(self._header.labels["price"]), self._currency)
        self._check_currency(self._header.number, "price", unit)
        for column in ("unit", "currency"):
            for line, said in self._words_of(column):
                own = price_unit(said, self._currency)
                self._check_currency(line, column, own)
                if own.is_definite and unit.is_definite and own.shift != unit.shift:
                    text = _("%(found)r is another unit than that of the other prices")
                    self._add(line, column, text % {"found": shown(said)})
                elif own.is_definite or (own.is_told and not unit.is_told):
                    unit = own
        return unit

    def _clock_of(self, column: str) -> Clock | None:
        """Return the clock that the name of a column says, else that of the day beside it; the building's if they say none, and None
        where that is not known.
        """
        labels = self._header.labels
        for name in (column, "day"):
            if clock := clock_of(labels.get(name, ""), self._time_zone):
                return clock
        return Clock("", self._time_zone) if self._time_zone else None

    def _words_of(self, column: str) -> list[tuple[int, str]]:
        """Return each of a column's different texts, in small letters, with the first line that has it."""
        first: dict[str, int] = {}
        for line, cells in self._cells:
            if word := text_of(cells.get(column, "")).casefold():
                first.setdefault(word, line)
        return [(line, word) for word, line in first.items()]

    def _checked_shift(self, scale: str) -> int:
        """Return by how many powers of ten a price of the file is smaller than one per kWh."""
        unit = self._unit
        if scale and scale not in SCALES:
            raise whole(_("%(found)r is not a known unit of prices") % {"found": shown(scale)})
        if not unit.is_known and unit.energy is None:
            self._add(self._header.number, "price", _("%(found)r is no price of energy") % {"found": shown(unit.text)})
            return 0
        if not unit.is_known:
            if not scale:
                text = _(
                    "%(found)r is not a known unit of prices. Choose the unit with the file, or write it as EUR/kWh"
                )
                self._add(self._header.number, "price", text % {"found": shown(unit.text)})
            return SCALES[scale or "1"]
        if scale and unit.is_definite and SCALES[scale] != unit.shift:
            text = _("the column's name says another unit than %(unit)s") % {"unit": _in_words(SCALES[scale])}
            self._add(self._header.number, "price", text)
        return SCALES[scale] if scale else unit.shift

    def _check_currency(self, line: int, column: str, unit: PriceUnit) -> None:
        if not unit.fits(self._currency):
            text = _("the prices are in %(found)s, but the currency here is %(currency)s. Load prices in %(currency)s")
            self._add(line, column, text % {"found": unit.words(), "currency": self._currency})

    def _cells_of(self, rows: Sequence[Row]) -> Iterator[tuple[int, dict[str, Cell]]]:
        """Yield the line number of each row with its cells."""
        for row, cells in self._header.each(rows, self._problems):
            if not sums_up(row.cells) or any(sign.isdigit() for sign in text_of(cells["from"])):
                yield row.number, cells

    def series(self, name: str) -> Series:
        """Return the prices. Raises TableError, which names all wrong lines."""
        rows = [price for line, cells in self._cells if (price := self._seen(line, cells)) is not None]
        if not rows and not self._problems:
            self._problems.add(0, "", _("the file has no prices"))
        self._problems.check()
        if len({each.moment.utcoffset() for each in rows}) > MOST_OFFSETS:
            text = _(
                "each row has another offset from UTC. If a cell says a time from - to, put blanks around the dash"
            )
            self._add(self._header.number, "from", text)
            self._problems.check()
        by_instant = self._by_instant(rows)
        begins = sorted(by_instant)
        if any(by_instant[at].until is not None for at in begins):
            lengths, slips = self._told_lengths(begins, by_instant)
        else:
            lengths, slips = steps(begins)
        for slip in slips:
            each = by_instant[begins[slip.index]]
            self._add(each.line, "from", f"{each.moment:%Y-%m-%d %H:%M:%S} {slip.text}")
        self._problems.check()
        prices = [by_instant[at].price for at in begins]
        if self._is_end or self._midnights == {True}:
            begins = self._before_ends(begins, lengths)
        series = Series(parts(name, begins, lengths, prices))
        series.below_zero = self._below_zero
        return series

    def _before_ends(self, ends: Sequence[int], lengths: Sequence[int]) -> list[int]:
        """Return the beginnings of steps that were written by their ends. Raises TableError if the steps are not all alike."""
        if len(set(lengths)) > 1:
            text = _("these times are the ends of steps that are not all alike. Write the beginnings, in a column from")
            self._add(self._header.number, "from", text)
            self._problems.check()
        return [end - length for end, length in zip(ends, lengths, strict=True)]

    def _add(self, line: int, column: str, text: str) -> None:
        self._problems.add(line, self._header.labels[column], text)

    def _seen(self, line: int, cells: dict[str, Cell]) -> _Seen | None:
        if text_of(cells["price"]).casefold() in NO_PRICE:
            # There is no price here; `notes` reports a gap.
            return None
        begin, end, column = cells["from"], cells.get("to", ""), "to"
        shares_day = "day" in cells
        if span := span_of(begin, shares_day):
            begin, end, column, shares_day = span.begins, span.ends, "from", span.is_one_day
        moment, meant = self._instants(line, "from", begin, cells.get("day", ""))
        _until, ends = self._instants(line, column, end, cells.get("day", "")) if text_of(end) else (None, [])
        price = self._price(line, cells["price"])
        if moment is None or price is None:
            return None
        if moment.hour == 0 and moment.minute == 0:
            self._midnights.add("24:00" in text_of(begin))
        until = _end_of(meant, ends, shares_day) if ends else None
        return _Seen(line, moment, meant, price, until)

    def _instants(self, line: int, column: str, cell: Cell, day: Cell) -> tuple[datetime | None, list[datetime]]:
        try:
            moment = moment_of(cell, day, self._order)
            clock = self._clocks[column]
            if moment.tzinfo is None and clock is None:
                raise CellError(
                    _("%(found)r is not a date and time with its offset such as 2025-03-01T00:00:00Z")
                    % {"found": shown(text_of(cell))}
                )
            if clock is not None:
                clock.check(moment, self._header.number, self._header.labels[column])
            meant = instants_of(moment, clock.zone if clock else UTC)
        except CellError as error:
            self._add(line, column, str(error))
            return None, []
        if not meant:
            self._add(
                line,
                column,
                _("%(hour)s does not exist: the clocks go forward then") % {"hour": f"{moment:%Y-%m-%d %H:%M}"},
            )
            return None, []
        if not 0 <= instant(meant[0]) <= INSTANT_MAX:
            self._add(line, column, f"{shown(text_of(cell))!r} is not between 1970 and 2200")
            return None, []
        return moment, meant

    def _price(self, line: int, cell: Cell) -> int | None:
        text = text_of(cell)
        try:
            if _EXPONENT.fullmatch(text) or not isinstance(cell, str):
                number = number_of(cell) if not isinstance(cell, str) else Decimal(text)
            else:
                bare = self._without_unit(text)
                number = number_of(bare, self._numbers.sign(bare))
        except CellError as error:
            self._add(line, "price", str(error))
            return None
        decimals = 6 - self._shift
        micro = number.scaleb(decimals)
        if micro != micro.to_integral_value():
            of = f" {_in_words(self._shift)}".rstrip() if self._shift else ""
            self._add(
                line,
                "price",
                _("price %(price)s has more than %(most)d decimals: round it")
                % {"price": f"{shown(text)!r}{of}", "most": decimals},
            )
            return None
        most = highest_price(self._currency)
        if abs(micro) > most:
            said = _("price %(price)r is above %(most)d per kWh") % {"price": shown(text), "most": most // MICRO}
            self._add(line, "price", said)
            return None
        self._below_zero += micro < 0
        return max(int(micro), 0)

    def _without_unit(self, text: str) -> str:
        """Return the number of a cell without the unit beside it. Raises CellError if it is another unit than the column's."""
        parts = _AROUND.fullmatch(text)
        if parts is None:
            return text
        for word in (parts["before"].strip().casefold(), parts["behind"].strip().casefold()):
            if not word:
                continue
            unit = price_unit(word, self._currency)
            if not unit.is_told and (money := money_in(word, self._currency)):
                unit = PriceUnit(word, *money)
            if not unit.fits(self._currency):
                said = _("a price is in %(found)s, but the currency here is %(currency)s. Load prices in %(currency)s")
                raise CellError(said % {"found": unit.words(), "currency": self._currency})
            if not unit.is_told:
                # It is no unit at all: the whole text is said to be no number.
                return text
            if not self._is_of_column(unit):
                raise CellError(_("%(found)r is not in the unit of this column") % {"found": shown(text)})
        return parts["number"]

    def _is_of_column(self, unit: PriceUnit) -> bool:
        """Return whether a unit beside a price is that of the file's prices."""
        if unit.energy is not None:
            return unit.shift == self._shift
        return unit.part == self._unit.part if self._unit.is_told else unit.part in (self._shift, self._shift - 3)

    def _by_instant(self, rows: Sequence[_Seen]) -> dict[int, _Seen]:
        sure = [instant(each.meant[0]) for each in rows if len(each.meant) == 1]
        backwards = bool(sure) and sure[-1] < sure[0]
        twice = _twice(rows)
        has_clock = any(each.moment.hour or each.moment.minute for each in rows)
        is_day = not has_clock and is_one_of(self._header.labels["from"], NAMES["day"])
        by_instant: dict[int, _Seen] = {}
        for each in rows:
            among = twice.get(each.moment, [each])
            second = len(among) == 2 and (among[1] is each) != backwards
            at = instant(each.meant[-1 if second else 0])
            # Where a row has a day alone, another row of the day is another hour of it, whose column is not known.
            if at in by_instant and (by_instant[at].price != each.price or is_day):
                text = f"{each.moment:%Y-%m-%d %H:%M:%S} has a price already, in line {by_instant[at].line}"
                self._add(each.line, "from", text)
            by_instant.setdefault(at, each)
        self._problems.check()
        return by_instant

    def _told_lengths(self, begins: Sequence[int], rows: dict[int, _Seen]) -> tuple[list[int], list[Slip]]:
        """Return the lengths (µs) by the column `to`. A row without it holds as long as the row before, but not beyond
        the next one.
        """
        lengths: list[int] = []
        slips = []
        before = next(until - at for at in begins if (until := rows[at].until) is not None)
        for index, (at, following) in enumerate(zip_longest(begins, begins[1:])):
            until = rows[at].until
            next_begin = at + before if following is None else following
            if until is None:
                until = min(at + before, next_begin)
            elif 0 < next_begin - until <= MINUTE:
                # 00:00 to 00:59 is the whole hour.
                until = next_begin
            if not MINUTE <= until - at <= DAY + DAY // 24 or (until - at) % MINUTE:
                slips.append(Slip(index, _("must apply for whole minutes, at most a day: is its end right?")))
            elif following is not None and until > following:
                slips.append(
                    Slip(index + 1, _("begins before the price of line %(line)d ends") % {"line": rows[at].line})
                )
            before = until - at
            lengths.append(before)
        return lengths, slips


def _twice(rows: Iterable[_Seen]) -> dict[datetime, list[_Seen]]:
    """Return the rows whose wall clock shows an hour that comes twice, by that clock."""
    twice: dict[datetime, list[_Seen]] = defaultdict(list)
    for each in rows:
        if len(each.meant) == 2:
            twice[each.moment].append(each)
    return twice


def _end_of(meant: Sequence[datetime], ends: Sequence[datetime], shares_day: bool) -> int:
    """Return the end (µs) of a price whose beginning and end can be read as these instants. `shares_day`: the end has the day of
    the beginning.
    """
    until = instant(ends[0])
    if until <= instant(meant[0]) and len(ends) + len(meant) > 2:
        until = instant(ends[-1])
    if until <= instant(meant[0]) and shares_day:
        # The row is from 23:00 to 0:00 of the next day.
        until += DAY
    return until


def _in_words(shift: int) -> str:
    return {0: _("per kWh"), 2: _("in hundredths"), 3: _("per MWh")}.get(shift, "")

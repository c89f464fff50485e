"""The rows of a table of recorded consumption, as `recording` needs them: what each meter used, when, in which unit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from decimal import Context, Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from ..kernel.units import DAY, HOUR, INSTANT_MAX, MINUTE, instant
from ..tables.cells import CellError, number_of, order_of_days, serial_of, text_of
from ..tables.clocks import Clock, clock_of
from ..tables.columns import all_names, find, is_one_of, plain, unit_of
from ..tables.moments import instants_of, moment_of
from ..tables.problems import Problems, shown
from ..tables.rows import Cell, Row
from ..tables.sheet import read
from ..tables.spans import Span, span_of
from ..tables.words import is_nothing, sums_up

DECIMALS = 21
"""The most decimals of a kWh in the file. A binary float that was printed in full has fewer."""
FINE = 10**18
"""Parts of a watt-hour in which energy is counted: one is the last decimal."""
FUSE = 44_000
"""W: what 63 A let through on three phases."""
MUCH = FUSE * FINE * MINUTE // HOUR
"""The energy that `FUSE` lets through in a minute, which is the shortest interval."""
LARGEST, LARGEST_REGISTER = 10**6, 10**8
"""kWh: more than an interval, and than a register can have."""
NAMES = {
    "meter": (
        "meter", "meter id", "meter number", "meter serial", "serial", "serial number", "lclid", "home", "household", "zähler", "zaehler",
        "zählernummer", "zähler-nr.", "zählpunkt", "messlokation", "marktlokation", "电表", "电表号", "表号", "nmi", "mpan", "cups", "ean",
        "ean-code", "identifiant prm", "prm", "pdl", "pod", "cpe", "entity id", "device", "compteur", "contador", "contatore", "måler",
        "mätare", "mittari",
    ),
    "timestamp": (
        "timestamp", "date time", "datetime", "date/time", "interval start", "start", "from", "tstp", "zeitstempel", "datum/uhrzeit",
        "datum uhrzeit", "beginn", "von", "ab", "datum von", "时间戳", "日期时间", "开始时间", "start date", "van", "desde", "fra",
        "från", "last changed",
    ),
    "day": ("date", "day", "datum", "tag", "日期", "fecha", "data", "dato", "dag", "ab-datum", "von datum", "van (datum)", "päivä"),
    "clock": (
        "time", "time of day", "start time", "uhrzeit", "zeit", "时间", "时刻", "hora", "ora", "heure", "tijd", "tid", "ab-zeit",
        "von zeit", "van (tijdstip)", "kello",
    ),
    "to": (
        "to", "end", "end time", "interval end", "until", "bis", "datum bis", "ende", "结束时间", "end date", "bis-zeit", "bis zeit", "tot",
        "tot (tijdstip)", "hasta", "til", "till", "horodate",
    ),
    "kwh": (
        "kwh", "energy kwh", "consumption kwh", "usage kwh", "kwh/hh", "verbrauch kwh", "energie kwh", "用电量 kwh", "energy",
        "consumption", "usage", "value", "verbrauch", "wert", "energie", "电量", "用电量", "profilwert", "volume", "consumo",
        "consommation", "verbruik", "forbruk", "förbrukning", "kulutus", "energyconsumption", "consumo kwh", "wh", "mwh",
        "valeur", "consumed energy", "kw", "leistung", "wirkleistung", "lastgang", "power", "average power", "load", "puissance",
        "potencia", "effekt", "consumo registado",
    ),
    "register": (
        "register", "meter reading", "reading", "total active energy", "import active energy", "total energy", "zählerstand", "stand",
        "index", "meterstand", "lectura", "示数", "表码", "读数",
    ),
    "unit": ("unit", "units", "einheit", "unité", "unidad", "eenheid", "enhet", "单位"),
}  # fmt: skip
NEEDED = ("timestamp", "kwh")
INSTEAD = (("timestamp", "clock"), ("timestamp", "to"), ("timestamp", "day"), ("kwh", "register"))
UNITS = {"wh": -3, "kwh": 0, "千瓦时": 0, "千瓦時": 0, "度": 0, "mwh": 3, "兆瓦时": 3}
"""The units of energy, as powers of ten of a kWh."""
POWERS = {"w": -3, "kw": 0}
"""The units of power, as powers of ten of a kW. What is drawn on average in an interval is energy too."""
MOST_OFFSETS = 3
"""The most offsets from UTC in a file: none, of winter and of summer. A file with more has 00:00-01:00 for two times."""
_WIDE = Context(prec=DECIMALS + 12)
_SLASHED = re.compile(r"\d{1,2}[/-]\d{1,2}[/-]")
_IN_NAME = re.compile(r"kwh|(?<![a-z])m?wh(?![a-z])|千瓦[时時]|兆瓦时|(?<=\()度(?=\))")
"""The units of energy in the plain name of a column."""
_SEVERAL = re.compile(r"[(\[]\s*\d[\d.,]*\s*[km]?wh")
"""Energy in several units, such as (0.01 kWh)."""
_OTHER = re.compile(r"(?<![a-z])(?:kw|w|mw|kvarh|kva|m3|m³)(?![a-z])")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
_PLAIN = re.compile(r"\d{1,9}(\.\d{1,30})?(e[+-]?\d{1,3})?", re.IGNORECASE)


class Uses:
    """The rows of one meter. `used`: energy or register, in `FINE` parts of a watt-hour, by its instant. `ends`: the end of an
    interval by its beginning, where the row says it. `lines`: the line of each large value, and of each register.
    """

    def __init__(self, is_register: bool) -> None:
        self._is_register = is_register
        self.used: dict[int, int] = {}
        self.ends: dict[int, int] = {}
        self.lines: dict[int, int] = {}
        self.twice: dict[datetime, list[tuple[int, int, list[int]]]] = {}
        self.first = self.last = 0

    def take(self, at: int, energy: int, line: int, ends: list[int]) -> bool:
        """Store a row. `ends`: the instants that its end can mean. Returns False if there is a row for this instant already."""
        if at in self.used:
            return False
        self.used[at], self.last = energy, at
        self.first = self.first or at
        if energy >= MUCH or self._is_register:
            self.lines[at] = line
        if ends:
            self.ends[at] = next((end for end in ends if end > at), ends[0])
        return True

    def settle(self, zone: tzinfo) -> Iterator[tuple[int, datetime]]:
        """Give the hour that comes twice its two instants. Yields the lines that occur once too often."""
        for wall, rows in self.twice.items():
            backwards = self.last < self.first and len(rows) == 2
            meant = instants_of(wall, zone)[:: -1 if backwards else 1]
            for number, (line, energy, ends) in enumerate(rows):
                if number > 1 or not self.take(instant(meant[number]), energy, line, ends):
                    yield line, wall


class Rows:
    """The rows of a table. `only_meter`: the name of the meter where no column has meters. `homes`: the rows of each meter, in the
    order of their first ones; `header`: the columns; `problems`: what is wrong with them.
    """

    def __init__(self, content: bytes, zone_info: ZoneInfo, only_meter: str) -> None:
        rows = read(content, all_names(NAMES))
        self.header = find(rows, NAMES, NEEDED, INSTEAD)
        self.problems = Problems()
        self.homes: dict[str, Uses] = {}
        self._content, self._only_meter = content, only_meter
        labels = self.header.labels
        self.is_register = is_one_of(labels["kwh"], NAMES["register"])
        # A clock of another zone, read as the property's, puts what was used into other hours of the tariff.
        named = (clock_of(labels.get(name, ""), zone_info) for name in ("timestamp", "day"))
        self._clock = next(filter(None, named), Clock("", zone_info))
        end_clock = clock_of(labels.get("to", ""), zone_info)
        self._end_zone = end_clock.zone if end_clock else self._clock.zone
        self._is_end = is_one_of(labels["timestamp"], NAMES["to"])
        self._midnights: set[bool] = set()
        self._offsets: set[timedelta | None] = set()
        self._signs: dict[str, int] = {}
        self._forms: dict[bool, tuple[int, str]] = {}
        self._kinds: set[bool] = set()
        self._shift = self._shift_of_name()
        self._read(rows)

    @property
    def is_end(self) -> bool:
        """Return whether instants are the ends of the intervals: the column says so, or the days begin at 00:15 and end at 24:00."""
        return self._is_end or self._midnights == {True}

    @property
    def is_power(self) -> bool:
        """Return whether the values are the average power of the intervals: the energy that each would take in an hour."""
        return True in self._kinds

    def add(self, line: int, column: str, text: str) -> None:
        """Note that something is wrong in a line; `column` is one of `NAMES`."""
        self.problems.add(line, self.header.labels[column], text)

    def _shift_of_name(self) -> int | None:
        """Return the power of ten of the unit in the name of the column of energy; None if a column of units says it."""
        name = self.header.labels["kwh"]
        units = {UNITS[each] for each in _IN_NAME.findall(plain(name))}
        if len(units) == 1 and not _SEVERAL.search(plain(name)) and not _OTHER.search(unit_of(name)):
            return units.pop()
        if (power := unit_of(name) or plain(name)) in POWERS and not units:
            self._kinds.add(True)
            return POWERS[power]
        if "unit" in self.header.labels and not units:
            return None
        if _OTHER.search(plain(name)) and not units:
            text = f"{shown(name)} is not energy. Energy is wanted, in kWh, Wh or MWh, or average power in kW or W"
        else:
            text = "in which unit is this? Name the column kwh, or write the unit into its name, such as Energy (kWh)"
        self.add(self.header.number, "kwh", text)
        return 0

    def _read(self, rows: Iterator[Row]) -> None:
        meters: dict[Cell, str] = {}
        order: str | None = None
        for row, cells in self.header.each(rows, self.problems):
            if order is None and _SLASHED.match(str(cells.get("day") or cells["timestamp"])):
                order = _order(self._content)
            self._row(row, cells, meters, order or "")
        self._check_signs_and_offsets()
        for meter, home in self.homes.items():
            for line, wall in home.settle(self._clock.zone):
                self.add(line, "timestamp", self._twice(meter, wall))
        if not self.homes and not self.problems:
            self.problems.add(0, "", "has no rows")
        self.problems.check()

    def _row(self, row: Row, cells: Mapping[str, Cell], meters: dict[Cell, str], order: str) -> None:
        column = "timestamp"
        if self.is_register and is_nothing(text_of(cells["kwh"])):
            # There is no reading.
            return
        try:
            shares_day = "day" in cells
            span = span_of(cells["timestamp"], shares_day) or Span(cells["timestamp"], cells.get("to", ""), shares_day)
            begin = self._begin(span.begins, cells.get("day", ""), order)
            column = "to" if text_of(cells.get("to", "")) else "timestamp"
            ends = self._ends(span, cells.get("day", ""), order)
            column = "meter"
            named = cells.get("meter", self._only_meter)
            meter = meters.get(named) or meters.setdefault(named, _meter(named))
            home = self.homes.setdefault(meter, Uses(self.is_register))
            column = "kwh"
            energy = self._energy(cells, row.number)
        except CellError as error:
            if not (column == "timestamp" and sums_up(row.cells)):
                self.add(row.number, column, str(error))
            return
        except InvalidOperation:
            text = (
                f"{shown(text_of(cells['kwh']))!r} is not an energy in kWh of at most {DECIMALS} decimals, zero or more"
            )
            self.add(row.number, "kwh", text)
            return
        self._keep(home, meter, row.number, begin, energy, ends)

    def _begin(self, cell: Cell, day: Cell, order: str) -> datetime:
        """Return the beginning of a row's interval."""
        begin = moment_of(cell, day, order)
        self._clock.check(begin, self.header.number, self.header.labels["timestamp"])
        self._offsets.add(begin.utcoffset())
        if begin.hour == 0 and begin.minute == 0:
            self._midnights.add("24:00" in text_of(cell))
        return begin

    def _ends(self, span: Span, day: Cell, order: str) -> list[int]:
        """Return the instants (µs) that a row's end can mean; none if the row says no end."""
        if not text_of(span.ends) or self._is_end:
            return []
        ends = [instant(each) for each in instants_of(moment_of(span.ends, day, order), self._end_zone)]
        # An end of the same day before the beginning is of the next day.
        return [*ends, *(end + DAY for end in ends)] if span.is_one_day else ends

    def _energy(self, cells: Mapping[str, Cell], line: int) -> int:
        """Return energy, or a register, in `FINE` parts of a watt-hour. Raises CellError or InvalidOperation."""
        cell, shift = cells["kwh"], self._shift
        if shift is None:
            unit = text_of(cells["unit"]).casefold()
            shift = (UNITS | POWERS).get(unit)
            if shift is None:
                raise CellError(
                    f"the unit is {shown(text_of(cells['unit']))!r}. Energy is wanted, in kWh, Wh or MWh, or average power in kW or W"
                )
            self._kinds.add(unit in POWERS)
        if isinstance(cell, str) and _PLAIN.fullmatch(cell):
            value = Decimal(cell)
            if "." in cell:
                self._signs.setdefault(".", line)
        elif is_nothing(text_of(cell)):
            # Loggers write Null, n/a or a dash.
            value = Decimal(0)
        else:
            # Of a kWh there are decimals, and hardly ever thousands.
            is_comma = str(cell).count(",") == 1 and "." not in str(cell)
            try:
                value = number_of(
                    cell, "," if is_comma else "", ("", *(unit for unit in UNITS if UNITS[unit] == shift))
                )
            except CellError:
                raise InvalidOperation from None
            if is_comma:
                self._signs.setdefault(",", line)
        if not value.is_finite() or not 0 <= value.scaleb(shift) < (LARGEST_REGISTER if self.is_register else LARGEST):
            raise InvalidOperation
        if self.is_register and isinstance(cell, str):
            self._forms.setdefault(bool(_THOUSANDS.fullmatch(cell.strip())), (line, cell))
        parts = value.scaleb(DECIMALS + shift, _WIDE)
        if parts != parts.to_integral_value():
            raise InvalidOperation
        return int(parts)

    def _keep(self, home: Uses, meter: str, line: int, begin: datetime, energy: int, ends: list[int]) -> None:
        zone = self._clock.zone
        meant = instants_of(begin, zone)
        if len(meant) == 2:
            home.twice.setdefault(begin, []).append((line, energy, ends))
            return
        if not meant:
            # Files with as many rows on every day have some of zero in the hour that is left out.
            if energy:
                text = f"the clocks in {zone} are put forward over {begin}; give timestamps their offset from UTC"
                self.add(line, "timestamp", text)
            return
        at = instant(meant[0])
        if not 0 <= at <= INSTANT_MAX:
            self.add(line, "timestamp", f"{begin} is not between 1970 and 2200")
        elif not home.take(at, energy, line, ends):
            self.add(line, "timestamp", self._twice(meter, begin))

    def _twice(self, meter: str, moment: datetime) -> str:
        if "meter" in self.header.labels:
            return f"meter {meter} has {moment} twice"
        return f"{moment} is there twice. If the file has several meters, call their column meter"

    def _check_signs_and_offsets(self) -> None:
        if len(self._signs) > 1:
            first = min(self._signs.values())
            text = f"the decimals have another sign here than in line {first}. Write all alike, without marks between thousands"
            self.add(max(self._signs.values()), "kwh", text)
        if len(self._kinds) > 1:
            self.add(self.header.number, "kwh", "some rows have energy and others power. Write all in one unit")
        if True in self._forms and False not in self._forms:
            line, found = self._forms[True]
            text = f"{found!r} can be thousands. Write registers without marks between thousands, or with another number of decimals"
            self.add(line, "kwh", text)
        if len(self._offsets) > MOST_OFFSETS:
            text = "each row has another offset from UTC. If a cell says a time from - to, put blanks around the dash"
            self.add(self.header.number, "timestamp", text)


def _meter(cell: Cell) -> str:
    name = serial_of(cell)
    if not name:
        raise CellError("there is no meter")
    return name


def _order(content: bytes) -> str:
    rows = read(content, all_names(NAMES))
    header = find(rows, NAMES, NEEDED, INSTEAD)
    place = header.places.get("day", header.places["timestamp"])
    return order_of_days(text_of(row.cells[place]) for row in header.body(rows) if place < len(row.cells))

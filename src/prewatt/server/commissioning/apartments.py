"""Reads the list of a building's apartments and meters as a landlord has it: CSV or a workbook."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from ...kernel.calendar import local_day
from ...kernel.calendar import zone as zone_of
from ...tables.cells import (
    CellError,
    lost_zeros,
    name_of,
    said_exactly,
    serial_of,
    tenant_of,
    text_of,
)
from ...tables.columns import Header, all_names, find
from ...tables.problems import Problems, TableError, shown
from ...tables.rows import Cell, Row
from ...tables.sheet import read
from ...tables.words import is_nothing, may_be_common, may_be_main, unaccented
from ..core.phone_numbers import country_at
from ..core.time import now
from ..metering.models import Meter
from ..notices.contact import NO_CONTACT, Contact, read_field
from .list_columns import CONTACT, NAMES, NEEDED, ROLES, column_of, title_of
from .list_rows import Alone, check_one_head, is_total, likeness, lines_without, spread
from .list_values import Values, number_to_call

LARGEST_ON_DISK = 20_000_000
"""The most bytes of a list that the command line reads. What is chosen on a page has a bound of its own (`core.uploads`)."""
LONGEST_NAME = 100
"""The most characters of a tenant's name."""


class SetupError(ValueError):
    """Something can't be set up as it was given. The message names what is wrong; nothing was changed."""


@dataclass(frozen=True)
class Apartment:
    """A unit, its meter's serial number, and its tenant (empty if nobody lives there).

    `area` is in m²; `parts` are the names of the parts of the building that the unit belongs to; `fuse` is in W, and
    empty for the usual one; `gateway` is the one that the meter is connected to, and empty for the building's;
    `contact` is how the tenant is reached; `line` is the line of the list; `given` are the columns in which it has
    a value. A meter of another `role` (common, main) has no unit, and at most one part. A unit whose `meter` is empty
    has none that is known yet.
    """

    unit: str
    meter: str
    tenant: str
    role: str = Meter.Role.UNIT
    area: str = "0"
    occupants: str = "1"
    parts: tuple[str, ...] = ()
    fuse: str = ""
    gateway: str = ""
    contact: Contact = NO_CONTACT
    line: int = field(default=0, compare=False)
    given: frozenset[str] = field(default=frozenset(), compare=False)

    def more(self) -> dict[str, Any]:
        """Return the other columns of its meter in the list: the fuse. Raises SetupError if that can't be right."""
        if not self.fuse:
            return {}
        if not self.fuse.isascii() or not self.fuse.isdigit() or len(self.fuse) > 9:
            raise SetupError(f"meter {self.meter}: fuse {self.fuse!r} is not a power in W such as 15000")
        return {"power_highest": int(self.fuse)}


@dataclass(frozen=True)
class UsedColumn:
    """A column of a list: its name there, and what it was taken for, in words."""

    label: str
    title: str


@dataclass(frozen=True)
class Rival:
    """A column that is not used, though its name may mean the same as that of the `used` one."""

    label: str
    used: UsedColumn


@dataclass(frozen=True)
class LeftOut:
    """A line of a list that is no flat and no meter, such as a sum or a remark, with the beginning of its text."""

    line: int
    text: str


@dataclass(frozen=True)
class FlatList:
    """What was read of a list: its apartments; the columns that were used; the names of the columns that have values, but are
    not used; which of these may be what another one was taken for; the lines that were left out; and the lines without a part of
    the building below one that has it.
    """

    apartments: list[Apartment]
    used: tuple[UsedColumn, ...] = ()
    unused: tuple[str, ...] = ()
    rivals: tuple[Rival, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    without_part: tuple[int, ...] = ()


def read_apartments(path: Path, currency: str = "", zone: str = "") -> FlatList:
    """Return what is read of a file with the columns unit, meter and tenant. It may also have role, area, occupants,
    parts (several are separated by a semicolon), fuse (W), gateway, phone, email and language. By the building's
    `currency` and `zone` an old encoding is recognised, and a phone number without its country. A SetupError names all
    lines that are wrong.
    """
    try:
        if path.stat().st_size > LARGEST_ON_DISK:
            raise SetupError(f"{path}: is larger than {LARGEST_ON_DISK // 10**6} MB")
        content = path.read_bytes()
    except OSError as error:
        raise SetupError(f"{path}: can't be read ({error})") from None
    try:
        return apartments_of(content, currency, zone)
    except TableError as error:
        raise SetupError(error.of(str(path))) from None


def apartments_of(
    content: bytes,
    currency: str = "",
    zone: str = "",
    needed: Collection[str] = NEEDED,
    problems: Problems | None = None,
    names: Mapping[str, Sequence[str]] = NAMES,
) -> FlatList:
    """Return what is read of a file's bytes, as `read_apartments` does. `needed`: the columns that must be there; if
    the meter is among them, each unit must have one. Raises TableError, which names all lines that are wrong. If
    `problems` is given, it gathers those instead, and the other lines are returned. `names`: those of the
    columns that are read.
    """
    return apartments_in(list(read(content, all_names(NAMES), currency)), currency, zone, needed, problems, names)


def apartments_in(
    rows: Iterable[Row],
    currency: str,
    zone: str,
    needed: Collection[str],
    problems: Problems | None = None,
    names: Mapping[str, Sequence[str]] = NAMES,
) -> FlatList:
    """Return what is read of a table's rows, one of which names the columns. See `apartments_of`."""
    rows = list(rows)
    titles = {
        "unit": pgettext("column of a list", "unit"),
        "meter": pgettext("column of a list", "meter"),
        "tenant": pgettext("column of a list", "tenant"),
    }
    header = find(rows, names, needed, instead=(("tenant", "last name"),), titles=titles)
    check_one_head(header, next(header.body(rows), None))
    gathered = Problems() if problems is None else problems
    reading = _Reading(
        header, country_at(zone, currency), local_day(now(), zone_of(zone or "UTC")), "meter" in needed, gathered
    )
    if not header.number:
        # Nobody has named the columns: the parts of a typed line are told as people know them.
        reading.labels |= titles
    filled: set[int] = set()
    for row, cells in header.each(rows, gathered):
        reading.take(row, cells)
        filled.update(place for place, cell in enumerate(row.cells) if text_of(cell))
    apartments = reading.made()
    if problems is None:
        gathered.check()
    used, unused = _used(header), _unused(rows, header, filled)
    return FlatList(
        apartments,
        tuple(used.values()),
        unused,
        _rivals(used, unused),
        tuple(reading.left_out),
        reading.without_part(),
    )


def _read_columns(header: Header) -> list[str]:
    """Return the columns that are read. The parts of a name are not, where it stands whole or is there twice."""
    parts = {"first name", "last name"} if "last name" in header.places else set()
    return sorted(header.places.keys() - parts, key=header.places.__getitem__)


def _used(header: Header) -> dict[str, UsedColumn]:
    """Return the columns that are read, in the order of the list; none if nobody has named them."""
    if not header.number:
        return {}
    return {name: UsedColumn(shown(header.labels[name]), title_of(name)) for name in _read_columns(header)}


def _unused(rows: Sequence[Row], header: Header, filled: Collection[int]) -> tuple[str, ...]:
    """Return the names of the columns at the places that are `filled`, but not read."""
    named = next((row.cells for row in rows if row.number == header.number), [])
    places = sorted(set(filled) - {header.places[name] for name in _read_columns(header)})
    return tuple(
        shown(text_of(named[place])) or _("column %(number)d, which has no name") % {"number": place + 1}
        for place in places
    )


def _rivals(used: Mapping[str, UsedColumn], unused: Collection[str]) -> tuple[Rival, ...]:
    """Return the columns that are not used because another one of their meaning is."""
    return tuple(Rival(label, used[name]) for label in unused if (name := column_of(label)) in used)


class _Reading:
    """Gathers the rows of a list, and what is wrong with them."""

    def __init__(self, header: Header, country: str, today: date, with_meters: bool, problems: Problems) -> None:
        self.problems = problems
        self._country = country
        self._with_meters = with_meters
        self._header = header.number
        self._today = today
        self.labels = dict(header.labels)
        self._places = header.places
        self._alone = Alone()
        self._rows: list[tuple[int, dict[str, Cell]]] = []
        self.left_out: list[LeftOut] = []

    def take(self, row: Row, cells: dict[str, Cell]) -> None:
        """Take a row of the table. Rows without unit, meter and tenant, and rows of totals, are left out."""
        first, last = cells.get("first name", ""), cells.get("tenant", "")
        if "last name" not in cells and text_of(first) and text_of(last) and text_of(first) not in text_of(last):
            cells["tenant"] = f"{text_of(first)} {text_of(last)}"
        for column in spread(row, self._places, cells):
            text = _("is one cell for several lines. Undo the merging of cells, and give each line its own value")
            self._add(row.number, column, text)
        unit, meter, tenant = (text_of(cells.get(name, "")) for name in NEEDED)
        self._alone.take(row, unit)
        if (unit or meter or tenant) and not is_total(row, unit, meter, tenant):
            self._rows.append((row.number, cells))
        elif text := " ".join(filter(None, map(text_of, row.cells))):
            self.left_out.append(LeftOut(row.number, shown(text)))

    def made(self) -> list[Apartment]:
        """Return the apartments in whose lines nothing is wrong."""
        self._values = Values(self.labels, self._country, [cells for _line, cells in self._rows])
        for column, text in self._values.wrong_columns():
            self.problems.add(self._header, self.labels[column], text)
        apartments = [self._apartment(line, cells) for line, cells in self._rows]
        self._twice("meter", apartments)
        self._twice("unit", apartments)
        self._check_zeros([each.meter for each in apartments])
        self._check_alone()
        if not apartments and not self.problems:
            self.problems.add(0, "", _("the list has no rows"))
        return [each for each in apartments if not self.problems.has(each.line)]

    def without_part(self) -> tuple[int, ...]:
        """Return the lines without a part of the building below one that has it."""
        return lines_without("parts", self._rows)

    def _check_alone(self) -> None:
        """Find headings and remarks that would become flats."""
        known = {line for line, _cells in self._rows} if self._header else set()
        for line in known.intersection(self._alone.doubtful()):
            text = _(
                "nothing else stands in this line. If it is a heading or a remark, remove it. If it is a flat, write “vacant” as its tenant"
            )
            self._add(line, "unit", text)

    def _add(self, line: int, column: str, text: str) -> None:
        self.problems.add(line, self.labels.get(column, column), text)

    def _check_unit(self, line: int, role: str, given_role: str, unit: str, tenant: str) -> None:
        """Find out whether a meter has the unit that one of its role must have, or must not. A name such as Treppenhaus makes
        no flat unless the list says that it is one (`given_role`): as a flat, the stairs would be dark until somebody pays.
        """
        if role == Meter.Role.UNIT and not unit:
            self._add(
                line,
                "unit",
                _(
                    "is empty. Type the unit's name. For a meter of the stairs or of the whole building, write common or main in a "
                    "column named role"
                ),
            )
        if role != Meter.Role.UNIT and (unit or tenant):
            self._add(
                line,
                "role",
                _("a meter with the role %(role)r can't have a unit or a tenant. Leave both empty")
                % {"role": given_role},
            )
        if given_role:
            return
        for column, name in (("unit", unit), ("tenant", tenant)):
            if may_be_common(name):
                self._add(
                    line,
                    column,
                    _(
                        "%(found)r sounds like a meter of common use. As a flat it would be dark until somebody pays. If it is none, "
                        "write common in a column named role, and leave unit and tenant empty. If it is a flat, write unit there"
                    )
                    % {"found": name},
                )
            elif may_be_main(name):
                self._add(
                    line,
                    column,
                    _(
                        "%(found)r sounds like the meter of the whole building. As a flat it would be dark until somebody pays. If it "
                        "is none, write main in a column named role, and leave unit and tenant empty. If it is a flat, write unit there"
                    )
                    % {"found": name},
                )

    def _check_without_meter(self, line: int, role: str) -> None:
        """Find out whether a line whose meter is empty may go without one."""
        if "meter" in self.labels and (self._with_meters or role != Meter.Role.UNIT):
            self._add(line, "meter", _("is empty. Type the serial number that is on the meter"))

    def _check_zeros(self, serials: list[str]) -> None:
        """Find serial numbers from which a spreadsheet may have removed zeros."""
        for index, length in lost_zeros(serials).items():
            line, cells = self._rows[index]
            if not said_exactly(cells["meter"]):
                self._add(
                    line,
                    "meter",
                    _(
                        "%(found)r has fewer digits than the others, which have %(length)d. Perhaps a spreadsheet has "
                        'removed zeros at its beginning. Type the zeros again, or write ="%(found)s" if the number is '
                        "right"
                    )
                    % {"found": serials[index], "length": length},
                )

    def _apartment(self, line: int, cells: dict[str, Cell]) -> Apartment:
        def cell(column: str, reads: Any) -> str:
            try:
                return str(reads(cells.get(column, "")))
            except CellError as error:
                self._add(line, column, str(error))
                return "?"

        unit = unicodedata.normalize("NFKC", cell("unit", name_of))
        meter, tenant = cell("meter", serial_of), cell("tenant", tenant_of)
        if len(tenant) > LONGEST_NAME:
            self._add(line, "tenant", _("a name has at most %(most)d characters") % {"most": LONGEST_NAME})
        role = self._role(line, cells.get("role", ""))
        if meter != "?" and is_nothing(meter):
            self._check_without_meter(line, role)
            meter = ""
        self._check_unit(line, role, text_of(cells.get("role", "")), unit, tenant)
        if tenant:
            self._check_moves(line, cells)
        parts = tuple(filter(None, (name.strip() for name in re.split(r"[;；|\n]", cell("parts", text_of)))))
        return Apartment(
            unit,
            meter,
            tenant,
            role,
            cell("area", self._values.area) or "0",
            cell("occupants", self._values.occupants) or "1",
            parts,
            cell("fuse", self._values.fuse),
            cell("gateway", name_of),
            self._contact(line, cells, tenant),
            line,
            frozenset(name for name, content in cells.items() if not is_nothing(text_of(content))),
        )

    def _check_moves(self, line: int, cells: dict[str, Cell]) -> None:
        """Find out whether a tenant lives there today, by the days of the moves."""
        checks = {"moves in": self._values.check_moves_in, "moves out": self._values.check_moves_out}
        for column, check in checks.items():
            try:
                check(cells.get(column, ""), self._today)
            except CellError as error:
                self._add(line, column, str(error))

    def _contact(self, line: int, cells: dict[str, Cell], tenant: str) -> Contact:
        fields = {}
        for column in CONTACT:
            try:
                cell = cells.get(column, "")
                text = number_to_call(cell) if column == "phone" else name_of(cell)
                if is_nothing(text):
                    continue
                fields[column] = read_field(column, text, self._country)
            except ValueError as error:
                text_ = shown(text_of(cells.get(column, "")))
                self._add(line, column, str(error) if isinstance(error, CellError) else f"{text_!r}: {error}")
        if fields and not tenant:
            self._add(
                line,
                "tenant",
                _("is empty, but the line has a phone number or an e-mail address. Type the tenant's name"),
            )
        return Contact(**fields)

    def _role(self, line: int, cell: Cell) -> str:
        name_ = unaccented(text_of(cell))
        for role, words in ROLES.items():
            if name_ in words:
                return role.value
        self._add(
            line,
            "role",
            _("%(found)r is not a known role. Known roles: %(known)s")
            % {"found": shown(text_of(cell)), "known": ", ".join(Meter.Role.values)},
        )
        return Meter.Role.UNIT

    def _twice(self, column: str, apartments: Sequence[Apartment]) -> None:
        first: dict[Hashable, Apartment] = {}
        for each in apartments:
            name = getattr(each, column)
            known = first.setdefault(likeness(name), each)
            if known is each or name in ("", "?"):
                continue
            other, text = getattr(known, column), _("%(name)s is in line %(line)d already")
            if other.casefold() != name.casefold():
                text = _(
                    "%(name)s is the same as %(other)s in line %(line)d, but for zeros, blanks or dots. Correct one of them"
                )
            elif column == "unit" and each.parts and known.parts != each.parts:
                text = _(
                    "%(name)s is in line %(line)d already, in another part of the building. Give each flat a name of its own, such as "
                    "“%(example)s”"
                )
            example = " ".join((*each.parts, name))
            self._add(each.line, column, text % {"name": name, "other": other, "line": known.line, "example": example})

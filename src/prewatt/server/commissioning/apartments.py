"""Reads the list of a building's apartments and meters as a landlord has it: CSV or a workbook."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from ...amounts import decimal_sign
from ...tables.cells import (
    CellError,
    is_nothing,
    lost_zeros,
    name_of,
    number_of,
    said_exactly,
    serial_of,
    tenant_of,
    text_of,
)
from ...tables.columns import Header, all_names, find, unit_of
from ...tables.problems import Problems, TableError, shown
from ...tables.rows import Cell, Row
from ...tables.sheet import read
from ..core.phone_numbers import country_at
from ..metering.models import Meter
from ..notices.contact import NO_CONTACT, Contact, read_field

NAMES = {
    "unit": (
        "unit", "flat", "apartment", "apt", "apt.", "room", "wohnung", "wohneinheit", "einheit", "whg", "whg.",
        "wohnungsnummer", "wohnungsnr", "wohnungsnr.", "wohnungs-nr.", "房号", "房间号", "房间", "房屋", "房间名称", "室号", "门牌号",
        "户号", "单元房号", "单元",
    ),
    "meter": (
        "meter", "electricity meter", "meter serial", "meter id", "serial", "zähler", "zaehler", "zählernummer",
        "zaehlernummer", "zählernr", "zählernr.", "stromzähler", "seriennummer", "电表", "电表号", "电表编号", "电表表号", "表号", "表计",
        "表计号", "表计编号",
    ),
    "tenant": (
        "tenant", "tenant name", "tenants", "name of tenant", "resident", "renter", "lessee", "mieter", "mieter/in", "mietername",
        "mieterin", "name des mieters", "bewohner", "租客", "租户", "租客姓名", "租户姓名", "承租人", "住户", "住户姓名", "姓名", "name",
    ),
    "role": ("role", "meter role", "rolle", "zählerrolle", "用途", "角色"),
    "area": ("area", "floor area", "fläche", "wohnfläche", "flaeche", "wohnflaeche", "m2", "qm", "sqm", "面积", "建筑面积", "使用面积"),
    "occupants": ("occupants", "persons", "people", "personen", "personenzahl", "bewohnerzahl", "anzahl personen", "人数", "居住人数"),
    "parts": ("parts", "part", "teile", "gebäudeteil", "gebäudeteile", "aufgang", "treppenhaus", "楼栋", "分区", "区域"),
    "fuse": ("fuse", "main fuse", "fuse w", "sicherung", "hauptsicherung", "absicherung", "最大功率", "保险"),
    "gateway": ("gateway", "gateway name", "网关"),
    "phone": (
        "phone", "mobile", "mobile phone", "cell", "cell phone", "telephone", "tel", "tel.", "phone number", "mobile number",
        "telefon", "handy", "mobil", "mobiltelefon", "telefonnummer", "handynummer", "mobilnummer", "rufnummer",
        "手机", "手机号", "手机号码", "电话", "电话号码", "联系电话", "租客电话", "租客手机", "联系方式",
    ),
    "email": (
        "e-mail", "email", "mail", "e-mail address", "email address", "e-mail-adresse", "emailadresse", "mailadresse",
        "邮箱", "电子邮箱", "电子邮件", "邮件", "邮箱地址",
    ),
    "language": ("language", "lang", "sprache", "语言", "通知语言"),
}  # fmt: skip
"""The names that people give the columns, in small letters."""
NEEDED = ("unit", "meter", "tenant")
"""The columns that `prewatt setup` needs."""
ROLES = {
    Meter.Role.UNIT: ("", "unit", "flat", "apartment", "wohnung", "einheit", "住户", "房间"),
    Meter.Role.COMMON: (
        "common",
        "shared",
        "landlord",
        "allgemein",
        "allgemeinstrom",
        "gemeinschaft",
        "公共",
        "公用",
        "公摊",
    ),
    Meter.Role.MAIN: ("main", "building", "haupt", "hauptzähler", "summenzähler", "总表", "总"),
}
UNITS = {"area": ("", "m2", "qm", "sqm", "平方米", "平米"), "fuse": ("", "w", "watt", "瓦"), "occupants": ("", "人")}
"""The units that may stand behind a number, or in brackets behind a column's name."""
_TOTAL = re.compile(r"(total|totals|sum|summe|gesamt|insgesamt|anzahl|count)\b|合计|总计|小计|共计")
LARGEST_ON_DISK = 20_000_000
"""The most bytes of a list that the command line reads. What is chosen on a page has a bound of its own (`core.uploads`)."""
LONGEST_NAME = 100
"""The most characters of a tenant's name."""
CONTACT = ("phone", "email", "language")


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


def read_apartments(path: Path, currency: str = "", zone: str = "") -> list[Apartment]:
    """Return the apartments of a file with the columns unit, meter and tenant. It may also have role, area, occupants,
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
) -> list[Apartment]:
    """Return the apartments of a file's bytes, as `read_apartments` does. `needed`: the columns that must be there; if
    the meter is among them, each unit must have one. Raises TableError, which names all lines that are wrong. If
    `problems` is given, it gathers those instead, and the apartments of the other lines are returned.
    """
    return apartments_in(list(read(content, all_names(NAMES), currency)), currency, zone, needed, problems)


def apartments_in(
    rows: Iterable[Row], currency: str, zone: str, needed: Collection[str], problems: Problems | None = None
) -> list[Apartment]:
    """Return the apartments of a table's rows, one of which names the columns. See `apartments_of`."""
    rows = list(rows)
    titles = {
        "unit": pgettext("column of a list", "unit"),
        "meter": pgettext("column of a list", "meter"),
        "tenant": pgettext("column of a list", "tenant"),
    }
    header = find(rows, NAMES, needed, titles=titles)
    gathered = Problems() if problems is None else problems
    reading = _Reading(header, country_at(zone, currency), "meter" in needed, gathered)
    if not header.number:
        # Nobody has named the columns: the parts of a typed line are told as people know them.
        reading.labels |= titles
    for row in header.body(rows):
        try:
            reading.take(row.number, header.cells(row))
        except TableError as error:
            reading.problems.add(row.number, "", error.problems[0].text)
    apartments = reading.made()
    if problems is None:
        gathered.check()
    return apartments


class _Reading:
    """Gathers the rows of a list, and what is wrong with them."""

    def __init__(self, header: Header, country: str, with_meters: bool, problems: Problems) -> None:
        self.problems = problems
        self._country = country
        self._with_meters = with_meters
        self.labels = dict(header.labels)
        self._rows: list[tuple[int, dict[str, Cell]]] = []
        for column, known in UNITS.items():
            unit = unit_of(self.labels.get(column, ""))
            if unit not in known:
                self.problems.add(
                    header.number,
                    self.labels[column],
                    _("must be in %(unit)s") % {"unit": "m²" if column == "area" else "W"},
                )

    def take(self, line: int, cells: dict[str, Cell]) -> None:
        """Take a row of the table. Rows without unit, meter and tenant, and rows of totals, are left out."""
        unit, meter, tenant = (text_of(cells.get(name, "")) for name in NEEDED)
        if (unit or meter or tenant) and not (_TOTAL.match(unit.casefold()) and not meter and not tenant):
            self._rows.append((line, cells))

    def made(self) -> list[Apartment]:
        """Return the apartments in whose lines nothing is wrong."""
        self._decimal = decimal_sign(
            text_of(cells.get(name, "")) for _line, cells in self._rows for name in ("area", "fuse")
        )
        apartments = [self._apartment(line, cells) for line, cells in self._rows]
        self._twice("meter", [each.meter for each in apartments])
        self._twice("unit", [each.unit for each in apartments])
        self._check_zeros([each.meter for each in apartments])
        if not apartments and not self.problems:
            self.problems.add(0, "", _("the list has no rows"))
        return [each for each in apartments if not self.problems.has(each.line)]

    def _add(self, line: int, column: str, text: str) -> None:
        self.problems.add(line, self.labels.get(column, column), text)

    def _check_unit(self, line: int, role: str, unit: str, tenant: str) -> None:
        """Find out whether a meter has the unit that one of its role must have, or must not."""
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
                _("a meter with the role %(role)r can't have a unit or a tenant. Leave both empty") % {"role": role},
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
        self._check_unit(line, role, unit, tenant)
        parts = tuple(filter(None, (name.strip() for name in re.split(r"[;；|\n]", cell("parts", text_of)))))
        return Apartment(
            unit,
            meter,
            tenant,
            role,
            self._number(line, "area", cells, "52.5") or "0",
            self._number(line, "occupants", cells, "2", whole=True) or "1",
            parts,
            self._number(line, "fuse", cells, "15000", whole=True),
            cell("gateway", name_of),
            self._contact(line, cells, tenant),
            line,
            frozenset(name for name, content in cells.items() if not is_nothing(text_of(content))),
        )

    def _contact(self, line: int, cells: dict[str, Cell], tenant: str) -> Contact:
        fields = {}
        for column in CONTACT:
            try:
                text = name_of(cells.get(column, ""))
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
        name_ = unicodedata.normalize("NFKC", text_of(cell)).casefold()
        for role, words in ROLES.items():
            if name_ in words:
                return role.value
        self._add(
            line,
            "role",
            _("%(found)r is not a known role. Known roles: %(known)s")
            % {"found": name_, "known": ", ".join(Meter.Role.values)},
        )
        return Meter.Role.UNIT

    def _number(self, line: int, column: str, cells: dict[str, Cell], example: str, whole: bool = False) -> str:
        cell = cells.get(column, "")
        if text_of(cell) in ("", "-", "–"):
            return ""
        try:
            number = number_of(cell, self._decimal, UNITS[column])
        except CellError:
            number = Decimal(-1)
        if number < 0 or number >= 10**9 or (whole and number != number.to_integral_value()):
            wanted = {
                "area": _("%(found)r is not an area in m² such as %(example)s"),
                "occupants": _("%(found)r is not a number of people such as %(example)s"),
                "fuse": _("%(found)r is not a power in W such as %(example)s"),
            }[column]
            self._add(line, column, wanted % {"found": text_of(cell), "example": example})
            return ""
        return f"{number.normalize():f}"

    def _twice(self, column: str, names: list[str]) -> None:
        first: dict[str, int] = {}
        for (line, _cells), name in zip(self._rows, names, strict=True):
            # flat 1 is Flat 1.
            known = first.setdefault(name.casefold(), line)
            if known != line and name not in ("", "?"):
                self._add(line, column, _("%(name)s is in line %(line)d already") % {"name": name, "line": known})

"""The list of a building's apartments and meters, as a landlord has it: CSV or a workbook."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

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
from ...tables.rows import Cell
from ...tables.sheet import read
from ..core.phone_numbers import country_at
from ..metering.models import Meter
from ..notices.contacts import NO_CONTACT, Contact, read_field

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
"""What people call the columns, in small letters."""
NEEDED = ("unit", "meter", "tenant")
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
"""What may stand behind a number, or in brackets behind a column's name."""
_TOTAL = re.compile(r"(total|totals|sum|summe|gesamt|insgesamt|anzahl|count)\b|合计|总计|小计|共计")
LARGEST_FILE = 20_000_000
LONGEST_NAME = 100
"""Characters of a tenant's name."""
CONTACT = ("phone", "email", "language")


class SetupError(ValueError):
    """What was given can't be set up; the message names what is wrong. Nothing was changed."""


@dataclass(frozen=True)
class Apartment:
    """A unit, its meter's serial number, and who lives there (empty: nobody). `area` in m²; `parts`: names of the parts
    of the building it belongs to; `fuse` in W, empty: as usual; `gateway` that its meter hangs at, empty: the building's;
    `contact`: how the tenant is reached; `line` of the list. A meter of another `role` (common, main) has no unit, and at most
    one part.
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

    def more(self) -> dict[str, Any]:
        """What is said of its meter. SetupError if it can't be."""
        if not self.fuse:
            return {}
        if not self.fuse.isascii() or not self.fuse.isdigit() or len(self.fuse) > 9:
            raise SetupError(f"meter {self.meter}: fuse {self.fuse!r} is not a power in W such as 15000")
        return {"power_highest": int(self.fuse)}


def read_apartments(path: Path, currency: str = "", zone: str = "") -> list[Apartment]:
    """A file with the columns unit,meter,tenant, and perhaps role,area,occupants,parts (several with a semicolon),fuse (W),
    gateway,phone,email,language. `currency` and `zone` of the building: by them an old encoding is told, and a phone number
    without its country. SetupError names all lines that are wrong.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise SetupError(f"{path}: is larger than {LARGEST_FILE // 10**6} MB")
        content = path.read_bytes()
    except OSError as error:
        raise SetupError(f"{path}: can't be read ({error})") from None
    try:
        return apartments_of(content, currency, zone)
    except TableError as error:
        raise SetupError(error.of(str(path))) from None


def apartments_of(
    content: bytes, currency: str = "", zone: str = "", needed: Collection[str] = NEEDED
) -> list[Apartment]:
    """As `read_apartments`, of a file's bytes; `needed`: the columns that must be there. TableError."""
    rows = list(read(content, all_names(NAMES), currency))
    header = find(rows, NAMES, needed)
    reading = _Reading(header, country_at(zone, currency))
    for row in header.body(rows):
        try:
            reading.take(row.number, header.cells(row))
        except TableError as error:
            reading.problems.add(row.number, "", error.problems[0].text)
    return reading.made()


class _Reading:
    """Gathers the rows, and what is wrong with them."""

    def __init__(self, header: Header, country: str) -> None:
        self.problems = Problems()
        self._country = country
        self._told = header.labels
        self._rows: list[tuple[int, dict[str, Cell]]] = []
        for column, known in UNITS.items():
            unit = unit_of(self._told.get(column, ""))
            if unit not in known:
                self.problems.add(
                    header.number,
                    self._told[column],
                    _("is wanted in %(unit)s") % {"unit": "m²" if column == "area" else "W"},
                )

    def take(self, line: int, cells: dict[str, Cell]) -> None:
        """A row of the table; one without a unit, a meter and a tenant is a sum or a remark."""
        unit, meter, tenant = (text_of(cells.get(name, "")) for name in NEEDED)
        if (unit or meter or tenant) and not (_TOTAL.match(unit.casefold()) and not meter and not tenant):
            self._rows.append((line, cells))

    def made(self) -> list[Apartment]:
        """The apartments. TableError with all that is wrong."""
        self._decimal = decimal_sign(
            text_of(cells.get(name, "")) for _line, cells in self._rows for name in ("area", "fuse")
        )
        found = [self._apartment(line, cells) for line, cells in self._rows]
        self._twice("meter", [each.meter for each in found])
        self._twice("unit", [each.unit for each in found])
        for index, length in lost_zeros([each.meter for each in found]).items():
            line, cells = self._rows[index]
            if not said_exactly(cells["meter"]):
                self._add(
                    line,
                    "meter",
                    _(
                        "%(found)r has fewer digits than others, which have %(length)d: has a spreadsheet taken zeros from its front? "
                        'Type them, or write ="%(found)s" if it is right'
                    )
                    % {"found": found[index].meter, "length": length},
                )
        if not found and not self.problems:
            self.problems.add(0, "", _("has no rows"))
        self.problems.check()
        return found

    def _add(self, line: int, column: str, text: str) -> None:
        self.problems.add(line, self._told.get(column, column), text)

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
        if "meter" in self._told and is_nothing(meter) and meter != "?":
            self._add(line, "meter", _("is empty: the serial number on the meter is wanted"))
        if role == Meter.Role.UNIT and not unit:
            self._add(
                line,
                "unit",
                _(
                    "is empty: the unit's name is wanted. A meter of the stairs or of the whole building says common or main in a "
                    "column named role"
                ),
            )
        if role != Meter.Role.UNIT and (unit or tenant):
            self._add(line, "role", _("a meter of the role %(role)r has no unit and no tenant") % {"role": role})
        parts = tuple(filter(None, (name.strip() for name in re.split(r"[;；|\n]", cell("parts", text_of)))))
        return Apartment(
            unit, meter, tenant, role,
            self._number(line, "area", cells, "52.5") or "0",
            self._number(line, "occupants", cells, "2", whole=True) or "1",
            parts,
            self._number(line, "fuse", cells, "15000", whole=True),
            cell("gateway", name_of),
            self._contact(line, cells, tenant),
            line,
        )  # fmt: skip

    def _contact(self, line: int, cells: dict[str, Cell], tenant: str) -> Contact:
        found = {}
        for column in CONTACT:
            try:
                text = name_of(cells.get(column, ""))
                if is_nothing(text):
                    continue
                found[column] = read_field(column, text, self._country)
            except ValueError as error:
                told = shown(text_of(cells.get(column, "")))
                self._add(line, column, str(error) if isinstance(error, CellError) else f"{told!r}: {error}")
        if found and not tenant:
            self._add(line, "tenant", _("is empty, and there is a way to reach somebody: whose is it?"))
        return Contact(**found)

    def _role(self, line: int, cell: Cell) -> str:
        told = unicodedata.normalize("NFKC", text_of(cell)).casefold()
        for role, words in ROLES.items():
            if told in words:
                return role.value
        self._add(
            line, "role", _("%(found)r is none of %(known)s") % {"found": told, "known": ", ".join(Meter.Role.values)}
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

"""The values in the columns of a list of flats, as their authors mean them: areas, powers, numbers of people, days of moves."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext as _

from ...amounts import decimal_sign
from ...tables.cells import (
    CellError,
    DoubtfulDay,
    DoubtfulNumber,
    Measure,
    day_of,
    digits_of,
    measure_of,
    name_of,
    order_of_days,
    short_unit,
    text_of,
)
from ...tables.columns import plain, unit_of
from ...tables.problems import shown
from ...tables.rows import Cell
from ...tables.words import is_nothing

_M2, _SQUARE_FOOT = Decimal(1), Decimal("0.09290304")
"""Square metres of a unit of area. A foot is 0.3048 m by the agreement of 1959."""
_AREAS = {
    **dict.fromkeys(("m2", "qm", "sqm", "mq", "mkw", "m^2", "mts2", "mt2", "sqmt", "sqmtr", "sqmtrs", "sqmeter", "sqmeters"), _M2),
    **dict.fromkeys(("quadratmeter", "metrekare", "平方米", "平米", "平", "м2", "квм", "squaremeters", "squaremetres"), _M2),
    **dict.fromkeys(("sqft", "sft", "sf", "ft2", "sqfeet", "squarefeet", "squarefoot", "squarefootage"), _SQUARE_FOOT),
}  # fmt: skip
_POWERS = {
    **dict.fromkeys(("w", "watt", "watts", "瓦", "va", "вт"), 1),
    **dict.fromkeys(("kw", "kva", "千瓦", "квт"), 1000),
}
_PEOPLE = frozenset(
    ("人", "person", "personen", "persons", "people", "pers", "personnes", "personne", "personas", "persona", "pessoas",
     "pessoa", "persone", "osoby", "osób", "osoba", "os", "kişi", "чел", "человека", "человек", "pax", "名", "명"),
)  # fmt: skip
_CURRENT = re.compile(r"(\d+ ?([x×*]|p|ph) ?)?\d+ ?(a|amp|amps|ampere|amperes)\b.*")
_ROUNDED = re.compile(r"\d+([.,]\d+)?e\+?\d+", re.IGNORECASE)
_BETWEEN_NUMBERS = re.compile(r"[,;\n&、]| / |\b(?:und|oder|and|or|et|ou|y|o|i|lub|e)\b")
_REMARK = re.compile(r"\s*[(\[][^\d()]+[)\]]$")
_IN_FEET = frozenset(("US", "CA", "IN", "PK", "BD", "NP", "LK", "HK", "SG", "MY", "AE"))
"""Countries in which an area without a unit may be in square feet."""
FUSES = range(100, 1_000_001)
"""The powers that a main fuse may let through, W."""
_HUNDREDTH = Decimal("0.01")


def number_to_call(cell: Cell) -> str:
    """Return the phone number in a cell, without a remark in brackets behind it. Raises CellError if there are several, or if a
    spreadsheet has rounded it.
    """
    text = unicodedata.normalize("NFKC", text_of(cell))
    if _ROUNDED.fullmatch(text):
        raise CellError(
            _(
                "%(found)r: a spreadsheet has rounded this phone number. Format the column as text, and type the number again"
            )
            % {"found": shown(text)}
        )
    if sum(len(re.findall(r"\d", part)) > 5 for part in _BETWEEN_NUMBERS.split(text)) > 1:
        raise CellError(
            _("%(found)r: there are several phone numbers. Keep the one to which SMS go") % {"found": shown(text)}
        )
    return name_of(_REMARK.sub("", text) if isinstance(cell, str) else cell)


class Values:
    """Reads the values of one list. What the whole list shows counts for each cell: the units in the columns' names, the decimal
    sign, the order of day and month.
    """

    def __init__(self, labels: Mapping[str, str], country: str, rows: Collection[Mapping[str, Cell]]) -> None:
        self._labels, self._country = labels, country
        self._units = {column: self._unit(column) for column in ("area", "fuse")}
        self._areas = [row.get("area", "") for row in rows]
        texts = [text_of(row.get(column, "")) for row in rows for column in ("area", "fuse")]
        self._decimal = decimal_sign(map(digits_of, texts))
        self._order = order_of_days(text_of(row.get(name, "")) for row in rows for name in ("moves in", "moves out"))

    def _unit(self, column: str) -> str:
        """Return the unit that a column's name says, or is."""
        label = self._labels.get(column, "")
        name = short_unit(plain(label))
        return name if name in _AREAS else short_unit(unit_of(label))

    def wrong_columns(self) -> Iterator[tuple[str, str]]:
        """Yield pairs of a column in which no value can be read, and why."""
        area, fuse = self._units["area"], self._units["fuse"]
        if area and area not in _AREAS:
            yield "area", _("must be in m² or in square feet (sq ft)")
        if fuse and fuse not in _POWERS:
            yield (
                "fuse",
                _(
                    "must be in W or kW. A fuse of 25 A lets through 25 x 230 V = 5750 W, with three phases 3 x 5750 = 17250 W"
                ),
            )
        if not area and self._country in _IN_FEET and any(self._is_bare(cell) for cell in self._areas):
            names = {"name": shown(self._labels["area"])}
            yield (
                "area",
                _("may be in m² or in square feet. Name the column “%(name)s (m²)” or “%(name)s (sq ft)”") % names,
            )

    @staticmethod
    def _is_bare(cell: Cell) -> bool:
        text = text_of(cell)
        return not is_nothing(text) and digits_of(text) == text and Decimal(0) != cell

    def _measure(self, cell: Cell, wanted: str, decimal: str = "") -> Measure:
        """Return a number and its unit; `decimal`: the decimal sign, if the list does not show it. Raises CellError, which names what
        is `wanted` if it is no number.
        """
        try:
            measure = measure_of(cell, self._decimal or decimal)
        except DoubtfulNumber:
            raise
        except CellError:
            raise CellError(wanted) from None
        if measure.number < 0 or measure.number >= 10**9:
            raise CellError(wanted)
        return measure

    def area(self, cell: Cell) -> str:
        """Return an area in m²; empty if there is none. Square feet are converted and rounded to hundredths. Raises CellError."""
        if is_nothing(text_of(cell)):
            return ""
        wanted = _("%(found)r is not an area in m² such as %(example)s") % {
            "found": shown(text_of(cell)),
            "example": "52.5",
        }
        # Countries that measure in feet write 1,200 for more than a thousand.
        said = unicodedata.normalize("NFKC", text_of(cell)).strip()
        size = _AREAS.get(short_unit(said[len(digits_of(said)) :]) or self._units["area"] or "m2")
        number, _unit = self._measure(cell, wanted, "." if size == _SQUARE_FOOT else "")
        if size is None:
            raise CellError(wanted)
        area = number if size == _M2 else (number * size).quantize(_HUNDREDTH, ROUND_HALF_UP)
        return f"{area.normalize():f}"

    def occupants(self, cell: Cell) -> str:
        """Return a number of people; empty if there is none. Raises CellError."""
        if is_nothing(text_of(cell)):
            return ""
        wanted = _("%(found)r is not a number of people such as %(example)s") % {
            "found": shown(text_of(cell)),
            "example": "2",
        }
        number, unit = self._measure(cell, wanted)
        if (unit and unit not in _PEOPLE) or number != number.to_integral_value():
            raise CellError(wanted)
        return str(int(number))

    def fuse(self, cell: Cell) -> str:
        """Return the power of a main fuse in W; empty if there is none. Raises CellError: a current says a power only with its voltage
        and phases.
        """
        text = text_of(cell)
        if is_nothing(text):
            return ""
        found = shown(text)
        if _CURRENT.fullmatch(unicodedata.normalize("NFKC", text).casefold()):
            raise CellError(
                _(
                    "%(found)r is a current. Write the power in W: amperes x volts, and x 3 for three phases, such as 25 x 230 x 3 = 17250"
                )
                % {"found": found}
            )
        wanted = _("%(found)r is not a power in W such as %(example)s") % {"found": found, "example": "15000"}
        number, unit = self._measure(cell, wanted)
        size = _POWERS.get(unit or self._units["fuse"] or "w")
        power = number * size if size else number
        if size is None or power != power.to_integral_value():
            raise CellError(wanted)
        if int(power) not in FUSES:
            raise CellError(
                _(
                    "%(found)s: a main fuse lets through %(least)d to %(most)d W. If the list has amperes, write the power: amperes x "
                    "volts, and x 3 for three phases, such as 25 x 230 x 3 = 17250"
                )
                % {"found": found, "least": FUSES[0], "most": FUSES[-1]}
            )
        return str(int(power))

    def check_moves_in(self, cell: Cell, today: date) -> None:
        """Find out whether somebody lives there already. Raises CellError if they move in after `today`, or if that can't be told."""
        if any(day > today for day in self._days(cell)):
            raise CellError(
                _(
                    "%(found)s is still to come, but the list moves tenants in today. Leave the tenant empty, and record the move-in on "
                    "the flat's page"
                )
                % {"found": shown(text_of(cell))}
            )

    def check_moves_out(self, cell: Cell, today: date) -> None:
        """Find out whether somebody still lives there. Raises CellError if they have moved out by `today`, or if that can't be told."""
        if any(day <= today for day in self._days(cell)):
            raise CellError(
                _("%(found)s is past: this tenant has moved out. Leave the tenant empty, or write who lives there now")
                % {"found": shown(text_of(cell))}
            )

    def _days(self, cell: Cell) -> Iterable[date]:
        """Return the day in a cell, or both that it can mean; none if it is empty. Raises CellError if it holds no day."""
        if is_nothing(text_of(cell)):
            return ()
        try:
            return (day_of(cell, self._order),)
        except DoubtfulDay:
            return [day_of(cell, order) for order in ("dm", "md")]

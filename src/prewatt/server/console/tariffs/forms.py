"""The tariff editor: it turns what is typed into its fields into a tariff's document, and back.

A document that is changed in the editor is its `base`. A part whose fields were left as they were shown stays as it is in
the base, and so does what has no field, such as dated prices: nothing is lost by opening and saving.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from ....kernel.charges import CHARGES
from ....kernel.tariff import TariffError
from ....kernel.tariff_document import DAY_GROUPS
from ....tables.cells import CellError, DoubtfulDay, day_of
from ...core.plain_numbers import plain
from ...core.rate_names import usual_rate
from ...core.typed_numbers import TWO_READINGS, typed_number

ROWS = {"rate": ("name", "price"), "profile": ("season", "from", "upto", "days", "switches")}
"""The fields that come in rows, by the name of the row."""
SINGLE = (
    "shape", "name", "source", "tiers_per", "tiers_upto", "tiers_count", "tiers_prices", "special_days", "holiday_country",
    "holiday_region", "tax_name", "tax_percent", "tax_included", "dated_left_out",
    *(form.name for form in CHARGES),
)  # fmt: skip
"""The fields that are there once. Each form of price has one by its name."""
SHAPES = ("one", "hours", "tiers", "all")
"""How much of a tariff the editor shows: one price, prices by the hour, prices by use, or all that there is."""
_LEFT_OUT = {
    "one": ("profiles", "tiers_per", "tiers_upto", "tiers_count", "tiers_prices", "special_days", "holiday_country",
            "holiday_region"),
    "hours": ("tiers_per", "tiers_upto", "tiers_count", "tiers_prices"),
    "tiers": ("profiles", "tiers_prices", "special_days", "holiday_country", "holiday_region"),
    "all": (),
}  # fmt: skip
"""The fields that a shape does not show, which count as empty then."""
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_Value = TypeVar("_Value")
_Reader = Callable[[Mapping[str, Any], Mapping[str, Any]], Any]


def _words(text: str) -> list[str]:
    return [word for each in text.replace(";", ",").replace("\n", ",").split(",") if (word := each.strip())]


def _days(text: str) -> list[str]:
    """Return the days of a field as a document has them: 25.12.2026 is 2026-12-25. Other text is returned as it is; it is refused
    when the document is read. Raises ValidationError for 06/10/2026, which can be read in two ways.
    """
    days = []
    for word in _words(text):
        try:
            days.append(word if _ISO_DAY.fullmatch(word) else day_of(word).isoformat())
        except DoubtfulDay as error:
            raise ValidationError(str(error)) from None
        except CellError:
            days.append(word)
    return days


def _switches(text: str) -> list[list[str]]:
    """Return the pairs of time and rate of a line. A comma within the name of a rate parts nothing."""
    each = (
        re.split(r"[,;\n]\s*(?=\d{1,2}:\d{2}(?:\s|$))", text) if re.match(r"\s*\d{1,2}:\d{2}\s", text) else _words(text)
    )
    # 7:00 is 07:00.
    padded = (re.sub(r"^(?=\d:)", "0", part.strip().rstrip(",;")) for part in each)
    return [part.split(None, 1) for part in padded if part]


def _number(text: str) -> str:
    """Return the number of a field as a document has it. Other text is returned as it is; it is refused, with the
    field's name, when the document is read. Raises ValidationError if the number can be read in two ways.
    """
    try:
        return plain(typed_number(text))
    except ValidationError as error:
        if error.code == TWO_READINGS:
            raise
        return text.strip()


def _numbers(text: str) -> list[str]:
    """Return numbers that are separated by semicolons, or by commas with a blank: `0,32` is one number, `0.32, 0.28`
    are two.
    """
    parts = [part.strip() for part in re.split(r";|\n|,\s|\s,", text)]
    for part in parts:
        if re.fullmatch(r"[1-9]\d*(,\d+)+", part):
            said = _(
                "%(text)s can mean one number or several. Write %(one)s for one number, or %(several)s for several."
            )
            ways = {"one": part.replace(",", "."), "several": part.replace(",", "; ")}
            raise ValidationError(said % {"text": f"“{part}”", **ways})
    # 0.32,0.28 can't be one.
    several = [each for part in parts for each in (part.split(",") if part.count(".") > 1 else [part])]
    return [_number(each) for each in several if each.strip()]


def _line(text: str) -> str:
    """Return a text as a browser's field of one line holds it."""
    return re.sub(r"[\r\n]", "", text).strip()


def _rows(post: QueryDict, row: str) -> list[dict[str, str]]:
    columns = [post.getlist(f"{row}_{name}") for name in ROWS[row]]
    rows = [dict(zip(ROWS[row], (_line(text) for text in texts), strict=True)) for texts in zip(*columns, strict=False)]
    return [each for each in rows if any(each.values())]


def typed(post: QueryDict) -> dict[str, Any]:
    """Return what was typed, to show the form again."""
    fields: dict[str, Any] = {name: _line(post.get(name, "")) for name in SINGLE}
    return fields | {f"{row}s": _rows(post, row) for row in ROWS}


def starter() -> dict[str, Any]:
    """Return the fields of a new tariff: one price; whoever wants more finds day and night as a beginning."""
    day, night = pgettext("a rate", "day"), pgettext("a rate", "night")
    switches = f"00:00 {night}, 06:00 {day}, 22:00 {night}"
    rows = {
        "rates": [{"name": day, "price": ""}, {"name": night, "price": ""}],
        "profiles": [
            {"season": _("all year"), "from": "01-01", "upto": "", "days": "weekday", "switches": switches},
            {"season": _("all year"), "from": "", "upto": "", "days": "weekend special", "switches": f"00:00 {night}"},
        ],
    }
    return {**fields_of({}), **rows, "shape": "one"}


def document_of(fields: Mapping[str, Any], base: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the document of what was typed into the fields of `base` (None: of no document). Most errors are found when
    the document is read. Raises TariffError or ValidationError for those that could not be found then.
    """
    base = base or {}
    shown = fields_of(base)
    fields = _in_shape(fields, shown)
    document: dict[str, Any] = {}
    for part, (names, read) in _PARTS.items():
        is_untouched = bool(base) and all(fields[name] == shown[name] for name in names)
        value = base.get(part) if is_untouched else read(fields, base)
        if value is not None:
            document[part] = value
    others = {part: value for part, value in base.items() if part not in _PARTS}
    if fields.get("dated_left_out"):
        others.pop("dated_prices", None)
    return document | others


def _at(name: str, read: Callable[[str], _Value], text: str) -> _Value:
    """Return what `read` makes of the text in a field. Raises ValidationError, which names the field."""
    try:
        return read(text)
    except ValidationError as error:
        raise ValidationError({name: error.messages}) from None


def _in_shape(fields: Mapping[str, Any], shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields without those that their shape does not show. One price and tiers have one rate, the first one."""
    shape = fields.get("shape")
    if shape not in SHAPES or shape == "all":
        return dict(fields)
    left_out = _LEFT_OUT[shape]
    reduced = {name: type(value)() if name in left_out else value for name, value in fields.items()}
    if shape == "hours":
        return reduced
    known = _only_rate(shown)
    price = fields["rates"][0]["price"] if fields["rates"] else ""
    reduced["rates"] = [{"name": known or usual_rate(), "price": price}]
    if known:
        reduced["profiles"] = shown["profiles"]
    return reduced


def _only_rate(shown: Mapping[str, Any]) -> str:
    """Return the name of the rate of a tariff that was shown with one; empty if it had several, or none."""
    has_one = shown["shape"] in ("one", "tiers") and shown["rates"]
    return str(shown["rates"][0]["name"]) if has_one else ""


def _rates(fields: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """Return the prices of each rate: one, or several for tiers. Raises TariffError if a rate is named twice."""
    untouched = {tuple(row.values()): name for row, name in zip(_rate_rows(base), base.get("rates", {}), strict=True)}
    rates: dict[str, Any] = {}
    for number, row in enumerate(fields["rates"]):
        name = untouched.get(tuple(row.values()), row["name"])
        if name in rates:
            raise TariffError(f"rates.{name}: is named twice")
        prices = _at(f"rates.{number}", _numbers, row["price"])
        rates[name] = prices if len(prices) > 1 else (prices or [""])[0]
    return rates


def _tiers(fields: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any] | None:  # noqa: ARG001
    if not fields["tiers_per"] and not fields["tiers_upto"]:
        return None
    tiers = {
        "per": fields["tiers_per"],
        "up_to_kwh": _at("tiers_upto", _numbers, fields["tiers_upto"]),
        "count": fields["tiers_count"] or "all rates",
    }
    prices = _at("tiers_prices", _numbers, fields["tiers_prices"])
    return {**tiers, "prices": prices} if prices else tiers


def _seasons(fields: Mapping[str, Any], base: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return the seasons. A row without the name of a season belongs to the season of the row before."""
    untouched, names = {}, {}
    for season in base.get("seasons", []):
        for row, day_type in zip(_profiles(season), season["day_types"], strict=True):
            untouched[tuple(row.values())] = day_type
            names[row["season"], frozenset(_single(day_type["days"]))] = day_type["name"]
    seasons: list[dict[str, Any]] = []
    for number, row in enumerate(fields["profiles"]):
        season = _season_of(row, seasons)
        if row["upto"]:
            season["up_to_kwh"] = _at(f"profiles.{number}", _numbers, row["upto"])
        days = row["days"].replace(",", " ").split()
        name = names.get((row["season"], frozenset(_single(days)))) or " ".join(days) or "day"
        typed_type = {"name": name, "days": days, "switches": _switches(row["switches"])}
        season["day_types"].append(untouched.get(tuple(row.values()), typed_type))
    return seasons or None


def _season_of(row: Mapping[str, str], seasons: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the season of a row: the one that it names, with the beginning that it names; a new one if there is none."""
    name = row["season"] or (seasons[-1]["name"] if seasons else "all year")
    known = [each for each in seasons if each["name"] == name and row["from"] in ("", each["from"])]
    if known:
        return known[-1]
    new: dict[str, Any] = {"name": name, "from": row["from"] or "01-01", "day_types": []}
    seasons.append(new)
    return new


def _single(days: Iterable[str]) -> list[str]:
    return [each for day in days for each in DAY_GROUPS.get(day, (day,))]


def _tax(fields: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any] | None:  # noqa: ARG001
    if not fields["tax_percent"] and not fields["tax_name"]:
        return None
    percent, included = _at("tax_percent", _number, fields["tax_percent"]), fields["tax_included"] == "yes"
    return {"name": fields["tax_name"], "percent": percent, "included": included}


def _holidays(fields: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any] | None:  # noqa: ARG001
    if not fields["holiday_country"]:
        return None
    return {"country": fields["holiday_country"], "region": fields["holiday_region"]}


def _charge(name: str) -> _Reader:
    return lambda fields, _base: _at(name, _number, fields[name]) if fields[name] else None


_PARTS: Mapping[str, tuple[tuple[str, ...], _Reader]] = {
    "name": (("name",), lambda fields, _base: fields["name"]),
    "rates": (("rates",), _rates),
    "seasons": (("profiles",), _seasons),
    "source": (("source",), lambda fields, _base: fields["source"] or None),
    "tiers": (("tiers_per", "tiers_upto", "tiers_count", "tiers_prices"), _tiers),
    "special_days": (
        ("special_days",),
        lambda fields, _base: _at("special_days", _days, fields["special_days"]) or None,
    ),
    "holidays": (("holiday_country", "holiday_region"), _holidays),
    **{form.field: ((form.name,), _charge(form.name)) for form in CHARGES},
    "tax": (("tax_name", "tax_percent", "tax_included"), _tax),
}
"""The parts of a document: the fields that show each, and what reads it from them, or returns None if it is empty."""


def _profiles(season: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Yield the rows of a season. Only the first one says when it begins, and where its tiers end."""
    for number, day_type in enumerate(season["day_types"]):
        yield {
            "season": _line(season["name"]),
            "from": season["from"] if number == 0 else "",
            "upto": _joined(season.get("up_to_kwh", [])) if number == 0 else "",
            "days": " ".join(_short_days(day_type["days"])),
            "switches": _line(", ".join(f"{at} {rate}" for at, rate in day_type["switches"])),
        }


def _rate_rows(document: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {"name": _line(name), "price": _joined(price if isinstance(price, list) else [price])}
        for name, price in document.get("rates", {}).items()
    ]


def _joined(numbers: Iterable[Any]) -> str:
    return ", ".join(_trim(each) for each in numbers)


def fields_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the fields for a document."""
    tiers, tax, holidays = (document.get(name) or {} for name in ("tiers", "tax", "holidays"))
    return {
        "shape": _shape(document),
        "name": _line(document.get("name", "")),
        "source": _line(str(document.get("source", ""))),
        "rates": _rate_rows(document),
        "profiles": [row for season in document.get("seasons", []) for row in _profiles(season)],
        "tiers_per": tiers.get("per", ""),
        "tiers_upto": _joined(tiers.get("up_to_kwh", [])),
        "tiers_count": tiers.get("count", ""),
        "tiers_prices": _joined(tiers.get("prices", [])),
        "special_days": ", ".join(document.get("special_days", [])),
        "holiday_country": holidays.get("country", ""),
        "holiday_region": holidays.get("region") or "",
        "tax_name": _line(tax.get("name", "")),
        "tax_percent": str(tax.get("percent", "")),
        "tax_included": "yes" if tax.get("included") else "",
        "dated_left_out": "",
        **{form.name: _trim(document.get(form.field, "")) for form in CHARGES},
    }


def _shape(document: Mapping[str, Any]) -> str:
    """Return the simplest shape that shows all of a document."""
    by_clock = _differs_by_hour(document) or _has_own_days(document)
    by_use = bool(document.get("tiers"))
    if _differs_by_season(document) or "dated_prices" in document or (by_use and by_clock):
        return "all"
    if by_use:
        return "all" if "prices" in document["tiers"] else "tiers"
    return "hours" if by_clock else "one"


def _differs_by_hour(document: Mapping[str, Any]) -> bool:
    types = [day_type for season in document.get("seasons", []) for day_type in season["day_types"]]
    return len(document.get("rates", {})) > 1 or len(types) > 1 or any(len(each["switches"]) > 1 for each in types)


def _differs_by_season(document: Mapping[str, Any]) -> bool:
    seasons = document.get("seasons", [])
    return len(seasons) > 1 or any(season.get("up_to_kwh") for season in seasons)


def _has_own_days(document: Mapping[str, Any]) -> bool:
    return bool(document.get("special_days") or document.get("holidays"))


def _trim(number: Any) -> str:
    """Return a decimal without zeros at its end."""
    return plain(Decimal(str(number))) if number not in ("", None) else ""


def _short_days(days: Sequence[str]) -> list[str]:
    names = list(days)
    for name, members in (("weekday", ("mon", "tue", "wed", "thu", "fri")), ("weekend", ("sat", "sun"))):
        if all(member in names for member in members):
            names = [name, *(day for day in names if day not in members)]
    return names

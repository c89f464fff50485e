"""The tariff editor: it turns what is typed into its fields into a tariff's document, and back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _

from ....kernel.charges import CHARGES
from ....kernel.tariff import TariffError
from ...core.amounts import TWO_READINGS, plain, typed_number

ROWS = {"rate": ("name", "price"), "profile": ("season", "from", "upto", "days", "switches")}
"""The fields that come in rows, by the name of the row."""
SINGLE = (
    "name", "source", "tiers_per", "tiers_upto", "tiers_count", "tiers_prices", "special_days", "holiday_country",
    "holiday_region", "tax_name", "tax_percent", "tax_included", *(form.name for form in CHARGES),
)  # fmt: skip
"""The fields that are there once. Each form of price has one by its name."""


def _words(text: str) -> list[str]:
    return [word for each in text.replace(";", ",").replace("\n", ",").split(",") if (word := each.strip())]


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
            said = _("%(text)s can be one number or several. Write %(one)s, or %(several)s.")
            ways = {"one": part.replace(",", "."), "several": part.replace(",", "; ")}
            raise ValidationError(said % {"text": f"“{part}”", **ways})
    # 0.32,0.28 can't be one.
    several = [each for part in parts for each in (part.split(",") if part.count(".") > 1 else [part])]
    return [_number(each) for each in several if each.strip()]


def _rows(post: QueryDict, row: str) -> list[dict[str, str]]:
    columns = [post.getlist(f"{row}_{name}") for name in ROWS[row]]
    rows = [
        dict(zip(ROWS[row], (text.strip() for text in texts), strict=True)) for texts in zip(*columns, strict=False)
    ]
    return [each for each in rows if any(each.values())]


def typed(post: QueryDict) -> dict[str, Any]:
    """Return what was typed, to show the form again."""
    fields: dict[str, Any] = {name: post.get(name, "").strip() for name in SINGLE}
    return fields | {f"{row}s": _rows(post, row) for row in ROWS}


def document_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document of what was typed. Most errors are found when the document is read. Raises TariffError for those
    that could not be found then.
    """
    document: dict[str, Any] = {"name": fields["name"], "rates": _rates(fields["rates"])}
    if seasons := _seasons(fields["profiles"]):
        document["seasons"] = seasons
    if fields["source"]:
        document["source"] = fields["source"]
    if fields["tiers_per"]:
        document["tiers"] = _tiers(fields)
    if fields["special_days"]:
        document["special_days"] = _words(fields["special_days"])
    if fields["holiday_country"]:
        document["holidays"] = {"country": fields["holiday_country"], "region": fields["holiday_region"]}
    document.update({form.field: _number(fields[form.name]) for form in CHARGES if fields[form.name]})
    if fields["tax_percent"] or fields["tax_name"]:
        document["tax"] = {
            "name": fields["tax_name"],
            "percent": _number(fields["tax_percent"]),
            "included": fields["tax_included"] == "yes",
        }
    return document


def _rates(rows: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Return the prices of each rate: one, or several for tiers. Raises TariffError if a rate is named twice."""
    rates: dict[str, Any] = {}
    for row in rows:
        prices = _numbers(row["price"])
        if row["name"] in rates:
            raise TariffError(f"rates.{row['name']}: is named twice")
        rates[row["name"]] = prices if len(prices) > 1 else (prices or [""])[0]
    return rates


def _tiers(fields: Mapping[str, Any]) -> dict[str, Any]:
    tiers = {
        "per": fields["tiers_per"],
        "up_to_kwh": _numbers(fields["tiers_upto"]),
        "count": fields["tiers_count"] or "all rates",
    }
    return {**tiers, "prices": _numbers(fields["tiers_prices"])} if fields["tiers_prices"] else tiers


def _seasons(rows: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Return the seasons. A row without the name of a season belongs to the season of the row before."""
    seasons: dict[str, dict[str, Any]] = {}
    for row in rows:
        name = row["season"] or next(reversed(seasons), "all year")
        season = seasons.setdefault(name, {"name": name, "from": row["from"] or "01-01", "day_types": []})
        if row["upto"]:
            season["up_to_kwh"] = _numbers(row["upto"])
        switches = [list(each.split(None, 1)) for each in _words(row["switches"])]
        days = row["days"].replace(",", " ").split()
        season["day_types"].append({"name": " ".join(days) or "day", "days": days, "switches": switches})
    return list(seasons.values())


def _profiles(season: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Yield the rows of a season. Only the first one says when it begins, and where its tiers end."""
    for number, day_type in enumerate(season["day_types"]):
        yield {
            "season": season["name"],
            "from": season["from"] if number == 0 else "",
            "upto": _joined(season.get("up_to_kwh", [])) if number == 0 else "",
            "days": " ".join(_short_days(day_type["days"])),
            "switches": ", ".join(f"{at} {rate}" for at, rate in day_type["switches"]),
        }


def _joined(numbers: Iterable[Any]) -> str:
    return ", ".join(_trim(each) for each in numbers)


def fields_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the fields for a document."""
    tiers, tax, holidays = (document.get(name) or {} for name in ("tiers", "tax", "holidays"))
    return {
        "name": document.get("name", ""),
        "source": document.get("source", ""),
        "rates": [
            {"name": name, "price": _joined(price if isinstance(price, list) else [price])}
            for name, price in document.get("rates", {}).items()
        ],
        "profiles": [row for season in document.get("seasons", []) for row in _profiles(season)],
        "tiers_per": tiers.get("per", ""),
        "tiers_upto": _joined(tiers.get("up_to_kwh", [])),
        "tiers_count": tiers.get("count", ""),
        "tiers_prices": _joined(tiers.get("prices", [])),
        "special_days": ", ".join(document.get("special_days", [])),
        "holiday_country": holidays.get("country", ""),
        "holiday_region": holidays.get("region", ""),
        "tax_name": tax.get("name", ""),
        "tax_percent": tax.get("percent", ""),
        "tax_included": "yes" if tax.get("included") else "",
        **{form.name: _trim(document.get(form.field, "")) for form in CHARGES},
    }


def _trim(number: str) -> str:
    """Return a decimal without zeros at its end."""
    return plain(Decimal(number)) if number else ""


def _short_days(days: Sequence[str]) -> list[str]:
    names = list(days)
    for name, members in (("weekday", ("mon", "tue", "wed", "thu", "fri")), ("weekend", ("sat", "sun"))):
        if all(member in names for member in members):
            names = [name, *(day for day in names if day not in members)]
    return names

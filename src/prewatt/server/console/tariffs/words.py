"""Errors of a tariff in the editor: at which field, and in words that name what people see, not the path in the document."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, pgettext_lazy

from ....kernel.charges import CHARGES
from ....kernel.tariff import TariffError
from ...core.errors import LABELS, by_field, label

FIELDS = {
    "name": _("Name"), "source": _("Where the prices come from"), "rates": _("Rates"), "seasons": _("When each rate applies"),
    "special_days": _("Other special days"), "holidays.country": _("Public holidays: country"),
    "holidays.region": _("Public holidays: region"), "tiers.per": _("Tiers start again each"),
    "tiers.up_to_kwh": _("Tiers, up to, kWh"), "tiers.count": _("Tiers, counting"), "tiers.prices": _("Prices of the tiers"),
    "tax": _("Tax"), "tax.name": _("Tax, its name"), "tax.percent": _("Tax, %"), "dated_prices": _("Dated prices"),
    **{form.field: LABELS[form.field] for form in CHARGES},
}  # fmt: skip
"""The editor's names of the parts of a document."""
COLUMNS = {
    "from": _("from"),
    "days": pgettext_lazy("of the week", "Days"),
    "switches": _("Times"),
    "up_to_kwh": _("Tiers up to, kWh"),
}
"""The editor's names of the columns of a season's line."""
_INPUTS = {
    "name": "name", "source": "source", "special_days": "special_days", "holidays.country": "holiday_country",
    "holidays.region": "holiday_region", "tiers.per": "tiers_per", "tiers": "tiers_upto", "tiers.up_to_kwh": "tiers_upto",
    "tiers.count": "tiers_count", "tiers.prices": "tiers_prices", "tax": "tax_name", "tax.name": "tax_name",
    "tax.percent": "tax_percent", **{form.field: form.name for form in CHARGES},
}  # fmt: skip
"""The editor's field for each part of a document that has one."""

_D, _Q = r"(?:is not a decimal number such as 12\.50|is not a number)", r"(?P<text>'.*'|\".*\")"
SAID: Mapping[str, str] = {
    r"is missing, or empty|is empty|(?:price|amount|percentage)? ?'' " + _D: gettext_noop("Nothing is typed here yet."),
    rf"(?:price |amount |percentage |energy )?{_Q} {_D}": gettext_noop("%(text)s is not a number such as 0.32."),
    r"is not a list of 1 to (?P<count>\d+) numbers": gettext_noop("Type 1 to %(count)s numbers, such as 1000; 2000."),
    rf"price {_Q} is not between (?P<least>-?\d+) and (?P<most>\d+) per kWh": gettext_noop(
        "%(text)s is not between %(least)s and %(most)s per kWh."
    ),
    rf"amount {_Q} is not between (?P<least>\d+) and (?P<most>\d+)": gettext_noop(
        "%(text)s is not between %(least)s and %(most)s."
    ),
    rf"(?:price|amount|percentage|energy) {_Q} has more than (?P<count>\d+) decimals": gettext_noop(
        "%(text)s has more than %(count)s decimals."
    ),
    rf"(?:price|amount|percentage|energy) {_Q} is too large": gettext_noop("%(text)s is too large a number."),
    rf"(?:price|amount|percentage|energy) {_Q}… is longer than (?P<count>\d+) characters": gettext_noop(
        "Use at most %(count)s characters."
    ),
    rf"energy {_Q} is not over 0, or more than any meter shows": gettext_noop(
        "%(text)s is not over 0, or more than any meter shows."
    ),
    rf"percentage {_Q} is not over 0 and up to 100": gettext_noop("%(text)s is not over 0 and up to 100."),
    r"with (?P<text>\S+) a tier's price is under 0 or over (?P<most>\d+) per kWh": gettext_noop(
        "With %(text)s, a tier's price is under 0 or over %(most)s per kWh."
    ),
    rf"{_Q} is neither 'all rates' nor 'each rate'": gettext_noop("Choose whether the tiers count all rates or each."),
    rf"{_Q} is not known; it is a code such as CA, CN or DE": gettext_noop(
        "%(text)s is not known: write a code such as CA, CN or DE."
    ),
    rf"{_Q} is not a region of (?P<country>\S+); known: (?P<known>.*)": gettext_noop(
        "%(text)s is not a region of %(country)s. These are known: %(known)s."
    ),
    rf"{_Q} is not a time such as 07:00": gettext_noop("%(text)s is not a time such as 07:00."),
    r"\[.*\] is not a pair such as .*": gettext_noop(
        "After each time the name of a rate must follow: 00:00 night, 07:00 day."
    ),
    rf"{_Q} is none of mon, .*": gettext_noop("%(text)s is not a day: write weekday, weekend, mon to sun, or special."),
    rf"{_Q} is none of day, month, year": gettext_noop("Choose when the tiers start again: each day, month or year."),
    rf"{_Q} is not a month and day such as 11-01": gettext_noop("%(text)s is not a month and day such as 11-01."),
    r"there is no day (?P<text>\S+)": gettext_noop("There is no day %(text)s: write month and day, such as 11-01."),
    rf"there is no rate {_Q}": gettext_noop("There is no rate %(text)s among the rates above."),
    rf"no profile for the day {_Q}": gettext_noop(
        "No line applies on the day %(text)s: each day must be in exactly one line."
    ),
    rf"more than one profile for the day {_Q}": gettext_noop(
        "Two lines apply on the day %(text)s: each day must be in exactly one line."
    ),
    r"the first switch must be at 00:00": gettext_noop("The first time must be 00:00, when the day begins."),
    r"switch times must ascend": gettext_noop("The times must be in order from 00:00 on, each time once."),
    r"two seasons begin on the same day": gettext_noop("Two seasons begin on the same day."),
    r"(?P<prices>\d+) prices for (?P<tiers>\d+) tiers": gettext_noop(
        "There are %(prices)s prices for %(tiers)s tiers: type one price for each tier, or one for all."
    ),
    r"(?P<ends>\d+) ends for (?P<tiers>\d+) tiers .*": gettext_noop(
        "There are %(ends)s ends for %(tiers)s tiers: the last tier has no end."
    ),
    r"the ends of the tiers must be over 0 and ascend": gettext_noop(
        "Each tier must end after the one before it, and after 0."
    ),
    rf"{_Q} is not a date such as 2024-12-25": gettext_noop("%(text)s is not a date such as 2024-12-25."),
    r"has more than (?P<count>\d+) characters": gettext_noop("Use at most %(count)s characters."),
    r"has more than (?P<count>\d+) entries": gettext_noop("There are more than %(count)s entries here."),
    r"is named twice|a rate is named twice": gettext_noop("This rate is listed twice. Remove or rename one."),
    r"can't be combined with tiers": gettext_noop("Dated prices can't be combined with tiers: leave one of them out."),
}
"""What the document's reader says, as a pattern, and the sentence for people; another text is shown as it is."""


class Place(NamedTuple):
    """Where an error belongs: the field (`name`, `rates.0`, `profiles.2`; empty for none) and what people call it."""

    field: str
    words: str


class Told(NamedTuple):
    """An error for people: the field beside which it is shown, and what is wrong, without and with its place."""

    field: str
    text: str
    whole: str


def in_editor(
    error: TariffError | ValidationError, fields: Mapping[str, Any], document: Mapping[str, Any]
) -> list[Told]:
    """Return an error of `fields`, or of the `document` that was read from them, as the editor tells it."""
    if isinstance(error, TariffError):
        return [_of_document(str(error), fields, document)]
    return [_of_field(field, text, fields) for field, text in by_field(error)]


def _of_field(field: str, text: str, fields: Mapping[str, Any]) -> Told:
    rate = re.fullmatch(r"rates\.(\d+)", field)
    line = re.fullmatch(r"profiles\.(\d+)", field)
    part = next((part for part, name in _INPUTS.items() if name == field), field)
    if rate:
        words = _of_rate(int(rate[1]), fields).words
    elif line:
        words = _now("%(part)s, line %(line)d") % {"part": FIELDS["seasons"], "line": int(line[1]) + 1}
    else:
        words = str(FIELDS[part]) if part in FIELDS else label(field)
    return Told(field, text, f"{words}: {text}" if field else text)


def _of_document(error: str, fields: Mapping[str, Any], document: Mapping[str, Any]) -> Told:
    path, colon, text = error.partition(": ")
    place = _place(path, fields, document) if colon else None
    if place is None:
        return Told("", error, error)
    said = sentence(text)
    return Told(place.field, said, f"{place.words}: {said}")


def sentence(text: str) -> str:
    """Return what the reader says of a field, as a sentence for people."""
    for pattern, words in SAID.items():
        if match := re.fullmatch(pattern, text, re.DOTALL):
            values = {name: _quoted(value) for name, value in match.groupdict().items()}
            return _now(words) % values
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?")) else ".")


def _quoted(value: str) -> str:
    return f"“{value[1:-1]}”" if value[:1] in ("'", '"') and value[:1] == value[-1:] and len(value) > 1 else value


def _place(path: str, fields: Mapping[str, Any], document: Mapping[str, Any]) -> Place | None:
    if line := re.match(r"(rates|seasons)\[(\d+)\](?:\.day_types\[(\d+)\])?", path):
        return _of_line(line[1], int(line[2]), int(line[3] or 0), fields, document)
    kind, _dot, name = path.partition(".")
    if kind == "rates" and name:
        names = [row.get("name") for row in fields["rates"]]
        words = _now("Rate “%(name)s”") % {"name": name}
        return Place(f"rates.{names.index(name)}" if name in names else "rates.0", words)
    if kind == "seasons" and name:
        return _of_season(name, document)
    if path not in FIELDS:
        return None
    return Place(_INPUTS.get(path, {"rates": "rates.0", "seasons": "profiles.0"}.get(path, "")), str(FIELDS[path]))


def _of_line(part: str, number: int, day_type: int, fields: Mapping[str, Any], document: Mapping[str, Any]) -> Place:
    """Return the place of a rate or of a season by its number."""
    if part == "rates":
        return _of_rate(number, fields)
    row = _row_of(document, number, day_type)
    return Place(f"profiles.{row}", _now("%(part)s, line %(line)d") % {"part": FIELDS[part], "line": row + 1})


def _of_rate(number: int, fields: Mapping[str, Any]) -> Place:
    name = fields["rates"][number]["name"] if number < len(fields["rates"]) else ""
    if name:
        return Place(f"rates.{number}", _now("Rate “%(name)s”") % {"name": name})
    return Place(f"rates.{number}", _now("%(part)s, line %(line)d") % {"part": FIELDS["rates"], "line": number + 1})


def _of_season(name: str, document: Mapping[str, Any]) -> Place:
    inside, column = _without_column(name)
    seasons: Sequence[Mapping[str, Any]] = document.get("seasons", [])
    names = [str(season["name"]) for season in seasons]
    number = next((index for index, each in enumerate(names) if _is_in(inside, each)), 0)
    season = names[number] if names else inside
    days = inside[len(season) + 1 :]
    lines = [str(each["name"]) for each in seasons[number]["day_types"]] if seasons else []
    row = _row_of(document, number, lines.index(days) if days in lines else 0)
    names_of_place = [_now("Season “%(name)s”") % {"name": season}]
    names_of_place += [_now("line “%(days)s”") % {"days": days}] if days else []
    names_of_place += [str(COLUMNS[column])] if column else []
    return Place(f"profiles.{row}", ", ".join(names_of_place))


def _without_column(name: str) -> tuple[str, str]:
    """Return the place in the seasons that a name says, and the column, empty if it says none."""
    inside, _dot, column = name.rpartition(".")
    return (inside, column) if column in COLUMNS else (name, "")


def _is_in(name: str, season: str) -> bool:
    """Return whether a name is a season's, or of something in it. The names of seasons and lines may have dots."""
    return name == season or name.startswith(f"{season}.")


def _row_of(document: Mapping[str, Any], season: int, day_type: int) -> int:
    """Return the number of the editor's row that shows a kind of day of a season."""
    return sum(len(each["day_types"]) for each in document.get("seasons", [])[:season]) + day_type

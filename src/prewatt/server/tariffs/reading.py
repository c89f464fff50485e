"""Reading a tariff that a person or a program gives: the public form, and public holidays by country and region."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import holidays

from ...kernel.tariff import Tariff, TariffError
from ...kernel.tariff_document import tariff_from_document
from ..json_text import JsonError, read_json

FIRST_YEAR, LAST_YEAR = 2000, 2100
SPAN = (2010, 2045)
"""The years whose holidays are taken if a document does not say."""


def read_document(document: Any, **given: str) -> Tariff:
    """The tariff of a document in its public form, in which `holidays` stands for special days. `given` fields stand in
    for what the document lacks. TariffError names the field that is wrong.
    """
    if not isinstance(document, Mapping):
        raise TariffError("the tariff is not a JSON object")
    whole = {**given, **document}
    if "holidays" in whole:
        special = whole.get("special_days", [])
        if not isinstance(special, list):
            raise TariffError("special_days: is not a list of dates")
        whole["special_days"] = [*special, *public_holidays(whole.pop("holidays"))]
    return tariff_from_document(whole)


def public_holidays(asked: Any) -> list[str]:
    """The public holidays of `{"country": "CA", "region": "ON", "years": [2024, 2030]}`; region and years may be left
    out. TariffError if they are not known.
    """
    if not isinstance(asked, Mapping) or not isinstance(asked.get("country"), str):
        raise TariffError('holidays.country: is missing, or not a code such as "CA"')
    for key in asked:
        if key not in ("country", "region", "years"):
            raise TariffError(f"holidays.{key}: there is no such field; known: country, region, years")
    years = asked.get("years", list(SPAN))
    if not (
        isinstance(years, list)
        and len(years) == 2
        and all(type(year) is int for year in years)
        and FIRST_YEAR <= years[0] <= years[1] <= LAST_YEAR
    ):
        raise TariffError(f"holidays.years: is not a first and a last year between {FIRST_YEAR} and {LAST_YEAR}")
    country, region = asked["country"].upper(), asked.get("region") or None
    supported = holidays.list_supported_countries(include_aliases=False)
    if country not in supported:
        raise TariffError(f"holidays.country: {country!r} is not known; it is a code such as CA, CN or DE")
    if region is not None and region not in supported[country]:
        known = ", ".join(supported[country]) or "none"
        raise TariffError(f"holidays.region: {region!r} is not a region of {country}; known: {known}")
    found = holidays.country_holidays(country, subdiv=region, years=range(years[0], years[1] + 1))
    return sorted(day.isoformat() for day in found)


def read_file(path: Path, **given: str) -> Tariff:
    """The tariff in a JSON file. TariffError names the file, and the field that is wrong."""
    try:
        return read_document(read_json(path.read_bytes()), **given)
    except OSError as error:
        raise TariffError(f"{path}: can't be read ({error})") from None
    except (JsonError, TariffError) as error:
        raise TariffError(f"{path}: {error}") from None


def examples() -> dict[str, dict[str, Any]]:
    """Real tariffs to start from, by the name of their file; each names its source."""
    folder = Path(__file__).parent / "examples"
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}

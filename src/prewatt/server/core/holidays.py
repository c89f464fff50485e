"""Public holidays of a country or its part, from the library `holidays`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from ...kernel.tariff import TariffError

FIRST_YEAR, LAST_YEAR = 2000, 2100


SPAN = (2010, 2045)
"""The first and the last year whose holidays are taken if a document does not say."""


def _are_years(years: Any) -> bool:
    """Return whether this is a first and a last year."""
    if not isinstance(years, list) or len(years) != 2 or not all(type(year) is int for year in years):
        return False
    first, last = years
    return bool(FIRST_YEAR <= first <= last <= LAST_YEAR)


def _check_fields(asked: Any) -> None:
    if not isinstance(asked, Mapping) or not isinstance(asked.get("country"), str):
        raise TariffError('holidays.country: is missing, or not a code such as "CA"')
    for key in asked:
        if key not in ("country", "region", "years"):
            raise TariffError(f"holidays.{key}: there is no such field; known: country, region, years")


def known_regions(country: str) -> Sequence[str] | None:
    """Return the codes of a country's regions whose holidays are known; None if the country (such as CA) is not."""
    regions: Mapping[str, Sequence[str]] = _library().list_supported_countries(include_aliases=False)
    return regions.get(country)


def _library() -> Any:
    # When a tariff is read, and not at the start of each process: it has a class for each country.
    return import_module("holidays")


def public_holidays(asked: Any) -> list[str]:
    """Return the public holidays, sorted, as text such as 2024-07-01. `asked`: `{"country": "CA", "region": "ON",
    "years": [2024, 2030]}`, with the first and the last year; region and years may be left out. Raises TariffError,
    which names the wrong field.
    """
    _check_fields(asked)
    years = asked.get("years", list(SPAN))
    if not _are_years(years):
        raise TariffError(f"holidays.years: is not a first and a last year between {FIRST_YEAR} and {LAST_YEAR}")
    country, region = asked["country"].upper(), asked.get("region") or None
    regions = known_regions(country)
    if regions is None:
        raise TariffError(f"holidays.country: {country!r} is not known; it is a code such as CA, CN or DE")
    if region is not None and region not in regions:
        known = ", ".join(regions) or "none"
        raise TariffError(f"holidays.region: {region!r} is not a region of {country}; known: {known}")
    days = _library().country_holidays(country, subdiv=region, years=range(years[0], years[1] + 1))
    return sorted(day.isoformat() for day in days)

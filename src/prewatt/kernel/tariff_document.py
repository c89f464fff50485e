"""This module reads and writes the public form of a tariff, `docs/landlord/tariff.md`, which files, the page and the
API share. Every error names the field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from .calendar import DAY_KINDS
from .charges import CHARGES, PER_DAY, PER_KWH, PER_MONTH
from .charges.interface import Charge, in_fields
from .limits import highest_price
from .tariff import (
    DATED_MAX,
    TIERS_MAX,
    Dated,
    DayType,
    Period,
    Rate,
    Season,
    Switch,
    Tariff,
    TariffError,
    Tax,
    Tiers,
    all_year,
    check,
)
from .units import (
    DAY,
    MICRO,
    MINUTE,
    REGISTER_MAX,
    Micro,
    exact_instant,
    exact_kwh,
    exact_percent,
    exact_price,
    parse_instant,
    parse_kwh,
    parse_percent,
    parse_price,
    parse_price_difference,
)

FIELDS = {
    "name", "source", "currency", "zone", "rates", "seasons", "special_days", "tiers", "tax", "dated_prices",
    *(form.field for form in CHARGES),
}  # fmt: skip
"""`source` says where the prices come from; it is for people, and not part of the tariff."""
DAY_GROUPS = {"weekday": DAY_KINDS[:5], "weekend": DAY_KINDS[5:7]}
"""Short names for several kinds of day."""


_KINDS: dict[type, str] = {str: "a text", list: "a list", dict: "a JSON object"}
_TOO = re.compile(r"Expected `(str|array)` of length (<=|>=) (\d+)")


def _field(document: Any, key: str, kind: type, path: str = "") -> Any:
    value = document.get(key) if isinstance(document, Mapping) else None
    if value is None or value in ("", [], {}):
        raise TariffError(f"{path}{key}: is missing, or empty")
    if not isinstance(value, kind):
        raise TariffError(f"{path}{key}: is not {_KINDS[kind]}")
    return value


def _known(document: Mapping[str, Any], fields: set[str], path: str = "") -> None:
    for key in document:
        if key not in fields:
            raise TariffError(f"{path}{key}: there is no such field; known: {', '.join(sorted(fields))}")


def _read(path: str, parse: Callable[[str], int], value: Any) -> int:
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise TariffError(f"{path}: {value!r} is not a number")
    try:
        return parse(str(value))
    except ValueError as error:
        raise TariffError(f"{path}: {error}") from None


def _list(path: str, parse: Callable[[str], int], value: Any, most: int) -> tuple[int, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= most:
        raise TariffError(f"{path}: is not a list of 1 to {most} numbers")
    return tuple(_read(path, parse, each) for each in value)


def _clock(text: str, path: str) -> int:
    hours, _, minutes = str(text).partition(":")
    if not (
        len(hours) == len(minutes) == 2
        and hours.isdecimal()
        and minutes.isdecimal()
        and int(hours) < 24
        and int(minutes) < 60
    ):
        raise TariffError(f"{path}: {text!r} is not a time such as 07:00")
    return int(hours) * 60 + int(minutes)


def _energy(text: str) -> int:
    energy = parse_kwh(text)
    if not 0 < energy <= REGISTER_MAX:
        raise ValueError(f"energy {text!r} is not over 0, or more than any meter shows")
    return energy


def _special_days(document: Mapping[str, Any]) -> tuple[str, ...]:
    special = document.get("special_days", [])
    if not isinstance(special, list) or not all(isinstance(day, str) for day in special):
        raise TariffError("special_days: is not a list of dates")
    return tuple(sorted(set(special)))


def _currency(document: Mapping[str, Any]) -> str:
    currency = str(_field(document, "currency", str))
    if not (len(currency) == 3 and currency.isascii() and currency.isupper() and currency.isalpha()):
        raise TariffError(f"currency: {currency!r} is not a code of three capitals such as CAD")
    return currency


def tariff_from_document(document: Mapping[str, Any]) -> Tariff:
    """Return the tariff that a document in the public form describes. Raises TariffError, which names the field that is
    wrong.
    """
    if not isinstance(document, Mapping):
        raise TariffError("the tariff is not a JSON object")
    _known(document, FIELDS)
    named, currency = _field(document, "rates", dict), _currency(document)
    most = highest_price(currency)
    tiers, tier_prices = _tiers(document.get("tiers"), most)
    rates = _rates(named, tier_prices, most)
    seasons: tuple[Season, ...] = (all_year(rates[0].name),)
    if "seasons" in document or len(rates) > 1:
        seasons = tuple(_season(season) for season in _field(document, "seasons", list))
    charges = {
        form.name: _read(form.field, partial(form.read, currency=currency), document.get(form.field, "0"))
        for form in CHARGES
    }
    tariff = Tariff(
        name=_field(document, "name", str),
        currency=currency,
        zone=_field(document, "zone", str),
        rates=rates,
        seasons=seasons,
        special_days=_special_days(document),
        tiers=tiers,
        tax=_tax(document.get("tax")),
        dated=_dated(document.get("dated_prices"), most),
        **in_fields(charges),
    )
    check(tariff)
    try:
        # Lengths and counts, as the bytes of a command are held to them too.
        return msgspec.convert(msgspec.to_builtins(tariff), Tariff)
    except msgspec.ValidationError as error:
        raise TariffError(_in_words(str(error))) from None


def _in_words(error: str) -> str:
    what, _, path = error.partition(" - at `$.")
    if too := _TOO.fullmatch(what):
        parts = "characters" if too[1] == "str" else "entries"
        what = f"has {'fewer' if too[2] == '>=' else 'more'} than {too[3]} {parts}" if too[3] != "1" else "is empty"
    return f"{path.rstrip('`')}: {what}" if path else what


def _tiers(document: Any, most: Micro) -> tuple[Tiers | None, tuple[int, ...]]:
    """Return the tiers, and their prices if the rates are given as differences from these."""
    if document is None:
        return None, ()
    if not isinstance(document, Mapping):
        raise TariffError("tiers: is not a JSON object")
    _known(document, {"per", "up_to_kwh", "count", "prices"}, "tiers.")
    per, count = document.get("per"), document.get("count", "all rates")
    if per not in [each.value for each in Period]:
        raise TariffError(f"tiers.per: {per!r} is none of day, month, year")
    if count not in ("all rates", "each rate"):
        raise TariffError(f"tiers.count: {count!r} is neither 'all rates' nor 'each rate'")
    upto = _list("tiers.up_to_kwh", _energy, document.get("up_to_kwh"), TIERS_MAX - 1)
    prices: tuple[int, ...] = ()
    if "prices" in document:
        prices = _list("tiers.prices", partial(parse_price, most=most), document["prices"], TIERS_MAX)
        if len(prices) != len(upto) + 1:
            raise TariffError(f"tiers.prices: {len(prices)} prices for {len(upto) + 1} tiers")
    return Tiers(Period(per), upto, count == "each rate"), prices


def _rates(documents: Mapping[str, Any], tier_prices: tuple[int, ...], most: Micro) -> tuple[Rate, ...]:
    rates, price_of = [], partial(parse_price, most=most)
    for name, value in documents.items():
        path = f"rates.{name}"
        if tier_prices:
            adder = _read(path, partial(parse_price_difference, most=most), value)
            prices = tuple(price + adder for price in tier_prices)
            if not all(0 <= price <= most for price in prices):
                raise TariffError(f"{path}: with {value} a tier's price is under 0 or over {most // MICRO} per kWh")
        elif isinstance(value, list):
            prices = _list(path, price_of, value, TIERS_MAX)
        else:
            prices = (_read(path, price_of, value),)
        rates.append(Rate(str(name), prices))
    return tuple(rates)


def _season(season: Any) -> Season:
    name = _field(season, "name", str, "seasons.")
    path = f"seasons.{name}."
    _known(season, {"name", "from", "day_types", "up_to_kwh"}, path)
    start = _field(season, "from", str, path).split("-")
    if len(start) != 2 or not all(part.isdecimal() and len(part) <= 2 for part in start):
        raise TariffError(f"{path}from: {'-'.join(start)!r} is not a month and day such as 11-01")
    month, day = (int(part) for part in start)
    day_types = tuple(_day_type(each, path) for each in _field(season, "day_types", list, path))
    upto = _list(f"{path}up_to_kwh", _energy, season["up_to_kwh"], TIERS_MAX - 1) if season.get("up_to_kwh") else ()
    return Season(name, month, day, day_types, upto)


def _day_type(day_type: Any, path: str) -> DayType:
    name = _field(day_type, "name", str, path)
    inside = f"{path}{name}."
    _known(day_type, {"name", "days", "switches"}, inside)
    days: list[int] = []
    for day in _field(day_type, "days", list, inside):
        kinds = DAY_GROUPS.get(day, (day,)) if isinstance(day, str) else (day,)
        for kind in kinds:
            if kind not in DAY_KINDS:
                raise TariffError(f"{inside}days: {day!r} is none of {', '.join((*DAY_KINDS, *DAY_GROUPS))}")
            days.append(DAY_KINDS.index(kind))
    switches = []
    for switch in _field(day_type, "switches", list, inside):
        if not isinstance(switch, (list, tuple)) or len(switch) != 2:
            raise TariffError(f"{inside}switches: {switch!r} is not a pair such as ['07:00', 'peak']")
        switches.append(Switch(_clock(switch[0], f"{inside}switches"), str(switch[1])))
    return DayType(name, tuple(days), tuple(switches))


def _tax(document: Any) -> Tax | None:
    if document is None:
        return None
    if not isinstance(document, Mapping):
        raise TariffError("tax: is not a JSON object")
    _known(document, {"name", "percent", "included"}, "tax.")
    if not isinstance(document.get("included"), bool):
        raise TariffError("tax.included: is neither true (the prices contain it) nor false (it is added)")
    return Tax(
        _field(document, "name", str, "tax."),
        _read("tax.percent", parse_percent, document.get("percent")),
        document["included"],
    )


def _dated(document: Any, most: Micro) -> Dated | None:
    if document is None:
        return None
    if not isinstance(document, Mapping):
        raise TariffError("dated_prices: is not a JSON object")
    _known(document, {"name", "from", "minutes", "prices"}, "dated_prices.")
    minutes = document.get("minutes", 30)
    if not isinstance(minutes, int) or isinstance(minutes, bool) or not 1 <= minutes <= DAY // MINUTE:
        raise TariffError(f"dated_prices.minutes: {minutes!r} is not a whole number of minutes up to a day")
    try:
        begin = parse_instant(_field(document, "from", str, "dated_prices."))
    except TariffError:
        raise
    except ValueError as error:
        raise TariffError(f"dated_prices.from: {error}") from None
    price_of = partial(parse_price, most=most)
    prices = _list("dated_prices.prices", price_of, document.get("prices"), DATED_MAX)
    return Dated(_field({"name": "dynamic", **document}, "name", str, "dated_prices."), begin, minutes * MINUTE, prices)


def _prices_to_document(prices: Sequence[int]) -> str | list[str]:
    each_tiers = [exact_price(price) for price in prices]
    return each_tiers[0] if len(each_tiers) == 1 else each_tiers


def _tiers_to_document(tiers: Tiers) -> dict[str, Any]:
    return {
        "per": tiers.per.value,
        "up_to_kwh": [exact_kwh(end) for end in tiers.upto],
        "count": "each rate" if tiers.by_rate else "all rates",
    }


def tariff_to_document(tariff: Tariff) -> dict[str, Any]:
    """Return the public form of a tariff. `tariff_from_document` reads it back to an equal tariff."""
    document: dict[str, Any] = {
        "name": tariff.name,
        "currency": tariff.currency,
        "zone": tariff.zone,
        "rates": {rate.name: _prices_to_document(rate.prices) for rate in tariff.rates},
        "seasons": [_season_to_document(season) for season in tariff.seasons],
        "special_days": list(tariff.special_days),
    }
    if tariff.tiers:
        document["tiers"] = _tiers_to_document(tariff.tiers)
    # In this order, since documents that are stored are compared as texts.
    document.update(_charges_to_document(tariff, (*PER_DAY, *PER_KWH)))
    if tariff.tax:
        percent = exact_percent(tariff.tax.ppm)
        document["tax"] = {"name": tariff.tax.name, "percent": percent, "included": tariff.tax.included}
    document.update(_charges_to_document(tariff, PER_MONTH))
    if tariff.dated:
        document["dated_prices"] = {
            "name": tariff.dated.name,
            "from": exact_instant(tariff.dated.begin),
            "minutes": tariff.dated.step // MINUTE,
            "prices": [exact_price(price) for price in tariff.dated.prices],
        }
    return document


def _charges_to_document(tariff: Tariff, forms: Sequence[Charge]) -> dict[str, str]:
    return {form.field: form.written(amount) for form in forms if (amount := form.of(tariff))}


def _season_to_document(season: Season) -> dict[str, Any]:
    document: dict[str, Any] = {
        "name": season.name,
        "from": f"{season.month:02}-{season.day:02}",
        "day_types": [
            {
                "name": day_type.name,
                "days": [DAY_KINDS[kind] for kind in day_type.days],
                "switches": [[f"{s.minute // 60:02}:{s.minute % 60:02}", s.rate] for s in day_type.switches],
            }
            for day_type in season.day_types
        ],
    }
    if season.upto:
        document["up_to_kwh"] = [exact_kwh(end) for end in season.upto]
    return document

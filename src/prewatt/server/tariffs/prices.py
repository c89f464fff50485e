"""Dated prices from a CSV file: the half-hourly ones of a dynamic tariff, say.

Columns `from` (an instant with its offset; also called `valid_from`) and `price` (per kWh; also `value_inc_vat`), in
any order of rows. The distance between two instants is the same throughout; a gap ends one part and begins another.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import pairwise

from ...kernel.tariff import DATED_MAX, Dated, TariffError
from ...kernel.units import DAY, MINUTE, parse_instant, parse_price

FROM, PRICE = ("from", "valid_from"), ("price", "value_inc_vat")
DEFAULT_STEP = 30 * MINUTE


def read_prices(lines: Iterable[str], name: str = "dynamic", scale: str = "1") -> list[Dated]:
    """The prices of a CSV file, in parts that a tariff can hold. `scale`: "0.01" if the file has them in hundredths.

    TariffError names the line and the field.
    """
    found: dict[int, int] = {}
    for line, begin, text in _rows(lines):
        try:
            at = parse_instant(begin)
        except ValueError as error:
            raise TariffError(f"line {line}, from: {error}") from None
        if at in found:
            raise TariffError(f"line {line}, from: {begin} has a price already")
        try:
            found[at] = _scaled(text, scale)
        except ValueError as error:
            raise TariffError(f"line {line}, price: {error}") from None
    if not found:
        raise TariffError("the file has no prices")
    return _parts(found, name)


def _scaled(text: str, scale: str) -> int:
    price = parse_price(text)
    if scale == "1":
        return price
    whole, left = divmod(price, 100)
    if left:
        raise ValueError(f"price {text!r} in hundredths has more than 4 decimals")
    return whole


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, str, str]]:
    reader = csv.DictReader(line.removeprefix("\ufeff") for line in lines)
    try:
        names = [(name or "").strip() for name in reader.fieldnames or ()]
        columns = [next((name for name in wanted if name in names), None) for wanted in (FROM, PRICE)]
        for wanted, column in zip((FROM, PRICE), columns, strict=True):
            if column is None:
                raise TariffError(f"line 1: the column {wanted[0]!r} is missing (needed: from,price)")
        reader.fieldnames = names
        for row in reader:
            begin, price = ((row.get(column or "") or "").strip() for column in columns)
            yield reader.line_num, begin, price
    except csv.Error as error:
        raise TariffError(f"line {reader.line_num}: {error}") from None


def _parts(found: dict[int, int], name: str) -> list[Dated]:
    instants = sorted(found)
    distances = [second - first for first, second in pairwise(instants)]
    step = min(distances, default=DEFAULT_STEP)
    if not MINUTE <= step <= DAY:
        raise TariffError(f"from: prices {step // 10**6} s apart are not between a minute and a day apart")
    parts: list[tuple[int, list[int]]] = []
    for at in instants:
        if not parts or at != parts[-1][0] + step * len(parts[-1][1]) or len(parts[-1][1]) == DATED_MAX // 2:
            parts.append((at, []))
        parts[-1][1].append(found[at])
    return [Dated(name, begin, step, tuple(prices)) for begin, prices in parts]

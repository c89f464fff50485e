"""Where in a table what stands: found by the columns' names, or told by a person once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ....tables.cells import text_of
from ....tables.rows import Row
from . import names
from .names import DIRECTIONS, KINDS, NAMES, plain, without_currency

WITHIN = 60
"""The names are in one of so many first rows: wallets put two dozen lines of remarks before them."""
SIGN, OPPOSITE = "sign", "opposite"
"""What a person says of amounts: money out is negative, or money in is."""
ONE_PLACE = (names.DAY, names.VALUE_DAY, names.AMOUNT, names.IN, names.OUT, names.CURRENCY, names.STATE, names.BALANCE)


@dataclass(frozen=True)
class Layout:
    """Which columns there are, by their place: for each role those that fill it, the best first.

    `fingerprint`: of the row that names them, or of how many there are if none does (`named` is False then). `order`,
    `direction`, `words_in`: what a person has said of days and amounts, and which words of the direction's column mean
    money in; empty for what the file itself tells. `currency`: what the name of an amount's column says. `kinds`: columns
    that say what a line is or have no name, so that either may say its direction; `width`: cells of the row with the names.
    """

    places: dict[str, tuple[int, ...]]
    fingerprint: str
    named: bool = True
    order: str = ""
    direction: str = ""
    words_in: tuple[str, ...] = ()
    currency: str = ""
    kinds: tuple[int, ...] = ()
    width: int = 0

    def one(self, role: str) -> int | None:
        """The place of a role, if it is filled."""
        places = self.places.get(role, ())
        return places[0] if places else None


def fingerprint(row: Row, named: bool = True) -> str:
    """What a bank's tables are known by: the names of the columns, or how many there are."""
    told = [plain(text_of(cell)) for cell in row.cells]
    while told and not told[-1]:
        told.pop()
    known = "\x1f".join(told) if named else f"{len(row.cells)}"
    return hashlib.sha256(f"{'named' if named else 'bare'}\x1f{known}".encode()).hexdigest()


def find(rows: Sequence[Row], known: Iterable[Layout] = ()) -> tuple[Layout, int] | None:
    """The layout of a table and the index of its first row of data; what was `known` before goes first. None if no row
    names a day and an amount.
    """
    by_fingerprint = {each.fingerprint: each for each in known}
    if by_fingerprint:
        for index, row in enumerate(rows[:WITHIN]):
            told = by_fingerprint.get(fingerprint(row))
            if told is not None:
                return _with_kinds(told, row), index + 1
    best: tuple[Layout, int] | None = None
    for index, row in enumerate(rows[:WITHIN]):
        found = _named(row)
        if found is not None and (best is None or len(found.places) > len(best[0].places)):
            best = found, index + 1
    if best is None and by_fingerprint:
        for index, row in enumerate(rows[:WITHIN]):
            told = by_fingerprint.get(fingerprint(row, named=False))
            if told is not None:
                return told, index
    return best


def _named(row: Row) -> Layout | None:
    full = [plain(text_of(cell)) for cell in row.cells]
    if sum(bool(each) for each in full) < 2:
        return None
    places = _known_places(full)
    _guess(full, places)
    amounts = [place for role in (names.AMOUNT, names.IN, names.OUT) for place in places.get(role, ())[:1]]
    if names.DAY not in places or not amounts:
        return None
    directions = tuple(place for place, told in enumerate(full) if told in DIRECTIONS)
    if directions:
        places[names.DIRECTION] = directions
    beside = places.get(names.CURRENCY, ())
    after = amounts[0] + 1
    if len(amounts) == 1 and beside and full[after : after + 1] == [full[beside[0]]]:
        # Where the balance has a currency of its own, too, the amount's stands behind it.
        places[names.CURRENCY] = (after,)
    return _with_kinds(Layout(places, fingerprint(row)), row)


def _known_places(full: list[str]) -> dict[str, tuple[int, ...]]:
    """Where the columns with known names stand, by what they are: one column is one thing, but for what the payer wrote."""
    taken: set[int] = set()
    places: dict[str, tuple[int, ...]] = {}
    for role, wanted in NAMES.items():
        found = [place for place in _places_of(role, wanted, full, taken) if full[place] not in DIRECTIONS]
        if found:
            places[role] = tuple(found)
        if role in ONE_PLACE:
            taken.update(found[:1])
        elif role in (names.PAYER, names.ACCOUNT):
            taken.update(found)
    return places


def _places_of(role: str, wanted: Iterable[str], full: list[str], taken: set[int]) -> list[int]:
    """The columns of one kind, by the order of its names: of what has one place those of the first name that is there."""
    bare = [without_currency(each)[0] for each in full]
    found: list[int] = []
    for name in wanted:
        found += [
            place
            for place, told in enumerate(full)
            if name in (told, bare[place]) and place not in found and (place not in taken or role == names.TEXT)
        ]
        if found and role in ONE_PLACE:
            break
    return found


def _guess(full: list[str], places: dict[str, tuple[int, ...]]) -> None:
    """Take up columns whose names are not known and tell enough."""
    directions = {place for place, told in enumerate(full) if told in DIRECTIONS}

    def unknown(role: str) -> list[int]:
        used = {place for found in places.values() for place in found} | directions
        return [
            place
            for place, told in enumerate(full)
            if place not in used and any(stem in told for stem in names.STEMS[role])
        ]

    for role, others in ((names.DAY, ()), (names.AMOUNT, (names.IN, names.OUT))):
        found = unknown(role)
        if role not in places and not any(each in places for each in others) and len(found) == 1:
            places[role] = tuple(found)
    texts = (*places.get(names.TEXT, ()), *unknown(names.TEXT))
    if not texts:
        used = {place for found in places.values() for place in found} | directions
        texts = tuple(place for place in range(len(full)) if place not in used)
    places[names.TEXT] = texts


def _with_kinds(layout: Layout, row: Row) -> Layout:
    """With the columns that say what a line is, and those without a name: either may say its direction. And with the currency
    that stands in the name of an amount.
    """
    full = [plain(text_of(cell)) for cell in row.cells]
    used = {place for role, places in layout.places.items() if role != names.TEXT for place in places[:1]}
    kinds = tuple(place for place, told in enumerate(full) if (told in KINDS or not told) and place not in used)
    amounts = [place for role in (names.AMOUNT, names.IN, names.OUT) for place in layout.places.get(role, ())[:1]]
    told = (without_currency(full[place])[1] for place in amounts if place < len(full))
    return replace(layout, kinds=kinds, width=len(full), currency=next(filter(None, told), ""))

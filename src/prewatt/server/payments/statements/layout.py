"""The layout of a table: which column is what. It is found by the names of the columns, or a person
describes it once.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product, takewhile

from ....tables.cells import text_of
from ....tables.rows import Row
from . import names
from .names import DIRECTIONS, DOUBTFUL_STATES, KINDS, MAY_BE_TEXTS, NAMES, bare, plain, without_currency
from .states import is_column_of_states
from .words import meaning

WITHIN = 60
"""The number of first rows in which the names are looked for. Wallets put two dozen lines of remarks before them."""
SIGN, OPPOSITE, BY_BALANCE = "sign", "opposite", "balance"
"""The ways in which a file can show money out: its amounts are negative, or the amounts of money in are, or the balance
behind each amount is smaller than the one before.
"""
ONE_PLACE = (names.DAY, names.VALUE_DAY, names.AMOUNT, names.IN, names.OUT, names.CURRENCY, names.STATE, names.BALANCE)


@dataclass(frozen=True)
class Layout:
    """The columns of a table by their places: for each role the columns that have it, the best first.

    `fingerprint`: of the row that names the columns, or, if `named` is False, of their number. `order`, `direction`,
    `words_in`, `words_booked`: a person's description of days, amounts, the words for money in and those for booked;
    empty if the file shows them itself. `is_state_doubtful`: the column of states has a name that others give to any text.
    `is_mark_doubtful`: the column of directions stands beside the balance and not beside the amount. `currency`: the
    text in the name of an amount's column. `kinds`: columns that say what a line is, or have no name, so that they may
    show its direction; `types`: those of them with a name that only such a column has. `strange`:
    columns with a name that is not known. `width`: the number of cells in
    the row with the names.
    """

    places: dict[str, tuple[int, ...]]
    fingerprint: str
    named: bool = True
    order: str = ""
    direction: str = ""
    words_in: tuple[str, ...] = ()
    words_booked: tuple[str, ...] = ()
    currency: str = ""
    kinds: tuple[int, ...] = ()
    types: tuple[int, ...] = ()
    strange: tuple[int, ...] = ()
    width: int = 0
    is_state_doubtful: bool = False
    is_mark_doubtful: bool = False

    def one(self, role: str) -> int | None:
        """Return the place of a role; None if no column has it."""
        places = self.places.get(role, ())
        return places[0] if places else None


def fingerprint(row: Row, named: bool = True) -> str:
    """Return the text by which a bank's tables are recognised: a digest of the names of the columns, or of their
    number.
    """
    column_names = [plain(text_of(cell)) for cell in row.cells]
    while column_names and not column_names[-1]:
        column_names.pop()
    key = "\x1f".join(column_names) if named else f"{len(row.cells)}"
    return hashlib.sha256(f"{'named' if named else 'bare'}\x1f{key}".encode()).hexdigest()


def find(rows: Sequence[Row], known: Iterable[Layout] = ()) -> tuple[Layout, int] | None:
    """Return the layout of a table and the index of its first row of data. `known`: layouts that people have described;
    they are tried first. None if no row names a day and an amount.
    """
    first, described = rows[:WITHIN], {each.fingerprint: each for each in known}
    with_names = _described(first, described, named=True)
    if with_names is not None:
        layout, index = with_names
        return _with_kinds(layout, first[index]), index + 1
    return _best_named(first) or _described(first, described, named=False)


def _described(rows: Sequence[Row], layouts: Mapping[str, Layout], named: bool) -> tuple[Layout, int] | None:
    """Return the first of the described layouts (by fingerprint) that a row has, and the row's index; None if no row
    has one.
    """
    if not layouts:
        return None
    for index, row in enumerate(rows):
        layout = layouts.get(fingerprint(row, named))
        if layout is not None:
            return layout, index
    return None


def _best_named(rows: Sequence[Row]) -> tuple[Layout, int] | None:
    """Return the layout of the row that names the most roles, and the index of the row behind it."""
    best: tuple[Layout, int] | None = None
    for index, row in enumerate(rows):
        layout = _named(row, rows[index + 1 :])
        if layout is not None and (best is None or len(layout.places) > len(best[0].places)):
            best = layout, index + 1
    return best


def _named(row: Row, below: Sequence[Row]) -> Layout | None:
    full = [bare(text_of(cell)) for cell in row.cells]
    if sum(bool(each) for each in full) < 2:
        return None
    # In some languages valuta is the value day, in others the currency.
    full = [
        "currency" if name == "valuta" and _are_currencies(place, below) else name for place, name in enumerate(full)
    ]
    places = _known_places(full)
    _pair(full, places)
    _guess(full, places)
    if names.DAY not in places or not (names.AMOUNT in places or names.IN in places):
        return None
    directions = _directions(full, places)
    if directions:
        places[names.DIRECTION] = directions
    # Of two columns without a name, behind the amount and behind the balance, the second one is the balance's.
    behind = [place + 1 for role in (names.AMOUNT, names.BALANCE) for place in places.get(role, ())[:1]]
    if len(behind) == 2 and [full[place : place + 1] for place in behind] == [[""], [""]]:
        places[names.BALANCE] = (behind[1] - 1, behind[1])
    _place_currency(full, places)
    _place_states(full, places, below)
    state = places.get(names.STATE, ())[:1]
    doubtful = any(full[place] in DOUBTFUL_STATES for place in state)
    mark = _is_mark_of_balance(places)
    return _with_kinds(Layout(places, fingerprint(row), is_state_doubtful=doubtful, is_mark_doubtful=mark), row)


def _are_currencies(place: int, below: Sequence[Row]) -> bool:
    """Return whether the first text of a column is the code of a currency."""
    return re.fullmatch(r"[A-Z]{3}", next(iter(_texts(place, below)), "")) is not None


def _texts(place: int, rows: Iterable[Row]) -> Iterator[str]:
    """Yield the texts of a column that mean something."""
    return filter(None, (meaning(text_of(row.cells[place])) for row in rows if place < len(row.cells)))


def _pair(full: list[str], places: dict[str, tuple[int, ...]]) -> None:
    """Add the columns of money in and out whose names count only together."""
    if names.AMOUNT in places:
        return
    pair = {
        role: places.get(role)
        or tuple(place for place, name in enumerate(full) if {name, without_currency(name)[0]} & known)[:1]
        for role, known in ((names.IN, names.IN_OF_PAIR), (names.OUT, names.OUT_OF_PAIR))
    }
    if all(pair.values()):
        places.update(pair)


def _directions(full: list[str], places: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    """Return the columns of directions. Of several with one name it is that of the amount: another belongs to the balance."""
    amount, balances = _amounts(places)[0], places.get(names.BALANCE, ())
    columns = {place for place, name in enumerate(full) if name in DIRECTIONS}
    for balance, step in product(balances[:1], (1, -1)):
        if {amount + step, balance + step} <= columns and full[amount + step] == full[balance + step]:
            columns.discard(balance + step)
            break
    nearest = {full[place]: place for place in sorted(columns, key=lambda place: abs(place - amount), reverse=True)}
    return tuple(sorted(nearest.values()))


def _is_mark_of_balance(places: Mapping[str, tuple[int, ...]]) -> bool:
    """Return whether the only column of directions stands beside the balance, and not beside an amount."""
    marks, balances = places.get(names.DIRECTION, ()), places.get(names.BALANCE, ())
    beside = {mark + step for mark in marks for step in (1, -1)}
    return len(marks) == 1 and bool(beside & {*balances[:1]}) and not beside & {*_amounts(places)}


def _amounts(places: Mapping[str, tuple[int, ...]]) -> list[int]:
    """Return the columns of amounts: one for the amount, or for money in and money out."""
    return [place for role in (names.AMOUNT, names.IN, names.OUT) for place in places.get(role, ())[:1]]


def _place_currency(full: list[str], places: dict[str, tuple[int, ...]]) -> None:
    """Put the amount's currency right: where the balance has a currency of its own, too, the amount's stands behind it."""
    amounts, beside = _amounts(places), places.get(names.CURRENCY, ())
    after = amounts[0] + 1
    if len(amounts) == 1 and beside and full[after : after + 1] == [full[beside[0]]]:
        places[names.CURRENCY] = (after,)


def _known_places(full: list[str]) -> dict[str, tuple[int, ...]]:
    """Return the places of the columns with known names, by role. A column has one role; only the payer's text can be
    in several.
    """
    taken: set[int] = set()
    places: dict[str, tuple[int, ...]] = {}
    for role, known_names in NAMES.items():
        columns = [place for place in _places_of(role, known_names, full, taken) if full[place] not in DIRECTIONS]
        if columns:
            places[role] = tuple(columns)
        if role in ONE_PLACE:
            taken.update(columns[:1])
        elif role in (names.PAYER, names.ACCOUNT):
            taken.update(columns)
    return places


def _places_of(role: str, known_names: Iterable[str], full: list[str], taken: set[int]) -> list[int]:
    """Return the columns of one role in the order of its names. A role with one place takes those of the first name
    that occurs.
    """
    short = [without_currency(each)[0] for each in full]
    columns: list[int] = []
    for name in known_names:
        columns += [
            place
            for place, column_name in enumerate(full)
            if name in (column_name, short[place])
            and place not in columns
            and (place not in taken or role == names.TEXT)
        ]
        if columns and role in ONE_PLACE:
            break
    return columns


def _guess(full: list[str], places: dict[str, tuple[int, ...]]) -> None:
    """Add columns with unknown names that say enough."""
    booked = [place for place in _hinted(names.DAY, full, places) if any(s in full[place] for s in names.BOOKED_STEMS)]
    if (
        len(booked) == 1
        and names.VALUE_DAY not in places
        and full[places.get(names.DAY, (0,))[0]] in NAMES[names.VALUE_DAY]
    ):
        # The day of value stands in for that of the booking only if there is no other.
        places[names.VALUE_DAY], places[names.DAY] = places[names.DAY], tuple(booked)
    for role, alike in (
        (names.DAY, [names.DAY]),
        (names.AMOUNT, [names.AMOUNT, names.IN, names.OUT]),
        (names.STATE, [names.STATE]),
    ):
        columns = _hinted(role, full, places)
        if not any(each in places for each in alike) and len(columns) == 1:
            places[role] = tuple(columns)
    texts = (*places.get(names.TEXT, ()), *_hinted(names.TEXT, full, places))
    places[names.TEXT] = _with_unnamed(texts, full) or tuple(_without_role(full, places))


def _with_unnamed(texts: Sequence[int], full: Sequence[str]) -> tuple[int, ...]:
    """Return the columns of texts, with those without a name right behind the last one: some banks have the payer's words
    there.
    """
    behind = max(texts, default=len(full)) + 1
    return (*texts, *takewhile(lambda place: not full[place], range(behind, len(full))))


def _place_states(full: list[str], places: dict[str, tuple[int, ...]], below: Sequence[Row]) -> None:
    """Add the column whose cells are states, if no name shows it: what is still pending must not be booked."""
    if names.STATE in places:
        return
    texts = places[names.TEXT]
    used = {place for role, columns in places.items() if role != names.TEXT for place in columns}
    used.update(place for place, name in enumerate(full) if name in KINDS or _is_text(name))
    free = (place for place in range(len(full)) if place not in used)
    place = next((each for each in free if is_column_of_states(_texts(each, below))), None)
    if place is not None:
        places[names.STATE], places[names.TEXT] = (place,), tuple(each for each in texts if each != place)


def _is_text(name: str) -> bool:
    return name in NAMES[names.TEXT] or any(stem in name for stem in names.STEMS[names.TEXT])


def _hinted(role: str, full: list[str], places: Mapping[str, tuple[int, ...]]) -> list[int]:
    """Return the columns without a role whose names contain a known part for this role."""
    return [place for place in _without_role(full, places) if any(stem in full[place] for stem in names.STEMS[role])]


def _without_role(full: list[str], places: Mapping[str, tuple[int, ...]]) -> list[int]:
    used = {place for columns in places.values() for place in columns}
    return [place for place, name in enumerate(full) if place not in used and name not in DIRECTIONS]


def _with_kinds(layout: Layout, row: Row) -> Layout:
    """Return the layout with the columns that say what a line is and those without a name, since they may show its
    direction, and with the currency in the name of an amount.
    """
    full = [bare(text_of(cell)) for cell in row.cells]
    currencies = (without_currency(full[place])[1] for place in _amounts(layout.places) if place < len(full))
    currency = next(filter(None, currencies), "")
    kinds = _kinds(full, layout.places)
    types = tuple(place for place in kinds if full[place] and full[place] not in MAY_BE_TEXTS)
    roles = {place for role, columns in layout.places.items() if role != names.TEXT for place in columns}
    known = roles.union(kinds, (place for place, name in enumerate(full) if not name or _is_text(name)))
    strange = tuple(place for place in range(len(full)) if place not in known)
    return replace(layout, kinds=kinds, types=types, strange=strange, width=len(full), currency=currency)


def _kinds(full: list[str], places: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    used = {place for role, columns in places.items() if role != names.TEXT for place in columns[:1]}
    used.update(places.get(names.BALANCE, ()))
    return tuple(place for place, name in enumerate(full) if (name in KINDS or not name) and place not in used)

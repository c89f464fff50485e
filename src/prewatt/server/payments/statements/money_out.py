"""Whether the amounts of a table are money in or money out: by their signs, by a column or a word of direction, or by a
person's description.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import gettext as _

from ....amounts import NoAmount, read_number
from . import names
from .data import Data
from .directions import direction, falls, is_direction_column, is_mixed, moves, says_in, says_out, ways_by_balance
from .errors import BankError, Unknown
from .layout import BY_BALANCE, OPPOSITE, Layout
from .limits import nano, tidy

MOST_KINDS, MOST_WORDS = 6, 3
"""The most different texts of a column that may say what a line is, and the most words of each."""


@dataclass
class Amounts:
    """The amounts of a row: a number with its sign, or one number in each of two columns, and the
    direction next to it.
    """

    signed: Decimal | None
    into: Decimal | None
    out_of: Decimal | None
    behind: int | None

    @property
    def is_empty(self) -> bool:
        """Return whether the row has no amount."""
        return not self.signed and not self.is_split

    @property
    def is_split(self) -> bool:
        """Return whether the amount stands in the column of money in or in that of money out."""
        return bool(self.into or self.out_of)

    def signed_by(self, way: int, shown: str) -> Decimal:
        """Return the amount with its sign: money out is negative. `way`: of `Directions.way`; `shown`: how a person says
        that the table shows money out.
        """
        if self.is_split:
            # A negative amount in the column of money in was taken back; any amount in the other column is money out.
            return self.into or -abs(self.out_of or Decimal(0))
        number = self.signed or Decimal(0)
        number = -number if shown == OPPOSITE else abs(number) if shown == BY_BALANCE else number
        return -abs(number) if way < 0 else number


class Single(NamedTuple):
    """A row with one amount, which its sign or a word makes money in or out."""

    row: Data
    amounts: Amounts


def _marked(numbers: Sequence[int], marks: Sequence[int | None]) -> list[int]:
    """Return numbers with the signs that marks give them. There may be no numbers."""
    return [-abs(number) if mark == -1 else number for number, mark in zip(numbers, marks, strict=False)]


class Directions:
    """This class tells which rows are money in and which are money out. `kinds`: the columns that may show it; `sign`:
    the decimal sign; `single`: those of the `rows` that have one amount.
    """

    def __init__(self, layout: Layout, kinds: Sequence[int], sign: str, rows: list[Data], single: list[Single]) -> None:
        self._layout, self._kinds, self._sign, self._single = layout, kinds, sign, single
        self._columns = self._direction_columns(rows)
        if layout.is_mark_doubtful:
            self._columns = self._without_mark_of_balance()
        self._mixed = [place for place in (*self._kinds, *self._others()) if is_mixed([row.at(place) for row in rows])]
        self._is_signed = self._signs_count()
        self._by_balance = self._ways_by_balance() if layout.direction == BY_BALANCE else {}
        self._marks = {amounts.behind for _row, amounts in single}

    def _direction_columns(self, rows: list[Data]) -> list[int]:
        columns = self._layout.places.get(names.DIRECTION, ())
        if self._layout.words_in:
            return list(columns)
        return [
            place
            for place in (*columns, *self._kinds, *self._others())
            if (place in columns and any(direction(row.at(place)) is not None for row in rows if row.at(place)))
            or is_direction_column([row.raw(place) for row in rows])
        ]

    def _without_mark_of_balance(self) -> list[int]:
        """Return the columns of directions without one that belongs to the balance, as the balances show. Raises `Unknown` if
        they do not show it, and the amounts depend on it.
        """
        place = self._layout.places[names.DIRECTION][0]
        others = [each for each in self._columns if each != place]
        marks = [self._word(row, place) for row, _amounts in self._single]
        amounts, balances = self._numbers(), self._balances()
        is_signed = -1 not in marks and any(each < 0 for each in amounts)
        if place not in self._columns or is_signed or not any(marks):
            return self._columns
        if moves(_marked(amounts, marks), balances):
            return self._columns
        if moves(amounts, _marked(balances, marks)):
            return others
        doubtful = next(row for (row, _amounts), mark in zip(self._single, marks, strict=True) if mark)
        raise Unknown(
            "direction",
            _(
                "Line %(number)d: it is not clear whether “%(text)s” belongs to the amount or to the balance. If it belongs to "
                "the amount, say that its column is “in or out”; else choose how this bank shows money out."
            )
            % {"number": doubtful.number, "text": tidy(doubtful.at(place), 40)},
        )

    def _ways_by_balance(self) -> dict[int, int]:
        """Return the direction of each row by its number, as the balances show it. Raises BankError if they do not."""
        amounts, balances = self._numbers(), self._balances()
        ways = ways_by_balance(amounts, balances) if len(amounts) == len(balances) else None
        if ways is None:
            raise BankError(
                _("The balances do not fit the amounts, so they do not show which are money out. Choose another way.")
            )
        return {row.number: way for (row, _amounts), way in zip(self._single, ways, strict=True)}

    def _signs_count(self) -> bool:
        """Return whether an amount is negative, and no word says of a positive one that it is money out: that a bank writes
        a minus at some lines does not show that it does at all.
        """
        texts = self._layout.places.get(names.TEXT, ())
        places = [*self._columns, *(place for place in self._mixed if place in self._kinds or place not in texts)]
        numbers = [(row, amounts.signed) for row, amounts in self._single if amounts.signed]
        return any(number < 0 for _row, number in numbers) and not any(
            number > 0 and direction(row.at(place)) == -1 for row, number in numbers for place in places
        )

    def _others(self) -> list[int]:
        """Return the columns about which nothing is known, if none is known for directions. If all texts of one are
        directions, it is the column of directions.
        """
        if names.DIRECTION in self._layout.places:
            return []
        known = {place for role, places in self._layout.places.items() if role != names.TEXT for place in places}
        return [place for place in range(self._layout.width) if place not in known and place not in self._kinds]

    def way(self, row: Data, amounts: Amounts) -> int | None:
        """Return 1 for the amount as it is written, -1 for money out, 0 for neither; None if the row
        does not show it.
        """
        if amounts.is_split:
            return 1
        if self._layout.direction == BY_BALANCE:
            return self._by_balance[row.number]
        if self._layout.words_in:
            return 1 if self._has_word_in(row) else -1
        ways = self._ways(row, amounts.behind)
        if ways:
            return next((way for way in (-1, 1) if way in ways), 0)
        if self._is_signed or self._layout.direction:
            return 1
        # A row without its direction among those that have one. A mark at amounts of money out alone is like a minus.
        return None if self._columns or 1 in self._marks else 1

    def _has_word_in(self, row: Data) -> bool:
        """Return whether a row has a word that a person has described as money in."""
        return any(row.at(place) in self._layout.words_in for place in self._columns)

    def _ways(self, row: Data, behind: int | None) -> list[int]:
        """Return the directions that a row shows: behind its amount, and in its columns."""
        words = (self._word(row, place) for place in self._columns)
        return [way for way in (behind, *words) if way is not None]

    def _word(self, row: Data, place: int) -> int | None:
        return direction(row.raw(place)) if row.raw(place) else None

    # -- a person is asked ----------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Raise `Unknown` if all amounts are written without a sign, and something shows that not all are money in."""
        if self._is_described() or not self._single or all(each.amounts.behind is not None for each in self._single):
            return
        self._check_words()
        self._check_marks()
        doubtful = None if self._columns else self._doubtful()
        if doubtful is not None:
            raise Unknown(
                "direction",
                _(
                    "Line %(number)d: no amount is negative, so it is not clear which are money out. Choose how this bank shows money out."
                )
                % {"number": doubtful.number},
            )

    def _is_described(self) -> bool:
        """Return whether signs or a person's description show the directions."""
        return self._is_signed or bool(self._layout.direction or self._layout.words_in)

    def _check_words(self) -> None:
        """Raise `Unknown` if a column of directions has a word that is none, or if another column has some words of
        direction; in a column of texts only those of money out count, as a payer may have written the others.
        """
        texts = self._layout.places.get(names.TEXT, ())
        for place in (*self._layout.places.get(names.DIRECTION, ()), *([] if self._columns else self._mixed)):
            if place in texts and place not in self._kinds and not self._has(place, -1):
                continue
            strange = [row for row, _amounts in self._single if row.at(place) and self._word(row, place) is None]
            if strange:
                raise Unknown(
                    "direction",
                    _(
                        "Line %(number)d: it is not clear whether “%(text)s” is money in or out. Say which words are money in."
                    )
                    % {"number": strange[0].number, "text": tidy(strange[0].at(place), 40)},
                )

    def _has(self, place: int, way: int) -> bool:
        return any(direction(row.at(place)) == way for row, _amounts in self._single)

    def _check_marks(self) -> None:
        """Raise `Unknown` if a column marks only money in, or only money out, and has rows without a mark."""
        for place in self._columns:
            bare = [row for row, amounts in self._single if not row.raw(place) and not self._ways(row, amounts.behind)]
            if bare and not (self._has(place, 1) and self._has(place, -1)):
                raise Unknown(
                    "direction",
                    _(
                        "Line %(number)d: it has no word that says whether it is money in or out, but other lines have one. "
                        "Say which words are money in, or choose how this bank shows money out."
                    )
                    % {"number": bare[0].number},
                )

    def _doubtful(self) -> Data | None:
        """Return a row that may be money out; None if nothing shows that there is one."""
        balance_falls = self._balance_falls()
        for row, _amounts in self._single:
            if self._names_money_out(row):
                return row
        is_doubtful = balance_falls or any(map(self._is_code, self._kinds)) or self._has_unknown_types()
        return self._single[0].row if is_doubtful else None

    def _has_unknown_types(self) -> bool:
        """Return whether a column says what each line is by words that are not known, and neither signs nor balances show
        that all lines are money in.
        """
        if -1 in self._marks or self._has_plus() or moves(self._numbers(), self._balances()):
            return False
        places = (*self._layout.types, *filter(self._has_few_words, self._layout.strange))
        words = {row.at(place) for row, _amounts in self._single for place in places}
        return not all(map(says_in, words - {""}))

    def _has_few_words(self, place: int) -> bool:
        """Return whether a column has a few short texts again and again, such as the words of a language for in and out."""
        texts = [row.at(place) for row, _amounts in self._single]
        few = set(texts)
        is_short = all(0 < len(each.split()) <= MOST_WORDS for each in few)
        return 1 < len(few) <= MOST_KINDS and 2 * len(few) <= len(texts) and is_short

    def _has_plus(self) -> bool:
        """Return whether each amount is written with a plus, so that the bank writes signs."""
        return all("+" in row.text(names.AMOUNT) for row, _amounts in self._single)

    def _names_money_out(self, row: Data) -> bool:
        texts = [row.at(place) for place in (*self._kinds, *self._layout.places.get(names.TEXT, ()))]
        return any(says_out(each) for each in texts)

    def _is_code(self, place: int) -> bool:
        """Return whether a column without a name has one of two short signs on each line, so that it may show the
        direction.
        """
        values = {row.at(place) for row, _amounts in self._single}
        return (
            len(self._single) > 1 and "" not in values and len(values) == 2 and all(len(each) <= 2 for each in values)
        )

    def _balance_falls(self) -> bool:
        """Return whether the balances show that an amount is money out."""
        amounts, balances = self._numbers(), self._balances()
        return bool(amounts and balances) and falls(amounts, balances)

    def _numbers(self) -> list[int]:
        """Return the amounts as they are written, in nano; empty if one is too large."""
        try:
            return [nano(each.signed or Decimal(0), row.number) for row, each in self._single]
        except BankError:
            return []

    def _balances(self) -> list[int]:
        balances = []
        for row, _amounts in self._single:
            cell = row.cell(names.BALANCE)
            try:
                number = cell if isinstance(cell, Decimal) else read_number(row.text(names.BALANCE), self._sign)
                balances.append(nano(number, row.number))
            except (NoAmount, BankError):
                return []
        return balances

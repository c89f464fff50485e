"""Statements as tables: CSV and Excel files of banks and wallets, whatever the names of their columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice

from django.utils.translation import gettext as _

from ....amounts import Ambiguous, NoAmount, decimal_sign, read_amount
from ....kernel.currencies import MINOR_DIGITS
from ....tables.cells import counted_day
from ....tables.columns import too_wide
from ....tables.problems import Problems, TableError
from ....tables.rows import Row
from ....tables.sheet import read
from ....tables.words import begins_total
from ...core.time import today
from . import names
from .balances import is_balance
from .data import Data
from .days import ORDERS, doubtful_year, is_open, is_slashed, may_be_day, order_of, read_day, what_is_wrong
from .directions import split_direction
from .errors import BankError, Unknown, Why
from .layout import Layout, find
from .limits import LARGEST_AMOUNT, MOST_LINES, check_count, nano, tidy
from .money_out import Amounts, Directions, Single
from .names import SPELLED
from .shape import Line, Statement
from .states import is_booked, is_pending, reads_like_states, why_not_booked
from .words import says_returned

MOST_REMARKS = 500
"""The most rows before the first line and after the last one."""
WIDEST = 200
"""The most columns of a table."""
_SECTION = re.compile(
    r"((?P<pending>vorgemerkte?|noch nicht gebuchte|pending|unposted|processing|待入账|未入账)"
    r"|gebuchte?|posted|booked|completed|cleared|已入账)"
    r"\s*(ums(ä|ae)tze|buchungen|transaktionen|transactions?|payments?|entries|交易|明细)?\s*:?",
    re.IGNORECASE,
)
"""The titles of parts of a table."""


def rows_of(content: bytes, currency: str) -> list[Row]:
    """Return the rows of a table. Raises BankError if the file is no table, is damaged, or is too large."""
    try:
        rows = list(
            islice(
                read(content, SPELLED, currency),
                MOST_LINES + MOST_REMARKS,
            )
        )
    except TableError as error:
        raise BankError(str(error)) from None
    if any(len(row.cells) > WIDEST for row in rows):
        raise BankError(_("The file has more than %(most)d columns: it is no bank statement.") % {"most": WIDEST})
    check_count(len(rows) - MOST_REMARKS)
    return rows


def read_table(rows: Sequence[Row], currency: str, known: Iterable[Layout] = ()) -> Statement:
    """Return the lines of a table. `known`: layouts that people have described. Raises `Unknown` if a person must
    describe the table first, BankError if a line cannot be read.
    """
    layout_and_first = find(rows, known)
    if layout_and_first is None:
        raise Unknown(
            "columns",
            _(
                "No line has the names of the columns. A date and an amount are needed, such as date,amount,currency,payer,text."
            ),
        )
    layout, first = layout_and_first
    before = [each for row in rows[max(first - 4, 0) : first] if (each := Data(row, layout)).filled]
    table = _Table(layout, [each for row in rows[first:] if (each := Data(row, layout)).filled], currency)
    return table.statement(pending=any(map(_title, before[-2:])))


def _title(row: Data) -> bool | None:
    """Return whether a row is the title of a part: True for bookings that are pending, False for booked ones; None if
    it is no title.
    """
    filled = [each for each in row.texts if each]
    match = _SECTION.fullmatch(filled[0]) if len(filled) == 1 else None
    return None if match is None else bool(match["pending"])


class _Table:
    """The rows of a table, read with a layout. Problems are collected and named together."""

    def __init__(self, layout: Layout, rows: list[Data], currency: str) -> None:
        self.layout, self.rows, self.currency = layout, rows, currency
        self.problems = Problems()
        # Cells behind the last named column may show the direction, too.
        widest = max((len(row.texts) for row in rows), default=0)
        self.kinds = (*layout.kinds, *(range(layout.width, widest) if layout.width else ()))
        self.roles = [role for role in (names.AMOUNT, names.IN, names.OUT) if layout.one(role) is not None]
        texts = {row.text(role) for row in rows for role in self.roles if isinstance(row.cell(role), str)}
        self.sign = decimal_sign(split_direction(text)[0] for text in texts if text)
        self.has_states = not layout.is_state_doubtful or reads_like_states(row.text(names.STATE) for row in rows)
        self.result = Statement()

    def statement(self, pending: bool) -> Statement:
        """Return all rows, as lines or with the reason why they are none. `pending`: the table begins with bookings
        that are pending.
        """
        kept = self._kept(pending)
        self._check_width(kept)
        order = self.layout.order or order_of(row.text(role) for row in kept for role in (names.DAY, names.VALUE_DAY))
        self._check_years(kept, order)
        self._check_swapped(kept)
        dated = [(row, day) for row in kept if (day := self._day(row, order)) is not None]
        read_amounts = [(row, day, self._amounts(row)) for row, day in dated]
        if self.problems:
            problems = str(self.problems.error())
            raise BankError(problems[:1].upper() + problems[1:])
        lines = [each for each in read_amounts if self._has_amount(each[0], each[2])]
        check_count(len(lines))
        self._directions(lines, order)
        self.result.left_out.sort(key=lambda each: each.number)
        return self.result

    def _check_width(self, rows: Iterable[Data]) -> None:
        """Note the rows that have numbers behind the last named column. A number with a comma that is not in quotation marks was cut
        there, and what stands in the column of the amount is a part of it, or of the text before it.
        """
        for row in rows:
            behind = row.texts[self.layout.width :] if self.layout.width else ()
            if any(re.search(r"\d", each) for each in behind):
                self.problems.add(row.number, "", too_wide(len(row.texts), self.layout.width))

    def _check_years(self, rows: Iterable[Data], order: str) -> None:
        """Note a day of which it is not clear whether its year stands first or last."""
        days = {row.text(names.DAY): row.number for row in rows}
        if text := doubtful_year(days, order, today()):
            problem = _(
                "%(text)s can be read in two ways: the year may stand first or last. Write years with four digits"
            )
            self.problems.add(days[text], "", problem % {"text": text})

    def _check_swapped(self, rows: Sequence[Data]) -> None:
        """Raise BankError if some days of a workbook are days and others are texts that can be read in two ways. A
        spreadsheet of another country took 06/10 for 10 June, and left 13/10 as it was.
        """
        texts = [row for row in rows if isinstance(row.cell(names.DAY), str) and is_slashed(row.text(names.DAY))]
        if texts and any(isinstance(row.cell(names.DAY), date | Decimal) for row in rows):
            problem = _(
                "Line %(number)d: %(text)s is a text, but other days are not: a spreadsheet of another country has perhaps "
                "swapped their day and month. Export the statement again and upload it unopened."
            )
            raise BankError(problem % {"number": texts[0].number, "text": tidy(texts[0].text(names.DAY), 40)})

    # -- rows that are no lines -----------------------------------------------------------------------------------------

    def _kept(self, pending: bool) -> list[Data]:
        """Return the rows that are lines, as far as their days, states and titles show."""
        kept = []
        for row in self.rows:
            title = _title(row)
            pending = pending if title is None else title
            if title is None and not self._left_out(row, pending):
                kept.append(row)
        return kept

    def _has_amount(self, row: Data, amounts: Amounts) -> bool:
        """Return whether a row has one amount; else it is left out."""
        if amounts.is_empty:
            self.result.leave_out(row.number, Why.EMPTY, row.whole())
            return False
        if amounts.into and amounts.out_of:
            self.result.leave_out(row.number, Why.UNREADABLE, row.whole())
            return False
        return True

    def _left_out(self, row: Data, pending: bool) -> bool:
        day = row.raw(self.layout.one(names.DAY))
        is_day = read_day(day) is not None or is_open(day)
        amounts = [row.text(role) for role in self.roles]
        has_number = re.search(r"\d", " ".join(amounts)) is not None
        waits = (pending and has_number) if is_day else is_pending(day)
        why = Why.PENDING if waits else self._why_by_state(row)
        if why is None:
            why = self._why_by_cells(row, day, is_day, any(amounts))
            if why in (Why.PENDING, Why.UNDATED) and not has_number:
                # A remark, or the names of the columns once more.
                return True
        if why is None and has_number:
            why = self._why_by_strange_state(row)
        if why is not None:
            self.result.leave_out(row.number, why, row.whole())
        return why is not None

    def _state(self, row: Data) -> str:
        """Return the bank's word for the state of a row; empty if the table has no column of states."""
        return row.text(names.STATE) if self.has_states else ""

    def _why_by_state(self, row: Data) -> Why | None:
        state = self._state(row)
        return None if is_booked(state, self.layout.words_booked) else why_not_booked(state)

    def _why_by_strange_state(self, row: Data) -> Why | None:
        """Return why a row is no line, if its state is not known as booked: a person who has named the words for booked
        has not named this one. Raises `Unknown` if nobody has.
        """
        state = self._state(row)
        if not state or is_booked(state, self.layout.words_booked):
            return None
        if self.layout.words_booked:
            return Why.PENDING
        raise Unknown(
            "state",
            _(
                "Line %(number)d: it is not clear whether “%(text)s” means that the bank has booked the payment. "
                "Say which words mean that a payment is booked."
            )
            % {"number": row.number, "text": tidy(state, 40)},
        )

    def _why_by_cells(self, row: Data, day: str, is_day: bool, has_amount: bool) -> Why | None:
        if self._is_balance(row, is_day):
            return Why.BALANCE
        if not is_day and not (may_be_day(day) and has_amount):
            return Why.PENDING if is_pending(row.whole()) and not day else Why.UNDATED
        return None if has_amount else Why.EMPTY

    def _is_balance(self, row: Data, is_day: bool) -> bool:
        if row.first(names.PAYER) and is_day:
            return False
        return any(is_balance(each) or (not is_day and begins_total(each)) for each in row.texts if each)

    # -- what a row says ------------------------------------------------------------------------------------------------

    def _day(self, row: Data, order: str) -> date | None:
        text, cell = row.text(names.DAY), row.cell(names.DAY)
        day = counted_day(cell) if isinstance(cell, Decimal) else None
        day = read_day(text, order) if day is None else day
        if day is None and not order and is_open(text) and any(read_day(text, each) for each in ORDERS):
            raise Unknown(
                "days",
                _(
                    "Line %(number)d: %(text)s can be read in two ways, and no other line shows which is meant: "
                    "choose whether the day or the month comes first."
                )
                % {"number": row.number, "text": tidy(text, 40)},
            )
        if day is None:
            self.problems.add(row.number, "", what_is_wrong(text))
        return day

    def _amounts(self, row: Data) -> Amounts:
        behind: int | None = None
        numbers: dict[str, Decimal | None] = {}
        for role in self.roles:
            cell = row.cell(role)
            if isinstance(cell, Decimal):
                numbers[role] = cell
                continue
            text, word = split_direction(row.text(role))
            behind = word if behind is None else behind
            numbers[role] = self._number(row, text) if text else None
        return Amounts(numbers.get(names.AMOUNT), numbers.get(names.IN), numbers.get(names.OUT), behind)

    def _number(self, row: Data, text: str) -> Decimal | None:
        try:
            return read_amount(text, self.sign, MINOR_DIGITS.get(row.currency(self.currency)))
        except Ambiguous:
            problem = _("%(text)s can be read in two ways; write its decimals")
        except NoAmount:
            problem = _("%(text)s is not an amount such as 12.34")
        self.problems.add(row.number, "", problem % {"text": tidy(text, 40)})
        return None

    # -- money in or out ------------------------------------------------------------------------------------------------

    def _directions(self, lines: list[tuple[Data, date, Amounts]], order: str) -> None:
        rows = [row for row, _day, _amounts in lines]
        single = [Single(row, amounts) for row, _day, amounts in lines if not amounts.is_split]
        directions = Directions(self.layout, self.kinds, self.sign, rows, single)
        directions.check()
        for row, day, amounts in lines:
            sign = directions.way(row, amounts)
            if not sign:
                self.result.leave_out(row.number, Why.NEITHER, row.whole())
                continue
            amount = amounts.signed_by(sign, self.layout.direction)
            if amount < -LARGEST_AMOUNT:
                # No tenant's payment, so it does not stop the others of the file.
                self.result.leave_out(row.number, Why.TOO_LARGE, row.whole())
                continue
            self._line(row, day, order, nano(amount, row.number))

    # -- a line ---------------------------------------------------------------------------------------------------------

    def _line(self, row: Data, day: date, order: str, amount: int) -> None:
        texts = [row.at(place) for place in self.layout.places.get(names.TEXT, ())]
        texts += [] if self.has_states else [row.text(names.STATE)]
        text = tidy(" ".join(dict.fromkeys(filter(None, texts))), 300)
        payer = tidy(row.first(names.PAYER), 100)
        kinds = [row.at(place) for place in self.kinds]
        self.result.lines.append(
            Line(
                day,
                amount,
                row.currency(self.currency),
                payer,
                text,
                read_day(row.text(names.VALUE_DAY), order),
                re.sub(r"\s", "", row.first(names.ACCOUNT))[:34],
                tidy(row.first(names.BANK_ID), 80),
                says_returned(text, *kinds),
            )
        )

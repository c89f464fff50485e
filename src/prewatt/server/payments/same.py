"""One payment counts once, however often it is reported: in statements of two formats, first pending and then booked,
or recorded by staff and then in the statement. This module also finds the payment that a line of money out takes back.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property, lru_cache
from itertools import islice
from typing import NamedTuple

from django.db.models import Exists, OuterRef

from ...kernel.calendar import local_day, zone
from ...tables.encodings import lost_letters, same_bytes
from ..billing.models import DebtPayment
from ..estate.models import Organisation, Tenancy
from ..ledger.books import Kind
from ..ledger.models import Transfer
from ..ledger.references import Of, Part
from ..vending.models import TopUp
from .matching import folded, name_words, referenced, suggestion
from .models import BankLine
from .statements.shape import Line

COMPARED = ("day", "value_day", "amount", "currency", "payer", "account", "text", "bank_id")
"""The fields of a line by which it is compared with others."""
WINDOW = timedelta(days=4)
"""The most days between two bookings of one payment: pending on Friday, booked on Tuesday."""
RECORDED = timedelta(days=10)
"""The most days between a transfer as staff recorded it and as the bank booked it."""
RETURNED = timedelta(days=400)
"""The most days in which a bank may take a transfer back."""
MOST = 500
"""The most lines of one amount and about one day that a line is compared with. If there are more, a person is asked."""
_SHORTEST = 4
"""The least letters of a text that can show that two lines are alike."""
_SHORTEST_NAME = 12
"""The least letters of a name that may have been cut."""


@dataclass
class SortedOut:
    """The lines of a statement compared with the stored lines: the rows to store (`new`), how many were stored before
    (`known`), and how many lines of money `out` are not stored.
    """

    new: list[BankLine] = field(default_factory=list)
    known: int = 0
    out: int = 0


def sort_out(organisation: Organisation, lines: Sequence[Line]) -> SortedOut:
    """Compare the lines of a statement with the stored ones. If a line may be a stored line, that line becomes its
    `like`, and a person decides.
    """
    rows = _rows(organisation, lines)
    if not rows:
        return SortedOut()
    stored, fingerprints = _stored_about(organisation, rows), {row.fingerprint for row in rows}
    apart = _Stored(row for row in stored if row.fingerprint not in fingerprints)
    back = _Returns(organisation, rows)
    unsure = _unsure(rows, {row.fingerprint for row in stored}, apart)
    result = SortedOut(known=len(rows) - len(unsure))
    for row in unsure:
        if row.amount < 0 and not back.may_take_back(row):
            result.out += 1
            continue
        row.like = apart.perhaps_same(row)
        if row.like is not None:
            apart.take(row.like)
        result.new.append(row)
    return result


def _unsure(rows: Sequence[BankLine], fingerprints: set[str], apart: _Stored) -> list[BankLine]:
    """Return the rows that are not surely stored. A stored line that is surely one of the rows is taken from `apart`."""
    unsure = []
    for row in rows:
        if row.fingerprint in fingerprints:
            continue
        twin = apart.same(row)
        if twin is None:
            unsure.append(row)
        else:
            apart.take(twin)
    return unsure


def _stored_about(organisation: Organisation, rows: Sequence[BankLine]) -> list[BankLine]:
    """Return the stored lines of about the same days, with the fields that are compared."""
    days = [row.day for row in rows]
    stored = BankLine.objects.filter(
        organisation=organisation, day__gte=min(days) - WINDOW, day__lte=max(days) + WINDOW
    )
    return list(stored.only("organisation", "fingerprint", *COMPARED))


class _Stored:
    """The stored lines that the statement has not shown again yet, by amount and day, so that a line is compared with
    few even if a year has thousands of one amount.
    """

    def __init__(self, rows: Iterable[BankLine]) -> None:
        self._rows: dict[tuple[int, str, date], dict[int, BankLine]] = defaultdict(dict)
        for row in rows:
            for place in self._places(row):
                self._rows[place][row.pk] = row

    @staticmethod
    def _places(row: BankLine) -> Iterable[tuple[int, str, date]]:
        days = dict.fromkeys((row.day, row.value_day))
        return [(row.amount, row.currency, day) for day in days if day is not None]

    def take(self, row: BankLine) -> None:
        """Remove a line, because the statement has shown it again."""
        for place in self._places(row):
            del self._rows[place][row.pk]

    def same(self, row: BankLine) -> BankLine | None:
        """Return the line that is surely the same payment; None if there is none."""
        beside = (other for place in self._places(row) for other in self._rows.get(place, {}).values())
        return next((each for each in islice(beside, MOST) if _is_same(row, each)), None)

    def perhaps_same(self, row: BankLine) -> BankLine | None:
        """Return the line that may be the same payment; None if there is none."""
        for looked, each in enumerate(self._about(row)):
            if looked == MOST or _may_be_same(row, each):
                return each
        return None

    def _about(self, row: BankLine) -> Iterable[BankLine]:
        for apart in sorted(range(-WINDOW.days, WINDOW.days + 1), key=abs):
            day = row.day + timedelta(days=apart)
            # Each line counts once: on the day on which it was booked.
            yield from (
                each for each in self._rows.get((row.amount, row.currency, day), {}).values() if each.day == day
            )


def _rows(organisation: Organisation, lines: Sequence[Line]) -> list[BankLine]:
    times: Counter[Line] = Counter()
    rows = []
    for line in lines:
        times[line] += 1
        # Two transfers that look alike on one day are two; the same statement again is not.
        fields = [f"{line.day}", f"{line.amount}", line.currency, line.payer, line.text, line.bank_id, f"{times[line]}"]
        rows.append(
            BankLine(
                organisation=organisation,
                fingerprint=hashlib.sha256("\x1f".join(fields).encode()).hexdigest(),
                **{name: getattr(line, name) for name in COMPARED},
                says_returned=line.returned,
            )
        )
    return rows


# -- two lines ----------------------------------------------------------------------------------------------------------


def _is_same(row: BankLine, other: BankLine) -> bool:
    """Return whether two lines of one amount are surely one payment."""
    if _ids_differ(row, other) or (other.day not in (row.day, row.value_day) and row.day != other.value_day):
        return False
    if row.bank_id and row.bank_id == other.bank_id:
        return True
    party, text = _alike_party(row, other), _alike_text(row, other)
    return (party is True and text is not False) or (party is None and text is True)


def _may_be_same(row: BankLine, other: BankLine) -> bool:
    if _ids_differ(row, other) or abs(row.day - other.day) > WINDOW:
        return False
    if row.bank_id and row.bank_id == other.bank_id:
        return True
    party = _alike_party(row, other)
    return party is True or (party is None and (row.day == other.day or _alike_text(row, other) is True))


def _ids_differ(row: BankLine, other: BankLine) -> bool:
    """Return whether the bank itself says that two lines are different: its names for them have one
    form, and differ.
    """
    return row.bank_id != other.bank_id and bool(row.bank_id) and _form(row.bank_id) == _form(other.bank_id)


def _form(text: str) -> str:
    return re.sub(r"[^\W\d_]", "A", re.sub(r"\d", "9", text))


def _alike_party(row: BankLine, other: BankLine) -> bool | None:
    """Return whether two lines have the same payer; None if one of them does not say, or has lost letters."""
    if row.account and other.account:
        return row.account == other.account
    one, two = name_words(row.payer), name_words(other.payer)
    if not one or not two or lost_letters(row.payer, other.payer):
        return None
    # The bank's file of another month may have been read in another encoding.
    return one <= two or two <= one or _is_cut(row.payer, other.payer) or same_bytes(row.payer, other.payer)


def _is_cut(one: str, two: str) -> bool:
    """Return whether one name is the beginning of the other. Some formats have room for only 27 letters."""
    short, long = sorted((_joined(one), _joined(two)), key=len)
    return len(short) >= _SHORTEST_NAME and long.startswith(short)


@lru_cache(10_000)
def _joined(name: str) -> str:
    return "".join(folded(name))


@lru_cache(10_000)
def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text.casefold())


def _alike_text(row: BankLine, other: BankLine) -> bool | None:
    """Return whether one text contains the other; None if one of them is too short, or has lost letters."""
    one, two = _letters(row.text), _letters(other.text)
    if min(len(one), len(two)) < _SHORTEST or lost_letters(row.text, other.text):
        return None
    return one in two or two in one or same_bytes(row.text, other.text)


# -- recorded by staff --------------------------------------------------------------------------------------------------


class RecordedPayment(NamedTuple):
    """A transfer that staff recorded: `payment` is a top-up or the payment of a debt. `at`: its instant. `key`: its
    name in a form.
    """

    payment: TopUp | DebtPayment
    at: int
    key: str


def recorded_by_hand(lines: Iterable[BankLine], tenancies: Sequence[Tenancy] = ()) -> dict[int, list[RecordedPayment]]:
    """Return for each line (by primary key) the transfers recorded by staff that it may be, the nearest day first. They
    have the line's amount and about its day, belong to the tenant that the line is for (if that is known), are in no
    other line, and are not undone.
    """
    money_in = [line for line in lines if line.amount > 0 and not line.is_separate]
    if not money_in:
        return {}
    by_amount = _by_amount(_recorded({line.organisation_id for line in money_in}, {line.amount for line in money_in}))
    by_line = {}
    for line in money_in:
        alike = by_amount.get((line.organisation_id, line.amount), [])
        near = _near(line, alike, suggestion(line, tenancies))
        if near:
            by_line[line.pk] = near
    return by_line


def _by_amount(payments: Iterable[RecordedPayment]) -> dict[tuple[int, int], list[tuple[RecordedPayment, date]]]:
    """Return the payments with their local days, by organisation and amount."""
    by_amount: dict[tuple[int, int], list[tuple[RecordedPayment, date]]] = defaultdict(list)
    for each in payments:
        day = local_day(each.at, zone(each.payment.tenancy.unit.property.zone))
        by_amount[each.payment.organisation_id, each.payment.amount].append((each, day))
    return by_amount


def _near(
    line: BankLine, payments: Iterable[tuple[RecordedPayment, date]], guess: Tenancy | None
) -> list[RecordedPayment]:
    """Return the payments of about a line's day, the nearest first; if a tenancy is known (`guess`), only its own."""
    near = [
        (abs(day - line.day), each.key, each)
        for each, day in payments
        if abs(day - line.day) <= RECORDED and guess in (None, each.payment.tenancy)
    ]
    return [each for *_order, each in sorted(near, key=lambda order_of_row: order_of_row[:2])]


def _recorded(organisations: set[int], amounts: set[int]) -> list[RecordedPayment]:
    of = Transfer.objects.filter(of=Of.TOP_UP, number=OuterRef("pk"))
    conditions = {"organisation__in": organisations, "amount__in": amounts, "bank_line__isnull": True}
    top_ups = (
        TopUp.objects.filter(**conditions, payment__isnull=True, moved_to__isnull=True)
        .filter(Exists(of.filter(part="", debit_account__kind=Kind.BANK)), ~Exists(of.filter(part=Part.UNDONE)))
        .select_related("tenancy__unit__property", "by")
    )
    debts = DebtPayment.objects.filter(**conditions, source__kind=Kind.BANK, undone_at__isnull=True)
    return [RecordedPayment(each, each.paid_at, f"{each.pk}") for each in top_ups] + [
        RecordedPayment(each, each.at, f"debt-{each.pk}")
        for each in debts.select_related("tenancy__unit__property", "by")
    ]


# -- taken back ---------------------------------------------------------------------------------------------------------


class _Returns:
    """This class tells which lines of money out may take back a payment: one in a stored line, in a line of the same
    file, or recorded by staff.
    """

    def __init__(self, organisation: Organisation, rows: Sequence[BankLine]) -> None:
        self._organisation = organisation
        amounts = {-row.amount for row in rows if row.amount < 0}
        self._days: dict[int, list[date]] = defaultdict(list)
        self._from: dict[int, dict[tuple[str, str, date], BankLine]] = defaultdict(dict)
        self._recorded: set[int] = set()
        if not amounts:
            return
        stored = BankLine.objects.filter(organisation=organisation, amount__gt=0, takes_back__isnull=True)
        for part in _parts(amounts):
            for row in stored.filter(amount__in=part).exclude(state=BankLine.State.ASIDE):
                self._days[row.amount].append(row.day)
                if row.state == BankLine.State.BOOKED:
                    self._from[row.amount][row.account, row.payer, row.day] = row
            recorded = TopUp.objects.filter(organisation=organisation, amount__in=part)
            self._recorded |= set(recorded.filter(payment__isnull=True).values_list("amount", flat=True))
        for row in rows:
            if row.amount in amounts:
                self._days[row.amount].append(row.day)
        for days in self._days.values():
            days.sort()

    def may_take_back(self, row: BankLine) -> bool:
        """Return whether a line may take back a payment. A line that says so itself may take back any payment of its
        amount, or, with a fee, one from the same payer; another line only a payment of the same amount from the same
        payer.
        """
        if not row.says_returned:
            return any(
                timedelta() <= row.day - each.day <= RETURNED and _alike_party(row, each) is True
                for each in self._from.get(-row.amount, {}).values()
            )
        days = self._days.get(-row.amount, [])
        before = bisect_left(days, row.day - RETURNED) < bisect_right(days, row.day)
        return before or -row.amount in self._recorded or any(_with_fee(row, each) for each in self._booked)

    @cached_property
    def _booked(self) -> list[BankLine]:
        rows = BankLine.objects.filter(
            organisation=self._organisation, state=BankLine.State.BOOKED, top_up__isnull=False
        )
        return list(rows.only("day", "amount", "payer", "account", "text"))


def _with_fee(row: BankLine, before: BankLine) -> bool:
    if not before.amount < -row.amount <= 2 * before.amount or not timedelta() <= row.day - before.day <= RETURNED:
        return False
    named = referenced(row.text) & referenced(f"{before.text} | {before.payer}")
    return bool(named) or _alike_party(row, before) is True


def returned_by(line: BankLine) -> BankLine | None:
    """Return the line of money in that a line of money out takes back; None if no line fits, or several fit equally."""
    if line.amount >= 0:
        return None
    if line.takes_back_id is not None:
        return line.takes_back
    rows = BankLine.objects.filter(
        organisation=line.organisation_id,
        amount=-line.amount,
        currency=line.currency,
        day__lte=line.day,
        day__gte=line.day - RETURNED,
        taken_back_by__isnull=True,
    ).exclude(state__in=(BankLine.State.SAME, BankLine.State.ASIDE))
    best: tuple[int, list[BankLine]] = (0, [])
    for each in rows.select_related("top_up__tenancy__unit__property"):
        score = _likeness(line, each)
        if score > best[0]:
            best = score, []
        if score == best[0]:
            best[1].append(each)
    return best[1][0] if len(best[1]) == 1 else None


def _likeness(line: BankLine, before: BankLine) -> int:
    party, text = _alike_party(line, before), _alike_text(line, before)
    if party is False:
        return 0
    named = bool(referenced(line.text) & referenced(f"{before.text} {before.payer}"))
    booked = before.state == BankLine.State.BOOKED and before.top_up_id is not None
    return 1 + 2 * booked + 4 * (text is True) + 8 * (party is True) + 16 * named


def _parts(values: Iterable[int]) -> Iterable[list[int]]:
    """Yield the values in lists so short that one database query can name them."""
    every = list(values)
    return (every[start : start + 500] for start in range(0, len(every), 500))

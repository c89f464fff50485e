"""Bank statements: uploaded in any format, each line kept once, and booked by a person who has seen whom it is for."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.currencies import minor_unit
from ..billing.debts import DebtError, came_late, pay
from ..billing.models import DebtPayment
from ..core.time import now
from ..estate.models import Organisation, Tenancy
from ..ledger.books import Kind, account, book
from ..ledger.models import Transfer
from ..ledger.references import Of, Reference, of_bank_line
from ..metering.locking import for_update, lock_meters, lock_organisation
from ..metering.models import Meter
from ..sales.top_ups import top_up
from ..vending.models import TopUp
from ..vending.refusals import TopUpError
from .books import clearing
from .layouts import layouts_of
from .matching import candidates, reference, suggestion
from .models import BankLine, Merchant
from .same import recorded_by_hand, returned_by, sort_out
from .statements.layout import Layout
from .statements.reading import LARGEST_FILE, read_file
from .statements.shape import BankError, LeftOut, Line, Statement
from .statements.table import read_table, rows_of

__all__ = [
    "LARGEST_FILE", "BankError", "Upload", "book_line", "book_payout", "candidates", "open_line", "read", "read_statement",
    "recorded_by_hand", "reference", "reopen", "returned_by", "same_as_line", "same_as_recorded", "set_aside", "suggestion", "upload",
]  # fmt: skip
PART = 500
"""Lines that are written in one transaction: so short that nobody else's payment waits for it."""


@dataclass(frozen=True)
class Upload:
    """What an upload came to: the lines that are new, how many were `known`, how many of money `out` are not kept, and what
    was `left_out`.
    """

    new: list[BankLine]
    known: int
    out: int
    left_out: tuple[LeftOut, ...] = ()


def read(content: bytes, currency: str, known: Iterable[Layout] = ()) -> Statement:
    """A statement in any format. `currency`: where it names none; `known`: what a person has said of tables before. BankError
    if it can't be read.
    """
    found = read_file(content, currency)
    return found if found is not None else read_table(rows_of(content, currency), currency, known)


def read_statement(content: bytes, currency: str) -> tuple[list[Line], int]:
    """(money in, how many lines of money out) of a statement."""
    lines = read(content, currency).lines
    return [each for each in lines if each.amount > 0], sum(each.amount < 0 for each in lines)


def upload(organisation: Organisation, content: bytes, currency: str, by: Any) -> Upload:
    """Keep the lines of a statement that are new, in parts: broken off and done again it is the same. Nothing is booked by
    it. BankError if it can't be read.
    """
    statement = read(content, currency, layouts_of(organisation))
    sorted_out = sort_out(organisation, statement.lines)
    at = now()
    for row in sorted_out.new:
        row.uploaded_at, row.by = at, by
    for start in range(0, len(sorted_out.new), PART):
        with transaction.atomic():
            began = time.monotonic()
            BankLine.objects.bulk_create(sorted_out.new[start : start + PART], ignore_conflicts=True)
        if start + PART < len(sorted_out.new):
            # SQLite has one writer: as long as this one wrote, the others have their turn.
            time.sleep(min(time.monotonic() - began, 0.5))
    new = _kept(organisation, sorted_out.new)
    return Upload(new, sorted_out.known, sorted_out.out, tuple(statement.left_out))


def _kept(organisation: Organisation, rows: list[BankLine]) -> list[BankLine]:
    """The lines as they are stored, in the order of the file; without those that another upload stored a moment before."""
    if not rows:
        return []
    stored = BankLine.objects.filter(organisation=organisation, uploaded_at=rows[0].uploaded_at)
    found = {row.fingerprint: row for row in stored}
    return [found[row.fingerprint] for row in rows if row.fingerprint in found]


def open_line(line: BankLine, unit: int | None = None) -> BankLine:
    """A line that waits to be dealt with, locked after its organisation and the meter of a unit (by its number). BankError if
    it is dealt with.
    """
    lock_organisation(line.organisation_id)
    lock_meters(Meter.objects.filter(unit=unit) if unit is not None else Meter.objects.none())
    locked: BankLine = for_update(BankLine.objects).select_related("organisation").get(pk=line.pk)
    if locked.state != BankLine.State.OPEN:
        raise BankError(_("This line is dealt with already."))
    return locked


def _money_in(line: BankLine, unit: int | None = None) -> BankLine:
    locked = open_line(line, unit)
    if locked.amount < 0:
        raise BankError(_("This line is money that went back: it can't be credited."))
    return locked


def _check_own(line: BankLine) -> None:
    """BankError if a person has to say first whether a line is a payment that is known already."""
    asked = line.like_id is not None
    if not asked and recorded_by_hand([line]):
        rows = Tenancy.objects.filter(unit__property__organisation=line.organisation_id)
        asked = bool(recorded_by_hand([line], list(rows)))
    if asked:
        raise BankError(_("This may be a payment that is known already: say first whether they are one or two."))


@transaction.atomic
def book_line(line: BankLine, tenancy: Tenancy, by: Any) -> TopUp | DebtPayment:
    """Credit a line to a tenancy; of who has moved out it pays what is owed, and the rest is owed back. BankError if it is dealt
    with already, may be a payment that is known already, or can't be credited there.
    """
    locked = _money_in(line, tenancy.unit_id)
    _check_own(locked)
    where = tenancy.unit.property
    if where.organisation_id != locked.organisation_id or where.currency != locked.currency:
        raise BankError(_("Payments there are in %(currency)s.") % {"currency": where.currency})
    if locked.amount % minor_unit(locked.currency):
        raise BankError(_("This amount is finer than %(currency)s.") % {"currency": locked.currency})
    bank = account(locked.organisation, Kind.BANK)
    # A booking that was undone stays in the books under its own name.
    name = of_bank_line(locked.fingerprint, locked.bookings)
    if came_late(tenancy):
        try:
            paid = pay(tenancy, locked.amount, name, by, bank, late=True)
        except DebtError as error:
            raise BankError(str(error)) from None
        locked.state, locked.debt_payment, locked.by = BankLine.State.BOOKED, paid, by
        locked.bookings += 1
        locked.save(update_fields=["state", "debt_payment", "by", "bookings"])
        return paid
    try:
        made = top_up(tenancy, locked.amount, name, by, locked.payer, source=bank)
    except TopUpError as error:
        raise BankError(str(error)) from None
    locked.state, locked.top_up, locked.by = BankLine.State.BOOKED, made, by
    locked.bookings += 1
    locked.save(update_fields=["state", "top_up", "by", "bookings"])
    return made


@transaction.atomic
def book_payout(line: BankLine, merchant: Merchant, by: Any) -> Transfer:
    """A line is what a provider paid out of a merchant account. BankError if it is dealt with already."""
    locked = _money_in(line)
    if merchant.organisation_id != locked.organisation_id:
        raise BankError(_("This merchant account is another's."))
    bank, of = account(locked.organisation, Kind.BANK), Reference(Of.BANK_LINE, locked.pk)
    made = book(Transfer.Kind.PAYOUT, bank, clearing(merchant), locked.amount, now(), of, str(merchant))
    locked.state, locked.merchant, locked.by = BankLine.State.BOOKED, merchant, by
    locked.save(update_fields=["state", "merchant", "by"])
    return made


@transaction.atomic
def set_aside(line: BankLine, by: Any) -> None:
    """Set a line aside: it does not concern prewatt. Where it takes back what nobody has been credited, the two cancel out
    and both are set aside. BankError if it is dealt with already.
    """
    locked = open_line(line)
    locked.state, locked.by = BankLine.State.ASIDE, by
    before = returned_by(locked)
    if before is not None and before.state == BankLine.State.OPEN:
        locked.takes_back = before
        before.state, before.by = BankLine.State.ASIDE, by
        before.save(update_fields=["state", "by"])
    locked.save(update_fields=["state", "by", "takes_back"])


def reopen(made: TopUp) -> None:
    """A payment was undone: the line that it came of is to be booked again, to whom it belongs."""
    BankLine.objects.filter(top_up=made).update(state=BankLine.State.OPEN, top_up=None, by=None)


@transaction.atomic
def same_as_line(line: BankLine, same: bool, by: Any) -> None:
    """A person has looked at a line beside the one that it is like: they are the `same` payment, or two. BankError if nothing
    is asked of it.
    """
    locked = open_line(line)
    if locked.like_id is None:
        raise BankError(_("This line is like no other."))
    if same:
        locked.state, locked.by = BankLine.State.SAME, by
    else:
        locked.like, locked.own = None, True
    locked.save(update_fields=["state", "by", "like", "own"])


@transaction.atomic
def same_as_recorded(line: BankLine, key: str, by: Any) -> None:
    """A person has looked at a line beside the payments that staff recorded: it is the one of this `key`, or (empty) one of
    its own. BankError if it can't be that one.
    """
    locked = _money_in(line)
    if not key:
        locked.own = True
    else:
        found = next((each.made for each in recorded_by_hand([locked]).get(locked.pk, []) if each.key == key), None)
        if found is None:
            raise BankError(_("This line can't be that payment."))
        if isinstance(found, TopUp):
            locked.top_up = found
        else:
            locked.debt_payment = found
        locked.state, locked.by = BankLine.State.BOOKED, by
    locked.save(update_fields=["state", "top_up", "debt_payment", "by", "own"])

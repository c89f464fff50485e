"""Bank statements. A person uploads one in any format, each line is stored once, and a person who sees whom it is for
books it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.currencies import minor_unit
from ..billing.debt_payments import pay
from ..billing.debts import DebtError
from ..billing.models import DebtPayment
from ..billing.open_debts import came_late
from ..core.time import now, today
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
from .matching import candidates, possible, reference, suggestion
from .models import BankLine, Merchant
from .same import recorded_by_hand, returned_by, sort_out
from .statements.errors import BankError
from .statements.layout import Layout
from .statements.reading import read_file
from .statements.shape import LeftOut, Line, Statement
from .statements.table import read_table, rows_of

__all__ = [
    "BankError", "Upload", "book_line", "book_payout", "candidates", "open_line", "possible", "read", "read_statement",
    "recorded_by_hand", "reference", "reopen", "returned_by", "same_as_line", "same_as_recorded", "set_aside", "suggestion", "upload",
]  # fmt: skip
PART = 500
"""The number of lines that one transaction writes. It is small, so that no other payment waits long for
the database.
"""


@dataclass(frozen=True)
class Upload:
    """The result of an upload: the `new` lines, how many lines were stored before (`known`), how many lines of money
    `out` are not stored, and the rows of the file that are no lines (`left_out`).
    """

    new: list[BankLine]
    known: int
    out: int
    left_out: tuple[LeftOut, ...] = ()


def read(content: bytes, currency: str, known: Iterable[Layout] = ()) -> Statement:
    """Return the lines of a statement in any format. `currency`: the code to use if the file names none. `known`: the
    layouts of tables that people have described before. Raises BankError if the file cannot be read.
    """
    statement = read_file(content, currency)
    if statement is None:
        statement = read_table(rows_of(content, currency), currency, known)
    statement.check_days(today())
    return statement


def read_statement(content: bytes, currency: str) -> tuple[list[Line], int]:
    """Return (lines of money in, number of lines of money out) of a statement. Raises BankError if it
    cannot be read.
    """
    lines = read(content, currency).lines
    return [each for each in lines if each.amount > 0], sum(each.amount < 0 for each in lines)


def upload(
    organisation: Organisation,
    content: bytes,
    currency: str,
    by: Any,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Upload:
    """Store the lines of a statement that are new; nothing is booked yet. The lines are written in parts: if an upload
    stops in the middle, the same upload again completes it. `progress` is told how many of how many new lines are
    written. Raises BankError if the file cannot be read.
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
        progress(min(start + PART, len(sorted_out.new)), len(sorted_out.new))
        if start + PART < len(sorted_out.new):
            # SQLite has one writer: as long as this one wrote, the others have their turn.
            time.sleep(min(time.monotonic() - began, 0.5))
    new = _kept(organisation, sorted_out.new)
    return Upload(new, sorted_out.known, sorted_out.out, tuple(statement.left_out))


def _kept(organisation: Organisation, rows: list[BankLine]) -> list[BankLine]:
    """Return the lines as they are stored, in the order of the file, without those that another upload stored a moment
    before.
    """
    if not rows:
        return []
    stored = BankLine.objects.filter(organisation=organisation, uploaded_at=rows[0].uploaded_at)
    by_fingerprint = {row.fingerprint: row for row in stored}
    return [by_fingerprint[row.fingerprint] for row in rows if row.fingerprint in by_fingerprint]


def open_line(line: BankLine, unit: int | None = None) -> BankLine:
    """Return a line that is still to be booked, locked after its organisation and after the meter of a unit (`unit`:
    the unit's primary key). Raises BankError if the line is booked or set aside already.
    """
    lock_organisation(line.organisation_id)
    lock_meters(Meter.objects.filter(unit=unit) if unit is not None else Meter.objects.none())
    locked: BankLine = for_update(BankLine.objects).select_related("organisation").get(pk=line.pk)
    if locked.state != BankLine.State.OPEN:
        raise BankError(_("This line is booked or set aside already."))
    return locked


def _money_in(line: BankLine, unit: int | None = None) -> BankLine:
    locked = open_line(line, unit)
    if locked.amount < 0:
        raise BankError(_("This line is money that went out, so it can't be credited."))
    return locked


def _check_own(line: BankLine) -> None:
    """Raise BankError if a person must say first whether a line is a payment that is stored already."""
    is_unclear = line.like_id is not None
    if not is_unclear and recorded_by_hand([line]):
        rows = Tenancy.objects.filter(unit__property__organisation=line.organisation_id)
        is_unclear = bool(recorded_by_hand([line], possible([line], rows)))
    if is_unclear:
        raise BankError(
            _("This line may be a payment that is stored already. Choose first whether the two are the same payment.")
        )


@transaction.atomic
def book_line(line: BankLine, tenancy: Tenancy, by: Any) -> TopUp | DebtPayment:
    """Credit a line to a tenancy. If the tenant has moved out, the money pays the debts first, and the rest is owed
    back. Raises BankError if the line is booked already, may be a payment that is stored already, or cannot be credited
    there.
    """
    locked = _money_in(line, tenancy.unit_id)
    _check_own(locked)
    property_ = tenancy.unit.property
    if property_.organisation_id != locked.organisation_id or property_.currency != locked.currency:
        raise BankError(_("That building takes payments in %(currency)s only.") % {"currency": property_.currency})
    if locked.amount % minor_unit(locked.currency):
        raise BankError(_("This amount has more decimals than %(currency)s has.") % {"currency": locked.currency})
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
        credit = top_up(tenancy, locked.amount, name, by, locked.payer, source=bank)
    except TopUpError as error:
        raise BankError(str(error)) from None
    locked.state, locked.top_up, locked.by = BankLine.State.BOOKED, credit, by
    locked.bookings += 1
    locked.save(update_fields=["state", "top_up", "by", "bookings"])
    return credit


@transaction.atomic
def book_payout(line: BankLine, merchant: Merchant, by: Any) -> Transfer:
    """Book a line as money that a provider paid out from a merchant account. Returns the transfer. Raises BankError if
    the line is booked already or the merchant account belongs to another landlord.
    """
    locked = _money_in(line)
    if merchant.organisation_id != locked.organisation_id:
        raise BankError(_("This merchant account belongs to another landlord."))
    bank, of = account(locked.organisation, Kind.BANK), Reference(Of.BANK_LINE, locked.pk)
    transfer = book(Transfer.Kind.PAYOUT, bank, clearing(merchant), locked.amount, now(), of, str(merchant))
    locked.state, locked.merchant, locked.by = BankLine.State.BOOKED, merchant, by
    locked.save(update_fields=["state", "merchant", "by"])
    return transfer


@transaction.atomic
def set_aside(line: BankLine, by: Any) -> None:
    """Set a line aside, because it does not concern prewatt. If it takes back money that was credited to nobody, both
    lines are set aside. Raises BankError if the line is booked already.
    """
    locked = open_line(line)
    locked.state, locked.by = BankLine.State.ASIDE, by
    before = returned_by(locked)
    if before is not None and before.state == BankLine.State.OPEN:
        locked.takes_back = before
        before.state, before.by = BankLine.State.ASIDE, by
        before.save(update_fields=["state", "by"])
    locked.save(update_fields=["state", "by", "takes_back"])


def reopen(payment: TopUp) -> None:
    """Open the line of an undone payment again, so that a person can book it to the right tenancy."""
    BankLine.objects.filter(top_up=payment).update(state=BankLine.State.OPEN, top_up=None, by=None)


@transaction.atomic
def same_as_line(line: BankLine, same: bool, by: Any) -> None:
    """Store what a person says of a line and the line that looks like it: they are the `same` payment, or two payments.
    Raises BankError if the line is booked already or looks like no other.
    """
    locked = open_line(line)
    if locked.like_id is None:
        raise BankError(_("This line looks like no other line, so there is nothing to decide."))
    if same:
        locked.state, locked.by = BankLine.State.SAME, by
    else:
        locked.like, locked.is_separate = None, True
    locked.save(update_fields=["state", "by", "like", "is_separate"])


@transaction.atomic
def same_as_recorded(line: BankLine, key: str, by: Any) -> None:
    """Store what a person says of a line and the payments that staff recorded: it is the payment with this `key`, or,
    if `key` is empty, a payment of its own. Raises BankError if the line cannot be that payment.
    """
    locked = _money_in(line)
    if not key:
        locked.is_separate = True
    else:
        payment = next(
            (each.payment for each in recorded_by_hand([locked]).get(locked.pk, []) if each.key == key), None
        )
        if payment is None:
            raise BankError(_("This line can't be that payment. Load the page again and choose from its list."))
        if isinstance(payment, TopUp):
            locked.top_up = payment
        else:
            locked.debt_payment = payment
        locked.state, locked.by = BankLine.State.BOOKED, by
    locked.save(update_fields=["state", "top_up", "debt_payment", "by", "is_separate"])

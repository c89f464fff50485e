"""Bank statements: uploaded as CSV, each line kept once, and booked by a person who has seen whom it is for."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.units import parse_money
from ...tokens import luhn
from ..billing.currencies import minor_unit
from ..billing.debts import DebtError, pay, pays_debts
from ..billing.models import DebtPayment
from ..estate.models import Organisation, Tenancy
from ..ledger.books import Kind, account, book
from ..ledger.models import Transfer
from ..ledger.references import Of, Reference, of_bank_line
from ..time import now
from ..vending.models import TopUp
from ..vending.top_ups import LARGEST, TopUpError, top_up
from .models import BankLine, Merchant
from .paying import clearing

NAMES = {
    "day": (
        "date", "day", "booking date", "value date", "buchungstag", "buchungsdatum", "valuta", "valutadatum",
        "日期", "交易日期", "记账日期",
    ),
    "amount": ("amount", "credit", "credit amount", "betrag", "umsatz", "金额", "交易金额", "贷方金额", "收入金额"),
    "currency": ("currency", "währung", "币种"),
    "payer": (
        "payer", "name", "counterparty", "beguenstigter/zahlungspflichtiger", "auftraggeber", "zahlungspflichtiger",
        "name zahlungsbeteiligter", "对方户名", "付款人", "对方账户名",
    ),
    "text": (
        "text", "reference", "description", "purpose", "memo", "verwendungszweck", "buchungstext",
        "摘要", "附言", "用途", "备注",
    ),
}  # fmt: skip
"""Names that banks give to the columns, in small letters."""
DAYS = ("%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%Y/%m/%d", "%Y%m%d", "%Y年%m月%d日")
"""Forms of a day that can be read one way only."""
MOST_LINES = 20_000
LARGEST_FILE = 5_000_000


class BankError(ValueError):
    """A statement can't be read, or a line not booked; the message names the line. Nothing was changed."""


@dataclass(frozen=True)
class Seen:
    """A line of a statement as it was read; `amount` in nano."""

    day: date
    amount: int
    currency: str
    payer: str
    text: str


@dataclass(frozen=True)
class Upload:
    """What an upload came to."""

    new: list[BankLine]
    known: int
    out: int


def reference(tenancy: Tenancy) -> str:
    """What a tenant writes into a transfer, such as PW1042-7: its last digit (Luhn's) catches a slip."""
    return f"PW{tenancy.pk}-{luhn(str(tenancy.pk))}"


def read_statement(content: bytes, currency: str) -> tuple[list[Seen], int]:
    """(money in, how many lines of money out) of a statement as CSV. `currency`: where it has no column for it."""
    if len(content) > LARGEST_FILE:
        raise BankError(_("The file is larger than 5 MB."))
    rows = _rows(_decoded(content, currency))
    columns, first = _columns(rows)
    where = columns["amount"]
    sign = _decimal_sign(row[where] for row in rows[first:] if where < len(row))
    found, out = [], 0
    for number, row in enumerate(rows[first:], first + 1):
        cells = {name: row[place].strip() if place < len(row) else "" for name, place in columns.items()}
        if not cells["day"] or not cells["amount"]:
            # Totals and remarks at the end of a statement.
            continue
        amount = _amount(cells["amount"], number, sign)
        if amount <= 0:
            out += 1
            continue
        if amount > LARGEST:
            raise BankError(_("Line %(number)d: %(text)s is too much.") % {"number": number, "text": cells["amount"]})
        unit = (cells.get("currency") or currency).upper()[:3]
        found.append(
            Seen(_day(cells["day"], number), amount, unit, cells.get("payer", "")[:100], cells.get("text", "")[:300])
        )
    return found, out


def _decoded(content: bytes, currency: str) -> str:
    # In GB 18030 nearly every text of a European bank can be read, too: as nonsense.
    for encoding in ("utf-8-sig", "gb18030" if currency == "CNY" else "cp1252", "latin-1"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BankError(_("The file is no text."))


def _rows(text: str) -> list[list[str]]:
    head = text[:4000]
    sign = max(";,\t", key=head.count)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=sign))
    except csv.Error as error:
        raise BankError(_("The file is no CSV: %(why)s") % {"why": error}) from None
    if len(rows) > MOST_LINES:
        raise BankError(_("The file has more than %(most)d lines.") % {"most": MOST_LINES})
    return rows


def _columns(rows: Sequence[Sequence[str]]) -> tuple[dict[str, int], int]:
    """Where each column is, and the row after the names."""
    for number, row in enumerate(rows[:30]):
        names = [cell.strip().strip('"').lower() for cell in row]
        found = {
            what: next(names.index(known) for known in candidates if known in names)
            for what, candidates in NAMES.items()
            if any(known in names for known in candidates)
        }
        if {"day", "amount"} <= set(found):
            return found, number + 1
    raise BankError(
        _("No line names the columns: a date and an amount are needed, such as date,amount,currency,payer,text.")
    )


def _bare(text: str) -> str:
    return re.sub(r"[\s\u00a0'’]|[A-Z]{3}|[€$¥£]", "", text).replace("−", "-")


def _decimal_sign(amounts: Iterable[str]) -> str:
    """The sign before the decimals, by the amounts that leave no doubt; empty if there are none, or they disagree."""
    found = {match[1] for text in amounts if (match := re.search(r"([.,])\d{1,2}$", _bare(text)))}
    return found.pop() if len(found) == 1 else ""


def _amount(text: str, number: int, sign: str) -> int:
    bare = _bare(text)
    if not sign and re.fullmatch(r"[+-]?\d{1,3}[.,]\d{3}", bare):
        raise BankError(
            _("Line %(number)d: %(text)s can be read in two ways; write its decimals.")
            % {"number": number, "text": text[:40]}
        )
    groups = {",": ".", ".": ","}.get(sign, ",.")
    if re.fullmatch(rf"[+-]?\d{{1,3}}([{groups}]\d{{3}})+([^{groups}]\d+)?", bare):
        bare = re.sub(f"[{groups}]", "", bare)
    bare = bare.replace(",", ".") if sign == "," else bare
    try:
        return parse_money(bare.removeprefix("+"))
    except ValueError:
        raise BankError(_("Line %(number)d: %(text)s is no amount.") % {"number": number, "text": text[:40]}) from None


def _day(text: str, number: int) -> date:
    for form in DAYS:
        try:
            return datetime.strptime(text.split(" ")[0].split("T")[0], form).date()  # noqa: DTZ007
        except ValueError:
            continue
    raise BankError(
        _("Line %(number)d: %(text)s is no day such as 2026-11-25 or 25.11.2026.")
        % {"number": number, "text": text[:40]}
    )


@transaction.atomic
def upload(organisation: Organisation, content: bytes, currency: str, by: Any) -> Upload:
    """Keep the lines of a statement that are new. Nothing is booked by it. BankError if it can't be read."""
    seen, out = read_statement(content, currency)
    times: Counter[Seen] = Counter()
    new, known = [], 0
    for line in seen:
        times[line] += 1
        # Two transfers that look alike on one day are two; the same statement again is not.
        told = "\x1f".join([f"{line.day}", f"{line.amount}", line.currency, line.payer, line.text, f"{times[line]}"])
        row, fresh = BankLine.objects.get_or_create(
            organisation=organisation,
            fingerprint=hashlib.sha256(told.encode()).hexdigest(),
            defaults={
                "day": line.day, "amount": line.amount, "currency": line.currency, "payer": line.payer,
                "text": line.text, "uploaded": now(), "by": by,
            },
        )  # fmt: skip
        if fresh:
            new.append(row)
        else:
            known += 1
    return Upload(new, known, out)


def suggestion(line: BankLine, tenancies: Sequence[Tenancy]) -> Tenancy | None:
    """For whom a line seems to be: by the reference in its text, else by the payer's name where one tenant alone has it."""
    told = re.sub(r"\s", "", f"{line.text} {line.payer}").upper()
    by_reference = [each for each in tenancies if re.search(rf"{reference(each)}(?!\d)", told)]
    if by_reference:
        return by_reference[0]
    by_name = [each for each in tenancies if each.tenant.casefold() in line.payer.casefold()] if line.payer else []
    return by_name[0] if len(by_name) == 1 else None


def _open(line: BankLine) -> BankLine:
    locked: BankLine = BankLine.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=line.pk)
    if locked.state != BankLine.State.OPEN:
        raise BankError(_("This line is dealt with already."))
    return locked


@transaction.atomic
def book_line(line: BankLine, tenancy: Tenancy, by: Any) -> TopUp | DebtPayment:
    """Credit a line to a tenancy; of who has moved out, and owes, it pays what is owed. BankError if it is dealt with
    already, or can't be credited there.
    """
    locked = _open(line)
    where = tenancy.unit.property
    if where.organisation_id != locked.organisation_id or where.currency != locked.currency:
        raise BankError(_("Payments there are in %(currency)s.") % {"currency": where.currency})
    if locked.amount % minor_unit(locked.currency):
        raise BankError(_("This amount is finer than %(currency)s.") % {"currency": locked.currency})
    bank = account(locked.organisation, Kind.BANK)
    if pays_debts(tenancy):
        try:
            paid = pay(tenancy, locked.amount, of_bank_line(locked.fingerprint), by, bank)
        except DebtError as error:
            raise BankError(str(error)) from None
        locked.state, locked.by = BankLine.State.BOOKED, by
        locked.save(update_fields=["state", "by"])
        return paid
    try:
        made = top_up(tenancy, locked.amount, of_bank_line(locked.fingerprint), by, locked.payer, source=bank)
    except TopUpError as error:
        raise BankError(str(error)) from None
    locked.state, locked.top_up, locked.by = BankLine.State.BOOKED, made, by
    locked.save(update_fields=["state", "top_up", "by"])
    return made


@transaction.atomic
def book_payout(line: BankLine, merchant: Merchant, by: Any) -> Transfer:
    """A line is what a provider paid out of a merchant account. BankError if it is dealt with already."""
    locked = _open(line)
    if merchant.organisation_id != locked.organisation_id:
        raise BankError(_("This merchant account is another's."))
    bank, of = account(locked.organisation, Kind.BANK), Reference(Of.BANK_LINE, locked.pk)
    made = book(Transfer.Kind.PAYOUT, bank, clearing(merchant), locked.amount, now(), of, str(merchant))
    locked.state, locked.merchant, locked.by = BankLine.State.BOOKED, merchant, by
    locked.save(update_fields=["state", "merchant", "by"])
    return made


@transaction.atomic
def set_aside(line: BankLine, by: Any) -> None:
    """A line is none of prewatt's business. BankError if it is dealt with already."""
    locked = _open(line)
    locked.state, locked.by = BankLine.State.ASIDE, by
    locked.save(update_fields=["state", "by"])

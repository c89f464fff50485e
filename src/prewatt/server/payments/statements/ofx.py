"""OFX and QFX: the SGML of version 1, whose elements need no end tags, and the XML of version 2, with one reader."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from ....amounts import Ambiguous, NoAmount, decimal_sign, read_amount
from ....kernel.currencies import MINOR_DIGITS
from .errors import BankError, Why
from .limits import check_count, nano, tidy
from .shape import Line, Statement
from .words import says_returned

_TOKEN = re.compile(r"<(/?)([A-Za-z0-9._]{1,32})\s*/?>([^<]*)")
_TRANSACTIONS = {"STMTTRN", "STMTTRNP"}
_GROUPS = {"BANKACCTTO", "CCACCTTO", "PAYEE", "CURRENCY", "ORIGCURRENCY"}
"""The groups of elements within a transaction."""
_OUT = {"DEBIT", "DIRECTDEBIT", "REPEATPMT", "FEE", "SRVCHG"}
"""The kinds of transactions that are money out, even if a bank leaves out the sign."""
_AMOUNT = re.compile(r"<(?:TRNAMT|BALAMT)>\s*([^<\r\n]*)", re.IGNORECASE)


def read_ofx(text: str, currency: str) -> Statement:
    """Return the lines of an OFX file. `currency`: the code to use if the file names none. Raises BankError if the file
    is incomplete, or an amount or a day cannot be read; the message names the transaction.
    """
    text = _without_cdata(text)
    if not re.search(r"</OFX>", text, re.IGNORECASE):
        raise BankError(_("The file is incomplete: the end of its OFX is missing. Download it again."))
    if "<!DOCTYPE" in text.upper() or "<!ENTITY" in text.upper():
        raise BankError(
            _("This OFX has a DTD. No bank statement has one, so it is not read. Download the statement again.")
        )
    statement = Statement()
    decimal = decimal_sign(match[1] for match in _AMOUNT.finditer(text))
    for number, transaction in enumerate(_transactions(text, currency), 1):
        check_count(number)
        _line(statement, number, transaction, decimal)
    return statement


def _without_cdata(text: str) -> str:
    first, *parts = text.split("<![CDATA[")
    plain = [first]
    for part in parts:
        data, _end, after = part.partition("]]>")
        plain += [html.escape(data, quote=False), after]
    return "".join(plain)


@dataclass
class _Transaction:
    """A transaction that is being read: its values by the names of their elements. `within`: the group that is open."""

    kind: str
    values: dict[str, str]
    within: str = ""

    @property
    def is_pending(self) -> bool:
        """Return whether the bank has not booked it yet."""
        return self.kind == "STMTTRNP"

    def take(self, name: str, value: str, ends: bool) -> None:
        """Take up an element, or the end of one."""
        if name in _GROUPS:
            self.within = "" if ends else name
        elif not ends and value:
            # The amount is in the statement's own currency where only the original one is named.
            self.values.setdefault(f"{self.within}.{name}" if self.within == "ORIGCURRENCY" else name, value)


def _transactions(text: str, currency: str) -> Iterator[_Transaction]:
    transaction: _Transaction | None = None
    for match in _TOKEN.finditer(text):
        ends, name, value = bool(match[1]), match[2].upper(), html.unescape(match[3]).strip()
        if name in _TRANSACTIONS:
            if transaction is not None:
                yield transaction
            transaction = None if ends else _Transaction(name, {"CURDEF": currency})
        elif name == "CURDEF" and value:
            currency = value[:3].upper()
        elif transaction is not None:
            transaction.take(name, value, ends)
    if transaction is not None:
        raise BankError(_("The file is incomplete: it ends within a transaction. Download it again."))


def _line(statement: Statement, number: int, transaction: _Transaction, decimal: str) -> None:
    values = transaction.values
    text = tidy(" ".join(filter(None, [values.get("MEMO", ""), values.get("REFNUM", "")])), 300)
    payer = tidy(values.get("NAME", ""), 100)
    summary = f"{values.get('TRNAMT', '')} {payer} {text}"
    if transaction.is_pending:
        statement.leave_out(number, Why.PENDING, summary)
        return
    posted = values.get("DTPOSTED", "")
    try:
        if not re.match(r"\d{8}", posted):
            raise ValueError
        day = date(int(posted[:4]), int(posted[4:6]), int(posted[6:8]))
    except ValueError:
        raise BankError(
            _("Transaction %(number)d: %(text)s is not a day such as 20261125.")
            % {"number": number, "text": posted[:40]}
        ) from None
    unit = (values.get("CURSYM") or values["CURDEF"])[:3].upper()
    amount = nano(_amount(values.get("TRNAMT", ""), number, unit, decimal), number)
    if not amount:
        statement.leave_out(number, Why.EMPTY, summary)
        return
    kind = values.get("TRNTYPE", "").upper()
    signed = -abs(amount) if kind in _OUT else amount
    statement.lines.append(
        Line(
            day,
            signed,
            unit,
            payer,
            text,
            None,
            re.sub(r"\s", "", values.get("ACCTID", ""))[:34],
            values.get("FITID", "")[:80],
            says_returned(payer, text),
        )
    )


def _amount(text: str, number: int, currency: str, decimal: str) -> Decimal:
    """Return an amount. OFX knows no separator of thousands, but some banks write one: 1,234 is read only if another
    amount of the file shows the `decimal` sign, or the currency does.
    """
    try:
        return read_amount(text, decimal, MINOR_DIGITS.get(currency))
    except Ambiguous:
        problem = _(
            "Transaction %(number)d: %(text)s can be read in two ways, and no other amount of the file shows which is meant: "
            "export the statement as CAMT, MT940, CSV or Excel."
        )
    except NoAmount:
        problem = _("Transaction %(number)d: %(text)s is not an amount such as 12.34.")
    raise BankError(problem % {"number": number, "text": text[:40]})

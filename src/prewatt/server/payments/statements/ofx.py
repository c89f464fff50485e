"""OFX and QFX: the SGML of version 1, whose elements need no end tags, and the XML of version 2, with one reader."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import date

from django.utils.translation import gettext as _

from ....amounts import NoAmount, read_number
from .shape import BankError, Line, Statement, Why, check_count, nano, tidy
from .words import says_returned

_TOKEN = re.compile(r"<(/?)([A-Za-z0-9._]{1,32})\s*/?>([^<]*)")
_TRANSACTIONS = {"STMTTRN", "STMTTRNP"}
_OUT = {"DEBIT", "DIRECTDEBIT", "REPEATPMT", "FEE", "SRVCHG"}
"""The kinds of transactions that are money out, even if a bank leaves out the sign."""


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
    for number, (values, pending) in enumerate(_transactions(text, currency), 1):
        check_count(number)
        _line(statement, number, values, pending)
    return statement


def _without_cdata(text: str) -> str:
    first, *parts = text.split("<![CDATA[")
    plain = [first]
    for part in parts:
        data, _end, after = part.partition("]]>")
        plain += [html.escape(data, quote=False), after]
    return "".join(plain)


def _transactions(text: str, currency: str) -> Iterator[tuple[dict[str, str], bool]]:
    values: dict[str, str] | None = None
    kind = within = ""
    for match in _TOKEN.finditer(text):
        ends, name, value = bool(match[1]), match[2].upper(), html.unescape(match[3]).strip()
        if name in _TRANSACTIONS:
            if values is not None:
                yield values, kind == "STMTTRNP"
            values, kind, within = (None, "", "") if ends else ({"CURDEF": currency}, name, "")
        elif name == "CURDEF" and value:
            currency = value[:3].upper()
        elif values is None:
            continue
        elif name in ("BANKACCTTO", "CCACCTTO", "PAYEE", "CURRENCY", "ORIGCURRENCY"):
            within = "" if ends else name
        elif not ends and value:
            # The amount is in the statement's own currency where only the original one is named.
            values.setdefault(f"{within}.{name}" if within == "ORIGCURRENCY" else name, value)
    if values is not None:
        raise BankError(_("The file is incomplete: it ends within a transaction. Download it again."))


def _line(statement: Statement, number: int, values: dict[str, str], pending: bool) -> None:
    text = tidy(" ".join(filter(None, [values.get("MEMO", ""), values.get("REFNUM", "")])), 300)
    payer = tidy(values.get("NAME", ""), 100)
    summary = f"{values.get('TRNAMT', '')} {payer} {text}"
    if pending:
        statement.leave_out(number, Why.PENDING, summary)
        return
    posted = values.get("DTPOSTED", "")
    try:
        if not re.match(r"\d{8}", posted):
            raise ValueError
        day = date(int(posted[:4]), int(posted[4:6]), int(posted[6:8]))
    except ValueError:
        raise BankError(
            _("Transaction %(number)d: %(text)s is no day such as 20261125.") % {"number": number, "text": posted[:40]}
        ) from None
    try:
        amount = nano(read_number(values.get("TRNAMT", ""), _decimal(values.get("TRNAMT", ""))), number)
    except NoAmount:
        raise BankError(
            _("Transaction %(number)d: %(text)s is no amount such as 12.34.")
            % {"number": number, "text": values.get("TRNAMT", "")[:40]}
        ) from None
    if not amount:
        statement.leave_out(number, Why.EMPTY, summary)
        return
    kind = values.get("TRNTYPE", "").upper()
    signed = -abs(amount) if kind in _OUT else amount
    unit = (values.get("CURSYM") or values["CURDEF"])[:3].upper()
    statement.lines.append(
        Line(
            day, signed, unit, payer, text, None, re.sub(r"\s", "", values.get("ACCTID", ""))[:34],
            values.get("FITID", "")[:80], says_returned(payer, text),
        )
    )  # fmt: skip


def _decimal(text: str) -> str:
    """Return the sign before the decimals. OFX has no separator of thousands, so the last sign is it."""
    return "," if text.rfind(",") > text.rfind(".") else "."

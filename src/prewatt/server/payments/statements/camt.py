"""CAMT, the XML of ISO 20022: statements (camt.053), reports within a day (camt.052) and notifications (camt.054), of
any version.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from xml.etree.ElementTree import Element

from django.utils.translation import gettext as _

from .errors import BankError, Why
from .limits import check_count, nano, tidy
from .shape import Line, Statement
from .words import says_returned
from .xml_tree import read_xml

_KINDS = {"BkToCstmrStmt": "Stmt", "BkToCstmrAcctRpt": "Rpt", "BkToCstmrDbtCdtNtfctn": "Ntfctn"}
_NO_ID = {"", "NONREF", "NOTPROVIDED", "NOTAVAILABLE", "NA", "NONE"}
_RETURNS = {"RRTN", "RPCR", "UPCT", "UPDD", "RCDD", "PRDD", "ARET", "RIMB", "UPCQ"}
"""The subfamilies of bank transaction codes for returned, recalled and reversed payments."""


def read_camt(content: bytes) -> Statement:
    """Return the lines of a CAMT file. Raises BankError if it is no CAMT, or an amount or a day in it cannot be read;
    the message names the entry.
    """
    root = read_xml(content)
    kind = next((each for each in root if each.tag in _KINDS), None)
    if root.tag != "Document" or kind is None:
        raise BankError(_("This XML is no CAMT statement (camt.052, camt.053 or camt.054)."))
    statement, number = Statement(), 0
    for report in kind.findall(_KINDS[kind.tag]):
        own = _account(report.find("Acct"))
        entries = report.findall("Ntry")
        check_count(number + len(entries))
        for entry in entries:
            number += 1
            _entry(statement, entry, number, own, "BOOK" if kind.tag == "BkToCstmrStmt" else "")
            check_count(len(statement.lines))
    return statement


@dataclass(frozen=True)
class _Booking:
    """A booked entry: what all its lines have in common. `own`: the account of the statement."""

    entry: Element
    details: list[Element]
    day: date
    value_day: date | None
    currency: str
    own: str

    def line(self, part: Element | None, signed: int, alone: bool) -> Line:
        """Return the line of one part (None: of several parts without amounts of their own), `signed` nano. `alone`: the
        entry has only this line.
        """
        about, back = _text(self.entry, "AddtlNtryInf"), self._takes_back(part)
        payer, account = ("", "") if part is None else _other_side(part, signed, back, self.own)
        text = _words(part, self.details) or tidy(about, 300)
        bank_id = _bank_id(part, self.entry, alone)
        returned = back or says_returned(text, about)
        return Line(self.day, signed, self.currency, tidy(payer, 100), text, self.value_day, account, bank_id, returned)

    def _takes_back(self, part: Element | None) -> bool:
        if _text(self.entry, "RvslInd").lower() in ("true", "1") or _is_return(self.entry):
            return True
        return part is not None and (_is_return(part) or part.find("RtrInf") is not None)


def _entry(statement: Statement, entry: Element, number: int, own: str, default_state: str) -> None:
    details = entry.findall("NtryDtls/TxDtls")
    summary, state = _summary(entry, details), _state(entry) or default_state
    if state != "BOOK":
        statement.leave_out(number, Why.PENDING if state in ("PDNG", "FUTR", "") else Why.NEITHER, summary)
        return
    value_day = _day(entry, "ValDt", number)
    day = _day(entry, "BookgDt", number) or value_day
    if day is None:
        statement.leave_out(number, Why.UNDATED, summary)
        return
    amount, currency = _amount(entry.find("Amt"), number)
    sign = _sign(entry, number)
    if not amount:
        statement.leave_out(number, Why.EMPTY, summary)
        return
    booking = _Booking(entry, details, day, value_day, currency, own)
    parts = _parts(details, currency, sign, sign * amount, number)
    whole: list[tuple[Element | None, int]] = [(details[0] if len(details) == 1 else None, sign * amount)]
    statement.lines += [booking.line(part, signed, alone=not parts) for part, signed in parts or whole]


def _state(entry: Element) -> str:
    return _text(entry, "Sts/Cd") or _text(entry, "Sts")


def _summary(entry: Element, details: list[Element]) -> str:
    """Return the words by which a person recognises an entry that is left out."""
    texts = [_text(entry, "Amt"), *(_remittance(each) for each in details[:1]), _text(entry, "AddtlNtryInf")]
    return " ".join(filter(None, texts))


def _words(part: Element | None, details: list[Element]) -> str:
    """Return what the payer wrote, and why the money came back: of a part, or of all parts of an entry."""
    texts = [_remittance(each) for each in ([part] if part is not None else details)]
    return tidy(" ".join([*texts, _return_reason(part)]), 300)


def _bank_id(part: Element | None, entry: Element, alone: bool) -> str:
    """Return the bank's own number of a line: of its part, or of the entry if that has only this line (`alone`)."""
    own = _id(_text(part, "Refs/AcctSvcrRef")) if part is not None else ""
    return (own or (_id(_text(entry, "AcctSvcrRef")) if alone else ""))[:80]


def _is_return(at: Element) -> bool:
    return any(each.text in _RETURNS for each in at.iterfind("BkTxCd/Domn/Fmly/SubFmlyCd"))


def _parts(
    details: list[Element], currency: str, sign: int, whole: int, number: int
) -> list[tuple[Element | None, int]]:
    """Return the payments of a collective booking with their signed amounts (nano), if they have amounts that sum to
    the booking; else none.
    """
    if len(details) < 2:
        return []
    parts: list[tuple[Element | None, int]] = []
    for each in details:
        element = _amount_element(each)
        if element is None or element.get("Ccy") != currency:
            return []
        own = _sign(each, number) if each.find("CdtDbtInd") is not None else sign
        parts.append((each, own * _amount(element, number)[0]))
    amounts = [amount for _part, amount in parts]
    return parts if sum(amounts) == whole and all(amounts) else []


def _amount_element(part: Element) -> Element | None:
    elements = (part.find(path) for path in ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt"))
    return next((each for each in elements if each is not None), None)


def _other_side(part: Element, signed: int, back: bool, own: str) -> tuple[str, str]:
    """Return name and account of the payer, or of the receiver for money out. A returned payment names its sides as the
    first payment did.
    """
    parties = part.find("RltdPties")
    if parties is None:
        return "", ""
    sides = ["Dbtr", "Cdtr"] if signed > 0 or back else ["Cdtr", "Dbtr"]
    for side in sides:
        name, account = _name(parties, side), _account(parties.find(f"{side}Acct"))
        if name and (account != own or not own):
            return name, account
    return "", ""


def _name(parties: Element, side: str) -> str:
    """Return the name of a side, with the name of the person for whom it pays or receives, if that is another."""
    name = _text(parties, f"{side}/Nm") or _text(parties, f"{side}/Pty/Nm")
    ultimate = _text(parties, f"Ultmt{side}/Nm") or _text(parties, f"Ultmt{side}/Pty/Nm")
    return f"{name} ({ultimate})" if ultimate and ultimate != name else name


def _remittance(part: Element) -> str:
    """Return what the payer wrote."""
    elements = [*part.iterfind("RmtInf/Ustrd"), *part.iterfind("RmtInf/Strd/CdtrRefInf/Ref")]
    elements += [*part.iterfind("RmtInf/Strd/AddtlRmtInf"), *part.iterfind("AddtlTxInf")]
    end_to_end = _text(part, "Refs/EndToEndId")
    return " ".join(filter(None, [*(each.text for each in elements), _id(end_to_end)]))


def _return_reason(part: Element | None) -> str:
    if part is None or part.find("RtrInf") is None:
        return ""
    elements = [*part.iterfind("RtrInf/Rsn/Cd"), *part.iterfind("RtrInf/Rsn/Prtry"), *part.iterfind("RtrInf/AddtlInf")]
    return " ".join(["returned", *(each.text or "" for each in elements)])


def _account(at: Element | None) -> str:
    """Return the IBAN or the number of an account; empty if there is none."""
    if at is None:
        return ""
    return re.sub(r"\s", "", _text(at, "Id/IBAN") or _text(at, "Id/Othr/Id"))[:34]


def _id(text: str) -> str:
    return "" if text.upper().replace(" ", "") in _NO_ID else text


def _text(at: Element, path: str) -> str:
    return (at.findtext(path) or "").strip()


def _day(entry: Element, name: str, number: int) -> date | None:
    text = _text(entry, f"{name}/Dt") or _text(entry, f"{name}/DtTm")
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise BankError(
            _("Entry %(number)d: %(text)s is not a day such as 2026-11-25.") % {"number": number, "text": text[:40]}
        ) from None


def _amount(at: Element | None, number: int) -> tuple[int, str]:
    text = (at.text or "").strip() if at is not None else ""
    try:
        if not re.fullmatch(r"\d{1,18}(\.\d{1,9})?", text):
            raise InvalidOperation
        return nano(Decimal(text), number), (at.get("Ccy") or "" if at is not None else "")[:3]
    except InvalidOperation:
        raise BankError(
            _("Entry %(number)d: %(text)s is not an amount such as 12.34.") % {"number": number, "text": text[:40]}
        ) from None


def _sign(at: Element, number: int) -> int:
    mark = _text(at, "CdtDbtInd")
    if mark not in ("CRDT", "DBIT"):
        raise BankError(
            _("Entry %(number)d does not say whether it is money in or out (CdtDbtInd).") % {"number": number}
        )
    return 1 if mark == "CRDT" else -1

"""MT940, the statement of SWIFT, with the German and the Dutch ways to write its field :86:; and MT942, its report
within a day.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from .shape import BankError, Line, Statement, Why, check_count, nano, tidy
from .words import says_returned

_TAG = re.compile(r"^:(\d{2}[A-Z]?):", re.MULTILINE)
_LINE = re.compile(
    r"(?P<value>\d{6})(?P<entry>\d{4})?(?P<mark>R[CD]|E[CD]|[CD])(?P<funds>[A-Z])?(?P<amount>\d{1,12},\d{0,3})"
    r"(?P<type>[NSF][A-Z0-9]{3})?(?P<customer>[^\n]*?)(?://(?P<bank>[^\n]*))?(?:\n(?P<more>.*))?",
    re.DOTALL,
)
_BALANCE = re.compile(r"[CD](\d{6})([A-Z]{3})(\d{1,12},\d{0,3})")
_RETURN_CODES = {"108", "109", "159", "181", "182", "183", "184", "185"}
"""The German transaction codes of returned payments."""
_KEYS = re.compile(r"(EREF|KREF|MREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|IBAN|BIC|PURP|RCMT)\+")
_SLASHED = re.compile(
    r"/(TRTP|IBAN|BIC|NAME|REMI|EREF|ORDP|BENM|RTRN|CSID|MARF|CNTP|PREF|ISDT|ID|ADDR|PURP|ULTD|ULTC|CD)/"
)
_LONGEST_CHUNK = 27
"""The characters of a full subfield of :86:; a word may go on in the next one."""


@dataclass
class _Details:
    """The values of a field :86:."""

    payer: str = ""
    account: str = ""
    text: str = ""
    returned: bool = False


def read_mt940(text: str, currency: str) -> Statement:
    """Return the lines of an MT940 file. `currency`: the code to use if the file names none. Raises BankError if the
    file ends before its closing balance, or contains no statement.
    """
    body = re.sub(r"\r\n?", "\n", text)
    fields = list(_TAG.finditer(body))
    check_count(sum(each[1] == "61" for each in fields))
    statement, number, closed = Statement(), 0, True
    field_61: tuple[int, str] | None = None
    details = ""

    def take() -> None:
        """Add the line that is being read to the statement."""
        nonlocal field_61, details
        if field_61 is not None:
            _line(statement, field_61[0], field_61[1], details, currency)
        field_61, details = None, ""

    for place, field in enumerate(fields):
        end = fields[place + 1].start() if place + 1 < len(fields) else len(body)
        value = re.sub(r"\n(-\}?|\{5:).*\Z", "", body[field.end() : end].rstrip("\n"), flags=re.DOTALL)
        tag = field[1]
        if tag != "86":
            take()
        if tag == "20":
            closed = False
        elif tag in ("60F", "60M", "34F"):
            match = _BALANCE.match(value)
            currency = match[2] if match else value[:3] if tag == "34F" else currency
        elif tag == "61":
            number += 1
            field_61 = number, value
        elif tag == "86" and field_61 is not None:
            details = value
        elif tag in ("62F", "62M", "90D", "90C"):
            closed = True
    take()
    if not number and not any(each[1].startswith(("60", "34")) for each in fields):
        raise BankError(_("This file contains no MT940 statement: choose another file."))
    if not closed:
        raise BankError(_("The file is incomplete: it ends before its closing balance (:62F:). Download it again."))
    return statement


def _line(statement: Statement, number: int, value: str, details: str, currency: str) -> None:
    match = _LINE.fullmatch(value.strip())
    try:
        if match is None:
            raise ValueError
        value_day = _day(match["value"])
        day = _entry_day(match["entry"], value_day)
    except ValueError:
        statement.leave_out(number, Why.UNREADABLE, f":61:{value}")
        return
    mark = match["mark"]
    about = _about(details)
    summary = about.text or match["more"] or match["customer"]
    if mark.startswith("E"):
        statement.leave_out(number, Why.PENDING, f"{match['amount']} {summary}")
        return
    amount = nano(Decimal(match["amount"].replace(",", ".").rstrip(".")), number)
    if not amount:
        statement.leave_out(number, Why.EMPTY, summary)
        return
    signed = amount if mark in ("C", "RD") else -amount
    bank_id = (match["bank"] or "").strip()
    returned = about.returned or mark.startswith("R") or says_returned(about.text, match["more"] or "")
    statement.lines.append(
        Line(
            day, signed, currency, tidy(about.payer, 100), tidy(summary or "", 300), value_day,
            re.sub(r"\s", "", about.account)[:34], "" if bank_id.upper() == "NONREF" else bank_id[:80], returned,
        )
    )  # fmt: skip


def _about(details: str) -> _Details:
    german = re.match(r"(\d{3})(?:([^\w\s])|$)", details)
    if german and german[2]:
        return _german(german[1], german[2], details[3:].replace("\n", ""))
    flat = details.replace("\n", "")
    if _SLASHED.search(flat):
        return _slashed(flat)
    return _Details(text=details.replace("\n", " "), returned=False)


def _german(code: str, sign: str, details: str) -> _Details:
    """Read the German form: 166?00GUTSCHRIFT?20SVWZ+what?21the payer wrote?31IBAN?32name"""
    chunks: dict[int, str] = {}
    for chunk in details.split(sign)[1:]:
        if chunk[:2].isdecimal():
            chunks[int(chunk[:2])] = chunk[2:]
    purpose = ""
    for key in (*range(20, 30), *range(60, 64)):
        chunk = chunks.get(key, "")
        purpose += chunk if len(chunk) >= _LONGEST_CHUNK else f"{chunk} "
    keys = _KEYS.split(purpose)
    named = dict(zip(keys[1::2], keys[2::2], strict=True))
    text = " ".join(filter(None, [keys[0].strip(), named.get("SVWZ", "").strip(), _reference(named.get("EREF", ""))]))
    name = f"{chunks.get(32, '')}{chunks.get(33, '')}"
    account = chunks.get(31, "") or named.get("IBAN", "")
    return _Details(name, account, f"{text} {chunks.get(0, '')}".strip(), code in _RETURN_CODES)


def _slashed(details: str) -> _Details:
    """Read the Dutch form: /TRTP/SEPA OVERBOEKING/IBAN/NL…/BIC/…/NAME/J JANSSEN/REMI/what the payer wrote/EREF/…"""
    parts = _SLASHED.split(details)
    named: dict[str, str] = {}
    for key, value in zip(parts[1::2], parts[2::2], strict=True):
        named.setdefault(key, value.strip("/ "))
    remittance = re.sub(r"^(USTD//|STRD/(CUR|ISO)/)", "", named.get("REMI", ""))
    # /CNTP/account/BIC/name/city
    other = [*named.get("CNTP", "").split("/"), "", "", ""]
    account, name = named.get("IBAN") or other[0], named.get("NAME") or other[2]
    text = " ".join(filter(None, [parts[0].strip(), remittance, _reference(named.get("EREF", ""))]))
    return _Details(name, account, text, "RTRN" in named)


def _reference(text: str) -> str:
    return "" if text.strip().upper() in ("NOTPROVIDED", "NONREF", "NOTAVAILABLE") else text.strip()


def _day(text: str) -> date:
    return date(2000 + int(text[:2]), int(text[2:4]), int(text[4:6]))


def _entry_day(text: str | None, value_day: date) -> date:
    """Return the day of a booking, which is written without its year: the nearest such day to the value day."""
    if not text:
        return value_day
    years = (value_day.year, value_day.year - 1, value_day.year + 1)
    days = []
    for year in years:
        try:
            days.append(date(year, int(text[:2]), int(text[2:])))
        except ValueError:
            # 29 February
            continue
    if not days:
        raise ValueError(text)
    nearest = min(days, key=lambda each: abs(each - value_day))
    return nearest if abs(nearest - value_day) < timedelta(days=183) else value_day

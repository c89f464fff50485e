"""MT940, the statement of SWIFT, with the German and the Dutch ways to write its field :86:; and MT942, its report
within a day.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from .errors import BankError, Why
from .limits import check_count, nano, tidy
from .shape import Line, Statement
from .words import says_returned

ENDS = "\r\n\x0b\x0c\x85\u2028\u2029"
"""The signs that may end a line; what moves files from one machine to another changes them."""
_TAG = re.compile(r"^:(\d{2}[A-Z]?):", re.MULTILINE)
_LINE = re.compile(
    r"(?P<value>\d{6})(?P<entry>\d{4})?(?P<mark>R[CD]|E[CD]|[CD])(?P<funds>[A-Z])?(?P<amount>\d{1,12},\d{0,3})"
    r"(?P<type>[NSF][A-Z0-9]{3})?(?P<customer>[^\n]*?)(?://(?P<bank>[^\n]*))?(?:\n(?P<more>.*))?",
    re.DOTALL,
)
_BALANCE = re.compile(r"[CD](\d{6})([A-Z]{3})(\d{1,12},\d{0,3})")
_NAMES_CURRENCY = {"60F", "60M", "34F"}
_CLOSES = {"62F", "62M", "90D", "90C"}
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
    body = re.sub(rf"\r*\n|[{ENDS}]", "\n", text)
    fields = list(_TAG.finditer(body))
    check_count(sum(each[1] == "61" for each in fields))
    reading = _Reading(currency)
    for place, match in enumerate(fields):
        end = fields[place + 1].start() if place + 1 < len(fields) else len(body)
        value = re.sub(r"\n(-\}?|\{5:).*\Z", "", body[match.end() : end].rstrip("\n"), flags=re.DOTALL)
        reading.take(match[1], value)
    reading.end_line()
    if not reading.number and not any(each[1].startswith(("60", "34")) for each in fields):
        raise BankError(_("This file contains no MT940 statement: choose another file."))
    if not reading.is_closed:
        raise BankError(_("The file is incomplete: it ends before its closing balance (:62F:). Download it again."))
    return reading.statement


@dataclass
class _Reading:
    """A file that is being read. `currency`: the one that holds now; `number`: of lines up to now; `line`: the value of
    a field :61: that waits for its `details` (:86:).
    """

    currency: str
    statement: Statement = field(default_factory=Statement)
    number: int = 0
    is_closed: bool = True
    line: str | None = None
    details: str = ""

    def take(self, tag: str, value: str) -> None:
        """Take up a field."""
        if tag == "86":
            self.details = value
            return
        self.end_line()
        if tag == "20":
            self.is_closed = False
        elif tag in _CLOSES:
            self.is_closed = True
        elif tag in _NAMES_CURRENCY:
            self._take_currency(tag, value)
        elif tag == "61":
            self.number, self.line, self.details = self.number + 1, value, ""

    def _take_currency(self, tag: str, value: str) -> None:
        match = _BALANCE.match(value)
        if match:
            self.currency = match[2]
        elif tag == "34F":
            self.currency = value[:3]

    def end_line(self) -> None:
        """Add the line that is being read to the statement."""
        if self.line is not None:
            _line(self.statement, self.number, self.line, self.details, self.currency)
        self.line = None


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
    mark, about, more = match["mark"], _about(details), match["more"] or ""
    summary = about.text or more or match["customer"]
    if mark.startswith("E"):
        statement.leave_out(number, Why.PENDING, f"{match['amount']} {summary}")
        return
    amount = nano(Decimal(match["amount"].replace(",", ".").rstrip(".")), number)
    if not amount:
        statement.leave_out(number, Why.EMPTY, summary)
        return
    signed = amount if mark in ("C", "RD") else -amount
    statement.lines.append(
        Line(
            day,
            signed,
            currency,
            tidy(about.payer, 100),
            tidy(summary, 300),
            value_day,
            re.sub(r"\s", "", about.account)[:34],
            _bank_id(match["bank"] or ""),
            _is_returned(mark, about, more),
        )
    )


def _is_returned(mark: str, about: _Details, more: str) -> bool:
    return about.returned or mark.startswith("R") or says_returned(about.text, more)


def _bank_id(text: str) -> str:
    return "" if text.strip().upper() == "NONREF" else text.strip()[:80]


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

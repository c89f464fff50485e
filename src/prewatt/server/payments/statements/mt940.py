"""MT940: the statement of SWIFT, with the German and the Dutch ways to write its :86:; MT942, its report within a day."""

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
"""German transaction codes of what is returned."""
_KEYS = re.compile(r"(EREF|KREF|MREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|IBAN|BIC|PURP|RCMT)\+")
_SLASHED = re.compile(
    r"/(TRTP|IBAN|BIC|NAME|REMI|EREF|ORDP|BENM|RTRN|CSID|MARF|CNTP|PREF|ISDT|ID|ADDR|PURP|ULTD|ULTC|CD)/"
)
_LONGEST_CHUNK = 27
"""Characters of a subfield of :86:; a word goes on in the next one."""


@dataclass
class _Told:
    """What a :86: says."""

    payer: str = ""
    account: str = ""
    text: str = ""
    returned: bool = False


def read_mt940(text: str, currency: str) -> Statement:
    """`currency`: where the file names none. BankError if it ends before its closing balance, or has no statement at all."""
    body = re.sub(r"\r\n?", "\n", text)
    fields = list(_TAG.finditer(body))
    check_count(sum(each[1] == "61" for each in fields))
    found, number, closed = Statement(), 0, True
    held: tuple[int, str] | None = None
    told = ""

    def take() -> None:
        nonlocal held, told
        if held is not None:
            _line(found, held[0], held[1], told, currency)
        held, told = None, ""

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
            held = number, value
        elif tag == "86" and held is not None:
            told = value
        elif tag in ("62F", "62M", "90D", "90C"):
            closed = True
    take()
    if not number and not any(each[1].startswith(("60", "34")) for each in fields):
        raise BankError(_("This file contains no MT940 statement: choose another file."))
    if not closed:
        raise BankError(_("The file is incomplete: it ends before its closing balance (:62F:). Download it again."))
    return found


def _line(found: Statement, number: int, value: str, told: str, currency: str) -> None:
    match = _LINE.fullmatch(value.strip())
    try:
        if match is None:
            raise ValueError
        value_day = _day(match["value"])
        day = _entry_day(match["entry"], value_day)
    except ValueError:
        found.leave_out(number, Why.UNREADABLE, f":61:{value}")
        return
    mark = match["mark"]
    about = _about(told)
    says = about.text or match["more"] or match["customer"]
    if mark.startswith("E"):
        found.leave_out(number, Why.PENDING, f"{match['amount']} {says}")
        return
    amount = nano(Decimal(match["amount"].replace(",", ".").rstrip(".")), number)
    if not amount:
        found.leave_out(number, Why.EMPTY, says)
        return
    signed = amount if mark in ("C", "RD") else -amount
    bank_id = (match["bank"] or "").strip()
    returned = about.returned or mark.startswith("R") or says_returned(about.text, match["more"] or "")
    found.lines.append(
        Line(
            day, signed, currency, tidy(about.payer, 100), tidy(says or "", 300), value_day,
            re.sub(r"\s", "", about.account)[:34], "" if bank_id.upper() == "NONREF" else bank_id[:80], returned,
        )
    )  # fmt: skip


def _about(told: str) -> _Told:
    german = re.match(r"(\d{3})(?:([^\w\s])|$)", told)
    if german and german[2]:
        return _german(german[1], german[2], told[3:].replace("\n", ""))
    flat = told.replace("\n", "")
    if _SLASHED.search(flat):
        return _slashed(flat)
    return _Told(text=told.replace("\n", " "), returned=False)


def _german(code: str, sign: str, told: str) -> _Told:
    """166?00GUTSCHRIFT?20SVWZ+what?21the payer wrote?31IBAN?32name"""
    chunks: dict[int, str] = {}
    for chunk in told.split(sign)[1:]:
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
    return _Told(name, account, f"{text} {chunks.get(0, '')}".strip(), code in _RETURN_CODES)


def _slashed(told: str) -> _Told:
    """/TRTP/SEPA OVERBOEKING/IBAN/NL…/BIC/…/NAME/J JANSSEN/REMI/what the payer wrote/EREF/…"""
    parts = _SLASHED.split(told)
    named: dict[str, str] = {}
    for key, value in zip(parts[1::2], parts[2::2], strict=True):
        named.setdefault(key, value.strip("/ "))
    remittance = re.sub(r"^(USTD//|STRD/(CUR|ISO)/)", "", named.get("REMI", ""))
    # /CNTP/account/BIC/name/city
    other = [*named.get("CNTP", "").split("/"), "", "", ""]
    account, name = named.get("IBAN") or other[0], named.get("NAME") or other[2]
    text = " ".join(filter(None, [parts[0].strip(), remittance, _reference(named.get("EREF", ""))]))
    return _Told(name, account, text, "RTRN" in named)


def _reference(text: str) -> str:
    return "" if text.strip().upper() in ("NOTPROVIDED", "NONREF", "NOTAVAILABLE") else text.strip()


def _day(text: str) -> date:
    return date(2000 + int(text[:2]), int(text[2:4]), int(text[4:6]))


def _entry_day(text: str | None, value_day: date) -> date:
    """The booking's day, which is written without its year: that of the value day, but at the turn of one."""
    if not text:
        return value_day
    years = (value_day.year, value_day.year - 1, value_day.year + 1)
    found = []
    for year in years:
        try:
            found.append(date(year, int(text[:2]), int(text[2:])))
        except ValueError:
            # 29 February
            continue
    if not found:
        raise ValueError(text)
    nearest = min(found, key=lambda each: abs(each - value_day))
    return nearest if abs(nearest - value_day) < timedelta(days=183) else value_day

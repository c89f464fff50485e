"""For whom a line of a bank statement is: by the reference in it, else by the payer's name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from ...tokens import luhn
from ..estate.models import Tenancy
from .models import BankLine

_BEGIN = re.compile(r"P\s?W")
_HYPHENS = "-–—‐‑−/_.:"
_GROUPS = re.compile(rf"\s*[{re.escape(_HYPHENS)}]?\s*(\d{{1,18}})")
_DAY = re.compile(
    r"(0?[1-9]|[12]\d|3[01])[./](0?[1-9]|1[0-2])[./](20)?\d\d(?!\d)|20\d\d(-?)(0[1-9]|1[0-2])\4(0[1-9]|[12]\d|3[01])(?!\d)"
)
_MOST_GROUPS = 5
"""A bank breaks lines within a reference: so many parts it can have."""
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "o", "å": "a", "æ": "ae"})


def reference(tenancy: Tenancy) -> str:
    """What a tenant writes into a transfer, such as PW1044-7: its last digit (Luhn's) catches a slip."""
    return f"PW{tenancy.pk}-{luhn(str(tenancy.pk))}"


def referenced(text: str) -> set[int]:
    """The tenancies that a text may name by their references: with or without the hyphen, broken by blanks, in full width.
    A wrong check digit names nobody.
    """
    plain = unicodedata.normalize("NFKC", text).upper()
    plain = "".join(str(unicodedata.digit(sign)) if sign.isdecimal() else sign for sign in plain)
    found: set[int] = set()
    for begin in _BEGIN.finditer(plain):
        found |= _readings(plain, begin.end())
    return found


def _readings(text: str, at: int) -> set[int]:
    """What stands after PW: 1044-7, 10447, 1044 7, and 10 44-7 where a line was broken."""
    digits, readings = "", set[int]()
    for number in range(_MOST_GROUPS):
        group = _GROUPS.match(text, at)
        if group is None or len(digits) > 12:
            break
        hyphen = bool(digits) and group[0].lstrip()[0] in _HYPHENS
        digits, at = digits + group[1], group.end()
        if hyphen:
            # Behind the hyphen stands the check digit, and nothing else but a day that a bank has set right behind it.
            begin = group.start(1)
            if len(group[1]) > 1 and _DAY.match(text, begin + 1):
                digits = digits[: 1 - len(group[1])]
            elif len(group[1]) > 1:
                return readings
            return {int(digits[:-1])} if _checks(digits) else readings
        if _checks(digits) and not _check_digit_follows(text, at):
            readings.add(int(digits[:-1]))
            if number and len(group[1]) == 1:
                return {int(digits[:-1])}
    return readings


def _check_digit_follows(text: str, at: int) -> bool:
    return re.match(rf"\s?[{re.escape(_HYPHENS)}]\s?\d(?!\d)", text[at : at + 4]) is not None


def _checks(digits: str) -> bool:
    return len(digits) > 1 and digits[0] != "0" and str(luhn(digits[:-1])) == digits[-1]


@lru_cache(10_000)
def name_words(text: str) -> frozenset[str]:
    """A name's words, however it is written: MÜLLER, ANNA and Anna Mueller are one."""
    return frozenset(folded(text))


def folded(text: str) -> list[str]:
    """The words of a text in their order, without capitals, umlauts and accents."""
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_UMLAUTS)
    plain = "".join(sign for sign in unicodedata.normalize("NFD", plain) if not unicodedata.combining(sign))
    return re.findall(r"[^\W\d_]+", plain)


def candidates(line: BankLine, tenancies: Sequence[Tenancy]) -> list[Tenancy]:
    """Whom a line may be for, the likeliest first: those whose reference stands in it, then those whose whole name the payer
    has, then those whose whole name stands in its text.
    """
    by_reference = referenced(f"{line.text} | {line.payer}")
    payer, text = name_words(line.payer), name_words(line.text)
    ranked = []
    for each in tenancies:
        name = name_words(each.tenant)
        rank = 0 if each.pk in by_reference else 1 if name and name <= payer else 2 if name and name <= text else None
        if rank is not None:
            ranked.append((rank, -len(name), each.pk, each))
    return [each for _rank, _length, _pk, each in sorted(ranked, key=lambda told: told[:3])]


def suggestion(line: BankLine, tenancies: Sequence[Tenancy]) -> Tenancy | None:
    """For whom a line seems to be: by the one reference in it, else by the payer's name where one tenant alone has it."""
    told = referenced(f"{line.text} | {line.payer}")
    known = [each for each in tenancies if each.pk in told]
    return _only(known) if known else _only(_named(line, tenancies))


def _named(line: BankLine, tenancies: Iterable[Tenancy]) -> list[Tenancy]:
    payer = name_words(line.payer)
    return [each for each in tenancies if (name := name_words(each.tenant)) and name <= payer]


def _only(found: list[Tenancy]) -> Tenancy | None:
    return found[0] if len(found) == 1 else None

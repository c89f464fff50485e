"""This module finds the tenancy of a bank line: by the reference in the text, else by the payer's name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from django.db.models import QuerySet

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
"""The most parts of a reference. A bank may break a line inside a reference."""
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "o", "å": "a", "æ": "ae"})


def reference(tenancy: Tenancy) -> str:
    """Return the reference that a tenant writes into a transfer, such as PW1044-7. The last digit is a Luhn check
    digit, which shows a typing error.
    """
    return f"PW{tenancy.pk}-{luhn(str(tenancy.pk))}"


def referenced(text: str) -> set[int]:
    """Return the primary keys of the tenancies that a text may name by their references. The hyphen may be missing,
    blanks may break the number, and digits may be in full width. A reference with a wrong check digit names nobody.
    """
    plain = unicodedata.normalize("NFKC", text).upper()
    plain = "".join(str(unicodedata.digit(sign)) if sign.isdecimal() else sign for sign in plain)
    tenancies: set[int] = set()
    for begin in _BEGIN.finditer(plain):
        tenancies |= _readings(plain, begin.end())
    return tenancies


def _readings(text: str, at: int) -> set[int]:
    """Return the numbers that the text after PW can mean: 1044-7, 10447, 1044 7, or 10 44-7 if a line was broken."""
    digits, readings = "", set[int]()
    for number in range(_MOST_GROUPS):
        group = _GROUPS.match(text, at)
        if group is None or len(digits) > 12:
            break
        hyphen = bool(digits) and group[0].lstrip()[0] in _HYPHENS
        digits, at = digits + group[1], group.end()
        if hyphen:
            return _closed_by_hyphen(text, group, digits) or readings
        if _may_end(digits, text, at):
            readings.add(int(digits[:-1]))
            if number and len(group[1]) == 1:
                return {int(digits[:-1])}
    return readings


def _closed_by_hyphen(text: str, group: re.Match[str], digits: str) -> set[int]:
    """Return the number whose check digit begins a group behind a hyphen, the last of the `digits`; empty if it does not
    fit.
    """
    behind = len(group[1]) - 1
    if behind and not _DAY.match(text, group.start(1) + 1):
        # A bank may add a day right behind the check digit, and nothing else.
        return set()
    number = digits[: len(digits) - behind]
    return {int(number[:-1])} if _checks(number) else set()


def _may_end(digits: str, text: str, at: int) -> bool:
    """Return whether a number may end at a place: its check digit fits, and no other follows behind a hyphen."""
    return _checks(digits) and not re.match(rf"\s?[{re.escape(_HYPHENS)}]\s?\d(?!\d)", text[at : at + 4])


def _checks(digits: str) -> bool:
    return len(digits) > 1 and digits[0] != "0" and str(luhn(digits[:-1])) == digits[-1]


@lru_cache(10_000)
def name_words(text: str) -> frozenset[str]:
    """Return the words of a name, the same for each way to write it: MÜLLER, ANNA and Anna Mueller are equal."""
    return frozenset(folded(text))


def folded(text: str) -> list[str]:
    """Return the words of a text in their order, without capitals, umlauts and accents."""
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_UMLAUTS)
    plain = "".join(sign for sign in unicodedata.normalize("NFD", plain) if not unicodedata.combining(sign))
    return re.findall(r"[^\W\d_]+", plain)


def possible(lines: Iterable[BankLine], rows: QuerySet[Tenancy]) -> list[Tenancy]:
    """Return those of some tenancies that one of the lines may be for, by a reference or by a name. Of the other tenancies only
    the names are read from the database.
    """
    numbers, words = set[int](), set[str]()
    for line in lines:
        numbers |= referenced(f"{line.text} | {line.payer}")
        words |= name_words(line.payer) | name_words(line.text)
    if not numbers and not words:
        return []
    keys = [
        pk
        for pk, tenant in rows.values_list("pk", "tenant").order_by()
        if pk in numbers or ((name := name_words(tenant)) and name <= words)
    ]
    return list(rows.filter(pk__in=keys).select_related("unit__property__organisation"))


def candidates(line: BankLine, tenancies: Sequence[Tenancy]) -> list[Tenancy]:
    """Return the tenancies that a line may be for, the most likely first: those whose reference is in the line, then
    those whose whole name the payer has, then those whose whole name is in the text.
    """
    by_reference = referenced(f"{line.text} | {line.payer}")
    payer, text = name_words(line.payer), name_words(line.text)
    ranked = []
    for each in tenancies:
        name = name_words(each.tenant)
        rank = 0 if each.pk in by_reference else 1 if name and name <= payer else 2 if name and name <= text else None
        if rank is not None:
            ranked.append((rank, -len(name), each.pk, each))
    return [each for _rank, _length, _pk, each in sorted(ranked, key=lambda rank_of_row: rank_of_row[:3])]


def suggestion(line: BankLine, tenancies: Sequence[Tenancy]) -> Tenancy | None:
    """Return the tenancy that a line is probably for: by the only reference in it, else by the payer's name if only one
    tenant has it. None if there is no such tenancy, or several.
    """
    numbers = referenced(f"{line.text} | {line.payer}")
    named = [each for each in tenancies if each.pk in numbers]
    return _only(named) if named else _only(_named(line, tenancies))


def _named(line: BankLine, tenancies: Iterable[Tenancy]) -> list[Tenancy]:
    payer = name_words(line.payer)
    return [each for each in tenancies if (name := name_words(each.tenant)) and name <= payer]


def _only(tenancies: list[Tenancy]) -> Tenancy | None:
    return tenancies[0] if len(tenancies) == 1 else None

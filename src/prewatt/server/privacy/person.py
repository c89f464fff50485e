"""The names and addresses by which stored texts call a tenant, and how they are taken out of texts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..billing.models import Bill, Debt, MoveChange
from ..core.sealing import SealError
from ..estate.models import Tenancy
from ..notices.models import Channel
from ..notices.recipient_channels import address_of
from ..payments.models import BankLine
from ..vending.models import Refund

SHORTEST = 2
"""A name of one character is in too many words to be looked for: it is replaced only where it is the whole name."""
_LETTER = r"[0-9A-Za-zÀ-ɏͰ-ϿЀ-ӿ]"
"""Signs that end no word. Chinese, Japanese and Korean have no spaces: a name stands between any signs."""


def number_of(tenancy: Tenancy) -> str:
    """Return what stands for a tenant whose data are erased: `tenant 17`."""
    return f"tenant {tenancy.pk}"


@dataclass(frozen=True)
class Person:
    """The tenant of a tenancy, as texts may call them. `number` replaces each of `names` (names and addresses) anywhere
    in a text. It replaces one of `logins` only where that is the whole text, since a login such as `flat1` may also be
    the name of the flat.
    """

    number: str
    names: tuple[str, ...]
    logins: frozenset[str]

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        parts = [
            (rf"(?<!{_LETTER})" if re.match(_LETTER, name) else "")
            + re.escape(name)
            + (rf"(?!{_LETTER})" if re.search(_LETTER + "$", name) else "")
            for name in sorted(self.names, key=len, reverse=True)
        ]
        return re.compile("|".join(parts), re.IGNORECASE) if parts else None

    def is_in(self, text: str) -> bool:
        """Return whether a text names the person."""
        return self.without(text) != text

    def without(self, text: str) -> str:
        """Return a text in which the number stands for the person."""
        if text in self.logins:
            return self.number
        return self._pattern.sub(self.number, text) if self._pattern else text

    def out_of(self, value: Any) -> Any:
        """Return a JSON value with all its texts as `without` returns them."""
        if isinstance(value, str):
            return self.without(value)
        if isinstance(value, list):
            return [self.out_of(each) for each in value]
        if isinstance(value, dict):
            return {self.without(key): self.out_of(each) for key, each in value.items()}
        return value

    def spellings(self) -> Iterator[str]:
        """Return each name and login as a database may hold it: plain, and as JSON writes it."""
        for name in {*self.names, *self.logins}:
            yield from {name, json.dumps(name)[1:-1], json.dumps(name, ensure_ascii=False)[1:-1]}


def person_of(tenancy: Tenancy, everywhere: bool = False) -> Person:
    """Return the tenant of a tenancy. If another tenant of the landlord (`everywhere`: of any landlord) has the same
    name, only the name with the unit behind it counts as this one.
    """
    names = {each.strip() for each in _names(tenancy)} - {number_of(tenancy), ""}
    rows = Tenancy.objects.exclude(pk=tenancy.pk)
    if not everywhere:
        rows = rows.filter(unit__property__organisation=tenancy.unit.property.organisation_id)
    others = {name.strip().casefold() for name in rows.values_list("tenant", flat=True)}
    alone = {name for name in names if name.casefold() not in others}
    with_unit = {f"{name}, {tenancy.unit}" for name in names}
    addresses = {*alone, *with_unit, *_addresses(tenancy)}
    logins = frozenset(str(each.get_username()) for each in logins_that_go(tenancy))
    return Person(number_of(tenancy), tuple(sorted(each for each in addresses if len(each) >= SHORTEST)), logins)


def logins_that_go(tenancy: Tenancy) -> list[Any]:
    """Return the logins that end with a tenancy. A login stays if it also belongs to another tenancy, or to somebody
    who works for a landlord.
    """
    users = tenancy.people.filter(is_staff=False, is_superuser=False, memberships__isnull=True).order_by("pk")
    others = Tenancy.objects.filter(erasure=None).exclude(pk=tenancy.pk)
    return [each for each in users if not others.filter(people=each).exists()]


def _names(tenancy: Tenancy) -> Iterator[str]:
    yield tenancy.tenant
    for model in (Debt, Refund, Bill):
        rows: Iterable[str] = model.objects.filter(tenancy=tenancy).values_list("who", flat=True)  # type: ignore[attr-defined]
        yield from rows
    for was in MoveChange.objects.filter(tenancy__unit=tenancy.unit_id).values_list("was", flat=True):
        if str(tenancy.pk) in was:
            yield str(was[str(tenancy.pk)][2])
    yield from (each.get_full_name() for each in logins_that_go(tenancy))


def _addresses(tenancy: Tenancy) -> Iterator[str]:
    for channel in Channel.objects.filter(recipient__tenancy=tenancy):
        try:
            yield address_of(channel)
        except SealError:
            # Sealed by another server: nobody here can read it, nor have put it into a text.
            continue
    accounts = BankLine.objects.filter(top_up__tenancy=tenancy).values_list("account", flat=True)
    yield from (each for each in accounts if each)
    for send_to in Refund.objects.filter(tenancy=tenancy).values_list("send_to", flat=True):
        bare = "".join(send_to.split())
        if re.fullmatch("[A-Z]{2}[0-9]{2}[0-9A-Z]{8,30}", bare):
            yield from {bare, send_to.strip()}
    for user in logins_that_go(tenancy):
        yield from (text for text in (user.email, user.get_username()) if "@" in text)

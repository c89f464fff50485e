"""What is asked for once has an id of the caller's. If the id comes again, it must mean the same: with other facts it is refused,
and it is said which of them differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from . import local_forms
from .errors import Refused, label


@dataclass(frozen=True)
class Fact:
    """A fact of what has an id, in words for people: its name, what it was the first time (`known`), and what is sent now
    (`given`).
    """

    name: str
    known: str
    given: str


def amount_fact(known: int, given: int, currency: str) -> Fact:
    """Return the fact of an amount, nano."""
    return Fact(label("amount"), local_forms.money(known, currency), local_forms.money(given, currency))


def text_fact(name: str, known: str, given: str) -> Fact:
    """Return the fact of a text that may be left out: then it is not said, and so not another."""
    return Fact(name, known, given if known and given else known)


def check_same(error: type[Refused], text: str, field: str, facts: Iterable[Fact]) -> None:
    """Raise `error`, as a conflict, if any of the facts is another than the first time. `text` says whose id it is; `field`
    is the id's.
    """
    differences = [
        _("%(name)s: %(known)s before, %(given)s now.") % {"name": each.name, "known": each.known, "given": each.given}
        for each in facts
        if each.known != each.given
    ]
    if differences:
        raise error(" ".join((text, *differences)), field, is_conflict=True)

"""A gateway adds texts to events, and says why it refuses orders. This module makes sentences of these texts, for any
language.

A gateway writes English, and a journal is never changed: so its text is taken apart again by the forms below. A text
that has none of these forms, such as that of a new driver, stays as it is.
"""

from __future__ import annotations

import re

from .events import kind_of
from .sentences import Sentence, one_by_one, sentence
from .texts import gettext_noop as _

FORMS: tuple[str, ...] = (
    _("by %(count)s days"),
    _("by %(count)s h"),
    _("by %(count)s s"),
    _("it stands at %(register)s Wh"),
    _("it stands open"),
    _("it stands closed"),
    _("it ended at entry %(here)s, the server's at %(there)s"),
    _("have its maker or seller set it to `not prepaid`: that needs the maker's key, card or program"),
    _("switch it off at the meter, as its model's file says"),
    _("the meter refuses: %(says)s (error %(code)s)"),
    _("an answer of meter %(meter)s"),
    _("%(count)s bytes that are no frame"),
    _("%(count)s bytes that are no answer"),
    _("this kind of command is newer than this software: update the gateway"),
    _("not in the credit log"),
    _("nobody knows whether it was carried out"),
    _("settings: %(error)s"),
    _("tariff: %(error)s"),
    _("code %(tid)s has brought a credit"),
    _("credit %(id)s is already applied"),
    _("debit %(id)s is already applied"),
    _("the balance would be too large"),
    _("the journal's time is not ahead"),
    _(
        "the old meter can't have ended at %(last)s Wh: it stood at %(register)s Wh when it was last read, and at most "
        "%(most)s Wh can have flowed since"
    ),
    _("locked: %(locks)s. Close with override if that is known and put right"),
    _("the credit is used up: record a payment, or restore for a time or an amount"),
    _("the switch is not held open"),
    _("a restoration is bounded by an amount, or by an instant"),
    _("the restoration would end in the past"),
    _("there is no emergency credit here"),
    _("the emergency credit is taken already: it comes back when the balance is over zero again"),
    _("the credit is neither low nor used up"),
    _("a newer PIN was made"),
)
"""The forms of what gateways add and refuse with; a value of one is taken as short as can be."""
_PLACE = re.compile(r"%\((\w+)\)s")


def _pattern(form: str) -> re.Pattern[str]:
    texts = _PLACE.split(form)
    names = (f"(?P<{each}>.+?)" if number % 2 else re.escape(each) for number, each in enumerate(texts))
    return re.compile("".join(names), re.DOTALL)


_PATTERNS = {form: _pattern(form) for form in FORMS}


def detail_sentence(detail: str) -> Sentence:
    """Return the sentence for a gateway's text about an event or a refusal: by one of the forms, or the words of the
    event that it names, or the text as it is.
    """
    for form, pattern in _PATTERNS.items():
        if match := pattern.fullmatch(detail):
            values = match.groupdict()
            return sentence(form, **{name: _locks(each) if name == "locks" else each for name, each in values.items()})
    kind = kind_of(detail)
    return sentence(detail if kind is None else kind.words)


def _locks(text: str) -> Sentence:
    """Return the reasons for which a switch stays open, each of which is a text of its own."""
    return one_by_one([sentence(each) for each in text.split("; ")])

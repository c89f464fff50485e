"""What a gateway adds to an event, as a sentence that is read in any language.

A gateway writes it down in English, and a journal is never changed: so it is taken apart again by the forms below. What has none of
them, such as the words of a driver that is new, is kept as it is.
"""

from __future__ import annotations

import re

from .events import kind_of
from .sentences import Sentence, sentence
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
)
"""The forms of what gateways add; a value of one that comes later is taken as short as can be."""
_PLACE = re.compile(r"%\((\w+)\)s")


def _pattern(form: str) -> re.Pattern[str]:
    texts = _PLACE.split(form)
    names = (f"(?P<{each}>.+?)" if number % 2 else re.escape(each) for number, each in enumerate(texts))
    return re.compile("".join(names), re.DOTALL)


_PATTERNS = {form: _pattern(form) for form in FORMS}


def detail_sentence(detail: str) -> Sentence:
    """Return what a gateway has added to an event as a sentence: by one of the forms; the words of an event, if it names one;
    else the text as it is.
    """
    for form, pattern in _PATTERNS.items():
        if match := pattern.fullmatch(detail):
            return sentence(form, **match.groupdict())
    kind = kind_of(detail)
    return sentence(detail if kind is None else kind.words)

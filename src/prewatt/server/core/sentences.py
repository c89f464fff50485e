"""Sentences that are kept (`kernel/sentences.py`), said in the language of whoever reads them."""

from __future__ import annotations

import re
from datetime import datetime

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ...kernel.calendar import local, zone
from ...kernel.sentences import Energy, Moment, Money, Month, Near, Number, Parts, Sentence, Value, parts_of
from . import local_forms
from .languages import ENGLISH

PLACE = re.compile(r"%\(\w+\)[a-z]")
"""Where a value stands in a text."""
IN_FULL = "j M Y, H:i"
"""How an instant is written: with its year, because alarms stay."""


def in_words(kept: object, text: str) -> str:
    """Return a stored sentence in the language of the page. `kept`: its parts as JSON; `text`: its English text, which is said
    where there are no parts, or where the language does not know them (any more).
    """
    parts = parts_of(kept)
    return text if parts is None else _read(parts, text)


def say(text: Sentence) -> str:
    """Return a sentence in the language of the page."""
    return _read(text.parts, text)


def _read(parts: Parts, text: str) -> str:
    # Nobody reads a text that is English with the commas of another language.
    return _said(parts) if (get_language() or ENGLISH) == ENGLISH or _is_known(parts) else text


def _is_known(parts: Parts) -> bool:
    """Return whether the language has the text; of one that only joins sentences, whether it has one of those."""
    if any(map(str.isalpha, PLACE.sub("", parts.text))):
        return _(parts.text) != parts.text
    return any(_is_known(each) for each in parts.values.values() if isinstance(each, Parts))


def _said(parts: Parts) -> str:
    text = str(_(parts.text)) if parts.text else ""
    return text % {name: _written(value) for name, value in parts.values.items()} if parts.values else text


def _written(value: Value) -> str | int:
    """Return a value as the language writes it."""
    if isinstance(value, Parts):
        return _said(value)
    if isinstance(value, Money):
        return local_forms.money_with_code(value.nano, value.currency)
    if isinstance(value, Energy):
        return local_forms.kwh(value.wh)
    if isinstance(value, Number):
        return local_forms.number(value.text)
    if isinstance(value, Moment):
        wall: datetime = local(value.at, zone(value.zone)).replace(tzinfo=None)
        return local_forms.moment(wall, IN_FULL)
    if isinstance(value, Near):
        wall = local(value.at, zone(value.zone)).replace(tzinfo=None)
        return local_forms.moment(wall, "j M, H:i" if value.with_day else "H:i")
    if isinstance(value, Month):
        return local_forms.day(value.first, "F Y")
    return value

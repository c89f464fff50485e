"""Sentences of the rules (`kernel/sentences.py`), said in the language in which is spoken here (`edge/texts.py`)."""

from __future__ import annotations

from ..kernel.calendar import local, zone
from ..kernel.currencies import format_with_code
from ..kernel.sentences import Money, Near, Parts, Sentence, Value
from .texts import _


def say(text: Sentence) -> str:
    """Return a sentence in the language in which is spoken here."""
    return _said(text.parts)


def _said(parts: Parts) -> str:
    text = _(parts.text)
    return text % {name: _written(value) for name, value in parts.values.items()} if parts.values else text


def _written(value: Value) -> str | int:
    if isinstance(value, Parts):
        return _said(value)
    if isinstance(value, Money):
        return format_with_code(value.nano, value.currency)
    if isinstance(value, Near):
        return f"{local(value.at, zone(value.zone)):{_('%d %b %H:%M') if value.with_day else '%H:%M'}}"
    return value if isinstance(value, int | str) else str(value)

"""Sentences of the rules (`kernel/sentences.py`), said in the language that is spoken here (`edge/texts.py`)."""

from __future__ import annotations

from ..kernel.calendar import local, zone
from ..kernel.sentences import Energy, Money, Near, Number, Parts, Sentence, Value
from .quantities import exact_kwh, format_with_code, number
from .texts import _


def say(text: Sentence) -> str:
    """Return a sentence in the language that is spoken here."""
    return _said(text.parts)


def _said(parts: Parts) -> str:
    text = _(parts.text)
    return text % {name: _written(value) for name, value in parts.values.items()} if parts.values else text


def _written(value: Value) -> str | int:
    if isinstance(value, Parts):
        return _said(value)
    if isinstance(value, Money):
        return format_with_code(value.nano, value.currency)
    if isinstance(value, Energy):
        return exact_kwh(value.wh)
    if isinstance(value, Number):
        return number(value.text)
    if isinstance(value, Near):
        return f"{local(value.at, zone(value.zone)):{_('%d %b %H:%M') if value.with_day else '%H:%M'}}"
    return value if isinstance(value, int | str) else str(value)

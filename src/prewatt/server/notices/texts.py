"""The words of notices: a file for each event and language, `templates/notices/<language>/<event>.txt`.

Its first line is the title, the others are the text. What stands after a line `--` are short forms by name, for ways that
carry little, written in pieces (see `fitting`): `what` happened, what to `do`, a `line` with the figures, the `sms`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.template.loader import render_to_string
from django.utils.translation import override

from .events import Event

SHORT = "--"
CHINESE_UNITS = {"CNY": "元"}


class Words(NamedTuple):
    """What is said of an event. `short`: its short forms by name, in pieces."""

    title: str
    text: str
    short: dict[str, str]


def render(event: Event | str, language: str, context: Mapping[str, Any]) -> Words:
    """The words of an event, or of `digest`, in a language."""
    told = {name: value.replace("|", "¦") if isinstance(value, str) else value for name, value in context.items()}
    if language == "zh":
        told["currency"] = CHINESE_UNITS.get(told.get("currency", ""), told.get("currency", ""))
    with override("zh-hans" if language == "zh" else language):
        whole = render_to_string(f"notices/{language}/{event}.txt", told)
    lines = [line.strip() for line in whole.strip().splitlines()]
    end = lines.index(SHORT) if SHORT in lines else len(lines)
    short = (line.partition(":") for line in lines[end + 1 :])
    # What people named with the sign that parts pieces keeps it, where there are no pieces.
    title, *text = (line.replace("¦", "|") for line in lines[:end])
    return Words(
        title[:200], "\n".join(line for line in text if line), {name: value.strip() for name, _colon, value in short}
    )

"""The texts of notices: a file for each event and language, `languages/<language>/<event>.txt`.

The first line of a file is the title, the others are the text. After a line `--` stand short forms by name, for channels that
carry little: `what` happened, what to `do`, a `line` with the figures, the `sms`. A short form is written in pieces (see
`fitting`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.translation import override

from ..core import local_forms
from .events import Event
from .languages import language_of

SHORT = "--"
FIGURES = {
    "amount", "balance", "billed", "charge", "energy", "kwh", "lent", "limit", "money", "owed", "prices", "waiting",
}  # fmt: skip
"""The values that are amounts or energy. Facts of templates and programs have them as the kernel writes them (`facts`)."""
_FIGURE = re.compile(r"(?<![\d.])-?\d+(?:\.\d+)?(?![\d.])")


class Words(NamedTuple):
    """What a notice says: its title, its text, and by name its short forms, which are in pieces."""

    title: str
    text: str
    short: dict[str, str]


def render(event: Event | str, language: str, context: Mapping[str, Any]) -> Words:
    """Return the words of an event, or of `digest`, in the language with this code. `context` has the values by name."""
    spoken = language_of(language)
    # The sign `|` parts pieces. In a name that people typed it is replaced until the pieces are parted.
    values = {name: value.replace("|", "¦") if isinstance(value, str) else value for name, value in context.items()}
    currency = values.get("currency", "")
    values["currency"] = spoken.words.currencies.get(currency, currency)
    with override(spoken.words.locale):
        values = {name: _as_written(name, value) for name, value in values.items()}
        lines = [line.strip() for line in spoken.render(event, values).strip().splitlines()]
    end = lines.index(SHORT) if SHORT in lines else len(lines)
    short = (line.partition(":") for line in lines[end + 1 :])
    title, *text = (line.replace("¦", "|") for line in lines[:end])
    return Words(
        title[:200], "\n".join(line for line in text if line), {name: value.strip() for name, _colon, value in short}
    )


def _as_written(name: str, value: Any) -> Any:
    """Return a value with its figures as the language writes them: 12,50 in German. Those of rows are written, too. They have
    no groups: an SMS has no room for them."""
    if isinstance(value, list | tuple):
        return [_as_written(name, each) for each in value]
    if isinstance(value, dict):
        return {key: _as_written(key, each) for key, each in value.items()}
    if name in FIGURES and isinstance(value, str):
        return _FIGURE.sub(lambda figure: local_forms.short_number(figure[0]), value)
    return value

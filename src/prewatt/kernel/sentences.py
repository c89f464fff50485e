"""Sentences that are kept, and said later in the language of whoever reads them.

A sentence is its English text, which every log can print, with the parts that it is made of: the text as the catalogues
of translations know it, and its values. Each language writes amounts, energy and times in its own way. The rules make
sentences and know no language; `server/core/sentences.py` says them in one.
"""

from __future__ import annotations

from datetime import date
from functools import reduce
from typing import Any, TypeAlias

import msgspec

from .calendar import local, zone
from .currencies import format_with_code
from .texts import gettext_noop as _
from .units import DAY, Instant, exact_kwh

IN_TURN = _("%(before)s %(after)s")
"""The order of two sentences that follow each other."""
LISTED = _("%(before)s; %(after)s")
"""The order of two parts of a list, which are not whole sentences, and the sign between them."""


class Money(msgspec.Struct, frozen=True, tag="money"):
    """An amount (nano) that is shown with its currency."""

    nano: int
    currency: str

    def __str__(self) -> str:
        return format_with_code(self.nano, self.currency)


class Energy(msgspec.Struct, frozen=True, tag="energy"):
    """Energy (Wh) that is shown in kWh; the unit stands in the text."""

    wh: int

    def __str__(self) -> str:
        return exact_kwh(self.wh)


class Number(msgspec.Struct, frozen=True, tag="number"):
    """An exact decimal such as `-1234.50`."""

    text: str

    def __str__(self) -> str:
        return self.text


class Moment(msgspec.Struct, frozen=True, tag="moment"):
    """An instant (µs since 1970), shown as the clocks of an IANA zone do."""

    at: int
    zone: str = "UTC"

    def __str__(self) -> str:
        return f"{local(self.at, zone(self.zone)):%Y-%m-%d %H:%M}"


class Near(msgspec.Struct, frozen=True, tag="near"):
    """An instant (µs since 1970) that is not far from the present, as the clocks of an IANA zone show it: the time of day, and the
    day before it if `with_day` is set.
    """

    at: int
    zone: str
    with_day: bool

    def __str__(self) -> str:
        return f"{local(self.at, zone(self.zone)):{'%Y-%m-%d %H:%M' if self.with_day else '%H:%M'}}"


def near(at: Instant, now: Instant, zone_name: str) -> Near:
    """Return an instant as people say it at `now`: with its day, unless it is today or within the next 24 hours."""
    place = zone(zone_name)
    is_of_today = local(at, place).date() == local(now, place).date()
    return Near(at, zone_name, not (is_of_today or now < at < now + DAY))


class Month(msgspec.Struct, frozen=True, tag="month"):
    """A month, given by its first day."""

    first: date

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"


class Parts(msgspec.Struct, frozen=True, tag="sentence"):
    """The parts of a sentence: its text in the catalogues, and the values of the names `%(name)s` in it. Without values
    the text is shown as it is.
    """

    text: str
    values: dict[str, str | int | Money | Energy | Number | Moment | Near | Month | Parts] = {}


Value: TypeAlias = str | int | Money | Energy | Number | Moment | Near | Month | Parts


class Sentence(str):
    """An English text with the parts that it was made of."""

    __slots__ = ("parts",)
    parts: Parts


def sentence(text: str, /, **values: object) -> Sentence:
    """Return a sentence. `text` is as in the catalogues. A value is a whole number, a text, a sentence, or one of the
    types above; anything else is turned into text. An exception that carries a sentence counts as that sentence.
    """
    known = {name: _carried(value) for name, value in values.items()}
    result = Sentence(text % known if known else text)
    result.parts = Parts(text, {name: _value(each) for name, each in known.items()})
    return result


def _carried(value: object) -> object:
    if isinstance(value, Exception) and value.args and isinstance(value.args[0], Sentence):
        return value.args[0]
    return value


def _value(value: object) -> Value:
    if isinstance(value, Sentence):
        return value.parts
    return value if isinstance(value, int | Money | Energy | Number | Moment | Near | Month) else str(value)


def several(sentences: list[Sentence]) -> Sentence:
    """Return one or more sentences, one after the other, as one sentence."""
    return reduce(lambda before, after: sentence(IN_TURN, before=before, after=after), sentences)


def one_by_one(texts: list[Sentence]) -> Sentence:
    """Return one or more parts of a list as one text."""
    return reduce(lambda before, after: sentence(LISTED, before=before, after=after), texts)


def stored(text: Sentence) -> dict[str, Any]:
    """Return the parts of a sentence as JSON, as `parts_of` reads them."""
    kept: dict[str, Any] = msgspec.to_builtins(text.parts)
    return kept


def parts_of(kept: object) -> Parts | None:
    """Return the parts of a stored sentence; None if `kept` holds none, as in a row that older software wrote."""
    try:
        return msgspec.convert(kept, Parts)
    except msgspec.ValidationError:
        return None


def stored_of(text: str) -> dict[str, Any]:
    """Return the parts of a sentence as JSON; empty for a text that somebody has typed."""
    return stored(text) if isinstance(text, Sentence) else {}


def as_given(text: str, kept: object) -> str:
    """Return what was stored in a row: a sentence if `kept` holds parts, else the text that somebody has typed."""
    return text if parts_of(kept) is None else kept_sentence(text, kept)


def kept_sentence(text: str, kept: object) -> Sentence:
    """Return the sentence of a row from its English text and its parts as JSON; without parts, it is the text alone."""
    result = Sentence(text)
    result.parts = parts_of(kept) or Parts(text)
    return result

"""The gateway's texts for people. A language is a folder in `locale` (its README says how), with a catalogue as gettext's
tools write it.

A browser names the languages of the person who looks; for everybody else the setting `language` holds, or the language
of the process. A text is in the language of the context in which it is put together (`speaking`), also in the agent's
thread.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from ..catalogues import read_catalogue

FOLDER = Path(__file__).with_name("locale")
ENGLISH = "en"
"""The language of the texts in the program."""
_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
_spoken: ContextVar[str] = ContextVar("language", default="")


@cache
def languages() -> tuple[str, ...]:
    """Return the languages that there are, as HTML names them."""
    return (ENGLISH, *sorted(path.parent.name for path in FOLDER.glob("*/edge.po")))


@cache
def _catalogue(language: str) -> Mapping[str, str]:
    return {} if language == ENGLISH else read_catalogue(FOLDER / language / "edge.po")


def name_of(language: str) -> str:
    """Return the name of a language in that language: its catalogue has it in the place of "English"."""
    with speaking(language):
        return _("English")


def match(tag: str) -> str:
    """Return the language of ours that a tag such as `zh-CN` or `zh_CN.UTF-8` means; empty if there is none."""
    parts = tag.partition(".")[0].partition("@")[0].replace("_", "-").lower().split("-")
    names = {each.lower(): each for each in languages()}
    for length in range(len(parts), 0, -1):
        if name := names.get("-".join(parts[:length])):
            return name
    return ""


def asked_for(accepted: str) -> str:
    """Return the language of ours that a browser wants most, by its header Accept-Language; empty if it wants none."""
    wishes: list[tuple[float, str]] = []
    for each in accepted[:200].split(","):
        tag, _semicolon, weight = each.strip().partition(";")
        try:
            wish = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            continue
        if wish > 0 and (name := match(tag.strip())):
            wishes.append((wish, name))
    return max(wishes, key=lambda wish: wish[0])[1] if wishes else ""


def of_process() -> str:
    """Return the language of this process, as its environment names it; English if we don't have that."""
    named = next((value for name in _VARIABLES if (value := os.environ.get(name))), "")
    return next((name for tag in named.split(":") if (name := match(tag))), ENGLISH)


def use(language: str) -> None:
    """Speak a language in this thread from now on; empty: that of the process."""
    _spoken.set(language)


def spoken() -> str:
    """Return the language that is spoken here."""
    return _spoken.get() or of_process()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak a language inside the block; empty: the one that was spoken before."""
    token = _spoken.set(language or _spoken.get())
    try:
        yield
    finally:
        _spoken.reset(token)


def _(text: str) -> str:
    """Return a text in the language that is spoken here; in English if it is not in the catalogue."""
    return _catalogue(spoken()).get(text) or text

"""The texts about tables, in the language of who reads them. A part that knows languages says how texts are translated
(`translate_by`); without it they are English.
"""

from __future__ import annotations

from collections.abc import Callable

_translate: Callable[[str], str] = str


def translate_by(translate: Callable[[str], str]) -> None:
    """Have the texts of this process translated by a function, such as a `gettext`."""
    global _translate
    _translate = translate


def _(text: str) -> str:
    """Return a text in the language that is spoken here."""
    return _translate(text)

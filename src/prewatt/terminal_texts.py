"""What commands say, in the language of the terminal (`LANGUAGE`, `LC_ALL`, `LC_MESSAGES`, `LANG`); English if there is none.

The texts stand in the catalogues of the server (`server/locale`), which every installation has. Django is not needed: a
gateway's commands speak the language, too. What programs read (JSON, logs, words that are typed as options) is English.
"""

from __future__ import annotations

import gettext
import os
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "server" / "locale"
_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


@cache
def spoken() -> str:
    """Return the folder of the terminal's language, such as `zh_Hans` for `zh_CN.UTF-8`; empty for English."""
    known = sorted(path.name for path in FOLDER.glob("*") if (path / "LC_MESSAGES").is_dir())
    named = next((value for name in _VARIABLES if (value := os.environ.get(name))), "")
    for tag in named.split(":"):
        name = tag.partition(".")[0].partition("@")[0].replace("-", "_")
        if _language(name) == "en":
            return ""
        if folder := _nearest(name, known):
            return folder
    return ""


def _language(name: str) -> str:
    return name.partition("_")[0]


def _nearest(name: str, known: list[str]) -> str:
    """Return the folder of a language; empty if there is none. Which script a country writes is not in its name: any of the
    language is better than none.
    """
    if name in known:
        return name
    return next((each for each in known if _language(each) == _language(name)), "")


@cache
def _catalogue() -> gettext.NullTranslations:
    return gettext.translation("django", FOLDER, languages=[spoken() or "en"], fallback=True)


def _(text: str, /, **values: object) -> str:
    """Return a text in the language of the terminal, with its values at the places `%(name)s`."""
    said = _catalogue().gettext(text) if text else text
    return said % values if values else said


def ngettext(text: str, plural: str, number: int, /, **values: object) -> str:
    """Return the text of one or of several, in the language of the terminal; `%(number)s` is the number."""
    return _catalogue().ngettext(text, plural, number) % {"number": number, **values}

"""Reads a catalogue of translations in the form of gettext's tools (`.po`): pairs of `msgid` and `msgstr`."""

from __future__ import annotations

import json
import re
from pathlib import Path

_LINE = re.compile(r'(?:(?P<word>msgid|msgstr) )?(?P<text>"(?:[^"\\]|\\.)*")')


def read_catalogue(path: Path) -> dict[str, str]:
    """Return the translations of a catalogue by their texts. What is not translated, or only guessed by a tool (`fuzzy`),
    is left out. Raises ValueError, which names file and line, for what is no such catalogue.
    """
    translations: dict[str, str] = {}
    entry = {"msgid": "", "msgstr": ""}
    word, is_guess = "", False

    def keep() -> None:
        if entry["msgid"] and entry["msgstr"] and not is_guess:
            translations[entry["msgid"]] = entry["msgstr"]

    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("#") or not line.strip():
            if word == "msgstr":
                keep()
                word, is_guess = "", False
                entry = {"msgid": "", "msgstr": ""}
            is_guess = is_guess or (line.startswith("#,") and "fuzzy" in line)
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None or not (found["word"] or word):
            raise ValueError(f"{path}, line {number}: {line!r} is no line of a catalogue")
        if found["word"] == "msgid" and word == "msgstr":
            keep()
            is_guess = False
            entry = {"msgid": "", "msgstr": ""}
        word = found["word"] or word
        entry[word] += json.loads(found["text"])
    keep()
    return translations

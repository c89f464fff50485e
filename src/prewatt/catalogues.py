"""Catalogues of translations in the form of gettext's tools: read and written as text (`.po`), and made into the form that
Python's gettext reads (`.mo`). Nothing but Python is needed for it.

Nobody has to compile: what is built has the `.mo` files (`tools/build_catalogues.py`), and where a server runs from its
sources, it makes those that are older than their text when it starts (`server/settings.py`).
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import struct
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

_LINE = re.compile(r'(?:(?P<word>msgctxt|msgid_plural|msgid|msgstr)(?:\[(?P<form>\d)\])? )?(?P<text>"(?:[^"\\]|\\.)*")')
_ESCAPED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_MAGIC = 0x950412DE
"""How a `.mo` file begins, by gettext's manual ("The Format of GNU MO Files")."""


@dataclass
class Message:
    """A text and its translations: one, or one for each plural form of the language (`plural` is the text for several).
    `comments` are the translator's, `places` the files that have the text, `fuzzy`: somebody has to look at it first.
    """

    text: str
    plural: str = ""
    context: str = ""
    translations: dict[int, str] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    fuzzy: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        """By which a message is known: context, text and plural."""
        return self.context, self.text, self.plural

    @property
    def translated(self) -> bool:
        """Whether it can be used: nothing of it is lacking or only guessed."""
        return bool(self.translations) and all(self.translations.values()) and not self.fuzzy


def _used_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a catalogue with their numbers, but for the empty ones and those of messages that nothing uses."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip() and not line.startswith("#~"):
            yield number, line


def _add(message: Message, word: str, form: int, text: str) -> None:
    """Add a line's text to the part of a message that a word begins. `form`: of the translation."""
    if word == "msgstr":
        message.translations[form] = message.translations.get(form, "") + text
    else:
        name = {"msgctxt": "context", "msgid": "text", "msgid_plural": "plural"}[word]
        setattr(message, name, getattr(message, name) + text)


def read_messages(path: Path) -> list[Message]:
    """Return all messages of a catalogue; the first, without a text, is its head. Messages that nothing uses any more (`#~`)
    are left out. Raises ValueError, which names file and line, for what is no such catalogue.
    """
    messages: list[Message] = []
    message, word, form = Message(""), "", 0
    for number, line in _used_lines(path):
        if line.startswith("#"):
            if word == "msgstr":
                messages.append(message)
                message, word = Message(""), ""
            _remark(message, line)
            continue
        part = _LINE.fullmatch(line.strip())
        if part is None or not (part["word"] or word):
            raise ValueError(f"{path}, line {number}: {line!r} is no line of a catalogue")
        if part["word"] in ("msgctxt", "msgid") and word == "msgstr":
            messages.append(message)
            message = Message("")
        if part["word"]:
            word, form = part["word"], int(part["form"] or 0)
        _add(message, word, form, json.loads(part["text"]))
    return [*messages, message] if word == "msgstr" else messages


def _remark(message: Message, line: str) -> None:
    if line.startswith("#,"):
        message.fuzzy = message.fuzzy or "fuzzy" in line
    elif line.startswith("#:"):
        message.places += line[2:].split()
    elif not line.startswith(("#.", "#|")):
        message.comments.append(line[1:].removeprefix(" "))


def read_catalogue(path: Path) -> dict[str, str]:
    """Return the translations of a catalogue by their texts. What is not translated, or only guessed by a tool (`fuzzy`),
    is left out. Raises ValueError, which names file and line, for what is no such catalogue.
    """
    return {each.text: each.translations[0] for each in read_messages(path) if each.text and each.translated}


def write_messages(path: Path, messages: Iterable[Message]) -> None:
    """Write a catalogue, whose first message is its head."""
    path.write_text("\n".join(map(_written, messages)), encoding="utf-8")


def _written(message: Message) -> str:
    lines = [f"# {each}".rstrip() for each in message.comments]
    if message.places:
        lines.append(f"#: {' '.join(message.places)}")
    if message.fuzzy:
        lines.append("#, fuzzy")
    if message.context:
        lines += _quoted("msgctxt", message.context)
    lines += _quoted("msgid", message.text)
    if message.plural:
        lines += _quoted("msgid_plural", message.plural)
    for form, text in sorted(message.translations.items() or [(0, "")]):
        lines += _quoted(f"msgstr[{form}]" if message.plural else "msgstr", text)
    return "\n".join(lines) + "\n"


def _quoted(word: str, text: str) -> list[str]:
    parts = [f'"{"".join(_ESCAPED.get(sign, sign) for sign in part)}"' for part in text.splitlines(keepends=True)]
    return [f"{word} {parts[0]}"] if len(parts) == 1 else [f'{word} ""', *parts]


def _searched_by(message: Message) -> str:
    """Return the text by which gettext looks for a message."""
    context = f"{message.context}\4" if message.context else ""
    return context + (f"{message.text}\0{message.plural}" if message.plural else message.text)


def _found_by(message: Message) -> str:
    """Return what gettext takes of a message: its translations in the order of the plural forms."""
    return "\0".join(text for _form, text in sorted(message.translations.items()))


def compiled(messages: Iterable[Message]) -> bytes:
    """Return a catalogue in the form that Python's gettext reads. What is not translated, or only guessed, is left out."""
    pairs = sorted((_searched_by(each), _found_by(each)) for each in messages if each.translated)
    columns = [[text.encode() for text in column] for column in zip(*pairs, strict=True)] or [[], []]
    # A head of seven numbers, then for each text, and then for each translation, its length and its place.
    start = 28
    place = start + 16 * len(pairs)
    table = b""
    texts = [text for column in columns for text in column]
    for text in texts:
        table += struct.pack("<II", len(text), place)
        place += len(text) + 1
    head = struct.pack("<7I", _MAGIC, 0, len(pairs), start, start + 8 * len(pairs), 0, 0)
    return head + table + b"".join(text + b"\0" for text in texts)


def compile_stale(folder: Path) -> None:
    """Write the `.mo` file of each catalogue in a folder of languages (`<language>/LC_MESSAGES/*.po`) that is older than its
    text. Several processes may do so at once. Where nothing may be written, what is there stays.
    """
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        with contextlib.suppress(OSError):
            content = compiled(read_messages(source))
            handle, name = tempfile.mkstemp(dir=target.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(name).chmod(0o644)
            Path(name).replace(target)

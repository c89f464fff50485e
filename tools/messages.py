"""Takes the texts for people out of the program into the catalogues of translations: `make messages`.

Of each language in `server/locale`, texts that are new are added without a translation, and those that are gone go. The
gateway's texts have catalogues of their own (`edge/locale`), those of notices are files (`server/notices/languages`).
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation.template import templatize

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "prewatt"
sys.path.insert(0, str(ROOT / "src"))

from prewatt.catalogues import Message, read_messages, write_messages  # noqa: E402
from prewatt.cli.table import ENTRIES  # noqa: E402
from prewatt.kernel.events import EventKind  # noqa: E402
from prewatt.kernel.quantities import UNITS  # noqa: E402
from prewatt.kernel.safety import KINDS  # noqa: E402
from prewatt.kernel.supply import LOCKS  # noqa: E402

LOCALE = SOURCE / "server" / "locale"
APART = (SOURCE / "edge", SOURCE / "server" / "notices" / "languages")
ARGUMENTS = {
    "gettext": ("text",),
    "gettext_lazy": ("text",),
    "gettext_noop": ("text",),
    "ngettext": ("text", "plural"),
    "ngettext_lazy": ("text", "plural"),
    "pgettext": ("context", "text"),
    "pgettext_lazy": ("context", "text"),
    "npgettext": ("context", "text", "plural"),
    "npgettext_lazy": ("context", "text", "plural"),
    "sentence": ("text",),
}
"""What the arguments of gettext's functions and of `kernel.sentences` are; all others are values."""
_LITERAL = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_IN_TEMPLATE = re.compile(rf"\b(?P<name>n?p?gettext|_)\((?P<texts>{_LITERAL}(?:, ?{_LITERAL})*)")
_NEW_HEAD = (
    "Content-Type: text/plain; charset=UTF-8\n"
    "Content-Transfer-Encoding: 8bit\n"
    "Language: {language}\n"
    "Plural-Forms: nplurals=2; plural=(n != 1);\n"
)


def texts() -> list[Message]:
    """Return the texts of the program, in the order of its files."""
    found: dict[tuple[str, str, str], Message] = {}
    for path in sorted(SOURCE.rglob("*")):
        if path.suffix not in (".py", ".html", ".txt") or any(path.is_relative_to(each) for each in APART):
            continue
        read = of_template if path.suffix != ".py" else of_commands if path.parent.name == "cli" else of_python
        for message in read(path.read_text(encoding="utf-8")):
            kept = found.setdefault(message.key, message)
            place = path.relative_to(SOURCE).as_posix()
            if place not in kept.places:
                kept.places.append(place)
    for place, text in of_rules():
        found.setdefault(("", text, ""), Message(text, places=[place]))
    return list(found.values())


def of_rules() -> Iterator[tuple[str, str]]:
    """Yield the texts that the rules put together, each with its file: no module has them whole."""
    yield from (("kernel/events.py", each.words) for each in EventKind)
    yield from (("kernel/safety.py", text) for kind in KINDS.values() for text in (kind.words, kind.advice) if text)
    yield from (("kernel/supply.py", text) for text in LOCKS.values())
    yield from (("kernel/quantities.py", each.words) for each in UNITS.values())


def of_python(source: str) -> Iterator[Message]:
    """Yield the texts that a module of Python marks: by a function of gettext, whatever it is called there, by the `_` of a
    module `texts`, or by `sentence`.
    """
    if all(word not in source for word in ("gettext", "texts import _", "sentences import")):
        return
    tree = ast.parse(source)
    names = dict(zip(ARGUMENTS, ARGUMENTS, strict=True))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names |= {each.asname: each.name for each in node.names if each.asname and each.name in ARGUMENTS}
            if (node.module or "").endswith("texts"):
                names |= {each.asname or "_": "gettext" for each in node.names if each.name == "_"}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda each: (each.lineno, each.col_offset)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        given = [each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        if name in names and (message := _message(names[name], given)):
            yield message


def of_commands(source: str) -> Iterator[Message]:
    """Yield the texts of a file of commands: what they say, the help of each of them and of its options, and the words of the
    table.
    """
    yield from of_python(source)
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(
            ".command(" in text or ".callback(" in text for text in map(ast.unparse, node.decorator_list)
        ):
            if text := ast.get_docstring(node):
                yield Message(text)
        elif isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            said = (
                [each.value for each in node.keywords if each.arg == "help"] if name in ("Option", "Argument") else []
            )
            said += node.args[2:3] if name == "Entry" else []
            yield from (Message(str(each.value)) for each in said if isinstance(each, ast.Constant))
    if "ENTRIES = (" in source:
        yield from (Message(panel) for panel in dict.fromkeys(each.panel for each in ENTRIES))


def of_template(source: str) -> Iterator[Message]:
    """Yield the texts that a template of Django marks."""
    for found in _IN_TEMPLATE.finditer(templatize(source)):
        given = [ast.literal_eval(each) for each in re.findall(_LITERAL, found["texts"])]
        name = "gettext" if found["name"] == "_" else found["name"]
        if message := _message(name, given):
            yield message


def _message(name: str, given: list[str]) -> Message | None:
    arguments = ARGUMENTS[name]
    if len(given) < len(arguments) or not given[arguments.index("text")]:
        return None
    return Message(**dict(zip(arguments, given, strict=False)))


def renewed(known: list[Message], wanted: list[Message], language: str) -> list[Message]:
    """Return a catalogue of the wanted texts, with the translations that are known."""
    head = (
        known[0] if known and not known[0].text else Message("", translations={0: _NEW_HEAD.format(language=language)})
    )
    by_key = {each.key: each for each in known}
    messages = [head]
    for text in wanted:
        message = Message(text.text, text.plural, text.context, places=text.places)
        if kept := by_key.get(text.key):
            message.translations, message.comments, message.fuzzy = kept.translations, kept.comments, kept.fuzzy
        messages.append(message)
    return messages


def main() -> None:
    """Renew all catalogues, and print how much each of them lacks."""
    wanted = texts()
    for path in sorted(LOCALE.glob("*/LC_MESSAGES")):
        language, catalogue = path.parent.name, path / "django.po"
        messages = renewed(read_messages(catalogue) if catalogue.exists() else [], wanted, language)
        write_messages(catalogue, messages)
        lacking = sum(1 for each in messages if not each.translated)
        print(f"{catalogue.relative_to(ROOT)}: {len(wanted)} texts, {lacking} without a translation")


if __name__ == "__main__":
    main()

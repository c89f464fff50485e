"""Finds text for people that goes through no gettext: in templates what stands between tags and in attributes that are read, in
Python what is raised, shown or returned as a sentence.
"""

import ast
import re
from html.parser import HTMLParser

ATTRIBUTES = {"title", "placeholder", "aria-label", "alt", "label"}
OF_ALL_LANGUAGES = re.compile(
    r"prewatt|kWh|kW|W|Wh|V|A|Hz|min|EUR|CSV|PDF|JSON|XLSX|OFX|MT940|camt|CAMT|CSV|UTC|ISO|SMS|PIN|QR|API|id|ID|URL|OK|E-?mail|WeChat"
    r"|WeCom|Alipay|Stripe|Bluetooth|VAPID|IBAN|BIC|TID|kvarh|var|VA|OpenAPI|http|https|webhook|Beancount|ct"
)
"""Names, units and formats, which are written so in every language."""
_TAG = re.compile(r"\{%-?\s*(?P<name>\w+).*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
_BLOCK = re.compile(r"\{%\s*(?P<kind>blocktranslate|blocktrans|comment)\b.*?%\}.*?\{%\s*end(?P=kind)\s*%\}", re.DOTALL)
_CLASSES = re.compile(r"\{%\s*block kind\s*%\}.*?\{%\s*endblock\s*%\}", re.DOTALL)
"""A block of this name holds classes of the style sheet."""
_WORD = re.compile(r"[^\W\d_]{2,}")


def _blank(match):
    return re.sub(r"[^\n]", " ", match[0])


class _Words(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self._inside = [], []

    def handle_starttag(self, tag, attrs):
        if tag in ("script", "style", "code", "pre", "kbd"):
            self._inside.append(tag)
        for name, value in attrs:
            if name in ATTRIBUTES and is_text(value or ""):
                self.found.append((self.getpos()[0], value))

    def handle_endtag(self, tag):
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data):
        if not self._inside and is_text(data):
            self.found.append((self.getpos()[0], " ".join(data.split())))


def is_text(text):
    """Whether something has a word that other languages have another one for."""
    return any(not OF_ALL_LANGUAGES.fullmatch(word) for word in _WORD.findall(text))


def of_template(source):
    """Return pairs of line and text."""
    words = _Words()
    words.feed(_TAG.sub(_blank, _BLOCK.sub(_blank, _CLASSES.sub(_blank, source))))
    words.close()
    return words.found


_SHOWN = ("label", "help_text", "verbose_name", "verbose_name_plural", "empty_label", "description")
"""Arguments whose text people see in a form."""


def of_python(tree):
    """Yield pairs of what says it and its sentence: what is raised with it, or shows it as a message or in a form."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            said = [(ast.unparse(node.exc.func), each) for each in node.exc.args]
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            said = [(name, each) for each in node.args] if name.startswith("messages.") else []
            said += [(each.arg, each.value) for each in node.keywords if each.arg in _SHOWN]
        else:
            continue
        for name, each in said:
            yield from ((name, text) for text in _sentences(each) if " " in text.strip())


def _sentences(node):
    """The texts that an expression is made of, but for those that go through a function."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        parts = [each.value if isinstance(each, ast.Constant) else "{}" for each in node.values]
        # Texts that are put together, such as a name and a sentence, are none themselves.
        if any(len(_WORD.findall(part)) > 1 for part in parts):
            yield "".join(parts)
    elif isinstance(node, ast.BinOp):
        yield from _sentences(node.left)
    elif isinstance(node, ast.Dict | ast.List):
        for each in getattr(node, "values", None) or getattr(node, "elts", []):
            yield from _sentences(each)


_OF_TERMINALS = {
    "echo",
    "print",
    "status",
    "add_row",
    "add_column",
    "Table",
    "Panel",
    "Finding",
    "JournalFacts",
}
"""What shows its arguments on a terminal."""


def of_commands(tree):
    """Yield pairs of what says it and its text: what commands print, put into tables, or refuse with."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            call = node.exc
        elif isinstance(node, ast.Call):
            call = node
        else:
            continue
        name = ast.unparse(call.func).rpartition(".")[2]
        if name in _OF_TERMINALS or (isinstance(node, ast.Raise) and name.endswith(("Error", "BadParameter"))):
            said = [*call.args, *(each.value for each in call.keywords if each.arg in ("title", "caption"))]
            yield from ((name, text) for each in said for text in _spoken(each))


def _spoken(node):
    """The texts with words that an expression shows, but for those that go through a function."""
    if isinstance(node, ast.Call):
        if ast.unparse(node.func).endswith(".join"):
            yield from (text for each in node.args for text in _spoken(each))
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, str) and is_text(_MARKUP.sub("", node.value)):
            yield node.value
    elif isinstance(node, ast.JoinedStr):
        text = "".join(each.value if isinstance(each, ast.Constant) else "{}" for each in node.values)
        if is_text(_MARKUP.sub("", text)):
            yield text
        values = [each.value for each in node.values if isinstance(each, ast.FormattedValue)]
        yield from (text for each in values for text in _spoken(each))
    elif not isinstance(node, ast.Attribute | ast.Subscript | ast.Name | ast.Compare | ast.Await | ast.Dict):
        yield from (text for each in ast.iter_child_nodes(node) for text in _spoken(each))


_MARKUP = re.compile(r"\[/?[a-z ]*\]|--[a-z-]+|`[^`]*`|%[a-zA-Z]")
"""Marks of style, options and commands, which are so in every language."""


_TRANSLATED = r"\{%\s*(?:translate|trans)\s+\"(?P<text>[^\"]*)\"\s*%\}"
_JOINED = re.compile(_TRANSLATED + r"(?:\s*(?:<(?:b|i|em|strong|span|code)\b[^>]*>)?\s*\{\{(?!\s*\S+\|pluralize)|\s*:)")
"""A translated text with a value right behind it, or with a colon that other languages write otherwise."""


def joined_in_template(source):
    """Yield the texts of a template to which something is joined that belongs into their sentence. What ends as a sentence
    or a heading does is whole.
    """
    yield from (found["text"] for found in _JOINED.finditer(source) if found["text"][-1:] not in ".:?!…")

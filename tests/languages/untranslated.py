"""Finds text for people that goes through no gettext: in templates what stands between tags and in attributes that are read, in
Python what is raised, shown or returned as a sentence.
"""

import ast
import re
from html.parser import HTMLParser

ATTRIBUTES = {"title", "placeholder", "aria-label", "alt", "label"}
OF_ALL_LANGUAGES = re.compile(
    r"prewatt|kWh|kW|W|Wh|V|A|Hz|min|EUR|CSV|PDF|JSON|XLSX|OFX|MT940|camt|CAMT|CSV|UTC|ISO|SMS|PIN|QR|API|id|ID|URL|OK|E-?mail|WeChat"
    r"|WeCom|Alipay|Stripe|VAPID|IBAN|BIC|TID|kvarh|var|VA|OpenAPI|http|https|webhook|Beancount|ct"
)
"""Names, units and formats, which are written so in every language."""
_TAG = re.compile(r"\{%-?\s*(?P<name>\w+).*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
_BLOCK = re.compile(r"\{%\s*(?P<kind>blocktranslate|blocktrans|comment)\b.*?%\}.*?\{%\s*end(?P=kind)\s*%\}", re.DOTALL)
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
    words.feed(_TAG.sub(_blank, _BLOCK.sub(_blank, source)))
    words.close()
    return words.found

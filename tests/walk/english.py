"""Finds English that is left in a page of another language: texts of the page that are texts of the catalogue, untranslated."""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import prewatt
from prewatt.catalogues import read_messages

LOCALE = Path(prewatt.__file__).parent / "server" / "locale"
FOLDERS = {"zh-hans": "zh_Hans", "de": "de"}
PLACE = re.compile(r"%\(\w+\)[a-z]|%%|\{\w+\}|<[^>]*>")
LATIN = re.compile(r"\b[a-z]{2,}(?: [a-z]{2,}){3,}\b")
"""Four words of small letters in a row: in Chinese that is English, wherever it comes from."""
SHORTEST = 3
NAMES = frozenset({"off-peak", "mid-peak", "on-peak", "manager"})
"""What people have called something in the demonstration: rates of its tariff, a login."""
SHORTEST_PART = 12
"""Letters of a part between the values of a text, such as a name: a shorter one may be in anything."""

SHOWN = """
() => {
  const own = document.documentElement.lang;
  const foreign = part => { const said = part.closest("[lang]"); return said && said.lang !== own; };
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const part = node.parentElement;
    if (part.closest("script, style, textarea, code, pre") || foreign(part) || !part.checkVisibility()) continue;
    found.push(node.data);
  }
  for (const part of document.querySelectorAll("body *")) {
    if (foreign(part)) continue;
    for (const name of ["placeholder", "title", "aria-label", "alt"]) if (part.hasAttribute(name)) found.push(part.getAttribute(name));
  }
  return [...new Set(found.map(text => text.replace(/\\s+/g, " ").trim()).filter(text => /[A-Za-z]{3}/.test(text)))];
}
"""


class Catalogue(NamedTuple):
    """`whole`: texts without values. `parts`: what stands between the values of those that have some."""

    whole: frozenset[str]
    parts: tuple[str, ...]


def _plain(text):
    return re.sub(r"\s+", " ", text).strip()


@cache
def catalogue(language):
    """Return the English texts that a page in a language must not show, because they are said in another way in it."""
    messages = read_messages(LOCALE / FOLDERS[language] / "LC_MESSAGES" / "django.po")
    said = {_plain(each) for message in messages for each in message.translations.values()}
    whole, parts = set(), set()
    for message in messages:
        translated = " ".join(message.translations.values())
        for text in filter(None, (message.text, message.plural)):
            if not PLACE.search(text):
                whole.add(_plain(text))
                continue
            pieces = [_plain(piece) for piece in PLACE.split(text)]
            parts |= {
                piece for piece in pieces if len(piece) >= SHORTEST_PART and " " in piece and piece not in translated
            }
    return Catalogue(frozenset(text for text in whole - said if len(text) >= SHORTEST), tuple(sorted(parts)))


def left(texts, language):
    """Return which of some texts of a page are English."""
    if language == "en":
        return []
    known = catalogue(language)
    return [
        text
        for text in texts
        if text in known.whole
        or any(part in text for part in known.parts)
        or (language == "zh-hans" and LATIN.search(text))
    ]


def texts_left(page, language):
    """Return the English texts that a page shows, but for what people have called something."""
    return [text for text in left(page.evaluate(SHOWN), language) if text not in NAMES]

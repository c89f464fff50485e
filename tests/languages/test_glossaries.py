"""Each language has one word for one thing, wherever it is spoken."""

import re
import tomllib

import pytest
from tools.messages import LOCALE, ROOT, SOURCE

from prewatt.catalogues import read_messages

GLOSSARIES = {path.parent.name: tomllib.loads(path.read_text("utf-8")) for path in LOCALE.glob("*/glossary.toml")}


def said(language):
    """Pairs of what has a text and the text, of all that speaks a language."""
    code = language.partition("_")[0]
    for path in (LOCALE / language / "LC_MESSAGES" / "django.po", SOURCE / "edge" / "locale" / code / "edge.po"):
        for message in read_messages(path)[1:]:
            yield from ((message.text, text) for text in message.translations.values())
    others = [*(SOURCE / "server" / "notices" / "languages" / code).glob("*.t*")]
    others += [*(ROOT / "clients" / "wechat" / "locale").glob(f"{code}*.js")]
    for path in others:
        lines = path.read_text("utf-8").splitlines()
        yield from ((f"{path.name}, line {number}", line) for number, line in enumerate(lines, 1) if line[:1] != "#")


def wrong_words(terms, text):
    """The words of a text in whose place the glossary has another one, with that one."""
    for term in terms:
        left = re.sub("|".join(map(re.escape, term.get("but", ()))) or "(?!)", "", text)
        yield from (f"{each}: {term['word']}" for each in term["not"] if each in left)


def test_every_language_has_a_glossary_and_it_finds_the_other_words():
    assert set(GLOSSARIES) == {path.parent.name for path in LOCALE.glob("*/LC_MESSAGES")} >= {"de", "zh_Hans"}
    chinese = GLOSSARIES["zh_Hans"]["term"]
    assert list(wrong_words(chinese, "国家代码和代码")) == ["代码: 充值码"]
    assert not list(wrong_words(chinese, "国家代码和充值码"))


@pytest.mark.parametrize("language", GLOSSARIES)
def test_one_thing_is_called_by_one_word(language):
    terms = GLOSSARIES[language]["term"]
    found = [f"{key!r}: {each}: {text}" for key, text in said(language) for each in wrong_words(terms, text)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("language", GLOSSARIES)
def test_the_words_of_a_glossary_are_those_that_are_used(language):
    whole = "\n".join(text for _key, text in said(language)).casefold()
    for term in GLOSSARIES[language]["term"]:
        for word in term["word"].split(", "):
            assert word.casefold() in whole, word

"""Each language has every text of the server, and no other; and no text of the server stands outside of the catalogues."""

import ast
import re
from pathlib import Path

import pytest
from tools.messages import LOCALE, texts

import prewatt
from prewatt.catalogues import read_messages, write_messages
from tests.languages.untranslated import joined_in_template, of_python, of_template

SERVER = Path(prewatt.__file__).parent / "server"
CATALOGUES = {path.parent.parent.name: read_messages(path) for path in sorted(LOCALE.glob("*/LC_MESSAGES/django.po"))}
PLACES = re.compile(r"%\(\w+\)[a-z]|%%|\{\w+\}|</?\w+[^>]*>")
"""What of a text is not of a language: values, and marks of HTML."""


@pytest.fixture(scope="module")
def wanted():
    return {message.key for message in texts()}


def test_there_are_enough_texts_for_this_test_to_mean_something(wanted):
    keys = {text for _context, text, _plural in wanted}
    assert len(wanted) > 2500
    # Of a module, of a template, of several lines in one, of the rules, and put together by them.
    assert {"Log in", "%(text)s is too large.", "switch off", "the meter does not answer", "voltage L1"} <= keys
    assert ("", "%(days)s day", "%(days)s days") in wanted and ("a bill", "open", "") in wanted
    assert set(CATALOGUES) >= {"de", "zh_Hans"}


@pytest.mark.parametrize("language", CATALOGUES)
def test_no_text_is_missing_in_a_language_and_none_is_left_over(language, wanted):
    """`make messages` brings a catalogue up to date; its new texts are to be translated then."""
    messages = {message.key: message for message in CATALOGUES[language] if message.text}
    lacking, unused = sorted(wanted - set(messages)), sorted(set(messages) - wanted)
    assert not lacking, f"texts that the catalogue lacks: {lacking}"
    assert not unused, f"texts that nothing uses any more: {unused}"
    open_ = [key for key, message in messages.items() if not message.translated]
    assert not open_, f"not translated, or fuzzy: {open_}"


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_translation_has_the_places_of_its_text(language):
    for message in CATALOGUES[language][1:]:
        known = [sorted(PLACES.findall(text)) for text in (message.text, message.plural) if text]
        for form, translation in message.translations.items():
            # One flat may be told of without its number.
            last = form == max(message.translations)
            allowed = known[-1:] if last else known
            assert not translation or sorted(PLACES.findall(translation)) in allowed, message.text


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_catalogue_is_written_as_its_tool_does(language, tmp_path):
    """Where two changes are merged line by line, one text's translation can come to stand behind another's."""
    path = LOCALE / language / "LC_MESSAGES" / "django.po"
    write_messages(tmp_path / "django.po", CATALOGUES[language])
    assert path.read_text("utf-8") == (tmp_path / "django.po").read_text("utf-8"), (
        "make messages, and look at the differences"
    )


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_plural_has_all_forms_of_its_language(language):
    head = CATALOGUES[language][0].translations[0]
    count = int(re.search(r"nplurals=(\d+);", head)[1])
    for message in CATALOGUES[language][1:]:
        if message.plural and any(message.translations.values()):
            assert sorted(message.translations) == list(range(count)), message.text


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_translation_begins_and_ends_as_its_text_does(language):
    """A blank or a line's end at the edge is of the page's form, and tools of translators lose it."""
    for message in CATALOGUES[language][1:]:
        for translation in message.translations.values():
            for side in (0, -1):
                assert message.text[side].isspace() == (translation or message.text)[side].isspace(), message.text


EXAMPLES = {
    "C, credit",
    "OK, done",
    "STA (07)",
    "MISTY1 (11)",
    "/MWh",
    "VAT",
    "DE",
    "beancount",
    "weekday",
    "ABCD-EFGH-JKLM-NPQR",
}
"""What is typed or named so in every language."""


def test_every_text_of_a_page_goes_through_gettext():
    found = [
        f"{path.relative_to(SERVER)}, line {line}: {text}"
        for path in SERVER.rglob("*.html")
        for line, text in of_template(path.read_text(encoding="utf-8"))
        if text not in EXAMPLES
    ]
    assert not found, "\n".join(found)


def test_a_sentence_of_a_page_is_one_text_with_its_values():
    assert list(joined_in_template('<p>{% translate "pay with" %} <b>{{ way }}</b></p>')) == ["pay with"]
    found = [
        f"{path.relative_to(SERVER)}: {text}"
        for path in SERVER.rglob("*.html")
        for text in joined_in_template(path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


FOR_MACHINES = {
    "CallbackError": "is for the log, and for the provider's programs",
    "ConfigError": "is of the settings of the process, before a language is known",
    "EntryError": "is of commands of newer software, for the log",
    "FileNotFoundError": "is of the machine",
    "JsonError": "is where JSON breaks, in the words of its standard",
    "OSError": "is of the machine",
    "SealError": "is of the files of the server, for its operator",
    "SetupError": "is of `prewatt setup`",
    "TariffError": "names a path of a tariff's document; the editor has words of its own",
    "V2Error": "is of messages of WeChat Pay's, for the log and for its programs",
    "ValueError": "is caught, and said in other words",
}


def test_no_sentence_that_is_shown_or_refused_with_stands_outside_of_gettext():
    found = [
        f"{path.relative_to(SERVER)}: {name}: {text}"
        for path in SERVER.rglob("*.py")
        if "migrations" not in path.parts
        for name, text in of_python(ast.parse(path.read_text(encoding="utf-8")))
        if name.rpartition(".")[2] not in FOR_MACHINES
    ]
    assert not found, "\n".join(found)

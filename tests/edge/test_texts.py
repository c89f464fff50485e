"""The gateway speaks the language of who reads: every text is in every catalogue, and a browser, a setting or the process chooses."""

import ast
import re
import threading
from functools import cache
from pathlib import Path

import pytest

import prewatt
from prewatt.catalogues import read_catalogue
from prewatt.edge import texts
from prewatt.edge.agent_thread import AgentThread
from prewatt.edge.replies import sentence
from prewatt.edge.texts import FOLDER, _, asked_for, languages, match, speaking, use
from prewatt.kernel import orders
from prewatt.kernel.events import EventKind
from prewatt.kernel.safety import KINDS
from prewatt.kernel.supply import LOCKS

SOURCE = Path(prewatt.__file__).parent
CATALOGUES = {path.parent.name: read_catalogue(path) for path in FOLDER.glob("*/edge.po")}
PLACES = re.compile(r"%(?:\(\w+\))?[a-zA-Z]")


def marked(file, name="_"):
    """The texts that a file marks for translation."""
    return {
        node.args[0].value
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name
        if isinstance(node.args[0], ast.Constant)
    }


def refusals(file, functions):
    """The texts that the rules of a file refuse something with: what is returned by these functions, or raised in them."""
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    inside = [part for each in nodes if getattr(each, "name", "") in functions for part in ast.walk(each)]
    said = {
        part.value
        for each in inside
        if isinstance(each, ast.Return) and each.value
        for part in ast.walk(each.value)
        if isinstance(part, ast.Constant)
    }
    raised = {
        each.exc.args[0].value
        for each in inside
        if isinstance(each, ast.Raise) and isinstance(each.exc, ast.Call)
        if isinstance(each.exc.args[0], ast.Constant)
    }
    return {
        each for each in said | raised if isinstance(each, str) and " " in each and not each.startswith((".", "locked"))
    }


def of_the_rule():
    """What is said of why it is dark, by the rule that the gateway and the server share."""
    files = [SOURCE / "kernel" / name for name in ("why_dark.py", "dark_words.py", "sentences.py")]
    found = set().union(*(marked(file, name) for file in files for name in ("_", "sentence")))
    return found | set(LOCKS.values()) | {words for kind in KINDS.values() for words in (kind.words, kind.advice)}


@cache
def all_texts():
    found = set().union(*(marked(file) | marked(file, "gettext_noop") for file in (SOURCE / "edge").rglob("*.py")))
    found |= of_the_rule() | {event.words for event in EventKind}
    found |= {each.done for each in vars(orders).values() if isinstance(getattr(each, "done", None), str) and each.done}
    kernel = SOURCE / "kernel"
    found |= refusals(kernel / "orders.py", {"objection"}) | refusals(kernel / "account.py", {"by_code", "on_site"})
    found |= refusals(SOURCE / "wire" / "on_site.py", {"open_grant", "open_instruction", "open_revocations"})
    return found | refusals(SOURCE / "edge" / "staff.py", {"_instructed", "_check_holds"})


def test_there_are_enough_texts_for_this_test_to_mean_something():
    found = all_texts()
    assert (
        len(found) > 300
        and {"Switched off", "this code was used already", "there is no emergency credit here"} <= found
    )


@pytest.mark.parametrize("language", CATALOGUES)
def test_no_text_is_missing_in_a_language(language):
    assert sorted(all_texts() - set(CATALOGUES[language])) == []


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_translation_has_the_places_of_its_text_and_none_is_left_over(language):
    for text, translation in CATALOGUES[language].items():
        if text != "%d %b %H:%M":
            assert sorted(PLACES.findall(translation)) == sorted(PLACES.findall(text)), text
    assert sorted(set(CATALOGUES[language]) - all_texts()) == []


@pytest.mark.parametrize(("language", "of_server"), [("de", "de"), ("zh", "zh_Hans")])
def test_why_it_is_dark_is_said_in_the_same_words_as_on_the_servers_pages(language, of_server):
    server = read_catalogue(SOURCE / "server" / "locale" / of_server / "LC_MESSAGES" / "django.po")
    texts_of_rule = of_the_rule()
    assert {"The power is off: %(why)s.", "Call the manager.", "the credit is used up"} < texts_of_rule
    assert {each: CATALOGUES[language][each] for each in texts_of_rule} == {
        each: server[each] for each in texts_of_rule
    }


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("zh-TW", "zh"),
        ("en-US,en;q=0.9,zh;q=0.8", "en"),
        ("fr-FR,fr;q=0.9,zh;q=0.3,en;q=0.2", "zh"),
        ("fr", ""),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("*", ""),
        ("", ""),
        ("zh;q=0", ""),
        ("zh;q=x,en", "en"),
        (",;,;q=,", ""),
    ],
)
def test_a_browser_gets_what_it_wants_most_of_what_there_is(accepted, language):
    assert asked_for(accepted) == language


@pytest.mark.parametrize(
    ("named", "language"), [("zh_CN.UTF-8", "zh"), ("fr_FR:zh", "zh"), ("fr_FR.UTF-8", "en"), ("C", "en")]
)
def test_the_language_of_the_process_is_taken_where_nobody_chose(monkeypatch, named, language):
    monkeypatch.setenv("LANGUAGE", named)
    use("")
    assert texts.spoken() == language


def test_what_is_said_is_of_who_asks_also_in_the_agents_thread():
    class Inbox:
        """Of an agent that is not busy."""

        def put(self, call):
            threading.Thread(target=call.work).start()

    with speaking("zh"):
        assert AgentThread(Inbox()).ask(lambda: _("The power is on.")) == "供电正常。"
        assert sentence("this code was used already") == "这个充值码已使用。"
    with speaking("en"):
        assert AgentThread(Inbox()).ask(lambda: _("The power is on.")) == "The power is on."


def test_a_tag_is_matched_by_its_beginning():
    assert languages()[0] == "en" and "zh" in languages()
    assert [match(each) for each in ("zh-Hans-CN", "ZH", "english", "e", "")] == ["zh", "zh", "", "", ""]


def test_a_catalogue_that_is_none_is_refused_with_its_line(tmp_path):
    path = tmp_path / "edge.po"
    path.write_text(
        'msgid ""\nmsgstr ""\n\n#, fuzzy\nmsgid "a"\nmsgstr "b"\n\nmsgid "c"\n" d"\nmsgstr "e\\"f"\n', "utf-8"
    )
    assert read_catalogue(path) == {"c d": 'e"f'}
    path.write_text('msgid "a"\nmsgstr b\n', "utf-8")
    with pytest.raises(ValueError, match="line 2"):
        read_catalogue(path)

"""Events are listed once, with their words and their group; who is told of one follows from the group."""

from pathlib import Path

import pytest

import prewatt
from prewatt.kernel.account import Account
from prewatt.kernel.events import EventKind, Group, group_of, kind_of, words_of
from prewatt.kernel.safety import KINDS, TRIPS

DOCS = Path(prewatt.__file__).parent.parent.parent / "docs"


@pytest.mark.parametrize("kind", EventKind, ids=str)
def test_an_event_has_words_and_stands_in_the_journal_as_plain_text(kind):
    entry = Account().event(5, kind, "why")
    assert (type(entry.code), entry.code) == (str, kind.value)
    assert kind_of(entry.code) is kind
    assert words_of(entry.code) == kind.words != ""


def test_each_limit_of_safety_has_an_event_for_passing_it_and_one_for_the_trip():
    for code, limit in KINDS.items():
        assert words_of(code) == limit.words
        assert words_of(code + "-trip") == f"switched off: {limit.words}"
    assert {kind for kind in EventKind if kind.group == Group.OVERLOAD} == {
        *KINDS,
        *TRIPS,
        "overload",
        "overload-locked",
        "forbidden-load",
        "limit-locked",
    }


def test_what_a_person_must_look_at_is_trouble():
    assert {kind for kind in EventKind if kind.group == Group.TROUBLE} == {
        "cut-off-alone",
        "switch-failed",
        "switch-differs",
        "tamper",
        "codes-locked",
        "journal-repaired",
        "own-prepaid",
    }


def test_an_event_of_newer_software_is_shown_by_its_code_and_concerns_nobody():
    assert (kind_of("of-tomorrow"), words_of("of-tomorrow"), group_of("of-tomorrow")) == (
        None,
        "of-tomorrow",
        Group.INFO,
    )


@pytest.mark.parametrize("kind", EventKind, ids=str)
def test_an_event_stands_in_the_journals_document(kind):
    assert f"`{kind.removesuffix('-trip')}`" in (DOCS / "programmer" / "journal.md").read_text()

"""The document of security names tests that are run, and each item of the standard once."""

from __future__ import annotations

import re
from pathlib import Path

from tests.test_promises import _TEST, NOT_RUN, TESTS, _tests

DOCUMENT = Path(__file__).parents[1] / "docs" / "security.md"
ITEMS = 260
"""The items of OWASP ASVS 4.0.3 that are of level 1 or 2, without those that the standard has taken out."""
STANDS = {"yes", "part", "no", "n/a"}
_ROW = re.compile(r"^\| (?P<item>\d+\.\d+\.\d+) \| (?P<what>[^|]+) \| (?P<stands>[^|]+) \| (?P<held>.*) \|$")


def _rows() -> list[re.Match[str]]:
    return [row for line in DOCUMENT.read_text().splitlines() if (row := _ROW.match(line))]


def test_each_test_that_is_named_is_there_and_run() -> None:
    named = _TEST.findall(DOCUMENT.read_text())
    assert len(named) > 200
    wrong = []
    for file, name in named:
        marks = _tests(TESTS / file).get(name) if (TESTS / file).exists() else None
        if marks is None or marks & NOT_RUN:
            wrong.append(f"{file}::{name} is not there, or not run")
    assert not wrong


def test_each_item_stands_once_with_a_test_or_the_reason() -> None:
    rows = _rows()
    assert len({row["item"] for row in rows}) == len(rows) == ITEMS
    for row in rows:
        words = _TEST.sub("", row["held"]).strip()
        assert row["stands"] in STANDS, row["item"]
        assert words or (row["stands"] == "yes" and _TEST.search(row["held"])), (
            f"{row['item']}: says neither test nor reason"
        )


def test_the_sum_is_what_stands_there() -> None:
    stands = [row["stands"] for row in _rows()]
    said = re.search(
        r"Of (\d+) items of level 2, (\d+) hold, (\d+) in part, (\d+) do not, and (\d+) do not apply",
        DOCUMENT.read_text(),
    )
    assert said
    assert [int(each) for each in said.groups()] == [
        len(stands),
        *(stands.count(each) for each in ("yes", "part", "no", "n/a")),
    ]


def test_each_row_of_the_model_of_threats_names_a_test() -> None:
    model = DOCUMENT.read_text().split("## Who can do what")[1].split("\n## ")[0]
    rows = [line for line in model.splitlines() if line.startswith("| ") and not line.startswith("| can |")]
    assert len(rows) >= 25
    assert [line for line in rows if not _TEST.search(line)] == []

"""The documents of promises and of meters' faults name tests that are there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
DOCS = TESTS.parent / "docs"
_TEST = re.compile(r"`(?P<file>[\w/]+\.py)::(?P<name>\w+)`")
NOT_RUN = {"skip", "xfail"}


@cache
def _tests(file: Path) -> dict[str, set[str]]:
    """The tests of a file, each with the marks that it has."""
    found = {}
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            found[node.name] = {
                part.attr for each in node.decorator_list for part in ast.walk(each) if isinstance(part, ast.Attribute)
            }
    return found


DOCUMENTS = {"promises.md": ("promise", 1, 30), "developer/meter-faults.md": ("fault", 2, 32)}
"""Documents: the name of the first column, how many columns stand before the tests, and how many rows there are at least."""


@pytest.mark.parametrize("document", DOCUMENTS)
def test_each_promise_is_held_by_tests_that_are_run(document: str) -> None:
    first, before, least = DOCUMENTS[document]
    rows = [
        line
        for line in (DOCS / document).read_text().splitlines()
        if line.startswith("| ") and not line.startswith(f"| {first} |")
    ]
    assert len(rows) >= least
    wrong = []
    for line in rows:
        *said, held = line.strip("|").split("|")
        assert len(said) == before and not any("`" in each for each in said), f"no row of that document: {line}"
        tests = _TEST.findall(held)
        if not tests or _TEST.sub("", held).strip():
            wrong.append(f"{said[0]} names no test, or something else")
        for file, name in tests:
            path = TESTS / file
            marks = _tests(path).get(name) if path.exists() else None
            if marks is None or marks & NOT_RUN:
                wrong.append(f"{said[0]} {file}::{name} is not there, or not run")
    assert not wrong, "\n".join(wrong)

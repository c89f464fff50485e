"""The document of promises names tests that are there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parent
DOCUMENT = TESTS.parent / "docs" / "promises.md"
_ROW = re.compile(r"\| (?P<promise>[^|`]+) \| (?P<held>[^|]+) \|")
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


def test_each_promise_is_held_by_tests_that_are_run() -> None:
    rows = [
        line for line in DOCUMENT.read_text().splitlines() if line.startswith("| ") and not line.startswith("| promise")
    ]
    assert len(rows) > 30
    wrong = []
    for line in rows:
        row = _ROW.fullmatch(line)
        assert row is not None, f"no row of a promise and its tests: {line}"
        held = _TEST.findall(row["held"])
        if not held or _TEST.sub("", row["held"]).strip():
            wrong.append(f"{row['promise']} names no test, or something else")
        for file, name in held:
            path = TESTS / file
            marks = _tests(path).get(name) if path.exists() else None
            if marks is None or marks & NOT_RUN:
                wrong.append(f"{row['promise']} {file}::{name} is not there, or not run")
    assert not wrong, "\n".join(wrong)

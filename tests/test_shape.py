"""No function and no file is longer than one can keep in mind; how much a function branches, ruff holds (C901, PLR0913)."""

import ast
from pathlib import Path

import prewatt

SOURCE = Path(prewatt.__file__).parent
FUNCTION_LONGEST, FILE_LONGEST = 60, 450


def _sources():
    return [path for path in sorted(SOURCE.rglob("*.py")) if "migrations" not in path.parts]


def test_no_function_is_over_sixty_lines():
    long = {
        f"{path.relative_to(SOURCE)} {node.name}": node.end_lineno - node.lineno + 1
        for path in _sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno >= FUNCTION_LONGEST
    }
    assert not long


def test_no_file_is_over_450_lines():
    lengths = {str(path.relative_to(SOURCE)): len(path.read_text().splitlines()) for path in _sources()}
    assert len(lengths) > 500, "the sources were not found"
    assert not {name: length for name, length in lengths.items() if length > FILE_LONGEST}

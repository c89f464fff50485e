"""No function and no file is longer than one can keep in mind; how much a function branches, ruff holds (C901, PLR0913)."""

import ast
from pathlib import Path

import prewatt

SOURCE = Path(prewatt.__file__).parent
FUNCTION_LONGEST, FILE_LONGEST, DEEPEST = 60, 450, 3


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


def test_no_statement_stands_deeper_than_three_levels_in_a_function():
    """A rule that is nested deeper gets a name of its own. An `elif` is no level; a `case` is two."""
    deep = {
        f"{path.relative_to(SOURCE)} {node.name}": depth
        for path in _sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (depth := _depth(node.body)) > DEEPEST
    }
    assert not deep


def _depth(statements, depth=0):
    """The deepest level of some statements. A function or a class among them has levels of its own."""
    levels = [depth]
    for each in statements:
        if isinstance(each, ast.If) and len(each.orelse) == 1 and isinstance(each.orelse[0], ast.If):
            levels += [_depth(each.body, depth + 1), _depth(each.orelse, depth)]
        elif isinstance(each, ast.Match):
            levels += [_depth(case.body, depth + 2) for case in each.cases]
        elif not isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = [getattr(each, name, []) for name in ("body", "orelse", "finalbody")]
            inner += [handler.body for handler in getattr(each, "handlers", [])]
            levels += [_depth(body, depth + 1) for body in inner if body]
    return max(levels)


def test_only_tables_are_kept_from_the_formatter():
    """They stand at the head of a file or of a class, never in a function."""
    kept = set()
    for path in _sources():
        text = path.read_text()
        lines = {number for number, line in enumerate(text.splitlines(), 1) if "# fmt: skip" in line}
        functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
        kept |= {
            (path, number) for number in lines if any(node.lineno <= number <= node.end_lineno for node in functions)
        }
    assert not kept

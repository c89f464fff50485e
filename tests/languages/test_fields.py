"""What is refused names its field as people see it: no name of the code stands in a text of another language."""

import ast
from pathlib import Path

import prewatt.server
from prewatt.server.core.errors import LABELS

SOURCE = Path(prewatt.server.__file__).parent
OF_PROGRAMS = {
    "accepted", "appid", "currency", "document", "effective_at", "events", "invitation", "lends", "limit", "on", "pay", "power_limit",
    "quiet", "rule_percent", "second_factor",
}  # fmt: skip
"""Fields of calls that no person types into, or whose page has its own words for them."""
TYPED = ("typed_money", "typed_number", "typed_day", "typed_kwh")
"""Readers of a field, which take its name second."""


def named(call):
    """The expressions by which a call names fields."""
    called = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    if called == "ValidationError" and call.args and isinstance(call.args[0], ast.Dict):
        return call.args[0].keys
    return call.args[1:2] if called in TYPED else []


def names():
    """The fields that refusals name, with the file."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            for key in named(node) if isinstance(node, ast.Call) else ():
                if isinstance(key, ast.Constant):
                    yield key.value, path.relative_to(SOURCE).as_posix()


def test_each_field_that_a_refusal_names_has_words():
    without = {(name, path) for name, path in names() if name and name not in LABELS and name not in OF_PROGRAMS}
    assert not without
    assert len(set(names())) > 100

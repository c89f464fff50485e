"""How the gateway's modules stand to each other: in one order, so that each can be understood, and started, without those above."""

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from prewatt import edge

FOLDER = Path(edge.__file__).parent
OPTIONAL = {
    ("process.py", "bluetooth"),
    ("process.py", "commissioning.gateway"),
    ("process.py", "commissioning.page"),
}
"""What is imported only where it is wanted: an optional part."""


def name_of(path):
    parts = ("edge", *path.relative_to(FOLDER).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(FOLDER.rglob("*.py"))}


def imports(name, source):
    """Modules of edge that a module imports, wherever in it, for whatever reason."""
    package = name.split(".") if MODULES[name].name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        base = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
        for alias in node.names:
            for parts in ([*base, alias.name], base):
                if (found := ".".join(part for part in parts if part)) in MODULES:
                    yield found
                    break


def graph():
    return {name: set(imports(name, path.read_text())) - {name} for name, path in MODULES.items()}


def test_importing_makes_no_circle():
    order = list(TopologicalSorter(graph()).static_order())
    assert len(order) == len(MODULES) and order.index("edge.shell") < order.index("edge.process")


def test_a_circle_would_be_seen():
    with pytest.raises(CycleError):
        list(TopologicalSorter(graph() | {"edge.shell": {"edge.process"}}).static_order())


def test_nothing_is_imported_inside_a_function_but_optional_parts():
    hidden = set()
    for path in MODULES.values():
        top = ast.parse(path.read_text())
        plain = {node for node in top.body if isinstance(node, ast.Import | ast.ImportFrom)}
        for node in ast.walk(top):
            if isinstance(node, ast.Import | ast.ImportFrom) and node not in plain:
                hidden.add((path.name, getattr(node, "module", None) or node.names[0].name))
    assert hidden == OPTIONAL


def test_the_agent_starts_without_the_server_and_without_what_it_is_not_configured_for():
    code = "import sys, prewatt.edge.process; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert not {"django", "bumble", "numpy", "openpyxl", "prewatt.server", "prewatt.edge.drivers.recorded"} & set(
        loaded
    )

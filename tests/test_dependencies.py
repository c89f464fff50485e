"""A gateway's installation carries no server: what its modules import is in the base list, and a missing part is told in words."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import prewatt

ROOT = Path(__file__).parents[1]
SOURCE = Path(prewatt.__file__).parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
GATEWAY = ("__main__.py", "amounts.py", "clock.py", "folder.py", "cli/__init__.py", "cli/edge.py")
"""What runs on a gateway beside the folders below; what these import at their head is followed."""
FOLDERS = ("edge", "kernel", "tables", "tokens", "wire")
OPTIONAL = {
    ("edge/bluetooth.py", "bumble"),  # prewatt[bluetooth]
    ("tables/workbook.py", "openpyxl"),  # a gateway's recordings are CSV
}
NOT_IMPORTED = {"segno", "tzdata"}
"""Data, and what labels are drawn with."""


def plain(name):
    return re.split(r"[\[<>=;! ]", name)[0].lower().replace("_", "-")


def names(requirements):
    return {plain(each) for each in requirements}


def modules():
    """All files that a gateway can come to load."""
    waiting = [SOURCE / each for each in GATEWAY]
    waiting += [path for folder in FOLDERS for path in (SOURCE / folder).rglob("*.py")]
    seen = set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        waiting += [each for each, _ in imports(path)[0]]
    return sorted(seen)


def imports(path):
    """(files of prewatt, top-level names of others) that a file imports at its head."""
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    package = parts[:-1]
    ours, others = [], set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            others |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level:
            base = SOURCE.parent.joinpath(*package[: len(package) - node.level + 1], *(node.module or "").split("."))
            for found in (base.with_suffix(".py"), base / "__init__.py", *(base / f"{a.name}.py" for a in node.names)):
                ours += [(found, node.lineno)] if found.exists() else []
        elif isinstance(node, ast.ImportFrom) and node.module:
            others.add(node.module.split(".")[0])
    return ours, others - set(sys.stdlib_module_names) - {"prewatt"}


def test_what_a_gateway_imports_is_in_the_base_list_and_nothing_else_is():
    of_module = packages_distributions()
    used = {(str(path.relative_to(SOURCE)), name) for path in modules() for name in imports(path)[1]} - OPTIONAL
    distributions = {plain(of_module.get(name, [name])[0]) for _, name in used}
    base = names(PROJECT["dependencies"])
    assert distributions <= base, sorted(
        each for each in used if plain(of_module.get(each[1], [each[1]])[0]) not in base
    )
    assert base - distributions <= NOT_IMPORTED


def test_a_gateway_loads_nothing_of_the_server():
    loaded = {path.relative_to(SOURCE).parts[0] for path in modules()}
    assert loaded & {"server", "headend", "processes", "sim"} == set()


def test_each_part_is_named_once_and_the_lock_of_a_gateway_holds_its_own_alone():
    extras = PROJECT["optional-dependencies"]
    lists = [names(PROJECT["dependencies"]), *(names(extras[extra]) for extra in ("server", "bluetooth", "postgres"))]
    assert sum(map(len, lists)) == len(set().union(*lists))
    locked = names(re.findall(r"^[a-z][\w.-]*==", (ROOT / "requirements-edge.lock").read_text(), re.MULTILINE))
    assert lists[0] <= locked
    assert not locked & set().union(*lists[1:])


WITHOUT = """
import sys, importlib, pkgutil
class Lacking:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {lacking}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Lacking())
"""
ALL = """
import prewatt.edge, prewatt.kernel, prewatt.wire, prewatt.tokens
for part in (prewatt.edge, prewatt.kernel, prewatt.wire, prewatt.tokens):
    for module in pkgutil.walk_packages(part.__path__, part.__name__ + "."):
        if module.name != "prewatt.edge.bluetooth":
            importlib.import_module(module.name)
import prewatt.cli.edge
print("django" in sys.modules)
"""
COMMAND = """
sys.argv = ["prewatt", *{words}]
from prewatt.cli import main
main()
"""


def without_extras(script):
    """Run a script in a Python that lacks what a gateway's installation has not."""
    extras = PROJECT["optional-dependencies"]
    away = names(extras["server"]) | names(extras["bluetooth"])
    lacking = {module for module, owners in packages_distributions().items() if plain(owners[0]) in away}
    assert {"django", "bumble", "numpy"} <= lacking
    return subprocess.run(
        [sys.executable, "-c", WITHOUT.format(lacking=lacking) + script], capture_output=True, text=True, timeout=60
    )


def test_all_of_a_gateway_is_loaded_without_the_servers_packages():
    done = without_extras(ALL)
    assert (done.returncode, done.stdout) == (0, "False\n"), done.stderr


@pytest.mark.parametrize(
    ("words", "extra"), [(["onsite", "status"], "bluetooth"), (["server"], "server"), (["demo"], "server")]
)
def test_a_part_that_is_not_installed_says_how_it_is(words, extra):
    done = without_extras(COMMAND.format(words=words))
    assert done.returncode == 2
    assert f"pip install 'prewatt[{extra}]'" in done.stderr and "Traceback" not in done.stderr

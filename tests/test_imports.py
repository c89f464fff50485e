"""Imports point one way: {kernel, tokens} <- wire <- {edge, headend}; kernel <- server <- headend;
server <- processes; sim and cli on top.
"""

import ast
import re
from pathlib import Path

import pytest

import prewatt

SOURCE = Path(prewatt.__file__).parent
MAY_IMPORT = {
    "kernel": set(),
    "tokens": set(),
    "amounts": set(),
    "catalogues": set(),
    "tables": {"amounts"},
    "wire": {"kernel", "tokens"},
    "edge": {"kernel", "wire", "tokens", "tables", "clock", "folder", "catalogues", "findings"},
    "server": {
        "kernel",
        "wire",
        "tokens",
        "amounts",
        "tables",
        "clock",
        "folder",
        "log_lines",
        "catalogues",
        "terminal_texts",
    },
    "headend": {"kernel", "wire", "server"},
    "clock": set(),
    "folder": set(),
    "findings": set(),
    "log_lines": set(),
    "terminal_texts": set(),
    "backups": {"kernel", "edge", "server", "folder", "terminal_texts", "__version__"},
    "processes": {"server", "terminal_texts", "findings", "__version__"},
    "sim": {
        "kernel",
        "wire",
        "tokens",
        "amounts",
        "tables",
        "clock",
        "folder",
        "edge",
        "headend",
        "server",
        "processes",
        "terminal_texts",
    },
    "cli": {
        "findings",
        "kernel",
        "wire",
        "tokens",
        "amounts",
        "tables",
        "folder",
        "log_lines",
        "terminal_texts",
        "edge",
        "headend",
        "server",
        "backups",
        "processes",
        "sim",
        "__version__",
    },
}
ROOMS = (
    "core",
    "estate",
    "accounts",
    "tasks",
    "metering",
    "ledger",
    "vending",
    "tariffs",
    "billing",
    "allocation",
    "sales",
    "payments",
    "statements",
    "notices",
    "tenancies",
    "commissioning",
    "correspondence",
    "batches",
    "privacy",
    "overview",
    "automatic",
    "administration",
    "web",
    "sign_in",
    "api",
    "console",
    "tenant",
)
"""The rooms of the server: each imports those before it alone. Beside them stand its settings and its addresses."""
APART = {("tenant", "console")}
"""Neighbours that do not know each other though their order would let them."""
PURE = {
    "amounts.py": {"django", "os", "socket", "threading", "time", "random", "sqlite3", "pathlib", "asyncio", "logging"},
    "tables": {"django", "socket", "threading", "time", "random", "sqlite3", "pathlib", "asyncio", "logging"},
    "tokens": {"django", "os", "socket", "threading", "time", "random", "sqlite3", "pathlib", "asyncio", "logging"},
    "kernel": {"django", "os", "socket", "threading", "time", "random", "sqlite3", "pathlib", "asyncio", "logging"},
    "edge/protocols": {
        "os",
        "socket",
        "serial",
        "threading",
        "time",
        "random",
        "sqlite3",
        "pathlib",
        "asyncio",
        "logging",
    },
    "edge/codes.py": {"os", "socket", "threading", "time", "random", "sqlite3", "pathlib", "logging", "paho"},
    "edge/code_meanings.py": {"os", "socket", "threading", "time", "random", "sqlite3", "pathlib", "logging", "paho"},
    "edge/key_state.py": {"os", "socket", "threading", "time", "random", "sqlite3", "pathlib", "logging", "paho"},
    "edge/lockout.py": {"os", "socket", "threading", "time", "random", "sqlite3", "pathlib", "logging", "paho"},
    "edge/turns.py": {"os", "socket", "threading", "time", "random", "sqlite3", "pathlib", "logging", "paho"},
    "edge/guarding.py": {"os", "socket", "threading", "time", "random", "sqlite3", "pathlib", "logging", "paho"},
    "edge/observed.py": {"os", "socket", "threading", "time", "random", "sqlite3", "pathlib", "logging", "paho"},
    "edge/agent.py": {"os", "socket", "threading", "time", "random", "sqlite3", "pathlib", "logging", "paho"},
    "edge/checks.py": {"os", "socket", "threading", "time", "random", "sqlite3", "pathlib", "logging", "paho"},
    "edge/code_entry.py": {"os", "socket", "threading", "time", "random", "sqlite3", "pathlib", "logging", "paho"},
    "edge/memory.py": {"os", "socket", "threading", "time", "random", "sqlite3", "pathlib", "logging", "paho"},
    "edge/outbox.py": {"os", "socket", "threading", "time", "random", "sqlite3", "pathlib", "logging", "paho"},
    "edge/replies.py": {"os", "socket", "threading", "time", "random", "sqlite3", "pathlib", "logging", "paho"},
    "edge/uploads.py": {"os", "socket", "threading", "time", "random", "sqlite3", "pathlib", "logging", "paho"},
    "edge/journalling.py": {"os", "socket", "threading", "time", "random", "sqlite3", "pathlib", "logging", "paho"},
    "edge/meter.py": {"os", "socket", "threading", "time", "random", "sqlite3", "pathlib", "logging", "paho"},
    "edge/register.py": {"os", "socket", "threading", "time", "random", "sqlite3", "pathlib", "logging", "paho"},
    "edge/looking.py": {"os", "socket", "threading", "time", "random", "sqlite3", "pathlib", "logging", "paho"},
    "edge/sync.py": {"os", "socket", "threading", "time", "random", "sqlite3", "pathlib", "logging", "paho"},
    "headend/ingest.py": {"django", "os", "socket", "threading", "time", "random", "sqlite3", "pathlib", "logging"},
    "headend/batch.py": {"django", "os", "socket", "threading", "time", "random", "sqlite3", "pathlib", "logging"},
    "headend/reconcile.py": {"django", "os", "socket", "threading", "time", "random", "sqlite3", "pathlib"},
    "headend/dispatch.py": {"django", "os", "socket", "threading", "time", "random", "sqlite3", "pathlib"},
    "headend/looking.py": {"django", "os", "socket", "threading", "time", "random", "sqlite3", "pathlib"},
}
HEADEND_WITH_SERVER = {
    "headend/store.py", "headend/meter_rows.py", "headend/outbox.py", "headend/mending.py", "headend/shell.py"
}  # fmt: skip


def imported(path):
    """(top-level names imported from elsewhere, parts of prewatt imported)."""
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    outside, inside = set(), set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = list(parts[: -node.level]) if node.level else []
            module = base + (node.module.split(".") if node.module else [])
            names = [[*module, alias.name] for alias in node.names] if len(module) < 2 else [module]
        else:
            continue
        for name in names:
            if name[0] == "prewatt":
                inside |= set(name[1:2])
            else:
                outside.add(name[0])
    return outside, inside


def files(where):
    path = SOURCE / where
    return sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_a_part_imports_only_what_lies_under_it(part):
    assert files(part)
    for path in files(part):
        extra = imported(path)[1] - MAY_IMPORT[part] - {part}
        assert not extra, f"{path} imports {extra}"


@pytest.mark.parametrize("part", PURE)
def test_rules_are_free_of_the_world(part):
    for path in files(part):
        extra = imported(path)[0] & PURE[part]
        assert not extra, f"{path} imports {extra}"


def test_of_the_head_end_only_what_stores_and_the_shell_know_the_server():
    for path in files("headend"):
        if str(path.relative_to(SOURCE)) not in HEADEND_WITH_SERVER:
            assert "server" not in imported(path)[1], path


OPTIONAL = {
    "server/statements/pdf.py",
    "tables/sheet.py",
    "edge/process.py",
    "server/accounts/apps.py",
    "server/automatic/apps.py",
    "server/metering/apps.py",
    "server/overview/apps.py",
    "server/core/local_forms.py",
    "server/sales/questions.py",
}
"""They work without what some of their functions alone need: Pango, openpyxl, numpy; the pages on which a gateway is set up, and
Bluetooth. And models, which are there only when the apps are.
"""


def test_a_file_imports_at_its_head():
    inner = set()
    for path in SOURCE.rglob("*.py"):
        functions = [
            node
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        if any(isinstance(each, ast.Import | ast.ImportFrom) for node in functions for each in ast.walk(node)):
            inner.add(str(path.relative_to(SOURCE)))
    assert inner == OPTIONAL


def test_every_part_is_under_this_rule():
    parts = {path.stem for path in SOURCE.iterdir() if path.is_dir() or path.suffix == ".py"}
    assert parts - {"__pycache__", "__init__", "__main__"} == set(MAY_IMPORT)


def rooms_imported(path):
    """The rooms of the server that one of its files imports."""
    here = path.relative_to(SOURCE.parent).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            module = (*here[: -node.level], *(node.module.split(".") if node.module else ())) if node.level else ()
            if module[:2] == ("prewatt", "server"):
                yield from [module[2]] if len(module) > 2 else [alias.name for alias in node.names]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_of_the_server_imports_only_rooms_before_it(room):
    before = {*ROOMS[: ROOMS.index(room) + 1]} - {other for one, other in APART if one == room}
    for path in files(f"server/{room}"):
        if "migrations" not in path.parts:
            assert set(rooms_imported(path)) <= before, path


def test_every_room_stands_in_the_order():
    rooms = {path.name for path in (SOURCE / "server").iterdir() if path.is_dir() and (path / "__init__.py").exists()}
    assert rooms == set(ROOMS)


def test_rows_are_locked_by_one_function_that_leaves_their_keys_alone():
    """Its order is watched in all tests (`tests.lock_order`)."""
    asking = [path for path in SOURCE.rglob("*.py") if ".select_for_update(" in path.read_text()]
    assert asking == [SOURCE / "server" / "metering" / "locking.py"]


def test_a_form_stores_of_its_row_what_somebody_has_changed():
    """Django's own form writes the whole row as it was read, and with it what the head-end and others have changed meanwhile."""
    whole = [path for path in SOURCE.rglob("*.py") if re.search(r"\bModelForm\b", path.read_text())]
    assert whole == [SOURCE / "server" / "core" / "row_forms.py"]


PROTOCOLS = sorted(
    path.name for path in (SOURCE / "edge" / "conversations").iterdir() if (path / "__init__.py").exists()
)
"""The protocols of meters."""


def names_of(tree):
    """What a file imports by name, and the texts that stand in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (node.module or "").split(".")
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value.split("-")[0]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_protocol_is_known_to_its_own_files_alone(protocol):
    """Nothing is chosen by a protocol's name, so that another one is added by its files."""
    assert len(PROTOCOLS) >= 3
    own = [
        path
        for path in SOURCE.rglob("*.py")
        if any(part.startswith(protocol) for part in path.relative_to(SOURCE).parts)
    ]
    assert {path.relative_to(SOURCE).parts[:2] for path in own} == {
        ("edge", "conversations"),
        ("edge", "meters"),
        ("edge", "protocols"),
        ("sim", "meters"),
    }
    others = [path for path in SOURCE.rglob("*.py") if path not in own and protocol in path.read_text()]
    for path in others:
        named = [
            each
            for each in names_of(ast.parse(path.read_text()))
            if each == protocol or each.startswith(f"{protocol}_")
        ]
        assert not named, f"{path} knows {named}"

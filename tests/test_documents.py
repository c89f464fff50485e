"""What documents point to is there: files, folders, names in the code, sections of other pages."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.test_imports import ROOMS

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "prewatt"
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
BASES = (ROOT, SOURCE, SOURCE / "server", ROOT / "docs", ROOT / "src")
"""Folders from which a path in a document may begin."""
FILES_OF_PEOPLE = {"toml", "json", "csv", "gz", "xlsx", "key", "pem", "sqlite3", "conf", "tar"}
"""Endings of files that people and machines have: `server.key` is no name of the code."""
LONGEST_CELL = 300
_LINK = re.compile(r"\]\((?P<file>[^)#\s]*)(?:#(?P<section>[^)\s]+))?\)")
_PATH = re.compile(r"`(?P<path>[\w<*][\w./<>*-]*(?:\.(?:py|md|sh|html|txt|css)|/))`(?!\])")
_NAME = re.compile(r"`(?P<room>[a-z_]+)(?P<rest>(?:\.\w+)+)(?:\(\))?`")
_MENTION = re.compile(r"\bdocs/[\w/-]+\.(?:md|html)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_link_leads_to_a_page_and_a_section(document: Path) -> None:
    wrong = []
    for link in _LINK.finditer(_without_blocks(document)):
        if link["file"].startswith(("http:", "https:", "mailto:")):
            continue
        page = document.parent / link["file"] if link["file"] else document
        if not page.exists() or (link["section"] and link["section"] not in _sections(page)):
            wrong.append(link[0])
    assert not wrong


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_path_and_each_name_of_the_code_is_there(document: Path) -> None:
    """A bare name of a file lies in the folder of the path before it on its line. `<kind>` stands for any name."""
    wrong = []
    for line in _without_blocks(document).splitlines():
        folder: Path | None = None
        for token in _PATH.finditer(line):
            there = _found(token["path"], document, folder)
            if there is None:
                wrong.append(token["path"])
            else:
                folder = there if there.is_dir() else there.parent
        wrong += [name[0] for name in _NAME.finditer(line) if not _is_name(name["room"], name["rest"])]
    assert not wrong


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_cell_of_a_table_can_be_read_at_a_glance(document: Path) -> None:
    """Longer ones are several rows, or a list. Names of tests are none that anybody reads."""
    rows = [line for line in _without_blocks(document).splitlines() if line.startswith("|")]
    assert [cell for row in rows for cell in row.split("|") if len(cell) > LONGEST_CELL and "::" not in cell] == []


def test_the_index_lists_every_page() -> None:
    index = ROOT / "docs" / "README.md"
    listed = {(index.parent / link["file"]).resolve() for link in _LINK.finditer(index.read_text()) if link["file"]}
    pages = {page for page in DOCUMENTS if index.parent in page.parents and page.parent.name != "decisions"}
    assert pages - {index} <= listed


def test_the_map_has_the_rooms_in_their_order() -> None:
    table = (ROOT / "docs" / "architecture.md").read_text().split("| rooms |")[1].split("\n\n")[0]
    rooms = [
        room for row in table.splitlines() for room in re.findall(r"`(\w+)`", row.split("|")[1] if "|" in row else "")
    ]
    assert tuple(rooms) == ROOMS


def test_what_the_code_says_of_documents_is_there() -> None:
    """A page that a docstring, a help text or an error names."""
    wrong = []
    for file in [
        ROOT / "Makefile",
        *(path for folder in ("src", "tests", "bench", "tools") for path in _texts(folder)),
    ]:
        wrong += [f"{file}: {page}" for page in _MENTION.findall(file.read_text()) if not (ROOT / page).exists()]
    assert not wrong


def _texts(folder: str) -> list[Path]:
    kinds = (".py", ".html", ".txt", ".sh", ".md", ".toml", ".js", ".css")
    return [path for path in (ROOT / folder).rglob("*") if path.suffix in kinds]


def _without_blocks(document: Path) -> str:
    return re.sub(r"^ *```.*?^ *```", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)


@cache
def _sections(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def _found(path: str, document: Path, folder: Path | None) -> Path | None:
    pattern = re.sub(r"<[^>]*>", "*", path.rstrip("/"))
    for base in (*((folder,) if folder else ()), document.parent, *BASES):
        if there := sorted(base.glob(pattern)):
            return there[0]
    return None


def _is_name(room: str, rest: str) -> bool:
    """Whether `room.module.name` is in the code; what begins with no room or part of prewatt is none of ours."""
    parts = rest[1:].split(".")
    at = next((base / room for base in (SOURCE, SOURCE / "server", ROOT / "src") if (base / room).is_dir()), None)
    if at is None or parts[-1] in FILES_OF_PEOPLE:
        return True
    while parts:
        if (at / parts[0]).is_dir():
            at /= parts.pop(0)
        elif (at / f"{parts[0]}.py").exists():
            return _has(at / f"{parts[0]}.py", parts[1:])
        else:
            return _has(at / "__init__.py", parts)
    return True


def _has(file: Path, names: list[str]) -> bool:
    """Whether a module defines a name, or a class in it an attribute."""
    body = ast.parse(file.read_text()).body
    for name in names:
        node = next((node for node in body if name in _defined(node)), None)
        if node is None:
            return False
        body = node.body if isinstance(node, ast.ClassDef) else []
    return True


def _defined(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}

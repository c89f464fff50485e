"""What a terminal shows is in its language."""

import ast
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

import prewatt
from prewatt import terminal_texts as texts
from prewatt.cli import app
from prewatt.cli.edge import app as edge
from prewatt.cli.lazy import LazyGroup
from tests.languages.untranslated import of_commands


@pytest.fixture
def terminal(monkeypatch):
    """Makes the terminal name a language as systems do."""

    def name(**variables):
        for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
            monkeypatch.delenv(variable, raising=False)
        for variable, value in variables.items():
            monkeypatch.setenv(variable, value)
        texts.spoken.cache_clear()
        texts._catalogue.cache_clear()

    yield name
    monkeypatch.undo()
    name()


@pytest.mark.parametrize(
    ("named", "folder"),
    [
        ({"LANG": "de_AT.UTF-8"}, "de"),
        ({"LANG": "zh_CN.UTF-8"}, "zh_Hans"),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, ""),
        ({"LANG": "de_DE.UTF-8", "LANGUAGE": "tlh:zh_CN"}, "zh_Hans"),
        ({"LANG": "en_GB.UTF-8", "LANGUAGE": "en:de"}, ""),
        ({}, ""),
    ],
)
def test_the_language_of_a_terminal_is_found_as_systems_name_it(terminal, named, folder):
    terminal(**named)
    assert texts.spoken() == folder


def test_help_of_groups_commands_and_options_is_in_the_language_of_the_terminal(terminal):
    terminal(LANG="de_DE.UTF-8")
    group = get_command(app)
    assert isinstance(group, LazyGroup) and group.help == "Prepaid-Strom für Mietwohnungen."
    assert group.get_command(None, "books").help == "Die Bücher: Abgleich, offene Rechnungen."
    enrol = get_command(edge).commands["enrol"]
    assert enrol.help.startswith("Dieses Gateway beim Server anmelden.")
    assert "Adresse des Servers, wie https://power.example.com." in [each.help for each in enrol.params]


def test_without_a_language_help_is_english(terminal):
    terminal(LANG="C")
    assert get_command(edge).commands["enrol"].help.startswith("Make this gateway known to the server.")


SOURCE = Path(prewatt.__file__).parent
SPEAKING = [
    *((SOURCE / "cli").glob("*.py")),
    *((SOURCE / "backups").glob("*.py")),
    *((SOURCE / "edge" / "doctor").glob("*.py")),
    *(SOURCE / "sim" / name for name in ("demo.py", "story.py", "playing.py", "audit.py", "naming.py")),
    SOURCE / "edge" / "enrol.py",
    SOURCE / "server" / "core" / "config.py",
]
"""What people see on a terminal. The simulator of faults speaks to developers."""
TYPED = ("prewatt ", "pip install ", "chown ", "chmod ", "  sudo ", "\n  pg_dump ", "\n", "# /etc/", "PREWATT_HOME: ")
"""How something begins that is typed, or stands in a file."""


def test_what_commands_say_goes_through_gettext():
    found = [
        f"{path.relative_to(SOURCE)}: {name}: {text}"
        for path in SPEAKING
        if path.name != "sim.py"
        for name, text in of_commands(ast.parse(path.read_text(encoding="utf-8")))
        if not text.startswith(TYPED)
    ]
    assert not found, "\n".join(found)


def test_a_refusal_is_in_the_language_of_the_terminal_with_its_values(terminal, tmp_path):
    terminal(LANG="de_DE.UTF-8")
    refused = CliRunner().invoke(edge, ["enrol", "nowhere", "code", "--folder", str(tmp_path)])
    assert refused.exit_code == 2
    assert "„nowhere“ ist keine Adresse wie http://192.0.2.1:8000" in refused.output
    terminal(LANG="zh_CN.UTF-8")
    assert texts.ngettext("%(number)s meter", "%(number)s meters", 2) == "2 块电表"

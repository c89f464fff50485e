"""What help and the documents say of the commands: all of them, in full, and true."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from prewatt import __version__
from prewatt.cli import app
from prewatt.cli.lazy import load
from prewatt.cli.table import ENTRIES
from tests.cli.commands import commands, first_line

ROOT = Path(__file__).parents[2]
SIGNATURES = {"up", "down", "command", "grant", "instruction", "answer", "revoked"}
"""`prewatt command` and the like in the documents: what a signature is of, not what people type."""
LONGEST_HELP = 50
"""Lines of a screen."""


def helped(*words):
    result = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "100"})
    assert result.exit_code == 0, (words, result.output, result.exception)
    return result.output


def test_every_command_and_every_group_has_help_and_a_line_of_it_for_each_parameter():
    for words, (_entry, command) in commands().items():
        shown = helped(*words)
        assert first_line(command).rstrip(".") in " ".join(shown.replace("│", " ").split())
        for parameter in command.params:
            assert parameter.help and parameter.help.strip()[-1] in ".)", (words, parameter.name)
            assert "[default" not in parameter.help, (words, "typer takes it for markup and leaves it out")
    for entry in ENTRIES:
        assert entry.help in helped(entry.name) or not entry.group


def test_the_program_says_its_version():
    assert CliRunner().invoke(app, ["--version"]).output == f"prewatt {__version__}\n"


def test_the_list_of_groups_fits_a_screen_and_says_of_a_command_what_its_own_help_says():
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "80"}).output
    assert len(shown.splitlines()) <= LONGEST_HELP
    for entry in ENTRIES:
        assert f" {entry.name} " in shown and entry.help in shown, entry.name
        assert entry.group or first_line(load(entry)) == entry.help


def test_help_of_all_loads_neither_django_nor_a_group():
    script = (
        "import sys; sys.argv = ['prewatt', '--help']; from prewatt.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('django', 'bumble', 'paho')"
        " or name.startswith(('prewatt.server', 'prewatt.edge'))])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "Manage buildings" in done.stdout and done.stdout.splitlines()[-1] == "[]"


def test_the_document_lists_every_command():
    panel, expected = "", []
    for words, (entry, command) in commands().items():
        if entry.panel != panel:
            panel = entry.panel
            expected += ["", f"## {panel}", "| command | what it does |", "|---|---|"]
        expected.append(f"| `prewatt {' '.join(words)}` | {first_line(command)} |")
    text = (ROOT / "docs" / "operator" / "commands.md").read_text()
    assert text[text.index("\n## ") :].strip().splitlines() == expected[1:], "\n".join(expected)


WORD = r"[a-z][a-z-]+"
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_names_only_commands_and_options_that_there_are(path):
    known = commands()
    for line in re.findall(rf"(?:`|^ *|^\$ )prewatt {WORD}[^`\n#|]*", path.read_text(), re.MULTILINE):
        check(line, known, path)


def test_messages_of_the_program_name_only_commands_that_there_are():
    """In backticks, or after a colon, as the way to mend what is wrong."""
    known = commands()
    for path in (ROOT / "src").rglob("*"):
        if path.suffix in (".py", ".html", ".js", ".txt"):
            for line in re.findall(rf"(?:`|: )prewatt {WORD}(?: [a-z-]+)*", path.read_text()):
                check(line, known, path)


def check(line, known, path):
    """The words after `prewatt` are a command (or a group), and what begins with two hyphens are its options."""
    said = line.partition("prewatt ")[2].split()
    groups = {entry.name for entry in ENTRIES if entry.group}
    if said[0] in SIGNATURES or (said[0] in groups and (len(said) == 1 or not re.fullmatch(WORD, said[1]))):
        return
    words = tuple(said[:2] if said[0] in groups else said[:1])
    assert words in known, f"{path}: {line}"
    options = {
        option for parameter in known[words][1].params for option in (*parameter.opts, *parameter.secondary_opts)
    }
    wrong = {word for word in said if re.fullmatch("--[a-z-]+", word)} - options - {"--help"}
    assert words == ("manage",) or not wrong, f"{path}: {line}"

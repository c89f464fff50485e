"""A command that can't be done says what, where and how to mend it in one line, without a traceback."""

import os
import subprocess
import sys

import pytest
from django.db import OperationalError
from typer.testing import CliRunner

from prewatt.cli import app, on_server, staff

KEY = "ab" * 32


def no_database(home):
    (home / "prewatt.sqlite3").write_text("a letter to my aunt, long enough to be no database " * 50)


def nothing(_home):
    pass


@pytest.mark.parametrize(
    ("before", "command", "environment", "status", "says"),
    [
        (nothing, ["meter", "--help"], {"PREWATT_HTTP": "x"}, 2, "prewatt meter: PREWATT_HTTP: 'x' is not a host and port"),
        (no_database, ["building", "losses"], {}, 1, "prewatt building losses: the database can't be used (file is not a"),
    ],
)  # fmt: skip
def test_a_wrong_setting_and_a_database_that_does_not_answer(tmp_path, before, command, environment, status, says):
    before(tmp_path)
    others = {name: value for name, value in os.environ.items() if not name.startswith(("PREWATT_", "DJANGO_"))}
    done = subprocess.run(
        [sys.executable, "-m", "prewatt", *command],
        env={**others, "PREWATT_HOME": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == status and says in " ".join(done.stderr.split()), done.stderr
    assert "Traceback" not in done.stderr


def refused(*words, status=2):
    result = CliRunner().invoke(app, words)
    assert (result.exit_code, result.stdout) == (status, ""), result.output
    return result.stderr.strip()


def test_what_is_refused_is_said_with_the_option_that_it_was_given_by(building):
    given = ["staff", "grant", "Sam", KEY, "--allow", "restore"]
    assert refused(*given, "--restore-amount-max", "5000").endswith(
        "staff grant: --restore-amount-max: Type an amount from 0 to 1,000.00."
    )
    assert "staff grant: --allow: Choose one or more of: open, close" in refused(*given, "--allow", "dance")
    assert "staff grant: key: This is not a phone's key" in refused("staff", "grant", "Sam", "x", "--allow", "open")
    assert "--property: 'Elm 3' is not known. Known properties: Linden 5" in refused(
        "building", "losses", "--property", "Elm 3"
    )
    assert "gateway code: there is no gateway 'g9'. Known gateways: g1" in refused("gateway", "code", "g9")
    assert "Linden 5 has no unit 'Attic'" in refused("tenant", "pin", "Attic")
    assert "No such command 'metre'" in refused("metre")


def test_a_database_that_stops_answering_is_said_and_may_be_tried_again(building, monkeypatch):
    def busy(*_given, **_named):
        raise OperationalError("database is locked")

    monkeypatch.setattr(staff, "make_key", busy)
    assert "the database is busy because others are writing to it" in refused("staff", "api-key", "manager", status=1)


def test_a_process_that_finds_no_database_ends_with_the_status_that_has_it_started_again(building, monkeypatch):
    def gone():
        raise OperationalError("connection refused")

    monkeypatch.setattr(on_server, "bring_up_to_date", gone)
    assert "worker: the database can't be used (connection refused)" in refused("worker", status=1)


def test_a_fault_of_the_program_is_not_taken_for_a_refusal(building, monkeypatch):
    def broken(*_given, **_named):
        raise AttributeError("a bug")

    monkeypatch.setattr(staff, "make_key", broken)
    result = CliRunner().invoke(app, ["staff", "api-key", "manager"])
    assert isinstance(result.exception, AttributeError)

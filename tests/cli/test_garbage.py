"""A start does not look for garbage; what runs then does."""

import gc

import pytest
from typer.testing import CliRunner

from prewatt import cli
from prewatt.cli import command, garbage

USUAL = gc.get_threshold()


@pytest.fixture(autouse=True)
def usual():
    frozen = gc.get_freeze_count()
    yield
    if not frozen:
        gc.unfreeze()
    gc.set_threshold(*USUAL)


def test_garbage_waits_until_a_command_runs(monkeypatch):
    seen = []
    started = command.group()

    @started.command(cls=command.Command)
    def runs():
        seen.append((gc.get_threshold(), gc.get_freeze_count() > 0))

    def start(prog_name):
        seen.append(gc.get_threshold()[0])
        assert CliRunner().invoke(started).exit_code == 0

    monkeypatch.setattr(cli, "app", start)
    monkeypatch.setattr(cli.os, "umask", lambda _mask: None)
    cli.main()
    assert seen == [garbage.AT_START, (USUAL, True)]


def test_a_process_that_was_not_started_so_goes_on_as_it_is():
    gc.set_threshold(1234, 5, 6)
    garbage.collect_as_usual()
    assert gc.get_threshold() == (1234, 5, 6)

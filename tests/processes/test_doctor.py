"""What `prewatt doctor` says of a server: in words, with what to do."""

import os
import socket
import subprocess
import sys
from contextlib import closing
from datetime import timedelta

import pytest
from django.utils import timezone
from typer.testing import CliRunner

from prewatt.cli import app
from prewatt.findings import State
from prewatt.kernel.units import DAY, SECOND
from prewatt.processes.doctor import (
    alarms,
    broker,
    examination,
    gateways,
    last_copy,
    pages,
    processes,
    signs_of_life,
    version,
)
from prewatt.server.core.config import load_config
from prewatt.server.core.home_folder import copy_note
from prewatt.server.core.time import system_now
from prewatt.server.metering.models import Alarm, Gateway, Worker
from prewatt.server.overview.models import Keeping

PREWATT = [sys.executable, "-c", "print(flush=True); input()", "prewatt"]
"""A process whose words are ours."""


@pytest.fixture
def config(tmp_path):
    """The settings of a server in a folder of its own, at whose addresses nobody listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    where = {"PREWATT_HTTP": f"127.0.0.1:{port}", "PREWATT_MQTT": f"127.0.0.1:{port}"}
    (tmp_path / "run").mkdir()
    tmp_path.chmod(0o700)
    return load_config({"PREWATT_HOME": str(tmp_path), **where})


def said(check, config):
    return [(finding.state, finding.words) for finding in check(config)]


def test_a_server_that_was_stopped_is_told_with_the_command_that_starts_it(config, monkeypatch):
    monkeypatch.setattr(broker.Probe, "PATIENCE", 0.1)
    assert said(processes.check_processes, config) == [(State.BAD, "no prewatt server runs with this folder")]
    # To ask for a database that is not there would make an empty one.
    assert [*examination.examine(config)][-1].words == f"{config.home / 'prewatt.sqlite3'} is missing"
    assert said(broker.check_broker, config) == [(State.BAD, "it was never started here")]
    assert [path.name for path in config.home.iterdir()] == ["run"]
    (config.home / "broker").mkdir()
    (config.home / "broker" / "nats.conf").touch()
    for check in (pages.check_pages, broker.check_broker):
        (finding,) = check(config)
        assert finding.state is State.BAD and "127.0.0.1" in finding.words and finding.advice


def test_a_process_that_ended_is_named_even_if_another_program_has_its_number_now(config):
    with subprocess.Popen(PREWATT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as ours:
        # The system does not know a program's words at once.
        assert ours.stdout.readline()
        for name in ("broker", "headend", "web", "worker"):
            (config.home / "run" / f"{name}.pid").write_text(f"{ours.pid}\n")
        assert said(processes.check_processes, config) == [(State.OK, "running: broker, headend, web, worker")]
        (config.home / "run" / "headend.pid").write_text("1\n")
        (config.home / "run" / "worker.pid").unlink()
        assert said(processes.check_processes, config) == [(State.BAD, "stopped: headend, worker")]
        ours.communicate()


def test_a_server_that_runs_at_another_address_is_not_to_be_started_again(config, monkeypatch):
    monkeypatch.setattr(broker.Probe, "PATIENCE", 0.1)
    (config.home / "broker").mkdir()
    (config.home / "broker" / "nats.conf").touch()
    with subprocess.Popen(PREWATT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as ours:
        assert ours.stdout.readline()
        for name, check in (("web", pages.check_pages), ("broker", broker.check_broker)):
            (config.home / "run" / f"{name}.pid").write_text(f"{ours.pid}\n")
            (finding,) = check(config)
            assert finding.state is State.BAD and "perhaps at another address" in finding.advice
        ours.communicate()


def test_a_copy_is_warned_of_if_there_is_none_or_it_is_older_than_two_days(config):
    assert said(last_copy.check_copy, config)[0][0] is State.WARN
    note = copy_note(config)
    note.write_text("/backups/server.tar\n")
    ((state, words),) = said(last_copy.check_copy, config)
    assert state is State.OK and words.startswith("/backups/server.tar, made at 2")
    before = (system_now() - 3 * DAY) // SECOND
    os.utime(note, (before, before))
    assert said(last_copy.check_copy, config)[0][0] is State.WARN


@pytest.mark.database
def test_gateways_that_are_not_heard_and_open_alarms_are_named(building, config):
    gateway = Gateway.objects.get()
    gateway.public_key = None
    gateway.save()
    assert said(gateways.check_gateways, config) == [(State.WARN, "1 is not enrolled yet")]
    gateway.public_key, gateway.is_online, gateway.heard_at = b"k", False, 1_790_000_000 * SECOND
    gateway.save()
    assert said(gateways.check_gateways, config) == [
        (
            State.WARN,
            f"offline, 1 of 1: {gateway.name} (2026-09-21 14:13 UTC). The times are those of the last message",
        )
    ]
    Gateway.objects.update(is_online=True)
    assert said(gateways.check_gateways, config) == [(State.OK, "1 is online")]
    assert said(alarms.check_alarms, config) == [(State.OK, "none is open")]
    Alarm.objects.create(gateway=gateway, kind="silent", at=1, text="silent")
    assert said(alarms.check_alarms, config) == [(State.WARN, "1 is open")]


@pytest.mark.database
def test_a_head_end_and_a_worker_without_a_sign_of_life_are_bad(db, config):
    assert [state for state, _words in said(signs_of_life.check_signs_of_life, config)] == [State.BAD, State.BAD]
    worker = Worker.objects.create(shards="0-63")
    Keeping.objects.create(pk=1, at=system_now())
    assert [state for state, _words in said(signs_of_life.check_signs_of_life, config)] == [State.OK, State.OK]
    Worker.objects.filter(pk=worker.pk).update(beat_at=timezone.now() - timedelta(seconds=30))
    Keeping.objects.update(at=system_now() - 200 * SECOND)
    assert [state for state, _words in said(signs_of_life.check_signs_of_life, config)] == [State.BAD, State.BAD]
    assert said(version.check_version, config)[0][0] is State.OK


def test_where_no_server_has_run_nothing_is_made(tmp_path, monkeypatch):
    monkeypatch.setenv("PREWATT_HOME", str(tmp_path / "none"))
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 1 and "no server has run in" in result.output
    assert list(tmp_path.iterdir()) == []

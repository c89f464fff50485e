"""Update and rollback between two folders like virtual environments, with real agents and a journal that stays."""

import sys
from contextlib import closing

import pytest

from prewatt.edge.journal import Journal
from prewatt.edge.machine.releases import CURRENT, PREVIOUS, ReleaseError, Releases, roll_back, switch
from prewatt.edge.settings import write_settings
from tests.edge.machine.manager import TestManager
from tests.edge.test_shell import made_settings

AGENT = "from prewatt.cli import main; main()"
OLD_AGENT = f"from prewatt.edge import journal_file; journal_file.FORMAT = 1; {AGENT}"
"""An agent of before the journal's present format."""


def release(folder, name, script):
    """A folder like a virtual environment, whose `prewatt` is a Python script."""
    program = folder / name / "bin" / "prewatt"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!{sys.executable}\nimport sys\nsys.argv[0] = 'prewatt'\n{script}\n")
    program.chmod(0o755)
    return folder / name


@pytest.fixture
def gateway(tmp_path):
    """(releases, manager, a journal's reader) of an enrolled gateway."""
    settings = made_settings(tmp_path)
    config = tmp_path / "edge.toml"
    write_settings(config, settings)
    releases = Releases(tmp_path / "opt")
    manager = TestManager(tmp_path, releases.program, config)

    def epoch():
        with closing(Journal(tmp_path / "journal.sqlite3")) as journal:
            return journal.epoch, journal.load("m1").account.seq

    yield releases, manager, epoch
    manager.stop()
    manager.socket.close()


def test_an_update_and_the_way_back_keep_the_journal(gateway, tmp_path):
    releases, manager, journal = gateway
    one, two = (release(tmp_path, name, AGENT) for name in ("one", "two"))
    switch(releases, one, manager)
    assert releases.linked(CURRENT) == one and releases.linked(PREVIOUS) is None
    switch(releases, two, manager)
    assert releases.linked(CURRENT) == two and releases.linked(PREVIOUS) == one
    assert roll_back(releases, manager) == one
    assert releases.linked(CURRENT) == one and releases.linked(PREVIOUS) == two
    manager.stop()
    epoch, seq = journal()
    # Each start has continued the same journal, and this look is the fourth.
    assert epoch == 4 and seq > 0


def test_a_release_whose_agent_does_not_get_ready_is_left_again(gateway, tmp_path):
    releases, manager, _ = gateway
    good, bad = release(tmp_path, "good", AGENT), release(tmp_path, "bad", "sys.exit(2)")
    switch(releases, good, manager)
    with pytest.raises(ReleaseError, match=rf"{bad}: the agent ended .* {good} is in use again, and runs"):
        switch(releases, bad, manager)
    assert releases.linked(CURRENT) == good
    assert manager.process.poll() is None
    with pytest.raises(ReleaseError, match="no release to go back to"):
        roll_back(releases, manager)


def test_a_release_that_is_older_than_the_journal_refuses_it_and_the_newer_goes_on(gateway, tmp_path):
    releases, manager, journal = gateway
    old, new = release(tmp_path, "old", OLD_AGENT), release(tmp_path, "new", AGENT)
    switch(releases, new, manager)
    said = []
    restart, manager.restart = manager.restart, lambda: (restart(), said.append(manager.said))[0]
    with pytest.raises(ReleaseError, match=rf"{new} is in use again, and runs"):
        switch(releases, old, manager)
    assert "the journal's format is 2, this software knows 1: update the software" in said[0]
    manager.stop()
    assert journal()[0] == 3, "the old agent has not counted as a start"


def test_what_is_no_release_is_refused_before_anything_changes(tmp_path):
    releases = Releases(tmp_path / "opt")
    with pytest.raises(ReleaseError, match="no bin/prewatt that can be run"):
        switch(releases, tmp_path, None)
    assert not releases.folder.exists()
    switch(releases, release(tmp_path, "one", ""), None)
    (releases.folder / CURRENT).unlink()
    release(releases.folder, CURRENT, "")
    with pytest.raises(ReleaseError, match="is no symbolic link"):
        switch(releases, tmp_path / "one", None)


def test_if_the_power_fails_during_an_update_the_way_back_is_known(tmp_path):
    releases = Releases(tmp_path / "opt")
    one, two = (release(tmp_path, name, "") for name in ("one", "two"))
    switch(releases, one, None)

    class PowerFails:
        def restart(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        switch(releases, two, PowerFails())
    assert roll_back(releases, None) == one and releases.linked(CURRENT) == one


def test_an_agent_tells_that_it_is_ready_that_it_lives_and_that_it_ends(gateway, tmp_path):
    releases, manager, _ = gateway
    manager.environment["WATCHDOG_USEC"] = "400000"
    switch(releases, release(tmp_path, "one", AGENT), manager)
    manager.socket.settimeout(20)
    assert manager.hear()[0] == "WATCHDOG=1"
    assert manager.stop() == ["STOPPING=1"]

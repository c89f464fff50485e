"""A disk without room: what was promised is kept on the reserve, then nothing is taken, nothing is lost, and the agent goes
on by itself. On a real small file system, where this can be mounted.
"""

import os
import subprocess
import threading

import pytest

from prewatt.edge.agent_thread import AgentThread
from prewatt.edge.journal import Journal
from prewatt.edge.journal_file import JournalFull
from prewatt.edge.reserve import Reserve
from prewatt.kernel.account import Account
from prewatt.kernel.entries import CreditByCode, Event, genesis
from tests.edge.running import journal
from tests.edge.test_journal import records
from tests.edge.test_page import Browser, code, opened, served

MIB = 1024 * 1024


@pytest.fixture
def disk(tmp_path):
    """A file system of 24 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder):
    """Take all the room there is."""
    with (folder / "filler").open("ab", buffering=0) as file:
        for size in (MIB, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue


def room(folder):
    (folder / "filler").unlink()


def append(made, count):
    journal, account, head = made
    batch, head = records(account, head, count)
    journal.commit([("m", record) for record in batch], {"m": account})
    return journal, account, head


def test_the_reserve_is_given_up_when_a_write_finds_no_room_and_held_again_when_there_is(disk):
    reserve = Reserve(disk / "j.reserve", 4 * MIB)
    assert reserve.hold() and reserve.held()
    made = append((Journal(disk / "j", reserve), Account(), genesis("m")), 10)
    fill(disk)
    while reserve.held():
        made = append(made, 200)
    assert not reserve.hold(), "it is not held at the cost of the journal"
    before = made[1].seq
    with pytest.raises(JournalFull, match="can't be written"):
        while True:
            made = append(made, 500)
    assert made[0].full
    made[0].close()
    again = Journal(disk / "j", reserve)
    loaded = again.load("m")
    assert before < loaded.account.seq
    assert again.full, "it opens for reading, on the full disk"
    with pytest.raises(JournalFull):
        again.begin()
    epoch = again.epoch
    room(disk)
    again.begin()
    assert (again.full, again.epoch) == (False, epoch + 1)
    append((again, loaded.account, loaded.head), 3)
    assert reserve.hold()
    again.close()


def test_there_is_no_reserve_on_a_disk_that_has_no_room_for_it_twice(disk):
    fill(disk)
    os.truncate(disk / "filler", (disk / "filler").stat().st_size - 6 * MIB)
    reserve = Reserve(disk / "r", 4 * MIB)
    assert not reserve.hold() and not reserve.held() and not reserve.give_up()
    os.truncate(disk / "filler", (disk / "filler").stat().st_size - 3 * MIB)
    assert reserve.hold() and reserve.held()
    assert reserve.give_up() and not reserve.held()


def until(look):
    """Wait until something is so."""
    for _ in range(600):
        if found := look():
            return found
        threading.Event().wait(0.05)
    raise AssertionError("it does not come to it")


def note(shell):
    """Something is journalled."""
    AgentThread(shell.inbox).ask(lambda: shell._do(shell.agent.note(shell.moment(), "clock-set")))


def events(shell, kind):
    return [each for each in journal(shell) if isinstance(each, Event) and each.code == kind]


def test_on_a_full_disk_codes_are_taken_on_the_reserve_then_the_page_says_so_and_the_agent_goes_on_by_itself(
    disk, monkeypatch
):
    monkeypatch.setattr("prewatt.edge.shell.ROOM_EVERY", 0.2)
    with served(disk) as (shell, address, _):
        browser = Browser(address)
        browser.login()
        until(shell._reserve.held)
        fill(disk)
        while shell._reserve.held():
            note(shell)
        assert "Credited: 20.00 EUR" in browser.post("/code", token=browser.token, code=code(shell))
        until(lambda: events(shell, "disk-full"))
        fill(disk)
        mine = code(shell, 60)
        with pytest.raises(JournalFull):
            while True:
                note(shell)
        epoch, before = shell.journal.epoch, len(journal(shell))
        said = Browser(address).post("/code", meter="m1", code=mine)
        assert "accept codes or switch now" in said and "Keep your code" in said and "Credited" not in said
        page = browser.get()
        assert "accept codes or switch now" in page and "20.00 <small>EUR" in page, (
            "what is shown is what is journalled"
        )
        assert "accept codes or switch now" in browser.post("/emergency", token=browser.token)
        assert len(journal(shell)) == before and shell.agent.meters["m1"].account.seq == before
        room(disk)
        until(lambda: not shell.journal.full)
        assert "Credited: 20.00 EUR" in browser.post("/code", token=browser.token, code=mine)
        assert "accept codes or switch now" not in browser.get()
        assert shell.journal.epoch == epoch + 1, "what it sends from now on is new to the server"
        assert len([each for each in journal(shell) if isinstance(each, CreditByCode)]) == 2
        until(shell._reserve.held)
        until(lambda: events(shell, "disk-room"))
        assert len(events(shell, "disk-full")) == len(events(shell, "disk-room")) == 1


def test_a_start_on_a_full_disk_serves_the_page_and_goes_on_by_itself(disk, monkeypatch):
    monkeypatch.setattr("prewatt.edge.shell.ROOM_EVERY", 0.2)
    with served(disk) as (shell, address, _):
        assert "Credited" in Browser(address).post("/code", meter="m1", code=code(shell))
        mine = code(shell, 60)
    (disk / "journal.sqlite3.reserve").unlink()
    fill(disk)
    with opened(disk) as (shell, address):
        assert shell.journal.full
        said = Browser(address).post("/code", meter="m1", code=mine)
        assert "accept codes or switch now" in said and "Credited" not in said
        assert "20.00 <small>EUR" in Browser(address).login()
        room(disk)
        until(lambda: not shell.journal.full)
        assert "Credited" in Browser(address).post("/code", meter="m1", code=mine)
        assert events(shell, "power-up")


def test_a_code_that_was_being_taken_when_the_disk_became_full_is_taken_later(tmp_path, monkeypatch):
    """Without a small file system: the journal's file can't grow."""
    monkeypatch.setattr("prewatt.edge.shell.ROOM_EVERY", 0.2)
    with served(tmp_path) as (shell, address, _):
        until(shell._reserve.held)
        mine, refused = code(shell), threading.Event()
        transact = shell.journal._transact

        def full(work):
            if refused.is_set():
                transact(work)
                return
            shell.journal.full = True
            raise JournalFull("no room")

        shell.journal._transact = full
        said = Browser(address).post("/code", meter="m1", code=mine)
        assert "disk is full, so nothing was done. Keep your code. It is not lost." in said
        assert "accept codes or switch now" in Browser(address).get()
        refused.set()
        until(lambda: not shell.journal.full)
        assert "Credited: 20.00 EUR" in Browser(address).post("/code", meter="m1", code=mine)

"""Copies of both sides: made while others write, put back whole or not at all, and refused if they are not what was written."""

import io
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tarfile
import threading
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from prewatt import folder
from prewatt.backups import archive, gateway, server
from prewatt.backups.archive import BackupError
from prewatt.edge.copies import CopyError, copy_by_agent, serve_copies
from prewatt.edge.drivers.recorded import RecordedSettings
from prewatt.edge.journal import Journal
from prewatt.edge.process import run
from prewatt.edge.settings import load_settings, write_settings
from prewatt.kernel.account import Account
from prewatt.kernel.entries import GrantCredit, Record, chain, encode_entry, genesis
from prewatt.kernel.units import MINUTE
from prewatt.server.core.config import load_config
from prewatt.server.core.home_folder import copy_note
from prewatt.server.core.time import now
from prewatt.tokens import BaseDate, instant_of
from prewatt.wire.signing import SigningKey
from tests.edge.running import agent, obey
from tests.edge.test_shell import made_settings
from tests.migrated import put_database

STEPS = {"open", "os.rename", "os.mkdir", "os.rmdir", "os.remove", "os.chmod", "os.chown", "sqlite3.connect"}
"""What Python itself tells of what is done to files."""


def in_a_process(work, killed_at=0):
    """Do something in a process of its own, killed before its n-th step; whether it came to its end."""
    child = os.fork()
    if not child:
        count = 0

        def watch(event, _given):
            nonlocal count
            if event in STEPS:
                count += 1
                if count == killed_at:
                    os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.addaudithook(watch)
            work()
            os._exit(0)
        except BaseException as error:
            os.write(2, f"{error!r}\n".encode())
        os._exit(1)
    status = os.waitpid(child, 0)[1]
    assert status in (0, signal.SIGKILL), status
    return status == 0


def files(where, *but):
    """What lies in a folder, by name, but for folders and the file names in `but`."""
    return {path.name: path.read_bytes() for path in where.iterdir() if path.is_file() and path.name not in but}


def journal_with(path, count, name="m1"):
    """A journal of `count` events."""
    journal = Journal(path)
    account, head = Account(), genesis(name)
    records = []
    for number in range(count):
        entry = account.event(1_700_000_000_000_000 + number, "power-up", "x" * 200)
        account.apply(entry)
        body = encode_entry(entry)
        head = chain(head, body)
        records.append((name, Record(entry.seq, body, head)))
    journal.commit(records, {name: account})
    return journal, account, head


def stored(path, name="m1"):
    """The journal's last entry, after all of it was checked as the agent does."""
    with closing(Journal(path)) as journal:
        return journal.load(name).account.seq


@pytest.fixture
def gateway_folder(tmp_path):
    """A gateway whose agent was killed: part of its journal lies beside it."""
    where, live = tmp_path / "gateway", tmp_path / "live"
    where.mkdir()
    live.mkdir()
    write_settings(where / "edge.toml", made_settings(where))
    (where / "setup.json").write_text('{"listed_at":1}')
    journal, _, _ = journal_with(live / "journal.sqlite3", 5)
    for name in ("journal.sqlite3", "journal.sqlite3-wal"):
        shutil.copyfile(live / name, where / name)
    journal.close()
    return where


@pytest.fixture(scope="module")
def home_once(tmp_path_factory):
    where = tmp_path_factory.mktemp("server")
    put_database(where / "home" / "prewatt.sqlite3")
    flats = where / "flats.csv"
    flats.write_text("unit,meter,tenant\nFlat 1,m1,Anna\n")
    given = ["--organisation", "O", "--name", "P", "--zone", "Europe/Berlin", "--currency", "EUR", "--price", "0.3"]
    environment = {**os.environ, "PREWATT_HOME": str(where / "home")}
    environment.pop("PREWATT_DATABASE", None)
    command = [sys.executable, "-m", "prewatt", "setup", "--apartments", str(flats), *given]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return where / "home"


@pytest.fixture
def home(home_once, tmp_path):
    """A server that is set up."""
    return Path(shutil.copytree(home_once, tmp_path / "home"))


@dataclass
class Side:
    """One side, so that both can be tried alike."""

    where: Path
    back_up: object
    put_back: object
    change: object
    database: str


def change_journal(where):
    journal, _, _ = journal_with(where / "journal.sqlite3", 1, "m2")
    journal.close()
    (where / "gateway.key").write_text("another\n")
    (where / "setup.json").write_text("{}")


def change_home(where):
    with closing(sqlite3.connect(where / "prewatt.sqlite3")) as database:
        database.execute("UPDATE estate_unit SET name='another'")
        database.commit()
    (where / "secret").write_text("another\n")


@pytest.fixture(params=["server", "gateway"])
def side(request):
    if request.param == "server":
        where = request.getfixturevalue("home")
        config = load_config({"PREWATT_HOME": str(where)})
        return Side(
            where,
            lambda target: server.back_up(config, {}, target),
            lambda source: server.put_back(config, source),
            change_home,
            "prewatt.sqlite3",
        )
    where = request.getfixturevalue("gateway_folder")
    return Side(
        where,
        lambda target: gateway.back_up(where / "edge.toml", target),
        lambda source: gateway.put_back(source, where),
        change_journal,
        "journal.sqlite3",
    )


# -- made --------------------------------------------------------------------------------------------------------------------


def test_a_copy_says_what_it_is_and_only_its_owner_reads_it(side, tmp_path):
    target = tmp_path / "copy.tar"
    made = side.back_up(target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert archive.read_manifest(target) == made
    assert side.database in made.files and made.formats and made.version and made.folder == str(side.where)
    with tarfile.open(target) as tar:
        assert tar.getnames() == ["manifest.json", *made.files, "manifest.json.sha256"]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_backup_killed_at_any_step_leaves_the_earlier_copy_or_the_new_one(side, tmp_path):
    target = tmp_path / "copy.tar"
    side.back_up(target)
    earlier = target.read_bytes()
    side.change(side.where)
    number = 1
    while not in_a_process(lambda: side.back_up(target), number):
        archive.check(target, archive.read_manifest(target).side)
        number += 1
    assert number > 15
    assert target.read_bytes() != earlier
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".copy")] == []


def test_what_is_no_backup_is_not_overwritten(side, tmp_path):
    other = tmp_path / "letter.txt"
    other.write_text("Dear")
    with pytest.raises(BackupError, match="exists and is not a backup"):
        side.back_up(other)
    assert other.read_text() == "Dear"
    for nowhere in (tmp_path, tmp_path / "missing" / "copy.tar"):
        with pytest.raises(BackupError, match=r"this is a folder|the folder of this file does not exist"):
            side.back_up(nowhere)


def test_no_copy_is_made_of_a_damaged_database(side, tmp_path):
    path = side.where / side.database
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw = bytearray(path.read_bytes())
    raw[4096:] = bytes(byte ^ 0x55 for byte in raw[4096:])
    path.write_bytes(raw)
    with pytest.raises(BackupError, match=side.database):
        side.back_up(tmp_path / "copy.tar")
    assert not (tmp_path / "copy.tar").exists()


def test_where_no_server_has_run_no_copy_is_made_and_nothing_else(tmp_path):
    config = load_config({"PREWATT_HOME": str(tmp_path / "nowhere")})
    with pytest.raises(BackupError, match=r"Check PREWATT_HOME"):
        server.back_up(config, {}, tmp_path / "copy.tar")
    assert list(tmp_path.iterdir()) == []


def test_the_server_is_copied_whole_while_others_write(home, tmp_path):
    """What is always written together is together in each copy, and what was committed before is in it."""
    config = load_config({"PREWATT_HOME": str(home)})
    path = home / "prewatt.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE pair (a INTEGER, b INTEGER, pad BLOB)")
        database.executemany("INSERT INTO pair VALUES (0, 0, zeroblob(3000))", [()] * 500)
        database.commit()
    enough, begun, written = threading.Event(), threading.Event(), 0

    def write():
        nonlocal written
        with closing(sqlite3.connect(path, timeout=30)) as database:
            while not enough.is_set():
                database.execute("UPDATE pair SET a=?", (written + 1,))
                database.execute("UPDATE pair SET b=?", (written + 1,))
                database.commit()
                written += 1
                begun.set()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        begun.wait()
        for number in range(3):
            target, before = tmp_path / f"{number}.tar", written
            made = server.back_up(config, {}, target)
            into = tmp_path / str(number)
            into.mkdir()
            archive.extract(target, made, into)
            with closing(sqlite3.connect(into / "prewatt.sqlite3")) as database:
                ((a, b),) = database.execute("SELECT DISTINCT a, b FROM pair")
                assert a == b >= before
    finally:
        enough.set()
        thread.join()
    assert written > 3
    # `prewatt doctor` says which copy was the last.
    assert copy_note(config).read_text() == f"{tmp_path / '2.tar'}\n"


def test_the_settings_of_the_server_are_kept_without_what_is_secret_or_of_the_machine(home, tmp_path):
    environment = {
        "PREWATT_HOME": "x",
        "PREWATT_DATABASE": "postgresql://u:secret@h/d",
        "PREWATT_HTTP": "h:1",
        "PATH": "y",
    }
    made = server.back_up(load_config({"PREWATT_HOME": str(home)}), environment, tmp_path / "copy.tar")
    assert made.settings == {"PREWATT_HTTP": "h:1"}
    assert b"u:secret" not in (tmp_path / "copy.tar").read_bytes()


# -- while the agent runs ------------------------------------------------------------------------------------------------------


def test_a_journal_is_copied_whole_while_entries_are_written(tmp_path):
    journal, account, head = journal_with(tmp_path / "journal.sqlite3", 8000)
    first = account.seq
    copying = threading.Thread(target=journal.copy, args=(tmp_path / "copy.sqlite3",))
    copying.start()
    while copying.is_alive():
        entry = account.event(account.at, "power-up", "y")
        account.apply(entry)
        body = encode_entry(entry)
        head = chain(head, body)
        journal.commit([("m1", Record(entry.seq, body, head))], {"m1": account})
    copying.join()
    journal.close()
    assert account.seq > first, "nothing was written meanwhile"
    # To the last entry that was on the flash when the copy ended, or one less.
    assert first < stored(tmp_path / "copy.sqlite3") <= account.seq


def test_a_journal_that_is_closed_ends_a_copy_and_lets_nobody_wait(tmp_path):
    journal, _, _ = journal_with(tmp_path / "journal.sqlite3", 8000)
    raised = []

    def copy():
        try:
            journal.copy(tmp_path / "copy.sqlite3")
        except sqlite3.OperationalError as error:
            raised.append(str(error))

    copying = threading.Thread(target=copy)
    copying.start()
    while not (tmp_path / "copy.sqlite3").exists():
        pass
    journal.close()
    copying.join()
    assert raised == ["the journal was closed"]


def test_a_running_agent_makes_the_copy_and_goes_on(tmp_path):
    deep = tmp_path / ("deep" * 30)
    deep.mkdir()
    target = tmp_path / "copy.tar"
    with agent(deep) as (shell, front):
        serve_copies(shell.journal, deep / "journal.sqlite3")
        write_settings(deep / "edge.toml", shell._settings)
        obey(shell, GrantCredit("before", 5_000_000_000))
        before = front.journal_head("m1")[0]
        made = gateway.back_up(deep / "edge.toml", target)
        obey(shell, GrantCredit("after", 1_000_000_000))
        assert front.view("m1").balance == 6_000_000_000
        assert not (deep / "journal.sqlite3.copy").exists()
    assert made.side == "gateway" and made.name == "g1"
    done = gateway.put_back(target, tmp_path / "other")
    assert done.meters["m1"].account.balance == 5_000_000_000
    assert done.meters["m1"].account.seq >= before


def test_an_agent_that_was_killed_is_not_waited_for(gateway_folder, tmp_path):
    def serve_and_die():
        serve_copies(Journal(gateway_folder / "journal.sqlite3"), gateway_folder / "journal.sqlite3")
        os.kill(os.getpid(), signal.SIGKILL)

    assert not in_a_process(serve_and_die)
    assert (gateway_folder / "journal.sqlite3.socket").is_socket()
    made = gateway.back_up(gateway_folder / "edge.toml", tmp_path / "copy.tar")
    assert made.formats == {"journal": "2"}


def test_an_agent_without_room_says_so_and_leaves_the_disk_alone(gateway_folder, monkeypatch):
    path = gateway_folder / "journal.sqlite3"
    with closing(Journal(path)) as journal:
        serve_copies(journal, path)
        monkeypatch.setattr("prewatt.edge.copies.RESERVE", 1 << 60)
        with pytest.raises(CopyError, match="the disk has room for"):
            copy_by_agent(path)
    assert not (gateway_folder / "journal.sqlite3.copy").exists()


def test_a_journal_that_another_has_open_and_does_not_copy_is_named(gateway_folder, tmp_path):
    with (
        closing(Journal(gateway_folder / "journal.sqlite3")),
        pytest.raises(BackupError, match=r"journal\.sqlite3: can't be copied .*locked"),
    ):
        gateway.back_up(gateway_folder / "edge.toml", tmp_path / "copy.tar")


# -- put back ------------------------------------------------------------------------------------------------------------------


def test_what_was_copied_is_there_again_and_what_was_there_is_kept(side, tmp_path):
    target = tmp_path / "copy.tar"
    made = side.back_up(target)
    side.change(side.where)
    changed = files(side.where)
    done = side.put_back(target)
    assert {
        name: len(content) for name, content in files(side.where).items() if name in made.files
    }.keys() == made.files.keys()
    assert {name: changed[name] for name in files(done.aside)} == files(done.aside)
    assert set(files(done.aside)) >= set(made.files)
    again = side.put_back(target)
    assert again.aside != done.aside and again.aside.is_dir() and done.aside.is_dir()
    assert not (side.where / folder.PART).exists() and not (side.where / folder.DECIDED).exists()
    for name in made.files:
        assert stat.S_IMODE((side.where / name).stat().st_mode) == 0o600


def test_a_server_that_was_put_back_makes_no_code_that_is_forgotten(home, tmp_path):
    config, target = load_config({"PREWATT_HOME": str(home)}), tmp_path / "copy.tar"
    server.back_up(config, {}, target)
    environment = {**os.environ, "PREWATT_HOME": str(home)}
    environment.pop("PREWATT_DATABASE", None)
    command = [sys.executable, "-m", "prewatt", "restore", str(target)]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    with closing(sqlite3.connect(home / "prewatt.sqlite3")) as database:
        ((last, base),) = database.execute(
            "SELECT last_tid, base FROM vending_tokenmeter JOIN vending_supplygroup g ON g.id = group_id"
        )
    assert instant_of(BaseDate(base), last) > now() + 58 * MINUTE


def test_a_restore_killed_at_any_step_leaves_the_old_state_or_the_new_one(side, tmp_path):
    target = tmp_path / "copy.tar"
    made = side.back_up(target)
    side.change(side.where)
    # The agent or the server was killed, too: a part of the database lies beside it.
    (side.where / f"{side.database}-wal").write_bytes(b"of the old one")
    whole = tmp_path / "whole"
    shutil.copytree(side.where, whole)
    old, seen, number = files(side.where), set(), 0
    while True:
        number += 1
        shutil.rmtree(side.where)
        shutil.copytree(whole, side.where)
        ended = in_a_process(lambda: side.put_back(target), number)
        # Whoever uses the folder next, as server and agent do at their start.
        in_a_process(lambda: folder.use(side.where))
        found = files(side.where)
        asides = list(side.where.glob("before-restore-*"))
        if found == old:
            assert asides == [] and not ended
            seen.add("old")
        else:
            for name in set(made.files) - {side.database}:
                assert found[name] != old[name] or name in ("edge.toml", "server.key", "vending.key")
            assert f"{side.database}-wal" not in found
            assert files(asides[0]) == {name: old[name] for name in (*made.files, f"{side.database}-wal")}
            side.put_back(target)
            seen.add("new")
        assert not (side.where / folder.DECIDED).exists()
        if ended:
            break
    assert seen == {"old", "new"}
    assert number > 30


def test_a_copy_that_is_cut_or_altered_anywhere_is_refused_and_changes_nothing(side, tmp_path):
    target, bad = tmp_path / "copy.tar", tmp_path / "bad.tar"
    side.back_up(target)
    side.change(side.where)
    before = files(side.where)
    whole = target.read_bytes()
    with tarfile.open(target) as tar:
        # The header of each file, and its content, at its first and its last byte.
        places = [
            place
            for member in tar.getmembers()
            for place in (member.offset, member.offset_data, member.offset_data + member.size - 1)
        ]
        # What the manifest's checksum is followed by are two names, for `sha256sum -c`.
        places.pop()
        end = tar.getmembers()[-1].offset_data
    for place in places:
        altered = bytearray(whole)
        altered[place] ^= 0x10
        bad.write_bytes(altered)
        with pytest.raises(BackupError, match="Nothing was changed"):
            side.put_back(bad)
    for length in (0, 100, 512, *(place for place in places if place < end)):
        bad.write_bytes(whole[:length])
        with pytest.raises(BackupError, match="Nothing was changed"):
            side.put_back(bad)
    assert files(side.where) == before
    assert list(side.where.glob(".restore*")) == list(side.where.glob("before*")) == []
    with pytest.raises(BackupError, match="No such file"):
        side.put_back(tmp_path / "missing.tar")


def repacked(source, target, **changes):
    """A copy with another manifest, rightly summed."""
    found = archive.read_manifest(source)
    work = target.parent / f"{target.name}.work"
    work.mkdir()
    archive.extract(source, found, work)
    archive.pack(work, target, msgspec.structs.replace(found, **changes))


def test_a_copy_of_the_other_side_is_refused_with_the_command_that_fits(home, gateway_folder, tmp_path):
    config = load_config({"PREWATT_HOME": str(home)})
    server.back_up(config, {}, tmp_path / "server.tar")
    gateway.back_up(gateway_folder / "edge.toml", tmp_path / "gateway.tar")
    with pytest.raises(BackupError, match=r"a copy of a gateway. Put it back with `prewatt edge restore`"):
        server.put_back(config, tmp_path / "gateway.tar")
    with pytest.raises(BackupError, match=r"a copy of a server. Put it back with `prewatt restore`"):
        gateway.put_back(tmp_path / "server.tar", gateway_folder)


def test_a_copy_by_a_newer_prewatt_is_refused_with_its_version(side, tmp_path):
    side.back_up(tmp_path / "copy.tar")
    repacked(tmp_path / "copy.tar", tmp_path / "newer.tar", format=2, version="9.1")
    with pytest.raises(BackupError, match=r"prewatt 9\.1 made this copy"):
        side.put_back(tmp_path / "newer.tar")


def test_a_database_that_a_newer_prewatt_has_changed_is_refused(home, tmp_path):
    config = load_config({"PREWATT_HOME": str(home)})
    with closing(sqlite3.connect(home / "prewatt.sqlite3")) as database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('vending', '0999_later', '2030-01-01')"
        )
        database.commit()
    server.back_up(config, {}, tmp_path / "copy.tar")
    before = files(home)
    with pytest.raises(BackupError, match=r"does not know \(vending 0999_later\)"):
        server.put_back(config, tmp_path / "copy.tar")
    assert files(home) == before


def test_a_journal_of_another_format_is_refused(gateway_folder, tmp_path):
    with closing(sqlite3.connect(gateway_folder / "journal.sqlite3")) as database:
        database.execute("UPDATE meta SET value='999' WHERE name='format'")
        database.commit()
    gateway.back_up(gateway_folder / "edge.toml", tmp_path / "copy.tar")
    before = files(gateway_folder)
    with pytest.raises(BackupError, match="999"):
        gateway.put_back(tmp_path / "copy.tar", gateway_folder)
    assert files(gateway_folder) == before


def test_a_server_or_agent_that_runs_is_not_overwritten(side, tmp_path):
    target = tmp_path / "copy.tar"
    side.back_up(target)
    going, told = os.pipe()
    child = os.fork()
    if not child:
        folder.use(side.where)
        os.write(told, b"x")
        signal.pause()
    try:
        os.read(going, 1)
        before = files(side.where)
        with pytest.raises(folder.BusyError, match="is in use"):
            side.put_back(target)
        assert files(side.where) == before
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    side.put_back(target)


def test_on_another_machine_the_gateways_paths_point_into_the_new_folder(gateway_folder, tmp_path):
    inside = made_settings(
        gateway_folder,
        drivers={"recorded": RecordedSettings(Path("/data/load.csv"), "UTC", gateway_folder / "meters")},
        page="127.0.0.1:9",
    )
    write_settings(gateway_folder / "edge.toml", inside)
    gateway.back_up(gateway_folder / "edge.toml", tmp_path / "copy.tar")
    shutil.rmtree(gateway_folder)
    new = tmp_path / "new machine"
    done = gateway.put_back(tmp_path / "copy.tar", new)
    found = load_settings(new / "edge.toml")
    assert found == done.settings
    assert (found.key, found.journal) == (str(new / "gateway.key"), str(new / "journal.sqlite3"))
    assert found.drivers == {"recorded": RecordedSettings(Path("/data/load.csv"), "UTC", new / "meters")}
    assert msgspec.structs.replace(found, key=inside.key, journal=inside.journal, drivers=inside.drivers) == inside
    assert stat.S_IMODE((new / "edge.toml").stat().st_mode) == 0o600
    assert SigningKey.load(Path(found.key)).public()
    assert stored(new / "journal.sqlite3") == 5
    said = "\n".join(gateway.after_restore(done, new))
    assert "m1: entry 5" in said
    assert "/data/load.csv is missing. Meters of the kind recorded need it" in said


def test_in_its_own_folder_a_gateways_settings_are_put_back_to_the_byte(gateway_folder, tmp_path):
    path = gateway_folder / "edge.toml"
    path.write_text(f"# By hand.\n{path.read_text()}")
    text = path.read_text()
    gateway.back_up(path, tmp_path / "copy.tar")
    path.write_text("lost")
    gateway.put_back(tmp_path / "copy.tar", gateway_folder)
    assert path.read_text() == text


def test_what_was_found_at_the_meters_is_put_back_and_a_gateway_without_it_is_copied(gateway_folder, tmp_path):
    copied = gateway.back_up(gateway_folder / "edge.toml", tmp_path / "copy.tar")
    (gateway_folder / "setup.json").unlink()
    assert gateway.put_back(tmp_path / "copy.tar", gateway_folder).copy == copied
    assert (gateway_folder / "setup.json").read_text() == '{"listed_at":1}'
    (gateway_folder / "setup.json").unlink()
    assert "setup.json" not in gateway.back_up(gateway_folder / "edge.toml", tmp_path / "copy.tar").files
    gateway.put_back(tmp_path / "copy.tar", gateway_folder)
    assert not (gateway_folder / "setup.json").exists()


def test_an_agent_first_ends_what_a_restore_has_left(gateway_folder, tmp_path, capsys):
    """Killed between the old files' leaving and the new ones' coming: there are no settings at all."""
    gateway.back_up(gateway_folder / "edge.toml", tmp_path / "copy.tar")
    decided = gateway_folder / folder.DECIDED
    decided.mkdir()
    (gateway_folder / "edge.toml").rename(decided / "edge.toml")
    (decided / "edge.toml").write_text("gateway = 7")
    assert run(gateway_folder / "edge.toml") == 2
    assert "Expected `str`, got `int`" in capsys.readouterr().err
    assert not decided.exists()


def test_a_tar_that_leads_out_of_the_folder_is_refused(gateway_folder, tmp_path):
    gateway.back_up(gateway_folder / "edge.toml", tmp_path / "copy.tar")
    with tarfile.open(tmp_path / "copy.tar") as tar, tarfile.open(tmp_path / "evil.tar", "w") as evil:
        for member in tar.getmembers():
            evil.addfile(member, tar.extractfile(member))
        member = tarfile.TarInfo("../gateway.key")
        member.size = 3
        evil.addfile(member, io.BytesIO(b"key"))
    with pytest.raises(BackupError, match="its list of files is not what it contains"):
        gateway.put_back(tmp_path / "evil.tar", gateway_folder)


@pytest.mark.parametrize("to", ["/etc/passwd", "edge.toml"])
def test_a_link_in_a_tar_is_refused_and_not_followed(gateway_folder, tmp_path, to):
    gateway.back_up(gateway_folder / "edge.toml", tmp_path / "copy.tar")
    with tarfile.open(tmp_path / "copy.tar") as tar, tarfile.open(tmp_path / "evil.tar", "w") as evil:
        for member in tar.getmembers():
            content = tar.extractfile(member)
            if member.name == "edge.toml":
                member.type, member.linkname, member.size = tarfile.SYMTYPE, to, 0
            evil.addfile(member, None if member.issym() else content)
    with pytest.raises(BackupError, match="something in it is no file"):
        gateway.put_back(tmp_path / "evil.tar", gateway_folder)

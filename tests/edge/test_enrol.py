"""Enrolment: what lies in the folder before, what lies there after, and when the code is spent. The server's side is in
tests/server/test_enrolment.py.
"""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest
from typer.testing import CliRunner

from prewatt.cli import edge
from prewatt.edge.driver_settings import read_options
from prewatt.edge.enrol import EnrolError, enrol
from prewatt.edge.journal import Journal
from prewatt.edge.settings import load_settings
from prewatt.kernel.account import Account
from prewatt.kernel.entries import genesis
from prewatt.wire.enrolling import EnrolCall, code_secret
from prewatt.wire.signing import SigningKey
from tests.edge.test_journal import fill, records, sql

SERVER = SigningKey.generate().public().hex()


class Server:
    """Spends a code, and hands over what it knows of the meters."""

    def __init__(self):
        self.states, self.keys, self.lost = {"m1": None, "m2": None}, [], False
        self.refusal, self.code = b"", "code"

    def answer(self, body):
        call = msgspec.json.decode(body, type=EnrolCall)
        assert b"code" not in body.replace(b"code_id", b"") and call.proven(code_secret("code"))
        self.keys.append(call.public_key)
        meters = [{"name": name, "driver": "recorded", "state": state} for name, state in self.states.items()]
        told = {"gateway": "g1", "server_key": SERVER, "broker_port": 1883, "broker_password": "p", "meters": meters}
        return b"" if self.lost else call.answered(code_secret(self.code), json.dumps(told).encode())

    def knows(self, meter, account, head):
        self.states[meter] = {"seq": account.seq, "head": head.hex(), "account": account.dump().hex()}


@pytest.fixture
def server():
    made = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = made.answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(400 if made.refusal else 200)
            self.end_headers()
            self.wfile.write(made.refusal or body)

        def log_message(self, *_):
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    made.address = f"http://127.0.0.1:{http.server_port}"
    yield made
    http.shutdown()
    http.server_close()
    thread.join()


@contextmanager
def journal(folder):
    opened = Journal(folder / "journal.sqlite3")
    yield opened
    opened.close()


def key_of(folder):
    return SigningKey.load(folder / "gateway.key").public().hex()


def test_each_enrolment_makes_another_key_and_a_healthy_journal_goes_on(tmp_path, server):
    enrol(server.address, "code", tmp_path)
    first = key_of(tmp_path)
    assert [first] == server.keys and load_settings(tmp_path / "edge.toml").gateway == "g1"
    _, made = fill(tmp_path / "journal.sqlite3", "m1", 9)
    known, head = Account(), genesis("m1")
    _, head = records(known, head, 4)
    server.knows("m1", known, head)
    with pytest.raises(EnrolError, match=r"exists already: this gateway is enrolled. .* move that file away first"):
        enrol(server.address, "code", tmp_path)
    assert len(server.keys) == 1, "the code is not spent"
    (tmp_path / "edge.toml").unlink()
    enrol(server.address, "code", tmp_path)
    assert key_of(tmp_path) == server.keys[1] != first
    with journal(tmp_path) as mine:
        assert mine.load("m1").head == made[-1].hash, "what the server does not know yet is still here"
        assert mine.adopted() == set()
    assert not (tmp_path / "gateway.key.new").exists()


@pytest.mark.parametrize("body", [b'{"error": "no such code"}', b'{"detail": "no such code"}', b"no such code"])
def test_a_refusal_is_said_in_the_servers_words(tmp_path, server, body):
    server.refusal = body
    with pytest.raises(EnrolError) as refused:
        enrol(server.address, "code", tmp_path)
    assert str(refused.value) == f"{server.address} refused: no such code"


def test_an_answer_of_somebody_who_does_not_know_the_code_is_not_believed(tmp_path, server):
    server.code = "another"
    with pytest.raises(EnrolError, match="not from the server that has made this code"):
        enrol(server.address, "code", tmp_path)
    assert not (tmp_path / "edge.toml").exists()


def test_a_code_is_read_as_people_type_it(tmp_path, server):
    enrol(server.address, " CODE\n", tmp_path)
    assert (tmp_path / "edge.toml").exists()


@pytest.mark.parametrize("text", ["", 'gateway = "g1"\nkey = "/ga'])
def test_an_empty_or_torn_settings_file_is_no_enrolled_gateways(tmp_path, server, text, caplog):
    (tmp_path / "edge.toml").write_text(text)
    enrol(server.address, "code", tmp_path)
    assert load_settings(tmp_path / "edge.toml").gateway == "g1"
    assert (tmp_path / "edge.toml.old-1").read_text() == text
    assert "It is no enrolled gateway's: moved to edge.toml.old-1, and enrolled anew" in caplog.text


def test_the_key_is_on_the_disk_before_the_code_is_spent_and_the_old_one_until_the_new_one_holds(tmp_path, server):
    enrol(server.address, "code", tmp_path)
    (tmp_path / "edge.toml").unlink()
    old, server.lost = key_of(tmp_path), True
    with pytest.raises(EnrolError):
        enrol(server.address, "code", tmp_path)
    assert key_of(tmp_path) == old
    assert SigningKey.load(tmp_path / "gateway.key.new").public().hex() == server.keys[1]
    assert not (tmp_path / "edge.toml").exists()
    server.lost = False
    enrol(server.address, "code", tmp_path)
    assert key_of(tmp_path) == server.keys[2] not in server.keys[:2]


def state(server, meter, count):
    """The server knows so many entries of a meter, which are others than this gateway's."""
    account = Account()
    account.apply(account.event(1, "power-up"))
    _, head = records(account, genesis(meter), count)
    server.knows(meter, account, head)
    return account, head


@pytest.mark.parametrize("what", ["damaged", "forked", "behind"])
def test_a_meter_whose_journal_is_no_good_goes_on_from_what_the_server_knows_and_the_others_stay(
    tmp_path, server, what
):
    path = tmp_path / "journal.sqlite3"
    fill(path, "m1", 7)
    other, _ = fill(path, "m2", 5)
    account, head = state(server, "m1", {"damaged": 3, "forked": 5, "behind": 30}[what])
    if what == "damaged":
        sql(path, "UPDATE entry SET body=x'00' WHERE seq=2 AND meter='m1'")
    enrol(server.address, "code", tmp_path)
    with journal(tmp_path) as mine:
        loaded = mine.load("m1")
        assert (loaded.account.dump(), loaded.head) == (account.dump(), head)
        assert mine.adopted() == {"m1"}
        assert mine.load("m2").account.dump() == other.dump()


def test_a_hole_in_what_the_server_does_not_know_yet_is_no_journal_to_go_on_with(tmp_path, server, monkeypatch):
    monkeypatch.setattr("prewatt.edge.journal.SNAPSHOT_EVERY", 10)
    path = tmp_path / "journal.sqlite3"
    fill(path, "m1", 25)
    known = Account()
    _, head = records(known, genesis("m1"), 3)
    server.knows("m1", known, head)
    sql(path, "UPDATE entry SET body=x'00' WHERE seq=6 AND meter='m1'")
    enrol(server.address, "code", tmp_path)
    with journal(tmp_path) as mine:
        assert mine.load("m1").account.seq == 3


def test_a_damaged_meter_that_the_server_never_heard_of_begins_anew(tmp_path, server):
    fill(tmp_path / "journal.sqlite3", "m1", 7)
    sql(tmp_path / "journal.sqlite3", "UPDATE head SET seq=6")
    enrol(server.address, "code", tmp_path)
    with journal(tmp_path) as mine:
        assert mine.load("m1").account.seq == 0


def test_a_file_that_is_damaged_as_a_whole_is_moved_aside(tmp_path, server, caplog):
    (tmp_path / "journal.sqlite3").write_bytes(b"SQLite format 3\0 and then nothing that makes sense" * 99)
    account, _ = state(server, "m2", 8)
    enrol(server.address, "code", tmp_path)
    assert (tmp_path / "journal.sqlite3.old-1").exists()
    assert "moved to journal.sqlite3.old-1, and the meters go on from what the server knows" in caplog.text
    with journal(tmp_path) as mine:
        assert mine.load("m2").account.dump() == account.dump()


def test_a_newer_format_stops_enrolment_before_the_code_is_spent(tmp_path, server):
    Journal(tmp_path / "journal.sqlite3").close()
    sql(tmp_path / "journal.sqlite3", "UPDATE meta SET value='9' WHERE name='format'")
    with pytest.raises(EnrolError, match=r"update the software\. The code is still valid"):
        enrol(server.address, "code", tmp_path)
    assert server.keys == []


def test_a_file_that_is_not_there_stops_enrolment_before_the_code_is_spent(tmp_path, server):
    drivers = read_options([f"recorded.file={tmp_path / 'laod.csv'}"], tmp_path)
    with pytest.raises(EnrolError, match=r"no file or folder .*laod\.csv\. .* The code is still valid"):
        enrol(server.address, "code", tmp_path, drivers)
    assert server.keys == []


def test_who_enrols_without_telling_what_a_kind_of_meter_needs_is_told_so(tmp_path, server, caplog):
    enrol(server.address, "code", tmp_path)
    assert "2 meters are to be set up yet: prewatt edge scan finds those on buses" in caplog.text
    assert "drivers.recorded: Object missing required field `file`" in caplog.text
    assert load_settings(tmp_path / "edge.toml").drivers == {}


def test_after_enrolling_with_a_recording_nobody_is_sent_to_look_for_meters_on_buses(tmp_path, server):
    def said(*options):
        folder = tmp_path / str(len(options))
        result = CliRunner().invoke(edge.app, ["enrol", server.address, "code", "--folder", str(folder), *options])
        assert result.exit_code == 0, result.output
        return result.output

    assert "prewatt edge scan" in said()
    load = tmp_path / "load.csv"
    load.write_text("meter,timestamp,kwh\n")
    with_recording = said("--driver", f"recorded.file={load}")
    assert "Its meters come from --driver recorded" in with_recording and "edge scan" not in with_recording
    assert "To start it: prewatt edge run" in with_recording


@pytest.mark.parametrize("address", ["http://192.0.2.1:8000", "http://server.example", "http://127.0.0.1.example"])
def test_plain_http_is_for_this_machine_alone_unless_it_is_said_out_loud(tmp_path, address, monkeypatch, caplog):
    with pytest.raises(EnrolError, match=r"is not encrypted.*--insecure"):
        enrol(address, "code", tmp_path)
    assert not list(tmp_path.iterdir())

    def unreachable(*_arguments, **_named):
        raise OSError("asked")

    monkeypatch.setattr("urllib.request.urlopen", unreachable)
    with pytest.raises(EnrolError, match="asked"):
        enrol(address, "code", tmp_path, insecure=True)
    assert "is not encrypted" in caplog.text

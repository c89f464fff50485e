"""Converters that call: real connections, from a played line."""

import contextlib
import datetime
import re
import socket
import ssl
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from prewatt.edge.buses import bus, calls, strangers
from prewatt.edge.buses.bus import Bus, Timing
from prewatt.edge.buses.calls import CalledPort, Calls
from prewatt.edge.buses.ports import PortFailed
from prewatt.edge.buses.strangers import Strangers
from prewatt.edge.converters import BUILT_IN, converter_names, known_as, load_converter
from prewatt.edge.protocols.errors import ProtocolError
from prewatt.sim.meters.calling import Calling
from prewatt.sim.meters.line import Line
from tests.edge.buses.lines import asks

TEXT_LINE = load_converter("text-line")


class Meter:
    """Answers `?a;` with `a=VALUE;`."""

    def __init__(self, value):
        self.value = value

    def feed(self, received):
        return [b"a=%d;" % self.value] * received.count(b"?a;")


@pytest.fixture
def tower():
    port = CalledPort("tower-7", TEXT_LINE)
    taken = Calls(("127.0.0.1", 0), {"tower-7": port})
    yield port, taken
    taken.close()


def connected(port):
    deadline = time.monotonic() + 60
    while not port.is_connected:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def bus_of(port):
    return Bus(port, Timing(baud=9600, answer_s=10, turnaround_s=0.0))


def hung_up(caller):
    caller.settimeout(30)
    try:
        return caller.recv(10) == b""
    except ConnectionError:
        return True


def test_a_converter_that_calls_is_a_bus_and_its_heartbeats_are_not_the_meters(tower):
    port, taken = tower
    with pytest.raises(PortFailed, match="tower-7 has not called yet"):
        bus_of(port).run("m", asks("a"))
    line = Calling(Line([Meter(5)]), taken.address, b"prewatt tower-7\r\n", b"alive\r\n", heartbeat_s=0.01)
    connected(port)
    tower_bus = bus_of(port)
    for _ in range(20):
        assert tower_bus.run("m", asks("a")) == b"5"
    line.close()


def test_a_converter_that_calls_again_takes_the_place_of_its_old_connection(tower):
    port, taken = tower
    old = socket.create_connection(taken.address)
    old.sendall(b"prewatt tower-7\r\n")
    connected(port)
    line = Calling(Line([Meter(6)]), taken.address, b"prewatt tower-7\n")
    assert hung_up(old)
    assert bus_of(port).run("m", asks("a")) == b"6"
    line.close()
    deadline = time.monotonic() + 60
    with pytest.raises(PortFailed, match="hung up"):
        while time.monotonic() < deadline:
            port.read(0.1)


def test_a_registration_in_pieces_is_one_and_what_follows_it_is_the_meters(tower):
    port, taken = tower
    with socket.create_connection(taken.address) as caller:
        for piece in (b"prew", b"att tower-7", b"\nhello"):
            caller.sendall(piece)
            time.sleep(0.02)
        connected(port)
        assert port.read(30) == b"hello"


@pytest.mark.parametrize("first", [b"GET / HTTP/1.1\r\n" * 20, b"prewatt tower-8\n" * 17, b"\x00\xff" * 200])
def test_who_is_no_converter_of_ours_is_hung_up_on(tower, first):
    port, taken = tower
    with socket.create_connection(taken.address) as caller:
        caller.sendall(first)
        assert hung_up(caller)
    assert not port.is_connected


def test_who_says_nothing_is_hung_up_on_and_too_many_of_them_keep_nobody_out(tower, monkeypatch):
    monkeypatch.setattr(calls, "REGISTER_WITHIN", 0.3)
    monkeypatch.setattr(calls, "UNKNOWN_MOST", 3)
    port, taken = tower
    silent = [socket.create_connection(taken.address) for _ in range(6)]
    assert all(hung_up(each) for each in silent)
    with socket.create_connection(taken.address) as caller:
        caller.sendall(b"prewatt tower-7\n")
        connected(port)
    for each in silent:
        each.close()


def test_a_registration_that_names_nobody_is_nobodys(tmp_path):
    """One by a file of the user's own, in which the id may be missing: all others are taken all the same."""
    (tmp_path / "own.toml").write_text(
        """make = "x"\nnames = ["x"]\nsource = "x"\nregistration = "own(:(?P<id>[0-9]+))?;"\n"""
    )
    own = CalledPort("7", load_converter("own", [tmp_path]))
    assert own.registered(b"own;") is None and own.registered(b"own:7;rest") == b"rest"
    assert known_as(b"own;", [tmp_path]) == [] and known_as(b"own:8;", [tmp_path]) == [("own", "8")]


def test_silent_callers_that_hold_all_places_keep_no_converter_out(tower, monkeypatch):
    monkeypatch.setattr(calls, "UNKNOWN_MOST", 3)
    port, taken = tower
    silent = [socket.create_connection(taken.address) for _ in range(3)]
    with socket.create_connection(taken.address) as caller:
        caller.sendall(b"prewatt tower-7\n")
        connected(port)
    for each in silent:
        each.close()


def test_who_is_known_from_now_on_and_has_said_so_already_is_taken_at_once(tower):
    _port, taken = tower
    late = CalledPort("tower-8", TEXT_LINE)
    with socket.create_connection(taken.address) as caller:
        caller.sendall(b"prewatt tower-8\nhello")
        taken.add({"tower-8": late})
        connected(late)
        assert late.read(30) == b"hello"


def test_of_two_callers_with_one_id_the_last_one_is_the_bus_and_one_who_never_ends_speaking_holds_up_no_question(
    tower, monkeypatch
):
    """Who knows an id can take the converter's place (`docs/installer/calls.md`): the questions end all the same."""
    monkeypatch.setattr(bus, "LONGEST_DRAIN_S", 0.1)
    port, taken = tower
    first, second = (socket.create_connection(taken.address) for _ in range(2))
    for caller in (first, second):
        caller.sendall(b"prewatt tower-7\n")
        connected(port)
    assert hung_up(first)
    ended = threading.Event()

    def speak():
        with contextlib.suppress(OSError):
            while not ended.is_set():
                second.sendall(b"?" * 1000)

    speaking = threading.Thread(target=speak)
    speaking.start()
    with pytest.raises(ProtocolError):
        Bus(port, Timing(baud=9600, answer_s=0.2, turnaround_s=0.0)).run("m", asks("a"))
    ended.set()
    second.shutdown(socket.SHUT_RDWR)
    speaking.join()
    second.close()


def test_strangers_are_kept_by_what_they_said_and_only_so_many(monkeypatch):
    at = [0.0]
    kept = Strangers(lambda: at[0])
    for day in range(3):
        kept.note(b"prewatt tower-9\n", f"192.0.2.{day}")
    kept.note(b"", "198.51.100.1")
    for number in range(100):
        at[0] = number + 1
        kept.note(b"%d" % number + b"x" * 500, "203.0.113.1")
    listed = kept.listed()
    assert len(listed) == strangers.MOST
    assert max(len(each.said) for each in listed) == strangers.LONGEST
    # Who has called again and again stays, whoever floods the list; the address is that of the last call.
    assert listed[-1][:3] == (b"prewatt tower-9\n", "192.0.2.2", 3)
    assert listed[0].said.startswith(b"99x")
    kept.forget(lambda said: said.startswith(b"prewatt tower-9\n"))
    assert b"prewatt tower-9\n" not in [each.said for each in kept.listed()]


def test_who_was_hung_up_on_is_kept_with_what_it_said_until_it_is_known(tower):
    _port, taken = tower
    with socket.create_connection(taken.address) as caller:
        caller.sendall(b"355837089512343")
        caller.shutdown(socket.SHUT_WR)
        assert hung_up(caller)
    assert [(each.said, each.times) for each in taken.strangers.listed()] == [(b"355837089512343", 1)]
    taken.add({"355837089512343": CalledPort("355837089512343", load_converter("imei"))})
    assert taken.strangers.listed() == []


def test_the_number_of_a_meter_is_no_registration(tower):
    port, taken = tower
    with socket.create_connection(taken.address) as caller:
        caller.sendall(b"prewatt tower-7\n")
        connected(port)
        caller.sendall(b"prewatt tower-8\nprewatt tower-7\n")
        assert port.read(30) == b"prewatt tower-8\n"


def test_a_call_can_be_encrypted(tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + datetime.timedelta(days=1))
    certificate = builder.sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    (tmp_path / "server.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(pem)
    )
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "server.pem")
    port = CalledPort("tower-7", TEXT_LINE)
    taken = Calls(("127.0.0.1", 0), {"tower-7": port}, tls)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.load_verify_locations(tmp_path / "server.pem")
    stranger = socket.create_connection(taken.address)
    with client.wrap_socket(socket.create_connection(taken.address)) as caller:
        caller.sendall(b"prewatt tower-7\n")
        connected(port)
        port.write(b"?a;")
        assert caller.recv(10) == b"?a;"
        caller.sendall(b"a=1;")
        assert port.read(30) == b"a=1;"
    stranger.close()
    taken.close()


def test_each_kind_of_converter_is_a_file_that_can_be_read(tmp_path):
    assert "text-line" in converter_names()
    for name in converter_names():
        assert load_converter(name).source
    own = (BUILT_IN / "text-line.toml").read_text()
    (tmp_path / "own.toml").write_text(own.replace("(?P<id>", "("))
    with pytest.raises(ValueError, match=r"own.toml: registration: the group"):
        load_converter("own", [tmp_path])
    with pytest.raises(ValueError, match=r"there is no converter 'other'; known: .*own"):
        load_converter("other", [tmp_path])


@pytest.mark.parametrize(
    ("kind", "first", "caller"),
    [
        ("hi-flying-hf2411", b"355837089512343\n", "355837089512343"),
        ("usr-gprs232-701", bytes.fromhex("4C4F47494E3A313030310A"), "1001"),
        ("usr-dr404", b"prewatt tower-7\n", "tower-7"),
        ("usr-n580", b"prewatt tower-7\n", "tower-7"),
        ("ebyte-e840-nb03", b"prewatt tower-7\n", "tower-7"),
    ],
)
def test_a_converter_that_is_set_as_its_file_says_is_known_by_its_registration(kind, first, caller):
    converter = load_converter(kind)
    port = CalledPort(caller, converter)
    assert port.registered(first) == b""
    assert port.registered(first + b"\xfe\x68") == b"\xfe\x68"
    assert port.registered(first[:-3]) is None
    assert CalledPort("other", converter).registered(first) is None
    for sent in re.findall(r"616C6976650A", converter.notes):
        assert bytes.fromhex(sent) == b"alive\n"

"""What `prewatt edge doctor` says of gateways that have something wrong: in words, with what to do."""

import datetime
import os
import pty
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from typer.testing import CliRunner

from prewatt import folder
from prewatt.cli import app
from prewatt.clock import SystemClock
from prewatt.edge import journal_file
from prewatt.edge.anchor import Anchor
from prewatt.edge.doctor import broker as broker_check
from prewatt.edge.doctor.adapters import check_ports
from prewatt.edge.doctor.bluetooth import check_bluetooth
from prewatt.edge.doctor.clock import check_clock
from prewatt.edge.doctor.disk import check_disk
from prewatt.edge.doctor.examination import examine
from prewatt.edge.doctor.finding import Agent, Gateway, examined, owner
from prewatt.edge.doctor.journal import JournalFacts, read_journal
from prewatt.edge.doctor.meters import _asked, check_meters
from prewatt.edge.doctor.page import check_page
from prewatt.edge.doctor.service import check_service
from prewatt.edge.doctor.state_folder import check_state_folder
from prewatt.edge.drivers.bus import BusDriverSettings, BusSettings
from prewatt.edge.journal import Journal
from prewatt.edge.settings import MeterSettings, write_settings
from prewatt.findings import State
from prewatt.server.core.broker import nats_server
from prewatt.wire.link import BrokerAddress
from tests.edge.test_shell import Bus, made_settings

OTHER = Agent("nobody", 65534, frozenset({65534}))


def gateway(path, running=False, agent=None, journal=None, **changes):
    settings = made_settings(path, **changes)
    path.chmod(0o700)
    write_settings(path / "edge.toml", settings)
    facts = journal or read_journal(settings, running)
    return Gateway(path / "edge.toml", settings, running, agent or owner(path), facts)


def said(check, patient):
    """What one check finds: (state, words, advice) of each line."""
    return [(finding.state, finding.words, finding.advice) for finding in check(patient)]


def test_the_command_prints_a_line_a_check_and_ends_with_1_if_something_is_bad(tmp_path):
    gateway(tmp_path)
    before = sorted(path.name for path in tmp_path.iterdir())
    done = CliRunner().invoke(app, ["edge", "doctor", "--config", str(tmp_path / "edge.toml")])
    assert done.exit_code == 1, done.output
    for name in ("settings", "service", "state folder", "disk", "journal", "clock", "meters", "broker"):
        assert f"│ {name} " in done.output
    assert "127.0.0.1:1 can't be reached" in done.output
    assert {path.name for path in tmp_path.iterdir()} - {*before, "meters"} == set()
    done = CliRunner().invoke(app, ["edge", "doctor", "--config", str(tmp_path / "none" / "edge.toml")])
    assert done.exit_code == 1 and "prewatt edge enrol" in done.output


def test_a_check_that_fails_itself_is_told_and_the_others_go_on(tmp_path):
    def check_nothing(_):
        raise ZeroDivisionError("by a fault")
        yield

    patient = gateway(tmp_path)
    first, second, *_ = examined(patient, [check_nothing, check_disk])
    assert first.state is State.BAD and first.name == "nothing"
    assert first.words == "the check itself failed: ZeroDivisionError: by a fault"
    assert second.name == "disk" and second.state is State.OK


def test_meters_of_a_running_agent_are_not_asked_and_its_journal_is_left_alone(tmp_path):
    gateway(tmp_path)
    holds = "import sys; from pathlib import Path; from prewatt import folder; folder.use(Path(sys.argv[1])); print(); input()"
    with subprocess.Popen(
        [sys.executable, "-c", holds, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        other.stdout.readline()
        findings = {finding.name: finding for finding in examine(tmp_path / "edge.toml")}
        other.communicate(b"\n")
    assert findings["meters"].state is findings["journal"].state is State.SKIPPED
    assert "the running agent asks them" in findings["meters"].words


def test_a_folder_that_the_agents_user_can_not_use_is_told(tmp_path):
    [(state, words, advice)] = said(check_state_folder, gateway(tmp_path, agent=OTHER))
    assert state is State.BAD and words.startswith("nobody may not read and write")
    assert advice == f"chown -R nobody {tmp_path}"
    tmp_path.chmod(0o755)
    (tmp_path / "gateway.key").chmod(0o644)
    patient = Gateway(tmp_path / "edge.toml", made_settings(tmp_path), False, owner(tmp_path), JournalFacts())
    assert said(check_state_folder, patient)[0][::2] == (State.WARN, f"chmod 700 {tmp_path}")
    (tmp_path / "gateway.key").unlink()
    assert "gateway.key is missing" in said(check_state_folder, patient)[0][1]


def test_a_journal_is_read_whole_and_left_as_it_is(tmp_path, monkeypatch):
    path = tmp_path / "journal.sqlite3"
    assert gateway(tmp_path).journal.trouble == "there is none yet"
    Journal(path).close()
    before = path.read_bytes()
    facts = gateway(tmp_path).journal
    assert facts.trouble == "" and facts.serials == {"m1": "m1"}
    assert path.read_bytes() == before
    with monkeypatch.context() as patch:
        patch.setattr(journal_file, "FORMAT", 1)
        facts = gateway(tmp_path).journal
    assert facts.is_newer and str(path) in facts.trouble
    path.write_bytes(before[: len(before) // 2])
    facts = gateway(tmp_path).journal
    assert facts.is_damaged and str(path) in facts.trouble


def test_a_clock_that_differs_from_what_the_server_said_is_told(tmp_path):
    clock = SystemClock()

    def off(seconds, strong=True, boot=None):
        at = clock.now() - seconds * 10**6
        anchor = Anchor(clock.boot() if boot is None else boot, at, clock.steady(), strong)
        return said(check_clock, gateway(tmp_path, journal=JournalFacts(anchor=anchor)))[0]

    assert off(3600)[:2] == (State.BAD, "it differs by +3600 s from what the server said")
    assert off(10)[1].endswith("it agrees with the server")
    assert "server" not in off(3600, strong=False)[1] and "server" not in off(3600, boot="another")[1]


def test_a_machine_without_systemd_is_said_in_words_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr("prewatt.edge.machine.systemd.RUNNING", tmp_path / "not here")
    for running, agent in ((True, "an agent runs"), (False, "no agent runs")):
        [(state, words, advice)] = said(check_service, gateway(tmp_path, running=running))
        assert state is State.SKIPPED and "does not start the agent" in words and words.endswith(agent)
        assert "prewatt edge run" in advice


def bus_of(path, port):
    bus = BusSettings(port, answer_s=0.1, pause_s=0.1)
    meter = {"bus": "cellar", "model": "dlt645-2007", "address": "12345678"}
    drivers = {"bus": BusDriverSettings({"cellar": bus}, {"m1": meter})}
    return {"drivers": drivers, "meters": (MeterSettings("m1", "bus", unit="Flat 1"),)}


def test_an_adapter_that_is_missing_forbidden_or_used_by_another_is_told(tmp_path):
    [(state, words, advice)] = said(check_ports, gateway(tmp_path, **bus_of(tmp_path, "/dev/ttyUSB93")))
    assert (state, words) == (State.BAD, "there is no adapter /dev/ttyUSB93") and "Adapters found: " in advice
    end, other = pty.openpty()
    path = os.ttyname(other)
    try:
        assert said(check_ports, gateway(tmp_path, **bus_of(tmp_path, path)))[0][0] is State.OK
        Path(path).chmod(0o600)
        [(state, words, advice)] = said(check_ports, gateway(tmp_path, agent=OTHER, **bus_of(tmp_path, path)))
        assert state is State.BAD and words == f"nobody may not use {path}" and "usermod --append" in advice
        with subprocess.Popen(["cat"], stdin=other, stdout=subprocess.DEVNULL) as user:
            [(state, words, advice)] = said(check_ports, gateway(tmp_path, **bus_of(tmp_path, path)))
            user.kill()
        assert state is State.BAD and words == f"{path} is used by cat, too"
        [(state, words, advice)] = said(check_meters, gateway(tmp_path, **bus_of(tmp_path, path)))
        assert state is State.BAD and words.startswith("identify: ") and "wiring" in advice
    finally:
        os.close(end)
        os.close(other)


def test_another_meter_in_the_place_of_ours_is_told():
    meter = Bus()
    assert _asked("meter", meter, "m1") is None
    assert _asked("meter", meter, "m2").words == "number m1 answers in the place of m2"
    meter.silent = True
    assert _asked("meter", meter, "m1").words == "identify: no answer"


def test_a_converter_that_is_not_reached_and_an_adapter_for_bluetooth_that_is_missing_are_told(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as converter:
        port = f"tcp://127.0.0.1:{converter.getsockname()[1]}"
        assert said(check_ports, gateway(tmp_path, **bus_of(tmp_path, port)))[0][0] is State.OK
    assert said(check_ports, gateway(tmp_path, **bus_of(tmp_path, port)))[0][0] is State.BAD
    [(state, words, _)] = said(check_bluetooth, gateway(tmp_path, bluetooth="hci-socket:93"))
    assert (state, words) == (State.BAD, "there is no adapter hci93")


@pytest.fixture
def broker(tmp_path):
    """A real broker that knows the gateway g1 by a password. Its port."""
    with socket.create_server(("127.0.0.1", 0)) as free, socket.create_server(("127.0.0.1", 0)) as another:
        port, own = free.getsockname()[1], another.getsockname()[1]
    (tmp_path / "nats.conf").write_text(
        f'port: {own}\nserver_name: "t"\njetstream {{ store_dir: "{tmp_path}/store" }}\n'
        f"mqtt {{ host: 127.0.0.1, port: {port} }}\n"
        'authorization { users: [ { user: "g1", password: "right" } ] }\n'
    )
    with subprocess.Popen(
        [nats_server(), "-c", str(tmp_path / "nats.conf")], stderr=subprocess.PIPE, text=True
    ) as server:
        assert any("Server is ready" in line for line in server.stderr)
        yield port
        server.kill()


def test_a_broker_that_refuses_a_replaced_gateway_is_told(tmp_path, broker):
    def found(password):
        address = BrokerAddress("127.0.0.1", broker, "g1", password)
        return said(broker_check.check_broker, gateway(tmp_path, broker=address))

    assert found("right") == [(State.OK, f"127.0.0.1:{broker} accepts this gateway", "")]
    [(state, words, advice)] = found("wrong")
    assert state is State.BAD and "refuses this gateway" in words and "enrol this one again" in advice


def certificate(path, days):
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=9))
        .not_valid_after(now + datetime.timedelta(days=days, hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + made.public_bytes(pem))


@pytest.mark.parametrize(
    ("days", "trusted", "state", "says"),
    [
        (90, True, State.OK, "the broker's certificate is valid for 90 more days"),
        (3, True, State.WARN, "the broker's certificate expires in 3 days"),
        (-1, True, State.BAD, "it is not trusted: certificate has expired"),
        (90, False, State.BAD, "it is not trusted: self-signed certificate"),
    ],
)
def test_a_certificate_that_ends_or_is_not_believed_is_told(tmp_path, monkeypatch, days, trusted, state, says):
    certificate(tmp_path / "tls.pem", days)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "tls.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls.pem")
    monkeypatch.setattr(broker_check, "refusal_of", lambda _: "")

    def serve():
        connection, _ = server.accept()
        with connection:
            try:
                context.wrap_socket(connection, server_side=True).close()
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        address = BrokerAddress("localhost", server.getsockname()[1], "g1", tls=True)
        finding, *_ = broker_check.check_broker(gateway(tmp_path, broker=address))
        thread.join()
    assert (finding.name, finding.state) == ("certificate", state) and finding.words.startswith(says)


def test_a_page_whose_port_is_taken_is_told(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        page = f"127.0.0.1:{taken.getsockname()[1]}"
        [(state, words, advice)] = said(check_page, gateway(tmp_path, page=page))
        assert state is State.BAD and "can't be opened" in words and "ss -ltnp" in advice
    assert said(check_page, gateway(tmp_path, page=page))[0][0] is State.OK
    [(state, words, _)] = said(check_page, gateway(tmp_path, running=True, page=page))
    assert state is State.BAD and "the agent runs, and port" in words


def test_an_agent_that_is_started_meanwhile_waits(tmp_path):
    """The folder is held until the last check."""
    gateway(tmp_path)
    looking = examine(tmp_path / "edge.toml")
    next(looking)
    next(looking)
    with pytest.raises(folder.BusyError), folder.alone(tmp_path):
        pass
    looking.close()
    with folder.alone(tmp_path):
        pass

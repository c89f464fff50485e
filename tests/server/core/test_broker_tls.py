"""The own broker's TLS: its version, whom a gateway believes, whatever its clock says, and what is made anew."""

import socket
import ssl
import subprocess
import threading

import msgspec
import pytest

from prewatt.server.core.broker import HEADEND_USER
from prewatt.server.core.broker_authority import AUTHORITY
from prewatt.server.core.broker_certificate import certificate_files
from prewatt.server.core.broker_tls import trust_of_gateways
from prewatt.server.core.config import load_config
from prewatt.server.core.server_config import ConfigError
from prewatt.wire.link import Link
from tests.server.core.test_broker_trouble import PATIENCE, Running

INSTANTS = {"1970": 0, "2000": 946_684_800, "2026": 1_790_000_000, "2060": 2_840_140_800}


def connects(address, version):
    """Return whether a connection of this version of TLS is made."""
    context = address.tls_context()
    context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", address.port), timeout=PATIENCE) as plain:
        try:
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as secured:
                return bool(secured.version())
        except ssl.SSLError:
            return False


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    made = Running(tmp_path_factory.mktemp("home"), dict)
    yield made
    made.stop()


def test_the_own_broker_speaks_tls_1_3_and_nothing_older_or_plain(running):
    address = running.address(HEADEND_USER)
    assert connects(address, ssl.TLSVersion.TLSv1_3)
    assert not connects(address, ssl.TLSVersion.TLSv1_2)
    plain = Link(msgspec.structs.replace(address, tls=False), "plain", ["pw/1/+/+/up"])
    secured = running.link(HEADEND_USER, "pw/1/+/+/up")
    plain.start()
    running.looks_until(lambda: secured.connected)
    assert not plain.connected
    plain.stop()


def test_one_thread_alone_touches_a_connection(running, monkeypatch):
    """OpenSSL's memory does not stand two threads at one connection: head-end and agents died of it."""
    threads = set()
    for name in ("read", "send", "pending", "close"):
        method = getattr(ssl.SSLSocket, name)

        def noted(self, *args, _method=method, **named):
            threads.add(threading.current_thread().name)
            return _method(self, *args, **named)

        monkeypatch.setattr(ssl.SSLSocket, name, noted)
    link = running.link(HEADEND_USER, "pw/1/+/+/up")
    running.looks_until(lambda: link.connected)
    link.publish("pw/1/0/gate/down", b"said")
    link.stop()
    assert threads == {"mqtt"}


def test_a_gateway_believes_its_own_brokers_authority_alone(running, tmp_path):
    other = load_config({"PREWATT_HOME": str(tmp_path)})
    stranger = msgspec.structs.replace(running.address(HEADEND_USER), ca=trust_of_gateways(other).ca)
    assert not connects(stranger, ssl.TLSVersion.TLSv1_3)
    system = msgspec.structs.replace(running.address(HEADEND_USER), ca="", any_name=False)
    assert not connects(system, ssl.TLSVersion.TLSv1_3)


@pytest.mark.parametrize("year", INSTANTS)
def test_the_certificate_holds_whatever_the_gateways_clock_says(tmp_path, year):
    config = load_config({"PREWATT_HOME": str(tmp_path)})
    certificate, _ = certificate_files(config)
    (tmp_path / "ca").write_text(trust_of_gateways(config).ca)
    command = [
        "openssl",
        "verify",
        "-x509_strict",
        "-attime",
        str(INSTANTS[year]),
        "-CAfile",
        tmp_path / "ca",
        certificate,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_new_names_make_a_new_certificate_of_the_same_authority_and_nothing_else_does(tmp_path):
    def made(**settings):
        config = load_config({"PREWATT_HOME": str(tmp_path), **settings})
        return certificate_files(config)[0].read_text(), trust_of_gateways(config).ca

    first, again = made(), made()
    assert first == again
    renewed, ca = made(PREWATT_HOSTS="192.0.2.1,power.example.com,.example.org,*")
    assert renewed != first[0] and ca == first[1]
    for file in (tmp_path / AUTHORITY, tmp_path / "broker" / "broker.pem"):
        assert file.stat().st_mode & 0o077 == 0
    assert "PRIVATE KEY" not in ca


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\nMIG", b"\x00\xff" * 200])
def test_a_damaged_authority_is_told_with_what_to_do(tmp_path, content):
    config = load_config({"PREWATT_HOME": str(tmp_path)})
    certificate_files(config)
    (tmp_path / AUTHORITY).write_bytes(content)
    with pytest.raises(OSError, match=r"broker-ca\.pem: the file is damaged\. Put it back from a copy"):
        trust_of_gateways(config)


def test_a_named_certificate_is_served_to_gateways_that_trust_the_system_and_renewed_when_it_is_written(tmp_path):
    own, key = tmp_path / "own.pem", tmp_path / "own.key"
    text = certificate_files(load_config({"PREWATT_HOME": str(tmp_path / "other")}))[0].read_text()
    own.write_text(text), key.write_text(text)
    settings = {"PREWATT_MQTT_CERTIFICATE": str(own), "PREWATT_MQTT_KEY": str(key)}
    config = load_config({"PREWATT_HOME": str(tmp_path / "home"), **settings})
    assert certificate_files(config) == (own, key)
    assert trust_of_gateways(config) == (True, "", False)
    assert not (config.home / AUTHORITY).exists()
    made = Running(tmp_path / "home", dict, **settings)
    try:
        assert connects(made.address(HEADEND_USER), ssl.TLSVersion.TLSv1_3)
        other = certificate_files(load_config({"PREWATT_HOME": str(tmp_path / "third")}))[0].read_text()
        own.write_text(other), key.write_text(other)
        made.broker.refresh()
        link = made.link(HEADEND_USER, "pw/1/+/+/up")
        made.looks_until(lambda: link.connected)
        assert made.child.restarts == 1
    finally:
        made.stop()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"PREWATT_MQTT_CERTIFICATE": __file__}, "belong together"),
        ({"PREWATT_MQTT_KEY": "/no/such/file"}, "is not a file"),
        ({"PREWATT_MQTT_TLS": "system"}, "Leave PREWATT_MQTT_TLS empty"),
        ({"PREWATT_MQTT_TLS": "no"}, "is not a file"),
    ],
)
def test_settings_that_do_not_fit_are_refused_in_words(settings, says):
    with pytest.raises(ConfigError, match=says):
        load_config(settings)


def test_at_anothers_broker_gateways_are_told_what_to_believe(tmp_path):
    (tmp_path / "ca.pem").write_text("a certificate")
    for text, trust in (
        ("", (False, "", False)),
        ("system", (True, "", False)),
        (str(tmp_path / "ca.pem"), (True, "a certificate", False)),
    ):
        config = load_config({"PREWATT_HOME": str(tmp_path), "PREWATT_BROKER": "other", "PREWATT_MQTT_TLS": text})
        assert trust_of_gateways(config) == trust

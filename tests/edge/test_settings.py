"""A wrong setting is named, with its file."""

from pathlib import Path

import msgspec
import pytest

from prewatt.edge.converters import BUILT_IN, load_converter
from prewatt.edge.drivers.bus import BusDriverSettings, BusSettings
from prewatt.edge.drivers.recorded import RecordedSettings
from prewatt.edge.meters.model import read_model
from prewatt.edge.settings import (
    EdgeSettings,
    MeterSettings,
    SettingsError,
    load_settings,
    write_settings,
)
from prewatt.wire.link import BrokerAddress

GOOD = EdgeSettings(
    gateway="g1",
    key="gateway.key",
    server_key="ab" * 32,
    journal="journal.sqlite3",
    broker=BrokerAddress("127.0.0.1", 1883, "g1", 'pass "word" \\ ü'),
    meters=(MeterSettings("m1", "recorded"), MeterSettings("Haus 3, links", "recorded")),
    drivers={"recorded": RecordedSettings(Path("/data.csv"), "Europe/Berlin", Path("/meters"))},
)


def test_what_is_written_reads_back_and_is_private(tmp_path):
    path = tmp_path / "edge.toml"
    write_settings(path, GOOD)
    assert load_settings(path) == GOOD
    assert path.stat().st_mode & 0o077 == 0


def test_buses_and_their_meters_read_back(tmp_path):
    buses = {"cellar": BusSettings("/dev/ttyUSB0", line="9600 8E1")}
    meters = {"m1": {"bus": "cellar", "model": "dlt645-2007", "address": "12345678"}}
    folders = {"models": tmp_path / "models", "converters": tmp_path / "converters"}
    settings = msgspec.structs.replace(GOOD, drivers={"bus": BusDriverSettings(buses, meters, **folders)})
    write_settings(tmp_path / "edge.toml", settings)
    assert load_settings(tmp_path / "edge.toml") == settings


def test_a_file_that_can_not_be_written_whole_leaves_the_one_before(tmp_path, monkeypatch):
    path = tmp_path / "edge.toml"
    write_settings(path, GOOD)
    before = path.read_bytes()

    def no_room(_file):
        raise OSError("no space left on device")

    monkeypatch.setattr("os.fsync", no_room)
    with pytest.raises(OSError, match="no space"):
        write_settings(path, msgspec.structs.replace(GOOD, gateway="g2"))
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["edge.toml"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('gateway = "g1"', "", "gateway"),
        ('gateway = "g1"', 'gateway = "G 1"', "gateway name 'G 1'"),
        ('gateway = "g1"', 'gatway = "g1"\ngateway = "g1"', "gatway"),
        ("ab" * 32, "ab" * 31, "server_key: this is not 64"),
        ("ab" * 32, "zz" * 32, "server_key: this is not 64 hexadecimal"),
        ("port = 1883", 'port = "1883"', r"\$.broker.port"),
        ("port = 1883", "port = 70000", "broker.port: 70000 is not a port"),
        ('name = "m1"', 'name = "a/b"', r"\$.meters\[0\].name"),
        ('name = "m1"', 'name = "Haus 3, links"', "Haus 3, links occurs twice"),
        ("reading_interval_s = 900", "reading_interval_s = 1", r"\$.reading_interval_s"),
        ("heartbeat_s = 10.0", "heartbeat_s = -1", r"\$.heartbeat_s"),
        ("heartbeat_s = 10.0", "heartbeat_s = ", "is not valid TOML"),
        (
            'portal = ""',
            'portal = "http://evil.example"',
            "portal: 'http://evil.example' is not the page's own address",
        ),
        ('portal = ""', 'portal = "https://192.168.50.1"', "portal: 'https"),
        ('portal = ""', 'portal = "http://192.168.50.1/"', "portal: 'http"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path, old, new, says):
    path = tmp_path / "edge.toml"
    write_settings(path, GOOD)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(SettingsError, match=says) as caught:
        load_settings(path)
    assert str(path) in str(caught.value)


def test_a_gateway_has_settings_before_it_has_meters(tmp_path):
    path = tmp_path / "edge.toml"
    write_settings(path, msgspec.structs.replace(GOOD, meters=()))
    assert load_settings(path).meters == ()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"edge\.toml: can't be read"):
        load_settings(tmp_path / "edge.toml")


MARK = b"\xef\xbb\xbf"
"""What Windows' editor writes before a text in UTF-8."""


def test_a_mark_before_the_text_of_a_settings_file_changes_nothing(tmp_path):
    path = tmp_path / "edge.toml"
    write_settings(path, GOOD)
    path.write_bytes(MARK + path.read_bytes())
    assert load_settings(path) == GOOD


def test_a_mark_before_the_files_of_meters_and_converters_changes_nothing(tmp_path):
    kind = next(iter(sorted(BUILT_IN.glob("*.toml"))))
    (tmp_path / "marked.toml").write_bytes(MARK + kind.read_bytes())
    assert load_converter("marked", [tmp_path]) == load_converter(kind.stem)
    model = tmp_path / "model.toml"
    model.write_bytes(MARK + b'port = "a"')
    assert read_model(model, dict[str, str]) == {"port": "a"}

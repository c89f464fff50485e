"""The kind of meter named bus: what `edge.toml` says of buses and meters, and what is wrong there."""

import shutil
from pathlib import Path

import pytest

from prewatt.edge.conversations import known_protocols
from prewatt.edge.driver_settings import read_section
from prewatt.edge.drivers.bus import BusDriverSettings, BusSettings, open_buses
from prewatt.edge.meters.model import BUILT_IN, model_names

BUSES = {
    "cellar": {"port": "/dev/ttyUSB0", "line": "9600 8N1"},
    "tower": {"port": "tcp://10.0.0.5:502", "framing": "tcp"},
}
PULSE = {"bus": "cellar", "model": "eastron-sdm120", "address": "1"}
CHINT = {"bus": "cellar", "model": "dlt645-2007", "address": "12345678"}
RELAY = {"relay_model": "relay-module-coils", "relay_address": "200", "relay_channel": 3}


def opened(meters, folder=Path("/nowhere"), buses=BUSES, **more):
    settings = read_section("bus", {"buses": buses, "meters": meters, **more}, folder)
    return open_buses(settings, list(meters), lambda: 0)


def test_meters_of_several_protocols_share_a_bus_and_others_have_their_own():
    meters = opened({"m1": PULSE, "m2": CHINT, "m3": {**PULSE, "bus": "tower"}})
    assert meters["m1"].bus is meters["m2"].bus
    assert meters["m1"].bus is not meters["m3"].bus


def test_flats_that_one_relay_module_switches_share_it_on_their_bus_alone():
    second = {**PULSE, "address": "2", **RELAY, "relay_channel": 4}
    meters = opened({"m1": {**PULSE, **RELAY}, "m2": second, "m3": {**PULSE, **RELAY, "bus": "tower"}})
    relays = [meter.conversations._relay.relays for meter in meters.values()]
    assert relays[0] is relays[1] is not relays[2]


def test_a_model_of_ones_own_is_a_file_in_a_folder_and_stands_before_ours(tmp_path):
    models = tmp_path / "models"
    models.mkdir()
    shutil.copy(BUILT_IN / "eastron-sdm120.toml", models / "mine.toml")
    shutil.copy(BUILT_IN / "relay-module-coils.toml", models / "my-relays.toml")
    assert {"mine", "my-relays"} <= set(model_names([models]))
    meters = {"m1": {**PULSE, "model": "mine", **RELAY, "relay_model": "my-relays"}}
    assert set(opened(meters, tmp_path)) == {"m1"}
    (models / "eastron-sdm120.toml").write_text('protocol = "modbus"\nmake = 1\n')
    with pytest.raises(ValueError, match=r"meters\.m1: .*eastron-sdm120\.toml: .*make"):
        opened({"m1": PULSE}, tmp_path)


@pytest.mark.parametrize(
    ("meters", "says"),
    [
        ({"m1": {**PULSE, "bus": "attic"}}, "meters.m1: bus: there is no bus 'attic'; known: cellar, tower"),
        (
            {"m1": {**PULSE, "model": "eastron-sdm12"}},
            "meters.m1: model: there is no model 'eastron-sdm12'; did you mean",
        ),
        ({"m1": {"bus": "cellar", "address": "1"}}, "meters.m1: model: it is missing"),
        ({"m1": {**PULSE, "address": "x"}}, "meters.m1: address: 'x' is no number"),
        ({"m1": {**PULSE, "addres": "1"}}, "meters.m1: Object contains unknown field `addres`"),
        ({"m1": {"bus": "cellar", "model": "eastron-sdm120"}}, "meters.m1: Object missing required field `address`"),
        (
            {"m1": CHINT, "m2": {**CHINT, "address": "0000012345678"[-12:]}},
            "meters.m2.address: meter m1 has the same one",
        ),
        (
            {"m1": PULSE | RELAY, "m2": {**PULSE, "address": "2"} | RELAY},
            "meters.m2.relay_channel: meter m1 has the same one on bus cellar",
        ),
        ({"m1": {**PULSE, "address": "1", "bus": "tower"}, "m2": {**CHINT, "bus": "tower"}}, "meters.m2: framing"),
    ],
)
def test_what_is_wrong_with_a_meter_is_named(meters, says):
    with pytest.raises(ValueError) as caught:
        opened(meters)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("buses", "more", "says"),
    [
        ({"cellar": {"port": "ttyUSB0"}}, {}, "buses.cellar.port: 'ttyUSB0' is neither the path of an adapter"),
        ({"cellar": {"port": "call://t7"}}, {}, "listen: the address at which converters call is missing"),
        ({"cellar": {"port": "call://"}}, {}, "buses.cellar.port: 'call://' names no converter"),
        (
            {"cellar": {"port": "call://t7", "converter": "none"}},
            {},
            "buses.cellar.converter: there is no converter 'none'",
        ),
        ({"cellar": {"port": "call://t7"}}, {"listen": "9100"}, "listen: '9100' is not a host and port"),
        ({"cellar": {"port": "call://t7"}}, {"listen": "203.0.113.1:9100"}, "listen: 203.0.113.1:9100 can't be used"),
        (
            {"cellar": {"port": "call://t7"}},
            {"listen": "127.0.0.1:0", "certificate": "none.pem"},
            "none.pem can't be used",
        ),
    ],
)
def test_what_is_wrong_with_a_bus_is_named(buses, more, says):
    with pytest.raises(ValueError) as caught:
        opened({"m1": PULSE}, buses=buses, **more)
    assert says in str(caught.value)


def test_a_bus_over_a_network_is_given_more_time_and_one_without_a_line_counts_as_fast():
    protocols = known_protocols().values()
    line, converter, network = (
        BusSettings("/dev/ttyUSB0", line="2400 8E1").timing(protocols),
        BusSettings("tcp://h:1", line="2400 8E1").timing(protocols),
        BusSettings("tcp://h:502", framing="tcp").timing(protocols),
    )
    assert line.answer_s == 0.6
    assert converter.answer_s == 2.0
    assert network.answer_s == 2.0
    assert line.line_s(100) == converter.line_s(100) > 100 * network.line_s(100)


def test_passwords_do_not_get_into_logs():
    from prewatt.edge.conversations.dlms import DlmsAccess

    assert "secret" not in repr(DlmsAccess("1", password="secret"))


def test_the_settings_are_read_from_a_file_as_the_documentation_shows():
    settings = read_section("bus", {"buses": BUSES, "meters": {"m1": PULSE}}, Path("/etc/prewatt"))
    assert isinstance(settings, BusDriverSettings) and settings.models == Path("/etc/prewatt/models")


def test_of_each_model_it_is_said_what_it_does_without_its_gateway():
    page = (Path(__file__).parents[3] / "docs" / "installer" / "meters.md").read_text()
    section = page.split("## What a meter does when its gateway is dead")[1].split("\n## ")[0]
    said = "".join(line for line in section.splitlines() if line.startswith("| "))
    assert [name for name in model_names() if said.count(f"`{name}`") != 1] == []

"""The other end is not ours: the server, the client and the codec of the package `dlt645`, over real TCP connections."""

from __future__ import annotations

import contextlib
import time

import pytest
from dlt645 import DLT645Protocol, MeterClientService, MeterServerService

from prewatt.edge.buses.bus import Bus, Timing
from prewatt.edge.buses.meter_on_bus import MeterOnBus
from prewatt.edge.buses.ports import TcpPort
from prewatt.edge.conversations.dlt645.meter import Dlt645Access, Dlt645Meter
from prewatt.edge.drivers.interface import DriverError
from prewatt.edge.meters.dlt645_model import Dlt645Model
from prewatt.edge.meters.model import find_model_file, read_model
from prewatt.edge.protocols.dlt645.exchanges import Read
from prewatt.edge.protocols.dlt645.frame import Frame
from prewatt.kernel.calendar import local, zone
from prewatt.kernel.units import DAY, HOUR, SECOND
from prewatt.sim.meters.line import Line
from prewatt.sim.meters.on_tcp import OnTcp
from tests.edge.protocols.test_dlt645_meter import BEGIN, SERIAL, Wire

QUICK = Timing(baud=115_200, answer_s=0.5, pause_s=0.05, turnaround_s=0.0)
"""The line to the package's server takes no time."""


@pytest.fixture(scope="module")
def server():
    """The package's meter, with some values. To make one takes two seconds."""
    server = MeterServerService.new_tcp_server("127.0.0.1", 0)
    server.address = bytearray(bytes.fromhex(SERIAL)[::-1])
    server.set_00(0x00010000, 1234.56)
    server.set_02(0x02010100, 230.1)
    server.set_02(0x02020100, -1.5)
    server.set_02(0x02030000, 2.5)
    server.set_02(0x02800002, 49.98)
    server.set_04(0x04000401, SERIAL)
    server.set_04(0x04000503, "0050")
    server.password_manager.set_password(bytearray((2, 0, 0, 0)))
    with server:
        yield server


@contextlib.contextmanager
def met(server, address=SERIAL, model="dlt645-2007"):
    """The package's meter on a bus of ours."""
    bus = Bus(TcpPort("127.0.0.1", server.server.port), QUICK)
    loaded = read_model(find_model_file(model), Dlt645Model)
    yield MeterOnBus("m1", bus, Dlt645Meter(loaded, Dlt645Access(address), lambda: time.time_ns() // 1000))
    bus.close()


def test_our_conversations_read_the_packages_server(server):
    with met(server) as meter:
        assert meter.identify().serial == SERIAL
        assert meter.read_register() == 1_234_560
        assert meter.read_power().active == 2_500
        quantities = meter.read_quantities()
        assert quantities["voltage-l1"] == 230_100
        assert quantities["current-l1"] == -1_500
        assert quantities["frequency"] == 49_980
        assert meter.read_switch() is False


def test_the_packages_server_knows_no_order_for_a_relay_and_we_say_so(server):
    with met(server) as meter, pytest.raises(DriverError, match="refuses: other error"):
        meter.set_switch(False)


def test_our_conversations_set_the_clock_of_the_packages_server(server):
    at = time.time_ns() // 1000 + 40 * DAY
    with met(server) as meter:
        meter.set_clock(at)
        assert abs(meter.read_clock() - at) < 5 * SECOND
    shown = local(at, zone("Asia/Shanghai"))
    assert server.get_data_item(0x04000101).value.startswith(f"{shown:%y%m%d}")


def test_an_answer_of_the_packages_server_from_another_address_is_none(server):
    """It answers questions to others with an error of theirs, as if it were they: that is no value."""
    with met(server, "000000000161") as meter, pytest.raises(DriverError):
        meter.read_register()


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """The package's client, with our played meter at the other end."""
    wire = Wire(tmp_path_factory.mktemp("wire"))
    wire.now = BEGIN + HOUR
    served = OnTcp(Line([wire.responder]))
    client = MeterClientService.new_tcp_client(*served.address, timeout=2.0)
    client.set_address(bytes.fromhex(SERIAL)[::-1].hex())
    client.wire = wire
    client.connect()
    yield client
    client.disconnect()
    served.close()


def test_the_packages_client_reads_our_played_meter(client):
    assert client.read_00(0x00010000).value == 2.0
    assert client.read_00(0x00010100).value == 0.5
    assert client.read_02(0x02010100).value == 230.0
    assert client.read_02(0x02030000).value == 2.0
    assert client.read_02(0x02800002).value == 50.0
    assert client.read_04(0x04000101).value == "26010104"
    assert client.read_04(0x04000102).value == "100000"
    assert client.read_04(0x04000503).value == "0000"
    assert client.read_address().value in (SERIAL, bytes.fromhex(SERIAL)[::-1].hex())
    assert client.read_02(0x02010200) is None


def test_the_packages_client_sets_the_clock_of_our_played_meter(client):
    client.write_04(0x04000102, "113000", "02000000")
    assert client.wire.played.now() == BEGIN + 2 * HOUR + HOUR // 2


def test_the_packages_codec_reads_our_frames_and_writes_the_same():
    for control, data in ((0x11, b"\0\0\1\0"), (0x91, bytes(range(256))[:200]), (0x9C, b""), (0xD1, b"\2")):
        ours = Frame(SERIAL, control, data)
        theirs = DLT645Protocol.deserialize(ours.encode(4))
        assert (bytes(theirs.addr)[::-1].hex(), theirs.ctrl_code, bytes(theirs.data)) == (SERIAL, control, data)
        assert bytes(DLT645Protocol.build_frame(bytes(theirs.addr), control, data)) == ours.encode(4)
    assert (
        bytes(DLT645Protocol.build_frame(bytes.fromhex(SERIAL)[::-1], 0x11, b"\0\0\1\0"))
        == Read(SERIAL, "00010000").request
    )

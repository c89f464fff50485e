"""Code that is not ours on the other end: pymodbus's server against the conversations, its client against the played meter.

Over TCP, over TCP with the frames of a serial line, and over a pty.
"""

from __future__ import annotations

import asyncio
import os
import pty
import select
import threading
import tty

import pytest
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.framer import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from prewatt.edge.buses.bus import Bus, Timing
from prewatt.edge.buses.ports import TcpPort
from prewatt.edge.conversations.modbus.meter import ModbusMeter
from prewatt.edge.conversations.modbus.relay import RelayAt, Relays
from prewatt.edge.protocols.errors import Refused
from prewatt.edge.protocols.modbus_frames import Rtu, Tcp
from prewatt.edge.protocols.modbus_unit import Read, Unit
from prewatt.kernel.quantities import Quantity
from prewatt.sim.meters.line import Line
from prewatt.sim.meters.modbus import ModbusResponder, RelayModule
from prewatt.sim.meters.on_pty import OnPty
from prewatt.sim.meters.on_tcp import OnTcp
from tests.edge.protocols.modbus_played import SERIAL, model, played

TIMING = Timing(baud=115_200, answer_s=3.0, pause_s=0.2, turnaround_s=0.0)


def floats(address, *values):
    return SimData(address, values=[float(value) for value in values], datatype=DataType.FLOAT32)


def devices():
    """An SDM120 at unit 7, a relay module at unit 9, and a DDS238-2 ZN/SR at unit 11, as pymodbus keeps them."""
    nothing = [SimData(0xFFF0, values=False, datatype=DataType.BITS)]
    measured = [floats(0x0000, 230.5, 0, 0, 4.25, 0, 0, 975.5, *[0] * 28, 50.02, 1234.5678, 0.25, 0, 0)]
    serial = [SimData(0xFC00, values=[int(SERIAL) >> 16, int(SERIAL) & 0xFFFF], datatype=DataType.REGISTERS)]
    coils = [SimData(0, count=8, values=True, datatype=DataType.BITS)]
    spare = [SimData(0xFFF0, values=0, datatype=DataType.REGISTERS)]
    dds = [
        SimData(
            0,
            values=[0, 0x1C7B, *[0] * 7, 0x4F3, 0, 0x1788, 2423, 422, 1016, 112, 993, 5002, *[0] * 8, 1],
            datatype=DataType.REGISTERS,
        )
    ]
    return [
        SimDevice(7, (nothing, nothing, serial, measured)),
        SimDevice(9, (coils, nothing, spare, spare)),
        SimDevice(11, (nothing, nothing, dds, spare)),
    ]


class Peer:
    """pymodbus's server in a thread, until `close`. `make`: makes it in its event loop."""

    def __init__(self, make):
        self.loop = asyncio.new_event_loop()
        self.server = None
        self._make, self._ready = make, threading.Event()
        self._thread = threading.Thread(target=self.loop.run_until_complete, args=(self._serve(),), daemon=True)
        self._thread.start()
        assert self._ready.wait(10)

    async def _serve(self):
        self.server = self._make()
        await self.server.serve_forever(background=True)
        self._ready.set()
        await self.server.serving

    def close(self):
        asyncio.run_coroutine_threadsafe(self.server.shutdown(), self.loop).result(10)
        self._thread.join(10)
        self.loop.close()


class Tty:
    """The bus's end of a pty, whose other end is a serial adapter to somebody else."""

    name = "pty"

    def __init__(self):
        self._end, self.other = pty.openpty()
        tty.setraw(self._end)
        tty.setraw(self.other)

    def write(self, data):
        os.write(self._end, data)

    def read(self, wait_s):
        return os.read(self._end, 4096) if select.select([self._end], [], [], wait_s)[0] else b""

    def close(self):
        os.close(self._end)
        os.close(self.other)


@pytest.fixture(params=["tcp", "rtu over tcp", "pty"])
def peer(request):
    """pymodbus's server, the bus to it, and the framing."""
    if request.param == "pty":
        port = Tty()
        served = Peer(lambda: ModbusSerialServer(devices(), port=os.ttyname(port.other), baudrate=115_200))
        framing = Rtu()
    else:
        framer = FramerType.SOCKET if request.param == "tcp" else FramerType.RTU
        served = Peer(lambda: ModbusTcpServer(devices(), framer=framer, address=("127.0.0.1", 0)))
        address = served.server.transport.sockets[0].getsockname()
        port, framing = TcpPort(*address[:2]), Tcp() if request.param == "tcp" else Rtu()
    yield Bus(port, TIMING), framing
    served.close()
    port.close()


def test_the_conversations_understand_pymodbuss_server(peer):
    bus, framing = peer
    relay = RelayAt(Relays(model("relay-module-coils").relay, Unit(framing, 9), lambda: 0), channel=3)
    meter = ModbusMeter(model("eastron-sdm120"), 7, framing, relay)
    assert bus.run("m", meter.identify()).serial == SERIAL
    # The float32 next to 1234.5678 kWh is 1234.56777...
    assert bus.run("m", meter.read_register()) == 1_234_568
    assert bus.run("m", meter.read_power()).active == 976
    quantities = bus.run("m", meter.read_quantities())
    assert (quantities[Quantity.VOLTAGE_L1], quantities[Quantity.CURRENT_L1]) == (230_500, 4_250)
    for closed in (False, True):
        bus.run("m", meter.set_switch(closed))
        assert bus.run("m", meter.read_switch()) is closed
    other = ModbusMeter(model("hiking-dds238-2-znsr"), 11, framing)
    assert bus.run("m", other.read_register()) == 60_240
    bus.run("m", other.set_switch(False))
    assert bus.run("m", other.read_switch()) is False
    with pytest.raises(Refused, match="illegal data address"):
        bus.run("m", Unit(framing, 11).read(Read(3, 0x4000, 2)))


async def _asks(client):
    """What pymodbus's client reads and moves at a played SDM120 (7), relay module (9) and DDS238-2 ZN/SR (11)."""
    assert await client.connect()
    try:
        energy = await client.read_input_registers(0x48, count=2, device_id=7)
        serial = await client.read_holding_registers(0xFC00, count=2, device_id=7)
        unknown = await client.read_input_registers(0x4000, count=2, device_id=7)
        coil = await client.write_coil(2, False, device_id=9)
        coils = await client.read_coils(0, count=8, device_id=9)
        single = await client.write_register(0x1A, 0, device_id=11)
        registers = await client.write_registers(0x1A, [0], device_id=11)
        relay = await client.read_holding_registers(0x1A, count=1, device_id=11)
    finally:
        client.close()
    assert client.convert_from_registers(energy.registers, client.DATATYPE.FLOAT32) == 2.0
    assert client.convert_from_registers(serial.registers, client.DATATYPE.UINT32) == 11
    assert unknown.exception_code == 2 and single.exception_code == 1
    assert not coil.isError() and coils.bits == [True, True, False, *[False] * 5]
    assert not registers.isError() and relay.registers == [0]


@pytest.mark.parametrize("way", ["tcp", "rtu over tcp", "pty"])
def test_pymodbuss_client_understands_played_meters(tmp_path, way):
    framing = Tcp() if way == "tcp" else Rtu()
    flats = [played(tmp_path, serial) for serial in ("11", "12", "13", "14")]
    meters = [
        ModbusResponder(flats[0], model("eastron-sdm120"), 7, framing),
        RelayModule(flats[:3], model("relay-module-coils"), 9, framing),
        ModbusResponder(flats[3], model("hiking-dds238-2-znsr"), 11, framing),
    ]
    served = OnPty(Line(meters)) if way == "pty" else OnTcp(Line(meters))
    try:
        if isinstance(served, OnPty):

            async def story():
                await _asks(AsyncModbusSerialClient(served.path, baudrate=115_200, timeout=3))

        else:

            async def story():
                framer = FramerType.SOCKET if way == "tcp" else FramerType.RTU
                host, port = served.address
                await _asks(AsyncModbusTcpClient(host, port=port, framer=framer, timeout=3))

        asyncio.run(story())
    finally:
        served.close()
    assert [flat.is_closed() for flat in flats] == [True, True, False, False]

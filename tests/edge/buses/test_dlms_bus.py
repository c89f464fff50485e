"""Meters of DLMS/COSEM on a real bus: three on one serial adapter (a pty), and one behind TCP."""

import msgspec
import pytest

from prewatt.edge.buses.bus import Bus, Timing
from prewatt.edge.buses.meter_on_bus import MeterOnBus
from prewatt.edge.buses.ports import open_port
from prewatt.edge.conversations.dlms import open_meter
from prewatt.edge.conversations.protocol import OnBus
from prewatt.edge.drivers.interface import DriverError, Unreachable
from prewatt.sim.meters.dlms import HdlcResponder
from prewatt.sim.meters.line import Line, LineFaults
from prewatt.sim.meters.on_pty import OnPty
from prewatt.sim.meters.on_tcp import OnTcp
from tests.edge.protocols.dlms_wall import REGISTER, Wall

QUICK = Timing(baud=115_200, answer_s=0.3, pause_s=0.1, turnaround_s=0.001)


@pytest.fixture
def closing():
    """What is to be closed at the end."""
    opened = []
    yield opened
    for each in reversed(opened):
        each.close()


def test_three_meters_on_a_serial_line_with_an_echo_are_read_and_switched(closing):
    walls = [Wall("nartis-100") for _ in range(3)]
    responders = [HdlcResponder(wall.server, 17 + n) for n, wall in enumerate(walls)]
    served = OnPty(Line(responders, faults=LineFaults(echoes=True, splits=0.5)))
    closing.append(served)
    bus = Bus(open_port(served.path, "9600 8N1"), QUICK)
    closing.append(bus)
    meters = []
    for n, wall in enumerate(walls):
        wall.load.register += n
        access = msgspec.structs.replace(wall.access, address=str(17 + n))
        meters.append(MeterOnBus(f"m{n}", bus, open_meter(wall.model, access, OnBus("line", wall.clock))))
    for _ in range(2):
        assert [meter.read_register() for meter in meters] == [REGISTER, REGISTER + 1, REGISTER + 2]
    meters[1].set_switch(closed=False)
    assert [meter.read_switch() for meter in meters] == [True, False, True]
    walls[1].played.faults.button = True
    with pytest.raises(DriverError, match="when its button is pressed"):
        meters[1].set_switch(closed=True)
    walls[2].played.faults.silent = True
    with pytest.raises(Unreachable):
        meters[2].read_register()
    assert meters[0].read_register() == REGISTER
    meters[0].rest()
    assert walls[0].server.associations == {} and walls[1].server.associations


def test_a_meter_behind_tcp_is_read_and_switched_ciphered(closing):
    wall = Wall("dlms-gmac", "tcp")
    served = OnTcp(Line([wall.responder]))
    closing.append(served)
    bus = Bus(open_port("tcp://{}:{}".format(*served.address), "9600 8N1"), QUICK)
    closing.append(bus)
    meter = MeterOnBus("m", bus, wall.meter)
    assert meter.identify().serial == "52207839"
    meter.set_switch(closed=False)
    assert wall.load.closed is False and meter.read_register() == REGISTER

"""Each fault of a demonstration, for each protocol, is named by the words that it is to be named by: without a process, on a
line on which time passes only while somebody waits.
"""

from dataclasses import dataclass, field

import pytest

from prewatt.edge.buses.bus import Bus, Timing
from prewatt.edge.buses.meter_on_bus import MeterOnBus
from prewatt.edge.conversations.dlms import DlmsAccess, open_meter
from prewatt.edge.conversations.dlt645.meter import Dlt645Access, Dlt645Meter
from prewatt.edge.conversations.modbus import ModbusMeter
from prewatt.edge.conversations.protocol import OnBus
from prewatt.edge.devices import Devices, Question
from prewatt.edge.drivers.interface import DriverError, Power
from prewatt.edge.lines import lines
from prewatt.edge.meter_clock import ClockWatch
from prewatt.edge.meters.dlms_model import DlmsModel
from prewatt.edge.meters.dlt645_model import Dlt645Model
from prewatt.edge.meters.modbus_model import ModbusModel
from prewatt.edge.meters.model import find_model_file, read_model
from prewatt.edge.observed import Observed
from prewatt.edge.protocols.dlms.acse import Mechanism
from prewatt.edge.protocols.dlms.client import Credentials
from prewatt.edge.protocols.modbus_frames import Rtu
from prewatt.kernel.units import SECOND
from prewatt.sim.meters.dlms import DlmsServer, HdlcResponder
from prewatt.sim.meters.dlms_objects import Habits
from prewatt.sim.meters.dlt645 import Dlt645Responder
from prewatt.sim.meters.line import Line, LineFaults
from prewatt.sim.meters.modbus import ModbusResponder
from prewatt.sim.meters.played import MeterFaults, PlayedMeter
from prewatt.sim.wiring import FAULTS

BEGIN = 1_762_948_800 * SECOND
PASSWORD = "12345678"
OFTEN = {"silence": 0.2, "garbles": 0.2, "late": 0.2, "loses": 0.2, "noise": 0.3, "glues": 0.3, "doubles": 0.3}
"""More often than in a demonstration, since fewer questions are asked here."""
LATE_S = 0.9
ROUNDS = 25


@dataclass
class Port:
    """The port of a played line."""

    line: Line
    name: str = "virtual"
    now: float = 0.0
    coming: list = field(default_factory=list)

    def clock(self):
        return BEGIN + int(self.now * SECOND)

    def write(self, data):
        at = self.now
        for piece in self.line.feed(data):
            at += piece.after_s
            self.coming.append((at, piece.data))

    def read(self, wait_s):
        if self.coming and self.coming[0][0] <= self.now + wait_s:
            at, data = self.coming.pop(0)
            self.now = max(self.now, at)
            return data
        self.now += wait_s
        return b""

    def close(self):
        self.coming.clear()

    def sleep(self, seconds):
        self.now += seconds


class Load:
    """A register and a switch."""

    def __init__(self):
        self.register, self.closed = 1_234_000, True

    def read_register(self):
        return self.register

    def read_switch(self):
        return self.closed

    def read_power(self):
        return Power(230)

    def set_switch(self, closed):
        self.closed = closed


def dlt645(meter, number, clock):
    model = read_model(find_model_file("dlt645-2007"), Dlt645Model)
    return Dlt645Responder(meter, f"{number:012}"), Dlt645Meter(model, Dlt645Access(f"{number:012}"), clock)


def modbus(meter, number, _clock):
    model = read_model(find_model_file("hiking-dds238-2-znsr"), ModbusModel)
    return ModbusResponder(meter, model, number, Rtu()), ModbusMeter(model, number, Rtu())


def dlms(meter, number, clock):
    model = read_model(find_model_file("dlms-lls"), DlmsModel)
    server = DlmsServer(meter, model, Credentials(Mechanism.LLS, PASSWORD.encode()), Habits(), bytes)
    access = DlmsAccess(str(16 + number), password=PASSWORD)
    return HdlcResponder(server, 16 + number), open_meter(model, access, OnBus("line", clock))


KINDS = {"dlt645": dlt645, "modbus": modbus, "dlms": dlms}


class Wall:
    """Two meters of a kind on one line."""

    def __init__(self, kind):
        self.port = Port(Line([], 9600, 0.02))
        self.bus = Bus(self.port, Timing(9600), lambda: self.port.now, self.port.sleep)
        self.played, self.drivers = {}, {}
        for number in (1, 2):
            meter = PlayedMeter(Load(), f"{number:012}", self.port.clock)
            responder, conversations = KINDS[kind](meter, number, self.port.clock)
            self.port.line.meters = [*self.port.line.meters, responder]
            self.played[f"m{number}"] = meter
            self.drivers[f"m{number}"] = MeterOnBus(f"m{number}", self.bus, conversations)
        self.devices = Devices(self.drivers, lambda: self.port.now)
        self.serials = {name: driver.identify().serial for name, driver in self.drivers.items()}

    def read(self, name="m1"):
        self.port.now += 60
        return self.devices.read(Question(name, self.serials[name]))

    def said(self):
        (view,) = lines(self.drivers.values())
        return view.said


@pytest.mark.parametrize("kind", KINDS)
def test_of_a_good_line_nothing_bad_is_said(kind):
    wall = Wall(kind)
    for _ in range(ROUNDS):
        assert isinstance(wall.read("m1"), Observed) and isinstance(wall.read("m2"), Observed)
    (said,) = wall.said()
    assert said.startswith("All ")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", [name for name, fault in FAULTS.items() if fault.line])
def test_a_fault_of_a_line_is_named_and_no_wrong_register_is_taken(fault, kind):
    wall, of = Wall(kind), FAULTS[fault]
    wall.port.line.faults = LineFaults(**{**of.line, **{name: OFTEN[name] for name in OFTEN if name in of.line}})
    wall.port.line.faults.late_s = LATE_S
    seen = [wall.read(name) for _ in range(ROUNDS) for name in wall.drivers]
    registers = {each.register for each in seen if isinstance(each, Observed)}
    assert registers == {1_234_000}
    assert any(words in each for words in of.line_words for each in wall.said()), wall.said()


def cause_of(wall, closed):
    try:
        wall.drivers["m1"].set_switch(closed)
    except DriverError as error:
        return error.cause
    return ""


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_of_a_meter_comes_to_the_agent_in_its_own_words(kind):
    wall = Wall(kind)
    meter = wall.played["m1"]
    right = wall.read()
    assert isinstance(right, Observed)
    meter.faults = MeterFaults(**FAULTS["silent"].meter)
    assert wall.read() == "nothing"
    meter.faults = MeterFaults(**FAULTS["refusals"].meter)
    wall.port.now += 600
    cause = wall.read()
    assert any(words and words in cause for _code, words in FAULTS["refusals"].codes), cause
    meter.faults = MeterFaults(**FAULTS["lie"].meter)
    wall.port.now += 600
    assert wall.read().register == 900_000_000
    meter.faults = MeterFaults(**FAULTS["stuck"].meter)
    assert "still stands closed" in cause_of(wall, closed=False)
    meter.faults = MeterFaults(**FAULTS["button"].meter)
    assert cause_of(wall, closed=False) == ""
    assert "button" in cause_of(wall, closed=True) or kind == "modbus"
    meter.press_button()
    assert wall.read().closed is True


@pytest.mark.parametrize("kind", ["dlt645", "dlms"])
def test_a_clock_that_is_an_hour_slow_is_told_by_how_much(kind):
    wall = Wall(kind)
    wall.played["m1"].faults = MeterFaults(**FAULTS["drift"].meter)
    seen = wall.read()
    assert ClockWatch().look(wall.port.clock(), seen.clock, seen.clock_fault) == "60 minutes behind"

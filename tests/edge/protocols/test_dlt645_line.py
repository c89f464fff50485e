"""Two played meters of DL/T 645 on one bad line: what is read is right, or it is an error that says why."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from prewatt.edge.buses.bus import Bus, Timing
from prewatt.edge.buses.meter_on_bus import MeterOnBus
from prewatt.edge.conversations.dlt645.meter import Dlt645Access, Dlt645Meter
from prewatt.edge.drivers.bus import BusDriverSettings, BusSettings, open_buses
from prewatt.edge.drivers.interface import DriverError
from prewatt.edge.protocols.dlt645.exchanges import Access
from prewatt.sim.meters.line import Line, LineFaults
from prewatt.sim.meters.on_pty import OnPty
from tests.edge.protocols.test_dlt645_meter import SERIAL, Wire, model_named

OTHER = "000000000161"
ROUNDS = 40


@dataclass
class VirtualLine:
    """A port with played meters, on which time passes only while the bus waits."""

    line: Line
    now: float = 0.0
    name: str = "virtual"
    coming: list[tuple[float, bytes]] = field(default_factory=list)

    def write(self, data: bytes) -> None:
        at = self.now
        for piece in self.line.feed(data):
            at += piece.after_s
            self.coming.append((at, piece.data))
        self.coming.sort()

    def read(self, wait_s: float) -> bytes:
        if self.coming and self.coming[0][0] <= self.now + wait_s:
            at, data = self.coming.pop(0)
            self.now = max(self.now, at)
            return data
        self.now += wait_s
        return b""

    def close(self) -> None:
        self.coming.clear()

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def flats(tmp_path):
    """Two flats: the line, and what is asked of each. One uses 2 kWh an hour; the other's meter is two hours ahead."""
    wires = {}
    for address, hours in ((SERIAL, 1), (OTHER, 3)):
        (tmp_path / address).mkdir()
        wires[address] = Wire(tmp_path / address, address=address)
        wires[address].now += hours * 3_600_000_000
    port = VirtualLine(Line([wire.responder for wire in wires.values()], baud=2400, turnaround_s=0.03))
    bus = Bus(port, Timing(baud=2400), lambda: port.now, port.sleep)
    model = model_named("dlt645-2007")
    meters = {
        address: MeterOnBus(address, bus, Dlt645Meter(model, Dlt645Access(address), wire.played.clock))
        for address, wire in wires.items()
    }
    return port, meters, wires


RIGHT = {SERIAL: 2_000, OTHER: 6_000}


def read_rounds(port, meters):
    """How many of the readings came; all that came are right."""
    right = 0
    for _ in range(ROUNDS):
        for address, meter in meters.items():
            try:
                assert meter.read_register() == RIGHT[address]
                assert meter.read_quantities()["voltage-l1"] == 230_000
                right += 1
            except DriverError as error:
                assert error.cause
            port.now += 120
    return right


@pytest.mark.parametrize("fault", ["noise", "splits", "doubles", "glues"])
def test_noise_pieces_and_answers_of_others_hide_no_answer(flats, fault):
    port, meters, _ = flats
    setattr(port.line.faults, fault, 0.6)
    assert read_rounds(port, meters) == 2 * ROUNDS


@pytest.mark.parametrize("loses", [0.0, 0.5])
def test_an_echo_hides_no_answer_and_is_never_one(flats, loses):
    port, meters, _ = flats
    port.line.faults = LineFaults(echoes=True, echo_loses=loses)
    assert read_rounds(port, meters) > ROUNDS
    port.line.faults.silence = 1.0
    with pytest.raises(DriverError, match="echo"):
        meters[SERIAL].read_register()


@pytest.mark.parametrize("fault", ["silence", "garbles", "loses", "late"])
def test_answers_that_are_lost_broken_or_late_are_errors_and_never_another_value(flats, fault):
    port, meters, _ = flats
    setattr(port.line.faults, fault, 0.1)
    right = read_rounds(port, meters)
    assert 0 < right < 2 * ROUNDS
    port.line.faults = LineFaults()
    port.now += 120
    assert read_rounds(port, meters) == 2 * ROUNDS


@pytest.mark.parametrize("fault", ["silence", "garbles", "loses", "late", "noise", "glues"])
def test_a_switch_that_was_moved_on_a_bad_line_stands_as_it_was_told(flats, fault):
    port, meters, wires = flats
    setattr(port.line.faults, fault, 0.15)
    done = 0
    for number in range(ROUNDS):
        closed = bool(number % 2)
        try:
            meters[SERIAL].set_switch(closed)
        except DriverError:
            continue
        finally:
            port.now += 120
        assert wires[SERIAL].played.is_closed() is closed
        done += 1
    assert done > ROUNDS // 4
    assert wires[OTHER].played.is_closed()


def test_a_meter_on_an_adapter_is_read_and_switched_by_its_settings_alone(tmp_path):
    wire = Wire(tmp_path, access=Dlt645Access("161"), address=OTHER)
    wire.responder.access = Access(4, "123456")
    served = OnPty(Line([wire.responder]))
    section = {"bus": "cellar", "model": "dlt645-2007", "address": "161", "password": "123456", "level": 4}
    settings = BusDriverSettings({"cellar": BusSettings(served.path, line="9600 8E1")}, {"m1": section})
    try:
        meter = open_buses(settings, ["m1"], wire.played.clock)["m1"]
        assert meter.identify().serial == OTHER
        meter.set_switch(False)
        assert not wire.played.is_closed() and meter.read_switch() is False
        assert meter.read_power().active == 0
        meter.bus.close()
    finally:
        served.close()

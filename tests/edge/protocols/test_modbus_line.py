"""A meter and a relay module on a bus with every fault that a line has: a value is right, or there is none."""

import pytest

from prewatt.edge.buses.bus import Bus, Timing
from prewatt.edge.conversations.modbus.meter import ModbusMeter
from prewatt.edge.conversations.modbus.relay import RelayAt, Relays
from prewatt.edge.protocols.errors import ProtocolError
from prewatt.edge.protocols.modbus_frames import Rtu
from prewatt.edge.protocols.modbus_unit import Unit
from prewatt.kernel.units import SECOND
from prewatt.sim.meters.line import Line, LineFaults
from prewatt.sim.meters.modbus import ModbusResponder, RelayModule
from tests.edge.buses.lines import VirtualPort
from tests.edge.protocols.modbus_played import model, played

FAULTS = {
    "silence": LineFaults(silence=0.4),
    "noise": LineFaults(noise=0.8),
    "echoes": LineFaults(echoes=True),
    "echoes with lost bytes": LineFaults(echoes=True, echo_loses=0.5),
    "split answers": LineFaults(splits=1.0),
    "glued answers": LineFaults(glues=1.0),
    "wrong checksums": LineFaults(garbles=0.5),
    "late answers": LineFaults(late=0.5),
    "late answers that come after the silence": LineFaults(late=0.5, late_s=4.0),
    "lost bytes": LineFaults(loses=0.5),
    "doubled bytes": LineFaults(doubles=0.8),
    "all": LineFaults(0.1, 0.2, True, 0.1, 0.3, 0.2, 0.1, 0.1, 1.5, 0.1, 0.1),
}


class OnLine(VirtualPort):
    """The bus's end of a line, on a clock that passes while the bus waits."""

    def __init__(self, line):
        super().__init__()
        self.line = line

    def write(self, data):
        at = self.now
        for piece in self.line.feed(data):
            at += piece.after_s
            self.coming.append((at, piece.data))
        self.coming.sort(key=lambda piece: piece[0])


@pytest.mark.parametrize("fault", FAULTS)
def test_a_value_is_right_or_there_is_none_and_a_relay_has_moved_or_is_not_done(tmp_path, fault):
    # After a while the bus asks a meter again that did not answer.
    right, tries = story(tmp_path, "eastron-sdm630", FAULTS[fault], seed=7, pause_s=120)
    assert right > tries / 10
    if "echoes" in fault or fault in ("split answers", "glued answers", "noise"):
        assert right > tries / 2


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault not in ("all", "glued answers")])
def test_so_it_is_with_a_model_whose_answers_look_alike(tmp_path, fault):
    """Four of its questions have answers of one length, and two more of another."""
    story(tmp_path, "schneider-iem3000", FAULTS[fault], seed=7, pause_s=7)


def story(folder, name, faults, seed, pause_s):
    """Read and switch two flats. Returns how often that was done, of how many tries."""
    flats = [played(folder, serial) for serial in ("11", "12")]
    slaves = [ModbusResponder(flat, model(name), 1 + at, Rtu()) for at, flat in enumerate(flats)]
    module = RelayModule(flats, model("relay-module-registers"), 9, Rtu())
    port = OnLine(Line([*slaves, module], baud=9600, turnaround_s=0.02, faults=faults, seed=seed))
    relays = Relays(module.relay, Unit(Rtu(), 9), lambda: int(port.now * SECOND))
    meters = [ModbusMeter(slave.model, 1 + at, Rtu(), RelayAt(relays, 1 + at)) for at, slave in enumerate(slaves)]
    bus = Bus(port, Timing(9600), lambda: port.now, port.sleep)
    right = tries = 0
    for turn in range(16):
        flat, meter, called = flats[turn % 2], meters[turn % 2], f"m{turn % 2}"
        flat.faults.says = 5_000_000 + turn
        port.now += 120
        closed = turn % 4 < 2
        for conversation, holds in (
            (meter.identify(), lambda identity, flat=flat: identity.serial == flat.serial),
            (meter.read_register(), lambda energy, flat=flat: energy == flat.register()),
            (meter.read_power(), lambda power, flat=flat: abs(power.active - flat.power()) <= 1),
            (meter.read_quantities(), lambda values: values["voltage-l1"] == 230_000 and values["frequency"] == 50_000),
            (meter.set_switch(closed), lambda _, flat=flat, closed=closed: flat.is_closed() is closed),
            (meter.read_switch(), lambda seen, flat=flat: seen in (flat.is_closed(), None)),
        ):
            tries += 1
            port.now += pause_s
            try:
                value = bus.run(called, conversation)
            except ProtocolError:
                continue
            assert holds(value), value
            right += 1
    return right, tries

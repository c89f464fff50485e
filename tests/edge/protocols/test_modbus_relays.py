"""A relay module that switches several flats is asked once a round, and each flat is told how its own relay stands."""

import pytest

from prewatt.edge.conversations.modbus import PROTOCOL, ModbusAccess
from prewatt.edge.conversations.protocol import OnBus
from prewatt.edge.protocols.errors import ProtocolError
from prewatt.edge.protocols.modbus_frames import Rtu
from prewatt.kernel.units import MINUTE
from prewatt.sim.meters.modbus import ModbusResponder, RelayModule
from tests.edge.protocols.modbus_played import Together, model, played

MODULE = 100


class Stairs:
    """Three flats with a meter each, and one module of relays."""

    def __init__(self, folder, name="relay-module-coils"):
        self.now = 0
        self.flats = [played(folder, str(serial)) for serial in (11, 12, 13)]
        slaves = [ModbusResponder(flat, model("eastron-sdm120"), 1 + at, Rtu()) for at, flat in enumerate(self.flats)]
        self.module = RelayModule(self.flats, model(name), MODULE, Rtu())
        self.line = Together([*slaves, self.module])
        bus = OnBus("line", lambda: self.now)
        self.meters = [
            PROTOCOL.open(
                model("eastron-sdm120"),
                ModbusAccess(str(n), relay_model=name, relay_address=str(MODULE), relay_channel=n),
                bus,
            )
            for n in (1, 2, 3)
        ]

    def round(self):
        return [self.line.run(meter.read_switch()) for meter in self.meters]

    def asked(self):
        """How often the module was asked since the last call."""
        count = sum(question[0] == MODULE for question in self.line.asked)
        self.line.asked.clear()
        return count


@pytest.mark.parametrize("name", ["relay-module-coils", "relay-module-registers"])
def test_each_round_asks_the_module_once_and_sees_what_changed_between(tmp_path, name):
    stairs = Stairs(tmp_path, name)
    assert stairs.round() == [True, True, True]
    assert stairs.asked() == 1
    stairs.flats[1].order(closed=False)  # by the module's own button
    assert stairs.round() == [True, False, True]
    assert stairs.asked() == 1


def test_no_state_outlives_an_order_to_any_relay_of_the_module(tmp_path):
    stairs = Stairs(tmp_path)
    first, second, third = stairs.meters
    assert stairs.line.run(first.read_switch()) is True
    stairs.line.run(second.set_switch(closed=False))
    assert stairs.line.run(third.read_switch()) is True
    assert stairs.line.run(second.read_switch()) is False
    stairs.flats[2].faults.sticks = True
    with pytest.raises(ProtocolError, match="still stands closed"):
        stairs.line.run(third.set_switch(closed=False))
    assert stairs.round() == [True, False, True]


def test_a_state_that_is_a_minute_old_is_asked_for_again(tmp_path):
    stairs = Stairs(tmp_path)
    stairs.line.run(stairs.meters[0].read_switch())
    stairs.flats[2].order(closed=False)
    stairs.now += MINUTE
    assert stairs.line.run(stairs.meters[1].read_switch()) is True
    stairs.now += 1
    assert stairs.line.run(stairs.meters[2].read_switch()) is False
    stairs.now -= 2 * MINUTE  # the clock was set back
    assert stairs.line.run(stairs.meters[0].read_switch()) is True
    assert stairs.asked() == 3


def test_a_silent_module_is_waited_for_once_a_round(tmp_path):
    stairs = Stairs(tmp_path)
    stairs.module.silent = True
    assert stairs.round() == [None, None, None]
    assert stairs.asked() == 1
    stairs.module.silent = False
    assert stairs.round() == [True, True, True]
    assert stairs.asked() >= 1


def test_a_flat_that_is_looked_at_again_and_again_has_the_module_asked_each_time(tmp_path):
    stairs = Stairs(tmp_path)
    for closed in (True, False, True):
        stairs.flats[0].order(closed)
        assert stairs.line.run(stairs.meters[0].read_switch()) is closed
    assert stairs.asked() == 3

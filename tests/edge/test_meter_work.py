"""A bus takes its time: the agent's thread does not wait for it, and what it brings is taken up in that thread."""

import queue
import threading

import pytest

from prewatt.edge.devices import Devices, Question
from prewatt.edge.drivers.interface import DriverError, Identity, NotSupported, Unreachable
from prewatt.edge.meter_work import MeterWork
from prewatt.edge.observed import Observed


class SlowMeter:
    """A meter on a bus that answers when the test lets it."""

    def __init__(self, name, bus):
        self.name, self.bus = name, bus
        self.gate, self.asked = threading.Event(), threading.Event()
        self.register, self.closed, self.error = 100, True, None

    def identify(self):
        return Identity(self.name, "x", "y")

    def read_register(self):
        self.bus.append(("read", self.name))
        self.asked.set()
        self.gate.wait()
        if self.error is not None:
            raise self.error
        return self.register

    def read_switch(self):
        return self.closed

    def read_tampered(self):
        return False

    def read_own_prepaid(self):
        return ""

    def read_clock(self):
        raise NotSupported("m1", "read clock", "it has none")

    def set_switch(self, closed):
        self.bus.append(("switch", self.name))
        if self.error is not None:
            raise self.error
        self.closed = closed

    def set_allowance(self, energy):
        self.bus.append(("allowance", self.name))
        raise NotSupported(self.name, "set allowance", "it has none")


class Heard:
    """What the agent hears, in the order in which it does."""

    def __init__(self):
        self.all = []

    def on_read(self, seen):
        self.all.append(("read", {name: getattr(each, "closed", each) for name, each in seen.items()}))
        return []

    def on_looked(self, name, began, seen):
        self.all.append(("looked", name))
        return []

    def on_switch(self, name, closed, error):
        self.all.append(("switch", name, closed, None if error is None else error.cause))
        return []

    def on_allowance_failed(self, name, keeps):
        self.all.append(("allowance", name, keeps))
        return []


class Gateway:
    def __init__(self, *meters):
        self.inbox, self.heard = queue.Queue(), Heard()
        self.meters = {meter.name: meter for meter in meters}
        self.work = MeterWork(
            Devices(self.meters), lambda name, _looks: Question(name, name), self.heard, self.inbox.put, in_step=False
        )

    def hear(self, count=1):
        """Do in this thread what the buses' threads posted, until the agent has heard `count` things."""
        while len(self.heard.all) < count:
            self.inbox.get(timeout=30)()
        return self.heard.all


@pytest.fixture
def gateway():
    cellar, attic = [], []
    gateway = Gateway(SlowMeter("m1", cellar), SlowMeter("m2", cellar), SlowMeter("m3", attic))
    yield gateway
    for meter in gateway.meters.values():
        meter.gate.set()
    gateway.work.close()


def test_a_slow_bus_holds_up_neither_the_agent_nor_another_bus(gateway):
    gateway.meters["m3"].gate.set()
    assert gateway.work.read(["m1", "m3"]) == []
    assert gateway.hear() == [("read", {"m3": True})]
    gateway.meters["m1"].gate.set()
    assert gateway.hear(2)[1] == ("read", {"m1": True})


def test_what_a_meter_may_supply_alone_is_told_before_its_switch_moves_though_others_are_read(gateway):
    """It can't be closed while that is used up."""
    m1 = gateway.meters["m1"]
    gateway.work.read(["m1"])
    m1.asked.wait()
    gateway.work.set_allowance("m2", 5)
    gateway.work.move_switch("m2", True)
    assert gateway.hear(2) == [("allowance", "m2", False), ("switch", "m2", True, None)]
    assert m1.bus == [("read", "m1"), ("allowance", "m2"), ("switch", "m2")]


def test_a_meter_that_is_being_read_is_not_asked_a_second_time(gateway):
    gateway.work.read(["m1"])
    gateway.meters["m1"].asked.wait()
    gateway.work.read(["m1"])
    gateway.meters["m1"].gate.set()
    gateway.hear()
    gateway.work.read(["m1"])
    gateway.hear(2)
    assert gateway.meters["m1"].bus == [("read", "m1"), ("read", "m1")]


def test_a_switch_that_moves_goes_before_the_meters_that_wait_to_be_read(gateway):
    m1, m2 = gateway.meters["m1"], gateway.meters["m2"]
    m2.gate.set()
    gateway.work.read(["m1", "m2"])
    m1.asked.wait()
    gateway.work.look("m2")
    gateway.work.move_switch("m2", False)
    assert gateway.hear() == [("switch", "m2", False, None)]
    m1.gate.set()
    while not any(each[0] == "read" and "m2" in each[1] for each in gateway.heard.all):
        gateway.inbox.get(timeout=30)()
    assert m1.bus == [("read", "m1"), ("switch", "m2"), ("read", "m2"), ("read", "m2")]


def test_a_reading_from_before_a_switch_moved_is_not_believed_after_it(gateway):
    m1 = gateway.meters["m1"]
    gateway.work.read(["m1"])
    m1.asked.wait()
    gateway.work.move_switch("m1", False)
    m1.gate.set()
    assert [each for each in gateway.hear(2) if each[0] == "read"] == [("read", {"m1": False})], "it was read again"


def test_a_reading_that_began_while_an_order_waited_is_not_believed(gateway):
    m1, m2 = gateway.meters["m1"], gateway.meters["m2"]
    busy = threading.Event()

    def slowly(closed):
        busy.set()
        m2.gate.wait()
        m2.closed = closed

    m2.set_switch = slowly
    m1.gate.set()
    gateway.work.move_switch("m2", False)
    busy.wait()
    gateway.work.move_switch("m1", False)
    gateway.work.read(["m1"])
    gateway.inbox.get(timeout=30)()
    assert gateway.heard.all == [], "it was read before its switch moved, so it is read again"
    m2.gate.set()
    while not any(each[0] == "read" for each in gateway.heard.all):
        gateway.inbox.get(timeout=30)()
    assert gateway.heard.all[-1] == ("read", {"m1": False})


def test_a_look_that_began_before_a_switch_moved_is_not_shown(gateway):
    m1 = gateway.meters["m1"]
    gateway.work.look("m1")
    m1.asked.wait()
    gateway.work.move_switch("m1", False)
    assert gateway.hear() == [("switch", "m1", False, None)]
    m1.gate.set()
    gateway.hear(2)
    assert m1.bus == [("read", "m1"), ("switch", "m1"), ("read", "m1")]


def test_a_switch_moves_while_another_meter_is_read(gateway):
    m1, m2 = gateway.meters["m1"], gateway.meters["m2"]
    m2.gate.set()
    gateway.work.read(["m1"])
    m1.asked.wait()
    gateway.work.move_switch("m2", False)
    assert gateway.hear() == [("switch", "m2", False, None)]


def test_an_order_that_fails_and_a_meter_that_is_silent_are_told(gateway):
    m1 = gateway.meters["m1"]
    m1.gate.set()
    m1.error = DriverError("m1", "set switch", "it sticks")
    gateway.work.move_switch("m1", True)
    assert gateway.hear() == [("switch", "m1", True, "it sticks")]
    m1.error = Unreachable("m1", "read register", "nothing")
    gateway.work.read(["m1"])
    assert gateway.hear(2)[1] == ("read", {"m1": "nothing"})
    gateway.work.set_allowance("m1", 5)
    assert gateway.hear(3)[2] == ("allowance", "m1", False)


def test_a_fault_in_a_driver_is_the_end_of_one_reading_alone(gateway):
    m1, m2 = gateway.meters["m1"], gateway.meters["m2"]
    m1.gate.set(), m2.gate.set()
    m1.error = ZeroDivisionError("a fault in the driver")
    gateway.work.read(["m1", "m2"])
    gateway.hear(1)
    while len({name for _, seen in gateway.heard.all for name in seen}) < 2:
        gateway.inbox.get(timeout=30)()
    heard = {name: told for _, seen in gateway.heard.all for name, told in seen.items()}
    assert heard == {"m1": "a fault in its driver (ZeroDivisionError)", "m2": True}
    gateway.work.move_switch("m1", False)
    gateway.hear(len(gateway.heard.all) + 1)
    assert gateway.heard.all[-1] == ("switch", "m1", False, "a fault in its driver (ZeroDivisionError)")


def test_what_was_read_meanwhile_is_taken_up_together(gateway):
    for meter in gateway.meters.values():
        meter.gate.set()
    gateway.work.read(["m1", "m2", "m3"])
    while sum(len(seen) for _, seen in gateway.heard.all) < 3:
        gateway.inbox.get(timeout=30)()
    assert {name for _, seen in gateway.heard.all for name in seen} == {"m1", "m2", "m3"}


def test_a_meter_that_cannot_tell_its_number_is_believed_and_zeros_before_it_mean_nothing():
    class Counter(SlowMeter):
        serial = ""

        def identify(self):
            return Identity(self.serial, "x", "y")

    meter, now = Counter("12345", []), [0.0]
    meter.gate.set()
    devices = Devices({"12345": meter}, lambda: now[0])
    assert isinstance(devices.read(Question("12345", "12345")), Observed)
    now[0] += 90_000
    meter.serial = "000000012345"
    assert isinstance(devices.read(Question("12345", "12345")), Observed)
    meter.serial = "000000099999"
    assert isinstance(devices.read(Question("12345", "12345")), Observed), "it is asked once a day"
    now[0] += 90_000
    assert devices.read(Question("12345", "12345")).serial == "000000099999"

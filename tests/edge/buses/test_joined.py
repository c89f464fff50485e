"""A flat behind three meters, one a phase, on a real line: to the agent they are one."""

import pytest

from prewatt.edge.devices import Devices, Question
from prewatt.edge.driver_settings import read_section
from prewatt.edge.drivers.bus import open_buses
from prewatt.edge.drivers.interface import DriverError, Identity, NotSupported, PressButton, Unreachable
from prewatt.edge.meter import Foreign, Meter, Observed
from prewatt.kernel.account import Account
from prewatt.kernel.entries import ChangeSettings, Command, genesis
from prewatt.kernel.quantities import Quantity
from prewatt.kernel.settings import Settings
from prewatt.kernel.units import HOUR, MINUTE
from prewatt.sim.meters.dlt645 import Balance, Dlt645Responder
from prewatt.sim.meters.line import Line
from prewatt.sim.meters.on_pty import OnPty
from tests.edge.protocols.modbus_played import played
from tests.edge.test_meter import BEGIN, POLICY, journalled, kinds, meter

SERIALS = ["000000000111", "000000000222", "000000000333"]
WHOLE = "111+222+333"


class Flat:
    """Three played meters of 2 kW each on a line, and what the gateway opens of them."""

    def __init__(self, folder, serials=SERIALS, model="dlt645-2007"):
        self.meters = [played(folder, serial) for serial in serials]
        self.responders = [Dlt645Responder(each) for each in self.meters]
        self.served = OnPty(Line(self.responders))
        bus = {"port": self.served.path, "line": "115200 8E1", "answer_s": 0.3, "pause_s": 0.1, "turnaround_s": 0.0}
        sections = {
            f"l{n}": {"bus": "cellar", "model": model, "address": serial} for n, serial in enumerate(serials, 1)
        }
        sections[WHOLE] = {"parts": ["l1", "l2", "l3"]}
        settings = read_section("bus", {"buses": {"cellar": {**bus, "rest_longest_s": 0}}, "meters": sections}, folder)
        self.driver = open_buses(settings, [WHOLE], lambda: 0)[WHOLE]
        self.devices = Devices({WHOLE: self.driver})

    def close(self):
        self.driver.bus.close()
        self.served.close()

    def read(self, serial=WHOLE):
        return self.devices.read(Question(WHOLE, serial, power=True, quantities=True))


@pytest.fixture
def flat(tmp_path):
    made = Flat(tmp_path)
    yield made
    made.close()


def test_the_energy_of_a_flat_is_the_sum_of_its_meters_and_each_is_a_phase(flat):
    flat.meters[1].voltage = 231_000
    seen = flat.read()
    assert isinstance(seen, Observed)
    assert (seen.register, seen.closed, seen.power) == (6_000, True, 6_000)
    voltages = [seen.quantities[each] for each in (Quantity.VOLTAGE_L1, Quantity.VOLTAGE_L2, Quantity.VOLTAGE_L3)]
    assert voltages == [230_000, 231_000, 230_000]


def test_its_switch_moves_all_of_them_and_stands_otherwise_than_told_while_one_does(flat):
    flat.driver.set_switch(False)
    assert [each.is_closed() for each in flat.meters] == [False] * 3 and flat.driver.read_switch() is False
    flat.meters[0].faults.sticks = True
    with pytest.raises(DriverError, match=r"111\+222\+333: set switch: part l1: "):
        flat.driver.set_switch(True)
    assert [each.is_closed() for each in flat.meters] == [False, True, True], "the others are told all the same"
    assert flat.driver.read_switch() is False
    flat.meters[0].faults.sticks = False
    flat.driver.set_switch(True)
    assert flat.driver.read_switch() is True


def test_it_waits_for_the_buttons_of_its_meters_unless_one_of_them_does_not_obey(tmp_path):
    flat = Flat(tmp_path, model="dlt645-2007-button")
    try:
        flat.driver.set_switch(False)
        with pytest.raises(PressButton, match="part l1"):
            flat.driver.set_switch(True)
        for each in flat.meters[:2]:
            each.press_button()
        flat.meters[2].faults.silent = True
        with pytest.raises(Unreachable, match="part l3"):
            flat.driver.set_switch(True)
    finally:
        flat.close()


def test_one_in_a_prepaid_mode_of_its_own_is_named(flat):
    assert flat.driver.read_own_prepaid() == ""
    flat.served.line.meters[1].balance = Balance(1, 1_234)
    assert flat.driver.read_own_prepaid().startswith("part l2: have its maker")
    assert flat.read().own_prepaid.startswith("part l2")


@pytest.mark.parametrize("wanted", [True, False])
def test_after_a_start_with_switches_that_differ_the_order_is_given_again_whatever_it_was(flat, wanted):
    flat.meters[2].inner.set_switch(False)
    for _ in range(2):
        if flat.driver.read_switch() != wanted:
            flat.driver.set_switch(wanted)
    assert [each.is_closed() for each in flat.meters] == [wanted] * 3


def test_while_one_is_silent_the_flat_is_lost_and_nobody_is_cut_off(flat):
    rules = meter()
    flat.meters[1].faults.silent = True
    with pytest.raises(Unreachable, match="part l2"):
        flat.driver.read_register()
    cause = flat.read()
    assert isinstance(cause, str) and cause.startswith("part l2: ")
    outcome = rules.fail(BEGIN + MINUTE, cause)
    assert rules.lost and outcome.switch is None
    assert [(entry.code, entry.detail) for entry in journalled(outcome)] == [("meter-lost", cause)]


def test_one_that_is_reset_makes_the_sum_fall_which_is_doubted(flat):
    rules = Meter(WHOLE, Account(), genesis(WHOLE), POLICY)
    rules.follow(BEGIN, Command(WHOLE, 1, BEGIN, ChangeSettings(Settings(power_highest=4_000))))
    for each in flat.meters:
        each.faults.says = 400_000
    rules.observe(BEGIN, flat.read())
    assert rules.account.register == 1_200_000
    flat.meters[2].faults.says = 0
    assert kinds(rules.observe(BEGIN + HOUR, flat.read())) == ["doubtful"]
    assert rules.account.register == 1_200_000, "nothing is charged or given back for it"


def test_one_that_is_exchanged_is_another_meter_until_the_exchange_of_the_whole_is_entered(tmp_path):
    flat = Flat(tmp_path, [SERIALS[0], "000000000444", SERIALS[2]])
    seen = flat.read()
    assert seen == Foreign("000000000111+000000000444+000000000333")
    assert isinstance(flat.read("111+444+333"), Observed)
    flat.close()


def test_a_prepaid_mode_of_one_of_them_is_found_and_the_part_named(flat):
    assert not flat.driver.read_own_prepaid()
    flat.responders[1].balance = Balance(1, 5)
    assert flat.driver.read_own_prepaid().startswith("part l2: have its maker")


def test_a_meter_that_cuts_off_by_itself_is_no_second_line_of_a_flat_with_several(flat):
    with pytest.raises(NotSupported):
        flat.driver.read_allowance()


@pytest.mark.parametrize(
    ("told", "asked", "same"),
    [
        ("000111+000222", "111+222", True),
        ("111+", "111+222", True),
        ("111+222", "222+111", False),
        ("111+222", "111", False),
        ("111", "111+222", False),
        ("", "111+222", True),
    ],
)
def test_each_meter_that_tells_its_number_is_the_one_in_its_place(told, asked, same):
    assert Identity(told, "", "").may_be(asked) is same


METER = {"bus": "cellar", "model": "eastron-sdm120"}


@pytest.mark.parametrize(
    ("meters", "names", "says"),
    [
        ({"w": {"parts": ["a"]}, "a": METER}, ["w"], "meters.w.parts: give only the names of two meters or more"),
        ({"w": {"parts": ["a", "b"], "bus": "cellar"}}, ["w"], "meters.w.parts: give only the names"),
        ({"w": {"parts": ["a", "b"]}, "a": METER}, ["w"], "meters.w.parts: there is no section meters.b"),
        ({"w": {"parts": ["a", "a"]}, "a": METER}, ["w"], "meters.w.parts: a is a part of w already"),
        ({"w": {"parts": ["a", "b"]}, "a": METER, "b": METER}, ["w", "b"], "b is a meter by itself already"),
        (
            {"w": {"parts": ["a", "b"]}, "a": {**METER, "address": "1"}, "b": {**METER, "address": "1"}},
            ["w"],
            "meters.b.address: meter a has the same one",
        ),
    ],
)
def test_what_is_wrong_with_parts_is_named(tmp_path, meters, names, says):
    settings = read_section("bus", {"buses": {"cellar": {"port": "/dev/ttyUSB0"}}, "meters": meters}, tmp_path)
    with pytest.raises(ValueError, match=says):
        open_buses(settings, names, lambda: 0)

"""Which meters of a demonstration have which fault, and that each fault has words by which pages name it."""

from pathlib import Path

import pytest

from prewatt.sim.wiring import FAULTS, befallen, plan_house, with_meter_faults

OF_METERS = [name for name, fault in FAULTS.items() if fault.meter]


def house(protocol, meters):
    recordings = {f"{number}": f"m{number}" for number in range(1, meters + 1)}
    return plan_house(protocol, recordings, data=Path("x"), zone="UTC", home=Path("x"), clock="", faults=())


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_of_lines_or_of_meters_and_has_words_that_name_it(fault):
    of = FAULTS[fault]
    assert bool(of.line) != bool(of.meter)
    assert bool(of.line) == bool(of.line_words) and bool(of.meter) == bool(of.codes)


def test_nine_meters_of_three_protocols_have_all_faults_of_meters_one_each_and_some_have_none():
    plan = house("mixed", 9)
    found = befallen(plan, FAULTS)
    assert set(found.values()) == set(OF_METERS) and len(found) < 9
    without_clock = {meter.serial for line in plan.lines if line.modules for meter in line.meters}
    assert not any(fault == "drift" for meter, fault in found.items() if meter in without_clock)
    broken = with_meter_faults(plan, found)
    assert {meter.serial for line in broken.lines for meter in line.meters if meter.faults} == set(found)
    assert with_meter_faults(broken, {}) == plan


@pytest.mark.parametrize("protocol", ["dlt645", "modbus", "dlms"])
@pytest.mark.parametrize("fault", OF_METERS)
def test_one_fault_alone_has_a_third_of_the_meters(protocol, fault):
    found = befallen(house(protocol, 6), [fault])
    assert len(found) == (0 if (protocol, fault) == ("modbus", "drift") else 2)

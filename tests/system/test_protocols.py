"""A building whose meters speak DL/T 645, Modbus and DLMS/COSEM, over a pty and TCP, with every process real."""

import pytest

from prewatt.sim.wiring import FAULTS
from tests.system.demonstration import Demonstration

LINES = ("cellar", "riser", "attic")


@pytest.fixture
def demonstrate(tmp_path):
    made = []

    def demonstrate(*options):
        made.append(Demonstration(tmp_path, *options))
        return made[-1]

    yield demonstrate
    for each in made:
        each.stop()


def test_meters_of_three_protocols_on_bad_lines_lose_no_unit_and_each_fault_is_named(demonstrate):
    ended = demonstrate("--days", 1, "--meters", 9, "--protocol", "mixed", "--fault", "all").end()
    assert ended.status == 0, ended.output
    meters = {meter["meter"]: meter for meter in ended.account["meters"]}
    assert len(meters) == 9
    assert {meter["difference"] for meter in meters.values()} == {"0.000000000"}
    assert all(float(meter["register_kwh"]) > 1 for meter in meters.values()), "they are read to the end"
    named = {(each["fault"], each["where"]): each for each in ended.account["faults"]}
    assert {fault for fault, _where in named} == set(FAULTS)
    for fault in (name for name, of in FAULTS.items() if of.line):
        for line in LINES:
            assert named[fault, f"line {line}"]["page"] == "gateway: The lines of the meters"
    on_pages = {each["fault"]: each for each in ended.account["faults"]}
    assert "The load switch of meter" in on_pages["stuck"]["words"] and on_pages["stuck"]["page"] == "Alarms"
    assert "minutes behind" in on_pages["drift"]["words"]
    assert "Pages that name each fault" in ended.output

"""A building whose meters speak DL/T 645, Modbus and DLMS/COSEM, over a pty and TCP, with every process real."""

import pytest

from tests.system.demonstration import Demonstration

FAULTS = ("noise", "echo", "split", "glued", "checksum", "lost", "doubled", "lie", "refusals")


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
    broken = [word for fault in FAULTS for word in ("--fault", fault)]
    ended = demonstrate("--days", 1, "--meters", 9, "--protocol", "mixed", *broken).end()
    assert ended.status == 0, ended.output
    meters = {meter["meter"]: meter for meter in ended.account["meters"]}
    assert len(meters) == 9
    assert {meter["difference"] for meter in meters.values()} == {"0.000000000"}
    assert all(float(meter["register_kwh"]) > 1 for meter in meters.values()), "they are read to the end"
    said = ended.output.split("What the pages say of the meters:")[1]
    # On each line the first meter told nonsense and refused for a quarter of the day.
    for meter in ("10006414", "10006486", "10006492"):
        assert f"meter {meter}: the meter does not answer" in said
        assert f"meter {meter}: the meter answers again" in said

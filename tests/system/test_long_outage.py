"""Two weeks without a network, and everything that people can do meanwhile: in the end every difference is zero, and each
credit is applied once, by whatever carrier.
"""

import json
import subprocess
import sys

from tests.system.demonstration import LONGEST, ROOT


def test_two_weeks_without_a_network_end_with_no_difference(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tests.system.long_outage", tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LONGEST,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["failures"] == []
    assert found["differences"] == ["0.000000000"]
    kinds = found["kinds"]
    # All of it did happen in the outage.
    assert found["typed"] > 0 and kinds["code"] == kinds["recognised"] == found["typed"]
    assert found["emergencies"] == kinds["on-site emergency"] > 0
    assert found["staff"] and all(text.startswith("Done") for text in found["staff"])
    assert kinds.get("on-site restore", 0) + kinds.get("on-site open", 0) > 0
    assert found["orders"] == ["done"] and kinds["controlled"] >= 2
    # The first tariff and the one that was scheduled in the outage, at each of the meters.
    assert kinds["tariff"] == 2 * 12
    inside = [each for each in found["top_ups"] if found["outage"]["begin"] <= each["paid_at"] < found["outage"]["end"]]
    assert {each["applied_times"] for each in found["top_ups"]} == {1}
    assert {each["way"] for each in inside} == {"code", "command"}
    assert all((each["applied_at"] < found["outage"]["end"]) == (each["way"] == "code") for each in inside)

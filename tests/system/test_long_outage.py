"""Two weeks without a network, and everything that people can do meanwhile: in the end every difference is zero, and each
credit is applied once, by whatever carrier, though processes are killed all along.
"""

import json
import random
import subprocess
import sys

from tests.system.demonstration import LONGEST, ROOT
from tests.system.killing import STARTING_COPY, Killer

LONGEST_STEPS = 5_000
"""Between two kills at most: each is an entry, or a quarter of an hour of one of the twelve meters."""


def played(folder):
    """What came of the story, in which the agent and the head-end are killed all along, and how often they were."""
    with (folder / "said").open("w") as said, (folder / "errors").open("w") as errors:
        story = subprocess.Popen(
            [sys.executable, "-m", "tests.system.long_outage", folder / "home"], cwd=ROOT, stdout=said, stderr=errors
        )
    victims = ("agent", "agent", "headend")
    killer = Killer(folder / "home", victims, random.Random(7), LONGEST_STEPS, STARTING_COPY)
    try:
        killer.kill_while(lambda: story.poll() is None)
        assert story.wait(LONGEST) == 0, (folder / "errors").read_text()
    finally:
        story.kill()
    return json.loads((folder / "said").read_text()), killer.kills


def test_two_weeks_without_a_network_end_with_no_difference(tmp_path):
    (tmp_path / "home").mkdir()
    found, kills = played(tmp_path)
    assert kills > 10
    assert found["failures"] == []
    assert found["differences"] == ["0.000000000"]
    kinds = found["kinds"]
    # All of it did happen in the outage.
    assert found["typed"] > 0 and kinds["code"] == kinds["recognised"] == found["typed"]
    assert kinds["on-site emergency"] >= found["emergencies"] > 0
    assert found["staff"] and all(text.startswith("Done") for text in found["staff"])
    assert kinds.get("on-site restore", 0) + kinds.get("on-site open", 0) > 0
    assert found["orders"] == ["done"] and kinds["controlled"] >= 2
    # The first tariff and the one that was scheduled in the outage, at each of the meters.
    assert kinds["tariff"] == 2 * 12
    inside = [each for each in found["top_ups"] if found["outage"]["begin"] <= each["paid_at"] < found["outage"]["end"]]
    assert {each["applied_times"] for each in found["top_ups"]} == {1}
    assert {each["way"] for each in inside} == {"code", "command"}
    assert all((each["applied_at"] < found["outage"]["end"]) == (each["way"] == "code") for each in inside)

"""A lost phone is shut out by a list that travels to the gateway, in a running building."""

import json
import subprocess
import sys

from tests.system.demonstration import LONGEST, ROOT


def test_a_lost_phone_is_shut_out_at_once_and_by_a_gateway_that_was_down_at_its_return():
    ended = subprocess.run(
        [sys.executable, "-m", "tests.system.lost_phone"], cwd=ROOT, capture_output=True, text=True, timeout=LONGEST
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    revoked = "This grant is revoked: ask the manager for a new one."
    said = json.loads(ended.stdout)
    assert "Done." in said.pop("before")
    assert said == {"after": revoked, "again": revoked, "second": revoked, "restored": 1}

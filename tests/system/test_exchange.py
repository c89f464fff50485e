"""A meter is exchanged in a running building, and nobody said so before."""

import json
import subprocess
import sys

from tests.system.demonstration import LONGEST, ROOT


def test_supply_goes_on_and_all_is_charged_once_whoever_hangs_another_meter():
    ended = subprocess.run(
        [sys.executable, "-m", "tests.system.exchange"], cwd=ROOT, capture_output=True, text=True, timeout=LONGEST
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert json.loads(ended.stdout) == {
        "form_filled_in": True,
        "dark": False,
        "serial": "m0-new",
        "name": "m0",
        "foreign_settled": True,
        "energy_not_measured": 0,
        "balance": 0,
        "books": 0,
        "meter": 0,
        "trial_balance": 0,
        "open": [],
        "history": True,
    }

"""Fifty tenants paying at once, with duplicated callbacks: the books and the meters agree."""

import json
import subprocess
import sys

from tests.system.demonstration import LONGEST, ROOT
from tests.system.rush import EXTRA, FLATS


def test_fifty_tenants_pay_at_once_and_the_books_and_the_meters_agree():
    ended = subprocess.run(
        [sys.executable, "-m", "tests.system.rush"], cwd=ROOT, capture_output=True, text=True, timeout=LONGEST
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    found = json.loads(ended.stdout)
    assert (found["payments"], found["top_ups"], found["others"]) == (FLATS + EXTRA, FLATS + EXTRA, 0)
    assert found["books_against_meters"] == [0] * FLATS == found["meters_themselves"]
    assert (found["refused"], found["unexpected"], found["alarms"]) == (0, 0, 0)
    assert found["clearing"] == found["trial_balance"] == 0

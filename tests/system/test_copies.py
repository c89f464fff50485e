"""Copies put back on either side: whoever paid has what was paid, and the books, the server and the meters agree."""

import json
import subprocess
import sys

from tests.system.copies import FLATS
from tests.system.demonstration import LONGEST, ROOT


def test_copies_of_the_database_and_of_the_journal_put_back_leave_nobody_who_paid_in_the_dark():
    ended = subprocess.run(
        [sys.executable, "-m", "tests.system.copies"], cwd=ROOT, capture_output=True, text=True, timeout=LONGEST
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    found = json.loads(ended.stdout)
    lost, again = found["numbers"]
    assert again == [lost, lost + 1], "the story is that one number was given twice"
    assert (found["after_server"], found["unbooked"]) == ([19, 7, 5], [7])
    assert found["after_gateway"] == [28, 7, 13]
    assert found["books_against_meters"] == [0] * FLATS == found["meters_themselves"]
    assert (found["alarms"], found["restarts"]) == (["journal-set-back"], 0)

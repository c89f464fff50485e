"""Running the demonstration as a process of its own, and checking what it says with the lines that its document shows."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PACKAGED = ROOT / "src" / "prewatt" / "sim" / "data" / "apartments.csv.gz"
PREWATT = [sys.executable, "-m", "prewatt"]
PREPARED = [sys.executable, "-m", "tests.system.prepared"]
RESTARTED = [*PREPARED, "restarted"]
PAYING_AT_THE_END = [sys.executable, "-m", "tests.system.paying_at_the_end"]
LONGEST = 1200
"""Seconds that a demonstration may take on a machine that has much else to do."""


class Ended(NamedTuple):
    """What a demonstration left: its exit status, what it printed, and its account."""

    status: int
    output: str
    account: dict


class Demonstration:
    """`prewatt demo --headless` with some options, in the folder `home`: by `program`."""

    def __init__(self, folder, *options, data=None, program=PREPARED):
        self.home, self.account, self.data = folder / "home", folder / "account.json", data or PACKAGED
        files = ["--home", self.home, "--json", self.account, *(["--data", data] if data else [])]
        self.process = subprocess.Popen(
            [*program, "demo", "--headless", *map(str, files), *map(str, options)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def running(self):
        return self.process.poll() is None

    def pid(self, name):
        """The process id of a child, None while there is none."""
        try:
            return int((self.home / "run" / f"{name}.pid").read_text())
        except (OSError, ValueError):
            return None

    def end(self):
        """Wait for the end."""
        output, _ = self.process.communicate(timeout=LONGEST)
        written = self.account.read_text() if self.account.exists() else ""
        return Ended(self.process.returncode, output, json.loads(written) if written else {})

    def stop(self):
        """End it early, if it still runs."""
        if self.running():
            self.process.terminate()
            self.process.communicate(timeout=30)


def lines_of_the_document():
    """The program in docs/programmer/demo-json.md by which anyone can check an account."""
    return re.search(r"```python\n(.*?)```", (ROOT / "docs" / "programmer" / "demo-json.md").read_text(), re.DOTALL)[1]


def check(demonstration):
    """The account is right to the last unit, by independent lines."""
    ended = demonstration.end()
    assert ended.status == 0, ended.output
    checked = subprocess.run(
        [sys.executable, "-c", lines_of_the_document(), demonstration.account, demonstration.data],
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stderr
    assert f"{len(ended.account['meters'])} meters: every figure is right" in checked.stdout
    return ended

"""What Lighthouse, Google's judge of pages, says of the tenant's home on a server of its own: performance as on a slow phone with a
slow network, accessibility, best practices. Its version is pinned in `tests/system/lighthouse/`; `make packages` brings it.

    python -m bench.lighthouse
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.ports import free_port

from bench.visit import chromium, give, session

ROOT = Path(__file__).parents[1]
PROGRAM = ROOT / ".node" / "lighthouse" / "node_modules" / "lighthouse" / "cli" / "index.js"
PERFORMANCE, ACCESSIBILITY, PRACTICES = "performance", "accessibility", "best-practices"
LEAST = 95
"""The limit of each category."""
RUNS = 3


class Judgement(NamedTuple):
    """What Lighthouse says: 0 to 100 by category, and what it finds wrong, a line each."""

    scores: Mapping[str, int]
    wrong: Sequence[str]


def judge(address: str, cookie: str, *categories: str) -> Judgement:
    """Judge a page as whoever has a cookie sees it. Raises FileNotFoundError if Lighthouse is not there."""
    port = free_port()
    with chromium(port) as context:
        give(context, cookie)
        return judge_in(port, address, *categories)


def judge_in(port: int, address: str, *categories: str) -> Judgement:
    """Judge a page in a browser that can be steered at a port, with its cookies."""
    if not PROGRAM.exists():
        raise FileNotFoundError(f"{PROGRAM} is not there: `make packages` brings it")
    command = ["node", str(PROGRAM), address, "--quiet", "--output=json", "--disable-full-page-screenshot"]
    command += [f"--only-categories={','.join(categories)}", f"--port={port}"]
    if PERFORMANCE not in categories:
        # Nothing is timed then.
        command.append("--throttling-method=provided")
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.decode()[-2000:])
    found = json.loads(done.stdout)
    named = {ref["id"] for each in found["categories"].values() for ref in each["auditRefs"] if ref["weight"]}
    wrong = [
        f"{name}: {audit['title']} {audit.get('displayValue', '')}"
        for name, audit in found["audits"].items()
        if name in named and audit["score"] is not None and audit["score"] < 1
    ]
    return Judgement({name: round(each["score"] * 100) for name, each in found["categories"].items()}, wrong)


def measure() -> None:
    """Judge the home of a tenant of 24 flats, and print what it said."""
    from bench.pages import ask, populate, serving

    path = populate(24)["tenant's home"]
    cookie = session(residences__isnull=False)
    with serving("bench.pages", "serve") as (_process, port):
        # A process that has just started loads its pages first.
        ask(port, path, cookie)
        runs = [
            judge(f"http://127.0.0.1:{port}{path}", cookie, PERFORMANCE, ACCESSIBILITY, PRACTICES)
            for _run in range(RUNS)
        ]
    for name in (PERFORMANCE, ACCESSIBILITY, PRACTICES):
        scores = [each.scores[name] for each in runs]
        print(f"tenant's home, {name}: {statistics.median(scores):.0f} of 100 (limit {LEAST}; runs {scores})")
    for line in sorted({line for each in runs for line in each.wrong}):
        print(f"  {line}")


def main() -> None:
    if sys.argv[1:] == ["measure"]:
        from prewatt.processes.database import setup_django

        setup_django()
        measure()
        return
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PREWATT_HOME": folder}
        subprocess.run([sys.executable, "-m", "bench.lighthouse", "measure"], env=environment, check=True)


if __name__ == "__main__":
    main()

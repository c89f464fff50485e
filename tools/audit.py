"""Look for weaknesses in our sources (bandit) and for advisories about the packages that the lock files pin (pip-audit).

`python -m tools.audit` ends with 1 if something is found that accepted.toml doesn't name. Where no service of advisories can be
reached, one line says so: what could not be looked at is neither a failure nor hidden.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

from tools.accepted import ACCEPTED

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "prewatt"
LOCKS = ("requirements.lock", "requirements-edge.lock", "requirements-test.lock")
AT_MOST_S = 180
"""A network that swallows questions must not hold up who works."""


def remarks() -> list[str]:
    """Return what bandit remarks with medium or high weight and accepted.toml doesn't name, and the names that nothing needs."""
    done = subprocess.run(
        [sys.executable, "-m", "bandit", "--quiet", "--recursive", "-ll", "--format", "json", str(SOURCE)],
        capture_output=True,
        check=False,
    )
    if done.returncode not in (0, 1):
        return [f"bandit did not run: {done.stderr.decode(errors='replace').strip()[-500:]}"]
    results = msgspec.json.decode(done.stdout)
    return judged(results["results"]) + [f"{each['filename']}: {each['reason']}" for each in results["errors"]]


def judged(results: list[dict[str, Any]]) -> list[str]:
    """Compare bandit's results (its JSON) with what is accepted."""
    found, used = [], set()
    for result in results:
        path = Path(result["filename"])
        lines = path.read_text().splitlines()[result["line_range"][0] - 1 : result["line_range"][-1]]
        accepted = {
            each
            for each in ACCEPTED.bandit
            if (each.test, SOURCE / each.file) == (result["test_id"], path) and each.line in "\n".join(lines)
        }
        used |= accepted
        if not accepted:
            where = f"{path.relative_to(ROOT)}:{result['line_number']}"
            found.append(f"{where}: {result['test_id']} {result['issue_text']} ({result['issue_severity'].lower()})")
    stale = [each for each in ACCEPTED.bandit if each not in used]
    return found + [f"accepted.toml: {each.test} in {each.file} is found no more: take the row out" for each in stale]


def advisories() -> tuple[list[str], list[str]]:
    """Return what is known of the pinned packages and not accepted, and what could not be looked at, both in sentences."""
    command = [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off", "--disable-pip"]
    command += ["--require-hashes", *(word for lock in LOCKS for word in ("--requirement", str(ROOT / lock)))]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=AT_MOST_S)
        packages = msgspec.json.decode(done.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        return [], [f"No service of advisories answered within {AT_MOST_S} s: no package was audited."]
    except msgspec.DecodeError:
        reason = (done.stderr.decode(errors="replace").strip().splitlines() or ["no answer"])[-1]
        return [], [f"No service of advisories was reached, so no package was audited: {reason[-300:]}"]
    return known(packages)


def known(packages: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """Judge the packages of pip-audit's answer: advisories that aren't accepted, and what was not looked at."""
    accepted = {(each.id, each.package) for each in ACCEPTED.advisories}
    ids = {(advisory["id"], each["name"]) for each in packages for advisory in each.get("vulns", ())}
    found = [
        f"{each['name']} {each['version']}: {advisory['id']}, mended in {', '.join(advisory['fix_versions']) or 'no version yet'}"
        for each in packages
        for advisory in each.get("vulns", ())
        if (advisory["id"], each["name"]) not in accepted
    ]
    skipped = sorted({each["name"] for each in packages if "skip_reason" in each})
    if len(skipped) == len({each["name"] for each in packages}):
        return found, ["The package index knows no advisories (a mirror, perhaps): no package was audited."]
    stale = [
        f"accepted.toml: {number} of {package} is known no more: take it out" for number, package in accepted - ids
    ]
    return found + stale, [f"Not audited, for the index does not know them: {', '.join(skipped)}."] if skipped else []


def main() -> int:
    """Print what is found, and what could not be looked at; return 1 if something was found."""
    found, unseen = advisories()
    for sentence in unseen:
        print(f"audit: {sentence}", file=sys.stderr)
    found = remarks() + found
    for sentence in found:
        print(f"audit: {sentence}", file=sys.stderr)
    if found:
        print("audit: mend it, or say in tools/accepted.toml why it may stay", file=sys.stderr)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())

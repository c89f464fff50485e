"""What `pip install prewatt` and `pip install 'prewatt[server]'` bring: packages, their licences, their bytes.

Read from pyproject.toml and from what is installed beside this Python, so from the packages that the lock files pin.
"""

from __future__ import annotations

import re
import sys
import tomllib
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
INSTALLATIONS = {"gateway": (), "server": ("server",)}
"""What people install, each with the extras that it names."""
BLOCK = 4096
"""Bytes that a file takes on a disk at least."""
COPYLEFT = re.compile(
    r"\b[AL]?GPL|GNU\s+(?:Affero|Lesser|Library)?\s*General\s+Public|Business Source|\bBUSL|\bSSPL", re.IGNORECASE
)
"""Licences that the default installations may not have, and all that names them: each such package stands in accepted.toml."""
LICENCE_FILE = re.compile(r"licen[cs]e|copying|notice", re.IGNORECASE)


@dataclass(frozen=True)
class Package:
    """A package of an installation."""

    name: str
    version: str
    licence: str
    """What its metadata say: an SPDX expression, else its words, else its classifiers."""
    bytes: int
    """What its files take on a disk, in blocks of 4096."""
    copyleft: frozenset[str]
    """Where it names a licence that asks for more than a notice: `metadata`, or the name of a licence's file."""


def packages(installation: str) -> list[Package]:
    """Return the packages of one of INSTALLATIONS by name, prewatt itself not among them.

    Raises SystemExit, in words, if one of them is not installed beside this Python.
    """
    waiting = [Requirement(each) for each in PROJECT["dependencies"]]
    for extra in INSTALLATIONS[installation]:
        waiting += [Requirement(each) for each in PROJECT["optional-dependencies"][extra]]
    seen: set[tuple[str, str]] = set()
    of_name: dict[str, Distribution] = {}
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        for extra in ("", *requirement.extras):
            if (name, extra) in seen or not _is_for(requirement, ""):
                continue
            seen.add((name, extra))
            of_name[name] = package = _installed(name)
            waiting += [each for each in map(Requirement, package.requires or ()) if _is_for(each, extra)]
    return [_package(name, of_name[name]) for name in sorted(of_name)]


def _is_for(requirement: Requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def _installed(name: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError:
        raise SystemExit(
            f"{name} is needed and not installed in {sys.prefix}: make lint installs what is pinned"
        ) from None


def _package(name: str, package: Distribution) -> Package:
    paths = {Path(str(each.locate())) for each in package.files or ()}
    files = sorted(path for path in paths if path.is_file())
    licence = _licence(package)
    copyleft = {"metadata"} if COPYLEFT.search(licence) else set()
    for path in files:
        if LICENCE_FILE.search(path.name) and path.suffix not in {".py", ".pyc"}:
            copyleft |= {path.name} if COPYLEFT.search(path.read_text(errors="replace")) else set()
    taken = sum(-(-path.stat().st_size // BLOCK) * BLOCK for path in files)
    return Package(name, package.version, licence, taken, frozenset(copyleft))


def _licence(package: Distribution) -> str:
    """All that the metadata say: who writes `BSD` beside a classifier of the GPL has said both."""
    words = package.metadata.get("License-Expression")
    if words:
        return str(words)
    said = [str(package.metadata.get("License") or "").strip().split("\n")[0]]
    said += [
        str(each).rpartition(" :: ")[2]
        for each in package.metadata.get_all("Classifier") or ()
        if str(each).startswith("License :: ")
    ]
    return "; ".join(dict.fromkeys(each for each in said if each))


def figures(installation: str) -> tuple[int, float]:
    """Return how many packages an installation has beside prewatt, and how many megabytes (of 1,000,000 bytes) they take."""
    of_it = packages(installation)
    return len(of_it), sum(each.bytes for each in of_it) / 1_000_000


def main() -> None:
    """Print the packages of each installation with their licences and kilobytes, and the sums."""
    for installation, extras in INSTALLATIONS.items():
        for each in packages(installation):
            print(f"{installation:8} {each.name:24} {each.version:16} {each.bytes // 1000:>8} kB  {each.licence}")
        count, megabytes = figures(installation)
        print(f"{installation:8} prewatt{list(extras) or ''}: {count} packages, {megabytes:.0f} MB")


if __name__ == "__main__":
    main()

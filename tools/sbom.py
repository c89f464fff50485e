"""Write what an installation consists of, as CycloneDX 1.6 in JSON: `python -m tools.sbom FOLDER`.

One file for a gateway, one for a server; of this system and Python, with the versions that the lock files pin. The driver of a
meter or a library that somebody adds is not in it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
from packaging.utils import canonicalize_name

from prewatt import __version__
from tools.installed import INSTALLATIONS, ROOT, packages


def environment() -> dict[str, Any]:
    """Return the CycloneDX document of all that is installed beside this Python, tests' parts too."""
    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--pyproject", str(ROOT / "pyproject.toml")]
    done = subprocess.run(
        [*command, "--output-reproducible", "--output-file", "-", sys.executable], stdout=subprocess.PIPE, check=True
    )
    document: dict[str, Any] = msgspec.json.decode(done.stdout)
    return document


def of_installation(document: dict[str, Any], installation: str) -> dict[str, Any]:
    """Return the part of a document that one of INSTALLATIONS carries; raise ValueError if a package lacks in it."""
    names = {each.name for each in packages(installation)}
    components = [each for each in document["components"] if canonicalize_name(each["name"]) in names]
    if lacking := names - {canonicalize_name(each["name"]) for each in components}:
        raise ValueError(f"CycloneDX does not list {', '.join(sorted(lacking))}")
    main = {**document["metadata"]["component"], "version": __version__, "name": f"prewatt ({installation})"}
    kept = {main["bom-ref"], *(each["bom-ref"] for each in components)}
    edges = [
        {"ref": each["ref"], "dependsOn": [ref for ref in each.get("dependsOn", ()) if ref in kept]}
        for each in document["dependencies"]
        if each["ref"] in kept
    ]
    return {
        **document,
        "metadata": {**document["metadata"], "component": main},
        "components": components,
        "dependencies": edges,
    }


def main() -> None:
    """Write both documents into the folder that is named."""
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m tools.sbom FOLDER")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    document = environment()
    for installation in INSTALLATIONS:
        path = folder / f"prewatt-{installation}-{__version__}.cdx.json"
        part = of_installation(document, installation)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(part), indent=2) + b"\n")
        print(f"{path}: {len(part['components'])} packages")


if __name__ == "__main__":
    main()

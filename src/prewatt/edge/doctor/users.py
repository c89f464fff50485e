"""The programs that have a device open."""

from __future__ import annotations

import os
from pathlib import Path


def programs_using(path: Path) -> list[str]:
    """Return the names of programs that have a device open, beside prewatt's own. Without root others' are not seen."""
    device, users = path.stat().st_rdev, set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            if int(process.name) == os.getpid() or any(b"prewatt" in word for word in words):
                continue
            if any(each.stat().st_rdev == device for each in (process / "fd").iterdir() if _is_device(each)):
                users.add((process / "comm").read_text().strip())
        except OSError:
            continue
    return sorted(users)


def _is_device(link: Path) -> bool:
    return str(link.readlink()).startswith("/dev/")

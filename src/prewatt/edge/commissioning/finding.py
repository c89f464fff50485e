"""The serial adapters that there are, by paths that stay the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from .serial_devices import Device

DEVICES = Path("/dev")
NO_WORDS = ""


class Adapter(NamedTuple):
    """A serial adapter. `path`: as `edge.toml` names it. `words`: what it says of itself, and what is to be known about it."""

    path: str
    words: str


def adapters(of: Iterable[Device], folder: Path = DEVICES) -> list[Adapter]:
    """Return the adapters by stable paths. `folder`: where the links of udev lie.

    The link by id is the best name: it stays when the adapter is put into another socket. Two adapters of one make without
    numbers of their own share it, so that nobody knows which of them it means: those are named by their sockets.
    """
    known = list(of)
    alike = Counter(device.kind for device in known)
    by_id, by_socket = _links(folder / "serial/by-id"), _links(folder / "serial/by-path")
    named = []
    for device in known:
        target = str(Path(device.path).resolve())
        if alike[device.kind] == 1 and target in by_id:
            named.append(Adapter(by_id[target], device.words))
        elif target in by_socket:
            named.append(Adapter(by_socket[target], f"{device.words}. It has no number: leave it in its socket"))
        else:
            named.append(Adapter(device.path, f"{device.words}. Its name may change when adapters are plugged in anew"))
    # Links by id whose device is of no known kind, as where they were made by hand.
    shown = {str(Path(each.path).resolve()) for each in named}
    named += [Adapter(link, NO_WORDS) for target, link in by_id.items() if target not in shown]
    return sorted(named)


def _links(folder: Path) -> dict[str, str]:
    """Return the links of a folder by the device that they lead to."""
    if not folder.is_dir():
        return {}
    return {str(link.resolve()): str(link) for link in sorted(folder.iterdir())}

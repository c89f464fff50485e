"""The buses that there are: serial adapters by a path that stays the same, and those that a person names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from serial.tools import list_ports

from ..buses.ports import open_port
from ..texts import _

DEVICES = Path("/dev")
NO_WORDS = ""
ADAPTERS = re.compile(r"/dev/(tty[A-Za-z]+[0-9]+|rfcomm[0-9]+|pts/[0-9]+)")
"""The paths of serial adapters, and of those that a program plays. To open any other file could do harm."""


class Adapter(NamedTuple):
    """A serial adapter. `path`: as `edge.toml` names it. `words`: what it says of itself, and what is to be known about it."""

    path: str
    words: str


class Device(NamedTuple):
    """A serial device of the machine. `kind`: what all adapters of one make say alike, with their number if they have one."""

    path: str
    kind: str
    words: str


def devices() -> list[Device]:
    """Return the machine's serial adapters. A port of the mainboard (`ttyS0`) is none: mostly nothing is connected to it."""
    devices_ = []
    for port in list_ports.comports():
        if port.vid is not None:
            kind = f"{port.vid:04x}:{port.pid:04x}:{port.serial_number or ''}"
            devices_.append(Device(port.device, kind, port.description or ""))
    return devices_


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


def bus_name(port: str, taken: Sequence[str]) -> str:
    """Return a name for a new bus, by which `edge.toml` knows it: the end of its port's name, in small letters."""
    end = port.removeprefix("tcp://").rsplit("/", 1)[-1]
    plain = "".join(sign if sign.isalnum() and sign.isascii() else "-" for sign in end.lower()).strip("-") or "bus"
    base = plain[:40].strip("-")
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    return name


def check_port(text: str) -> str:
    """Return the port that a person typed, as `edge.toml` names it: `192.0.2.7:8899` is `tcp://192.0.2.7:8899`. Raises
    ValueError for what is no port.
    """
    port = text.strip()
    if port and not port.startswith(("/", "tcp://")):
        port = f"tcp://{port}"
    open_port(port, "2400 8E1")
    if port.startswith("/") and not ADAPTERS.fullmatch(str(Path(port).resolve())):
        raise ValueError(_("%(port)s is no serial adapter, such as /dev/ttyUSB0") % {"port": port})
    return port


def same_port(one: str, other: str) -> bool:
    """Return whether two names lead to one bus: an adapter has a path by its number, one by its socket, and a short one."""
    if one.startswith("/") and other.startswith("/"):
        return Path(one).resolve() == Path(other).resolve()
    return one.casefold() == other.casefold()

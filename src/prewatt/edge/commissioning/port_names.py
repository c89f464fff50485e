"""The names of ports as people type them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ..buses.ports import open_port
from ..texts import _

ADAPTERS = re.compile(r"/dev/(tty[A-Za-z]+[0-9]+|rfcomm[0-9]+|pts/[0-9]+)")
"""The paths of serial adapters, and of those that a program plays. To open any other file could do harm."""


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
        raise ValueError(_("%(port)s is not a serial adapter such as /dev/ttyUSB0") % {"port": port})
    return port


def same_port(one: str, other: str) -> bool:
    """Return whether two names lead to one bus: an adapter has a path by its number, one by its socket, and a short one."""
    if one.startswith("/") and other.startswith("/"):
        return Path(one).resolve() == Path(other).resolve()
    return one.casefold() == other.casefold()

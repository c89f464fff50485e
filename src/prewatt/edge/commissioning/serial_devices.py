"""The serial devices of the machine."""

from __future__ import annotations

from typing import NamedTuple

from serial.tools import list_ports


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

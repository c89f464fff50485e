"""The Bluetooth service at a gateway: its UUIDs, and the address of a gateway."""

from __future__ import annotations

import hashlib

SERVICE = "7072e001-6577-4174-9a31-1c55ab2f0001"
IDENTIFY = "7072e002-6577-4174-9a31-1c55ab2f0001"
"""To read: protocol version, gateway, property."""
REQUEST = "7072e003-6577-4174-9a31-1c55ab2f0001"
"""To write: packets of a phone's message."""
REPLY = "7072e004-6577-4174-9a31-1c55ab2f0001"
"""To be notified of: packets of the gateway's message."""


def address_bytes(gateway: str) -> bytes:
    """Return the static random address of a gateway, least significant byte first. It is derived from its name, so that
    a phone knows which of several gateways it sees.
    """
    raw = bytearray(hashlib.sha256(b"prewatt address " + gateway.encode()).digest()[:6])
    raw[5] |= 0xC0
    return bytes(raw)

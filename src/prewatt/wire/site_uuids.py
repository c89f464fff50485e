"""UUIDs of the Bluetooth service at a gateway."""

from __future__ import annotations

SERVICE = "7072e001-6577-4174-9a31-1c55ab2f0001"
IDENTIFY = "7072e002-6577-4174-9a31-1c55ab2f0001"
"""Read: protocol version, gateway, property."""
REQUEST = "7072e003-6577-4174-9a31-1c55ab2f0001"
"""Write: packets of a phone's message."""
REPLY = "7072e004-6577-4174-9a31-1c55ab2f0001"
"""Notify: packets of the gateway's message."""

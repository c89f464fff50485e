"""What the agent tells the service manager that started it: that it is ready, that its loop turns, that it is ending.

The protocol is systemd's `sd_notify`: a datagram to the socket that the environment names. Where there is none, nothing is
told.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

TURNS_TOLD = 4
"""How often the agent tells that it lives, within the time after which a silent process is killed."""


class ServiceManager:
    """The service manager, as the environment of a process names it."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        watched = environment.get("WATCHDOG_USEC", "")
        is_ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self._every = int(watched) / 1e6 / TURNS_TOLD if watched.isdecimal() and is_ours else None
        self._told_at: float | None = None

    def turned(self, status: Callable[[], str]) -> None:
        """Note that the agent's loop has run one more time. The first time it is ready. `status`: what people are
        shown.
        """
        now = time.monotonic()
        if self._told_at is None:
            self._told_at = now
            self._tell(f"READY=1\nSTATUS={status()}")
        elif self._every is not None and now - self._told_at >= self._every:
            self._told_at = now
            self._tell(f"WATCHDOG=1\nSTATUS={status()}")

    def ending(self) -> None:
        """Tell that the agent ends."""
        self._tell("STOPPING=1")

    def _tell(self, text: str) -> None:
        if not self._address:
            return
        # A leading @ stands for the zero byte of a name that is in no folder.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        # Meters are served whether the manager listens or not. A full queue must not stop the loop either.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(text.encode(), address)

"""Ports for the processes that tests start.

A port of those that the system gives to outgoing connections (on Linux from 32768 on) may be taken by anybody between the moment in
which it was free and the one in which the process listens. These lie below, and test processes side by side begin at different ones.
"""

import os
import socket
from contextlib import suppress
from itertools import count

FIRST, LANES, PER_LANE = 10_000, 22, 1_000
_numbers = count()


def free_port():
    """A port on which nothing listens, and which this test process has not given before."""
    while True:
        port = FIRST + os.getpid() % LANES * PER_LANE + next(_numbers) % PER_LANE
        with suppress(OSError):
            socket.create_server(("127.0.0.1", port)).close()
            return port

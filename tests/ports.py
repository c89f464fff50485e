"""Ports for the processes that tests start.

A port of those that the system gives to outgoing connections (on Linux from 32768 on) may be taken by anybody between the moment in
which it was free and the one in which the process listens. These lie below, in lanes: a test process holds one until it ends, so none
beside it gives away the same port in between.
"""

import os
import socket
from contextlib import suppress
from functools import cache
from itertools import count

FIRST, LANES, PER_LANE = 10_000, 88, 250
_numbers = count()


def free_port():
    """A port on which nothing listens, and which this test process has not given before, unless it has given all of its lane."""
    first = _lane(os.getpid()).getsockname()[1] + 1
    while True:
        port = first + next(_numbers) % (PER_LANE - 1)
        with suppress(OSError):
            socket.create_server(("127.0.0.1", port)).close()
            return port


@cache
def _lane(process):
    """What holds a lane for a process: a socket that listens on the lane's first port, which no other process can have then."""
    for number in range(LANES):
        with suppress(OSError):
            return socket.create_server(("127.0.0.1", FIRST + (process + number) % LANES * PER_LANE))
    raise RuntimeError(f"all {LANES} lanes of ports from {FIRST} on are held; end test processes that still run")

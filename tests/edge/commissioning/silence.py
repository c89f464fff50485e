"""Lines on which nobody waits for silence. Who looks for meters asks mostly those that are not there, and waits for each. Here bytes
travel through a real tty or TCP, but both ends count them: who asks knows when the line has taken in all that it was asked, and
has nothing to say to it; the bus's own clock jumps to the end of its patience.
"""

import time
from pathlib import Path

from prewatt.edge.buses.bus import Bus
from prewatt.sim.meters.on_pty import OnPty
from prewatt.sim.meters.on_tcp import OnTcp

LOOKS_EVERY = 0.002
"""Seconds between looks whether there is something to wait for."""
LINES = {}
"""The lines that are served, by the names of their ports."""


class Counted:
    """The line's end. `taken`: bytes that it has dealt with; `said`: bytes that it has sent; of the other end, `asked` and `heard`."""

    taken = said = asked = heard = 0

    def _answer(self, received, end):
        super()._answer(received, end)
        self.taken += len(received)

    def _send(self, pieces, end):
        self.said += sum(len(each.data) for each in pieces)
        super()._send(pieces, end)

    def is_silent(self):
        """Whether nothing is under way, in either direction."""
        return self.taken == self.asked and self.said == self.heard


class CountedPty(Counted, OnPty):
    def __init__(self, line, baud=0):
        super().__init__(line, baud)
        LINES[self.path] = self


class CountedTcp(Counted, OnTcp):
    def __init__(self, line):
        super().__init__(line)
        LINES["{}:{}".format(*self.address)] = self


class CountedPort:
    """The port of a gateway at a counted line, and the clock of its bus."""

    def __init__(self, port, line):
        self._port, self._line, self._jumped = port, line, 0.0
        self.name, self.close = port.name, port.close

    def steady(self):
        return time.monotonic() + self._jumped

    def jump(self, seconds):
        self._jumped += seconds

    def write(self, data):
        self._port.write(data)
        self._line.asked += len(data)

    def read(self, wait_s):
        end = time.monotonic() + wait_s
        while True:
            left = max(end - time.monotonic(), 0.0)
            received = self._port.read(min(left, LOOKS_EVERY))
            self._line.heard += len(received)
            if received or not left:
                return received
            if self._line.is_silent():
                self.jump(left)
                return b""


def open_bus(port, timing, name=""):
    """A bus; with a clock of its own where its line is counted."""
    line = LINES.get(str(Path(port.name).resolve()) if port.name.startswith("/") else port.name)
    if line is None:
        return Bus(port, timing, name=name)
    counted = CountedPort(port, line)
    return Bus(counted, timing, counted.steady, counted.jump, name)

"""Serves a line of played meters on a pty, which is a serial adapter to a gateway."""

from __future__ import annotations

import os
import pty
import termios
import tty

from .line import Line
from .serving import Served

OUTPUT_SPEED = 5
"""Where the settings of a tty have the speed (`termios.tcgetattr`)."""


class OnPty(Served):
    """A line behind a serial adapter. `path`: the adapter. `baud`: the only rate at which the meters understand anything;
    0: any.
    """

    def __init__(self, line: Line, baud: int = 0) -> None:
        super().__init__(line)
        self._speed = getattr(termios, f"B{baud}") if baud else 0
        # The other end stays open here too, so that the line outlives who opens and closes it.
        self._end, self._other = pty.openpty()
        tty.setraw(self._end)
        tty.setraw(self._other)
        self.path = os.ttyname(self._other)
        self.start()

    def _run(self) -> None:
        self._converse(self._end)

    def _answer(self, received: bytes, end: int) -> None:
        if not self._speed or termios.tcgetattr(self._other)[OUTPUT_SPEED] == self._speed:
            super()._answer(received, end)

    def close(self) -> None:
        """End, and take the adapter away."""
        super().close()
        os.close(self._end)
        os.close(self._other)

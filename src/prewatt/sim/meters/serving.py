"""A line of played meters that is served where a gateway finds it."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from abc import ABC, abstractmethod

from ...edge.buses.readable import readable
from .line import Line, Piece

LOOK_EVERY = 0.2
"""Seconds between looks whether it is to end."""


class Served(ABC):
    """A line that is served by a thread of its own, until `close`."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="line", daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def close(self) -> None:
        """End the thread, and wait until it has ended."""
        self._ended.set()
        self._thread.join()

    @abstractmethod
    def _run(self) -> None:
        """Serve until `_ended`."""

    def _answer(self, received: bytes, end: int) -> None:
        """Send back, on the file descriptor `end`, what comes to `received`."""
        self._send(self.line.feed(received), end)

    def _send(self, pieces: list[Piece], end: int) -> None:
        for piece in pieces:
            if piece.after_s:
                time.sleep(piece.after_s)
            with contextlib.suppress(OSError):
                os.write(end, piece.data)

    def _converse(self, end: int) -> None:
        """Serve one connection until it breaks."""
        while not self._ended.is_set():
            if not readable([end], LOOK_EVERY):
                self._send(self.line.unasked(), end)
                continue
            try:
                received = os.read(end, 4096)
            except OSError:
                return
            if not received:
                return
            self._answer(received, end)

"""Serves a line of played meters where a gateway finds it: on a pty, which is a serial adapter to it; on a TCP port, as a
converter; or by calling a server, as a converter with a SIM card does.
"""

from __future__ import annotations

import contextlib
import os
import pty
import socket
import termios
import threading
import time
import tty
from abc import ABC, abstractmethod

from ...edge.buses.readable import readable
from .line import Line, Piece

LOOK_EVERY = 0.2
"""Seconds between looks whether it is to end."""
OUTPUT_SPEED = 5
"""Where the settings of a tty have the speed (`termios.tcgetattr`)."""


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
        """End, and wait for it."""
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


class OnTcp(Served):
    """A line behind a converter that waits to be called. `address`: its host and port. One caller at a time is served; a
    new one takes the place of the one before.
    """

    def __init__(self, line: Line, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(line)
        self._server = socket.create_server((host, port))
        self.address: tuple[str, int] = self._server.getsockname()[:2]
        self.start()

    def _run(self) -> None:
        caller: socket.socket | None = None
        while not self._ended.is_set():
            ends = [self._server] if caller is None else [self._server, caller]
            ready = readable(ends, LOOK_EVERY)
            is_replaced = self._server in ready
            if caller is not None and (is_replaced or (caller in ready and not self._hear(caller))):
                caller.close()
                caller = None
            if is_replaced:
                caller, _ = self._server.accept()
        if caller is not None:
            caller.close()

    def _hear(self, caller: socket.socket) -> bool:
        """Answer what a caller has sent. Returns False if it has hung up."""
        try:
            received = caller.recv(4096)
        except OSError:
            return False
        if received:
            self._answer(received, caller.fileno())
        return bool(received)

    def close(self) -> None:
        """End, and hang up."""
        super().close()
        self._server.close()


class Calling(Served):
    """A line behind a converter that calls a server: it says who it is by `registration`, and sends `heartbeat` every
    `heartbeat_s` seconds. It calls again when the connection breaks.
    """

    def __init__(
        self,
        line: Line,
        address: tuple[str, int],
        registration: bytes,
        heartbeat: bytes = b"",
        heartbeat_s: float = 30.0,
    ) -> None:
        super().__init__(line)
        self._address, self._registration = address, registration
        self._heartbeat, self._heartbeat_s = heartbeat, heartbeat_s
        self.start()

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                with socket.create_connection(self._address, 5.0) as connection:
                    connection.sendall(self._registration)
                    self._serve(connection)
            except OSError:
                self._ended.wait(LOOK_EVERY)

    def _serve(self, connection: socket.socket) -> None:
        beat_at = time.monotonic() + self._heartbeat_s
        while not self._ended.is_set():
            if self._heartbeat and time.monotonic() >= beat_at:
                connection.sendall(self._heartbeat)
                beat_at = time.monotonic() + self._heartbeat_s
            if not readable([connection], min(LOOK_EVERY, self._heartbeat_s)):
                continue
            if not (received := connection.recv(4096)):
                return
            self._answer(received, connection.fileno())

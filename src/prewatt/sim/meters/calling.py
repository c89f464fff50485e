"""Serves a line of played meters by calling a server, as a converter with a SIM card does."""

from __future__ import annotations

import socket
import time

from ...edge.buses.readable import readable
from .line import Line
from .serving import LOOK_EVERY, Served


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

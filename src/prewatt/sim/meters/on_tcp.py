"""Serves a line of played meters on a TCP port, as a converter does."""

from __future__ import annotations

import socket

from ...edge.buses.readable import readable
from .line import Line
from .serving import LOOK_EVERY, Served


class OnTcp(Served):
    """A line behind a converter that waits to be called. `address`: its host and port. One caller at a time is served; a
    new one takes the place of the one before. Raises OSError if the port is taken.
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

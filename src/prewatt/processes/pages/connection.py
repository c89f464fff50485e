"""A connection of a browser, with its bounds: how long a request's head may take to come, how many bytes it may have, how
long an unread answer is kept, and how many connections there may be at once.

uvicorn has no such bounds, because it expects a proxy before it. A building's server often has none.
"""

from __future__ import annotations

import asyncio
import resource
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from . import refusals

HEAD_WITHIN = 20.0
"""Seconds for a connection's first byte, and for a whole head from its first byte on."""
READ_WITHIN = 60.0
"""Seconds after which an answer that nobody reads is given up."""
HEAD_MOST = 32 * 1024
"""The most bytes of a request's line and headers."""
MESSAGE_MOST = 64 * 1024 * 1024
"""The most bytes of a message with its chunks and trailers. The bounds of bodies themselves are in `bodies`."""
FILES_KEPT = 256
"""Files that a process may open beside its connections: database, spooled bodies, libraries."""


def raise_most_files() -> int:
    """Let this process open as many files as the system allows, and return how many connections that leaves room for."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return max(most - FILES_KEPT, 64)


class Connection(HttpToolsProtocol):
    """uvicorn's connection, with bounds. Set `most` before the first one.

    If all places are taken, the connection that has waited longest for its next whole request is closed: an honest
    request is whole within a moment, so it is hardly ever that one.
    """

    most = 1024
    _waiting: dict[Connection, None] = {}
    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _in_head = False
    _received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection in."""
        super().connection_made(transport)
        self._wait()
        if len(self.connections) > self.most and self._waiting:
            next(iter(self._waiting)).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_waiting()
        self._resume()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take up bytes. A head or message that is too long ends the connection."""
        super().data_received(data)
        self._received += len(data)
        if self.transport.is_closing():
            return
        if self._in_head and self._received > HEAD_MOST:
            self.transport.write(refusals.head_too_long())
            self.transport.close()
        elif self._received > MESSAGE_MOST + HEAD_MOST:
            self.transport.abort()
        elif self._idle():
            self._wait()

    def on_message_begin(self) -> None:
        """Begin a head."""
        super().on_message_begin()
        self._in_head, self._received = True, 0

    def on_headers_complete(self) -> None:
        """End a head: the request is on its way."""
        self._in_head = False
        self._stop_waiting()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        if self._idle() and not self.transport.is_closing():
            self._waiting[self] = None

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that brings no further request, also if its last answer is still unread."""
        self.transport.abort() if self.transport.get_write_buffer_size() else self.transport.close()

    def pause_writing(self) -> None:
        """Give the browser some time to read what was sent to it."""
        super().pause_writing()
        self._unread = self.loop.call_later(READ_WITHIN, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on: enough was read."""
        self._resume()
        super().resume_writing()

    def _idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete or self._in_head

    def _wait(self) -> None:
        self._waiting[self] = None
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_WITHIN, self._too_late)

    def _stop_waiting(self) -> None:
        self._waiting.pop(self, None)
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _resume(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _too_late(self) -> None:
        self._deadline = None
        if self._in_head:
            self.transport.write(refusals.head_too_late())
        self.transport.close()
        # What nobody reads is not kept.
        self.loop.call_later(1.0, self._abort)

    def _abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()


def protocol(most: int) -> type[Any]:
    """Return the class of connections, of which there may be `most`."""
    Connection.most = most
    return Connection

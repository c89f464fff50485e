"""The pages of a gateway are served by a thread of their own. A neighbour with many half-open connections shuts nobody out."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from typing import Any, Protocol

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from .wsgi import Start

log = logging.getLogger("prewatt.edge")
# The library writes a line for each request that waits for a thread: whoever asks much would fill the gateway's disk.
logging.getLogger("waitress.queue").setLevel(logging.ERROR)

LOOK_EVERY = 1.0
"""Seconds between looks for connections that are idle too long."""
THREADS = 14
"""Answers at a time. Ten may wait for their turn (`turns.MOST_WITH_FIRST`)."""
MOST_OF_ADDRESS = 24
"""Connections of one address at a time. A browser opens six at most."""
MOST_CONNECTIONS = 400
IDLE_S = 20
"""Seconds after which a connection without a whole request is closed."""
MOST_HEAD, MOST_BODY = 16_384, 8_192
"""Bytes of a request that are read at most."""


class Part(Protocol):
    """A part of the page with addresses and sessions of its own."""

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]: ...


class _Listener(TcpWSGIServer):  # type: ignore[misc]
    """It takes only so many connections of one address at a time: a further one is closed at once. If all places are taken, the
    connection that has brought nothing for longest gives way: an honest request is whole within a moment.
    """

    def accept(self) -> tuple[Any, Any] | None:
        taken: tuple[Any, Any] | None = super().accept()
        if taken is None:
            return None
        connection, address = taken
        held = sum(each.addr[0] == address[0] for each in self.active_channels.values())
        if held >= MOST_OF_ADDRESS:
            connection.close()
            return None
        if len(self.active_channels) >= MOST_CONNECTIONS:
            idle = [each for each in self.active_channels.values() if not each.requests]
            if idle:
                min(idle, key=lambda each: each.last_activity).handle_close()
        return taken


class Served:
    """An application that is served by a thread of its own, until `close`. Raises OSError if its port is taken."""

    def __init__(self, page: Part, address: tuple[str, int]) -> None:
        self._sockets: dict[int, Any] = {}
        self._ended = threading.Event()
        self._woken = threading.Event()
        rules = Adjustments(
            host=address[0],
            port=address[1],
            ident="prewatt",
            # Over it the library takes no connection until one ends. Before that the idle ones give way.
            connection_limit=MOST_CONNECTIONS + THREADS,
            channel_timeout=IDLE_S,
            cleanup_interval=IDLE_S // 4,
            max_request_header_size=MOST_HEAD,
            max_request_body_size=MOST_BODY,
        )
        self._tasks = ThreadedTaskDispatcher()
        self._tasks.set_thread_count(THREADS)
        try:
            for each in rules.listen:
                _Listener(page, self._sockets, dispatcher=self._tasks, adj=rules, sockinfo=each)
        except OSError:
            wasyncore.close_all(self._sockets)
            self._tasks.shutdown()
            raise
        self._thread = threading.Thread(target=self._run, name="page", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ended.is_set():
            wasyncore.loop(LOOK_EVERY, use_poll=True, map=self._sockets, count=1)
        for listener in self._listeners():
            for channel in list(listener.active_channels.values()):
                channel.handle_close()
        # Who still answers, and who ends it, wakes the loop by a pipe, whose number may be another file's once it is closed.
        self._tasks.shutdown()
        self._woken.wait()
        wasyncore.close_all(self._sockets)

    def _listeners(self) -> list[_Listener]:
        return [each for each in list(self._sockets.values()) if isinstance(each, _Listener)]

    @property
    def port(self) -> int:
        """Return the port of its first address: where none was named (0), the one that the system gave."""
        return int(self._listeners()[0].effective_port)

    def close(self) -> None:
        """End, and free the port."""
        for listener in self._listeners()[:1]:
            # The loop itself notes the end, so that it closes nothing before it was woken.
            listener.trigger.pull_trigger(self._ended.set)
        self._woken.set()
        self._thread.join()


def open_server(page: Part, address: tuple[str, int]) -> Served:
    """Serve an application from a thread. Raises OSError if its port is taken."""
    try:
        served = Served(page, address)
    except OSError as error:
        raise OSError(f"page: {address[0]}:{address[1]} can't be opened ({error.strerror})") from None
    if address[0] in ("0.0.0.0", "::"):  # noqa: S104
        # That is no address to type into a phone.
        log.info(
            "the page is at port %d of each address of this machine: here http://127.0.0.1:%d/",
            served.port,
            served.port,
        )
    else:
        log.info("the page is at http://%s:%d/", address[0], served.port)
    return served

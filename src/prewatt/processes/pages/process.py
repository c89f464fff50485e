"""The start and the end of the pages' process."""

from __future__ import annotations

import logging
import socket
import sys

import uvicorn
from django.conf import settings
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from .application import Pages
from .bridge import Application
from .connection import protocol, raise_most_files

TRUSTED = ("127.0.0.1", "::1")
"""Proxies on this machine are believed when they say for whom they ask, beside those that the operator names."""
NEXT_WITHIN = 20
"""Seconds for which a connection waits for its next request."""
END_WITHIN = 3
"""Seconds that requests have to end when the process is told to."""


ACCEPTED_AT_ONCE = 16
"""Connections that a process takes at once, so that those that wait are shared among the processes."""
SWITCH = 0.0005
"""Seconds after which a thread that computes lets others have their turn."""
BACKLOG = 2048
"""Connections that wait to be taken."""


class PagesServer(uvicorn.Server):
    """uvicorn's server, for a socket that several processes serve. `wsgi`: Django's application. `most`: how many
    connections there may be; None: as many as the system allows.
    """

    def __init__(self, wsgi: Application, most: int | None = None) -> None:
        self.pages = Pages(wsgi, settings.SESSION_COOKIE_NAME)
        # What strangers send is no matter for the log.
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        super().__init__(
            uvicorn.Config(
                ProxyHeadersMiddleware(self.pages, trusted_hosts=[*TRUSTED, *settings.CONFIG.proxies]),  # type: ignore[arg-type]
                loop="asyncio",
                http=protocol(most or raise_most_files()),
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                backlog=ACCEPTED_AT_ONCE,
                timeout_keep_alive=NEXT_WITHIN,
                timeout_graceful_shutdown=END_WITHIN,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve the sockets."""
        await super().startup(sockets)
        for each in sockets or []:
            each.listen(BACKLOG)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End: requests under way are answered, if that is possible within `END_WITHIN`."""
        self.pages.end_streams()
        await super().shutdown(sockets)
        self.pages.stop()


def serve(wsgi: Application, listening: socket.socket) -> None:
    """Serve the pages until SIGTERM or SIGINT. `listening`: a socket, which other processes may serve too."""
    # A page that takes long to be worked out holds up the short ones for less.
    sys.setswitchinterval(SWITCH)
    PagesServer(wsgi).run(sockets=[listening])

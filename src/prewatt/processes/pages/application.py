"""What happens with each request, before and after Django."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from concurrent.futures import ThreadPoolExecutor

from ...server.web.watching import STREAM
from .bodies import Body, Room
from .bridge import PIECE, Answer, Application, call, environment
from .buckets import Buckets, Visitors, address_of, is_callback, refused_for, visitor_of
from .refusals import Receive, Refusal, Scope, Send, answer, too_many
from .streams import Streams
from .turns import Turns

log = logging.getLogger("prewatt.server")
THREADS = 8
"""Threads in which Django answers."""
PAUSE = 1.0
"""Seconds before somebody who asks too often is told so."""


class Pages:
    """The ASGI application of the pages' process. `wsgi`: Django's application. `session_cookie`: the name of the cookie that
    a login has.
    """

    def __init__(self, wsgi: Application, session_cookie: str, threads: int = THREADS) -> None:
        self._wsgi = wsgi
        self._session_cookie = session_cookie
        self._threads = ThreadPoolExecutor(threads, "pages")
        self._turns = Turns(threads)
        self._room = Room()
        self._buckets = Buckets()
        self._visitors = Visitors()
        self._streams = Streams(session_cookie)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            await self._answer(scope, receive, send)
        except Refusal as refusal:
            await answer(refusal, scope, send)

    def _who(self, scope: Scope, visitor: str, address: str) -> str:
        """Return as whom somebody waits for a turn: a login that is known, otherwise an address."""
        who = visitor if visitor and self._visitors.knows(visitor) else address
        # A provider behind the same proxy as a stranger does not wait behind the stranger's requests.
        return f"callbacks {address}" if address and is_callback(scope) else who

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        visitor = visitor_of(scope, self._session_cookie)
        wait = refused_for(scope, self._visitors, self._buckets, visitor, time.monotonic())
        if wait:
            # Who sends the next request only after an answer is slowed down by this.
            await asyncio.sleep(PAUSE)
            raise too_many(math.ceil(wait))
        if scope["path"] == STREAM and scope["method"] == "GET":
            await self._streams.serve(scope, receive, send)
            return
        address = address_of(scope)
        who = self._who(scope, visitor, address)
        with Body(scope, address, self._room) as body:
            if not await body.read(receive):
                return
            async with self._turns.turn(who):
                environ = environment(scope, body.file, body.size)
                loop = asyncio.get_running_loop()
                whole = await asyncio.shield(loop.run_in_executor(self._threads, call, self._wsgi, environ))
        if visitor and whole.known is not None:
            (self._visitors.remember if whole.known else self._visitors.forget)(visitor)
        await _send(whole, send)

    def end_streams(self) -> None:
        """Let the streams end, so that nothing waits for them."""
        self._streams.stop()

    def stop(self) -> None:
        """End the threads as soon as each has answered; requests that wait are dropped."""
        self._threads.shutdown(wait=False, cancel_futures=True)


async def _send(whole: Answer, send: Send) -> None:
    headers = whole.headers
    if not any(name.lower() == b"content-length" for name, _value in headers) and whole.status not in (204, 304):
        headers = [*headers, (b"content-length", str(len(whole.body)).encode())]
    await send({"type": "http.response.start", "status": whole.status, "headers": headers})
    # In pieces, so that what nobody reads does not pile up in the connection.
    for begin in range(0, len(whole.body), PIECE):
        more = begin + PIECE < len(whole.body)
        await send({"type": "http.response.body", "body": whole.body[begin : begin + PIECE], "more_body": more})
    if not whole.body:
        await send({"type": "http.response.body", "body": b""})

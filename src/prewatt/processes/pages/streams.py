"""The streams of open pages (server-sent events): a page is told when what it shows has changed.

A stream holds no thread. All streams of a process together ask the database once a second, in a query for each kind of
page, and not at all while no page is open. It sends three things: `changed`, with the milliseconds within which the
page asks for its part at a random moment; `now`, with the present state of a meter as HTML; and a sign of life.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar
from urllib.parse import parse_qs

from django.db import DatabaseError, connection

from ...server.core.time import system_now
from ...server.web.watching import METER, Shown, Ticket, Topic, Viewer, presents, render, states, still_may, unseal
from .buckets import session_of
from .refusals import Receive, Scope, Send

log = logging.getLogger("prewatt.server")
EACH = 1.0
"""Seconds between two looks at the database."""
ASKED_EACH = 5.0
"""Seconds between two looks at who may still see their pages."""
ALIVE = 20.0
"""Seconds between two signs of life. Without one, proxies close a connection."""
SPREAD = 25
"""Milliseconds that the work for one page takes. Pages that are told together ask within this time for each of them."""
LOGIN_MOST = 100
"""The most streams of one login in this process, in all browsers where it is logged in: an office may share one."""
Answer = TypeVar("Answer")
Wanted = tuple[int, Shown, str]
"""A meter whose present state is shown, in which form, and the mark of the state that the page has."""


class Stream:
    """One open page: what it watches, what it knows, and what is to be sent to it."""

    def __init__(self, ticket: Ticket, session: str) -> None:
        self.ticket = ticket
        self.viewer = Viewer(session, ticket.roles, ticket.tenancy)
        self.state = ticket.state
        self.mark = ""
        self.changed = False
        self.now = ""
        self.ended = False
        self.wake = asyncio.Event()


class Seen(NamedTuple):
    """The result of a look: the state of each topic, a mark of each meter's present state, and that state as HTML."""

    states: dict[Topic, str]
    marks: dict[int, str]
    html: dict[tuple[int, Shown], str]


def look(topics: Iterable[Topic], wanted: Iterable[Wanted]) -> Seen:
    """Look at all topics once. `wanted`: the meters whose present state pages show."""
    kinds = [topic for topic in topics if topic[0] != METER]
    meters = {keys[0] for kind, keys in topics if kind == METER}
    states_ = states(kinds) if kinds else {}
    rows = presents(meters) if meters else {}
    # Also what is known last is shown, and whether the building is reached: that moves with the version.
    marks = {pk: f"{row.heard} {row.version}" for pk, row in rows.items()}
    states_ |= {(METER, (pk,)): repr(row.version) for pk, row in rows.items()}
    html = {(pk, shown): render(rows[pk], shown) for pk, shown, known in wanted if pk in rows and marks[pk] != known}
    return Seen(states_, marks, html)


def _closing(ask: Callable[[], Answer]) -> Answer:
    """Ask the database, and close the thread's connection if it is of no use any more."""
    try:
        return ask()
    finally:
        connection.close_if_unusable_or_obsolete()


class Streams:
    """All streams of this process."""

    def __init__(self, session_cookie: str) -> None:
        self._session_cookie = session_cookie
        self._streams: set[Stream] = set()
        self._of: Counter[int] = Counter()
        self._thread = ThreadPoolExecutor(1, "streams")
        self._looking: asyncio.Task[None] | None = None
        self._ended = False
        self._asked_at = 0.0

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one stream until the page is closed or its ticket ends. Without a ticket the browser is told not to try
        again.
        """
        session = session_of(scope, self._session_cookie)
        text = parse_qs(scope["query_string"].decode("latin-1")).get("ticket", [""])[0]
        ticket = unseal(text, session)
        if ticket is None or self._ended or self._of[ticket.user] >= LOGIN_MOST:
            await _refuse(send)
            return
        # Counted before the database is asked: of many that come at once each would find that there are none yet.
        self._of[ticket.user] += 1
        try:
            stream = Stream(ticket, session)
            if await self._may(stream.viewer):
                await self._show(stream, receive, send)
            else:
                await _refuse(send)
        finally:
            self._of[ticket.user] -= 1
            if not self._of[ticket.user]:
                del self._of[ticket.user]

    async def _show(self, stream: Stream, receive: Receive, send: Send) -> None:
        """Show a page its stream until either has ended."""
        self._streams.add(stream)
        gone = asyncio.ensure_future(_until_gone(receive))
        gone.add_done_callback(lambda _: stream.wake.set())
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_on())
        try:
            await self._send(stream, send, gone)
        finally:
            gone.cancel()
            self._streams.discard(stream)

    async def _send(self, stream: Stream, send: Send, gone: asyncio.Future[None]) -> None:
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
            (b"x-content-type-options", b"nosniff"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await _piece(send, "retry: 3000\n\n")
        while not gone.done():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ALIVE):
                    await stream.wake.wait()
            stream.wake.clear()
            if gone.done():
                return
            events = ""
            if stream.now:
                events, stream.now = f"event: now\n{_lines(stream.now)}\n", ""
            if stream.changed:
                events += f"event: changed\ndata: {len(self._streams) * SPREAD}\n\n"
                stream.changed = False
            await _piece(send, events or ": \n\n")
            if stream.ended:
                break
        with contextlib.suppress(OSError):
            await send({"type": "http.response.body", "body": b""})

    async def _look_on(self) -> None:
        """Look at what open pages show, again and again, until no page is open."""
        loop = asyncio.get_running_loop()
        try:
            while self._streams:
                begun = loop.time()
                try:
                    await self._look_once(loop)
                except DatabaseError as error:
                    log.warning("open pages are not told of changes now: %s", error)
                await asyncio.sleep(max(EACH - (loop.time() - begun), EACH / 4))
        finally:
            self._looking = None

    async def _look_once(self, loop: asyncio.AbstractEventLoop) -> None:
        streams = list(self._streams)
        topics = {stream.ticket.topic for stream in streams}
        wanted = {(each.ticket.topic[1][0], each.ticket.shown, each.mark) for each in streams if each.ticket.shown}
        seen = await self._ask(lambda: look(topics, wanted))
        now = system_now()
        for stream in streams:
            _tell(stream, seen, now)
        if loop.time() >= self._asked_at:
            self._asked_at = loop.time() + ASKED_EACH
            await self._see_off(streams)

    async def _ask(self, ask: Callable[[], Answer]) -> Answer:
        """Return what the database says, asked from the thread of the streams."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, _closing, ask)

    async def _may(self, viewer: Viewer) -> bool:
        """Return whether who opens a stream may see its page still; if the database does not say it now, it is asked soon."""
        try:
            return bool(await self._ask(lambda: still_may({viewer})))
        except DatabaseError:
            return True

    async def _see_off(self, streams: list[Stream]) -> None:
        """End the streams of those who have logged out, may do other things than before, or do not live there any more."""
        may = await self._ask(lambda: still_may({stream.viewer for stream in streams}))
        for stream in streams:
            if stream.viewer not in may:
                stream.now, stream.changed, stream.ended = "", True, True
                stream.wake.set()

    def stop(self) -> None:
        """End all streams: their browsers try again in a few seconds, at another process."""
        self._ended = True
        for stream in self._streams:
            stream.ended = True
            stream.wake.set()
        self._thread.shutdown(wait=False, cancel_futures=True)
        if self._looking:
            self._looking.cancel()


def _tell(stream: Stream, seen: Seen, now: int) -> None:
    topic, shown = stream.ticket.topic, stream.ticket.shown
    state = seen.states.get(topic, "")
    if state != stream.state:
        stream.state, stream.changed = state, True
    if shown is not None:
        pk = topic[1][0]
        html = seen.html.get((pk, shown))
        if html is not None and seen.marks[pk] != stream.mark:
            stream.mark, stream.now = seen.marks[pk], html
    if stream.ticket.ends - now < 1_000_000:
        # The page asks once more for its part, and whoever may no longer see it is refused then.
        stream.changed = stream.ended = True
    if stream.changed or stream.now:
        stream.wake.set()


async def _refuse(send: Send) -> None:
    """Tell the browser not to try again."""
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _piece(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


def _lines(text: str) -> str:
    return "".join(f"data: {line}\n" for line in text.splitlines())

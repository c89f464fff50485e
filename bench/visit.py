"""What a first visit costs: all bytes that a server sends to a browser that has never been there, by a proxy that counts them, so
with headers, compressed, the worker of the app and the manifest too.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

MOST_WITHOUT_CHARTS, MOST = 60_000, 120_000
"""The limits of a first visit of the tenant's home, bytes."""
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PHONE = {"width": 390, "height": 844}
ALL_HERE = """async () => {
  await navigator.serviceWorker.ready;
  while (!await caches.has("kept")) await new Promise(requestAnimationFrame);
}"""
DRAWN = "() => document.querySelector('figure.use canvas') === null || 'Chart' in window"


class Counter:
    """A proxy before a port of this machine, in a thread of its own: the browser's driver has a loop already. `sent`: the bytes
    that came from there.
    """

    def __init__(self, to: int) -> None:
        self.sent, self._to = 0, to
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._loop, self._ended = asyncio.new_event_loop(), asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve_until_end())

    async def _serve_until_end(self) -> None:
        await asyncio.start_server(self._serve, sock=self._listening)
        await self._ended.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", self._to)
        # At the end, connections that stand are cut.
        with suppress(asyncio.CancelledError):
            await asyncio.gather(self._pass(reader, there[1], False), self._pass(there[0], writer, True))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_answer: bool) -> None:
        try:
            while piece := await reader.read(65_536):
                self.sent += len(piece) if is_answer else 0
                writer.write(piece)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    def stop(self) -> None:
        """End it."""
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()
        self._listening.close()


@contextmanager
def counting(to: int) -> Iterator[Counter]:
    """Count what comes from a port."""
    counter = Counter(to)
    try:
        yield counter
    finally:
        counter.stop()


@contextmanager
def chromium(debugging: int = 0) -> Iterator[Any]:
    """A browser with a profile of its own, as people have it and not a private window. `debugging`: the port at which other
    programs steer it too. Yields its context, of the size of a phone.
    """
    # Only whoever measures with a browser needs its driver.
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-gpu", *([f"--remote-debugging-port={debugging}"] if debugging else [])]
    with sync_playwright() as playwright, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=CHROMIUM, args=arguments, viewport=PHONE
        )
        try:
            yield context
        finally:
            context.close()


def session(**login: Any) -> str:
    """Return the cookie of a login, as after a log-in, without its notices."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
    from django.contrib.sessions.backends.db import SessionStore

    user = get_user_model().objects.get(**login)
    store = SessionStore()
    store[SESSION_KEY], store[BACKEND_SESSION_KEY] = str(user.pk), settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
    return f"{settings.SESSION_COOKIE_NAME}={store.session_key}"


def give(context: Any, cookie: str) -> None:
    """Give a browser a cookie of the pages on this machine, `name=value`."""
    name, _is, value = cookie.partition("=")
    context.add_cookies([{"name": name, "value": value, "domain": "127.0.0.1", "path": "/"}])


def first_visit(port: int, path: str, cookie: str, charts: bool) -> int:
    """Return the bytes of a first visit by a phone; `charts`: somebody looks at the chart."""
    with chromium() as context, counting(port) as counter:
        give(context, cookie)
        page = context.new_page()
        if not charts:
            page.route("**/chart/chart.*.js", lambda route: route.abort())
        page.goto(f"http://127.0.0.1:{counter.port}{path}", wait_until="load")
        page.evaluate(ALL_HERE)
        if charts:
            page.goto(f"http://127.0.0.1:{counter.port}{path}use/", wait_until="load")
            page.locator("figure.use").scroll_into_view_if_needed()
            page.wait_for_function(DRAWN)
        return counter.sent


def report(port: int, path: str, cookie: str) -> str:
    """Return a line of what the first visit of a page costs, beside its limits."""
    without, whole = (first_visit(port, path, cookie, charts) for charts in (False, True))
    return (
        f"first visit of the tenant's home: {without} bytes without charts (limit {MOST_WITHOUT_CHARTS}), "
        f"{whole} with (limit {MOST})"
    )

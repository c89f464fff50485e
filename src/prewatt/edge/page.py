"""The gateway's own page on the building's network: a tenant's balance, last entries and warnings, a place to type a code,
and the emergency credit. It needs no internet: everything on it comes from the gateway itself.

A small WSGI application, served by waitress from a thread of its own. A flat's PIN opens it; a code can be typed without
one, since who has the code may use it, and a tenant without a PIN is not to sit in the dark.
"""

from __future__ import annotations

import logging
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs

import waitress
from waitress import wasyncore
from waitress.server import TcpWSGIServer

from ..kernel.names import natural
from ..kernel.orders import TakeEmergency
from . import page_views
from .effects import Reply
from .journal_file import JournalFull
from .lockout import Tries, after_wrong, waits
from .settings import EdgeSettings
from .site import Site
from .texts import _, asked_for, speaking
from .wsgi import Start, read_cookie, read_form, redirect, send

log = logging.getLogger("prewatt.edge")

MOST_SESSIONS = 1000
SESSION_LASTS = 30 * 60.0
"""Seconds without a click after which the PIN must be typed again."""
COOKIE = "prewatt"
LOOK_EVERY = 1.0
"""Seconds between looks whether the page is to end."""
LONGEST_WAIT = 60_000_000
"""The longest wait (µs) between two tries of a flat's PIN: nobody can close a neighbour's page for long by guessing."""

_SCRIPT = Path(__file__).with_name("page.js").read_text(encoding="utf-8")


class Part(Protocol):
    """A part of the page with addresses and sessions of its own."""

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]: ...


class Page:
    """The WSGI application. `hours` returns seconds of a clock that never goes back. `setup`: the part in which staff set
    meters up. `language`: for browsers that ask for none of ours; empty for that of the process.
    """

    def __init__(
        self,
        site: Site,
        title: str,
        units: list[tuple[str, str]],
        hours: Callable[[], float] = time.monotonic,
        setup: Part | None = None,
        language: str = "",
    ):
        self._site, self._title, self._units, self._hours, self._setup = site, title, units, hours, setup
        self._language = language
        self._sessions: dict[str, tuple[str, float]] = {}
        self._tries: dict[str, Tries] = {}
        self._lock = threading.Lock()

    # -- WSGI ----------------------------------------------------------------------------------------------------------

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        with speaking(asked_for(environ.get("HTTP_ACCEPT_LANGUAGE", "")) or self._language):
            return self._answer_always(environ, start)

    def _answer_always(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        try:
            return self._answer(environ, start)
        except JournalFull:
            # The agent found out just now; asked again, it says what this means.
            full = _("The gateway's disk is full, so nothing was done. Keep your code. It is not lost.")
            return self._show(start, "", None, Reply(False, full))
        except (TimeoutError, sqlite3.Error):
            text = _("The gateway is busy. Please try again in a moment. Nothing is credited twice.")
            return self._message(start, "503 Service Unavailable", text)

    def _answer(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        path, method = environ.get("PATH_INFO", "/"), environ["REQUEST_METHOD"]
        if self._setup is not None and (path == "/setup" or path.startswith("/setup/")):
            return self._setup(environ, start)
        if method == "GET" and path == "/page.js":
            return send(start, "200 OK", _SCRIPT, "text/javascript")
        # A page that is left open asks for news by itself, which does not count as a click.
        token, meter = self._session(environ, clicked=path != "/now")
        if method == "POST":
            return self._take_form(start, path, read_form(environ), token, meter)
        if method == "GET" and path == "/":
            return self._show(
                start, token, meter, asked=parse_qs(environ.get("QUERY_STRING", "")).get("meter", [""])[0]
            )
        if method == "GET" and path == "/now":
            return self._now(start, meter)
        if method == "GET" and path == "/lines":
            return send(start, "200 OK", page_views.frame(self._title, page_views.lines(self._site.lines())))
        return self._message(start, "404 Not Found", _("There is no such page."))

    def _take_form(
        self, start: Start, path: str, form: dict[str, str] | None, token: str, meter: str | None
    ) -> Iterable[bytes]:
        """Do what a form asks for. `form` is None if it is too large; `token` and `meter` are those of the session."""
        if form is None:
            return self._message(start, "413 Content Too Large", _("The request is too large."))
        if path == "/login":
            return self._login(start, form)
        # A form counts as the tenant's own only with the token of the session.
        mine = meter if meter is not None and form.get("token") == token else None
        if path == "/code":
            reply = self._site.submit_code(
                mine or form.get("meter", ""), form.get("code", ""), "page" if mine else "open page"
            )
            return self._show(start, token, meter, reply)
        if mine is not None and path == "/emergency":
            return self._show(start, token, meter, self._site.act(mine, TakeEmergency(), "page"))
        if mine is not None and path == "/logout":
            self._sessions.pop(token, None)
        return redirect(start)

    def _session(self, environ: dict[str, Any], clicked: bool) -> tuple[str, str | None]:
        token = read_cookie(environ, COOKIE)
        with self._lock:
            meter, until = self._sessions.get(token, (None, 0.0))
            if meter is None or self._hours() > until:
                return token, None
            if clicked:
                self._sessions[token] = (meter, self._hours() + SESSION_LASTS)
        return token, meter

    def _login(self, start: Start, form: dict[str, str]) -> Iterable[bytes]:
        meter, now = form.get("meter", ""), int(self._hours() * 1e6)
        with self._lock:
            tries = self._tries.get(meter, Tries())
            wait = waits(tries, now)
            if not wait and meter in dict(self._units):
                # Counted before it is looked at, so that tries at the same time do not count as one.
                counted = after_wrong(tries, now)
                self._tries[meter] = Tries(counted.wrong, min(counted.until, now + LONGEST_WAIT))
        if wait:
            text = _("Too many wrong PINs: please wait %(seconds)d seconds.") % {"seconds": -(-wait // 1_000_000)}
            return self._show(start, "", None, Reply(False, text))
        if not self._site.pin_is(meter, form.get("pin", "")):
            return self._show(start, "", None, Reply(False, _("This PIN is wrong for this flat.")))
        token = secrets.token_hex(16)
        with self._lock:
            self._tries.pop(meter, None)
            while len(self._sessions) >= MOST_SESSIONS:
                del self._sessions[next(iter(self._sessions))]
            self._sessions[token] = (meter, self._hours() + SESSION_LASTS)
        return redirect(start, f"{COOKIE}={token}; HttpOnly; SameSite=Strict; Path=/")

    # -- what is seen ----------------------------------------------------------------------------------------------------

    def _show(
        self, start: Start, token: str, meter: str | None, reply: Reply | None = None, asked: str = ""
    ) -> Iterable[bytes]:
        """Show the page. `asked`: the meter that the address names, as on a flat's label."""
        view = self._site.view(meter) if meter is not None else None
        has_lines = view is None and bool(self._site.lines())
        body = page_views.door(self._units, asked, has_lines) if view is None else page_views.home(view, token)
        answers = page_views.answers(reply, self._site.troubles())
        return send(start, "200 OK", page_views.frame(self._title, answers, body))

    def _now(self, start: Start, meter: str | None) -> Iterable[bytes]:
        """Return only the first part of the page, as it is now."""
        view = self._site.current(meter) if meter is not None else None
        if view is None:
            return send(start, "403 Forbidden", _("Open the page with the PIN again."), "text/plain; charset=utf-8")
        return send(start, "200 OK", page_views.state(view))

    def _message(self, start: Start, status: str, text: str) -> Iterable[bytes]:
        return send(start, status, page_views.frame(self._title, page_views.message(text)))


def serve_page(site: Site, settings: EdgeSettings, address: tuple[str, int], setup: Part | None = None) -> Served:
    """Serve the page from a thread. Raises OSError if its port is taken."""
    units = sorted(
        ((meter.name, meter.unit or meter.name) for meter in settings.meters), key=lambda each: natural(each[1])
    )
    title = settings.property or settings.gateway
    return open_server(Page(site, title, units, setup=setup, language=settings.language), address)


class Served:
    """An application that is served by a thread of its own, until `close`. Raises OSError if its port is taken."""

    def __init__(self, page: Part, address: tuple[str, int]) -> None:
        self._sockets: dict[int, Any] = {}
        self._ended = threading.Event()
        self._server = waitress.create_server(
            page, map=self._sockets, host=address[0], port=address[1], threads=4, ident="prewatt"
        )
        self._thread = threading.Thread(target=self._run, name="page", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ended.is_set():
            wasyncore.loop(LOOK_EVERY, map=self._sockets, count=1)
        wasyncore.close_all(self._sockets)
        self._server.task_dispatcher.shutdown()

    def close(self) -> None:
        """End, and free the port."""
        self._ended.set()
        for each in list(self._sockets.values()):
            if isinstance(each, TcpWSGIServer):
                each.pull_trigger()
        self._thread.join()


def open_server(page: Part, address: tuple[str, int]) -> Served:
    """Serve an application from a thread. Raises OSError if its port is taken."""
    try:
        served = Served(page, address)
    except OSError as error:
        raise OSError(f"page: {address[0]}:{address[1]} can't be opened ({error.strerror})") from None
    log.info("the page is at http://%s:%d/", *address)
    return served

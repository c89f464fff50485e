"""The gateway's own page on the building's network: a tenant's balance, last entries and warnings, a place to type a code,
and the emergency credit. It needs no internet: everything on it comes from the gateway itself.

A small WSGI application (`serving`). A flat's PIN opens it; a code can be typed without one, since who has the code may
use it, and a tenant without a PIN is not to sit in the dark. The browser remembers the flat that was chosen last, and
the language: both open nothing. Who guesses is slowed, and slows nobody else much (`turns`): tries are counted by flat
and by the asker's address, and a browser that the flat's PIN has opened before has turns of its own.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from ..kernel.names import natural
from ..kernel.orders import TakeEmergency
from . import door_views, flats_view, lines_view, page_frame, page_parts, page_views, sheet_view, state_view
from .callers import is_own_address, objection
from .code_entry import OPEN_PAGE
from .cookies import LANGUAGE, YEAR, read_choice, read_cookie, remembered, wanted_language
from .effects import Reply
from .html import Html
from .journal_file import JournalFull
from .posted import read_form
from .serving import Part, Served, open_server
from .settings import EdgeSettings
from .site import Site
from .texts import _, languages, speaking
from .turns import CODES, Turns
from .wsgi import Start, redirect, send

MOST_SESSIONS = 1000
SESSION_LASTS = 30 * 60.0
"""Seconds without a click after which the PIN must be typed again."""
COOKIE = "prewatt"
KNOWN = "prewatt-known"
"""The cookie of a browser that a flat's PIN has opened, until the PIN changes."""
FLAT = "prewatt-flat"
"""The cookie of the meter that was chosen last."""
PLACES = ("/", "/lines", "/sheet")
"""The addresses at which a language can be chosen."""

_SCRIPT = Path(__file__).with_name("page.js").read_text(encoding="utf-8")


class _Session(NamedTuple):
    """A browser that a flat's PIN has opened, until when (s), and the mark of that PIN (`Site.known_mark`)."""

    meter: str
    until: float
    mark: str


class Ways(NamedTuple):
    """How the page is reached. `language`: for browsers that ask for none of ours; empty for that of the process. `names`: see
    `callers.objection`. `portal`: see `EdgeSettings`.
    """

    language: str = ""
    names: Collection[str] = ()
    portal: str = ""


_ADDRESSES_ALONE = Ways()


UNAVAILABLE = "503 Service Unavailable"


def _start_unavailable(start: Start, _status: str, headers: list[tuple[str, str]]) -> Any:
    """Begin an answer that is a whole page, though nothing was done."""
    return start(UNAVAILABLE, headers)


def _busy() -> str:
    return _("The gateway is busy. Please try again in a moment. Nothing is credited twice.")


class Page:
    """The WSGI application. `hours` returns seconds of a clock that never goes back. `setup`: the part in which staff set
    meters up. `pause` waits so many seconds of that clock.
    """

    def __init__(
        self,
        site: Site,
        title: str,
        units: list[tuple[str, str]],
        hours: Callable[[], float] = time.monotonic,
        setup: Part | None = None,
        ways: Ways = _ADDRESSES_ALONE,
        pause: Callable[[float], object] = time.sleep,
    ):
        self._site, self._title, self._units, self._hours, self._setup = site, title, units, hours, setup
        self._ways, self._pause = ways, pause
        self._sessions: dict[str, _Session] = {}
        self._turns = Turns()
        self._lock = threading.Lock()

    # -- WSGI ----------------------------------------------------------------------------------------------------------

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        with speaking(wanted_language(environ) or self._ways.language):
            return self._answer_always(environ, start)

    def _answer_always(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        try:
            return self._answer(environ, start)
        except JournalFull:
            # The agent found out just now; asked again, it says what this means.
            full = _("The gateway's disk is full, so nothing was done. Keep your code. It is not lost.")
            return self._show(start, environ, "", None, Reply(False, full))
        except (TimeoutError, sqlite3.Error):
            return self._message(start, UNAVAILABLE, _busy())

    def _answer(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        path, method = environ.get("PATH_INFO", "/"), environ["REQUEST_METHOD"]
        if self._setup is not None and (path == "/setup" or path.startswith("/setup/")):
            return self._setup(environ, start)
        if refused := objection(environ, self._ways.names):
            return self._refuse(environ, start, refused)
        if method == "GET" and path == "/page.js":
            return send(start, "200 OK", _SCRIPT, "text/javascript")
        # A page that is left open asks for news by itself, which does not count as a click.
        token, meter = self._session(environ, clicked=path != "/now")
        if method == "POST":
            return self._take_form(start, environ, read_form(environ), token, meter)
        if method != "GET":
            return self._message(start, "404 Not Found", _("There is no such page."))
        return self._look(start, environ, token, meter)

    def _look(self, start: Start, environ: dict[str, Any], token: str, meter: str | None) -> Iterable[bytes]:
        """Show what an address names."""
        path = environ.get("PATH_INFO", "/")
        if path == "/":
            named = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True).get("meter", [None])[0]
            return self._show(start, environ, token, meter, named=named)
        if path == "/now":
            return self._now(start, meter)
        if path == "/lines":
            return self._send(start, lines_view.lines(self._site.lines()), back=path)
        if path == "/sheet":
            address = f"http://{environ.get('HTTP_HOST', 'localhost')}/"
            return self._send(start, sheet_view.sheet(self._title, address), back=path)
        return self._message(start, "404 Not Found", _("There is no such page."))

    def _refuse(self, environ: dict[str, Any], start: Start, why: str) -> Iterable[bytes]:
        is_look = environ["REQUEST_METHOD"] == "GET"
        if self._ways.portal and is_look and not is_own_address(environ, self._ways.names):
            # A phone asks so whether this Wi-Fi leads to the internet, and then shows its owner the page.
            return redirect(start, to=f"{self._ways.portal}/")
        return self._message(start, "403 Forbidden", why)

    def _take_form(
        self, start: Start, environ: dict[str, Any], form: dict[str, str] | None, token: str, meter: str | None
    ) -> Iterable[bytes]:
        """Do what a form asks for. `form` is None if it is too large; `token` and `meter` are those of the session."""
        if form is None:
            return self._message(start, "413 Content Too Large", _("The request is too large."))
        path = environ.get("PATH_INFO", "/")
        if path == "/login":
            return self._login(start, form, environ)
        if path == "/language" and form.get("language") in languages():
            return _in_language(start, form["language"], form.get("back", ""))
        # A form counts as the tenant's own only with the token of the session.
        mine = meter if form.get("token") == token else None
        if path == "/code":
            return self._take_code(start, environ, form, token, meter, mine)
        if mine is None:
            return redirect(start)
        if path == "/emergency":
            return self._show(start, environ, token, meter, self._site.act(mine, TakeEmergency(), "page"))
        if path == "/logout":
            self._sessions.pop(token, None)
        return redirect(start)

    def _take_code(
        self,
        start: Start,
        environ: dict[str, Any],
        form: dict[str, str],
        token: str,
        meter: str | None,
        mine: str | None,
    ) -> Iterable[bytes]:
        """Use a code that was typed. `mine`: the meter of the session; None: it was typed without a PIN."""
        code = form.get("code", "")
        try:
            reply = (
                self._open_code(form.get("meter", ""), code, environ)
                if mine is None
                else self._site.submit_code(mine, code, "page")
            )
        except JournalFull:
            raise
        except (TimeoutError, sqlite3.Error):
            # What was typed stays in its field.
            reply, start = Reply(False, _busy()), partial(_start_unavailable, start)
        return self._show(start, environ, token, meter, reply, form.get("meter"), "" if reply.done else code)

    def _session(self, environ: dict[str, Any], clicked: bool) -> tuple[str, str | None]:
        token = read_cookie(environ, COOKIE)
        with self._lock:
            session = self._sessions.get(token)
        # Whoever knows only the PIN of before, as who has moved out, is asked for the present one.
        if session is None or self._hours() > session.until or session.mark != self._site.known_mark(session.meter):
            return token, None
        if clicked:
            with self._lock:
                self._sessions[token] = session._replace(until=self._hours() + SESSION_LASTS)
        return token, session.meter

    # -- who guesses -------------------------------------------------------------------------------------------------------

    def _is_known(self, environ: dict[str, Any], meter: str) -> bool:
        """Return whether the PIN that the flat has now has opened the page in this browser before."""
        kept = read_cookie(environ, KNOWN)
        return bool(kept) and secrets.compare_digest(kept.encode(), self._site.known_mark(meter).encode())

    def _wait_for_turn(self, door: str, asker: str, too_many: str) -> Reply | None:
        """Wait until it is this asker's turn. Returns what the asker is told if it does not come soon."""
        with self._lock:
            turn = self._turns.take(door, asker, int(self._hours() * 1e6))
        if turn.refused:
            return Reply(False, too_many % {"seconds": -(-turn.wait // 1_000_000)})
        if turn.wait:
            self._pause(turn.wait / 1e6)
        return None

    def _was_right(self, door: str) -> None:
        with self._lock:
            self._turns.was_right(door)

    def _open_code(self, meter: str, code: str, environ: dict[str, Any]) -> Reply:
        """Use a code that was typed without a PIN."""
        is_known = self._is_known(environ, meter)
        door, asker = (f"{CODES} of {meter}", "known") if is_known else (CODES, environ.get("REMOTE_ADDR", ""))
        if refused := self._wait_for_turn(door, asker, _("Too many wrong codes: please wait %(seconds)d seconds.")):
            return refused
        reply = self._site.submit_code(meter, code, OPEN_PAGE)
        if not reply.guessed:
            self._was_right(door)
        return reply

    def _login(self, start: Start, form: dict[str, str], environ: dict[str, Any]) -> Iterable[bytes]:
        meter, asker = form.get("meter", ""), environ.get("REMOTE_ADDR", "")
        if meter not in dict(self._units):
            return self._show(start, environ, "", None, Reply(False, _("This PIN is wrong for this flat.")))
        door = f"known in {meter}" if self._is_known(environ, meter) else f"PIN of {meter}"
        if refused := self._wait_for_turn(door, asker, _("Too many wrong PINs: please wait %(seconds)d seconds.")):
            return self._show(start, environ, "", None, refused, meter)
        if not self._site.pin_is(meter, form.get("pin", "")):
            return self._show(start, environ, "", None, Reply(False, _("This PIN is wrong for this flat.")), meter)
        self._was_right(door)
        token, mark = secrets.token_hex(16), self._site.known_mark(meter)
        with self._lock:
            while len(self._sessions) >= MOST_SESSIONS:
                del self._sessions[next(iter(self._sessions))]
            self._sessions[token] = _Session(meter, self._hours() + SESSION_LASTS, mark)
        known = f"{KNOWN}={mark}; Max-Age={YEAR}; HttpOnly; SameSite=Strict; Path=/"
        return redirect(start, f"{COOKIE}={token}; HttpOnly; SameSite=Strict; Path=/", known, remembered(FLAT, meter))

    # -- what is seen ----------------------------------------------------------------------------------------------------

    def _show(
        self,
        start: Start,
        environ: dict[str, Any],
        token: str,
        meter: str | None,
        reply: Reply | None = None,
        named: str | None = None,
        typed: str = "",
    ) -> Iterable[bytes]:
        """Show the page. `named`: the meter that the address or a form names; empty if another flat is to be chosen. `typed`: a
        code that was refused.
        """
        view = self._site.view(meter) if meter is not None else None
        answers = page_parts.answers(reply, self._site.troubles())
        if view is not None:
            return self._send(start, answers, page_views.home(view, token, typed))
        units = dict(self._units)
        last = read_choice(environ, FLAT)
        at = next((each for each in (named if named is not None else last, *self._only()) if each in units), "")
        has_lines = bool(self._site.lines())
        if not at:
            return self._send(start, answers, flats_view.flats(self._units, last, has_lines))
        online, _now, _meters = self._site.overview()
        body = door_views.door(at, units[at], len(units) > 1, online, has_lines, typed)
        return self._send(start, answers, body, cookies=() if at == last else (remembered(FLAT, at),))

    def _only(self) -> list[str]:
        """Return the meter of the flat, if there is but one."""
        return [meter for meter, _unit in self._units] if len(self._units) == 1 else []

    def _send(self, start: Start, *body: Html, back: str = "/", cookies: Collection[str] = ()) -> Iterable[bytes]:
        text = page_frame.frame(self._title, *body, back=back, is_night=self._site.is_night())
        return send(start, "200 OK", text, cookies=tuple(cookies))

    def _now(self, start: Start, meter: str | None) -> Iterable[bytes]:
        """Return only the first part of the page, as it is now."""
        view = self._site.current(meter) if meter is not None else None
        if view is None:
            return send(start, "403 Forbidden", _("Open the page with the PIN again."), "text/plain; charset=utf-8")
        return send(start, "200 OK", state_view.state(view))

    def _message(self, start: Start, status: str, text: str) -> Iterable[bytes]:
        return send(start, status, page_frame.frame(self._title, page_parts.message(text)))


def _in_language(start: Start, language: str, back: str) -> Iterable[bytes]:
    """Remember a language that was chosen, and lead back to where that was."""
    return redirect(start, remembered(LANGUAGE, language), to=back if back in PLACES else "/")


def made_page(site: Site, settings: EdgeSettings, setup: Part | None = None) -> Page:
    """Return the page of a gateway with these settings."""
    # A meter of the stairs or of the whole building has neither a flat nor a key for codes.
    flats = ((meter.name, meter.unit or meter.name) for meter in settings.meters if meter.unit or meter.token)
    units = sorted(flats, key=lambda each: natural(each[1]))
    title = settings.property or settings.gateway
    return Page(site, title, units, setup=setup, ways=Ways(settings.language, settings.page_names, settings.portal))


def serve_page(site: Site, settings: EdgeSettings, address: tuple[str, int], setup: Part | None = None) -> Served:
    """Serve the page from a thread. Raises OSError if its port is taken."""
    return open_server(made_page(site, settings, setup), address)

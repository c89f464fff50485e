"""The part of the gateway's page on which staff set meters up: `/setup`. It is opened by a code that only a person at
the gateway's terminal can make (`access`).
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

from .. import page_frame, page_parts
from ..callers import objection
from ..cookies import read_cookie, wanted_language
from ..effects import Reply
from ..html import Content, element
from ..posted import read_form
from ..texts import _, speaking
from ..turns import Turns
from ..wsgi import Start, redirect, send
from . import login_view, meter_views, rules, views
from .access import end_session, is_code, is_session, open_session
from .gateway import SetUp
from .labels import labels
from .style import STYLE
from .survey import SurveyError

COOKIE = "prewatt-setup"
HOME = "/setup"
DOOR = "setup"
SESSION_LASTS = 60 * 60.0
"""Seconds without a click after which the code must be typed again."""
MOST_DIGITS = 9
"""Digits of a meter's number in an address or a form."""
_SCRIPT = Path(__file__).with_name("again.js").read_text(encoding="utf-8")


class SetUpPage:
    """The WSGI application. `title`: the building's name. `hours` returns seconds of a clock that never goes back.
    `language`: for browsers that ask for none of ours; empty for that of the process. `names`: see `callers.objection`.
    `pause` waits so many seconds of that clock.
    """

    def __init__(
        self,
        setup: SetUp,
        title: str,
        hours: Callable[[], float] = time.monotonic,
        language: str = "",
        names: Collection[str] = (),
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._setup, self._title, self._hours, self._language = setup, title, hours, language
        self._names, self._pause = names, pause
        self._clicked: dict[str, float] = {}
        self._turns = Turns()
        self._replies: dict[str, Reply] = {}
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        with speaking(wanted_language(environ) or self._language):
            return self._answer(environ, start)

    def _answer(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        path, method = environ.get("PATH_INFO", HOME), environ["REQUEST_METHOD"]
        if refused := objection(environ, self._names):
            return self._show(start, "403 Forbidden", page_parts.message(refused))
        token = self._session(environ)
        if method == "POST":
            form = read_form(environ)
            if form is None:
                return self._show(start, "413 Content Too Large", page_parts.message(_("The request is too large.")))
            if path == f"{HOME}/login":
                return self._login(start, form, environ.get("REMOTE_ADDR", ""))
            # A form counts only with the token of the session.
            if token and secrets.compare_digest(form.get("token", "").encode(), token.encode()):
                return self._take(start, path.removeprefix(f"{HOME}/"), form, token)
            return redirect(start, to=HOME)
        if path == f"{HOME}/again.js":
            return send(start, "200 OK", _SCRIPT, "text/javascript")
        if not token:
            return self._show(start, "200 OK", login_view.code_form())
        return self._look(start, path, environ, token)

    # -- who may -------------------------------------------------------------------------------------------------------------

    def _session(self, environ: dict[str, Any]) -> str:
        """Return the token of the session of a request; empty if it has none that is open."""
        token = read_cookie(environ, COOKIE)
        if not is_session(self._setup.folder, token):
            return ""
        with self._lock:
            now = self._hours()
            is_forgotten = now > self._clicked.setdefault(token, now) + SESSION_LASTS
            self._clicked[token] = now
        if is_forgotten:
            self._log_out(token)
            return ""
        return token

    def _log_out(self, token: str) -> None:
        with self._lock:
            self._clicked.pop(token, None)
            self._replies.pop(token, None)
            end_session(self._setup.folder, token)

    def _login(self, start: Start, form: dict[str, str], asker: str) -> Iterable[bytes]:
        with self._lock:
            turn = self._turns.take(DOOR, asker, int(self._hours() * 1e6))
        if turn.refused:
            wait = -(-turn.wait // 1_000_000)
            words = _("Too many wrong codes: please wait %(seconds)d seconds.") % {"seconds": wait}
            return self._show(start, "429 Too Many Requests", login_view.code_form(), reply=Reply(False, words))
        if turn.wait:
            self._pause(turn.wait / 1e6)
        if not is_code(self._setup.folder, form.get("code", "")):
            words = _("This code is wrong, or older than a day. The command prewatt edge scan --code makes a new one.")
            return self._show(start, "200 OK", login_view.code_form(), reply=Reply(False, words))
        with self._lock:
            self._turns.was_right(DOOR)
            token = open_session(self._setup.folder)
        return redirect(start, f"{COOKIE}={token}; HttpOnly; SameSite=Strict; Path={HOME}", to=HOME)

    # -- what is seen --------------------------------------------------------------------------------------------------------

    def _look(self, start: Start, path: str, environ: dict[str, Any], token: str) -> Iterable[bytes]:
        setup = self._setup
        survey, doing = setup.survey, setup.bench.doing
        if path == f"{HOME}/labels":
            address = f"http://{environ.get('HTTP_HOST', 'localhost')}"
            return self._show(start, "200 OK", labels(survey.flats, address, self._title))
        reply = self._replies.pop(token, None)
        if number := _number(path.removeprefix(f"{HOME}/meter/")):
            try:
                one = meter_views.one_meter(survey, survey.meter(number), doing, token)
                return self._show(start, "200 OK", one, reply=reply)
            except SurveyError as error:
                reply = Reply(False, str(error))
        enrolled = setup.settings is not None
        body = views.overview(survey, setup.buses(), setup.callers(), doing, token, enrolled)
        return self._show(start, "200 OK", body, reply=reply)

    def _show(self, start: Start, status: str, *body: Content, reply: Reply | None = None) -> Iterable[bytes]:
        style = element("style", STYLE)
        return send(start, status, page_frame.frame(self._title, style, page_parts.answers(reply, ()), *body))

    # -- what is done --------------------------------------------------------------------------------------------------------

    def _take(self, start: Start, action: str, form: dict[str, str], token: str) -> Iterable[bytes]:
        if action == "logout":
            self._log_out(token)
            return redirect(start, to=HOME)
        number = _number(form.get("id", ""))
        try:
            words = self._do(action, number, form)
        except SurveyError as error:
            text = str(error)
            self._replies[token] = Reply(False, f"{text[:1].upper()}{text[1:]}")
        else:
            if words:
                self._replies[token] = Reply(True, words)
            if action in ("service", "converter") and self._setup.starts_anew:
                return self._show(start, "200 OK", views.starts_anew(words))
        known = number and action != "forget" and any(each.id == number for each in self._setup.survey.meters)
        return redirect(start, to=f"{HOME}/meter/{number}" if known else HOME)

    def _do(self, action: str, number: int, form: dict[str, str]) -> str:
        """Do what a form asks. Returns what was done. Raises SurveyError."""
        setup, field = self._setup, form.get
        match action:
            case "scan":
                # Looking takes the buses for minutes, in which no switch could be closed again.
                setup.switches.close_after_tests()
                setup.scanner.start([each.path for each in setup.buses()], thorough=bool(field("thorough")))
                return ""
            case "bus":
                setup.add_bus(field("port", ""))
                return _("The bus is added. Now look for meters.")
            case "ask":
                if field("port") not in {each.path for each in setup.buses()}:
                    raise SurveyError(_("There is no such bus here. Add it first."))
                setup.scanner.ask(field("port", ""), field("line", ""), field("kind", ""), field("address", ""), {})
                return _("A meter answers there.")
            case "converter":
                return setup.take_on(field("kind", ""), field("caller", ""))
            case "server":
                return setup.ask_server()
            case "service":
                return setup.put_into_service()
        return self._do_meter(action, number, form)

    def _do_meter(self, action: str, number: int, form: dict[str, str]) -> str:
        bench, switches, is_so = self._setup.bench, self._setup.switches, bool(form.get("is_so"))
        match action:
            case "compare":
                return bench.compare(number, form.get("kwh", ""))
            case "off":
                return switches.switch_off(number)
            case "stopped":
                return switches.load_stopped(number, is_so)
            case "runs":
                return switches.load_runs(number, is_so)
            case "more":
                more = {name.removeprefix("more."): value for name, value in form.items() if name.startswith("more.")}
                self._setup.scanner.set_more(number, more)
                return _("Saved.")
        with bench.changing() as survey:
            match action:
                case "put":
                    rules.put(survey, number, form.get("flat", ""))
                case "model":
                    rules.choose_model(survey, number, form.get("model", ""))
                case "face":
                    survey.change(number, face=form.get("face", "").strip()[:64])
                case "forget":
                    survey.forget(number)
                case _other:
                    raise SurveyError(_("There is no such page."))
        return _("Saved.")


def _number(text: str) -> int:
    """Return the number of a meter in an address or a form; 0 if it is none."""
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else 0

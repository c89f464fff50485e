"""How long a log-in lasts, and which ones somebody has."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from ..accounts import security_log
from ..accounts.keys import end_apps
from ..accounts.keys import revoke as end_keys
from ..accounts.known_browsers import remember
from ..accounts.memberships import Membership
from ..metering.models import StaffGrant
from ..metering.revoking import revoke
from ..notices.pushes import end_log_in, name_log_in
from .again import asked
from .devices import device_of
from .first_password import note_first
from .left_open import end_left_open

HOUR = 3600
BEGAN, WORKS = "began", "works"
"""What a session keeps: the instant of the log-in, s by the machine's own clock, and whether the user works for a landlord."""
SEEN_EVERY = 60
"""How often it is noted that somebody is there, s."""


@dataclass(frozen=True)
class Lifetime:
    """How long a log-in lasts, s. `longest`: at most; `idle`: while nobody uses it, None if that ends nothing."""

    longest: int
    idle: int | None = None

    def is_idle(self, silent: int) -> bool:
        """Return whether a log-in has ended because nobody has used it for `silent` seconds."""
        return self.idle is not None and silent >= self.idle


LIFETIMES = {
    "tenant": Lifetime(14 * 24 * HOUR),
    "tenant on paper": Lifetime(400 * 24 * HOUR),
    "staff": Lifetime(12 * HOUR),
    "operator": Lifetime(12 * HOUR, idle=HOUR // 2),
}
"""The lifetimes of log-ins, by kind of user: a tenant with a password; a tenant without one, who got in by a paper and needs a new
paper to come back (as long as browsers keep a cookie); a person who works for a landlord; the operator, who may do everything."""


def lifetime_of(user: Any, works: bool) -> Lifetime:
    """Return how long a user's log-in lasts. `works`: whether the user works for a landlord."""
    if user.is_superuser or user.is_staff:
        return LIFETIMES["operator"]
    if works:
        return LIFETIMES["staff"]
    return LIFETIMES["tenant" if user.has_usable_password() else "tenant on paper"]


def begin(request: HttpRequest, user: Any) -> None:
    """Note in a session that it begins now with a log-in, and that its owner has just been asked who they are."""
    works = Membership.objects.filter(user=user.pk).exists()
    request.session[BEGAN], request.session[WORKS] = int(time.time()), works
    request.session.set_expiry(lifetime_of(user, works).longest)
    name_log_in(request.session)
    asked(request, user)
    note_first(request, user)


class EndSessions:
    """Middleware: ends log-ins that have lasted long enough, and notes now and then that somebody is there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request, as a stranger's if the log-in is over."""
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            _look(request, request.user)
        response = self._get_response(request)
        account = getattr(request, "_logged_in", "")
        if account:
            remember(request, response, account)
        return response


def _silent_for(seen_at: datetime | None, at: int) -> int:
    """Return for how long (s) nobody has been there; 0 if that is not looked at."""
    return at - int(seen_at.timestamp()) if seen_at is not None else 0


def _works(request: HttpRequest, user: Any, lasted: int) -> bool:
    """Return whether a user works for a landlord. `lasted`: the session, s."""
    if request.session.get(WORKS, False):
        return True
    # A tenant's long log-in does not become that of an owner who got the role meanwhile.
    return lasted >= LIFETIMES["staff"].longest and Membership.objects.filter(user=user.pk).exists()


def _end(request: HttpRequest, user: Any, person: bool) -> None:
    """End a session. `person`: somebody sees the answer, and is told."""
    security_log.note("session over", request, user=user.pk)
    logout(request)
    if person:
        messages.info(request, _("Your log-in has ended by itself, for safety. Please log in again."))


def _look(request: HttpRequest, user: Any) -> None:
    """End the session if it is over, otherwise note that somebody is there if a person asks."""
    at, began = int(time.time()), request.session.get(BEGAN)
    if began is None:
        begin(request, user)
        began = at
    rule = lifetime_of(user, _works(request, user, at - began))
    over = at - began >= rule.longest
    person = _is_person(request)
    seen_at = None
    here = UserSession.objects.filter(session_key=request.session.session_key)
    if not over and (person or rule.idle is not None):
        seen_at = here.values_list("last_seen_at", flat=True).first()
    silent = _silent_for(seen_at, at)
    if over or rule.is_idle(silent):
        _end(request, user, person)
    elif seen_at is not None and person and silent >= SEEN_EVERY:
        # A page is shown also while the database is busy.
        with suppress(OperationalError):
            here.update(last_seen_at=datetime.fromtimestamp(at, UTC))


def _is_person(request: HttpRequest) -> bool:
    """Return whether a person has asked, and not a page that stands open and asks by itself."""
    if request.method != "GET":
        return True
    mode = request.headers.get("Sec-Fetch-Mode", "")
    return mode == "navigate" if mode else "HX-Request" not in request.headers


@dataclass(frozen=True)
class LogIn:
    """A log-in as its owner sees it. `pk` names it; `since` and `seen` in words, UTC; `here`: it is the one that asks."""

    pk: int
    device: str
    ip: str
    since: str
    seen: str
    here: bool


def sessions_of(user: Any, here: str) -> list[LogIn]:
    """Return a user's log-ins that are not over, the one that was used last first. `here`: the key of the one that asks."""
    works, at = Membership.objects.filter(user=user.pk).exists(), time.time()
    longest = lifetime_of(user, works).longest
    rows = UserSession.objects.purge_and_list(user)
    current = [each for each in rows if at - each.created_at.timestamp() < longest]
    return [
        LogIn(
            each.pk,
            device_of(each.user_agent),
            each.ip,
            f"{each.created_at:%Y-%m-%d %H:%M}",
            f"{each.last_seen_at:%Y-%m-%d %H:%M}",
            each.session_key == here,
        )
        for each in sorted(current, key=lambda each: each.last_seen_at, reverse=True)
    ]


def end_devices(user: Any) -> int:
    """End what gives phones access to a login without a session: log-ins by WeChat, grants for work on site, and the ways in
    that were left open (`left_open`). Returns the number of log-ins by WeChat. A phone of the user gets a new grant when it
    is online again.
    """
    end_left_open(user)
    revoke(StaffGrant.objects.filter(user=user.pk), user)
    return end_apps(user)


def end_others(request: HttpRequest, user: Any) -> int:
    """End all log-ins of a user but the one that asks, also those by WeChat, and the push messages to their browsers. Returns how
    many log-ins have ended.
    """
    return _end_all(user, request.session.session_key)


def end_lost(request: HttpRequest, user: Any) -> None:
    """End all keys for programs and all other log-ins of a login that its owner had lost. Whoever has the lost phone may have made
    such keys, because a user without a password is not asked again who they are.
    """
    end_keys(user.api_keys.all())
    end_others(request, user)


def end_closed(user: Any) -> None:
    """End all log-ins of a login that was closed. If it is opened again, it has none."""
    _end_all(user)


def _end_all(user: Any, but: str | None = None) -> int:
    rows = [each for each in UserSession.objects.filter(user=user) if each.session_key != but]
    for each in rows:
        end_log_in(each)
    return len(rows) + end_devices(user)

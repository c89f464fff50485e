"""Tries to get in: how long somebody has to wait, and what is counted. The counts are those of `accounts.throttles`."""

from __future__ import annotations

import math
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import ngettext

from ..accounts import security_log
from ..accounts.known_browsers import browser_of
from ..accounts.throttles import Mark, failed, give_back, passed, take, waits
from ..core.addresses import asker_counted
from ..core.phone_numbers import read_phone
from . import phones


def user_named(typed: str) -> Any | None:
    """Return the user whose name, proven e-mail address or proven phone number was typed; None if there is none."""
    users = get_user_model().objects
    by_name = users.filter(username__iexact=typed).first()
    if by_name is not None:
        return by_name
    if "@" in typed:
        return users.filter(emailaddress__email=typed.lower(), emailaddress__verified=True).first()
    try:
        return phones.user_of(read_phone(typed, phones.country()))
    except ValueError:
        return None


class Tries:
    """The tries of one asker at one login. `kind`: see `throttles.KINDS`. `account`: the user's number, or what was
    typed if no user has that name, so that strangers see no difference.
    """

    def __init__(self, kind: str, request: HttpRequest, user: Any | None, typed: str = "") -> None:
        self._kind, self._request, self._user = kind, request, user
        self.account = str(user.pk) if user is not None else f"nobody {typed.lower()}"
        self._keys = (self.account, asker_counted(request), browser_of(request, self.account))
        self._marks: list[Mark] = []

    def check(self) -> None:
        """Count a try before it is checked. If the asker has to wait, log that, and raise ValidationError with the time in words."""
        seconds, self._marks = take(self._kind, *self._keys)
        if seconds > 0:
            self._note(f"{self._kind} throttled")
            raise ValidationError(wait_in_words(seconds), code="too_many_tries")

    def wrong(self) -> None:
        """Log a wrong try. Wrong tries at the log-in are left out: Django's own signal logs them."""
        if self._kind != "log-in":
            self._note(f"{self._kind} failed")

    def right(self) -> None:
        """End the asker's own counts, and take back what was counted for this try."""
        give_back(self._marks)
        passed(self._kind, *self._keys)

    def _note(self, event: str) -> None:
        security_log.note(event, self._request, **({"user": self._user.pk} if self._user is not None else {}))


def wait_in_words(seconds: float) -> str:
    """Return how long to wait before the next try."""
    if seconds < 60:
        count = math.ceil(seconds)
        text = ngettext(
            "Too many tries. Try again in %(count)d second.", "Too many tries. Try again in %(count)d seconds.", count
        )
    else:
        count = math.ceil(seconds / 60)
        text = ngettext(
            "Too many tries. Try again in %(count)d minute.", "Too many tries. Try again in %(count)d minutes.", count
        )
    return text % {"count": count}


def ask_for_code(request: HttpRequest, address: str, user: Any | None = None) -> None:
    """Count that a code is asked for, which costs money and patience. `address`: the name of where it goes. `user`: whose login
    the code opens; in a browser of theirs it is counted apart, so that strangers who ask for codes to their number don't
    keep them out. Raises ValidationError if the asker has to wait.
    """
    browser = browser_of(request, str(user.pk)) if user is not None else ""
    keys = (address, asker_counted(request), browser)
    seconds = waits("send code", *keys)
    if seconds > 0:
        security_log.note("send code throttled", request)
        raise ValidationError(wait_in_words(seconds), code="too_many_tries")
    failed("send code", *keys)

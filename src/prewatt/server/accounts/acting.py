"""Who acts now, and through which door. The audit log writes both beside each change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db.models import TextChoices
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from ..core.addresses import asker

SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
MACHINES = ("/callbacks/", "/api/gateways/")
"""Where payment providers and gateways call: no person acts there."""


class Door(TextChoices):
    """How a person came to change something."""

    PAGE = "page", _("page")
    API = "api", _("API")
    SET_UP = "set-up", _("set-up")
    COMMAND = "command", _("command on the server's machine")


@dataclass(frozen=True)
class Actor:
    """A person who acts. `request`: what they sent. It is None for a command, which the operator gives at the machine,
    and for work that is done later for somebody; `login` then says who. `command`: the name of the command, or of the later work.
    """

    door: Door
    request: HttpRequest | None = None
    command: str = ""
    login: int | None = None

    @property
    def page(self) -> str:
        """Return the name of the page or call, or the command."""
        match = self.request.resolver_match if self.request is not None else None
        return match.view_name if match is not None else self.command

    @property
    def user(self) -> int | None:
        """Return the number of the login; None for the operator at the machine, or if nobody is logged in yet."""
        user: Any = getattr(self.request, "user", None)
        return user.pk if user is not None else self.login

    @property
    def address(self) -> str:
        """Return the network address from which the person asks; empty for a command, or for later work."""
        return asker(self.request) if self.request is not None else ""


_now: ContextVar[Actor | None] = ContextVar("actor", default=None)


def actor() -> Actor | None:
    """Return the person who acts now; None if it is a machine: the head-end, the worker, a provider, a gateway."""
    return _now.get()


@contextmanager
def acting(who: Actor | None) -> Iterator[None]:
    """Let somebody act until the end of the block."""
    token = _now.set(who)
    try:
        yield
    finally:
        _now.reset(token)


def _door(path: str) -> Door:
    if path.startswith("/admin/"):
        return Door.SET_UP
    return Door.API if path.startswith("/api/") else Door.PAGE


class Acting:
    """Middleware that lets the person who sends a form or calls the API act. A request that only looks changes nothing,
    so nobody acts.
    """

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in SAFE or request.path.startswith(MACHINES):
            return self.answer(request)
        with acting(Actor(_door(request.path), request)):
            return self.answer(request)

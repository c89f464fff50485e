"""The language in which somebody reads: the one that they chose, in this browser or with their login; if none, the one
that the browser asks for.

A choice is kept in a cookie, so that the log-in page speaks it too, and with the login, so that the next browser does.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.db import models
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

SESSION_KEY = "language"
DAYS = 365


class SpokenLanguage(models.Model):
    """The language that somebody chose for pages, such as `zh-hans`. One that was removed counts as no choice."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="spoken_language"
    )
    code = models.CharField(max_length=20)

    def __str__(self) -> str:
        return self.code


class SpeakLanguage(LocaleMiddleware):
    """Middleware: an answer is in the language that the person chose, else in the one that their browser wants most."""

    def process_request(self, request: HttpRequest) -> None:
        """Speak the language of a request from now on."""
        super().process_request(request)
        # Without a log-in there is no session, and none is looked for.
        if settings.SESSION_COOKIE_NAME in request.COOKIES and (code := known(request.session.get(SESSION_KEY, ""))):
            translation.activate(code)
            request.LANGUAGE_CODE = code


def known(code: str) -> str:
    """Return the code of a language if we have it; else an empty text."""
    return code if code in dict(settings.LANGUAGES) else ""


def choose(request: HttpRequest, response: HttpResponse, code: str) -> None:
    """Keep the language that somebody chose, with their login if they have one, and in this browser."""
    if request.user.is_authenticated:
        SpokenLanguage.objects.update_or_create(user=request.user, defaults={"code": code})
        request.session[SESSION_KEY] = code
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        code,
        max_age=DAYS * 86_400,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )


def speak(user: Any) -> None:
    """From now on speak the language that somebody chose with their login, if they chose one."""
    code = SpokenLanguage.objects.filter(user=user).values_list("code", flat=True).first()
    if code and known(code):
        translation.activate(code)


@receiver(user_logged_in)
def _logged_in(sender: object, request: HttpRequest | None, user: Any, **_rest: object) -> None:  # noqa: ARG001
    """Speak the language of who logs in, also in a browser where nobody chose one."""
    code = SpokenLanguage.objects.filter(user=user).values_list("code", flat=True).first()
    if request is not None and code and hasattr(request, "session"):
        request.session[SESSION_KEY] = code
        if known(code):
            translation.activate(code)

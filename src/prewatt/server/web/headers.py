"""What every answer tells the browser: what a page may load and run, that nothing of it is kept (except the few
answers that are the same for everybody), and what other sites and frames may do with it.

Pages run scripts and styles of this server's own files alone; a template has no `style=`, no `onclick=` and no script of its
own. A paper that carries its style within it gives it the `nonce` of its answer.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response

_EVERYBODYS = "Prewatt-Everybodys"
"""The header that marks an answer for everybody. `Headers` takes it out again."""
NONCE = "prewatt.nonce"
"""The key of the nonce in `request.META`."""
PERMISSIONS = ", ".join(
    [
        *(
            f"{each}=()"
            for each in ("accelerometer", "camera", "geolocation", "gyroscope", "magnetometer", "microphone")
        ),
        *(f"{each}=()" for each in ("display-capture", "payment", "serial", "usb")),
    ]
)
POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    # A picture that was chosen is shown before it is sent.
    "img-src": "'self' data: blob:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    # Who pays in WeChat is sent on to its login after the form, which Chrome counts as its target.
    "form-action": "'self' https://open.weixin.qq.com",
}
OTHERS: dict[str, dict[str, str]] = {
    # The set-up's pages are drawn by the library Alpine, which makes functions out of attributes, and by styles in attributes.
    "admin": {"script-src": "'self' 'unsafe-eval'", "style-src": "'self' 'unsafe-inline'"},
    # The same goes for Swagger, which shows the API.
    "api": {"style-src": "'self' 'unsafe-inline'"},
    # WeChat's browser hears of a payment by frames of its own.
    "tenant:pay": {"frame-src": "weixin: weixinping: wxlocalresource:"},
    "tenant:giving": {"frame-src": "weixin: weixinping: wxlocalresource:"},
}
"""What differs from `POLICY`, by the namespace of the page."""


def nonce(request: HttpRequest) -> dict[str, str]:
    """Give templates `csp_nonce`, for the style that a paper carries within it."""
    return {"csp_nonce": request.META.get(NONCE, "")}


def policy(request: HttpRequest) -> str:
    """Return the content security policy of the answer to a request."""
    match = request.resolver_match
    rules = dict(POLICY)
    if own := request.META.get(NONCE):
        rules["style-src"] += f" 'nonce-{own}'"
    if match is not None:
        rules |= OTHERS.get(match.namespace, {})
    if settings.SESSION_COOKIE_SECURE:
        rules["upgrade-insecure-requests"] = ""
    return "; ".join(f"{name} {sources}".strip() for name, sources in rules.items())


def for_everybody(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Return an answer that is the same for everybody in a form that browsers may keep: they ask each time whether it still
    holds. It must contain nothing about a person.
    """
    response["ETag"] = f'"{hashlib.sha256(response.content).hexdigest()[:16]}"'
    answer = get_conditional_response(request, etag=response["ETag"], response=response) or response
    answer[_EVERYBODYS] = "yes"
    return answer


class Headers:
    """Middleware that sets the headers of all answers but those of static files."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.META[NONCE] = secrets.token_urlsafe(16)
        response = self.answer(request)
        # A photo has a stricter one of its own.
        response.headers.setdefault("Content-Security-Policy", policy(request))
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers["Permissions-Policy"] = PERMISSIONS
        # Who comes to a phone after somebody has logged out sees nothing by going back.
        is_everybodys = response.headers.pop(_EVERYBODYS, "")
        response.headers["Cache-Control"] = "no-cache" if is_everybodys else "no-store"
        return response

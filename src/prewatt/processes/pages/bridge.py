"""Django's WSGI application, called in a thread for one request that is here whole."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import IO, Any, NamedTuple

from ...server.core.addresses import FORWARDED
from .refusals import Scope

PIECE = 64 * 1024
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Answer(NamedTuple):
    """A whole answer. `known`: it was given to a login or key that Django has found right; None: Django has not looked."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    known: bool | None


def environment(scope: Scope, body: IO[bytes], size: int) -> dict[str, Any]:
    """Return the request in WSGI's terms. The headers by which a proxy says for whom it asks are left out, because
    `application` has already taken up what can be believed of them. `FORWARDED` notes that there were some.
    """
    host, port = scope.get("server") or ("localhost", 80)
    client = scope.get("client")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "REMOTE_ADDR": client[0] if client else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw, value in scope["headers"]:
        # A name with "_" would look like one with "-", which somebody else may have checked.
        if raw.startswith(b"x-forwarded-"):
            environ[FORWARDED] = True
            continue
        if b"_" in raw or raw in (b"transfer-encoding", b"content-length"):
            continue
        name = raw.decode("latin-1").upper().replace("-", "_")
        name = name if name == "CONTENT_TYPE" else f"HTTP_{name}"
        text = value.decode("latin-1")
        if name in environ:
            text = f"{environ[name]}{'; ' if name == 'HTTP_COOKIE' else ','}{text}"
        environ[name] = text
    environ["CONTENT_LENGTH"] = str(size)
    return environ


def call(application: Application, environ: dict[str, Any]) -> Answer:
    """Let Django answer a request, and return its whole answer."""
    started: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
        started[:] = [
            int(status[:3]),
            [(name.encode("latin-1"), value.strip().encode("latin-1")) for name, value in headers],
        ]

    pieces = application(environ, start_response)
    try:
        body = b"".join(pieces)
    finally:
        close = getattr(pieces, "close", None)
        if close:
            close()
    return Answer(started[0], started[1], body, environ.get("prewatt.known"))

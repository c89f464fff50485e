"""Style sheets and scripts that pages get as one: their sources stay small files by purpose, and a first visit asks once.

They are put together in memory when they are first asked for, so that a full disk takes no page's looks.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import brotli
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers

SHEETS = ("tokens", "shell", "parts", "tables", "forms", "states", "charts", "overview", "pages")
"""The style sheets, in the order in which they apply."""
BUNDLES: Mapping[str, tuple[str, ...]] = {
    "web/all.css": tuple(f"web/{name}.css" for name in SHEETS),
    "sign_in/passkey-page.js": (
        "mfa/js/webauthn-json.js",
        "mfa/js/webauthn.js",
        "account/js/onload.js",
        "sign_in/passkeys.js",
    ),
    "web/on-site.js": tuple(f"web/on_site/{name}.js" for name in ("protocol", "visit", "bluetooth", "phone", "page")),
    "web/live-page.js": ("django_htmx/htmx-2.min.js", "web/page.js", "web/live.js"),
}
"""The files of each bundle, by its name."""
KINDS = {".css": "text/css", ".js": "text/javascript"}
ENCODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "br": lambda content: brotli.compress(content, quality=11),
    "gzip": lambda content: gzip.compress(content, 9, mtime=0),
}
"""How files are compressed, the one with the smallest result first; browsers take `br` only by TLS."""


_COMMENTS = {".css": re.compile(rb"/\*.*?\*/", re.DOTALL), ".js": re.compile(rb"^[ \t]*//.*\n", re.MULTILINE)}
"""What phones do not need: the comments of sheets, and the lines of scripts that are only a comment."""


def lean(content: bytes, ending: str) -> bytes:
    """Return a sheet or a script without its comments. `ending`: of its name, `.css` or `.js`."""
    return _COMMENTS[ending].sub(b"", content)


@cache
def content_of(name: str) -> bytes:
    """Return the files of a bundle, one after the other, without their comments. Raises KeyError if there is no such bundle."""
    ending = Path(name).suffix
    # Each script begins a statement of its own, and none decides that the others are strict.
    before = b"\n;" if ending == ".js" else b"\n"
    return b"".join(before + lean(Path(str(finders.find(part))).read_bytes(), ending) for part in BUNDLES[name])


@cache
def hash_of(name: str) -> str:
    """Return the hash of a bundle's content, as it stands in its address."""
    return hashlib.sha256(content_of(name)).hexdigest()[:12]


@cache
def _compressed(name: str, encoding: str) -> bytes:
    return ENCODINGS[encoding](content_of(name))


def answer(request: HttpRequest, name: str, lifetime_s: int) -> HttpResponse:
    """Return a bundle, compressed if the browser can read that. The browser may keep it for `lifetime_s` seconds."""
    read = re.findall(r"[\w-]+", request.headers.get("Accept-Encoding", ""))
    encoding = next((each for each in ENCODINGS if each in read), "")
    response = HttpResponse(
        _compressed(name, encoding) if encoding else content_of(name),
        content_type=f'{KINDS[Path(name).suffix]}; charset="utf-8"',
    )
    if encoding:
        response["Content-Encoding"] = encoding
    response["Cache-Control"] = f"max-age={lifetime_s}, public, immutable"
    response["ETag"] = f'"{hash_of(name)}"'
    patch_vary_headers(response, ("Accept-Encoding",))
    return get_conditional_response(request, etag=response["ETag"], response=response) or response

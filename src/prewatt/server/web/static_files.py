"""Static files under names with a hash of their content, which browsers may keep for ever, and compressed once.

Nothing has to be built or collected: a name is worked out when a page first names it, and the compressed file, in the folder
`run` of the home folder, is made when it is first asked for. `bundles.py` has the files that pages get as one.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from wsgiref.headers import Headers

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.exceptions import SuspiciousFileOperation
from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

from .bundles import BUNDLES, ENCODINGS, answer, hash_of

_HASHED = re.compile(r"^(?P<stem>.+)\.(?P<hash>[0-9a-f]{12})(?P<ending>\.[A-Za-z0-9]+)$")
_TEXT = {".css", ".js", ".svg", ".json", ".html", ".txt", ".map"}
_LEAST = 1024
"""The least bytes of a file that is worth compressing."""


@cache
def _hash(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]


def _path_of(name: str) -> str | None:
    try:
        path = finders.find(name)
    except SuspiciousFileOperation:
        return None
    return str(path) if path and Path(path).is_file() else None


@cache
def _hashed_name(name: str) -> str:
    path = _path_of(name)
    if path is None and name not in BUNDLES:
        return name
    ending = Path(name).suffix
    return f"{name.removesuffix(ending)}.{_hash(path) if path else hash_of(name)}{ending}"


class HashedStorage(StaticFilesStorage):
    """Names static files in pages: `web/pages.css` is `/static/web/pages.0123456789ab.css`."""

    def url(self, name: str | None) -> str:
        """Return the address of a file, with the hash of its content."""
        return super().url(_hashed_name(name) if name else name)


class StaticFiles(WhiteNoiseMiddleware):
    """Serves static files, also under the names that `HashedStorage` gives."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        super().__init__(get_response)
        self._kept: dict[str, Any] = {}
        self._folder = settings.CONFIG.home / "run" / "static"

    def __call__(self, request: HttpRequest) -> Any:
        url = request.path_info
        if url.startswith(self.static_prefix) and (match := _HASHED.match(url)):
            name = f"{match['stem']}{match['ending']}".removeprefix(str(self.static_prefix))
            if name in BUNDLES and hash_of(name) == match["hash"] and request.method in ("GET", "HEAD"):
                return answer(request, name, self.FOREVER)
            file = self._kept.get(url) or self._find(url, name, match["hash"])
            if file is not None:
                return self.serve(file, request)
        return super().__call__(request)

    def _find(self, url: str, name: str, hash_: str) -> Any:
        path = _path_of(name)
        # A page of before an update may name a file of before: it does not exist any more.
        if path is None or _hash(path) != hash_:
            return None
        return self._kept.setdefault(url, self._hashed(path, url))

    def immutable_file_test(self, path: str, url: str) -> bool:  # noqa: ARG002
        """Return whether the file under an address never changes, because the address has its hash."""
        return _HASHED.match(url) is not None

    def _hashed(self, path: str, url: str) -> Any:
        headers = Headers([])
        self.add_mime_headers(headers, path, url)
        self.add_cache_headers(headers, path, url)
        packed = {encoding: self._packed(path, encoding) for encoding in ENCODINGS}
        return StaticFile(path, headers.items(), encodings={name: file for name, file in packed.items() if file})

    def _packed(self, path: str, encoding: str) -> str:
        """Return the compressed file; empty if it is not worth it, or the disk is full."""
        content = Path(path).read_bytes()
        if Path(path).suffix not in _TEXT or len(content) < _LEAST:
            return ""
        packed = self._folder / f"{_hash(path)}.{encoding}"
        try:
            if not packed.exists():
                self._folder.mkdir(parents=True, exist_ok=True)
                # Another process may do the same at this moment.
                begun = packed.with_name(f"{packed.name}.{os.getpid()}")
                begun.write_bytes(ENCODINGS[encoding](content))
                begun.replace(packed)
        except OSError:
            return ""
        return str(packed)

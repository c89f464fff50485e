"""The text of the worker: values from the server, and then its code. The head of `worker.js` says its rules.

For a browser, a text with another byte is a new worker. So the values contain the hash of all files that lie in the phone.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

from django.templatetags.static import static
from django.urls import reverse

from ...web.bundles import BUNDLES, hash_of, lean

FOLDER = Path(__file__).parent
STATIC = FOLDER.parents[1] / "web" / "static" / "web"
FILES = ("web/all.css", "web/offline.js", "web/bolt.svg")
"""The files that the page without a network needs."""
ICON = "web/icons/icon-192.png"
PATIENCE_MS = 8_000
"""How long the first page may take before a phone shows what it last knew, ms."""


@cache
def version() -> str:
    """Return the hash of all that phones keep of the server: the worker, the page without a network, the static files."""
    content = hashlib.sha256()
    for source in (FOLDER / "worker.js", FOLDER / "offline.html", *sorted(STATIC.rglob("*.*"))):
        content.update(source.read_bytes())
    for name in sorted(BUNDLES):
        content.update(hash_of(name).encode())
    return content.hexdigest()[:12]


def text() -> str:
    """Return the worker."""
    given = {
        "version": version(),
        "files": [static(name) for name in FILES],
        "home": reverse("tenant:home:tenancy"),
        "kept": reverse("tenant:app:kept"),
        "offline": reverse("tenant:app:offline"),
        "logout": reverse("account_logout"),
        "icon": static(ICON),
        "patience": PATIENCE_MS,
    }
    return f"const GIVEN = {json.dumps(given)};\n\n{_code()}"


@cache
def _code() -> str:
    return lean((FOLDER / "worker.js").read_bytes(), ".js").decode()

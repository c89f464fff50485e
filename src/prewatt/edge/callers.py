"""From where a request to the gateway's pages may come: from a page that this gateway has served, under an address of its
own. A page of the internet can have a browser of the building send requests here, also under a name of its own that leads to
this gateway (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from .texts import _

FOREIGN = ("cross-site", "same-site")
"""What a browser says (Sec-Fetch-Site) of a request that a page of another address has sent."""
NAMES_OF_A_HOUSE = (".local", ".lan", ".home.arpa", ".internal", ".localhost")
"""Ends of names that nobody outside of a building's network can give out."""


def objection(environ: dict[str, Any], names: Collection[str] = ()) -> str:
    """Return why a request is refused, in words for people; empty if it is not refused. `names`: those that the
    operator allows beside the gateway's addresses.
    """
    if not is_own_address(environ, names):
        return _(
            "This page is not served under this name. Open it by the gateway's address, such as http://192.168.1.20:8080, or "
            "add the name to page_names in the gateway's edge.toml."
        )
    if not _is_own_request(environ):
        return _(
            "This request came from another site's page, so nothing was done. Open the gateway's page by its address."
        )
    return ""


def is_own_address(environ: dict[str, Any], names: Collection[str]) -> bool:
    """Return whether the address of a request is one by which people in the gateway's own network open it: an IP address, a
    name without a domain, a name that ends as names of local networks do (`.local` …), or one of `names`.
    """
    try:
        name = (urlsplit(f"//{environ.get('HTTP_HOST', '')}").hostname or "").rstrip(".")
    except ValueError:
        return False
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        own = (socket.gethostname(), *names)
        return bool(name) and (
            "." not in name or name.endswith(NAMES_OF_A_HOUSE) or name in {each.lower() for each in own}
        )
    return True


def _is_own_request(environ: dict[str, Any]) -> bool:
    """Return whether a page of this gateway, a person who typed its address, or a program without pages has sent a request.
    A link on another site may lead here; its forms and scripts may not.
    """
    if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
        return environ.get("HTTP_SEC_FETCH_SITE") not in FOREIGN or environ.get("HTTP_SEC_FETCH_MODE") == "navigate"
    origin = environ.get("HTTP_ORIGIN")
    is_own = origin is None or urlsplit(origin).netloc == environ.get("HTTP_HOST", "")
    return is_own and environ.get("HTTP_SEC_FETCH_SITE") not in FOREIGN

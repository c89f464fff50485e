"""From where a request to the page of setting up may come: from a page that this gateway has served, under an address of its
own. A page of the internet can have a browser of the building send requests here, also under a name of its own that leads to
this gateway (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Any
from urllib.parse import urlsplit

NAMES_OF_A_HOUSE = (".local", ".lan", ".home.arpa", ".internal", ".localhost")
"""Ends of names that nobody outside of a building's network can give out."""


def is_own_address(environ: dict[str, Any]) -> bool:
    """Return whether a request names the gateway as only people of its own network do: by an IP address, by a name without
    a domain, or by one that ends inside the building.
    """
    try:
        name = (urlsplit(f"//{environ.get('HTTP_HOST', '')}").hostname or "").rstrip(".")
    except ValueError:
        return False
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return bool(name) and (
            "." not in name or name.endswith(NAMES_OF_A_HOUSE) or name == socket.gethostname().lower()
        )
    return True


def is_own_form(environ: dict[str, Any]) -> bool:
    """Return whether a form was sent by a page of this gateway. A program without pages names none."""
    origin = environ.get("HTTP_ORIGIN")
    return origin is None or urlsplit(origin).netloc == environ.get("HTTP_HOST", "")

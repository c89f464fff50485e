"""Addresses: of the pages as the world reaches them, and of who asks for them."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def public(path: str) -> str:
    """Return the address of a page, for a person who is not on this machine."""
    config = settings.CONFIG
    return (config.public_url or "http://{}:{}".format(*config.http.reached_at)) + path


def asker(request: HttpRequest) -> str:
    """Return the IP address of the person who asks: as a reverse proxy on this machine says it, else of the connection. Nobody
    else is believed: who is in the building's network would otherwise choose which address their wrong tries count at.
    """
    connected = str(request.META.get("REMOTE_ADDR", ""))
    said = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    try:
        # Only the entry that our own proxy has added is to be believed: the last.
        if said and ipaddress.ip_address(connected).is_loopback:
            return str(ipaddress.ip_address(said))
    except ValueError:
        pass
    return connected

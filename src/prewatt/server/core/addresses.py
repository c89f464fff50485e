"""The addresses of pages, as people outside reach them, and of those who ask for pages."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

from .server_config import ServerConfig

FORWARDED = "prewatt.forwarded"
"""The name under which the pages' process notes that a request had a header X-Forwarded-..., whatever it said."""


def public(path: str) -> str:
    """Return the address of a page, for a person who is not on this machine."""
    config = settings.CONFIG
    return (config.public_url or f"http://{_host(config)}:{config.http.port}") + path


def _host(config: ServerConfig) -> str:
    """Return the host of the pages: where they listen at all addresses, the first one that others can reach."""
    host, _ = config.http.reached_at
    others = [each for each in config.hosts if each not in ("localhost", "127.0.0.1", "::1", "[::1]")]
    host = others[0] if others and host != config.http.host else host
    return f"[{host.strip('[]')}]" if ":" in host else host


def is_loopback(host: str) -> bool:
    """Return whether a host, by its name or address, is the machine itself."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def leads_here(address: str) -> bool:
    """Return whether the address of a page leads to the machine itself, so that no other can open it."""
    return is_loopback(urlsplit(address).hostname or "")


def asker(request: HttpRequest) -> str:
    """Return the IP address of the person who asks. If a trusted proxy asks for them, the pages' process has already put
    the address here that the proxy names (`processes/pages/process.py`).
    """
    return str(request.META.get("REMOTE_ADDR", ""))


def asker_counted(request: HttpRequest) -> str:
    """Return the name under which the tries of an asker are counted (`counted_as`)."""
    return counted_as(asker(request))


def counted_as(address: str) -> str:
    """Return the name under which tries from an address are counted: the IPv4 address, or the network of the IPv6
    address (/64). A household has such a network all to itself, so a new address for each try is no way around. What is
    no address stays as it is.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False).network_address)

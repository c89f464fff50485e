"""Reads the texts of settings that are addresses."""

from __future__ import annotations

from ipaddress import ip_network
from urllib.parse import urlsplit

from ...terminal_texts import _
from .server_config import Endpoint


def read_endpoint(text: str) -> Endpoint:
    """Return host and port of a text such as 127.0.0.1:8000. Raises ValueError, which says what is wrong."""
    host, _colon, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise ValueError(_("'%(text)s' is not a host and port such as 127.0.0.1:8000", text=text))
    return Endpoint(host, int(port))


def read_database(text: str) -> str:
    """Return the address of a PostgreSQL database; empty for SQLite. Raises ValueError, which says what is wrong."""
    if text and urlsplit(text).scheme not in ("postgresql", "postgres"):
        raise ValueError(_("'%(text)s' does not begin with postgresql:// (leave it empty for SQLite)", text=text))
    return text


def public_host_of(url: str) -> str:
    """Return the host of an address such as https://power.example.com. Raises ValueError, which says what is wrong."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and not parts.path and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise ValueError(_("'%(url)s' is not an address such as https://power.example.com", url=url))
    return str(parts.hostname)


def read_public_url(text: str) -> str:
    """Return the address at which the pages are reached, without a slash at its end; empty if there is none. Raises ValueError."""
    url = text.rstrip("/")
    if url:
        public_host_of(url)
    return url


def read_proxies(text: str) -> tuple[str, ...]:
    """Return the addresses or networks of a list with commas. Raises ValueError, which names the wrong one."""
    networks = []
    for part in filter(None, (each.strip() for each in text.split(","))):
        try:
            network = ip_network(part)
        except ValueError:
            raise ValueError(
                _("'%(part)s' is not an address or a network such as 10.0.0.7 or 10.0.0.0/24", part=part)
            ) from None
        if not network.prefixlen:
            raise ValueError(
                _(
                    "'%(part)s' covers all addresses, so anybody could pretend to be anybody else. "
                    "Name only your own proxies",
                    part=part,
                )
            )
        networks.append(part)
    return tuple(networks)

"""Whether the converter of a bus can be reached."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from ...findings import Finding, State
from ..texts import _

CONNECT_WITHIN = 5.0


def converter_finding(name: str, port: str) -> Finding:
    """Return whether the converter at `port` (`tcp://host:port`) takes a connection. `name`: of the bus."""
    address = urlsplit(port)
    try:
        with socket.create_connection((address.hostname or "", address.port or 0), CONNECT_WITHIN):
            return Finding(name, State.OK, _("the converter %(port)s can be reached") % {"port": port})
    except OSError as error:
        advice = _("Check the converter's power, network cable and address. Some converters accept one connection only")
        return Finding(
            name,
            State.BAD,
            _("the converter %(port)s can't be reached (%(error)s)") % {"port": port, "error": error},
            advice,
        )

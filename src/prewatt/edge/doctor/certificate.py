"""How long the broker's certificate holds."""

from __future__ import annotations

import socket
import ssl
import time

from ...findings import Finding, State
from ...wire.link import BrokerAddress
from ..texts import _

NO_END = 253_402_300_799.0
"""The instant (s) that certificates have for no end: the last one of the year 9999."""
ENDING_DAYS = 21
"""The doctor reports a certificate that ends in fewer days than this: most are renewed a month before."""


def certificate_finding(connection: socket.socket, broker: BrokerAddress) -> Finding:
    """Return how long the broker's certificate holds. Raises ssl.SSLError, OSError."""
    with broker.tls_context().wrap_socket(connection, server_hostname=broker.host) as secured:
        certificate = secured.getpeercert() or {}
    ends = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
    if ends >= NO_END:
        return Finding(
            _("certificate"),
            State.OK,
            _("the broker's certificate is the one that this gateway was given. It does not expire"),
        )
    days = int((ends - time.time()) // 86_400)
    if days < ENDING_DAYS:
        return Finding(
            _("certificate"),
            State.WARN,
            _("the broker's certificate expires in %(days)s days") % {"days": days},
            _("Renew the certificate at the server"),
        )
    return Finding(
        _("certificate"), State.OK, _("the broker's certificate is valid for %(days)s more days") % {"days": days}
    )

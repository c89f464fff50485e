"""The doctor's check of the broker, as the gateway reaches it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

from ...findings import Finding, State
from ..texts import _
from .certificate import certificate_finding
from .finding import WITHIN, Gateway
from .login import refusal_of


def check_broker(gateway: Gateway) -> Iterator[Finding]:
    """Yield whether the broker can be reached, and takes this gateway's password."""
    broker = gateway.settings.broker
    address = f"{broker.host}:{broker.port}"
    try:
        with socket.create_connection((broker.host, broker.port), WITHIN) as connection:
            if broker.tls:
                yield certificate_finding(connection, broker)
    except socket.gaierror:
        advice = _("Check the network and its name server. The flats keep their supply in the meantime")
        yield Finding(_("broker"), State.BAD, _("the name %(host)s is not known here") % {"host": broker.host}, advice)
        return
    except ssl.SSLCertVerificationError as error:
        advice = _("Renew the certificate at the server. If the clock of this machine is wrong, set the clock first")
        yield Finding(
            _("certificate"), State.BAD, _("it is not trusted: %(why)s") % {"why": error.verify_message}, advice
        )
        return
    except OSError as error:
        advice = _("Check the network, and whether the server runs. The flats keep their supply in the meantime")
        yield Finding(
            _("broker"),
            State.BAD,
            _("%(where)s can't be reached (%(error)s)") % {"where": address, "error": error},
            advice,
        )
        return
    refusal = refusal_of(gateway)
    if refusal:
        advice = _("If another gateway has taken its place, switch this one off. If not, enrol this one again")
        yield Finding(
            _("broker"),
            State.BAD,
            _("%(where)s refuses this gateway: %(refusal)s") % {"where": address, "refusal": refusal},
            advice,
        )
    else:
        yield Finding(_("broker"), State.OK, _("%(where)s accepts this gateway") % {"where": address})

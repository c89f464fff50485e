"""The doctor's checks of what is reached: the broker, its certificate, and the gateway's own page."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from ...findings import Finding, State
from ...wire.link import BrokerAddress
from ..settings import page_address
from ..texts import _
from .finding import Gateway

NO_END = 253_402_300_799.0
"""The instant (s) that certificates have for no end: the last one of the year 9999."""
WITHIN = 10.0
"""Seconds in which a broker or a page must answer."""
ENDING_DAYS = 21
"""A certificate that ends sooner is told of: most are renewed a month before."""


def check_broker(gateway: Gateway) -> Iterator[Finding]:
    """Whether the broker can be reached, and takes this gateway's password."""
    broker = gateway.settings.broker
    address = f"{broker.host}:{broker.port}"
    try:
        with socket.create_connection((broker.host, broker.port), WITHIN) as connection:
            if broker.tls:
                yield _certificate(connection, broker)
    except socket.gaierror:
        advice = _("Look at the network and its name server. Meters are supplied meanwhile")
        yield Finding(_("broker"), State.BAD, _("the name %(host)s is not known here") % {"host": broker.host}, advice)
        return
    except ssl.SSLCertVerificationError as error:
        advice = _("Renew it at the server. If the clock of this machine is wrong, set it first")
        yield Finding(
            _("certificate"), State.BAD, _("it is not believed: %(why)s") % {"why": error.verify_message}, advice
        )
        return
    except OSError as error:
        advice = _("Look at the network, and whether the server runs. Meters are supplied meanwhile")
        yield Finding(
            _("broker"),
            State.BAD,
            _("%(where)s can't be reached (%(error)s)") % {"where": address, "error": error},
            advice,
        )
        return
    refusal = _refused(gateway)
    if refusal:
        advice = _("If another gateway has taken its place, this one is to be switched off; else enrol it anew")
        yield Finding(
            _("broker"),
            State.BAD,
            _("%(where)s refuses this gateway: %(refusal)s") % {"where": address, "refusal": refusal},
            advice,
        )
    else:
        yield Finding(_("broker"), State.OK, _("%(where)s takes this gateway") % {"where": address})


def _certificate(connection: socket.socket, broker: BrokerAddress) -> Finding:
    """Return how long the broker's certificate holds. Raises ssl.SSLError, OSError."""
    with broker.tls_context().wrap_socket(connection, server_hostname=broker.host) as secured:
        certificate = secured.getpeercert() or {}
    ends = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
    if ends >= NO_END:
        return Finding(
            _("certificate"), State.OK, _("the broker's is the one that this gateway was given, without an end")
        )
    days = int((ends - time.time()) // 86_400)
    if days < ENDING_DAYS:
        return Finding(
            _("certificate"),
            State.WARN,
            _("the broker's ends in %(days)s days") % {"days": days},
            _("Renew it at the server"),
        )
    return Finding(_("certificate"), State.OK, _("the broker's holds for %(days)s days") % {"days": days})


def _refused(gateway: Gateway) -> str:
    """Log in at the broker as the gateway does, under another id. Returns why it refuses; empty if it does not."""
    broker, answered, reasons = gateway.settings.broker, threading.Event(), list[str]()

    def on_connect(_client: mqtt.Client, _data: object, _flags: object, reason: Any, _properties: object) -> None:
        if reason.is_failure:
            reasons.append(str(reason))
        answered.set()

    client = mqtt.Client(CallbackAPIVersion.VERSION2, "", clean_session=True, protocol=mqtt.MQTTv311)
    if broker.tls:
        client.tls_set_context(broker.tls_context())
    client.username_pw_set(broker.user, broker.password)
    client.on_connect = on_connect
    client.connect(broker.host, broker.port)
    client.loop_start()
    try:
        if not answered.wait(WITHIN):
            return _("it does not answer")
    finally:
        client.disconnect()
        client.loop_stop()
    return reasons[0] if reasons else ""


def check_page(gateway: Gateway) -> Iterator[Finding]:
    """Whether people in the building can open the page."""
    if not gateway.settings.page:
        return
    host, port = page_address(gateway.settings.page)
    if gateway.is_running:
        # To call the address that means all of them is to call this machine.
        yield _served(host, port)
        return
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((host, port))
            yield Finding(_("page"), State.OK, _("port %(port)s is free for it") % {"port": port})
        except PermissionError:
            advice = _("Type `prewatt edge install` again: it allows this port. Or choose one from 1024 on")
            yield Finding(_("page"), State.WARN, _("this user may not open port %(port)s") % {"port": port}, advice)
        except OSError as error:
            advice = _("ss -ltnp 'sport = %(port)s' names the program. Or choose another port in edge.toml") % {
                "port": port
            }
            yield Finding(
                _("page"),
                State.BAD,
                _("port %(port)s can't be opened (%(cause)s)") % {"port": port, "cause": error.strerror},
                advice,
            )


def _served(host: str, port: int) -> Finding:
    try:
        page = http.client.HTTPConnection(host, port, timeout=WITHIN)
        page.request("GET", "/")
        status = page.getresponse().status
        page.close()
    except (OSError, http.client.HTTPException) as error:
        advice = _("Start the agent anew; its log says why it could not open the port")
        return Finding(
            _("page"),
            State.BAD,
            _("the agent runs, and port %(port)s does not answer (%(error)s)") % {"port": port, "error": error},
            advice,
        )
    return Finding(
        _("page"),
        State.OK if status == 200 else State.BAD,
        _("port %(port)s answers with %(status)s") % {"port": port, "status": status},
    )

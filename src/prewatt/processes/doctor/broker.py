"""The doctor's check of the broker, as the server reaches it."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from ...findings import Finding, State
from ...server.core.broker import PROBE_USER
from ...server.core.broker_tls import address_for
from ...server.core.probe import Probe, round_trip
from ...server.core.server_config import ServerConfig
from ...terminal_texts import _
from .processes import elsewhere, is_running


def check_broker(config: ServerConfig) -> Iterator[Finding]:
    """Yield whether a message comes through the server's own broker, or whether another broker can be reached."""
    name, address = _("broker"), f"{config.mqtt.host}:{config.mqtt.port}"
    if not config.own_broker:
        try:
            socket.create_connection(config.mqtt.reached_at, timeout=Probe.PATIENCE).close()
        except OSError as error:
            words = _("%(address)s can't be reached (%(cause)s)", address=address, cause=error)
            yield Finding(name, State.BAD, words, _("Look at the broker that PREWATT_MQTT names"))
        else:
            yield Finding(name, State.OK, _("%(address)s can be reached", address=address))
    elif not (config.home / "broker" / "nats.conf").exists():
        # To ask it would make its keys.
        yield Finding(name, State.BAD, _("it was never started here"), _("Start the server: prewatt server"))
    elif round_trip(address_for(config, PROBE_USER, 1.0), Probe.PATIENCE):
        yield Finding(name, State.OK, _("a message comes through at %(address)s", address=address))
    else:
        if is_running(config.home / "run" / "broker.pid"):
            advice = elsewhere("PREWATT_MQTT", "run/broker.log")
        else:
            advice = _("Read run/broker.log. The meters go on without the server, and their messages come later")
        yield Finding(name, State.BAD, _("no message comes through at %(address)s", address=address), advice)

"""Whether the broker takes the gateway's password."""

from __future__ import annotations

import threading
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from ..texts import _
from .finding import WITHIN, Gateway


def refusal_of(gateway: Gateway) -> str:
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

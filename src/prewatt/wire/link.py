"""The MQTT 3.1.1 connection of either side: QoS 1, a clean session, reconnecting with a jittered backoff.

The session is clean on purpose: the two logs know what the broker forgets, and each side asks for what it lacks. So
nothing depends on what a broker stores, and Mosquitto, EMQX or RabbitMQ serve as well as NATS.

A broker closes a connection when another one comes with the same client id, whichever user it has. So ids end in 16
random digits, new for each connection: an attacker who learns one can break that connection once, and cannot keep the
link down.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import random
import secrets
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as mqtt
from msgspec import Struct, field
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

log = logging.getLogger("prewatt.link")

UNBOUNDED = sys.maxsize


class BrokerAddress(Struct, frozen=True, forbid_unknown_fields=True):
    """The address of the broker, and the user and password for it. `retry_longest_s`: the longest pause between
    attempts to connect, seconds. `ca`: with `tls`, the only certificates (PEM) that are believed; empty: those of the
    system. `any_name`: whether these sign for this broker alone, so that the broker's name need not be in its
    certificate.
    """

    host: str
    port: int
    user: str
    password: str = field(default="")
    tls: bool = False
    retry_longest_s: float = 15.0
    ca: str = ""
    any_name: bool = False

    def tls_context(self) -> ssl.SSLContext:
        """Return the context that checks the broker's certificate. Raises ssl.SSLError if `ca` holds no certificate."""
        context = ssl.create_default_context(cadata=self.ca or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.ca and self.any_name:
            context.check_hostname = False
            # Of a chain that is given whole the broker's own certificate is enough.
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        return context


@dataclass(frozen=True, slots=True)
class Connected:
    """The subscriptions stand: what is published from now on arrives."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection is gone."""

    reason: str


@dataclass(frozen=True, slots=True)
class Received:
    """A message has arrived: its topic and its bytes."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """Work that another thread wants done where the inbox is read; it has nothing to do with the connection."""

    work: Callable[[], None]


LinkEvent = Connected | Disconnected | Received | Call


def _leave_it_to_the_loop(_client: mqtt.Client, _data: object, _sock: Any) -> None:
    """Do nothing: the loop that keeps the connection is woken, and writes what waits."""


class Link:
    """One connection, kept up from a thread of its own. What happens on it goes into `inbox`.

    `name`: how the broker's log shows its connections.
    """

    KEEPALIVE = 20
    RETRY_FIRST = 0.2
    INBOX = 20_000
    STEADY = 10.0
    """A connection that ended sooner than this (seconds) did not hold."""
    FLAPS = 5
    """After this many such connections in a row, a warning is logged."""

    def __init__(
        self,
        address: BrokerAddress,
        name: str,
        subscriptions: list[str],
        inbox: queue.Queue[LinkEvent] | None = None,
    ) -> None:
        """`inbox`: where what happens is put, if it is not a plain queue."""
        self.inbox: queue.Queue[LinkEvent] = queue.Queue(self.INBOX) if inbox is None else inbox
        self._address = address
        self._name = name
        self._subscriptions = subscriptions
        self._stopping = threading.Event()
        self._client: mqtt.Client | None = None
        self._connected = False
        self._since = 0.0
        self._flaps = 0
        self._delay = 0.0
        self._thread = threading.Thread(target=self._keep_connected, name="mqtt", daemon=True)

    def start(self, delay: float = 0.0) -> None:
        """Connect after `delay` seconds."""
        self._delay = delay
        self._thread.start()

    def stop(self) -> None:
        """Disconnect and end the thread."""
        self._stopping.set()
        if self._client:
            self._client.disconnect()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    @property
    def connected(self) -> bool:
        """Return whether what is published now is sent."""
        return self._connected

    def publish(self, topic: str, payload: bytes) -> None:
        """Send with QoS 1 if connected; else drop the message, which its sender will repeat."""
        client = self._client
        if client and self._connected:
            client.publish(topic, payload, qos=1)

    def _keep_connected(self) -> None:
        attempt = 0
        self._stopping.wait(self._delay)
        while not self._stopping.is_set():
            reason = "the broker does not answer"
            try:
                client = self._client = self._new_client()
                client.connect(self._address.host, self._address.port, keepalive=self.KEEPALIVE)
                while client.loop() == mqtt.MQTT_ERR_SUCCESS:
                    pass
            except (OSError, ValueError) as error:
                reason = str(error)
            if self._connected:
                self._connected, attempt = False, 0
                self._watch(time.monotonic() - self._since)
                self.inbox.put(Disconnected(reason))
            longest = min(self._address.retry_longest_s, self.RETRY_FIRST * 2**attempt)
            attempt = min(attempt + 1, 16)
            # The jitter keeps a city's gateways from coming back in the same second.
            self._stopping.wait(random.uniform(0.5, 1.0) * longest)

    def _watch(self, lasted: float) -> None:
        """Log once that connections do not hold; again only if they have held since."""
        self._flaps = self._flaps + 1 if lasted < self.STEADY and not self._stopping.is_set() else 0
        if self._flaps == self.FLAPS:
            log.warning(
                "%s: the connection to the broker at %s:%d was made and closed %d times, each time within %.0f seconds. "
                "The broker may be starting again and again, something on the way may cut it, or somebody who should not "
                "be there reaches the broker. It is tried again and again; this is said once until a connection holds",
                self._name,
                self._address.host,
                self._address.port,
                self._flaps,
                self.STEADY,
            )

    def _new_client(self) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            f"{self._name}-{secrets.token_hex(8)}",
            clean_session=True,
            protocol=mqtt.MQTTv311,
            reconnect_on_failure=False,
        )
        if self._address.tls:
            client.tls_set_context(self._address.tls_context())
        client.username_pw_set(self._address.user, self._address.password)
        client.max_inflight_messages_set(100)
        client.on_socket_open = self._on_socket_open
        # So the library leaves all writing to the thread of the connection. Otherwise whoever publishes would write at once, and
        # OpenSSL's memory does not stand two threads at one connection: the process dies.
        client.on_socket_register_write = _leave_it_to_the_loop
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _on_socket_open(self, _client: mqtt.Client, _data: object, opened: Any) -> None:
        # An acknowledgement and an answer are two small packets: the second would wait some 40 ms for the first's.
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _on_connect(
        self, client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, _props: object
    ) -> None:
        # Whoever stopped while this was being made found nothing to disconnect.
        if reason.is_failure or self._stopping.is_set():
            client.disconnect()
        else:
            client.subscribe([(topic, 1) for topic in self._subscriptions])

    def _on_subscribe(
        self, client: mqtt.Client, _data: object, _mid: int, codes: list[ReasonCode], _props: object
    ) -> None:
        if any(code.is_failure for code in codes):
            client.disconnect()
            return
        self._since = time.monotonic()
        self._connected = True
        self.inbox.put(Connected())

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        self.inbox.put(Received(message.topic, bytes(message.payload)))

    def drain(self, wait: float, most: int, most_bytes: int = UNBOUNDED) -> list[LinkEvent]:
        """Return up to `most` events that have come in, and no further ones once their messages have `most_bytes`. Waits
        up to `wait` seconds for the first one.
        """
        events: list[LinkEvent] = []
        size = 0
        with contextlib.suppress(queue.Empty):
            event = self.inbox.get(timeout=wait) if wait > 0 else self.inbox.get_nowait()
            while True:
                events.append(event)
                size += len(event.payload) if isinstance(event, Received) else 0
                if len(events) >= most or size >= most_bytes:
                    break
                event = self.inbox.get_nowait()
        return events

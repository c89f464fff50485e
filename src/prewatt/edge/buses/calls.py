"""Converters that call us: their connections are taken, and each becomes the port of its bus.

Who calls says by a registration who it is (`edge.converters`). The connection of a caller that says nothing in time, or
nothing that is known, is closed: anybody on the internet can call, and only what the meter's protocol accepts is
believed. A converter that calls again takes the place of its old connection, which nobody may have closed.
"""

from __future__ import annotations

import contextlib
import logging
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Mapping

from ..converters import Converter
from .ports import PortFailed
from .readable import readable
from .strangers import Strangers

log = logging.getLogger("prewatt.edge")

REGISTER_WITHIN = 20.0
"""Seconds in which a caller must say who it is."""
UNKNOWN_MOST = 32
"""The most callers that have not said who they are. For one more, the one that has waited longest is disconnected."""
REGISTRATION_LONGEST = 256
"""Bytes that a caller may send without having said who it is."""


class CalledPort:
    """The port of a converter that calls. It is open while the converter is connected. `expected`: its registered id."""

    def __init__(self, expected: str, converter: Converter) -> None:
        self.expected = expected
        self.converter = converter
        self._registration = re.compile(converter.registration.encode("latin-1"))
        self._heartbeat = re.compile(converter.heartbeat.encode("latin-1")) if converter.heartbeat else None
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._called_at: float | None = None
        self._early = b""

    @property
    def name(self) -> str:
        """Return how people call the port: the converter with its registered id."""
        return f"the converter {self.expected}"

    @property
    def is_connected(self) -> bool:
        """Return whether the converter is connected."""
        with self._lock:
            return self._socket is not None

    def registered(self, received: bytes) -> bytes | None:
        """Return what follows this converter's registration in the first bytes of a call; None if it is not there."""
        match = self._registration.match(received)
        if match is None or (match["id"] or b"").decode("latin-1") != self.expected:
            return None
        return received[match.end() :]

    def connect(self, connection: socket.socket, rest: bytes) -> None:
        """Take a new connection of the converter; `rest` came after its registration. The old one is closed."""
        with self._lock:
            old, self._socket, self._early = self._socket, connection, rest
            self._called_at = time.monotonic()
        if old is not None:
            with contextlib.suppress(OSError):
                old.close()

    def write(self, data: bytes) -> None:
        """Send bytes. Raises PortFailed if the converter has not called or hangs up."""
        connection = self._connected()
        try:
            connection.sendall(data)
        except OSError as error:
            self._hang_up(connection, str(error))

    def read(self, wait_s: float) -> bytes:
        """Return the bytes that came within `wait_s` seconds, without heartbeats; empty: none came. Raises PortFailed
        if the converter has not called or hangs up.
        """
        connection = self._connected()
        with self._lock:
            received, self._early = self._early, b""
        if not received:
            try:
                connection.settimeout(max(wait_s, 0.000_001))
                received = connection.recv(4096)
            except (TimeoutError, ssl.SSLWantReadError):
                return b""
            except OSError as error:
                self._hang_up(connection, str(error))
            if not received:
                self._hang_up(connection, "it closed the connection")
        return self._without_heartbeats(connection, received)

    def _without_heartbeats(self, connection: socket.socket, received: bytes) -> bytes:
        """Take heartbeats, and registrations that are sent again, out of what came."""
        rest = self._registration.sub(self._unless_ours, received)
        if self._heartbeat is None:
            return rest
        rest, beats = self._heartbeat.subn(b"", rest)
        if beats and self.converter.heartbeat_answer:
            try:
                connection.sendall(self.converter.heartbeat_answer.encode("latin-1"))
            except OSError as error:
                self._hang_up(connection, str(error))
        return rest

    def _unless_ours(self, match: re.Match[bytes]) -> bytes:
        """Return what only looks like a registration, such as the digits of a meter's number."""
        return b"" if (match["id"] or b"").decode("latin-1") == self.expected else match[0]

    def _connected(self) -> socket.socket:
        with self._lock:
            connection, called_at = self._socket, self._called_at
        if connection is None:
            since = "has not called yet" if called_at is None else "hung up, and has not called again"
            raise PortFailed(f"{self.name} {since}")
        return connection

    def _hang_up(self, connection: socket.socket, why: str) -> None:
        with self._lock:
            if self._socket is connection:
                self._socket = None
        with contextlib.suppress(OSError):
            connection.close()
        raise PortFailed(f"{self.name} hung up ({why})")

    def close(self) -> None:
        """Hang up. The converter calls again by itself."""
        with self._lock:
            connection, self._socket = self._socket, None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.close()


class Calls:
    """Takes the calls of converters at an address, in a thread of its own. `ports`: by the ids of the converters.
    `tls`: the server's side of TLS, if the converters speak it. Raises OSError if the address can't be used.
    """

    def __init__(
        self, address: tuple[str, int], ports: Mapping[str, CalledPort], tls: ssl.SSLContext | None = None
    ) -> None:
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._server = socket.create_server(address, family=family)
        self.address: tuple[str, int] = self._server.getsockname()[:2]
        self._ports, self._tls = dict(ports), tls
        self.strangers = Strangers()
        self._unknown: dict[socket.socket, tuple[float, bytes]] = {}
        self._ended, self._wake = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="calls", daemon=True)
        self._thread.start()

    def add(self, ports: Mapping[str, CalledPort]) -> None:
        """Take the calls of further converters, also of those who are calling at this moment. One that has a port already
        gets the new one, and its old connection is closed.
        """
        before, self._ports = self._ports, {**self._ports, **ports}
        for caller, port in ports.items():
            if caller in before and before[caller] is not port:
                before[caller].close()
        self.strangers.forget(lambda said: any(port.registered(said) is not None for port in ports.values()))
        with contextlib.suppress(OSError):
            self._wake.send(b"!")

    def remove(self, callers: Iterable[str]) -> None:
        """Take the calls of these converters no more, and hang up on them."""
        left = dict(self._ports)
        removed = [left.pop(caller) for caller in callers if caller in left]
        self._ports = left
        for port in removed:
            port.close()

    def called(self, caller: str) -> CalledPort | None:
        """Return the port of a converter; None if there is none of this id."""
        return self._ports.get(caller)

    def close(self) -> None:
        """End, and hang up on all."""
        self._wake.close()
        self._thread.join()
        for port in self._ports.values():
            port.close()

    def _run(self) -> None:
        while True:
            ready = readable([self._ended, self._server, *self._unknown], self._patience())
            if self._ended in ready:
                if not self._ended.recv(64):
                    break
                # Who is known from now on may have said so already.
                for caller in list(self._unknown):
                    self._is_ours(caller)
            if self._server in ready:
                self._take()
            for caller in [each for each in ready if each in self._unknown]:
                self._hear(caller)
            self._drop_late(time.monotonic())
        for caller in list(self._unknown):
            caller.close()
        self._server.close()
        self._ended.close()

    def _patience(self) -> float:
        """Return how long (s) nothing is to be done if nobody calls or says something."""
        return min([REGISTER_WITHIN, *(until - time.monotonic() for until, _ in self._unknown.values())])

    def _drop_late(self, now: float) -> None:
        for caller in [caller for caller, (until, _) in self._unknown.items() if until <= now]:
            self._drop(caller, "it did not say in time who it is")

    def _take(self) -> None:
        try:
            caller, address = self._server.accept()
        except OSError as error:
            log.warning("a call could not be taken (%s)", error)
            return
        # After an outage all converters call in the same moment. Who holds a place and says nothing keeps none of them out.
        if len(self._unknown) >= max(UNKNOWN_MOST, 2 * len(self._ports)):
            self._drop(next(iter(self._unknown)), "others call, and it has not said who it is")
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls is not None:
            try:
                # Its greeting is read step by step, so that a slow caller holds up nobody.
                caller = self._tls.wrap_socket(caller, server_side=True, do_handshake_on_connect=False)
            except OSError as error:
                log.warning("a call from %s: no TLS (%s)", address[0], error)
                return
        caller.setblocking(False)
        self._unknown[caller] = (time.monotonic() + REGISTER_WITHIN, b"")

    def _hear(self, caller: socket.socket) -> None:
        until, received = self._unknown[caller]
        try:
            fresh = caller.recv(REGISTRATION_LONGEST)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        except OSError as error:
            self._drop(caller, str(error))
            return
        received += fresh
        self._unknown[caller] = (until, received)
        if self._is_ours(caller):
            return
        if not fresh or len(received) >= REGISTRATION_LONGEST:
            self._drop(caller, f"it is no converter of ours, and began with {received[:40]!r}")

    def _is_ours(self, caller: socket.socket) -> bool:
        """Give a caller that has said who it is to the port of its bus. Returns whether it is one of ours."""
        received = self._unknown[caller][1]
        for port in self._ports.values():
            rest = port.registered(received)
            if rest is not None:
                del self._unknown[caller]
                caller.setblocking(True)
                port.connect(caller, rest)
                log.info("%s has called", port.name)
                return True
        return False

    def _drop(self, caller: socket.socket, why: str) -> None:
        said = self._unknown.pop(caller)[1]
        with contextlib.suppress(OSError):
            address = caller.getpeername()[0]
            self.strangers.note(said, address)
            log.warning("a call from %s was ended: %s", address, why)
        with contextlib.suppress(OSError):
            caller.close()

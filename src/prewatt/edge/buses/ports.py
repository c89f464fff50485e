"""Ports carry bytes: a serial adapter, or a TCP connection to a converter.

A port opens itself when it is first used, and again after it failed: an adapter that was pulled out and put back, or a
converter that closed the connection, needs nobody. Errors are `PortFailed`, in words for the electrician.
"""

from __future__ import annotations

import contextlib
import re
import socket
import termios
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import serial

from ..protocols.errors import NoAnswer
from .readable import readable

CONNECT_WITHIN = 5.0
"""Seconds in which a TCP connection must be made."""
LINE = re.compile(r"(?P<baud>[0-9]{3,6}) (?P<bits>[78])(?P<parity>[NEO])(?P<stop>[12])")


class PortFailed(NoAnswer):
    """The port can't be opened, or its connection broke: no meter on it can answer."""


class Port(Protocol):
    """What carries bytes. One thread uses it at a time."""

    @property
    def name(self) -> str:
        """Return how people call the port: the adapter's path, or the converter's address."""
        ...

    def write(self, data: bytes) -> None:
        """Send bytes. Raises PortFailed."""
        ...

    def read(self, wait_s: float) -> bytes:
        """Return the bytes that came; wait for the first of them at most `wait_s` seconds. Empty: none came. Raises
        PortFailed.
        """
        ...

    def close(self) -> None:
        """Close the port. The next use opens it again."""
        ...


class SerialPort:
    """A serial adapter. `path`: such as `/dev/serial/by-id/usb-FTDI_...`, which stays the same when adapters are plugged
    in again. `line`: baud, bits, parity and stop bits, such as `2400 8E1`. No other process can open it meanwhile.
    """

    def __init__(self, path: str, line: str) -> None:
        self._path, self._line = path, line
        self._port: serial.Serial | None = None

    @property
    def name(self) -> str:
        """Return the path of the adapter."""
        return self._path

    def _opened(self) -> serial.Serial:
        if self._port is None:
            settings = LINE.fullmatch(self._line)
            if settings is None:
                raise PortFailed(f"{self._line!r} is no setting of a serial line such as 2400 8E1")
            try:
                self._port = serial.Serial(
                    self._path,
                    int(settings["baud"]),
                    int(settings["bits"]),
                    settings["parity"] if not _is_pty(self._path) else serial.PARITY_NONE,
                    int(settings["stop"]),
                    timeout=0,
                    exclusive=True,
                )
            except termios.error as error:
                raise PortFailed(f"the adapter {self._path} can't be set to {self._line} ({error.args[-1]})") from None
            except (OSError, ValueError) as error:
                raise PortFailed(_why_closed(self._path, error)) from None
        return self._port

    def write(self, data: bytes) -> None:
        """Send bytes. Raises PortFailed if the adapter is not there."""
        port = self._opened()
        try:
            port.write(data)
            port.flush()
        except OSError as error:
            self._lost(error)

    def read(self, wait_s: float) -> bytes:
        """Return the bytes that came within `wait_s` seconds. Raises PortFailed if the adapter was unplugged."""
        port = self._opened()
        try:
            if not readable([port], wait_s):
                return b""
            received: bytes = port.read(max(port.in_waiting, 1))
        except OSError as error:
            self._lost(error)
        if not received:
            # Readable without a byte: the other end is gone.
            self._lost(OSError("it hung up"))
        return received

    def _lost(self, error: OSError) -> None:
        self.close()
        raise PortFailed(f"the adapter {self._path} is gone ({error})") from None

    def close(self) -> None:
        """Close the adapter. The next use opens it again."""
        if self._port is not None:
            with contextlib.suppress(OSError):
                self._port.close()
            self._port = None


def _is_pty(path: str) -> bool:
    """Return whether the port is played by a program: such a port has no parity, and Linux refuses to set one."""
    return str(Path(path).resolve()).startswith("/dev/pts/")


def _why_closed(path: str, error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number == 2:
        return f"there is no adapter {path}: it is not plugged in, or has another name now"
    if number == 13:
        return f"the adapter {path} may not be opened: add the gateway's user to the group dialout"
    if number in {11, 16}:
        return f"the adapter {path} is in use by another program"
    return f"the adapter {path} can't be opened ({error})"


class TcpPort:
    """A TCP connection to a converter, or to a meter with a network of its own."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._socket: socket.socket | None = None

    @property
    def name(self) -> str:
        """Return the host and the port of the converter."""
        return f"{self._host}:{self._port}"

    def _opened(self) -> socket.socket:
        if self._socket is None:
            try:
                connection = socket.create_connection((self._host, self._port), CONNECT_WITHIN)
            except OSError as error:
                raise PortFailed(f"the converter {self.name} can't be reached ({error})") from None
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket = connection
        return self._socket

    def write(self, data: bytes) -> None:
        """Send bytes. If the connection broke meanwhile, a new one is made. Raises PortFailed."""
        for last in (False, True):
            try:
                self._opened().sendall(data)
            except OSError as error:
                # It may have been closed while nobody asked: that is seen only now, and nothing was sent.
                self.close()
                if last:
                    raise PortFailed(f"the converter {self.name} hung up ({error})") from None
            else:
                return

    def read(self, wait_s: float) -> bytes:
        """Return the bytes that came within `wait_s` seconds. Raises PortFailed if the converter hangs up."""
        connection = self._opened()
        try:
            connection.settimeout(max(wait_s, 0.000_001))
            received = connection.recv(4096)
        except TimeoutError:
            return b""
        except OSError as error:
            self.close()
            raise PortFailed(f"the converter {self.name} hung up ({error})") from None
        if not received:
            self.close()
            raise PortFailed(f"the converter {self.name} hung up")
        return received

    def close(self) -> None:
        """Close the connection. The next use opens another one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def open_port(text: str, line: str) -> Port:
    """Return the port that a text names: the path of a serial adapter, or `tcp://HOST:PORT`. It is opened when it is
    first used. Raises ValueError for any other text.
    """
    if text.startswith("/"):
        if not LINE.fullmatch(line):
            raise ValueError(f"line: {line!r} is no setting of a serial line such as 2400 8E1")
        return SerialPort(text, line)
    parts = urlsplit(text)
    try:
        if parts.scheme == "tcp" and parts.hostname and parts.port:
            return TcpPort(parts.hostname, parts.port)
    except ValueError:
        pass
    raise ValueError(f"port: {text!r} is neither the path of an adapter such as /dev/ttyUSB0 nor tcp://HOST:PORT")

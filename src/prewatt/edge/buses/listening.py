"""One address at which the converters of several gateways call, where several agents run in one process.

Each agent opens its own buses. The first that names an address listens there; the others join it.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .calls import CalledPort, Calls
from .strangers import Stranger

Address = tuple[str, int]


@dataclass
class _Listener:
    """Takes the calls at one address. `owners`: whose each converter is, by its id."""

    calls: Calls
    certificate: Path | None
    owners: dict[str, str] = field(default_factory=dict)


class Listening:
    """The addresses at which this process takes calls."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[Address, _Listener] = {}

    def take(
        self, owner: str, address: Address, ports: Mapping[str, CalledPort], certificate: Path | None = None
    ) -> Calls:
        """Take the calls of the converters of a gateway at an address. `owner` tells the gateways of one process apart.
        A gateway that starts again keeps its converters, and those that it has no more become free. `certificate`: the
        file with key and certificate if the converters speak TLS. Raises ValueError if the address or the certificate
        can't be used, or another gateway has one of the converters.
        """
        with self._lock:
            listener = self._listeners.get(address)
            if listener is None:
                listener = self._open(address, certificate)
            elif listener.certificate != certificate:
                raise ValueError(
                    f"certificate: {certificate or 'none'} is not that of the other gateways which listen there "
                    f"({listener.certificate or 'none'})"
                )
            for caller in ports:
                other = listener.owners.get(caller, owner)
                if other != owner:
                    raise ValueError(f"port: the converter {caller} belongs to the gateway of {other} already")
            self._leave(owner, ports)
            listener.owners.update(dict.fromkeys(ports, owner))
            listener.calls.add(ports)
            return listener.calls

    def _leave(self, owner: str, ports: Mapping[str, CalledPort]) -> None:
        """Free the converters that a gateway had before and has no more."""
        for listener in self._listeners.values():
            gone = [caller for caller, whose in listener.owners.items() if whose == owner and caller not in ports]
            for caller in gone:
                del listener.owners[caller]
            listener.calls.remove(gone)

    def called(self, caller: str) -> CalledPort | None:
        """Return the port of a converter that calls this process; None if none is known by this id."""
        with self._lock:
            ports = [listener.calls.called(caller) for listener in self._listeners.values()]
        return next((port for port in ports if port is not None), None)

    def strangers(self, address: Address) -> list[Stranger]:
        """Return the unknown callers at an address, the latest first; none if nobody listens there."""
        with self._lock:
            listener = self._listeners.get(address)
        return listener.calls.strangers.listed() if listener else []

    def _open(self, address: Address, certificate: Path | None) -> _Listener:
        tls = None
        try:
            if certificate is not None:
                tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                tls.load_cert_chain(certificate)
        except (OSError, ssl.SSLError) as error:
            raise ValueError(f"certificate: {certificate} can't be used ({error})") from None
        try:
            listener = _Listener(Calls(address, {}, tls), certificate)
        except OSError as error:
            raise ValueError(f"listen: {address[0]}:{address[1]} can't be used ({error})") from None
        if address[1]:
            self._listeners[address] = listener
        return listener


LISTENING = Listening()
"""The addresses of this process: a socket belongs to the whole process."""

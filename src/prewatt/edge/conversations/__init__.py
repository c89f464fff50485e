"""What is asked of meters, a folder a protocol: each knows how the operations of `drivers.interface.MeterDriver` are done in
its protocol with a model of meter, how meters of it are looked for, and how long they may take to answer.

There is no list of them. A folder that lies here declares its `PROTOCOL`; it is loaded only if a meter of its protocol is
configured, so that nobody needs the libraries of other protocols.
"""

from __future__ import annotations

import importlib
import pkgutil
from contextlib import suppress
from typing import Any

from .protocol import MeterProtocol


def protocol_names() -> list[str]:
    """Return the names of all protocols."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != "protocol")


def find_protocol(name: str) -> MeterProtocol[Any, Any]:
    """Return the protocol of this name. Raises ValueError if there is none, or if it cannot be loaded here."""
    if name not in protocol_names():
        raise ValueError(f"there is no protocol {name!r}; known: {', '.join(protocol_names())}")
    try:
        protocol = importlib.import_module(f"{__name__}.{name}").PROTOCOL
    except ImportError as error:
        raise ValueError(f"protocol {name!r} can't be loaded ({error}): install what it needs") from None
    if not isinstance(protocol, MeterProtocol):
        raise TypeError(f"{name}.PROTOCOL is no MeterProtocol")
    return protocol


def known_protocols() -> dict[str, MeterProtocol[Any, Any]]:
    """Return all protocols that can be loaded here, by name, in the order in which they are tried."""
    protocols = {}
    for name in protocol_names():
        with suppress(ValueError):
            protocols[name] = find_protocol(name)
    return dict(sorted(protocols.items(), key=lambda item: item[1].rank))

"""What is asked of meters, a file a protocol: each knows how the operations of `drivers.interface.MeterDriver` are done in
its protocol with a model of meter.

There is no list of them. A file that lies here declares its `PROTOCOL`; it is loaded only if a meter of its protocol is
configured, so that nobody needs the libraries of other protocols.
"""

from __future__ import annotations

import importlib
import pkgutil
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

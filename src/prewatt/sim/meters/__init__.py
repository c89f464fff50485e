"""Meters played as real. Each protocol has a module, which answers as its meters do. There is no list of them: a module
with the name of a protocol declares how it is `PLAYED`.
"""

from __future__ import annotations

import importlib

from ...edge.conversations import known_protocols
from ...edge.meters.model import find_model_file, protocol_of
from .protocol import PlayedProtocol


def find_played(protocol: str) -> PlayedProtocol:
    """Return how the meters of a protocol are played. Raises ValueError if they are not."""
    try:
        played = importlib.import_module(f"{__name__}.{protocol}").PLAYED
    except ModuleNotFoundError:
        raise ValueError(f"meters that speak {protocol} are not played") from None
    if not isinstance(played, PlayedProtocol):
        raise TypeError(f"{protocol}.PLAYED is no PlayedProtocol")
    return played


def played_as(model: str) -> PlayedProtocol:
    """Return how a model of meter or relay module is played. Raises ValueError if it is unknown or not played."""
    return find_played(protocol_of(find_model_file(model)))


def played_protocols() -> dict[str, PlayedProtocol]:
    """Return all protocols by name, in the order in which a scan tries them."""
    return {name: find_played(name) for name in known_protocols()}

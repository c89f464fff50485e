"""Who waits until it was seen what became of an order to a switch: a person who has typed a code."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping

from .meter import Meter

PATIENCE = 10.0
"""A person waits this long (s) at most: a bus may be slow, and a relay late."""


class SeenSwitches:
    """The orders to switches that somebody waits for. It is told of them in the agent's thread. `patience`: for how many
    seconds at most.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._waited_for: dict[str, threading.Event] = {}

    def begin(self, name: str) -> None:
        """Note that the switch of a meter has an order."""
        self._waited_for.setdefault(name, threading.Event())

    def look(self, names: Iterable[str], meters: Mapping[str, Meter]) -> None:
        """Let go on who waits for one of these meters, if it is seen what became of its order."""
        for name in names:
            if name in self._waited_for and not meters[name].switching.is_open:
                self._waited_for.pop(name).set()

    def wait(self, name: str) -> None:
        """Wait, in another thread than the agent's, until it is seen what became of the order."""
        if (event := self._waited_for.get(name)) is not None:
            event.wait(self._patience)

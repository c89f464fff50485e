"""A person who has typed a code waits until it was seen what became of the order to the switch."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping

from .meter import Meter

PATIENCE = 10.0
"""A person waits this long (s) at most: a bus may be slow, and a relay late."""


class SeenSwitches:
    """The orders to switches that somebody may wait for. `begin` and `look` are called in the agent's thread.
    `patience`: the most seconds that somebody waits.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._waited_for: dict[str, threading.Event] = {}

    def begin(self, name: str) -> None:
        """Note that the switch of a meter has an order."""
        self._waited_for.setdefault(name, threading.Event())

    def look(self, names: Iterable[str], meters: Mapping[str, Meter]) -> None:
        """End the wait for each of these meters if it was seen what became of its order."""
        for name in names:
            if name in self._waited_for and not meters[name].switching.is_open:
                self._waited_for.pop(name).set()

    def wait(self, name: str) -> None:
        """Wait, in another thread than the agent's, until it was seen what became of the order, or patience ends."""
        if (event := self._waited_for.get(name)) is not None:
            event.wait(self._patience)

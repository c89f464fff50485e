"""Live parts of pages that were worked out just now: where nothing has moved, a page is not worked out again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock


class KeptParts:
    """The HTML of at most `most` parts, by all that they show: whoever asks with an equal key is shown the same."""

    def __init__(self, most: int = 64) -> None:
        self._most, self._lock = most, Lock()
        self._parts: OrderedDict[Hashable, str] = OrderedDict()

    def part(self, key: Hashable, make: Callable[[], str]) -> str:
        """Return the part of a key, which is made if it is not kept. What was asked for longest ago is forgotten."""
        with self._lock:
            if key in self._parts:
                self._parts.move_to_end(key)
                return self._parts[key]
        text = make()
        with self._lock:
            self._parts[key] = text
            while len(self._parts) > self._most:
                self._parts.popitem(last=False)
        return text

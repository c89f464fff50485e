"""Live parts of pages, kept after they were worked out: as long as nothing has moved, a part is not worked out again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock


class KeptParts:
    """The HTML of at most `most` parts. The key of a part is all that it shows: the same key gives the same HTML."""

    def __init__(self, most: int = 64) -> None:
        self._most, self._lock = most, Lock()
        self._parts: OrderedDict[Hashable, str] = OrderedDict()

    def part(self, key: Hashable, make: Callable[[], str]) -> str:
        """Return the part with a key; if it is not kept, it is made. The part that was asked for longest ago is forgotten."""
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

"""What a meter of DLMS/COSEM sends by itself, as an exchange without a question."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..exchange import Answer, Exchange
from .axdr import Data, obis_text
from .hdlc import LONGEST
from .named_values import named_values
from .push import PushStream


class Pushed(Exchange[Mapping[bytes, Data]]):
    """What a meter sends by itself, by logical names, once all that is `wanted` was in it. `waits_s`: how long one listens."""

    request, longest, mirrors = b"", LONGEST, True

    def __init__(self, wanted: Collection[bytes], waits_s: float) -> None:
        self.waits_s = waits_s
        self._wanted, self._stream = frozenset(wanted), PushStream()
        self._values: dict[bytes, Data] = {}

    def feed(self, received: bytes) -> Answer[Mapping[bytes, Data]] | None:
        """Take up what arrived."""
        for notification in self._stream.feed(received):
            self._values |= named_values(notification)
        return Answer(self._values) if self._values and self._wanted <= self._values.keys() else None

    def seen(self) -> str:
        """Return what arrived in place of the values."""
        missing = ", ".join(sorted(obis_text(name) for name in self._wanted - self._values.keys()))
        return f"it pushes values without {missing}" if self._values else "no values were pushed"

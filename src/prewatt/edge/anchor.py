"""The anchor of a gateway's time: what its clocks said when the time was last known."""

from __future__ import annotations

import msgspec
from msgspec import Struct


class Anchor(Struct, frozen=True):
    """The pair of an instant `at` and a reading `steady` (µs) of the steady clock in one `boot` of the machine.
    `strong`: the server or staff gave it in this boot. `unsure`: it is unknown how long the gateway was off before.
    `seen`: the steady clock when the process was last known to run.
    """

    boot: str
    at: int
    steady: int
    strong: bool = False
    unsure: bool = False
    seen: int = 0


_decoder = msgspec.msgpack.Decoder(Anchor)


def load_anchor(body: bytes) -> Anchor:
    """Return the anchor that `dump_anchor` wrote. Raises msgspec.DecodeError for other bytes."""
    return _decoder.decode(body)


def dump_anchor(anchor: Anchor) -> bytes:
    """Return the anchor as bytes, to be stored."""
    return msgspec.msgpack.encode(anchor)
